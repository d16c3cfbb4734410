package io.muster.planner.fleet.topology;

import io.muster.planner.state.FleetJob;
import io.muster.planner.state.Sweep;
import io.muster.service.LogText;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sweeps what is left of jobs that have ended, in turns between polls; nothing of it is handed to a device meanwhile. A job's record says
 * that it is swept, so a restart goes on with it. For one task.
 */
final class Sweeps {
    private final FleetJobs jobs;
    private final EvaluatedAhead evaluated;
    private final WaitingTargets waiting;
    private final WorkRunner runner;
    private final DeviceJobTable deviceJobs;
    private final Map<String, Chore> underWay = new HashMap<>();

    Sweeps(
            FleetJobs jobs,
            EvaluatedAhead evaluated,
            WaitingTargets waiting,
            WorkRunner runner,
            DeviceJobTable deviceJobs) {
        this.jobs = jobs;
        this.evaluated = evaluated;
        this.waiting = waiting;
        this.runner = runner;
        this.deviceJobs = deviceJobs;
    }

    /** Does what is left to do for a job that has ended; where its record does not say so yet, it is stopped here first. */
    Chore of(FleetJob ended, Sweep kind) {
        String jobId = ended.getJobId();
        Chore sweep = new Chore() {
            private FleetJob job = ended;
            private @Nullable String cursor;
            private boolean hasEndedAll;

            @Override
            public boolean goOn(Budget budget, Instant now) {
                if (underWay.get(jobId) != this) {
                    return true;
                }
                if (job.getSweep() == null) {
                    job = FleetJob.newBuilder(job).setSweep(kind).build();
                    jobs.put(job);
                    if (!job.getExpanded() || job.getContinuous()) {
                        deviceJobs.expanded(job, now);
                    }
                }
                boolean done = sweep(budget, now);
                if (done) {
                    underWay.remove(jobId);
                    leave(job);
                }
                return done;
            }

            @Override
            public String toString() {
                return "sweep of " + LogText.of(jobId);
            }

            private boolean sweep(Budget budget, Instant now) {
                if (job.getDropsFirst() || job.getSweep() == Sweep.DROP) {
                    return dropAll(jobId, budget);
                }
                if (!hasEndedAll) {
                    cursor = runner.sweep(job, cursor, budget, now).orElse(null);
                    hasEndedAll = cursor == null;
                }
                return hasEndedAll && evaluated.drop(jobId, budget) && waiting.drop(jobId, budget);
            }
        };
        underWay.put(jobId, sweep);
        return sweep;
    }

    /** Forgets the job, or keeps it until attempts that devices have were answered. */
    private void leave(FleetJob job) {
        if (job.getSweep() != Sweep.DROP && runner.isAnyBegun(job.getJobId())) {
            jobs.put(FleetJob.newBuilder(job).setSwept(true).build());
        } else {
            runner.forget(job.getJobId());
        }
    }

    /** Drops the device jobs of a job whose history is over. */
    Chore drop(String jobId, Instant now) {
        abandon(jobId);
        FleetJob dropped = FleetJob.newBuilder()
                .setJobId(jobId)
                .setJobNumber(0)
                .setQueryCondition("")
                .setDeadline(now)
                .setPartition(0)
                .setPartitions(0)
                .setSweep(Sweep.DROP)
                .build();
        jobs.put(dropped);
        return of(dropped, Sweep.DROP);
    }

    /** Drops all rows of a job of that id. @return whether none is left */
    boolean dropAll(String jobId, Budget budget) {
        return evaluated.drop(jobId, budget) && waiting.drop(jobId, budget) && runner.drop(jobId, budget);
    }

    /** Returns whether an earlier job of that id is still being swept. */
    boolean isUnderWay(String jobId) {
        return underWay.containsKey(jobId);
    }

    /** Ends the sweep of an earlier job of that id, whose rows must not be taken for a new one's. */
    void abandon(String jobId) {
        underWay.remove(jobId);
    }
}
