package io.muster.api.job;

/** Holds all that an instance knows of jobs, stream jobs and schedules, and the order in which it came to know it. */
public record Views(Changes changes, JobView jobs, StreamJobView streamJobs, ScheduleView schedules) {
    /** Makes views that know nothing yet. */
    public static Views empty() {
        Changes changes = new Changes();
        return new Views(changes, new JobView(changes), new StreamJobView(changes), new ScheduleView());
    }
}
