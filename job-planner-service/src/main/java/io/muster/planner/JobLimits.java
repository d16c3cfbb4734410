package io.muster.planner;

import io.muster.service.Settings;

/**
 * Limits the jobs of a hub, as IoT Hub's tiers do. Contract: iot-hub, 2.2.
 *
 * @param mostActive how many jobs may be active at a time; 0 for any number
 * @param operationsPerSecond how many device operations of jobs may begin; 0 for any number
 */
public record JobLimits(int mostActive, int operationsPerSecond) {
    public static final JobLimits NONE = new JobLimits(0, 0);

    /** Reads {@code jobs.active.most} and {@code jobs.operations.per.second}. */
    public static JobLimits from(Settings settings) {
        return new JobLimits(settings.number("jobs.active.most", 0), settings.number("jobs.operations.per.second", 0));
    }
}
