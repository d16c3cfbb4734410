package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.fleet.stream.FleetProcessor;
import io.muster.records.CancelJob;
import io.muster.records.CountDevices;
import io.muster.records.CreateJob;
import io.muster.records.DeviceCounts;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceMethod;
import io.muster.records.DropDeviceJobs;
import io.muster.records.Expansion;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatus;
import io.muster.records.MethodRequest;
import io.muster.records.PauseJob;
import io.muster.records.ResumeJob;
import io.muster.records.Rollout;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Work over many devices is done in steps: no record and no tick writes more than a step does, and all of it is done in the end. */
class BoundedWorkTest {
    private static final int DEVICES = 3000;
    /** What a step writes at most: 10 ms at 20 µs an event. */
    private static final int STEP = 500;

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
}
