package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.document.Etags;
import io.muster.records.CreateJob;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceMethod;
import io.muster.records.ExpansionCompleted;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatus;
import io.muster.records.PatchTwin;
import io.muster.records.Rollout;
import io.muster.records.TwinPatch;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Jobs that expand at the same time over more devices than one turn takes: each begins once on each of its targets, and the events say
 * the same as the targets and the twins.
 */
class OverlappingJobsTest {
    private static final int DEVICES = 2500;
    private static final String DESIRED = "$iothub/twin/PATCH/properties/desired/#";

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
        for (int i = 0; i < DEVICES; i++) {
            planner.create(device(i), "{\"site\":\"A\"}");
        }
    }

    private void expand(String... jobs) {
        planner.tickUntil(() -> Stream.of(jobs).allMatch(planner::isExpanded));
    }

    private void beganOnceOn(String jobId, int targets) {
        assertThat(planner.begun(jobId)).as(jobId).doesNotHaveDuplicates().hasSize(targets);
        assertThat(planner.deviceJobEvents().stream()
                        .filter(event ->
                                event.getJobId().equals(jobId) && event.getEvent() instanceof ExpansionCompleted)
                        .map(event -> ((ExpansionCompleted) event.getEvent()).getDeviceCount()))
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
}
