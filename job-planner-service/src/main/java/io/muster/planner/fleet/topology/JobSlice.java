package io.muster.planner.fleet.topology;

import java.time.Instant;

/**
 * Names what the events of one record have in common.
 *
 * @param jobNumber separates jobs of the same id from each other
 * @param partition where the devices were when the job began
 */
record JobSlice(String jobId, long jobNumber, int partition, Instant at) {}
