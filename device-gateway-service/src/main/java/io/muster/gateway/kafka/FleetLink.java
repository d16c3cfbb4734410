package io.muster.gateway.kafka;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.document.IdentityId;
import io.muster.gateway.mqtt.Connections;
import io.muster.gateway.mqtt.Fleet;
import io.muster.records.ConnectionTerms;
import io.muster.records.Delivery;
import io.muster.records.DeviceReport;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.RequestConnection;
import io.muster.records.Telemetry;
import io.muster.service.KafkaConnection;
import io.muster.service.SettingsException;
import io.muster.service.Traces;
import io.muster.topics.Headers;
import io.muster.topics.Namespace;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fleet over Kafka. A batch of deliveries is committed before any of it is handed to a socket, so that no attempt is handed over
 * twice, whenever the process dies (ADR 0003). Thread-safe.
 */
public final class FleetLink implements Fleet, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FleetLink.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);
    private static final Duration TERMS_LIMIT = Duration.ofSeconds(10);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
    private static final int WAITING_CONNECTS = 20_000;
    private static final int WAITING_DELIVERIES = 10_000;
    private static final Duration BREATH = Duration.ofMillis(1);
    private static final long BUFFER_BYTES = 64L << 20;
    private static final long SATURATED_BYTES = 32L << 20;
    private static final int RECORD_OVERHEAD = 100;

    private final int ordinal;
    private final TopicPartition mine;
    private final String run;
    private final Traces traces;
    private final InstantSource clock;
    private final RecordCodec<DeviceReport> reports;
    private final RecordCodec<Telemetry> telemetry;
    private final RecordCodec<Delivery> deliveries;
    private final KafkaProducer<String, byte[]> producer;
    private final KafkaConsumer<String, byte[]> consumer;
    private final AtomicLong bytesInFlight = new AtomicLong();
    private final Map<String, CompletableFuture<ConnectionTerms>> waiting = new ConcurrentHashMap<>();
    private final ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("heartbeat").factory());
    private final List<KafkaClientMetrics> metrics;
    private final int reportPartitions;
    private volatile boolean closed;
    private volatile boolean reading;
    /** See GatewayHeartbeat; written by the reader, as is what follows. */
    private volatile Instant caughtUpAt;
    /** Where the deliveries ended when it was looked at last. */
    private long end;

    private Instant endAt;
    private @Nullable Thread reader;

    /** @param ordinal the partition of the deliveries that are this gateway's */
    public FleetLink(
            KafkaConnection kafka,
            Codecs codecs,
            int ordinal,
            MeterRegistry meters,
            Traces traces,
            InstantSource clock) {
        this.traces = traces;
        this.ordinal = ordinal;
        this.mine = new TopicPartition(Topics.DELIVERIES.name(), ordinal);
        this.caughtUpAt = clock.instant();
        this.endAt = caughtUpAt;
        this.clock = clock;
        this.run = String.format("%015d-%s", clock.millis(), UUID.randomUUID());
        this.reports = codecs.of(Topics.DEVICE_REPORTS);
        this.telemetry = codecs.of(Topics.TELEMETRY);
        this.deliveries = codecs.of(Topics.DELIVERIES);
        this.producer = producer(kafka);
        this.consumer = consumer(kafka, ordinal);
        this.reportPartitions =
                producer.partitionsFor(Topics.DEVICE_REPORTS.name()).size();
        int gateways = producer.partitionsFor(Topics.DELIVERIES.name()).size();
        if (ordinal < 0 || ordinal >= gateways) {
            producer.close();
            consumer.close();
            throw new SettingsException("gateway.ordinal is 0 to " + (gateways - 1)
                    + ", as many as deliveries has partitions, ordinal=" + ordinal);
        }
        end = consumer.position(mine);
        consumer.commitSync();
        producer.partitionsFor(Topics.TELEMETRY.name());
        this.metrics = List.of(new KafkaClientMetrics(producer), new KafkaClientMetrics(consumer));
        metrics.forEach(of -> of.bindTo(meters));
    }

    /** Begins to read deliveries and to say that this gateway lives. */
    public void start(Connections connections) {
        heart.scheduleAtFixedRate(this::beat, 0, HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
        reader = Thread.ofPlatform().name("deliveries").start(() -> read(connections));
    }

    /** Whether deliveries are being read. */
    public boolean ready() {
        return reading && !closed;
    }

    @Override
    public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
        if (waiting.size() >= WAITING_CONNECTS) {
            return CompletableFuture.failedFuture(new IllegalStateException("too many devices connect at once"));
        }
        String correlationId = UUID.randomUUID().toString();
        CompletableFuture<ConnectionTerms> terms = new CompletableFuture<>();
        waiting.put(correlationId, terms);
        write(deviceId, new RequestConnection(), correlationId).exceptionally(error -> {
            terms.completeExceptionally(error);
            return null;
        });
        return terms.orTimeout(TERMS_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((_, _) -> waiting.remove(correlationId));
    }

    @Override
    public CompletableFuture<Void> report(String deviceId, Object report) {
        return write(deviceId, report, null);
    }

    @Override
    public CompletableFuture<Void> telemetry(Telemetry message) {
        return send(new ProducerRecord<>(Topics.TELEMETRY.name(), message.getDeviceId(), telemetry.encode(message)));
    }

    @Override
    public boolean saturated() {
        return bytesInFlight.get() > SATURATED_BYTES;
    }

    private CompletableFuture<Void> write(String deviceId, Object report, @Nullable String correlationId) {
        DeviceReport record = new DeviceReport(deviceId, ordinal, run, clock.instant(), report, correlationId);
        return send(new ProducerRecord<>(
                Topics.DEVICE_REPORTS.name(), IdentityId.deviceId(deviceId), reports.encode(record)));
    }

    private CompletableFuture<Void> send(ProducerRecord<String, byte[]> record) {
        long bytes = record.value().length + RECORD_OVERHEAD;
        CompletableFuture<Void> sent = new CompletableFuture<>();
        bytesInFlight.addAndGet(bytes);
        try {
            producer.send(record, (_, error) -> {
                bytesInFlight.addAndGet(-bytes);
                if (error == null) {
                    sent.complete(null);
                } else {
                    sent.completeExceptionally(error);
                }
            });
        } catch (KafkaException | IllegalStateException e) {
            bytesInFlight.addAndGet(-bytes);
            sent.completeExceptionally(e);
        }
        return sent;
    }

    private void beat() {
        for (int partition = 0; partition < reportPartitions; partition++) {
            DeviceReport beat =
                    new DeviceReport(null, ordinal, run, clock.instant(), new GatewayHeartbeat(caughtUpAt), null);
            send(new ProducerRecord<>(Topics.DEVICE_REPORTS.name(), partition, null, reports.encode(beat)));
        }
    }

    private void read(Connections connections) {
        while (!closed) {
            try {
                if (connections.waiting() > WAITING_DELIVERIES) {
                    pause(BREATH);
                    continue;
                }
                ConsumerRecords<String, byte[]> batch = consumer.poll(POLL);
                reading = true;
                if (!batch.isEmpty()) {
                    commit(batch);
                    batch.forEach(record -> dispatch(record, connections));
                }
                look();
            } catch (WakeupException e) {
                LOG.debug("Woken to end");
            } catch (KafkaException e) {
                reading = false;
                LOG.warn("Deliveries can't be read for now: {}", e.toString());
                pause(RETRY);
            }
        }
        consumer.close();
    }

    /** Sees about once a second where the deliveries end, and later when all before has been handed over. */
    private void look() {
        Instant now = clock.instant();
        if (consumer.position(mine) >= end && !now.isBefore(endAt.plus(HEARTBEAT))) {
            caughtUpAt = endAt;
            try {
                end = Objects.requireNonNull(
                        consumer.endOffsets(List.of(mine), HEARTBEAT).get(mine));
                endAt = now;
            } catch (TimeoutException e) {
                LOG.debug("The broker does not say where deliveries end", e);
            }
        }
    }

    /** Where that fails the batch comes again: none of it was handed over. */
    private void commit(ConsumerRecords<String, byte[]> batch) {
        try {
            consumer.commitSync();
        } catch (KafkaException e) {
            batch.partitions()
                    .forEach(partition -> consumer.seek(
                            partition, batch.records(partition).getFirst().offset()));
            throw e;
        }
    }

    private void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    private void dispatch(ConsumerRecord<String, byte[]> record, Connections connections) {
        try {
            Delivery delivery = deliveries.decode(record.value());
            if (delivery.getDelivery() instanceof ConnectionTerms terms) {
                @Nullable CompletableFuture<ConnectionTerms> asker = waiting.get(terms.getCorrelationId());
                if (asker != null) {
                    asker.complete(terms);
                }
            } else {
                connections.deliver(delivery, traces.of(traceparent(record), delivery.getDeviceId()));
            }
        } catch (UndecodableRecordException e) {
            LOG.warn("A delivery can't be read, offset={} reason={}", record.offset(), e.getMessage());
        }
    }

    private static @Nullable String traceparent(ConsumerRecord<?, ?> record) {
        @Nullable Header header = record.headers().lastHeader(Headers.TRACEPARENT);
        return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    /** Takes no more deliveries; those that were taken are with their connections when it returns. */
    public void stopReading() {
        closed = true;
        try {
            if (reader != null && !reader.join(CLOSE_LIMIT)) {
                // Not earlier: a commit that is woken may have been made, and then nobody would hand its batch over.
                consumer.wakeup();
                reader.join(CLOSE_LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stopReading();
        heart.shutdownNow();
        metrics.forEach(KafkaClientMetrics::close);
        producer.close(CLOSE_LIMIT);
    }

    private static KafkaProducer<String, byte[]> producer(KafkaConnection kafka) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 1);
        properties.put(ProducerConfig.BATCH_SIZE_CONFIG, 64 * 1024);
        properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, BUFFER_BYTES);
        return new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer());
    }

    private static KafkaConsumer<String, byte[]> consumer(KafkaConnection kafka, int ordinal) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, Namespace.name("muster-gateway-" + ordinal));
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // What was written before this run is for nobody who is connected to it: where the broker has lost how far an
        // earlier run was,
        // nothing may be handed over twice.
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2000);
        KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
        consumer.assign(List.of(new TopicPartition(Topics.DELIVERIES.name(), ordinal)));
        return consumer;
    }
}
