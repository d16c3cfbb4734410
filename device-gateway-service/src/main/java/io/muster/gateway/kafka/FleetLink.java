package io.muster.gateway.kafka;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.document.IdentityId;
import io.muster.gateway.fleet.Fleet;
import io.muster.gateway.mqtt.Connections;
import io.muster.records.ConnectionTerms;
import io.muster.records.DeadLetter;
import io.muster.records.Delivery;
import io.muster.records.DeviceReport;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodReport;
import io.muster.records.MethodReports;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.muster.records.NodeReports;
import io.muster.records.PoolReport;
import io.muster.records.RequestConnection;
import io.muster.records.TaskOutput;
import io.muster.records.Telemetry;
import io.muster.service.KafkaConnection;
import io.muster.service.SettingsException;
import io.muster.service.Traces;
import io.muster.service.coordinator.KeyPartition;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Links the gateway with the fleet over Kafka: reports go out through a {@link LogWriter}, deliveries come in through a {@link DeliveryReader}. Thread-safe. */
public final class FleetLink implements Fleet, AutoCloseable {
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);
    private static final Duration TERMS_LIMIT = Duration.ofSeconds(10);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
    private static final int WAITING_CONNECTS = 20_000;

    private final int ordinal;
    private final String run;
    private final Traces traces;
    private final InstantSource clock;
    private final Consumer<String> fatal;
    private final RecordCodec<DeviceReport> reports;
    private final RecordCodec<Telemetry> telemetry;
    private final RecordCodec<PoolReport> poolReports;
    private final RecordCodec<TaskOutput> outputs;
    private final RecordCodec<Delivery> deliveries;
    private final LogClients clients;
    private final TopicPartition mine;
    private final LogWriter log;
    private final PutAside aside;
    private final Map<String, CompletableFuture<ConnectionTerms>> waiting = new ConcurrentHashMap<>();
    private final ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("heartbeat").factory());
    private final List<KafkaClientMetrics> metrics;
    /** Holds the last heartbeat of each partition of the reports. */
    private final List<CompletableFuture<Void>> beats = new ArrayList<>();

    private @Nullable DeliveryReader reader;

    /**
     * Connects to the brokers.
     *
     * @param ordinal the partition of the deliveries that are this gateway's
     * @param fatal ends the process: is called when this gateway can't go on, with the reason
     * @throws org.apache.kafka.common.KafkaException when the brokers can't be used now
     */
    public FleetLink(
            KafkaConnection kafka,
            Codecs codecs,
            int ordinal,
            MeterRegistry meters,
            Traces traces,
            InstantSource clock,
            Consumer<String> fatal) {
        this(LogClients.of(kafka, ordinal), codecs, ordinal, meters, traces, clock, fatal);
    }

    /** Links over clients that are the link's own from now on. */
    FleetLink(
            LogClients clients,
            Codecs codecs,
            int ordinal,
            MeterRegistry meters,
            Traces traces,
            InstantSource clock,
            Consumer<String> fatal) {
        this.clients = clients;
        this.traces = traces;
        this.ordinal = ordinal;
        this.mine = new TopicPartition(Topics.DELIVERIES.name(), ordinal);
        this.clock = clock;
        this.fatal = fatal;
        this.run = String.format("%015d-%s", clock.millis(), UUID.randomUUID());
        this.reports = codecs.of(Topics.DEVICE_REPORTS);
        this.telemetry = codecs.of(Topics.TELEMETRY);
        this.poolReports = codecs.of(Topics.POOL_REPORTS);
        this.outputs = codecs.of(Topics.TASK_OUTPUT);
        this.deliveries = codecs.of(Topics.DELIVERIES);
        RecordCodec<DeadLetter> letters = codecs.of(Topics.DEAD_LETTERS);
        int gateways =
                clients.consumer().partitionsFor(Topics.DELIVERIES.name()).size();
        if (ordinal < 0 || ordinal >= gateways) {
            clients.close();
            throw new SettingsException("gateway.ordinal is 0 to " + (gateways - 1)
                    + ", as many as deliveries has partitions, ordinal=" + ordinal);
        }
        clients.consumer()
                .partitionsFor(Topics.DEVICE_REPORTS.name())
                .forEach(_ -> beats.add(CompletableFuture.completedFuture(null)));
        clients.consumer().position(mine);
        clients.consumer().commitSync();
        this.log = new LogWriter(
                clients.producer(),
                (partition, some) -> toPartition(partition, new MethodReports(some)),
                meters,
                fatal);
        this.aside = new PutAside(log, letters, clock);
        this.metrics = List.of(new KafkaClientMetrics(clients.producer()), new KafkaClientMetrics(clients.consumer()));
        metrics.forEach(of -> of.bindTo(meters));
    }

    /** Begins to read deliveries and to report that this gateway lives. */
    public void start(Connections connections) {
        DeliveryReader reading = new DeliveryReader(
                clients.consumer(),
                clients.ends(),
                mine,
                deliveries,
                new ToConnections(connections),
                clock,
                System::nanoTime,
                fatal);
        reader = reading;
        heart.scheduleAtFixedRate(() -> beat(reading), 0, HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
        reading.start();
    }

    /** Returns whether deliveries are being read. */
    public boolean ready() {
        return reader != null && reader.ready();
    }

    @Override
    public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
        if (waiting.size() >= WAITING_CONNECTS) {
            return CompletableFuture.failedFuture(new IllegalStateException("too many devices connect at once"));
        }
        String correlationId = UUID.randomUUID().toString();
        CompletableFuture<ConnectionTerms> terms = new CompletableFuture<>();
        waiting.put(correlationId, terms);
        log.writeWithRoom(record(deviceId, new RequestConnection(), correlationId))
                .exceptionally(error -> {
                    terms.completeExceptionally(error);
                    return null;
                });
        return terms.orTimeout(TERMS_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((_, _) -> waiting.remove(correlationId));
    }

    @Override
    public CompletableFuture<Void> report(String deviceId, Object report) {
        return switch (report) {
            case MethodAnswered _, MethodUndelivered _, MethodUnanswered _ ->
                log.write(partitionOf(deviceId), new MethodReport(deviceId, report));
            default -> log.write(record(deviceId, report, null));
        };
    }

    @Override
    public CompletableFuture<Void> telemetry(Telemetry message) {
        return log.writeWithRoom(
                new ProducerRecord<>(Topics.TELEMETRY.name(), message.getDeviceId(), telemetry.encode(message)));
    }

    @Override
    public CompletableFuture<Void> reportToPool(String poolId, String nodeId, long epoch, List<Object> reports) {
        PoolReport said = new PoolReport(poolId, nodeId, ordinal, epoch, clock.instant(), new NodeReports(reports));
        return log.write(new ProducerRecord<>(Topics.POOL_REPORTS.name(), poolId, poolReports.encode(said)));
    }

    @Override
    public CompletableFuture<Void> output(TaskOutput output) {
        return log.writeWithRoom(new ProducerRecord<>(
                Topics.TASK_OUTPUT.name(),
                output.getPoolId() + "/" + output.getToken().getTaskId(),
                outputs.encode(output)));
    }

    @Override
    public boolean saturated() {
        return log.saturated();
    }

    private ProducerRecord<String, byte[]> record(String deviceId, Object report, @Nullable String correlationId) {
        return new ProducerRecord<>(
                Topics.DEVICE_REPORTS.name(),
                partitionOf(deviceId),
                IdentityId.deviceId(deviceId),
                encoded(deviceId, report, correlationId));
    }

    private ProducerRecord<String, byte[]> toPartition(int partition, Object report) {
        return new ProducerRecord<>(Topics.DEVICE_REPORTS.name(), partition, null, encoded(null, report, null));
    }

    private byte[] encoded(@Nullable String deviceId, Object report, @Nullable String correlationId) {
        return reports.encode(new DeviceReport(deviceId, ordinal, run, clock.instant(), report, correlationId));
    }

    /** Returns the partition of a device's reports. Topics grow only while no gateway runs. */
    private int partitionOf(String deviceId) {
        return KeyPartition.of(IdentityId.deviceId(deviceId), beats.size());
    }

    /** Writes a heartbeat to each partition that has acknowledged the one before: more of them would wait for the log and say nothing new. */
    private void beat(DeliveryReader reading) {
        try {
            for (int partition = 0; partition < beats.size(); partition++) {
                if (beats.get(partition).isDone()) {
                    GatewayHeartbeat beat = new GatewayHeartbeat(reading.caughtUpAt(), true);
                    beats.set(partition, log.write(toPartition(partition, beat)));
                }
            }
        } catch (Throwable e) {
            fatal.accept("Heartbeats can't be written: " + e);
        }
    }

    /** Hands over deliveries: terms of connections to their futures, all others to connections. */
    private final class ToConnections implements DeliveryReader.Sink {
        private final Connections connections;

        private ToConnections(Connections connections) {
            this.connections = connections;
        }

        @Override
        public void take(
                Delivery delivery,
                ConsumerRecord<String, byte[]> record,
                @Nullable String traceparent,
                long writtenAfter) {
            if (delivery.getDelivery() instanceof ConnectionTerms terms) {
                @Nullable CompletableFuture<ConnectionTerms> asker = waiting.get(terms.getCorrelationId());
                if (asker != null) {
                    asker.complete(terms);
                }
            } else {
                connections.deliver(delivery, writtenAfter, traces.of(traceparent, delivery.getDeviceId()));
            }
        }

        @Override
        public int waiting() {
            return connections.waiting() + aside.waiting();
        }

        @Override
        public void putAside(ConsumerRecord<String, byte[]> record, String reason) {
            aside.add(record, reason);
        }
    }

    /** Stops reading deliveries; those that were taken are with their connections when it returns. */
    public void stopReading() {
        if (reader != null) {
            reader.stop(CLOSE_LIMIT);
        }
    }

    @Override
    public void close() {
        stopReading();
        heart.shutdownNow();
        metrics.forEach(KafkaClientMetrics::close);
        clients.ends().close();
        log.close(CLOSE_LIMIT);
    }
}
