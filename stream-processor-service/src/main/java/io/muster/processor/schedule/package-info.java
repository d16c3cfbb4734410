/**
 * Carries out the calls that schedules order: endpoints of users, and messages to their topics. Contract: webjobs-and-schedules, 2.9; addresses.
 *
 * <p>May import: {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.micrometer}, {@code org.apache.kafka},
 * {@code org.slf4j}, {@code io.muster.codec}, {@code io.muster.records}, {@code io.muster.service}, {@code io.muster.service.endpoint},
 * {@code io.muster.topics}.
 */
@NullMarked
package io.muster.processor.schedule;

import org.jspecify.annotations.NullMarked;
