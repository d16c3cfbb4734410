package io.muster.planner.fleet.stream;

import io.muster.planner.fleet.Methods;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.Sweep;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobStatus;
import io.muster.service.LogText;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Sweeps what is left of jobs that have ended, in steps between polls; nothing of it is handed to a device meanwhile. A job's record says
 * that it is swept, so a restart goes on with it. For one task.
 */
final class Sweeps {
    private final KeyValueStore<String, FleetJob> jobs;
    private final EvaluatedAhead evaluated;
    private final WaitingTargets waiting;
    private final MethodRunner runner;
    private final DeviceJobTable deviceJobs;
    private final Map<String, Chore> underWay = new HashMap<>();

    Sweeps(
            KeyValueStore<String, FleetJob> jobs,
            EvaluatedAhead evaluated,
            WaitingTargets waiting,
            MethodRunner runner,
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

            @Override
            public boolean goOn(Budget budget, Instant now) {
                if (underWay.get(jobId) != this) {
                    return true;
                }
                if (job.getSweep() == null) {
                    job = FleetJob.newBuilder(job).setSweep(kind).build();
                    jobs.put(jobId, job);
                    if (!job.getExpanded() || job.getContinuous()) {
                        deviceJobs.expanded(job, now);
                    }
                }
                boolean done = step(budget, now);
                if (done) {
                    underWay.remove(jobId);
                    jobs.delete(jobId);
                }
                return done;
            }

            @Override
            public String toString() {
                return "sweep of " + LogText.of(jobId);
            }

            private boolean step(Budget budget, Instant now) {
                if (job.getSweep() == Sweep.DROP) {
                    return deviceJobs.drop(jobId, budget);
                }
                if (!evaluated.drop(jobId, budget) || !endWaiting(job, budget, now)) {
                    return false;
                }
                cursor = runner.sweep(job, cursor, budget, now).orElse(null);
                return cursor == null;
            }
        };
        underWay.put(jobId, sweep);
        return sweep;
    }

    /** Drops the device jobs of a job whose history is over. */
    Chore drop(String jobId, Instant now) {
        finish(jobId, now);
        FleetJob dropped = FleetJob.newBuilder()
                .setJobId(jobId)
                .setJobNumber(0)
                .setQueryCondition("")
                .setDeadline(now)
                .setPartition(0)
                .setPartitions(0)
                .setSweep(Sweep.DROP)
                .build();
        jobs.put(jobId, dropped);
        return of(dropped, Sweep.DROP);
    }

    /** Does all that is left of an earlier job of that id, which must not be taken for the new one's. */
    void finish(String jobId, Instant now) {
        @Nullable Chore sweep = underWay.get(jobId);
        if (sweep != null) {
            sweep.goOn(Budget.unlimited(), now);
        }
    }

    /** Ends targets that wait for their release. @return whether none is left */
    private boolean endWaiting(FleetJob job, Budget budget, Instant now) {
        Object end = job.getSweep() == Sweep.CANCEL ? new DeviceJobCancelled() : Methods.outOfTime();
        for (WaitingTargets.Target target : waiting.before(job, job.getNextPlace(), budget.affords(Budget.EVENT))) {
            budget.spend(Budget.EVENT);
            waiting.remove(target);
            deviceJobs.happened(job, target.deviceId(), DeviceJobStatus.QUEUED, end, now);
        }
        return !budget.isSpent();
    }
}
