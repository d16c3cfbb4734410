/**
 * Reads schedules out of the documents of the surfaces that have any, and reviews the rights of their writers. Contract: webjobs-and-schedules, 2.9 and 2.10;
 * iot-central, 1.8.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson.databind}, {@code io.muster.access}, {@code io.muster.api.credential}, {@code io.muster.api.job}, {@code
 * io.muster.api.json}, {@code io.muster.records}, {@code io.muster.schedule}, {@code org.jspecify.annotations}, {@code org.slf4j}.
 */
@NullMarked
package io.muster.api.schedule;

import org.jspecify.annotations.NullMarked;
