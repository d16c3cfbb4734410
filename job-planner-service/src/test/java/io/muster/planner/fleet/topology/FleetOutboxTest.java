package io.muster.planner.fleet.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.MethodCall;
import io.muster.planner.work.DeliveryId;
import io.muster.planner.work.Effect;
import io.muster.planner.work.Link;
import io.muster.planner.work.WorkOnDevice;
import io.muster.planner.work.method.Method;
import io.muster.records.CloseConnection;
import io.muster.records.Delivery;
import io.muster.records.MethodRequest;
import io.muster.records.MethodRequests;
import io.muster.records.MethodTarget;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FleetOutboxTest {
    private static final Instant NOW = Instant.parse("2026-11-29T16:00:00Z");
    private static final Method CALL = new Method(new MethodCall("reboot", "{}", 30, 0));

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final MockProcessorContext<Route, byte[]> context = new MockProcessorContext<>();
    private final FleetOutbox outbox = new FleetOutbox(new Outbox(context, codecs, "test"));

    private void call(String deviceId, @Nullable String jobId, int attempt) {
        FleetJob job = FleetJob.newBuilder()
                .setJobId(String.valueOf(jobId))
                .setJobNumber(1)
                .setQueryCondition("*")
                .setDeadline(NOW)
                .setPartition(0)
                .setPartitions(1)
                .build();
        WorkTable.Item item = new WorkTable.Item(
                DeliveryId.numberOfJob(1), jobId == null ? null : job, null, WorkOnDevice.begins(deviceId, NOW));
        Link link = new Link(Math.floorMod(deviceId.hashCode(), 2), "run", attempt);
        outbox.call(item, CALL, new Effect.Deliver(attempt, link, NOW), Optional.empty(), NOW);
    }

    private List<Delivery> sent() {
        return context.forwarded().stream()
                .map(forward -> codecs.of(Topics.DELIVERIES)
                        .decode((byte[]) forward.record().value()))
                .toList();
    }

    /** Returns the epochs of what a device gets, in order. */
    private Map<String, List<Long>> byDevice() {
        Map<String, List<Long>> got = new HashMap<>();
        for (Delivery delivery : sent()) {
            switch (delivery.getDelivery()) {
                case MethodRequests requests -> {
                    for (MethodTarget target : requests.getTargets()) {
                        got.computeIfAbsent(target.getDeviceId(), _ -> new ArrayList<>())
                                .add(target.getEpoch());
                    }
                }
                case MethodRequest request ->
                    got.computeIfAbsent(delivery.getDeviceId(), _ -> new ArrayList<>())
                            .add(request.getEpoch());
                case CloseConnection close ->
                    got.computeIfAbsent(delivery.getDeviceId(), _ -> new ArrayList<>())
                            .add(close.getEpoch());
                default -> throw new AssertionError(delivery);
            }
        }
        return got;
    }

    @Test
    void gathersCallsOfDevicesThatHaveSeveralJobsByJob() {
        for (String deviceId : List.of("a", "c", "e")) {
            call(deviceId, "m1", 1);
            call(deviceId, "m2", 2);
        }
        outbox.flush();
        assertThat(sent()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void sendsADeviceWhatItIsSentInOrder(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, List<Long>> expected = new HashMap<>();
        for (int number = 1; number < 2000; number++) {
            String deviceId = "d" + random.nextInt(8);
            expected.computeIfAbsent(deviceId, _ -> new ArrayList<>()).add((long) number);
            switch (random.nextInt(20)) {
                case 0 -> call(deviceId, null, number);
                case 1 -> outbox.deliver(0, deviceId, new CloseConnection((long) number, ""), NOW);
                default -> call(deviceId, "job-" + random.nextInt(3), number);
            }
        }
        outbox.flush();
        assertThat(byDevice()).isEqualTo(expected);
    }
}
