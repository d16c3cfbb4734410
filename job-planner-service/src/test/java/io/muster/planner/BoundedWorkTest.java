package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.fleet.stream.FleetProcessor;
import io.muster.records.CancelJob;
import io.muster.records.CountDevices;
import io.muster.records.CreateJob;
import io.muster.records.Device;
import io.muster.records.DeviceCounts;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobPage;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceMethod;
import io.muster.records.DevicePage;
import io.muster.records.DropDeviceJobs;
import io.muster.records.Expansion;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatus;
import io.muster.records.MethodRequest;
import io.muster.records.OperationType;
import io.muster.records.PauseJob;
import io.muster.records.QueryFleet;
import io.muster.records.Refusal;
import io.muster.records.ResumeJob;
import io.muster.records.Rollout;
import io.muster.records.Twin;
import io.muster.records.TwinPatch;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Work over many devices is done in steps: no record and no tick writes more than a step does, and all of it is done in the end. */
class BoundedWorkTest {
    private static final int DEVICES = 3000;
    /** What a step writes at most: 10 ms at 20 µs an event. */
    private static final int STEP = 500;

    /** Of methods that wait, a step goes over so many: 10 ms at 40 µs. */
    private static final int RESUMED = 250;

    private static final String METHODS = "$iothub/methods/POST/#";

    private final PlannerDriver planner = new PlannerDriver();

    @BeforeEach
    void devices() {
        for (int i = 0; i < DEVICES; i++) {
            planner.create(String.format("d%04d", i), "{}");
        }
    }

    @AfterEach
    void close() {
        planner.close();
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
        int[] before = {planner.deviceJobEvents().size()};
        int[] most = {0};
        planner.tickUntil(() -> {
            int now = planner.deviceJobEvents().size();
            most[0] = Math.max(most[0], now - before[0]);
            before[0] = now;
            return now >= events;
        });
        return most[0];
    }

    private long ended(String jobId, Class<?> how) {
        return planner.deviceJobEvents().stream()
                .filter(event -> event.getJobId().equals(jobId) && how.isInstance(event.getEvent()))
                .map(event -> event.getDeviceId())
                .distinct()
                .count();
    }

    @Test
    void cancelsWaitingMethodsInStepsAndDeliversNoneMeanwhile() {
        planner.job("m", method("m", null));
        planner.tickUntil(() -> planner.isExpanded("m"));
        int before = planner.deviceJobEvents().size();
        planner.job("m", new CancelJob());
        assertThat(planner.deviceJobEvents().size() - before).isBetween(1, STEP);

        planner.connect("d2999", METHODS);
        assertThat(planner.delivered(MethodRequest.class)).isEmpty();
        assertThat(ticksUntil(before + DEVICES)).isLessThanOrEqualTo(STEP);
        assertThat(ended("m", DeviceJobCancelled.class)).isEqualTo(DEVICES);
        planner.advance(Duration.ofSeconds(1));
        assertThat(planner.deviceJobEvents()).hasSize(before + DEVICES);
        assertThat(planner.jobDocument("m").getStatus()).isEqualTo(JobStatus.CANCELLED);
    }

    @Test
    void cancelsTargetsThatWaitForTheirReleaseInSteps() {
        planner.job("m", method("m", oneAMinute()));
        planner.tickUntil(() -> planner.isExpanded("m"));
        int before = planner.deviceJobEvents().size();
        planner.job("m", new CancelJob());
        assertThat(planner.deviceJobEvents().size() - before).isBetween(1, STEP);
        assertThat(ticksUntil(before + DEVICES)).isLessThanOrEqualTo(STEP);
        assertThat(ended("m", DeviceJobCancelled.class)).isEqualTo(DEVICES);
        assertThat(planner.store(FleetProcessor.WAITING).all()).isExhausted();
        planner.tickUntil(() -> !planner.store(FleetProcessor.JOBS).all().hasNext());
    }

    @Test
    void expiresInSteps() {
        planner.job("m", method("m", null));
        planner.tickUntil(() -> planner.isExpanded("m"));
        int before = planner.deviceJobEvents().size();
        planner.advance(Duration.ofSeconds(61));
        assertThat(planner.deviceJobEvents().size() - before).isLessThanOrEqualTo(2 * STEP);
        assertThat(ticksUntil(before + DEVICES)).isLessThanOrEqualTo(STEP);
        assertThat(ended("m", DeviceJobFailed.class)).isEqualTo(DEVICES);
    }

    @Test
    void resumesInSteps() {
        for (int i = 0; i < DEVICES; i++) {
            planner.connect(String.format("d%04d", i), METHODS);
        }
        planner.job("m", method("m", null));
        planner.job("m", new PauseJob());
        planner.tickUntil(() -> planner.isExpanded("m"));
        int delivered = planner.delivered(MethodRequest.class).size();
        assertThat(delivered).isLessThan(DEVICES);
        planner.job("m", new ResumeJob());
        int first = planner.delivered(MethodRequest.class).size() - delivered;
        assertThat(first).isBetween(1, 2 * STEP);
        planner.tickUntil(() -> planner.delivered(MethodRequest.class).size() == DEVICES);
        planner.advance(Duration.ofMillis(100));
        assertThat(planner.delivered(MethodRequest.class)).hasSize(DEVICES);
    }

    @Test
    void dropsHistoryInStepsAndOnlyThatOfTheJob() {
        planner.job("m", method("m", null));
        planner.job("n", method("n", null));
        planner.tickUntil(() -> planner.isExpanded("m") && planner.isExpanded("n"));
        planner.job("m", new CancelJob());
        planner.tickUntil(() -> ended("m", DeviceJobCancelled.class) == DEVICES);
        planner.raw(
                Topics.EXPANSIONS.name(),
                "m",
                planner.encode(Topics.EXPANSIONS, new Expansion("m", 0, 1, new DropDeviceJobs())));
        assertThat(kept("m").size()).isBetween(1, DEVICES - 1);
        planner.tickUntil(() -> kept("m").isEmpty());
        assertThat(kept("n")).hasSize(DEVICES);
    }

    @Test
    void countsDevicesInStepsAndAnswersWithAllOfThem() {
        Object before = planner.lastReply();
        planner.list(new CountDevices());
        assertThat(planner.lastReply()).as("more devices than a step visits").isSameAs(before);
        planner.create("d00001", "{}");
        planner.create("e", "{}");
        Object created = planner.lastReply();
        planner.tickUntil(() -> planner.lastReply() != created);
        assertThat(planner.lastReply()).isEqualTo(new DeviceCounts(0, DEVICES + 2L, DEVICES + 2L, 0L));
    }

    private List<String> kept(String jobId) {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<String, DeviceJob> all =
                planner.<DeviceJob>store(FleetProcessor.DEVICE_JOBS).all()) {
            all.forEachRemaining(entry -> {
                if (entry.value.getJobId().equals(jobId)) {
                    keys.add(entry.key);
                }
            });
        }
        return keys;
    }

    /** What is handed over between the two would be passed over by both. */
    @Test
    void resumesAllWhereAnEarlierResumptionIsUnderWay() {
        planner.job("m", method("m", null));
        planner.tickUntil(() -> planner.isExpanded("m"));
        planner.job("m", new PauseJob());
        planner.job("m", new ResumeJob());
        for (int tick = 0; tick < DEVICES / RESUMED - 2; tick++) {
            planner.advance(Duration.ofMillis(10));
        }
        planner.job("m", new PauseJob());
        for (int i = 0; i < DEVICES; i++) {
            planner.connect(String.format("d%04d", i), METHODS);
        }
        assertThat(planner.delivered(MethodRequest.class)).isEmpty();
        planner.job("m", new ResumeJob());
        planner.tickUntil(() -> planner.delivered(MethodRequest.class).size() == DEVICES);
    }

    @Test
    void queriesPassOverWhatIsNotAskedForInSteps() {
        planner.create("d1500/m", "{}");
        Object before = planner.lastReply();
        planner.list(new QueryFleet("SELECT * FROM devices.modules", null, 100));
        assertThat(planner.lastReply()).as("more devices than a step visits").isSameAs(before);
        planner.tickUntil(() -> planner.lastReply() != before);
        assertThat(((DevicePage) planner.lastReply()).getDevices())
                .extracting(view -> view.getDevice().getDeviceId())
                .containsExactly("d1500/m");
    }

    @Test
    void queriesOfADeviceGoFromJobToJobInSteps() {
        KeyValueStore<String, DeviceJob> deviceJobs = planner.store(FleetProcessor.DEVICE_JOBS);
        for (int i = 0; i < DEVICES; i++) {
            String jobId = String.format("j%04d", i);
            String deviceId = i % 1000 == 0 ? "d0001" : "d0002";
            deviceJobs.put(
                    jobId + '\0' + deviceId,
                    DeviceJob.newBuilder()
                            .setJobId(jobId)
                            .setDeviceId(deviceId)
                            .setOperation(OperationType.METHOD)
                            .setStatus(DeviceJobStatus.COMPLETED)
                            .setCreatedAt(planner.now())
                            .setUpdatedAt(planner.now())
                            .build());
        }
        Object before = planner.lastReply();
        planner.list(new QueryFleet("SELECT * FROM devices.jobs WHERE deviceId = 'd0001'", null, 100));
        assertThat(planner.lastReply()).as("more jobs than a step looks into").isSameAs(before);
        planner.tickUntil(() -> planner.lastReply() != before);
        assertThat(((DeviceJobPage) planner.lastReply()).getDeviceJobs())
                .extracting(DeviceJob::getJobId)
                .containsExactly("j0000", "j1000", "j2000");
    }

    /** The state has a twin that is no JSON. */
    @Test
    void workThatMeetsWhatMakesNoSenseGoesOnWithTheOthers() {
        Device last = planner.get("d2999").getDevice();
        Device odd = Device.newBuilder(last)
                .setTwin(Twin.newBuilder(last.getTwin())
                        .setTags("[")
                        .setDesired("[")
                        .build())
                .build();
        planner.<byte[]>store(FleetProcessor.DEVICES).put("d2999", planner.encode(Topics.DEVICES, odd));
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
        assertThat(planner.lastReply()).isInstanceOf(Refusal.class);
    }
}
