package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.fleet.Methods;
import io.muster.records.Batches;
import io.muster.records.CancelJob;
import io.muster.records.ConnectionTerms;
import io.muster.records.CreateDevice;
import io.muster.records.CreateJob;
import io.muster.records.Credentials;
import io.muster.records.Delivery;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceDisconnected;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceMethod;
import io.muster.records.DeviceSettings;
import io.muster.records.ExpansionCompleted;
import io.muster.records.FailureKind;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatus;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.muster.records.PauseJob;
import io.muster.records.RequestConnection;
import io.muster.records.ResumeJob;
import io.muster.records.RetryRule;
import io.muster.records.Rollout;
import io.muster.records.SubscriptionsChanged;
import io.muster.records.TwinPatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The real planner among gateways that crash and devices that come, go, answer late or never; everything by chance from a seed. A gateway
 * here does what ADR 0003 promises and no more.
 */
class FleetSimulationTest {
    private static final int SEEDS = 60;
    private static final int DEVICES = 12;
    private static final int GATEWAYS = 2;
    private static final int STEPS = 250;
    private static final String METHODS = "$iothub/methods/POST/#";

    private static final int RETRIES = 2;
    private static final int ANSWER_SECONDS = 15;
    private static long received;

    private static final String KEY = Base64.getEncoder().encodeToString(new byte[32]);

    static List<Long> seeds() {
        @Nullable String one = System.getProperty("seed");
        if (one != null) {
            return List.of(Long.valueOf(one));
        }
        List<Long> seeds = new ArrayList<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            seeds.add(seed);
        }
        return seeds;
    }

    /** A run without anything to lose would prove nothing. */
    @AfterAll
    static void thereWasSomethingToLose() {
        assertThat(received).isGreaterThan(seeds().size() * 10L);
    }

    /** {@code -Dseed=N} runs that one. */
    @ParameterizedTest
    @MethodSource("seeds")
    void nothingIsLostRepeatedOrMiscounted(long seed) {
        try (World world = new World(seed)) {
            for (int step = 0; step < STEPS; step++) {
                world.step();
            }
            world.calmDown();
            received += world.received();
            world.noAttemptReachedADeviceTwice();
            world.noMethodReachedADeviceAgain();
            world.nothingIsDeliveredBehindACancel();
            world.everyDeviceJobIsAChainThatEnds();
            world.everyJobEndsAndItsCountsSum();
        }
    }

    private static final class World implements AutoCloseable {
        private final PlannerDriver planner = new PlannerDriver(GATEWAYS);
        private final SplittableRandom random;
        private final List<Gateway> gateways = new ArrayList<>();
        private final Map<String, Device> devices = new HashMap<>();
        private final Map<Long, Gateway> holders = new HashMap<>();
        private final List<String> jobs = new ArrayList<>();
        private final Map<String, Integer> deliveriesAtCancel = new HashMap<>();
        private final Map<String, Integer> deliveriesAtPause = new HashMap<>();
        private int routed;

        private World(long seed) {
            random = new SplittableRandom(seed);
            for (int ordinal = 0; ordinal < GATEWAYS; ordinal++) {
                gateways.add(new Gateway(ordinal));
            }
            for (int i = 0; i < DEVICES; i++) {
                String id = "d" + i;
                devices.put(id, new Device(id));
                planner.device(
                        id,
                        new CreateDevice(
                                DeviceSettings.newBuilder()
                                        .setCredentials(Credentials.newBuilder()
                                                .setPrimaryKey(KEY)
                                                .setSecondaryKey(KEY)
                                                .build())
                                        .build(),
                                "{\"n\":" + i + "}",
                                null));
            }
        }

        /** A process that holds connections: what it has read and committed is gone with it, what it has not is read by its next run. */
        private final class Gateway {
            private final int ordinal;
            private final Queue<Delivery> unread = new ArrayDeque<>();
            private final Queue<Delivery> committed = new ArrayDeque<>();
            private final Map<String, Long> connections = new HashMap<>();
            /** When each that it handed over is to be answered, by device and delivery id. */
            private final Map<List<String>, Instant> calls = new LinkedHashMap<>();

            private Instant caughtUpAt = Instant.EPOCH;
            private int runs;

            private Gateway(int ordinal) {
                this.ordinal = ordinal;
            }

            private void report(@Nullable String deviceId, Object report) {
                planner.report(ordinal, String.format("run-%04d", runs), deviceId, report);
                route();
            }

            private void commit() {
                while (!unread.isEmpty()) {
                    committed.add(unread.remove());
                }
            }

            private void handOver() {
                @Nullable Delivery delivery = committed.poll();
                if (delivery != null && delivery.getDelivery() instanceof MethodRequest request) {
                    @Nullable Long epoch = connections.get(delivery.getDeviceId());
                    if (epoch != null && epoch == request.getEpoch()) {
                        calls.put(
                                List.of(delivery.getDeviceId(), request.getDeliveryId()),
                                planner.now().plusSeconds(ANSWER_SECONDS));
                        devices.get(delivery.getDeviceId()).receive(request);
                    } else {
                        report(
                                delivery.getDeviceId(),
                                new MethodUndelivered(request.getDeliveryId(), "no connection", false));
                    }
                }
            }

            private void crash() {
                committed.clear();
                connections.clear();
                calls.clear();
                runs++;
                caughtUpAt = Instant.EPOCH;
                beat();
            }

            private void beat() {
                if (unread.isEmpty() && committed.isEmpty()) {
                    caughtUpAt = planner.now();
                }
                report(null, new GatewayHeartbeat(caughtUpAt, true));
            }

            private void endCalls() {
                for (List<String> call : List.copyOf(calls.keySet())) {
                    if (!planner.now().isBefore(calls.get(call))) {
                        calls.remove(call);
                        report(call.getFirst(), new MethodUnanswered(call.getLast()));
                    }
                }
            }
        }

        private final class Device {
            private final String id;
            private final List<String> received = new ArrayList<>();
            private final List<String> unanswered = new ArrayList<>();

            private Device(String id) {
                this.id = id;
            }

            private @Nullable Gateway gateway() {
                return gateways.stream()
                        .filter(gateway -> gateway.connections.containsKey(id))
                        .findFirst()
                        .orElse(null);
            }

            private void connect(Gateway gateway) {
                gateway.report(id, new RequestConnection());
                long epoch = planner.delivered(ConnectionTerms.class).getLast().getEpoch();
                gateways.forEach(other -> other.connections.remove(id));
                gateway.connections.put(id, epoch);
                holders.put(epoch, gateway);
                gateway.report(id, new DeviceConnected(epoch, false));
                gateway.report(id, new SubscriptionsChanged(epoch, List.of(METHODS), List.of()));
            }

            private void disconnect() {
                @Nullable Gateway gateway = gateway();
                if (gateway != null) {
                    long epoch = gateway.connections.remove(id);
                    gateway.report(id, new DeviceDisconnected(epoch));
                }
            }

            private void receive(MethodRequest request) {
                received.add(request.getDeliveryId());
                if (random.nextInt(8) > 0) {
                    unanswered.add(request.getDeliveryId());
                }
            }

            private void answer() {
                @Nullable Gateway gateway = gateway();
                if (gateway != null && !unanswered.isEmpty()) {
                    String deliveryId = unanswered.remove(random.nextInt(unanswered.size()));
                    gateway.calls.remove(List.of(id, deliveryId));
                    gateway.report(
                            id,
                            new MethodAnswered(
                                    deliveryId,
                                    random.nextInt(4) == 0 ? 500 : 200,
                                    ByteBuffer.wrap("1".getBytes(StandardCharsets.UTF_8))));
                }
            }
        }

        private void route() {
            List<Delivery> all = planner.deliveries();
            while (routed < all.size()) {
                Delivery delivery = all.get(routed++);
                if (delivery.getDelivery() instanceof MethodRequest request) {
                    holders.get(request.getEpoch()).unread.add(delivery);
                }
            }
        }

        private Device anyDevice() {
            return devices.get("d" + random.nextInt(DEVICES));
        }

        private Gateway anyGateway() {
            return gateways.get(random.nextInt(GATEWAYS));
        }

        private void step() {
            switch (random.nextInt(22)) {
                case 20 -> pause();
                case 21 -> resume(anyJob());
                case 0 -> create();
                case 1 -> cancel();
                case 2 -> anyGateway().crash();
                case 3, 4 -> anyDevice().disconnect();
                case 5, 6, 7 -> anyDevice().connect(anyGateway());
                case 8, 9 -> advance(Duration.ofMillis(random.nextInt(1, 4000)));
                case 10, 11, 12 -> anyGateway().commit();
                case 13, 14, 15, 16 -> anyGateway().handOver();
                default -> anyDevice().answer();
            }
            route();
        }

        private void create() {
            String id = "job" + jobs.size();
            jobs.add(id);
            String condition = "tags.n >= " + random.nextInt(jobs.size() == 1 ? 1 : DEVICES);
            int connectTimeout = random.nextInt(3) == 0 ? 10 : 0;
            // The first is plain, so that no run is without anything to lose.
            boolean first = jobs.size() == 1;
            Object operation = !first && random.nextInt(3) == 0
                    ? new TwinPatch("*", "{\"x\":" + jobs.size() + "}", "{\"rate\":5}")
                    : new DeviceMethod("reboot", "1", ANSWER_SECONDS, connectTimeout);
            boolean method = operation instanceof DeviceMethod;
            planner.job(
                    id,
                    new CreateJob(
                            new JobDefinition(id, operation, condition, null, 60, first ? null : policy(method))));
        }

        private @Nullable JobPolicy policy(boolean method) {
            if (random.nextInt(3) == 0) {
                return null;
            }
            FailureKind[] kinds = FailureKind.values();
            RetryRule rule = new RetryRule(kinds[random.nextInt(kinds.length)], RETRIES, 2, 4, 0.5);
            return JobPolicy.newBuilder()
                    .setRetries(method && random.nextBoolean() ? List.of(rule) : List.of())
                    .setRollout(random.nextInt(3) == 0 ? new Rollout(random.nextInt(20, 200), null) : null)
                    .setBatches(random.nextInt(3) == 0 ? new Batches(random.nextInt(1, 5), 0, 0) : null)
                    .setContinuous(random.nextInt(4) == 0)
                    .setPriority(random.nextInt(3))
                    .build();
        }

        private void pause() {
            @Nullable String id = anyJob();
            if (id != null && planner.jobDocument(id).getEndedAt() == null) {
                planner.job(id, new PauseJob());
                deliveriesAtPause.putIfAbsent(id, deliveredAttempts(id));
            }
        }

        private void resume(@Nullable String id) {
            if (id != null && deliveriesAtPause.containsKey(id)) {
                assertThat(deliveredAttempts(id))
                        .as("%s while it was paused", id)
                        .isEqualTo(deliveriesAtPause.remove(id));
                planner.job(id, new ResumeJob());
            }
        }

        private @Nullable String anyJob() {
            return jobs.isEmpty() ? null : jobs.get(random.nextInt(jobs.size()));
        }

        private void cancel() {
            @Nullable String id = anyJob();
            if (id != null) {
                planner.job(id, new CancelJob());
                deliveriesAtCancel.putIfAbsent(id, deliveredAttempts(id));
            }
        }

        private int deliveredAttempts(String jobId) {
            return (int) planner.deviceJobEvents().stream()
                    .filter(event -> event.jobId().equals(jobId) && event.event() instanceof DeviceJobDelivered)
                    .count();
        }

        private void advance(Duration duration) {
            planner.advance(duration);
            gateways.forEach(Gateway::endCalls);
            gateways.forEach(Gateway::beat);
        }

        /** Everybody connects, hands over and answers until the time of every job is over. */
        private void calmDown() {
            List.copyOf(deliveriesAtPause.keySet()).forEach(this::resume);
            devices.values().forEach(device -> device.connect(anyGateway()));
            for (int second = 0; second < 80; second++) {
                for (Gateway gateway : gateways) {
                    gateway.commit();
                    while (!gateway.committed.isEmpty()) {
                        gateway.handOver();
                    }
                }
                devices.values().forEach(Device::answer);
                advance(Duration.ofSeconds(1));
            }
        }

        private long received() {
            return devices.values().stream()
                    .mapToLong(device -> device.received.size())
                    .sum();
        }

        private void noAttemptReachedADeviceTwice() {
            devices.values().forEach(device -> assertThat(device.received).doesNotHaveDuplicates());
        }

        /** A delivery id is the method's number and four digits of the attempt. */
        private void noMethodReachedADeviceAgain() {
            Map<String, Integer> allowed = new HashMap<>();
            for (String job : jobs) {
                JobPolicy policy = planner.jobDocument(job).getDefinition().getPolicy();
                boolean retries = policy != null && !policy.getRetries().isEmpty();
                allowed.put(Methods.numberOfJob(planner.jobDocument(job).getJobNumber()), retries ? 1 + RETRIES : 1);
            }
            for (Device device : devices.values()) {
                Map<String, Integer> times = new HashMap<>();
                device.received.forEach(id -> times.merge(id.substring(0, id.length() - 4), 1, Integer::sum));
                times.forEach((method, count) -> assertThat(count).isLessThanOrEqualTo(allowed.get(method)));
            }
        }

        private void nothingIsDeliveredBehindACancel() {
            deliveriesAtCancel.forEach(
                    (job, then) -> assertThat(deliveredAttempts(job)).as(job).isEqualTo(then));
        }

        private void everyDeviceJobIsAChainThatEnds() {
            Map<String, DeviceJobStatus> states = new HashMap<>();
            Set<DeviceJobStatus> ends =
                    Set.of(DeviceJobStatus.COMPLETED, DeviceJobStatus.FAILED, DeviceJobStatus.CANCELLED);
            for (Happened event : planner.deviceJobEvents()) {
                if (event.event() instanceof ExpansionCompleted) {
                    continue;
                }
                String key = event.jobId() + " on " + event.deviceId();
                @Nullable DeviceJobStatus before = states.get(key);
                assertThat(event.previous()).as(key).isEqualTo(before);
                assertThat(before == null || !ends.contains(before)).as(key).isTrue();
                states.put(key, state(event.event()));
            }
            assertThat(states).allSatisfy((_, state) -> assertThat(ends).contains(state));
        }

        private static DeviceJobStatus state(Object event) {
            return switch (event) {
                case DeviceJobQueued _ -> DeviceJobStatus.QUEUED;
                case DeviceJobDelivered _ -> DeviceJobStatus.RUNNING;
                case DeviceJobCompleted _ -> DeviceJobStatus.COMPLETED;
                case DeviceJobFailed _ -> DeviceJobStatus.FAILED;
                case DeviceJobCancelled _ -> DeviceJobStatus.CANCELLED;
                default -> throw new AssertionError(event);
            };
        }

        private void everyJobEndsAndItsCountsSum() {
            for (String job : jobs) {
                assertThat(planner.jobDocument(job).getStatus()).as(job).isIn(JobStatus.COMPLETED, JobStatus.CANCELLED);
                // A continuous job says it again when it ends.
                long expected = planner.deviceJobEvents().stream()
                        .filter(event -> event.jobId().equals(job))
                        .filter(event -> event.event() instanceof ExpansionCompleted)
                        .mapToLong(event -> ((ExpansionCompleted) event.event()).getDeviceCount())
                        .reduce(0, (_, last) -> last);
                Set<String> targets = new HashSet<>();
                planner.deviceJobEvents().stream()
                        .filter(event -> event.jobId().equals(job) && event.deviceId() != null)
                        .forEach(event -> targets.add(event.deviceId()));
                assertThat((long) targets.size()).as(job).isEqualTo(expected);
            }
        }

        @Override
        public void close() {
            planner.close();
        }
    }
}
