package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.fleet.topology.FleetProcessor;
import io.muster.planner.state.CompletedWork;
import io.muster.planner.state.DeviceWork;
import io.muster.planner.state.WorkSlice;
import io.muster.records.CancelJob;
import io.muster.records.Capability;
import io.muster.records.CloudMessage;
import io.muster.records.CountDevices;
import io.muster.records.CreateDevice;
import io.muster.records.CreateJob;
import io.muster.records.Device;
import io.muster.records.DeviceCounts;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobPage;
import io.muster.records.DeviceMethod;
import io.muster.records.DevicePage;
import io.muster.records.DeviceRefused;
import io.muster.records.DeviceStatus;
import io.muster.records.DropDeviceJobs;
import io.muster.records.Expansion;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatus;
import io.muster.records.MessageRequest;
import io.muster.records.MethodRequest;
import io.muster.records.PauseJob;
import io.muster.records.QueryFleet;
import io.muster.records.ReleaseDeviceJobs;
import io.muster.records.ResumeJob;
import io.muster.records.Rollout;
import io.muster.records.SendMessage;
import io.muster.records.Twin;
import io.muster.records.TwinPatch;
import io.muster.topics.Topics;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Does work over many devices in turns: no record and no tick writes more than a turn does, and all of it is done in the end. */
class BoundedWorkTest {
    private static final int DEVICES = 3000;
    /** Bounds the events that a turn writes, and the device jobs that it begins: 10 ms at 40 µs. */
    private static final int TURN = 250;

    /** Bounds evaluations ahead of other jobs' expansions: 10 ms at 16 µs. */
    private static final int EVALUATED = 625;

    /** Bounds the slices of device jobs that a step drops: 10 ms at 100 µs. */
    private static final int SLICES = 100;

    /** Counts jobs that follow the changes of another one. */
    private static final int FOLLOWING = 3;

    private static final Capability METHODS = Capability.METHODS;

    private final PlannerDriver planner = new PlannerDriver();

    @BeforeEach
    void devices() {
        for (int i = 0; i < DEVICES; i++) {
            planner.create(device(i), "{}");
        }
    }

    @AfterEach
    void close() {
        planner.close();
    }

    private static String device(int number) {
        return String.format("d%04d", number);
    }

    private static CreateJob twin(String id, String condition, @Nullable JobPolicy policy) {
        TwinPatch patch = new TwinPatch("*", "{\"" + id + "\":1}", null);
        return new CreateJob(new JobDefinition(id, patch, condition, null, 3600, policy));
    }

    private static JobPolicy atOnce() {
        return JobPolicy.newBuilder()
                .setRollout(Rollout.newBuilder().setDevicesPerMinute(6_000_000).build())
                .build();
    }

    private static CreateJob method(String id, JobPolicy policy) {
        return new CreateJob(new JobDefinition(id, new DeviceMethod("reboot", "1", 30, 0), "*", null, 60, policy));
    }

    private static JobPolicy oneAMinute() {
        return JobPolicy.newBuilder()
                .setRollout(Rollout.newBuilder()
                        .setDevicesPerMinute(1)
                        .setGrowth(null)
                        .build())
                .build();
    }

    /** Ticks until so many events were written, and returns the largest number of a tick. */
    private int ticksUntil(int events) {
        return mostOfATick(
                () -> planner.deviceJobEvents().size(),
                () -> planner.deviceJobEvents().size() >= events);
    }

    /** Ticks until the condition holds, and returns by how much the number grew with a tick at most. */
    private int mostOfATick(IntSupplier number, BooleanSupplier condition) {
        int[] before = {number.getAsInt()};
        int[] most = {0};
        planner.tickUntil(() -> {
            int now = number.getAsInt();
            most[0] = Math.max(most[0], now - before[0]);
            before[0] = now;
            return condition.getAsBoolean();
        });
        return most[0];
    }

    private long ended(String jobId, Class<?> how) {
        return planner.deviceJobEvents().stream()
                .filter(event -> event.jobId().equals(jobId) && how.isInstance(event.event()))
                .map(event -> event.deviceId())
                .distinct()
                .count();
    }

    @Test
    void cancelsWaitingMethodsInTurnsAndDeliversNoneMeanwhile() {
        planner.job("m", method("m", null));
        planner.tickUntil(() -> planner.isExpanded("m"));
        int before = planner.deviceJobEvents().size();
        planner.job("m", new CancelJob());
        assertThat(planner.deviceJobEvents().size() - before).isBetween(1, TURN);

        planner.connect("d2999", METHODS);
        assertThat(planner.delivered(MethodRequest.class)).isEmpty();
        assertThat(ticksUntil(before + DEVICES)).isLessThanOrEqualTo(TURN);
        assertThat(ended("m", DeviceJobCancelled.class)).isEqualTo(DEVICES);
        planner.advance(Duration.ofSeconds(1));
        assertThat(planner.deviceJobEvents()).hasSize(before + DEVICES);
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.CANCELLED);
    }

    @Test
    void cancelsTargetsThatWaitForTheirReleaseInTurns() {
        planner.job("m", method("m", oneAMinute()));
        planner.tickUntil(() -> planner.isExpanded("m"));
        int before = planner.deviceJobEvents().size();
        planner.job("m", new CancelJob());
        assertThat(planner.deviceJobEvents().size() - before).isBetween(1, TURN);
        assertThat(ticksUntil(before + DEVICES)).isLessThanOrEqualTo(TURN);
        assertThat(ended("m", DeviceJobCancelled.class)).isEqualTo(DEVICES);
        planner.tickUntil(() -> !planner.store(FleetProcessor.JOBS).all().hasNext());
        assertThat(planner.store(FleetProcessor.WAITING).all()).isExhausted();
    }

    @Test
    void expiresInTurns() {
        planner.job("m", method("m", null));
        planner.tickUntil(() -> planner.isExpanded("m"));
        int before = planner.deviceJobEvents().size();
        planner.advance(Duration.ofSeconds(61));
        assertThat(planner.deviceJobEvents().size() - before).isLessThanOrEqualTo(2 * TURN);
        assertThat(ticksUntil(before + DEVICES)).isLessThanOrEqualTo(TURN);
        assertThat(ended("m", DeviceJobFailed.class)).isEqualTo(DEVICES);
    }

    @Test
    void releasesInTurns() {
        for (int i = 0; i < DEVICES; i++) {
            planner.connect(device(i), METHODS);
        }
        planner.job("m", method("m", oneAMinute()));
        planner.tickUntil(() -> planner.isExpanded("m"));
        int before = methodsDelivered();
        ReleaseDeviceJobs all = new ReleaseDeviceJobs((long) DEVICES);
        planner.raw(Topics.EXPANSIONS.name(), "m", planner.encode(Topics.EXPANSIONS, new Expansion("m", 0, 1, all)));
        assertThat(methodsDelivered() - before).isBetween(1, TURN);
        assertThat(mostOfATick(this::methodsDelivered, () -> methodsDelivered() == DEVICES))
                .isLessThanOrEqualTo(TURN);
        planner.advance(Duration.ofMillis(100));
        assertThat(methodsDelivered()).isEqualTo(DEVICES);
        assertThat(planner.store(FleetProcessor.WAITING).all()).isExhausted();
    }

    private int methodsDelivered() {
        return planner.delivered(MethodRequest.class).size();
    }

    @Test
    void resumesInTurns() {
        for (int i = 0; i < DEVICES; i++) {
            planner.connect(device(i), METHODS);
        }
        planner.job("m", method("m", null));
        planner.job("m", new PauseJob());
        planner.tickUntil(() -> planner.isExpanded("m"));
        int delivered = planner.delivered(MethodRequest.class).size();
        assertThat(delivered).isLessThan(DEVICES);
        planner.job("m", new ResumeJob());
        int first = planner.delivered(MethodRequest.class).size() - delivered;
        assertThat(first).isBetween(1, 2 * TURN);
        assertThat(mostOfATick(this::methodsDelivered, () -> methodsDelivered() == DEVICES))
                .isLessThanOrEqualTo(2 * TURN);
        planner.advance(Duration.ofMillis(100));
        assertThat(planner.delivered(MethodRequest.class)).hasSize(DEVICES);
    }

    /** Hands over methods that were begun before their devices connected, which they did while the job was paused. */
    @Test
    void resumesMethodsThatWaitForTheirDevicesInTurns() {
        planner.job("m", method("m", null));
        planner.tickUntil(() -> planner.isExpanded("m"));
        planner.job("m", new PauseJob());
        for (int i = 0; i < DEVICES; i++) {
            planner.connect(device(i), METHODS);
        }
        assertThat(methodsDelivered()).isZero();
        planner.job("m", new ResumeJob());
        assertThat(methodsDelivered()).isBetween(1, TURN);
        assertThat(mostOfATick(this::methodsDelivered, () -> methodsDelivered() == DEVICES))
                .isLessThanOrEqualTo(TURN);
    }

    @Test
    void dropsTheHistoryOfTheJobAlone() {
        planner.job("m", method("m", null));
        planner.job("n", method("n", null));
        planner.tickUntil(() -> planner.isExpanded("m") && planner.isExpanded("n"));
        planner.job("m", new CancelJob());
        planner.tickUntil(() -> ended("m", DeviceJobCancelled.class) == DEVICES);
        planner.raw(
                Topics.EXPANSIONS.name(),
                "m",
                planner.encode(Topics.EXPANSIONS, new Expansion("m", 0, 1, new DropDeviceJobs())));
        planner.tickUntil(() -> kept("m").isEmpty());
        assertThat(kept("n")).hasSize(DEVICES);
    }

    /** Drops slices of a history that has a device in each: a slice costs the same, however many devices it has. */
    @Test
    void dropsInTurns() {
        KeyValueStore<String, WorkSlice> deviceJobs = planner.store(FleetProcessor.DEVICE_JOBS);
        int slices = 5 * SLICES;
        for (int i = 0; i < slices; i++) {
            deviceJobs.put("m\0" + device(i), new WorkSlice("METHOD", 1, List.of(completed(device(i)))));
        }
        planner.raw(
                Topics.EXPANSIONS.name(),
                "m",
                planner.encode(Topics.EXPANSIONS, new Expansion("m", 0, 1, new DropDeviceJobs())));
        assertThat(slices - kept("m").size()).isBetween(1, SLICES);
        assertThat(mostOfATick(() -> -kept("m").size(), () -> kept("m").isEmpty()))
                .isBetween(1, SLICES);
    }

    private DeviceWork completed(String deviceId) {
        return DeviceWork.newBuilder()
                .setDeviceId(deviceId)
                .setCreatedAt(planner.now())
                .setUpdatedAt(planner.now())
                .setState(new CompletedWork(null, null))
                .build();
    }

    /** Begins under the id at once, while the history of the job that had it is being dropped. */
    @Test
    void beginsAgainUnderAnIdWhoseHistoryIsBeingDropped() {
        planner.job("m", method("m", null));
        planner.tickUntil(() -> planner.isExpanded("m"));
        planner.job("m", new CancelJob());
        planner.tickUntil(() -> ended("m", DeviceJobCancelled.class) == DEVICES);
        planner.advance(Duration.ofDays(30).plusSeconds(1));
        int before = planner.begun("m").size();
        planner.job("m", method("m", null));
        int first = planner.begun("m").size() - before;
        assertThat(first).isLessThanOrEqualTo(TURN);
        int most = mostOfATick(
                () -> planner.begun("m").size(), () -> planner.begun("m").size() == before + DEVICES);
        assertThat(most).isLessThanOrEqualTo(TURN);
        planner.job("m", new CancelJob());
        assertThat(planner.jobRefusals()).isEmpty();
        assertThat(planner.deadLetters()).isEmpty();
        planner.tickUntil(() -> planner.deviceJobEvents().stream()
                        .filter(event -> event.event() instanceof DeviceJobCancelled)
                        .count()
                == 2 * DEVICES);
        assertThat(kept("m")).hasSize(DEVICES);
    }

    @Test
    void countsDevicesInTurnsAndAnswersWithAllOfThem() {
        Object before = planner.lastReply();
        planner.list(new CountDevices());
        assertThat(planner.lastReply()).as("more devices than a turn visits").isSameAs(before);
        planner.create("d00001", "{}");
        planner.create("e", "{}");
        Object created = planner.lastReply();
        planner.tickUntil(() -> planner.lastReply() != created);
        assertThat(planner.lastReply()).isEqualTo(new DeviceCounts(0, DEVICES + 2L, DEVICES + 2L, 0L));
    }

    /** Gives a device methods of two jobs, and messages: more waits than one delivery. */
    @Test
    void handsOverWhatWaitsForAGatewayThatIsBackInTurns() {
        for (int i = 0; i < DEVICES; i++) {
            String device = device(i);
            planner.connect(device, METHODS, Capability.MESSAGES);
        }
        planner.pass(Duration.ofSeconds(15));
        planner.job("m", method("m", null));
        planner.job("n", method("n", null));
        planner.tickUntil(() -> planner.isExpanded("m") && planner.isExpanded("n"));
        ByteBuffer body = ByteBuffer.wrap(new byte[1]);
        for (int i = 0; i < DEVICES; i++) {
            Instant expiry = planner.now().plusSeconds(3600);
            planner.device(device(i), new SendMessage(new CloudMessage(Map.of(), body, expiry)));
        }
        assertThat(handedOver()).isZero();

        planner.beat();
        int before = handedOver();
        assertThat(before).isBetween(1, TURN + 2);
        int most = mostOfATick(this::handedOver, () -> handedOver() == 3 * DEVICES);
        assertThat(most).isLessThanOrEqualTo(TURN + 2);
    }

    private int handedOver() {
        return planner.delivered(MethodRequest.class).size()
                + planner.delivered(MessageRequest.class).size();
    }

    /** Begins a device job of each following job for each change that a job makes, in turns. */
    @Test
    void beginsDeviceJobsOfContinuousJobsInTurns() {
        follow();
        planner.job("changes", twin("changes", "*", null));
        assertThat(begunOfAll()).isBetween(1, TURN + FOLLOWING);
        assertThat(mostOfATick(this::begunOfAll, () -> begunOfAll() == (1 + FOLLOWING) * DEVICES))
                .isLessThanOrEqualTo(TURN + FOLLOWING);
        beganOnce("changes");
    }

    @Test
    void beginsDeviceJobsOfContinuousJobsInTurnsWhereTargetsAreReleased() {
        follow();
        planner.job("changes", twin("changes", "*", atOnce()));
        assertThat(mostOfATick(this::completed, () -> completed() == (1 + FOLLOWING) * DEVICES))
                .isBetween(1, TURN + FOLLOWING);
        beganOnce("changes");
    }

    private void follow() {
        JobPolicy continuous = JobPolicy.newBuilder().setContinuous(true).build();
        for (int i = 0; i < FOLLOWING; i++) {
            planner.job("follows" + i, twin("follows" + i, "tags.changes = 1", continuous));
        }
        planner.tickUntil(() -> IntStream.range(0, FOLLOWING).allMatch(i -> planner.isExpanded("follows" + i)));
    }

    private void beganOnce(String changes) {
        assertThat(planner.begun(changes)).doesNotHaveDuplicates().hasSize(DEVICES);
        for (int i = 0; i < FOLLOWING; i++) {
            assertThat(planner.begun("follows" + i)).doesNotHaveDuplicates().hasSize(DEVICES);
        }
    }

    private int begunOfAll() {
        return (int) planner.deviceJobEvents().stream()
                .filter(event -> event.previous() == null && event.deviceId() != null)
                .count();
    }

    private int completed() {
        return (int) planner.deviceJobEvents().stream()
                .filter(event -> event.event() instanceof DeviceJobCompleted)
                .count();
    }

    /** Evaluates devices for jobs that match none of them: evaluating is all that they cost. */
    @Test
    void evaluatesDevicesForOtherJobsInTurns() {
        for (int i = 0; i < 10; i++) {
            planner.job("other" + i, twin("other" + i, "deviceId < 'd0300'", null));
        }
        planner.job("changes", twin("changes", "deviceId >= 'd1000'", null));
        int evaluated = 0;
        try (KeyValueIterator<String, byte[]> all =
                planner.store(FleetProcessor.EVALUATED).all()) {
            while (all.hasNext()) {
                all.next();
                evaluated++;
            }
        }
        assertThat(evaluated).isBetween(1, EVALUATED);
        planner.tickUntil(() -> planner.isExpanded("changes"));
        assertThat(planner.begun("changes")).doesNotHaveDuplicates().hasSize(2000);
    }

    /** Evaluates a long condition on as many devices as take the time of many short ones. */
    @Test
    void evaluatesLongConditionsOnFewerDevicesATurn() {
        String term = " OR tags.x = 1";
        String none = "tags.x = 1" + term.repeat(500);
        planner.job("changes", twin("changes", "IS_DEFINED(deviceId)" + term.repeat(500), null));
        assertThat(begunOfAll()).isBetween(1, TURN / 4);

        int ticks = ticksUntilAnswered("SELECT * FROM devices WHERE " + none);
        assertThat(ticks).isGreaterThan(20 * ticksUntilAnswered("SELECT * FROM devices WHERE tags.x = 1"));
        planner.tickUntil(() -> planner.isExpanded("changes"));
        assertThat(planner.begun("changes")).doesNotHaveDuplicates().hasSize(DEVICES);
    }

    /** Counts a row of 30 KB as some 300 µs to decode and to parse, and a twin of that length as much again for each time that it is written. */
    @Test
    void visitsLongTwinsAndChangesThemOnFewerDevicesATurn() {
        int devices = 200;
        String desired = IntStream.range(0, 8)
                .mapToObj(i -> "\"m" + i + "\":\"" + "x".repeat(3500) + "\"")
                .collect(Collectors.joining(",", "{", "}"));
        for (int i = 0; i < devices; i++) {
            planner.device("long" + i, new CreateDevice(PlannerDriver.settings(DeviceStatus.ENABLED), null, desired));
        }
        int before = planner.begun("changes").size();
        planner.job("changes", twin("changes", "IS_DEFINED(properties.desired.m0)", null));
        int first = planner.begun("changes").size() - before;
        assertThat(first).isLessThanOrEqualTo(TURN / 10);
        assertThat(mostOfATick(() -> planner.begun("changes").size(), () -> planner.isExpanded("changes")))
                .isBetween(1, TURN / 10);
        assertThat(planner.begun("changes")).doesNotHaveDuplicates().hasSize(devices);
        assertThat(ticksUntilAnswered("SELECT * FROM devices WHERE properties.desired.m0 = 'y'"))
                .as("ticks over %s devices, of which few are long", DEVICES + devices)
                .isGreaterThan(devices / 40);
    }

    private int ticksUntilAnswered(String query) {
        Object before = planner.lastReply();
        planner.list(new QueryFleet(query, null, 100));
        int[] ticks = {0};
        planner.tickUntil(() -> ++ticks[0] > 0 && planner.lastReply() != before);
        return ticks[0];
    }

    private List<String> kept(String jobId) {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<String, WorkSlice> all =
                planner.store(FleetProcessor.DEVICE_JOBS).all()) {
            all.forEachRemaining(entry -> {
                if (entry.key.startsWith(jobId + '\0')) {
                    entry.value.getDevices().forEach(device -> keys.add(device.getDeviceId()));
                }
            });
        }
        return keys;
    }

    /** Resumes targets that two resumptions would pass over, each leaving them to the other. */
    @Test
    void resumesAllWhereAnEarlierResumptionIsUnderWay() {
        planner.job("m", method("m", null));
        planner.tickUntil(() -> planner.isExpanded("m"));
        planner.job("m", new PauseJob());
        planner.job("m", new ResumeJob());
        for (int tick = 0; tick < DEVICES / TURN - 2; tick++) {
            planner.advance(Duration.ofMillis(10));
        }
        planner.job("m", new PauseJob());
        for (int i = 0; i < DEVICES; i++) {
            planner.connect(device(i), METHODS);
        }
        assertThat(planner.delivered(MethodRequest.class)).isEmpty();
        planner.job("m", new ResumeJob());
        planner.tickUntil(() -> planner.delivered(MethodRequest.class).size() == DEVICES);
    }

    @Test
    void passesOverUnqueriedRowsInTurns() {
        planner.create("d1500/m", "{}");
        Object before = planner.lastReply();
        planner.list(new QueryFleet("SELECT * FROM devices.modules", null, 100));
        assertThat(planner.lastReply()).as("more devices than a turn visits").isSameAs(before);
        planner.tickUntil(() -> planner.lastReply() != before);
        assertThat(((DevicePage) planner.lastReply()).getDevices())
                .extracting(view -> view.getDevice().getDeviceId())
                .containsExactly("d1500/m");
    }

    @Test
    void queriesADeviceFromJobToJobInTurns() {
        KeyValueStore<String, WorkSlice> deviceJobs = planner.store(FleetProcessor.DEVICE_JOBS);
        for (int i = 0; i < DEVICES; i++) {
            String deviceId = i % 1000 == 0 ? "d0001" : "d0002";
            deviceJobs.put(String.format("j%04d\0", i), new WorkSlice("METHOD", 1, List.of(completed(deviceId))));
        }
        Object before = planner.lastReply();
        planner.list(new QueryFleet("SELECT * FROM devices.jobs WHERE deviceId = 'd0001'", null, 100));
        assertThat(planner.lastReply()).as("more jobs than a turn reads").isSameAs(before);
        planner.tickUntil(() -> planner.lastReply() != before);
        assertThat(((DeviceJobPage) planner.lastReply()).getDeviceJobs())
                .extracting(DeviceJob::getJobId)
                .containsExactly("j0000", "j1000", "j2000");
    }

    /** Meets a twin in the state that is no JSON. */
    @Test
    void goesOnBehindDocumentsThatMakeNoSense() {
        Device last = planner.get("d2999").getDevice();
        Device odd = Device.newBuilder(last)
                .setTwin(Twin.newBuilder(last.getTwin())
                        .setTags("[")
                        .setDesired("[")
                        .build())
                .build();
        planner.store(FleetProcessor.DEVICES).put("d2999", planner.encode(Topics.DEVICES, odd));
        TwinPatch patch = new TwinPatch("*", "{\"x\":1}", null);
        planner.job("asks", new CreateJob(new JobDefinition("asks", patch, "NOT IS_DEFINED(tags.y)", null, 60, null)));
        planner.job("all", new CreateJob(new JobDefinition("all", patch, "*", null, 60, null)));
        planner.tickUntil(() -> planner.isExpanded("asks") && planner.isExpanded("all"));
        assertThat(planner.begun("asks")).doesNotHaveDuplicates().hasSize(DEVICES - 1);
        assertThat(planner.begun("all")).doesNotHaveDuplicates().hasSize(DEVICES);
        assertThat(planner.events("all", "d2999")).singleElement().isInstanceOf(DeviceJobFailed.class);
        assertThat(planner.jobDocument("asks").getStatus()).isEqualTo(JobStatus.COMPLETED);

        Object before = planner.lastReply();
        planner.list(new QueryFleet("SELECT * FROM devices WHERE IS_DEFINED(tags.q)", null, 100));
        planner.tickUntil(() -> planner.lastReply() != before);
        assertThat(planner.lastReply()).isInstanceOf(DeviceRefused.class);
    }
}
