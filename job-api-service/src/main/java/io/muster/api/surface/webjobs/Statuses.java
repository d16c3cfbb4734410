package io.muster.api.surface.webjobs;

import io.muster.records.WebJob;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;

/** Spells statuses as Kudu does. Contract: webjobs-and-schedules, 2.3. */
final class Statuses {
    private Statuses() {}

    /** Returns the status of a run of a triggered job. */
    static String ofRun(WebJobRunStatus status) {
        return switch (status) {
            case INITIALIZING -> "Initializing";
            case RUNNING, PENDING_RESTART, STOPPING -> "Running";
            case SUCCESS -> "Success";
            case FAILED -> "Failed";
            case STOPPED -> "Stopped";
            case ABORTED -> "Aborted";
        };
    }

    /** Returns the status of a continuous job where one of its runs is. */
    static String ofInstance(WebJob job, WebJobRun run) {
        return switch (run.getStatus()) {
            case INITIALIZING -> "Starting";
            case RUNNING -> "Running";
            case PENDING_RESTART -> "PendingRestart";
            case STOPPING -> job.getDisabled() ? "Disabling" : "Stopping";
            case STOPPED -> "Stopped";
            case SUCCESS, FAILED, ABORTED -> job.getDisabled() ? "Stopped" : "PendingRestart";
        };
    }
}
