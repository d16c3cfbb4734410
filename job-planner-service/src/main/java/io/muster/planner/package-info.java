/**
 * Plans work: {@code job} decides on jobs, {@code fleet} on devices, {@code work} on the work of jobs on devices, {@code schedule} on schedules, {@code site}
 * on sites of WebJobs, {@code batch} on jobs of Batch, and {@code pool} on pools of nodes; the packages named {@code topology} run them in one Kafka Streams application. This package composes.
 *
 * <p>May import: {@code java.util}, {@code io.micrometer}, {@code org.apache.kafka}, {@code org.rocksdb}, {@code io.muster.codec}, {@code
 * io.muster.planner..}, {@code io.muster.registry}, {@code io.muster.service..}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner;

import org.jspecify.annotations.NullMarked;
