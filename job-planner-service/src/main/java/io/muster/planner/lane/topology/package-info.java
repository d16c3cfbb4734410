/**
 * Runs lanes on the coordinator runtime: commands of jobs in; events, documents and admissions of jobs out.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code org.apache.avro}, {@code io.muster.planner.lane}, {@code io.muster.records}, {@code io.muster.service}, {@code io.muster.service.coordinator},
 * {@code io.muster.service.decider}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.lane.topology;

import org.jspecify.annotations.NullMarked;
