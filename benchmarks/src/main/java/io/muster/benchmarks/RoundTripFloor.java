package io.muster.benchmarks;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.KeyPair;
import io.muster.access.SharedAccessPolicies;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.gateway.GatewayChannels;
import io.muster.gateway.connect.Authenticator;
import io.muster.gateway.connect.DeviceAuthorities;
import io.muster.gateway.fleet.Fleet;
import io.muster.gateway.mqtt.Connections;
import io.muster.gateway.mqtt.MqttServer;
import io.muster.gateway.mqtt.MqttSettings;
import io.muster.records.ConnectionTerms;
import io.muster.records.Credentials;
import io.muster.records.Delivery;
import io.muster.records.DeviceStatus;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.TaskOutput;
import io.muster.records.Telemetry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Measures the least that any design over Kafka must do for a round trip: one record in, MQTT out and back, one record out, no state. */
final class RoundTripFloor implements Fleet, AutoCloseable {
    private static final String IN = "floor-in";
    private static final String OUT = "floor-out";

    private final AtomicLong answers = new AtomicLong();
    private final Connections connections = connections();
    private final List<String> ids;
    private final MqttServer server;
    private final SimulatedFleet devices;
    private final KafkaProducer<String, String> producer;
    private final KafkaConsumer<String, String> consumer;
    private volatile Runnable onAnswer = () -> {};

    /** Connects so many devices to a gateway of its own; returns when they are. */
    @SuppressWarnings("BusyWait") // A load driver that polls its own counters.
    RoundTripFloor(String bootstrap, Path certificate, Path key, Path ca, int count) throws Exception {
        SharedAccessPolicies policies = SharedAccessPolicies.generate(new SecureRandom());
        KeyPair keys = policies.named("device").orElseThrow().keys();
        this.ids = SimulatedFleet.deviceIds("floor-", count);
        this.server = new MqttServer(
                new MqttSettings(
                        "127.0.0.1",
                        0,
                        Optional.empty(),
                        Optional.empty(),
                        certificate,
                        key,
                        new Authenticator(HubHosts.of("localhost"), () -> new DeviceAuthorities(List.of())),
                        () -> policies,
                        InstantSource.system(),
                        MqttSettings.LARGEST_MESSAGE,
                        MqttSettings.PerAddress.USUAL,
                        MqttSettings.PerAddress.USUAL),
                this,
                connections);
        this.devices = SimulatedFleet.start(
                Target.byPolicy(
                        "localhost",
                        server.tlsPort().orElseThrow(),
                        "localhost",
                        ca,
                        "device",
                        String.valueOf(keys.primary())),
                Behaviour.PERFECT,
                ids,
                1000,
                InstantSource.system());
        while (devices.counters().connected() < count) {
            Thread.sleep(100);
        }
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(IN, 1, (short) 1), new NewTopic(OUT, 4, (short) 1)))
                    .all()
                    .get();
        }
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "acks", "all", "linger.ms", 1),
                new StringSerializer(),
                new StringSerializer());
        this.consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new StringDeserializer(), new StringDeserializer());
        consumer.assign(List.of(new TopicPartition(IN, 0)));
        consumer.seekToBeginning(consumer.assignment());
    }

    /** Returns the round trips a second without Kafka */
    @SuppressWarnings("BusyWait")
    double bare(int trips) throws InterruptedException {
        answers.set(0);
        onAnswer = () -> {};
        long start = System.nanoTime();
        for (int i = 0; i < trips; i++) {
            request(ids.get(i % ids.size()), i);
        }
        while (answers.get() < trips) {
            Thread.sleep(1);
        }
        return trips / ((System.nanoTime() - start) / 1e9);
    }

    /** Returns the round trips a second over Kafka */
    @SuppressWarnings("BusyWait")
    double overKafka(int trips) throws InterruptedException {
        AtomicLong out = new AtomicLong();
        AtomicReference<Exception> failure = new AtomicReference<>();
        onAnswer = () -> producer.send(new ProducerRecord<>(OUT, "x".repeat(120)), (_, _) -> out.incrementAndGet());
        long start = System.nanoTime();
        for (int i = 0; i < trips; i++) {
            producer.send(new ProducerRecord<>(IN, 0, ids.get(i % ids.size()), "x".repeat(120)), (_, error) -> {
                if (error != null) {
                    failure.set(error);
                }
            });
        }
        int handed = 0;
        while (handed < trips) {
            if (failure.get() != null) {
                throw new IllegalStateException("the floor's records can't be written", failure.get());
            }
            for (var record : consumer.poll(Duration.ofMillis(50))) {
                request(record.key(), handed++);
            }
        }
        while (out.get() < trips) {
            Thread.sleep(1);
        }
        return trips / ((System.nanoTime() - start) / 1e9);
    }

    @Override
    public void close() {
        producer.close();
        consumer.close();
        devices.close();
        server.close();
    }

    private Connections connections() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        return new Connections(
                GatewayChannels.of(this, meters, InstantSource.system()), meters, InstantSource.system());
    }

    private void request(String deviceId, int number) {
        connections.deliver(
                new Delivery(
                        deviceId,
                        Instant.EPOCH,
                        new MethodRequest(
                                1L,
                                String.format("%016x", number),
                                "reboot",
                                "{\"delay\":5}",
                                Instant.EPOCH.plus(Duration.ofHours(1)))),
                System.nanoTime(),
                Optional.empty());
    }

    @Override
    public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
        return CompletableFuture.completedFuture(ConnectionTerms.newBuilder()
                .setCorrelationId("")
                .setEpoch(1)
                .setKnown(true)
                .setStatus(DeviceStatus.ENABLED)
                .setCredentials(Credentials.newBuilder().build())
                .setSubscriptions(List.of())
                .build());
    }

    @Override
    public CompletableFuture<Void> report(String deviceId, Object report) {
        if (report instanceof MethodAnswered answered
                && StandardCharsets.UTF_8.decode(answered.getPayload()).length() > 0) {
            answers.incrementAndGet();
            onAnswer.run();
        }
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> telemetry(Telemetry message) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> reportToPool(String poolId, String nodeId, long epoch, List<Object> reports) {
        throw new AssertionError(nodeId);
    }

    @Override
    public CompletableFuture<Void> output(TaskOutput output) {
        throw new AssertionError(output);
    }

    @Override
    public boolean saturated() {
        return false;
    }
}
