package io.muster.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.gateway.GatewayChannels;
import io.muster.gateway.mqtt.Connections;
import io.muster.records.ConnectionTerms;
import io.muster.records.DeadLetter;
import io.muster.records.Delivery;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceReport;
import io.muster.records.DeviceStatus;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodReport;
import io.muster.records.MethodReports;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUndelivered;
import io.muster.records.RequestConnection;
import io.muster.records.Telemetry;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.SettingsException;
import io.muster.service.Traces;
import io.muster.service.trouble.MemoryLog;
import io.muster.topics.Topics;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drives the link as brokers and planner see it: by the records that it writes and reads. */
class FleetLinkTest {
    private static final int GATEWAYS = 2;
    private static final int PARTITIONS = 3;
    private static final int MOST_CONNECTS = 20_000;
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Instant NOW = Instant.parse("2026-11-29T20:00:00Z");
    private static final String DELIVERIES = Topics.DELIVERIES.name();

    private final LogDouble written = new LogDouble();
    private final MemoryLog<String> deliveries = new MemoryLog<>(DELIVERIES);
    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final Consumer<String, byte[]> consumer = consumer();
    private final FleetLink link = link(0);

    private FleetLink link(int ordinal) {
        return new FleetLink(
                new LogClients(written.producer(), consumer, deliveries.ends()),
                codecs,
                ordinal,
                meters,
                Traces.off(),
                InstantSource.fixed(NOW),
                ends::add);
    }

    /** Returns a consumer of the deliveries that knows how many partitions topics have. */
    @SuppressWarnings("unchecked")
    private Consumer<String, byte[]> consumer() {
        Consumer<String, byte[]> reader = deliveries.consumer();
        reader.assign(List.of(new TopicPartition(DELIVERIES, 0)));
        return (Consumer<String, byte[]>) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Consumer.class}, (_, method, arguments) -> {
                    try {
                        return switch (method.getName()) {
                            case "partitionsFor" -> partitions(String.valueOf(arguments[0]));
                            case "metrics" -> Map.of();
                            default -> method.invoke(reader, arguments);
                        };
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static List<PartitionInfo> partitions(String topic) {
        return IntStream.range(0, topic.equals(DELIVERIES) ? GATEWAYS : PARTITIONS)
                .mapToObj(partition -> new PartitionInfo(topic, partition, Node.noNode(), new Node[0], new Node[0]))
                .toList();
    }

    private void start() {
        InstantSource clock = InstantSource.fixed(NOW);
        link.start(new Connections(GatewayChannels.of(link, meters, clock), meters, clock));
    }

    @AfterEach
    void close() throws InterruptedException {
        closeAndAcknowledge();
        assertThat(ends).isEmpty();
    }

    private List<ProducerRecord<String, byte[]>> closeAndAcknowledge() throws InterruptedException {
        List<ProducerRecord<String, byte[]>> last = new ArrayList<>();
        CompletableFuture<Void> closed = CompletableFuture.runAsync(link::close);
        while (!closed.isDone()) {
            LogDouble.@Nullable Sent sent = written.sent().poll(10, TimeUnit.MILLISECONDS);
            if (sent != null) {
                last.add(acknowledge(sent));
            }
        }
        closed.join();
        return last;
    }

    private static ProducerRecord<String, byte[]> acknowledge(LogDouble.Sent sent) {
        sent.callback().onCompletion(null, null);
        return sent.record();
    }

    private LogDouble.Sent next() throws InterruptedException {
        LogDouble.@Nullable Sent sent = written.sent().poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertThat(sent).as("a record").isNotNull();
        return sent;
    }

    private DeviceReport report(ProducerRecord<String, byte[]> record) {
        assertThat(record.topic()).isEqualTo(Topics.DEVICE_REPORTS.name());
        return codecs.of(Topics.DEVICE_REPORTS).decode(record.value());
    }

    /** Returns the next record to a topic, and acknowledges all up to it. Heartbeats are left out. */
    private ProducerRecord<String, byte[]> nextTo(String topic) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < end) {
            ProducerRecord<String, byte[]> record = acknowledge(next());
            boolean beats = record.topic().equals(Topics.DEVICE_REPORTS.name())
                    && report(record).getReport() instanceof GatewayHeartbeat;
            if (record.topic().equals(topic) && !beats) {
                return record;
            }
        }
        throw new AssertionError("no record came, topic=" + topic);
    }

    private DeviceReport nextReport() throws InterruptedException {
        return report(nextTo(Topics.DEVICE_REPORTS.name()));
    }

    /** Reads reports of methods, which go apart or together, up to the one that says that this delivery was not made. */
    private boolean undelivered(String deliveryId) throws InterruptedException {
        while (true) {
            MethodReports reports = (MethodReports) nextReport().getReport();
            if (reports.getReports().stream()
                    .anyMatch(report -> report.getReport() instanceof MethodUndelivered undelivered
                            && undelivered.getDeliveryId().equals(deliveryId))) {
                return true;
            }
        }
    }

    private void deliver(String deviceId, Object delivery) {
        deliveries.add(
                DELIVERIES, deviceId, codecs.of(Topics.DELIVERIES).encode(new Delivery(deviceId, NOW, delivery)));
    }

    private static ConnectionTerms terms(@Nullable String correlationId, long epoch) {
        return new ConnectionTerms(correlationId, epoch, true, DeviceStatus.ENABLED, null, null, List.of(), List.of());
    }

    private static int partitionByKafka(String key) {
        return Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % PARTITIONS;
    }

    @Test
    void answersARequestToConnectByTheTermsWithItsId() throws InterruptedException {
        start();
        CompletableFuture<ConnectionTerms> a = link.requestConnection("a");
        DeviceReport asked = nextReport();
        CompletableFuture<ConnectionTerms> b = link.requestConnection("b");
        String other = nextReport().getCorrelationId();
        assertThat(asked.getDeviceId()).isEqualTo("a");
        assertThat(asked.getReport()).isInstanceOf(RequestConnection.class);
        deliver("a", terms("nobody's", 6));
        deliver("b", terms(other, 7));
        assertThat(b).succeedsWithin(LIMIT).isEqualTo(terms(other, 7));
        assertThat(a).isNotDone();
        deliver("a", terms(asked.getCorrelationId(), 8));
        assertThat(a).succeedsWithin(LIMIT).isEqualTo(terms(asked.getCorrelationId(), 8));
    }

    @Test
    void refusesARequestToConnectWhileTooManyWait() throws InterruptedException {
        for (int i = 0; i < MOST_CONNECTS; i++) {
            assertThat(link.requestConnection("d" + i)).isNotDone();
        }
        assertThat(link.requestConnection("one more")).isCompletedExceptionally();
        start();
        deliver("d0", terms(nextReport().getCorrelationId(), 1));
        await().atMost(LIMIT).until(() -> !link.requestConnection("one more").isCompletedExceptionally());
    }

    @Test
    void refusesTelemetryAndConnectsWhileTheLogIsFull() throws InterruptedException {
        int taken = 0;
        // Empty messages fill the room that the last large one did not find.
        for (int bytes : List.of(1 << 20, 0)) {
            Telemetry message = new Telemetry("d", null, NOW, Map.of(), ByteBuffer.allocate(bytes));
            while (!link.telemetry(message).isCompletedExceptionally()) {
                taken++;
            }
        }
        assertThat(link.requestConnection("d")).isCompletedExceptionally();
        CompletableFuture<Void> reported = link.report("d", new DeviceConnected(1L, true, null));
        assertThat(reported).as("reports have room of their own").isNotCompletedExceptionally();
        for (int i = 0; i < taken; i++) {
            ProducerRecord<String, byte[]> record = nextTo(Topics.TELEMETRY.name());
            assertThat(record.key()).isEqualTo("d");
        }
        nextReport();
        assertThat(reported).succeedsWithin(LIMIT);
        assertThat(link.saturated()).isFalse();
        assertThat(link.requestConnection("d")).isNotCompletedExceptionally();
    }

    @Test
    void writesReportsOfADeviceAndOfItsModulesToThePartitionOfTheDevice() throws InterruptedException {
        Set<Integer> partitions = new TreeSet<>();
        for (int i = 0; i < 20; i++) {
            for (String id : List.of("d" + i, "d" + i + "/module")) {
                CompletableFuture<Void> reported = link.report(id, new DeviceConnected(5L, true, null));
                LogDouble.Sent sent = next();
                ProducerRecord<String, byte[]> record = sent.record();
                assertThat(record.key()).isEqualTo("d" + i);
                assertThat(record.partition()).isEqualTo(partitionByKafka("d" + i));
                partitions.add(record.partition());
                DeviceReport report = report(record);
                assertThat(report.getDeviceId()).isEqualTo(id);
                assertThat(report.getGateway()).isZero();
                assertThat(report.getAt()).isEqualTo(NOW);
                assertThat(report.getReport()).isEqualTo(new DeviceConnected(5L, true, null));
                assertThat(reported).as("before it is acknowledged").isNotDone();
                acknowledge(sent);
                assertThat(reported).isCompleted();
            }
        }
        assertThat(partitions).containsExactly(0, 1, 2);
    }

    @Test
    void writesReportsOfMethodsTogetherForThePartitionOfTheirDevices() throws InterruptedException {
        MethodAnswered answer = new MethodAnswered("id", 200, ByteBuffer.wrap(new byte[] {'1'}));
        link.report("d", answer);
        LogDouble.Sent first = next();
        link.report("d/module", answer);
        link.report("d", answer);
        acknowledge(first);
        ProducerRecord<String, byte[]> record = acknowledge(next());
        assertThat(record.key()).isNull();
        assertThat(record.partition()).isEqualTo(partitionByKafka("d"));
        DeviceReport report = report(record);
        assertThat(report.getDeviceId()).isNull();
        assertThat(report.getReport())
                .isEqualTo(new MethodReports(
                        List.of(new MethodReport("d/module", answer), new MethodReport("d", answer))));
    }

    @Test
    void reportsAMethodForADeviceThatIsNotConnectedAsUndelivered() throws InterruptedException {
        start();
        deliver("d", new MethodRequest(1L, "id", "reboot", "null", NOW.plusSeconds(60)));
        assertThat(nextReport().getReport()).isInstanceOfSatisfying(MethodReports.class, reports -> {
            assertThat(reports.getReports()).singleElement().satisfies(report -> {
                assertThat(report.getDeviceId()).isEqualTo("d");
                assertThat(report.getReport())
                        .isInstanceOfSatisfying(
                                MethodUndelivered.class,
                                undelivered ->
                                        assertThat(undelivered.getDeliveryId()).isEqualTo("id"));
            });
        });
    }

    @Test
    void deadLettersADeliveryThatCannotBeReadAndReadsOn() throws InterruptedException {
        byte[] unreadable = "no delivery".getBytes(StandardCharsets.UTF_8);
        deliver("d", new MethodRequest(1L, "first", "reboot", "null", NOW.plusSeconds(60)));
        deliveries.add(DELIVERIES, "d", unreadable);
        deliver("d", new MethodRequest(1L, "second", "reboot", "null", NOW.plusSeconds(60)));
        start();
        DeadLetter letter = codecs.of(Topics.DEAD_LETTERS)
                .decode(nextTo(Topics.DEAD_LETTERS.name()).value());
        assertThat(letter.getTopic()).isEqualTo(DELIVERIES);
        assertThat(letter.getPartition()).isZero();
        assertThat(letter.getOffset()).isEqualTo(1);
        assertThat(letter.getReason()).startsWith("not in the Confluent wire format");
        assertThat(letter.getValue()).isEqualTo(ByteBuffer.wrap(unreadable));
        assertThat(undelivered("second")).as("the delivery behind it").isTrue();
    }

    @Test
    void writesHeartbeatsToEachPartitionThatHasAcknowledgedTheOneBefore() throws InterruptedException {
        start();
        Map<Integer, Integer> beats = new HashMap<>();
        LogDouble.@Nullable Sent held = null;
        @Nullable Instant caughtUpAt = null;
        while (beats.getOrDefault(0, 0) < 3) {
            LogDouble.Sent sent = next();
            assertThat(sent.record().key()).isNull();
            assertThat(report(sent.record()).getReport()).isInstanceOf(GatewayHeartbeat.class);
            GatewayHeartbeat beat = (GatewayHeartbeat) report(sent.record()).getReport();
            assertThat(beat.getEndsCalls()).isTrue();
            beats.merge(sent.record().partition(), 1, Integer::sum);
            if (sent.record().partition() == 2) {
                held = sent;
            } else {
                caughtUpAt = beat.getCaughtUpAt();
                acknowledge(sent);
            }
        }
        assertThat(beats).containsEntry(2, 1);
        assertThat(caughtUpAt).as("all deliveries up to now are handed over").isEqualTo(NOW);
        acknowledge(held);
        LogDouble.Sent sent = next();
        while (sent.record().partition() != 2) {
            acknowledge(sent);
            sent = next();
        }
        acknowledge(sent);
    }

    @Test
    void isReadyWhileItReadsDeliveries() {
        assertThat(link.ready()).isFalse();
        start();
        deliver("d", terms("nobody's", 1));
        await().atMost(LIMIT).until(link::ready);
        link.stopReading();
        assertThat(link.ready()).isFalse();
    }

    @Test
    void writesItsLastReportsBeforeItCloses() throws InterruptedException {
        written.goAway();
        CompletableFuture<Void> reported = link.report("d", new DeviceConnected(1L, true, null));
        written.comeBack();
        assertThat(closeAndAcknowledge())
                .extracting(record -> report(record).getReport())
                .containsExactly(new DeviceConnected(1L, true, null));
        assertThat(reported).isCompleted();
        assertThat(link.report("d", new DeviceConnected(2L, true, null))).isCompletedExceptionally();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, GATEWAYS})
    void refusesAnOrdinalWithoutPartition(int ordinal) {
        assertThatThrownBy(() -> link(ordinal))
                .isInstanceOf(SettingsException.class)
                .hasMessage("gateway.ordinal is 0 to 1, as many as deliveries has partitions, ordinal=" + ordinal);
        assertThatThrownBy(() -> consumer.position(new TopicPartition(DELIVERIES, 0)))
                .as("the consumer is closed")
                .isInstanceOf(IllegalStateException.class);
    }
}
