package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.SimulatedCluster.Event;
import io.muster.records.Batches;
import io.muster.records.CancelJob;
import io.muster.records.Capability;
import io.muster.records.CloseConnection;
import io.muster.records.ConnectionTerms;
import io.muster.records.CreateDevice;
import io.muster.records.CreateJob;
import io.muster.records.Delivery;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceDisconnected;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceMethod;
import io.muster.records.DeviceStatus;
import io.muster.records.FailureKind;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatistics;
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
import io.muster.records.TwinPatch;
import io.muster.topics.PartitionCounts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the real planner and the real tally over several partitions, among gateways that are slow and crash, and devices that come, go, answer late
 * or never. Records of one partition are read in order, and those of several in any; everything is chance from a seed. A gateway does what ADR 0003
 * promises and no more.
 */
class FleetSimulationTest {
    private static final PartitionCounts PARTITIONS = new PartitionCounts(2, 3, 2, 1);
    private static final int SEEDS = 30;
    private static final int FEW = 18;
    /** Gives each device partition more targets than one turn of an expansion takes. */
    private static final int MANY = 7_500;

    private static final int SEEDS_OF_MANY = 2;
    /** Bounds the devices that ever connect. */
    private static final int CONNECTING = 18;

    private static final int STEPS = 350;
    private static final int MOST_RECORDS = 12;
    private static final Capability METHODS = Capability.METHODS;

    private static final int RETRIES = 2;
    private static final int ANSWER_SECONDS = 15;
    private static final int JOB_SECONDS = 60;
    private static long received;

    static Stream<Arguments> seeds() {
        @Nullable String one = System.getProperty("seed");
        if (one != null) {
            return Stream.of(Arguments.of(Long.valueOf(one), Integer.getInteger("devices", FEW)));
        }
        return Stream.concat(
                LongStream.rangeClosed(1, SEEDS).mapToObj(seed -> Arguments.of(seed, FEW)),
                LongStream.rangeClosed(1, SEEDS_OF_MANY).mapToObj(seed -> Arguments.of(seed, MANY)));
    }

    /** Requires that runs had something to lose: else they would prove nothing. */
    @AfterAll
    static void methodsReachedDevices() {
        assertThat(received).isGreaterThan(seeds().count() * 10L);
    }

    /** Loses, repeats and miscounts nothing; {@code -Dseed=N} runs that seed, with {@code -Ddevices=N} devices. */
    @ParameterizedTest
    @MethodSource("seeds")
    void losesRepeatsAndMiscountsNothing(long seed, int devices) {
        try (World world = new World(seed, devices)) {
            for (int step = 0; step < STEPS; step++) {
                world.step();
            }
            world.settleDown();
            received += world.received();
            world.assertNoAttemptReachedADeviceTwice();
            world.assertNoMethodReachedADeviceAgain();
            world.assertNothingIsDeliveredAfterACancel();
            world.assertEachDeviceJobBeginsOnceAndEnds();
            world.assertJobsEndOnTheirTargets();
            world.assertStatisticsEqualTheEvents();
            assertThat(world.cluster.deadLetters()).isEmpty();
        }
    }

    private static final class World implements AutoCloseable {
        private final SimulatedCluster cluster;
        private final SplittableRandom random;
        private final int size;
        private final List<Gateway> gateways = new ArrayList<>();
        private final List<Device> devices = new ArrayList<>();
        private final Map<String, JobDefinition> jobs = new LinkedHashMap<>();
        private final Map<String, Long> deliveredAtCancel = new HashMap<>();
        private final Map<String, Long> deliveredAtPause = new HashMap<>();

        private World(long seed, int size) {
            this.random = new SplittableRandom(seed);
            this.size = size;
            this.cluster = new SimulatedCluster(PARTITIONS, random.split());
            for (int ordinal = 0; ordinal < PARTITIONS.gateways(); ordinal++) {
                gateways.add(new Gateway(ordinal));
            }
            for (int number = 0; number < size; number++) {
                String id = id(number);
                cluster.device(id, new CreateDevice(PlannerDriver.settings(DeviceStatus.ENABLED), tags(number), null));
                if (number < CONNECTING) {
                    devices.add(new Device(id));
                }
            }
            cluster.readAll();
        }

        private static String id(int number) {
            return "d" + number;
        }

        /** Returns tags by which devices that connect are targets of any job, and each job has a part of the others. */
        private String tags(int number) {
            return "{\"n\":" + number % CONNECTING + "}";
        }

        /** Is a process that holds connections: deliveries that it has committed, and reports that it has not written, are lost with it. */
        private final class Gateway {
            private final int ordinal;
            private final Queue<Delivery> committed = new ArrayDeque<>();
            private final Queue<Runnable> unwritten = new ArrayDeque<>();
            private final Map<String, Device> connecting = new HashMap<>();
            private final Map<String, Long> connections = new HashMap<>();
            /** Holds when each call is to be answered, by device and delivery id. */
            private final Map<List<String>, Instant> calls = new LinkedHashMap<>();

            private Instant caughtUpAt = Instant.EPOCH;
            private int runs;
            private int requests;

            private Gateway(int ordinal) {
                this.ordinal = ordinal;
            }

            private String run() {
                return String.format("run-%04d", runs);
            }

            private void report(String deviceId, Object report) {
                String run = run();
                unwritten.add(() -> cluster.report(ordinal, run, deviceId, report, null));
            }

            private void methodReport(String deviceId, Object report) {
                String run = run();
                unwritten.add(() -> cluster.methodReport(ordinal, run, deviceId, report));
            }

            /** Writes some of the reports that wait. */
            private void write(int most) {
                for (int left = most; left > 0 && !unwritten.isEmpty(); left--) {
                    unwritten.remove().run();
                }
            }

            private void connect(Device device) {
                String correlationId = run() + "-" + requests++;
                connecting.put(correlationId, device);
                String run = run();
                unwritten.add(() -> cluster.report(ordinal, run, device.id, new RequestConnection(), correlationId));
            }

            private void commit() {
                Queue<Delivery> unread = cluster.deliveries(ordinal);
                while (!unread.isEmpty()) {
                    committed.add(unread.remove());
                }
            }

            private void handOver() {
                @Nullable Delivery delivery = committed.poll();
                if (delivery != null) {
                    switch (delivery.getDelivery()) {
                        case ConnectionTerms terms -> connected(terms);
                        case CloseConnection close -> connections.remove(delivery.getDeviceId(), close.getEpoch());
                        case MethodRequest request -> call(delivery.getDeviceId(), request);
                        default -> {}
                    }
                }
            }

            private void connected(ConnectionTerms terms) {
                @Nullable Device device = connecting.remove(terms.getCorrelationId());
                if (device != null) {
                    connections.put(device.id, terms.getEpoch());
                    device.connectedTo(this, terms.getEpoch());
                    report(device.id, new DeviceConnected(terms.getEpoch(), false, null));
                    report(device.id, PlannerDriver.takes(terms.getEpoch(), METHODS));
                }
            }

            private void call(String deviceId, MethodRequest request) {
                @Nullable Long epoch = connections.get(deviceId);
                if (epoch == null || epoch != request.getEpoch()) {
                    methodReport(deviceId, new MethodUndelivered(request.getDeliveryId(), "no connection", false));
                    return;
                }
                calls.put(
                        List.of(deviceId, request.getDeliveryId()),
                        cluster.now().plusSeconds(ANSWER_SECONDS));
                devices.stream()
                        .filter(device -> device.id.equals(deviceId) && device.epoch == epoch)
                        .forEach(device -> device.receive(request));
            }

            private void crash() {
                committed.clear();
                unwritten.clear();
                connecting.clear();
                connections.clear();
                calls.clear();
                runs++;
                caughtUpAt = Instant.EPOCH;
                beat();
            }

            private void beat() {
                if (cluster.deliveries(ordinal).isEmpty() && committed.isEmpty()) {
                    caughtUpAt = cluster.now();
                }
                Instant at = caughtUpAt;
                String run = run();
                unwritten.add(() -> cluster.reportToAll(ordinal, run, new GatewayHeartbeat(at, true)));
            }

            private void endCalls() {
                for (List<String> call : List.copyOf(calls.keySet())) {
                    if (!cluster.now().isBefore(calls.get(call))) {
                        calls.remove(call);
                        methodReport(call.getFirst(), new MethodUnanswered(call.getLast()));
                    }
                }
            }
        }

        /** Is a device; a delivery over any but its latest connection is lost. */
        private final class Device {
            private final String id;
            private final Map<String, List<String>> received = new HashMap<>();
            private final List<String> unanswered = new ArrayList<>();
            private @Nullable Gateway gateway;
            private long epoch = -1;

            private Device(String id) {
                this.id = id;
            }

            private void connectedTo(Gateway to, long as) {
                gateway = to;
                epoch = as;
                unanswered.clear();
            }

            private void disconnect() {
                Gateway from = gateway;
                if (from != null) {
                    if (from.connections.remove(id, epoch)) {
                        from.report(id, new DeviceDisconnected(epoch));
                    }
                    gateway = null;
                    epoch = -1;
                }
            }

            private void receive(MethodRequest request) {
                received.computeIfAbsent(request.getMethodName(), _ -> new ArrayList<>())
                        .add(request.getDeliveryId());
                if (random.nextInt(8) > 0) {
                    unanswered.add(request.getDeliveryId());
                }
            }

            private void answer() {
                Gateway to = gateway;
                if (to != null && !unanswered.isEmpty()) {
                    String deliveryId = unanswered.remove(random.nextInt(unanswered.size()));
                    if (to.calls.remove(List.of(id, deliveryId)) != null) {
                        to.methodReport(
                                id,
                                new MethodAnswered(
                                        deliveryId,
                                        random.nextInt(4) == 0 ? 500 : 200,
                                        ByteBuffer.wrap("1".getBytes(StandardCharsets.UTF_8))));
                    }
                }
            }
        }

        private Device anyDevice() {
            return devices.get(random.nextInt(devices.size()));
        }

        private Gateway anyGateway() {
            return gateways.get(random.nextInt(gateways.size()));
        }

        private void step() {
            switch (random.nextInt(30)) {
                case 0 -> create();
                case 1 -> cancel();
                case 2 -> pause();
                case 3 -> resume(anyJob());
                case 4 -> anyGateway().crash();
                case 5, 6 -> anyDevice().disconnect();
                case 7, 8, 9, 10 -> anyGateway().connect(anyDevice());
                case 11, 12, 13 -> advance(Duration.ofMillis(random.nextInt(1, 2000)));
                case 14, 15, 16 -> anyGateway().commit();
                case 17, 18, 19, 20 -> anyGateway().handOver();
                case 21, 22, 23, 24 -> anyGateway().write(random.nextInt(1, 10));
                default -> anyDevice().answer();
            }
            for (int records = random.nextInt(MOST_RECORDS); records > 0; records--) {
                cluster.readNext();
            }
        }

        private void create() {
            String id = "job" + jobs.size();
            boolean first = jobs.isEmpty();
            // The first is plain, so that no run is without anything to lose.
            String condition = "tags.n >= " + random.nextInt(first ? 1 : CONNECTING);
            int connectTimeout = random.nextInt(3) == 0 ? 10 : 0;
            Object operation = !first && random.nextInt(2) == 0
                    ? new TwinPatch("*", "{\"x\":" + jobs.size() + "}", "{\"rate\":5}")
                    : new DeviceMethod(id, "1", ANSWER_SECONDS, connectTimeout);
            JobDefinition definition =
                    new JobDefinition(id, operation, condition, null, JOB_SECONDS, first ? null : policy(operation));
            jobs.put(id, definition);
            cluster.job(id, new CreateJob(definition));
        }

        private @Nullable JobPolicy policy(Object operation) {
            if (random.nextInt(3) == 0) {
                return null;
            }
            FailureKind[] kinds = FailureKind.values();
            RetryRule rule = new RetryRule(kinds[random.nextInt(kinds.length)], RETRIES, 2, 4, 0.5);
            boolean retries = operation instanceof DeviceMethod && random.nextBoolean();
            return JobPolicy.newBuilder()
                    .setRetries(retries ? List.of(rule) : List.of())
                    .setRollout(random.nextInt(3) == 0 ? new Rollout(random.nextInt(20, 200), null) : null)
                    .setBatches(random.nextInt(3) == 0 ? new Batches(random.nextInt(1, 5), 0, 0, 0.0) : null)
                    .setContinuous(random.nextInt(4) == 0)
                    .setPriority(random.nextInt(3))
                    .build();
        }

        private @Nullable String anyJob() {
            return jobs.isEmpty() ? null : List.copyOf(jobs.keySet()).get(random.nextInt(jobs.size()));
        }

        private boolean isActive(@Nullable String id) {
            @Nullable Job job = id == null ? null : cluster.jobDocument(id);
            return job != null && job.getEndedAt() == null;
        }

        private void pause() {
            @Nullable String id = anyJob();
            if (isActive(id) && !deliveredAtPause.containsKey(id)) {
                cluster.job(id, new PauseJob());
                cluster.readAll();
                deliveredAtPause.put(id, delivered(id));
            }
        }

        private void resume(@Nullable String id) {
            if (id != null && deliveredAtPause.containsKey(id)) {
                assertThat(delivered(id)).as("%s while it was paused", id).isEqualTo(deliveredAtPause.remove(id));
                cluster.job(id, new ResumeJob());
            }
        }

        private void cancel() {
            @Nullable String id = anyJob();
            if (isActive(id)) {
                cluster.job(id, new CancelJob());
                cluster.readAll();
                deliveredAtCancel.putIfAbsent(id, delivered(id));
            }
        }

        private long delivered(String jobId) {
            return cluster.events().stream()
                    .filter(event -> event.jobId().equals(jobId) && event.status() == DeviceJobStatus.RUNNING)
                    .count();
        }

        private void advance(Duration duration) {
            cluster.advance(duration);
            gateways.forEach(Gateway::endCalls);
            gateways.forEach(Gateway::beat);
        }

        /** Lets every device connect, every gateway hand over and every device answer until the time of every job is over. */
        private void settleDown() {
            List.copyOf(deliveredAtPause.keySet()).forEach(this::resume);
            devices.forEach(device -> anyGateway().connect(device));
            for (int half = 0; half < 3 * JOB_SECONDS; half++) {
                for (Gateway gateway : gateways) {
                    gateway.commit();
                    while (!gateway.committed.isEmpty()) {
                        gateway.handOver();
                    }
                    gateway.write(Integer.MAX_VALUE);
                }
                devices.forEach(Device::answer);
                cluster.readAll();
                advance(Duration.ofMillis(500));
            }
            cluster.readAll();
        }

        private long received() {
            return devices.stream()
                    .flatMap(device -> device.received.values().stream())
                    .mapToLong(List::size)
                    .sum();
        }

        private void assertNoAttemptReachedADeviceTwice() {
            devices.forEach(
                    device -> assertThat(device.received.values().stream().flatMap(List::stream))
                            .as(device.id)
                            .doesNotHaveDuplicates());
        }

        /** Requires that no device got a method twice: each job calls a method of its own name. */
        private void assertNoMethodReachedADeviceAgain() {
            for (Device device : devices) {
                device.received.forEach((job, attempts) -> {
                    JobPolicy policy = jobs.get(job).getPolicy();
                    boolean retries = policy != null && !policy.getRetries().isEmpty();
                    assertThat(attempts)
                            .as("%s on %s", job, device.id)
                            .hasSizeLessThanOrEqualTo(retries ? 1 + RETRIES : 1);
                });
            }
        }

        private void assertNothingIsDeliveredAfterACancel() {
            deliveredAtCancel.forEach(
                    (job, then) -> assertThat(delivered(job)).as(job).isEqualTo(then));
        }

        private void assertEachDeviceJobBeginsOnceAndEnds() {
            Set<DeviceJobStatus> ends =
                    Set.of(DeviceJobStatus.COMPLETED, DeviceJobStatus.FAILED, DeviceJobStatus.CANCELLED);
            Map<List<String>, DeviceJobStatus> states = new HashMap<>();
            for (Event event : cluster.events()) {
                List<String> key = List.of(event.jobId(), event.deviceId());
                @Nullable DeviceJobStatus before = states.put(key, event.status());
                assertThat(event.previous())
                        .as("%s before %s", key, event.status())
                        .isEqualTo(before);
                assertThat(before == null || !ends.contains(before))
                        .as("%s has ended", key)
                        .isTrue();
            }
            assertThat(states).allSatisfy((_, state) -> assertThat(ends).contains(state));
        }

        /** Requires that a job's devices are those that its condition selects; a job that was cancelled may have fewer. */
        private void assertJobsEndOnTheirTargets() {
            for (Map.Entry<String, JobDefinition> job : jobs.entrySet()) {
                JobStatus status = Objects.requireNonNull(cluster.jobDocument(job.getKey()))
                        .getStatus();
                assertThat(status).as(job.getKey()).isIn(JobStatus.COMPLETED, JobStatus.CANCELLED);
                int least = Integer.parseInt(job.getValue().getQueryCondition().replaceFirst(".* ", ""));
                Set<String> selected = new HashSet<>();
                for (int number = 0; number < size; number++) {
                    if (number % CONNECTING >= least) {
                        selected.add(id(number));
                    }
                }
                Set<String> begun = begun(job.getKey());
                assertThat(selected).as(job.getKey()).containsAll(begun);
                if (status == JobStatus.COMPLETED) {
                    assertThat(begun).as(job.getKey()).hasSameSizeAs(selected);
                }
            }
        }

        private Set<String> begun(String jobId) {
            return cluster.events().stream()
                    .filter(event -> event.jobId().equals(jobId))
                    .map(Event::deviceId)
                    .collect(Collectors.toSet());
        }

        private void assertStatisticsEqualTheEvents() {
            for (String job : jobs.keySet()) {
                Map<DeviceJobStatus, Long> folded = new HashMap<>();
                cluster.events().stream()
                        .filter(event -> event.jobId().equals(job))
                        .forEach(event -> {
                            folded.merge(event.status(), 1L, Long::sum);
                            if (event.previous() != null) {
                                folded.merge(event.previous(), -1L, Long::sum);
                            }
                        });
                JobStatistics statistics = Objects.requireNonNull(cluster.statistics(job), job);
                DeviceJobCounts counts = statistics.getCounts();
                assertThat(counts)
                        .as(job)
                        .isEqualTo(new DeviceJobCounts(
                                (long) begun(job).size(),
                                folded.getOrDefault(DeviceJobStatus.QUEUED, 0L),
                                folded.getOrDefault(DeviceJobStatus.RUNNING, 0L),
                                folded.getOrDefault(DeviceJobStatus.COMPLETED, 0L),
                                folded.getOrDefault(DeviceJobStatus.FAILED, 0L),
                                folded.getOrDefault(DeviceJobStatus.CANCELLED, 0L)));
                Map<Integer, Long> listed = new HashMap<>();
                // A continuous job says again at its end how many there are.
                cluster.expansions().stream()
                        .filter(expanded -> expanded.jobId().equals(job))
                        .forEach(expanded -> listed.put(expanded.partition(), expanded.deviceCount()));
                assertThat(listed).as(job).hasSize(PARTITIONS.devices());
                assertThat(listed.values().stream().mapToLong(Long::longValue).sum())
                        .as(job)
                        .isEqualTo(counts.getDeviceCount());
                assertThat(statistics.getPartitionsExpanded()).as(job).isEqualTo(PARTITIONS.devices());
            }
        }

        @Override
        public void close() {
            cluster.close();
        }
    }
}
