package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.AddBatchTasks;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchJobState;
import io.muster.records.BatchRefused;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTasksAdded;
import io.muster.records.Capability;
import io.muster.records.ChangeBatchJob;
import io.muster.records.CreateBatchJob;
import io.muster.records.DeleteBatchJob;
import io.muster.records.DeleteSchedule;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.EndSchedule;
import io.muster.records.NodeReported;
import io.muster.records.ProgramStarted;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.StartAttempt;
import io.muster.records.TaskConstraints;
import io.muster.records.TerminateBatchJob;
import io.muster.records.Timing;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Runs schedules that make jobs of Batch on the topology: each time makes one job, also over restarts. Contract: batch, 3.4. */
class BatchScheduleTopologyTest {
    private static final String ID = "batch/nightly";
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final PlannerDriver planner = new PlannerDriver(2);

    @AfterEach
    void close() {
        planner.close();
    }

    private void save() {
        planner.schedule(
                ID,
                new SaveSchedule(ScheduleDefinition.newBuilder()
                        .setTiming(Timing.newBuilder()
                                .setRecurrence(new ElapsedRecurrence(60L))
                                .build())
                        .setAction(CreateBatchJob.newBuilder()
                                .setJobScheduleId("Nightly")
                                .setDefinition(BatchJobDefinition.newBuilder()
                                        .setPoolId("edge")
                                        .build())
                                .build())
                        .setToleranceSeconds(Integer.MAX_VALUE)
                        .build()));
        ticks();
    }

    private void ticks() {
        for (int i = 0; i < 5; i++) {
            planner.advance(TICK);
        }
    }

    private @Nullable BatchJobState state(int number) {
        @Nullable BatchJob job = planner.batchJobs().get("Nightly:job-" + number);
        return job == null ? null : job.getState();
    }

    private List<@Nullable BatchJobState> states() {
        return Stream.of(1, 2, 3).map(this::state).toList();
    }

    private static BatchTaskDefinition task() {
        return BatchTaskDefinition.newBuilder()
                .setTaskId("a")
                .setCommandLine("true")
                .setConstraints(new TaskConstraints(null, null, null))
                .build();
    }

    private Schedule schedule() {
        return planner.scheduleDocument(ID);
    }

    @Test
    void makesTheNextJobWhenTheLastHasEndedAlsoOverRestarts() {
        save();
        assertThat(state(1)).isEqualTo(BatchJobState.ACTIVE);
        planner.restart();
        planner.advance(MINUTE.multipliedBy(2));
        assertThat(state(2)).as("the first has not ended").isNull();
        planner.batchJob("Nightly:job-1", new TerminateBatchJob("enough", null));
        planner.restart();
        ticks();
        assertThat(states()).containsExactly(BatchJobState.COMPLETED, BatchJobState.ACTIVE, null);
        assertThat(schedule().getRecent())
                .extracting(ScheduleRun::getMessage)
                .contains("The job Nightly:job-1 was completed, reason: enough.");
        planner.batchJob("Nightly:job-2", new DeleteBatchJob((Long) null));
        ticks();
        planner.advance(MINUTE);
        assertThat(states()).containsExactly(BatchJobState.COMPLETED, null, BatchJobState.ACTIVE);
    }

    /** Loses the report of the end, by a schedule that is as it was before: it asks, and hears it again. */
    @Test
    void hearsAgainOfAJobWhoseReportWasLost() {
        save();
        byte[] before = planner.changelog("schedules").get(ID);
        planner.batchJob("Nightly:job-1", new TerminateBatchJob("enough", null));
        ticks();
        assertThat(schedule().getActiveRun()).isNull();
        planner.changelog("schedules").put(ID, before);
        planner.restart();
        ticks();
        assertThat(states()).containsExactly(BatchJobState.COMPLETED, null, null);
        planner.advance(MINUTE.multipliedBy(2));
        ticks();
        assertThat(states()).containsExactly(BatchJobState.COMPLETED, BatchJobState.ACTIVE, null);
        assertThat(schedule().getRecent())
                .extracting(ScheduleRun::getMessage)
                .contains("The job Nightly:job-1 was completed, reason: enough.");
    }

    @Test
    void takesTasksAndChangesOfAJobThatAScheduleMade() {
        save();
        planner.batchJob("nightly:JOB-1", new AddBatchTasks(List.of(task())));
        assertThat(planner.lastReply()).isInstanceOf(BatchTasksAdded.class);
        planner.batchJob(
                "Nightly:job-1", ChangeBatchJob.newBuilder().setPriority(7).build());
        assertThat(planner.latestBatchJob("Nightly:job-1").getDefinition().getPriority())
                .isEqualTo(7);
        planner.batchJob("Nightly:job-1", new TerminateBatchJob("enough", null));
        ticks();
        assertThat(state(1)).isEqualTo(BatchJobState.COMPLETED);
    }

    @Test
    void terminatesTheJobOfAScheduleThatIsEnded() {
        save();
        planner.schedule(ID, new EndSchedule());
        planner.advance(MINUTE.multipliedBy(2));
        ticks();
        assertThat(states()).containsExactly(BatchJobState.COMPLETED, null, null);
        assertThat(planner.latestBatchJob("Nightly:job-1").getTerminateReason()).isEqualTo("JobScheduleTerminated");
    }

    @Test
    void deletesTheJobsOfAScheduleThatIsDeleted() {
        save();
        planner.batchJob("Nightly:job-1", new TerminateBatchJob("enough", null));
        planner.advance(MINUTE);
        planner.batchJob("Nightly:job-1", new DeleteBatchJob((Long) null));
        ticks();
        assertThat(states()).containsExactly(null, BatchJobState.ACTIVE, null);
        int before = planner.batchJobEvents().size();
        planner.schedule(ID, new DeleteSchedule());
        planner.advance(MINUTE.multipliedBy(2));
        ticks();
        assertThat(states()).containsExactly(null, null, null);
        assertThat(planner.batchJobEvents()
                        .subList(before, planner.batchJobEvents().size()))
                .as("nothing is said of the job that was deleted before")
                .noneMatch(BatchRefused.class::isInstance);
    }

    /** Makes a schedule anew while a job of the deleted one has a program that has not ended. */
    @Test
    void failsATimeWhoseJobIsThereStillAndGoesOn() {
        planner.create("node-1", "{\"compute\":{\"pool\":\"edge\"}}");
        long epoch = planner.connect("node-1", Capability.TASKS);
        planner.reportToPool("edge", "node-1", epoch, new NodeReported(1L, "boot", 1, List.of(), List.of(), ""));
        save();
        planner.batchJob("Nightly:job-1", new AddBatchTasks(List.of(task())));
        ticks();
        StartAttempt start = (StartAttempt) planner.orders("node-1").getLast().order();
        planner.reportToPool("edge", "node-1", epoch, new ProgramStarted(start.getToken()));
        planner.schedule(ID, new DeleteSchedule());
        ticks();
        assertThat(state(1)).isEqualTo(BatchJobState.DELETING);
        save();
        assertThat(schedule().getRecent().getFirst().getOutcome()).isEqualTo(ScheduleRunOutcome.FAILED);
        planner.advance(MINUTE);
        assertThat(states()).containsExactly(BatchJobState.DELETING, BatchJobState.ACTIVE, null);
    }
}
