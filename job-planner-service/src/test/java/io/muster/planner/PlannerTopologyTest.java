package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.AwaitBarrier;
import io.muster.records.BarrierReached;
import io.muster.records.CancelJob;
import io.muster.records.Capability;
import io.muster.records.CloseConnection;
import io.muster.records.CountDevices;
import io.muster.records.CreateJob;
import io.muster.records.Credentials;
import io.muster.records.DeadLetter;
import io.muster.records.DeleteDevice;
import io.muster.records.Delivery;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceCounts;
import io.muster.records.DeviceDisconnected;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceMethod;
import io.muster.records.DevicePage;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceRefused;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceStatus;
import io.muster.records.DeviceView;
import io.muster.records.ExpansionCompleted;
import io.muster.records.FailureReason;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.GetDevice;
import io.muster.records.InvokeMethod;
import io.muster.records.Job;
import io.muster.records.JobCommand;
import io.muster.records.JobDefinition;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobStatus;
import io.muster.records.ListDevices;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodReport;
import io.muster.records.MethodReports;
import io.muster.records.MethodRequest;
import io.muster.records.MethodRequests;
import io.muster.records.MethodResult;
import io.muster.records.MethodTarget;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.muster.records.PatchReported;
import io.muster.records.PatchTwin;
import io.muster.records.ReportedAnswer;
import io.muster.records.TwinPatch;
import io.muster.records.UpdateDevice;
import io.muster.service.coordinator.KeyPartition;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Takes jobs through the planner, with the statistics fed back as the stream processor would. */
class PlannerTopologyTest {
    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        planner.close();
    }

    private static CreateJob method(String id, String condition) {
        return new CreateJob(
                new JobDefinition(id, new DeviceMethod("reboot", "{\"a\":1}", 30, 0), condition, null, 120, null));
    }

    private static CreateJob twin(String id, String condition) {
        return new CreateJob(
                new JobDefinition(id, new TwinPatch("*", "{\"x\":1}", "{\"rate\":5}"), condition, null, 120, null));
    }

    private static final Capability METHODS = Capability.METHODS;
    private static final Capability DESIRED = Capability.DESIRED_CHANGES;

    private void answer(String deviceId, String deliveryId) {
        planner.report(
                deviceId,
                new MethodAnswered(deliveryId, 200, ByteBuffer.wrap("{\"ok\":true}".getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void appliesATwinJobWhereTheTwinIs() {
        planner.create("a", "{\"site\":\"A\"}");
        planner.create("b", "{\"site\":\"B\"}");
        planner.connect("a", DESIRED);
        planner.job("t", twin("t", "tags.site = 'A'"));

        Happened event = planner.deviceJobEvents().getFirst();
        assertThat(event.deviceId()).isEqualTo("a");
        assertThat(event.event()).isInstanceOf(DeviceJobCompleted.class);
        assertThat(event.previous()).isNull();
        assertThat(planner.deviceJobEvents().getLast().event()).isEqualTo(new ExpansionCompleted(0, 1, 1L));
        assertThat(planner.get("a").getDevice().getTwin().getDesired()).isEqualTo("{\"rate\":5}");
        assertThat(planner.get("b").getDevice().getTwin().getDesired()).isEqualTo("{}");
        assertThat(planner.delivered(DesiredChanged.class))
                .singleElement()
                .satisfies(change -> assertThat(change.getVersion()).isEqualTo(2));
        assertThat(planner.jobDocument("t").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void deliversAMethodJobToConnectedDevicesAtOnceAndToOthersWhenTheyConnect() {
        planner.create("a", "{}");
        planner.create("b", "{}");
        planner.connect("a", METHODS);
        planner.job("m", method("m", "*"));

        MethodRequest request = planner.delivered(MethodRequest.class).getLast();
        assertThat(request.getMethodName()).isEqualTo("reboot");
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class);
        assertThat(planner.events("m", "b")).hasExactlyElementsOfTypes(DeviceJobQueued.class);
        answer("a", request.getDeliveryId());
        assertThat(planner.events("m", "a"))
                .hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobCompleted.class);
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.RUNNING);

        planner.connect("b", METHODS);
        answer("b", planner.delivered(MethodRequest.class).getLast().getDeliveryId());
        assertThat(planner.events("m", "b"))
                .hasExactlyElementsOfTypes(DeviceJobQueued.class, DeviceJobDelivered.class, DeviceJobCompleted.class);
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void countsAnAnswerOnce() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.job("m", method("m", "*"));
        String deliveryId = planner.delivered(MethodRequest.class).getLast().getDeliveryId();
        answer("a", deliveryId);
        answer("a", deliveryId);
        answer("a", "nonsense");
        assertThat(planner.events("m", "a"))
                .hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobCompleted.class);
    }

    @Test
    void repeatsAsAnotherAttemptWhatNeverLeftTheGateway() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.job("m", method("m", "*"));
        String first = planner.delivered(MethodRequest.class).getLast().getDeliveryId();
        planner.report("a", new MethodUndelivered(first, "the connection is gone", false));
        assertThat(planner.delivered(MethodRequest.class)).hasSize(1);

        planner.connect("a");
        MethodRequest second = planner.delivered(MethodRequest.class).getLast();
        assertThat(second.getDeliveryId()).isNotEqualTo(first);
        planner.report("a", new MethodUndelivered(first, "late and stale", false));
        answer("a", first);
        assertThat(planner.events("m", "a"))
                .hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobQueued.class, DeviceJobDelivered.class);
        answer("a", second.getDeliveryId());
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void deliversNothingThatWasCancelled() {
        planner.create("a", "{}");
        planner.create("b", "{}");
        planner.connect("a", METHODS);
        planner.job("m", method("m", "*"));
        String delivered = planner.delivered(MethodRequest.class).getLast().getDeliveryId();
        planner.job("m", new CancelJob());

        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.CANCELLED);
        assertThat(planner.events("m", "b")).hasExactlyElementsOfTypes(DeviceJobQueued.class, DeviceJobCancelled.class);
        planner.connect("b", METHODS);
        assertThat(planner.delivered(MethodRequest.class)).hasSize(1);
        answer("a", delivered);
        assertThat(planner.events("m", "a"))
                .hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobCompleted.class);
    }

    @Test
    void countsDevicesAndKeepsTheCount() {
        planner.create("a", "{}");
        planner.create("b", "{}");
        planner.connect("a", METHODS);
        planner.list(new CountDevices());
        assertThat(planner.lastReply()).isEqualTo(new DeviceCounts(0, 2L, 2L, 1L));
        planner.create("c", "{}");
        planner.device("a", new DeleteDevice("*"));
        planner.device(
                "b",
                new UpdateDevice(
                        "*",
                        DeviceSettings.newBuilder()
                                .setCredentials(Credentials.newBuilder().build())
                                .setStatus(DeviceStatus.DISABLED)
                                .build()));
        planner.list(new CountDevices());
        assertThat(planner.lastReply()).isEqualTo(new DeviceCounts(0, 2L, 1L, 0L));
    }

    /** Begins a job over more devices than a turn takes: it has not come to the last of them. */
    private void beginOverManyDevices(CreateJob job) {
        for (int i = 0; i < 2500; i++) {
            planner.create(String.format("d%04d", i), "{\"site\":\"A\"}");
        }
        planner.job(job.getDefinition().getJobId(), job);
        assertThat(planner.events(job.getDefinition().getJobId(), "d2400")).isEmpty();
    }

    private void tag(String deviceId, String tags) {
        planner.device(deviceId, new PatchTwin(new TwinPatch("*", tags, null)));
    }

    @Test
    void selectsTheDevicesThatMatchWhenTheJobBegins() {
        beginOverManyDevices(method("m", "tags.site = 'A'"));
        tag("d2400", "{\"site\":\"B\"}");
        tag("d2400", "{\"site\":\"C\"}");
        planner.create("d2600", "{\"site\":\"A\"}");
        planner.device("d2401", new DeleteDevice("*"));
        planner.tickUntil(() -> planner.isExpanded("m"));
        assertThat(planner.events("m", "d2400")).hasExactlyElementsOfTypes(DeviceJobQueued.class);
        assertThat(planner.events("m", "d2401"))
                .hasExactlyElementsOfTypes(DeviceJobQueued.class, DeviceJobFailed.class);
        assertThat(planner.events("m", "d2600")).isEmpty();
        assertThat(planner.deviceJobEvents().getLast().event()).isEqualTo(new ExpansionCompleted(0, 1, 2500L));
    }

    @Test
    void writesEventsOfOneTickAndJobAsOneRecord() {
        beginOverManyDevices(twin("t", "tags.site = 'A'"));
        int before = planner.eventBatches().size();
        planner.tickUntil(() -> planner.isExpanded("t"));
        assertThat(planner.begun("t")).hasSize(2500).doesNotHaveDuplicates().isSorted();
        assertThat(before).isEqualTo(1);
        assertThat(planner.eventBatches())
                .hasSizeLessThan(30)
                .allSatisfy(batch -> assertThat(batch.getEvents()).hasSizeLessThanOrEqualTo(1000));
        assertThat(planner.eventBatches())
                .filteredOn(batch -> batch.getExpansion() != null)
                .singleElement()
                .isSameAs(planner.eventBatches().getLast());
    }

    @Test
    void sendsAJobsCallsOfOneTickToAGatewayAsOneRecord() {
        List<String> ids = List.of("a", "b", "c", "d");
        for (String id : ids) {
            planner.create(id, "{}");
            planner.connect(id, METHODS);
        }
        planner.job("m", method("m", "*"));
        Delivery sent = planner.sentDeliveries().getLast();
        assertThat(sent.getDelivery()).isInstanceOfSatisfying(MethodRequests.class, requests -> {
            assertThat(requests.getMethodName()).isEqualTo("reboot");
            assertThat(requests.getTargets())
                    .extracting(MethodTarget::getDeviceId)
                    .containsExactlyElementsOf(ids);
        });
        planner.device("a", new InvokeMethod(new DeviceMethod("ping", "1", 30, 0)));
        assertThat(planner.sentDeliveries().getLast().getDelivery()).isInstanceOf(MethodRequest.class);
    }

    @Test
    void writesTheEventsOfReportsThatCameTogetherAsOneRecord() {
        List<MethodReport> reports = new ArrayList<>();
        for (String id : List.of("a", "b", "c")) {
            planner.create(id, "{}");
            planner.connect(id, METHODS);
        }
        planner.job("m", method("m", "*"));
        String deliveryId = planner.delivered(MethodRequest.class).getLast().getDeliveryId();
        for (String id : List.of("c", "a", "b")) {
            reports.add(new MethodReport(
                    id, new MethodAnswered(deliveryId, 200, ByteBuffer.wrap("1".getBytes(StandardCharsets.UTF_8)))));
        }
        planner.report(0, "run-1", null, new MethodReports(reports));
        assertThat(planner.eventBatches().getLast().getEvents())
                .extracting(DeviceJobEvent::getDeviceId)
                .containsExactly("c", "a", "b");
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void deadLettersAloneTheReportThatMakesNoSense() {
        int partitions = 4;
        Map<Boolean, List<String>> ids = IntStream.range(0, 100)
                .mapToObj(i -> "d" + i)
                .collect(Collectors.partitioningBy(id -> KeyPartition.of(id, partitions) == 0));
        String foreign = ids.get(false).getFirst();
        try (PlannerDriver first = new PlannerDriver(new PartitionCounts(1, partitions, 1, 1), JobLimits.NONE)) {
            List<MethodReport> reports = new ArrayList<>();
            for (String id : ids.get(true).subList(0, 2)) {
                first.create(id, "{}");
                first.connect(id, METHODS);
                first.device(id, new InvokeMethod(new DeviceMethod("ping", "1", 30, 0)));
                String deliveryId =
                        first.delivered(MethodRequest.class).getLast().getDeliveryId();
                reports.add(new MethodReport(id, new MethodAnswered(deliveryId, 200, ByteBuffer.wrap(new byte[0]))));
            }
            MethodReport bad = new MethodReport(foreign, new MethodUnanswered("x"));
            reports.add(1, bad);
            first.report(0, "run-1", null, new MethodReports(reports));
            assertThat(first.replies().stream().filter(reply -> reply.getOutcome() instanceof MethodResult))
                    .hasSize(2);
            assertThat(first.deadLetters()).singleElement().satisfies(letter -> {
                assertThat(letter.getReason()).startsWith("report 2 of 3: the device belongs into partition ");
                assertThat(first.decode(Topics.DEVICE_REPORTS, letter.getValue())
                                .getReport())
                        .isEqualTo(new MethodReports(List.of(bad)));
            });
        }
    }

    /** Holds no event beyond a record, behind which Kafka Streams may commit: the event would be lost with the process. */
    @Test
    void holdsNoEventBeyondTheRecordThatMadeIt() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.job("m", method("m", "*"));
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class);
        answer("a", planner.delivered(MethodRequest.class).getLast().getDeliveryId());
        assertThat(planner.events("m", "a"))
                .hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobCompleted.class);
    }

    @Test
    void keepsTheTargetsOfABegunJobBesideATwinJob() {
        beginOverManyDevices(twin("first", "tags.site = 'A' AND NOT IS_DEFINED(tags.y)"));
        int changed = planner.begun("first").size();
        planner.job(
                "second",
                new CreateJob(new JobDefinition(
                        "second",
                        new TwinPatch("*", "{\"y\":1,\"site\":\"B\"}", null),
                        "tags.site = 'A' AND NOT IS_DEFINED(tags.x)",
                        null,
                        120,
                        null)));
        planner.tickUntil(() -> planner.isExpanded("first") && planner.isExpanded("second"));
        assertThat(planner.begun("first")).doesNotHaveDuplicates().hasSize(2500);
        assertThat(planner.begun("second"))
                .as("those that the first had not changed when the second began")
                .doesNotHaveDuplicates()
                .hasSize(2500 - changed)
                .doesNotContain("d0000")
                .contains("d2400");
        assertThat(planner.deviceJobEvents().stream()
                        .map(Happened::event)
                        .filter(ExpansionCompleted.class::isInstance)
                        .map(event -> ((ExpansionCompleted) event).getDeviceCount()))
                .containsExactlyInAnyOrder(2500L, 2500L - changed);
        assertThat(planner.get("d2400").getDevice().getTwin().getTags())
                .contains("\"x\":1")
                .contains("\"y\":1")
                .contains("\"site\":\"B\"");
    }

    @Test
    void answersABarrierBehindTheRecordsBeforeIt() {
        planner.create("a", "{}");
        planner.job("m", method("m", "*"));
        planner.job("m", new CancelJob());
        planner.list(new AwaitBarrier());
        assertThat(planner.lastReply()).isEqualTo(new BarrierReached(0));
        planner.connect("a", METHODS);
        assertThat(planner.delivered(MethodRequest.class)).isEmpty();
    }

    @Test
    void publishesTheEndOfConnectionsOfASilentGateway() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.advance(Duration.ofSeconds(300));
        planner.pass(Duration.ofSeconds(55));
        assertThat(planner.connection("a").getConnected())
                .as("the planner itself was deaf for the longest time")
                .isTrue();
        planner.pass(Duration.ofSeconds(10));
        assertThat(planner.connection("a").getConnected()).isFalse();
        planner.beat();
        planner.job("m", method("m", "*"));
        assertThat(planner.delivered(MethodRequest.class)).isEmpty();
        assertThat(planner.delivered(CloseConnection.class)).hasSize(1);
    }

    @Test
    void endsTheConnectionsOfAGatewayThatRunsAnew() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.gatewayRunsAnew();
        planner.advance(Duration.ofSeconds(5));
        assertThat(planner.connection("a").getConnected()).isFalse();

        planner.connect("a", METHODS);
        planner.report(0, "run-1", null, new GatewayHeartbeat(null, true));
        planner.advance(Duration.ofSeconds(5));
        assertThat(planner.connection("a").getConnected())
                .as("a word of the run before ends nothing")
                .isTrue();
    }

    /** Connects a device to a gateway that ends its calls, and has a job call it. @return the id of the delivery */
    private String call() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.beat();
        planner.job("m", method("m", "*"));
        return planner.delivered(MethodRequest.class).getLast().getDeliveryId();
    }

    @Test
    void endsAMethodWhenItsGatewayReportsThatItsTimeIsOver() {
        String deliveryId = call();
        planner.advance(Duration.ofSeconds(29));
        planner.beat();
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class);
        planner.report("a", new MethodUnanswered(deliveryId));
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobFailed.class);
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void takesNoAnswerBehindThatReportForASuccess() {
        String deliveryId = call();
        planner.report("a", new MethodUnanswered(deliveryId));
        answer("a", deliveryId);
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobFailed.class);
    }

    /** Counts an answer that came in time, whether the log was away, the planner stood still or a clock jumped: nothing is read meanwhile. */
    @ParameterizedTest
    @ValueSource(ints = {5, 30, 110})
    void countsAnAnswerThatCameInTimeHoweverLongTheLogWasAway(int seconds) {
        planner.create("b", "{}");
        planner.connect("b", METHODS);
        String deliveryId = call();
        planner.advance(Duration.ofSeconds(seconds));
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class);
        answer("a", deliveryId);
        assertThat(planner.events("m", "a"))
                .hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobCompleted.class);
        planner.report("b", new MethodUnanswered(deliveryId));
        assertThat(planner.events("m", "b")).hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobFailed.class);
        assertThat(planner.delivered(CloseConnection.class)).isEmpty();
    }

    /** Delivers again at once, as after a broker that was away for longer than the device has time to answer. */
    @Test
    void deliversAgainAtOnceWhatItsGatewayReadTooLate() {
        String first = call();
        planner.advance(Duration.ofSeconds(31));
        planner.report("a", new MethodUndelivered(first, "expired", true));
        String second = planner.delivered(MethodRequest.class).getLast().getDeliveryId();
        assertThat(second).isNotEqualTo(first);
        answer("a", second);
        assertThat(planner.events("m", "a"))
                .hasExactlyElementsOfTypes(
                        DeviceJobDelivered.class,
                        DeviceJobQueued.class,
                        DeviceJobDelivered.class,
                        DeviceJobCompleted.class);
    }

    @Test
    void waitsForAGatewayOfAnOlderVersionUntilItHasHandedOverWhatWasDue() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.beatAsBefore(null);
        planner.job("m", method("m", "*"));
        Instant before = planner.now();
        planner.advance(Duration.ofSeconds(31));
        planner.beatAsBefore(before);
        planner.advance(Duration.ofSeconds(1));
        assertThat(planner.events("m", "a")).as("its time does not run yet").hasSize(1);
        planner.beatAsBefore(planner.now());
        planner.advance(Duration.ofSeconds(1));
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobFailed.class);
    }

    @Test
    void failsCallsThatAKilledGatewayMayHaveHandedOverAndRepeatsTheOthers() {
        planner.create("b", "{}");
        planner.connect("b", METHODS);
        String deliveryId = call();
        planner.gatewayRunsAnew();
        planner.beat(Instant.EPOCH);
        for (int second = 0; second < 40; second++) {
            planner.pass(Duration.ofSeconds(1));
            planner.beat(Instant.EPOCH);
        }
        assertThat(planner.events("m", "a"))
                .as("the new run has not read yet what the old one left")
                .hasExactlyElementsOfTypes(DeviceJobDelivered.class);
        planner.report("b", new MethodUndelivered(deliveryId, "no such connection", false));
        planner.beat();
        planner.advance(Duration.ofSeconds(1));
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobFailed.class);
        planner.connect("b", METHODS);
        answer("b", planner.delivered(MethodRequest.class).getLast().getDeliveryId());
        assertThat(planner.events("m", "b").getLast()).isInstanceOf(DeviceJobCompleted.class);
    }

    /** Fails a call whose delivery was a dead letter at the gateway, or was skipped. */
    @Test
    void failsACallThatItsLivingGatewayNeverTook() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.beat();
        planner.job(
                "m",
                new CreateJob(new JobDefinition("m", new DeviceMethod("reboot", "1", 30, 0), "*", null, 3600, null)));
        for (int second = 0; second < 115; second++) {
            planner.pass(Duration.ofSeconds(1));
            planner.beat();
        }
        assertThat(planner.events("m", "a"))
                .as("the gateway may have handed it over late, and gives the device its time")
                .hasExactlyElementsOfTypes(DeviceJobDelivered.class);
        for (int second = 0; second < 35; second++) {
            planner.pass(Duration.ofSeconds(1));
            planner.beat();
        }
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobFailed.class);
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void endsItsWaitForAGatewayThatIsGone() {
        call();
        planner.pass(Duration.ofSeconds(29));
        assertThat(planner.events("m", "a")).hasSize(1);
        planner.pass(Duration.ofSeconds(2));
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobDelivered.class, DeviceJobFailed.class);
    }

    @Test
    void deliversWaitingCallsToAGatewayThatIsBack() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.beat();
        planner.pass(Duration.ofSeconds(15));
        planner.job("m", method("m", "*"));
        assertThat(planner.delivered(MethodRequest.class)).isEmpty();
        planner.beat();
        assertThat(planner.delivered(MethodRequest.class)).hasSize(1);
    }

    /** Hears a new run of a gateway, whose name begins with the gateway's clock, though that may have been set back. */
    @Test
    void hearsAGatewayThatRunsAnewWhateverItsClockSays() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.beat();
        planner.report(0, "run-0", null, new GatewayHeartbeat(null, true));
        planner.advance(Duration.ofSeconds(5));
        assertThat(planner.connection("a").getConnected()).isFalse();
    }

    /** Hears a gateway though a report named a run that no gateway ever has: a writer of reports can name any. */
    @Test
    void shutsNoGatewayOutByARunThatNobodyHearsOfAgain() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.beat();
        planner.report(0, "forged", null, new GatewayHeartbeat(planner.now(), true));
        for (int i = 0; i < 15; i++) {
            planner.pass(Duration.ofSeconds(1));
            planner.beat();
        }
        planner.connect("a", METHODS);
        planner.advance(Duration.ofSeconds(10));
        planner.job("m", method("m", "*"));
        assertThat(planner.connection("a").getConnected()).isTrue();
        assertThat(planner.delivered(MethodRequest.class)).hasSize(1);
    }

    @Test
    void deliversWaitingCallsToARunThatTakesItsPlaceAgain() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.beat();
        // Between the sweeps that end connections of lost gateways, and behind no connect.
        planner.pass(Duration.ofSeconds(3));
        planner.report(0, "forged", null, new GatewayHeartbeat(planner.now(), true));
        planner.job("m", method("m", "*"));
        planner.pass(Duration.ofSeconds(8));
        planner.connect("a", METHODS);
        assertThat(planner.delivered(MethodRequest.class))
                .as("its gateway seems to be gone")
                .isEmpty();
        planner.pass(Duration.ofSeconds(3));
        planner.beat();
        planner.advance(Duration.ofSeconds(1));
        assertThat(planner.delivered(MethodRequest.class)).hasSize(1);
    }

    @Test
    void takesNoConnectionOfAnEpochThatNoReportGave() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.report("a", new DeviceConnected(Long.MAX_VALUE, false, null));
        assertThat(planner.deadLetters()).hasSize(1);
        planner.connect("a", METHODS);
        planner.job("m", method("m", "*"));
        assertThat(planner.delivered(MethodRequest.class)).hasSize(1);
    }

    @Test
    void failsWorkThatHasNotEndedWhenTheTimeOfTheJobIsOver() {
        planner.create("a", "{}");
        planner.job("m", method("m", "*"));
        planner.advance(Duration.ofSeconds(121));
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobQueued.class, DeviceJobFailed.class);
        Job job = planner.jobDocument("m");
        assertThat(job.getStatus()).isEqualTo(JobStatus.COMPLETED);
        assertThat(job.getTimedOut()).isTrue();
    }

    @Test
    void answersADirectMethodOnceToItsCaller() {
        planner.create("a", "{}");
        DeviceMethod call = new DeviceMethod("ping", "null", 10, 0);
        planner.device("a", new InvokeMethod(call));
        assertThat(planner.lastReply())
                .isInstanceOfSatisfying(
                        DeviceRefused.class,
                        refusal -> assertThat(refusal.getReason()).isEqualTo(DeviceRefusalReason.NOT_CONNECTED));

        planner.connect("a", METHODS);
        planner.device("a", new InvokeMethod(call));
        answer("a", planner.delivered(MethodRequest.class).getLast().getDeliveryId());
        assertThat(planner.lastReply()).isEqualTo(new MethodResult(200, "{\"ok\":true}"));

        planner.device("a", new InvokeMethod(call));
        planner.report(
                "a",
                new MethodUnanswered(
                        planner.delivered(MethodRequest.class).getLast().getDeliveryId()));
        assertThat(planner.lastReply())
                .isInstanceOfSatisfying(
                        DeviceRefused.class,
                        refusal -> assertThat(refusal.getReason()).isEqualTo(DeviceRefusalReason.NO_ANSWER));

        planner.device("nobody", new InvokeMethod(call));
        assertThat(planner.lastReply())
                .isInstanceOfSatisfying(
                        DeviceRefused.class,
                        refusal -> assertThat(refusal.getReason()).isEqualTo(DeviceRefusalReason.NOT_FOUND));
    }

    /** Fails the device job, and the caller, where the device answers anything else than JSON, and adds no text that the device did not say. */
    @ParameterizedTest
    @ValueSource(strings = {"1e400", "{\"a\":[-1e400]}", "{\"a\":}", "{} {}", "NaN", "\"\\ud800\"", "{\"a\":\u0000}"})
    void failsAnAnswerThatIsNoJson(String payload) {
        String deliveryId = call();
        planner.report(
                "a", new MethodAnswered(deliveryId, 200, ByteBuffer.wrap(payload.getBytes(StandardCharsets.UTF_8))));
        assertThat(planner.events("m", "a").getLast()).isInstanceOfSatisfying(DeviceJobFailed.class, failed -> {
            assertThat(failed.getReason()).isEqualTo(FailureReason.INVALID_ANSWER);
            assertThat(failed.getDetail()).contains("JSON");
        });
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.COMPLETED);

        planner.device("a", new InvokeMethod(new DeviceMethod("ping", "null", 10, 0)));
        planner.report(
                "a",
                new MethodAnswered(
                        planner.delivered(MethodRequest.class).getLast().getDeliveryId(),
                        200,
                        ByteBuffer.wrap(payload.getBytes(StandardCharsets.UTF_8))));
        assertThat(planner.lastReply())
                .isInstanceOfSatisfying(
                        DeviceRefused.class,
                        refusal -> assertThat(refusal.getMessage()).contains("JSON"));
    }

    @Test
    void waitsForTheDeviceOfADirectMethodIfItSaysSo() {
        planner.create("a", "{}");
        planner.device("a", new InvokeMethod(new DeviceMethod("ping", "null", 10, 20)));
        planner.connect("a", METHODS);
        answer("a", planner.delivered(MethodRequest.class).getLast().getDeliveryId());
        assertThat(planner.lastReply()).isEqualTo(new MethodResult(200, "{\"ok\":true}"));
    }

    @Test
    void replacesAnOlderConnectionByANewer() {
        planner.create("a", "{}");
        long first = planner.connect("a", METHODS);
        long second = planner.connect("a");
        assertThat(second).isGreaterThan(first);
        assertThat(planner.delivered(CloseConnection.class))
                .singleElement()
                .satisfies(close -> assertThat(close.getEpoch()).isEqualTo(first));
        planner.report("a", new DeviceDisconnected(first));
        assertThat(planner.get("a").getConnection().getConnected()).isTrue();
        assertThat(planner.get("a").getConnection().getCapabilities()).containsExactly(METHODS);
        planner.report("a", new DeviceDisconnected(second));
        assertThat(planner.get("a").getConnection().getConnected()).isFalse();
    }

    @Test
    void endsConnectionsOfASilentGateway() {
        planner.create("a", "{}");
        planner.connect("a", METHODS);
        planner.advance(Duration.ofSeconds(15));
        assertThat(planner.get("a").getConnection().getConnected())
                .as("nothing passed in the log")
                .isTrue();
        planner.pass(Duration.ofSeconds(10));
        assertThat(planner.get("a").getConnection().getConnected()).isFalse();
        planner.job("m", method("m", "*"));
        assertThat(planner.events("m", "a")).hasExactlyElementsOfTypes(DeviceJobQueued.class);
    }

    @Test
    void answersReportedPropertiesWithTheirVersion() {
        planner.create("a", "{}");
        long epoch = planner.connect("a");
        planner.report("a", new PatchReported(epoch, "r1", "{\"on\":true}", null));
        planner.report("a", new PatchReported(epoch, "r2", "{\"on.\":true}", null));
        List<ReportedAnswer> answers = planner.delivered(ReportedAnswer.class);
        assertThat(answers.getFirst().getVersion()).isEqualTo(2);
        assertThat(answers.getLast().getRefusal().getReason()).isEqualTo(DeviceRefusalReason.INVALID);
    }

    @Test
    void answersCommandsAndTheirRefusals() {
        planner.create("a", "{}");
        assertThat(planner.lastReply()).isInstanceOf(DeviceView.class);
        planner.create("a", "{}");
        assertThat(planner.lastReply())
                .isInstanceOfSatisfying(
                        DeviceRefused.class,
                        refusal -> assertThat(refusal.getReason()).isEqualTo(DeviceRefusalReason.ALREADY_EXISTS));
        planner.device("b", new GetDevice());
        assertThat(planner.lastReply()).isInstanceOf(DeviceRefused.class);
        planner.device("a", new PatchTwin(new TwinPatch("nope", "{}", "{\"a\":1}")));
        assertThat(planner.lastReply())
                .isInstanceOfSatisfying(
                        DeviceRefused.class,
                        refusal -> assertThat(refusal.getReason()).isEqualTo(DeviceRefusalReason.PRECONDITION_FAILED));
        planner.job("m", method("m", "*"));
        assertThat(planner.lastReply())
                .isInstanceOfSatisfying(
                        Job.class, job -> assertThat(job.getStatus()).isEqualTo(JobStatus.QUEUED));
        planner.job("m", method("m", "*"));
        assertThat(planner.jobRefusals()).singleElement().satisfies(refusal -> {
            assertThat(refusal.getCommand()).isEqualTo("CreateJob");
            assertThat(refusal.getRefusal().getReason()).isEqualTo(JobRefusalReason.ALREADY_EXISTS);
        });
    }

    @Test
    void pagesOfDevicesAreInOrderAndBounded() {
        for (String id : List.of("c", "a", "b")) {
            planner.create(id, "{}");
        }
        planner.list(new ListDevices(null, 2));
        assertThat(planner.lastReply()).isInstanceOfSatisfying(DevicePage.class, page -> {
            assertThat(page.getDevices())
                    .extracting(view -> view.getDevice().getDeviceId())
                    .containsExactly("a", "b");
            assertThat(page.getMore()).isTrue();
        });
        planner.list(new ListDevices("b", 2));
        assertThat(planner.lastReply()).isInstanceOfSatisfying(DevicePage.class, page -> {
            assertThat(page.getDevices())
                    .extracting(view -> view.getDevice().getDeviceId())
                    .containsExactly("c");
            assertThat(page.getMore()).isFalse();
        });
    }

    @Test
    void deadLettersAnUnreadableRecordAndProcessesTheNext() {
        planner.raw(Topics.JOB_COMMANDS.name(), "x", "hello".getBytes(StandardCharsets.UTF_8));
        planner.raw(
                Topics.JOB_COMMANDS.name(),
                "other",
                planner.encode(Topics.JOB_COMMANDS, new JobCommand("m", new CancelJob(), null)));
        planner.raw(Topics.DEVICE_COMMANDS.name(), "x", null);
        planner.job("m", method("m", "deviceId = 'nobody'"));
        assertThat(planner.deadLetters())
                .extracting(DeadLetter::getReason)
                .satisfiesExactly(
                        reason -> assertThat(reason).contains("Confluent wire format"),
                        reason -> assertThat(reason).contains("key"),
                        reason -> assertThat(reason).contains("has a value"));
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void holdsAJobUntilItsStartTime() {
        planner.create("a", "{}");
        planner.job(
                "s",
                new CreateJob(new JobDefinition(
                        "s",
                        new TwinPatch(null, "{\"x\":1}", null),
                        "*",
                        planner.now().plusSeconds(60),
                        120,
                        null)));
        assertThat(planner.jobDocument("s").getStatus()).isEqualTo(JobStatus.SCHEDULED);
        planner.advance(Duration.ofSeconds(59));
        assertThat(planner.jobDocument("s").getStatus()).isEqualTo(JobStatus.SCHEDULED);
        planner.advance(Duration.ofSeconds(2));
        assertThat(planner.jobDocument("s").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }

    @Test
    void findsEachDeviceOnceOverMoreDevicesThanATurn() {
        int devices = 4500;
        for (int i = 0; i < devices; i++) {
            planner.create("d" + i, i % 3 == 0 ? "{\"third\":true}" : "{}");
        }
        planner.job("t", twin("t", "tags.third = true"));
        planner.tickUntil(() -> planner.isExpanded("t"));
        assertThat(planner.deviceJobEvents().getLast().event()).isEqualTo(new ExpansionCompleted(0, 1, 1500L));
        assertThat(planner.deviceJobEvents().stream()
                        .map(Happened::deviceId)
                        .filter(java.util.Objects::nonNull)
                        .distinct())
                .hasSize(1500);
        assertThat(planner.jobDocument("t").getStatus()).isEqualTo(JobStatus.COMPLETED);
    }
}
