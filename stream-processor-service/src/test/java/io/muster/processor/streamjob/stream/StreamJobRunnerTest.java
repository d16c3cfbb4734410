package io.muster.processor.streamjob.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.Interrupted;
import io.muster.processor.function.FunctionProcess;
import io.muster.records.OutputStartMode;
import io.muster.records.ReportStreamJobStopped;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStatus;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.StreamsApplication;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import io.muster.topics.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of stream jobs whose records are read, on a cluster that fails at each call in turn. */
class StreamJobRunnerTest {
    private static final Instant FIRST = Instant.parse("2026-11-21T10:00:00Z");
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int MOST_CALLS = 7;
    private static final String DOCUMENT = """
            {"properties": {"outputs": [{"name": "Alerts", "properties": {}}]}}""";

    @TempDir
    Path state;

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final AdminDouble cluster = new AdminDouble();

    private StreamJobRunner runner(Admin admin, Producer<String, byte[]> reports) {
        return new StreamJobRunner(
                new StreamsApplication.Options(
                        "unused", new KafkaConnection("localhost:1", Map.of()), state, 1, 1, Map.of()),
                new StreamJobReach(
                        Optional.empty(),
                        StreamJobTopics.of("*"),
                        EndpointAccess.of(""),
                        new FunctionProcess.Places(1)),
                codecs,
                new SimpleMeterRegistry(),
                admin,
                reports);
    }

    private static MockProducer<String, byte[]> producer() {
        return new MockProducer<>(true, null, new StringSerializer(), new ByteArraySerializer());
    }

    private static StreamJob job(Instant createdAt, StreamJobStatus status, @Nullable StreamJobStart current) {
        return StreamJob.newBuilder()
                .setStreamJobId("j")
                .setDocument(DOCUMENT)
                .setRevision(1)
                .setCreatedAt(createdAt)
                .setStatus(status)
                .setCurrent(current)
                .build();
    }

    private ConsumerRecord<String, byte[]> record(@Nullable StreamJob job) {
        return new ConsumerRecord<>(
                Topics.STREAM_JOBS.name(),
                0,
                0,
                "j",
                job == null ? null : codecs.of(Topics.STREAM_JOBS).encode(job));
    }

    /** The log is read again at each start of the service. */
    @Test
    void rowsOfAJobThatLivesStayWhenItsEarlierEndIsReadAgain() {
        StreamJob earlier = job(FIRST, StreamJobStatus.STOPPED, null);
        StreamJob living = job(FIRST.plusSeconds(60), StreamJobStatus.STOPPED, null);
        String rows = EndpointDelivery.topic(living, "alerts");
        cluster.topics.addAll(List.of(EndpointDelivery.topic(earlier, "alerts"), rows));
        try (StreamJobRunner runner = runner(cluster.admin(), producer())) {
            runner.take(record(earlier));
            runner.polled();
            runner.take(record(null));
            runner.polled();
            runner.take(record(living));
            runner.polled();
        }
        assertThat(cluster.topics).containsExactly(rows);
    }

    static Stream<Supplier<RuntimeException>> troubles() {
        return Stream.of(
                () -> new TimeoutException("the broker is away"),
                () -> new KafkaException("the broker is odd"),
                () -> new IllegalStateException("the client is odd"));
    }

    @ParameterizedTest
    @MethodSource("troubles")
    @SuppressWarnings("unchecked")
    void aJobThatIsToldToStopIsSaidToHaveStoppedWhicheverCallFails(Supplier<RuntimeException> trouble) {
        StreamJobStart start = StreamJobStart.newBuilder()
                .setNumber(7)
                .setMode(OutputStartMode.JOB_START_TIME)
                .setAt(FIRST)
                .build();
        for (int failing = 1; failing <= MOST_CALLS; failing++) {
            MockProducer<String, byte[]> producer = producer();
            AtomicInteger calls = new AtomicInteger();
            try (StreamJobRunner runner = runner(
                    Interrupted.at(Admin.class, cluster.admin(), calls, failing, trouble),
                    Interrupted.at(Producer.class, producer, calls, failing, trouble))) {
                runner.take(record(job(FIRST, StreamJobStatus.STOPPING, start)));
                await("call " + failing).atMost(LIMIT).until(() -> {
                    runner.polled();
                    return producer.history().stream()
                            .map(said -> codecs.of(Topics.STREAM_JOB_COMMANDS).decode(said.value()))
                            .map(StreamJobCommand::getCommand)
                            .anyMatch(new ReportStreamJobStopped(7L)::equals);
                });
            }
        }
    }
}
