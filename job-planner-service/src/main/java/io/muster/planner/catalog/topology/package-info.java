/**
 * Runs the catalog on the coordinator runtime: commands in; events, documents and replies out.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code org.apache.avro}, {@code org.apache.kafka}, {@code io.muster.codec}, {@code io.muster.planner.catalog}, {@code io.muster.records}, {@code io.muster.service.coordinator},
 * {@code io.muster.service.decider}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.catalog.topology;

import org.jspecify.annotations.NullMarked;
