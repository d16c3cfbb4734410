package io.muster.planner;

import io.muster.service.Settings;
import io.muster.service.SettingsException;

/**
 * Limits the jobs of a hub, as IoT Hub's tiers do. Contract: iot-hub, 2.2.
 *
 * @param mostActive how many jobs may be active at a time; 0 for any number
 * @param operationsPerSecond how many device operations of jobs may begin; 0 for any number
 * @param mostOfLane how many jobs of a lane run at once. Contract: iot-central, 1.1
 */
public record JobLimits(int mostActive, int operationsPerSecond, int mostOfLane) {
    private static final int OF_LANE = 5;

    public static final JobLimits NONE = new JobLimits(0, 0, OF_LANE);

    /** Reads {@code jobs.active.most}, {@code jobs.operations.per.second} and {@code jobs.lane.most}. @throws SettingsException where a lane would let no job run */
    public static JobLimits from(Settings settings) {
        int mostOfLane = settings.number("jobs.lane.most", OF_LANE);
        if (mostOfLane < 1) {
            throw new SettingsException("jobs.lane.most is 1 or more, and not " + mostOfLane + ".");
        }
        return new JobLimits(
                settings.number("jobs.active.most", 0), settings.number("jobs.operations.per.second", 0), mostOfLane);
    }
}
