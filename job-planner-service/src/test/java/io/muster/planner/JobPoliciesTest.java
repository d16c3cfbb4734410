package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.AbortRule;
import io.muster.records.Batches;
import io.muster.records.CancelJob;
import io.muster.records.Capability;
import io.muster.records.CreateJob;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceMethod;
import io.muster.records.ExecutionWindow;
import io.muster.records.FailureKind;
import io.muster.records.FailureReason;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobRefused;
import io.muster.records.JobStatus;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.PatchTwin;
import io.muster.records.PauseJob;
import io.muster.records.ResumeJob;
import io.muster.records.RetryRule;
import io.muster.records.Rollout;
import io.muster.records.TwinPatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Runs jobs with policies, beyond IoT Hub's, through the planner. Described in docs/jobs.md. */
class JobPoliciesTest {
    private static final Capability METHODS = Capability.METHODS;

    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        planner.close();
    }

    private void job(String id, Object operation, String condition, @Nullable JobPolicy policy) {
        planner.job(id, new CreateJob(new JobDefinition(id, operation, condition, null, 3600, policy)));
    }

    private static DeviceMethod reboot() {
        return new DeviceMethod("reboot", "null", 30, 0);
    }

    private static TwinPatch tag() {
        return new TwinPatch("*", "{\"done\":true}", null);
    }

    private void answer(String deviceId, int status) {
        MethodRequest request = planner.delivered(MethodRequest.class).getLast();
        planner.report(
                deviceId,
                new MethodAnswered(
                        request.getDeliveryId(), status, ByteBuffer.wrap("1".getBytes(StandardCharsets.UTF_8))));
    }

    /** Passes time in which gateways live. */
    private void wait(Duration duration) {
        for (Duration left = duration; left.isPositive(); left = left.minusSeconds(1)) {
            planner.advance(Duration.ofSeconds(1));
            planner.report(0, "run-1", null, new GatewayHeartbeat(null, false));
        }
    }

    private long begun(String jobId) {
        return planner.deviceJobEvents().stream()
                .filter(event -> event.jobId().equals(jobId))
                .filter(event ->
                        event.event() instanceof DeviceJobCompleted || event.event() instanceof DeviceJobDelivered)
                .map(event -> event.deviceId())
                .distinct()
                .count();
    }

    @Test
    void failsADeviceThatIsOfflineOrAnswersAnythingButSuccess() {
        for (String id : List.of("good", "moved", "bad", "offline")) {
            planner.create(id, "{}");
        }
        planner.connect("good", METHODS);
        planner.connect("moved", METHODS);
        planner.connect("bad", METHODS);
        JobPolicy policy = JobPolicy.newBuilder()
                .setErrorStatusFails(true)
                .setOfflineFails(true)
                .build();
        job("j", reboot(), "*", policy);
        assertThat(planner.events("j", "offline").getLast())
                .isInstanceOfSatisfying(
                        DeviceJobFailed.class,
                        failed -> assertThat(failed.getReason()).isEqualTo(FailureReason.NOT_CONNECTED));
        planner.delivered(MethodRequest.class).forEach(request -> {
            String deviceId = planner.deviceJobEvents().stream()
                    .filter(event -> event.event() instanceof DeviceJobDelivered)
                    .map(event -> event.deviceId())
                    .toList()
                    .get(planner.delivered(MethodRequest.class).indexOf(request));
            int status = deviceId.equals("good") ? 204 : deviceId.equals("moved") ? 302 : 500;
            planner.report(
                    deviceId,
                    new MethodAnswered(
                            request.getDeliveryId(),
                            status,
                            ByteBuffer.wrap("\"no\"".getBytes(StandardCharsets.UTF_8))));
        });
        assertThat(planner.events("j", "good").getLast()).isInstanceOf(DeviceJobCompleted.class);
        for (String id : List.of("moved", "bad")) {
            assertThat(planner.events("j", id).getLast()).isInstanceOfSatisfying(DeviceJobFailed.class, failed -> {
                assertThat(failed.getReason()).isEqualTo(FailureReason.REFUSED_BY_DEVICE);
                assertThat(failed.getDetail()).contains(id.equals("bad") ? "500" : "302", "\"no\"");
            });
        }
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.COMPLETED);
        // Another job takes those devices alone on which this one has failed.
        job("again", tag(), "*", JobPolicy.newBuilder().setFailedIn("j").build());
        assertThat(planner.events("again", "good")).isEmpty();
        assertThat(planner.jobDocument("again").getStatus()).isEqualTo(JobStatus.COMPLETED);
        assertThat(List.of("moved", "bad", "offline"))
                .allSatisfy(
                        id -> assertThat(planner.events("again", id).getLast()).isInstanceOf(DeviceJobCompleted.class));
    }

    /** Runs jobs of a lane that are paused, resumed and cancelled, over a restart: never more at once than may, and each in its turn. */
    @Test
    void runsAsManyJobsOfALaneAtOnceAsMay() {
        try (PlannerDriver limited = new PlannerDriver(1, new JobLimits(0, 0, 2))) {
            limited.create("d", "{}");
            JobPolicy policy = JobPolicy.newBuilder().setLane("central").build();
            for (String id : List.of("a", "b", "c", "d", "e")) {
                limited.job(id, new CreateJob(new JobDefinition(id, reboot(), "*", null, 3600, policy)));
            }
            assertThat(running(limited)).containsExactly("a", "b");
            limited.job("c", new PauseJob());
            limited.job("a", new PauseJob());
            // The place of one that is paused is the next one's, and it waits in line when it is resumed.
            assertThat(running(limited)).containsExactly("b", "d");
            limited.job("a", new ResumeJob());
            limited.job("c", new ResumeJob());
            assertThat(running(limited)).containsExactly("b", "d");
            limited.restart();
            limited.job("b", new CancelJob());
            assertThat(running(limited)).containsExactly("d", "e");
            limited.job("d", new CancelJob());
            assertThat(running(limited)).containsExactly("a", "e");
            limited.job("e", new CancelJob());
            assertThat(running(limited)).containsExactly("a", "c");
            limited.job("other", new CreateJob(new JobDefinition("other", tag(), "*", null, 60, null)));
            assertThat(limited.jobDocument("other").getStatus()).isEqualTo(JobStatus.COMPLETED);
        }
    }

    private static List<String> running(PlannerDriver planner) {
        return List.of("a", "b", "c", "d", "e").stream()
                .filter(id -> planner.jobDocument(id).getStatus() == JobStatus.RUNNING
                        && planner.jobDocument(id).getAdmitted())
                .toList();
    }

    @Test
    void repeatsAMethodByTheKindOfItsFailure() {
        planner.create("d", "{}");
        planner.connect("d", METHODS);
        RetryRule late = new RetryRule(FailureKind.NO_ANSWER, 2, 10, 15, 0.0);
        RetryRule errors = new RetryRule(FailureKind.ERROR_STATUS, 1, 5, 5, 0.0);
        job(
                "j",
                reboot(),
                "*",
                JobPolicy.newBuilder().setRetries(List.of(late, errors)).build());
        assertThat(planner.delivered(MethodRequest.class)).hasSize(1);

        wait(Duration.ofSeconds(31));
        assertThat(planner.events("j", "d").getLast()).isInstanceOfSatisfying(DeviceJobQueued.class, queued -> {
            assertThat(queued.getFailure()).isEqualTo(FailureKind.NO_ANSWER);
            assertThat(queued.getRetryAt()).isAfter(planner.now().plusSeconds(7));
        });
        wait(Duration.ofSeconds(8));
        assertThat(planner.delivered(MethodRequest.class)).hasSize(1);
        wait(Duration.ofSeconds(4));
        assertThat(planner.delivered(MethodRequest.class)).hasSize(2);

        answer("d", 503);
        assertThat(planner.events("j", "d").getLast())
                .isInstanceOfSatisfying(
                        DeviceJobQueued.class,
                        queued -> assertThat(queued.getFailure()).isEqualTo(FailureKind.ERROR_STATUS));
        wait(Duration.ofSeconds(6));
        assertThat(planner.delivered(MethodRequest.class)).hasSize(3);
        assertThat(planner.delivered(MethodRequest.class))
                .extracting(MethodRequest::getDeliveryId)
                .doesNotHaveDuplicates();

        answer("d", 503);
        assertThat(planner.events("j", "d").getLast()).isEqualTo(new DeviceJobCompleted(503, "1"));
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void retriesEndWithTheirNumberAndWithTheJob() {
        planner.create("d", "{}");
        planner.connect("d", METHODS);
        RetryRule late = new RetryRule(FailureKind.NO_ANSWER, 1, 1, 1, 0.0);
        job("j", reboot(), "*", JobPolicy.newBuilder().setRetries(List.of(late)).build());
        wait(Duration.ofSeconds(70));
        assertThat(planner.events("j", "d").getLast())
                .isInstanceOfSatisfying(
                        DeviceJobFailed.class,
                        failed -> assertThat(failed.getReason()).isEqualTo(FailureReason.NO_ANSWER));

        RetryRule patient = new RetryRule(FailureKind.NO_ANSWER, 9, 3600, 3600, 0.0);
        job(
                "k",
                reboot(),
                "*",
                JobPolicy.newBuilder().setRetries(List.of(patient)).build());
        wait(Duration.ofSeconds(40));
        planner.job("k", new CancelJob());
        assertThat(planner.events("k", "d").getLast()).isEqualTo(new DeviceJobCancelled());
    }

    @Test
    void beginsDevicesAtTheRateOfTheRollout() {
        for (int i = 0; i < 100; i++) {
            planner.create("d%02d".formatted(i), "{}");
        }
        job(
                "j",
                tag(),
                "*",
                JobPolicy.newBuilder().setRollout(new Rollout(60, null)).build());
        assertThat(begun("j")).isBetween(0L, 2L);
        wait(Duration.ofSeconds(30));
        assertThat(begun("j")).isBetween(28L, 32L);
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.RUNNING);
        wait(Duration.ofSeconds(75));
        assertThat(begun("j")).isEqualTo(100);
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void beginsABatchWhenTheOneBeforeHasEndedWell() {
        for (String id : List.of("a", "b", "c")) {
            planner.create(id, "{}");
            planner.connect(id, METHODS);
        }
        job(
                "j",
                reboot(),
                "*",
                JobPolicy.newBuilder().setBatches(new Batches(1, 0, 100, 0.0)).build());
        assertThat(begun("j")).isEqualTo(1);
        answer("a", 200);
        assertThat(begun("j")).isEqualTo(2);
        wait(Duration.ofSeconds(31));
        Job aborted = planner.jobDocument("j");
        assertThat(aborted.getStatus()).isEqualTo(JobStatus.CANCELLED);
        assertThat(aborted.getFailureReason()).contains("of 2 devices 1 have succeeded");
        assertThat(planner.events("j", "c").getLast()).isEqualTo(new DeviceJobCancelled());
    }

    @Test
    void abortsAJobOfWhichTooManyFail() {
        for (int i = 0; i < 10; i++) {
            planner.create("d" + i, "{\"n\":" + i + "}");
        }
        TwinPatch wrongEtag = new TwinPatch("AAAA", "{\"x\":1}", null);
        job(
                "j",
                wrongEtag,
                "*",
                JobPolicy.newBuilder()
                        .setRollout(new Rollout(60, null))
                        .setAbort(new AbortRule(50, 3L))
                        .build());
        wait(Duration.ofSeconds(20));
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.CANCELLED);
        assertThat(planner.deviceJobEvents().stream().filter(event -> event.event() instanceof DeviceJobFailed))
                .hasSizeBetween(3, 5);
        assertThat(planner.deviceJobEvents().stream().filter(event -> event.event() instanceof DeviceJobCancelled))
                .hasSizeBetween(5, 7);
    }

    @Test
    void deliversNothingMoreOfAPausedJob() {
        for (String id : List.of("a", "b")) {
            planner.create(id, "{}");
        }
        planner.connect("a", METHODS);
        job("j", reboot(), "*", JobPolicy.newBuilder().setPriority(1).build());
        assertThat(begun("j")).isEqualTo(1);
        planner.job("j", new PauseJob());
        assertThat(((Job) planner.lastReply()).getPaused()).isTrue();
        planner.connect("b", METHODS);
        assertThat(begun("j")).isEqualTo(1);
        answer("a", 200);
        planner.job("j", new ResumeJob());
        assertThat(begun("j")).isEqualTo(2);
        answer("b", 200);
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.COMPLETED);
        planner.job("j", new PauseJob());
        assertThat(planner.lastReply()).isInstanceOf(JobRefused.class);
    }

    @Test
    void holdsAJobUntilItsWindowAndInItForTheNext() {
        planner.create("a", "{}");
        planner.create("b", "{}");
        planner.connect("a", METHODS);
        // It is two o'clock.
        ExecutionWindow window = new ExecutionWindow(121, 123, List.of(), "UTC");
        job(
                "j",
                reboot(),
                "*",
                JobPolicy.newBuilder().setWindows(List.of(window)).build());
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.QUEUED);
        wait(Duration.ofSeconds(61));
        assertThat(begun("j")).isEqualTo(1);
        wait(Duration.ofSeconds(125));
        assertThat(planner.jobDocument("j").getOutsideWindow()).isTrue();
        planner.connect("b", METHODS);
        assertThat(begun("j")).isEqualTo(1);
    }

    @Test
    void takesDevicesThatComeToMatchIntoAContinuousJob() {
        planner.create("a", "{\"site\":\"A\"}");
        planner.create("b", "{\"site\":\"B\"}");
        job(
                "j",
                tag(),
                "tags.site = 'A'",
                JobPolicy.newBuilder().setContinuous(true).build());
        assertThat(begun("j")).isEqualTo(1);
        planner.create("c", "{\"site\":\"A\"}");
        planner.device("b", new PatchTwin(new TwinPatch("*", "{\"site\":\"A\"}", null)));
        planner.device("b", new PatchTwin(new TwinPatch("*", "{\"other\":1}", null)));
        planner.create("d", "{\"site\":\"B\"}");
        assertThat(planner.events("j", "b")).containsExactly(new DeviceJobCompleted(null, null));
        assertThat(planner.events("j", "c")).containsExactly(new DeviceJobCompleted(null, null));
        assertThat(planner.events("j", "d")).isEmpty();
        assertThat(planner.get("b").getDevice().getTwin().getTags()).contains("\"done\":true");
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.RUNNING);
        planner.advance(Duration.ofSeconds(3601));
        assertThat(planner.jobDocument("j").getStatus()).isEqualTo(JobStatus.COMPLETED);
        planner.create("e", "{\"site\":\"A\"}");
        assertThat(planner.events("j", "e")).isEmpty();
    }

    @Test
    void beginsTheHigherPriorityFirst() {
        planner.create("d", "{}");
        JobPolicy none = JobPolicy.newBuilder().setPriority(0).build();
        for (int i = 0; i < 12; i++) {
            job("low-" + i, reboot(), "*", none);
        }
        job("high", reboot(), "*", JobPolicy.newBuilder().setPriority(9).build());
        planner.connect("d", METHODS);
        assertThat(planner.delivered(MethodRequest.class)).hasSize(10);
        assertThat(begun("high")).isEqualTo(1);
    }

    @Test
    void freesAnIdWhenTheHistoryOfItsJobIsOver() {
        planner.create("a", "{}");
        job("j", tag(), "*", null);
        Job first = planner.jobDocument("j");
        assertThat(first.getStatus()).isEqualTo(JobStatus.COMPLETED);
        planner.advance(Duration.ofDays(29));
        job("j", tag(), "*", null);
        assertThat(planner.jobRefusals()).hasSize(1);
        planner.advance(Duration.ofDays(1));
        job("j", tag(), "*", null);
        assertThat(planner.jobRefusals()).hasSize(1);
        Job second = planner.jobDocument("j");
        assertThat(second.getJobNumber()).isGreaterThan(first.getJobNumber());
        assertThat(second.getStatus()).isEqualTo(JobStatus.COMPLETED);
        assertThat(planner.events("j", "a")).hasSize(2);
    }

    @Test
    void limitsActiveJobs() {
        try (PlannerDriver limited = new PlannerDriver(1, new JobLimits(2, 0, 5))) {
            for (String id : List.of("one", "two", "three")) {
                limited.job(
                        id,
                        new CreateJob(
                                new JobDefinition(id, tag(), "*", limited.now().plusSeconds(60), 60, null)));
            }
            assertThat(limited.jobRefusals())
                    .extracting(refusal -> refusal.getRefusal().getReason())
                    .containsExactly(JobRefusalReason.TOO_MANY_ACTIVE);
            limited.job("one", new CancelJob());
            limited.job("three", new CreateJob(new JobDefinition("three", tag(), "*", null, 60, null)));
            assertThat(limited.jobRefusals()).hasSize(1);
            assertThat(limited.jobDocument("three").getStatus()).isEqualTo(JobStatus.COMPLETED);
        }
    }

    @Test
    void beginsOperationsAtTheRateOfTheHubByPriority() {
        try (PlannerDriver limited = new PlannerDriver(1, new JobLimits(0, 10, 5))) {
            for (int i = 0; i < 60; i++) {
                limited.create("d%02d".formatted(i), "{}");
            }
            for (int priority : List.of(1, 5)) {
                JobPolicy policy = JobPolicy.newBuilder().setPriority(priority).build();
                String id = "p" + priority;
                limited.job(id, new CreateJob(new JobDefinition(id, tag(), "*", null, 3600, policy)));
            }
            limited.advance(Duration.ofSeconds(1));
            long first = succeeded(limited, "p1") + succeeded(limited, "p5");
            assertThat(first).isBetween(10L, 20L);
            for (int second = 1; second <= 6; second++) {
                limited.advance(Duration.ofSeconds(1));
            }
            assertThat(limited.jobDocument("p5").getStatus()).isEqualTo(JobStatus.COMPLETED);
            assertThat(succeeded(limited, "p1")).isLessThanOrEqualTo(20);
            for (int second = 1; second <= 6; second++) {
                limited.advance(Duration.ofSeconds(1));
            }
            assertThat(limited.jobDocument("p1").getStatus()).isEqualTo(JobStatus.COMPLETED);
        }
    }

    private static long succeeded(PlannerDriver planner, String jobId) {
        return planner.deviceJobEvents().stream()
                .filter(event -> event.jobId().equals(jobId) && event.event() instanceof DeviceJobCompleted)
                .count();
    }
}
