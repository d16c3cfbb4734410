package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.document.Etags;
import io.muster.planner.fleet.topology.FleetProcessor;
import io.muster.planner.job.topology.JobAggregate;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.TwinEdit;
import io.muster.records.Capability;
import io.muster.records.CreateJob;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceMethod;
import io.muster.records.ExecutionWindow;
import io.muster.records.ExpansionCompleted;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatus;
import io.muster.records.PatchTwin;
import io.muster.records.Rollout;
import io.muster.records.TwinPatch;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Expands jobs at the same time over more devices than one turn takes: each begins once on each of its targets, and the events agree with the targets
 * and the twins.
 */
class OverlappingJobsTest {
    private static final int DEVICES = 2500;
    private static final Capability DESIRED = Capability.DESIRED_CHANGES;

    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        planner.close();
    }

    private static CreateJob job(String id, Object operation, String condition, JobPolicy policy) {
        return new CreateJob(new JobDefinition(id, operation, condition, null, 3600, policy));
    }

    private static CreateJob twin(String id, String ifMatch, String condition) {
        return job(id, new TwinPatch(ifMatch, "{\"" + id + "\":1}", "{\"" + id + "\":1}"), condition, null);
    }

    private static String device(int number) {
        return String.format("d%04d", number);
    }

    private void devices() {
        devices(DEVICES);
    }

    private void devices(int number) {
        for (int i = 0; i < number; i++) {
            planner.create(device(i), "{\"site\":\"A\"}");
        }
    }

    private void expand(String... jobs) {
        planner.tickUntil(() -> Stream.of(jobs).allMatch(planner::isExpanded));
    }

    private void beganOnceOn(String jobId, int targets) {
        assertThat(planner.begun(jobId)).as(jobId).doesNotHaveDuplicates().hasSize(targets);
        assertThat(planner.deviceJobEvents().stream()
                        .filter(event -> event.jobId().equals(jobId) && event.event() instanceof ExpansionCompleted)
                        .map(event -> ((ExpansionCompleted) event.event()).getDeviceCount()))
                .as(jobId)
                .containsExactly((long) targets);
    }

    @Test
    void appliesEachTwinJobOnceToEachDevice() {
        devices();
        planner.connect(device(DEVICES - 1), DESIRED);
        planner.job("first", twin("first", "*", "tags.site = 'A'"));
        planner.job("second", twin("second", "*", "tags.site = 'A'"));
        planner.job("third", twin("third", "*", "tags.site = 'A'"));
        expand("first", "second", "third");

        for (String job : List.of("first", "second", "third")) {
            beganOnceOn(job, DEVICES);
            assertThat(planner.jobDocument(job).getStatus()).isEqualTo(JobStatus.COMPLETED);
        }
        for (int i = 0; i < DEVICES; i += 100) {
            assertThat(planner.get(device(i)).getDevice().getTwin().getDesiredVersion())
                    .as(device(i))
                    .isEqualTo(4);
        }
        assertThat(planner.delivered(DesiredChanged.class)).hasSize(3);
    }

    @Test
    void completesATwinJobWithAnEtagOnceWhereAnotherJobComesBetween() {
        devices();
        planner.job("plain", twin("plain", "*", "tags.site = 'A'"));
        String etag = Etags.of(planner.get(device(DEVICES - 1)).getDevice().getTwin());
        planner.job("guarded", twin("guarded", etag, "NOT IS_DEFINED(tags.plain)"));
        planner.job("third", twin("third", "*", "tags.site = 'A'"));
        expand("plain", "guarded", "third");

        beganOnceOn("plain", DEVICES);
        beganOnceOn("third", DEVICES);
        List<String> guarded = planner.begun("guarded");
        beganOnceOn("guarded", guarded.size());
        assertThat(guarded).contains(device(DEVICES - 1));
        for (String device : guarded) {
            boolean applied =
                    planner.get(device).getDevice().getTwin().getTags().contains("guarded");
            boolean completed = planner.events("guarded", device).getLast() instanceof DeviceJobCompleted;
            assertThat(completed).as(device).isEqualTo(applied);
        }
    }

    @Test
    void releasesEachTargetOnceWhileOthersExpand() {
        devices();
        long before = planner.get(device(DEVICES - 1)).getDevice().getTwin().getVersion();
        planner.job(
                "paced",
                job(
                        "paced",
                        new TwinPatch("*", "{\"paced\":1}", null),
                        "tags.site = 'A'",
                        JobPolicy.newBuilder()
                                .setRollout(Rollout.newBuilder()
                                        .setDevicesPerMinute(6_000_000)
                                        .build())
                                .build()));
        planner.job("first", twin("first", "*", "tags.site = 'A'"));
        planner.job("second", twin("second", "*", "tags.site = 'A'"));
        expand("paced", "first", "second");
        planner.tickUntil(() -> planner.jobDocument("paced").getStatus() == JobStatus.COMPLETED);
        for (String job : List.of("paced", "first", "second")) {
            beganOnceOn(job, DEVICES);
            assertThat(planner.jobDocument(job).getStatus()).as(job).isEqualTo(JobStatus.COMPLETED);
        }
        assertThat(planner.get(device(DEVICES - 1)).getDevice().getTwin().getVersion())
                .isEqualTo(before + 3);
    }

    @Test
    void takesWhatAnotherJobMakesMatchIntoAContinuousJob() {
        devices();
        JobPolicy continuous = JobPolicy.newBuilder().setContinuous(true).build();
        planner.job("follows", job("follows", new TwinPatch("*", "{\"f\":1}", null), "tags.first = 1", continuous));
        planner.job("then", job("then", new DeviceMethod("reboot", "1", 30, 0), "tags.f = 1", continuous));
        planner.job("first", twin("first", "*", "tags.site = 'A'"));
        planner.job("second", twin("second", "*", "tags.site = 'A'"));
        expand("follows", "then", "first", "second");

        beganOnceOn("first", DEVICES);
        beganOnceOn("second", DEVICES);
        assertThat(planner.begun("follows")).doesNotHaveDuplicates().hasSize(DEVICES);
        assertThat(planner.begun("then")).doesNotHaveDuplicates().hasSize(DEVICES);
        planner.device(device(0), new PatchTwin(new TwinPatch("*", "{\"z\":1}", null)));
        assertThat(planner.begun("follows")).hasSize(DEVICES);
    }

    /** Leaves nothing that would fill the state, or hide targets of a later job of the same id. */
    @Test
    void leavesNothingOfCompletedJobs() {
        devices(6000);
        List<String> jobs = List.of("first", "second", "third");
        jobs.forEach(job -> planner.job(job, twin(job, "*", "tags.site = 'A'")));
        planner.tickUntil(
                () -> jobs.stream().allMatch(job -> planner.jobDocument(job).getStatus() == JobStatus.COMPLETED));
        planner.tickUntil(() -> planner.changelog(FleetProcessor.EVALUATED).isEmpty()
                && planner.changelog(FleetProcessor.JOBS).isEmpty());
    }

    @Test
    void goesOnWhereItWasWhenTheTaskRestarts() {
        devices();
        List<String> jobs = List.of("first", "second", "third");
        jobs.forEach(job -> planner.job(job, twin(job, "*", "tags.site = 'A'")));
        for (int restarts = 0; restarts < 3; restarts++) {
            planner.restart();
            planner.advance(Duration.ofMillis(10));
            planner.advance(Duration.ofMillis(10));
        }
        expand("first", "second", "third");
        for (String job : jobs) {
            beganOnceOn(job, DEVICES);
            assertThat(planner.jobDocument(job).getStatus()).isEqualTo(JobStatus.COMPLETED);
        }
    }

    /** Stops a job with a number that an earlier version took and this one refuses. */
    @Test
    void stopsAJobThatMakesNoSenseAnyMoreAndNoOther() {
        devices();
        planner.job("odd", twin("odd", "*", "tags.site = 'A'"));
        planner.job("even", twin("even", "*", "tags.site = 'A'"));
        KeyValueStore<String, FleetJob> jobs = planner.store(FleetProcessor.JOBS);
        FleetJob odd = jobs.get("odd");
        assertThat(odd.getExpanded()).isFalse();
        jobs.put(
                "odd",
                FleetJob.newBuilder(odd)
                        .setOperation(TwinEdit.newBuilder((TwinEdit) odd.getOperation())
                                .setDesired("{\"x\":1e400}")
                                .build())
                        .build());
        planner.advance(Duration.ofMillis(1));
        planner.restart();
        expand("odd", "even");
        planner.tickUntil(() -> planner.changelog(FleetProcessor.JOBS).isEmpty());
        beganOnceOn("even", DEVICES);
        List<String> begun = planner.begun("odd");
        assertThat(begun).hasSizeBetween(1, DEVICES - 1);
        beganOnceOn("odd", begun.size());
        for (String job : List.of("odd", "even")) {
            assertThat(planner.jobDocument(job).getStatus()).as(job).isEqualTo(JobStatus.COMPLETED);
        }
    }

    /** Leaves a job still whose window's opening can't be computed. */
    @Test
    void leavesAJobDocumentThatMakesNoSenseAndServesOthers() {
        planner.create("a", "{\"site\":\"A\"}");
        JobPolicy windows = JobPolicy.newBuilder()
                .setWindows(List.of(new ExecutionWindow(0, 1, List.of(), "UTC")))
                .build();
        planner.job("odd", job("odd", new TwinPatch("*", "{\"x\":1}", null), "*", windows));
        KeyValueStore<String, Job> jobs = planner.store(JobAggregate.JOBS);
        Job odd = jobs.get("odd");
        JobPolicy nowhere = JobPolicy.newBuilder(windows)
                .setWindows(List.of(new ExecutionWindow(0, 1, List.of(), "Nowhere/At")))
                .build();
        jobs.put(
                "odd",
                Job.newBuilder(odd)
                        .setDefinition(JobDefinition.newBuilder(odd.getDefinition())
                                .setPolicy(nowhere)
                                .build())
                        .build());
        planner.advance(Duration.ofMillis(1));
        planner.restart();
        planner.job("even", twin("even", "*", "tags.site = 'A'"));
        planner.advance(Duration.ofHours(25));
        assertThat(planner.jobDocument("even").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }
}
