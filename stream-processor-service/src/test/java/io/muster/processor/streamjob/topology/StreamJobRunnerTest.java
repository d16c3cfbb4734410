package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.function.FunctionProcess;
import io.muster.records.OutputStartMode;
import io.muster.records.ReportStreamJobStopped;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStatus;
import io.muster.records.StreamOutput;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.LogFollower;
import io.muster.service.StreamsApplication;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.service.trouble.Faults;
import io.muster.service.trouble.MemoryLog;
import io.muster.service.trouble.Trial;
import io.muster.service.trouble.Trouble;
import io.muster.topics.StreamJobTopics;
import io.muster.topics.Topics;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Serves stream jobs on a cluster that fails at each call in turn. */
class StreamJobRunnerTest {
    private static final Instant FIRST = Instant.parse("2026-11-21T10:00:00Z");
    private static final int CALLS = 30;
    private static final Set<Trouble> ENDING =
            EnumSet.of(Trouble.INTERRUPTED, Trouble.CLIENT_ODD, Trouble.OUT_OF_STACK);
    private static final StreamJobDefinition DEFINITION = StreamJobDefinition.newBuilder()
            .setOutputs(List.of(StreamOutput.newBuilder()
                    .setName("Alerts")
                    .setFault("It has no datasource.")
                    .build()))
            .build();

    @TempDir
    Path state;

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final AdminDouble cluster = new AdminDouble();

    private StreamJobRunner runner(LogFollower.Source source, Admin admin, Producer<String, byte[]> reports) {
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
                source,
                admin,
                reports);
    }

    private static MockProducer<String, byte[]> producer() {
        return new MockProducer<>(true, null, new StringSerializer(), new ByteArraySerializer());
    }

    private static StreamJob job(Instant createdAt, StreamJobStatus status, @Nullable StreamJobStart current) {
        return StreamJob.newBuilder()
                .setStreamJobId("j")
                .setDefinition(DEFINITION)
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

    /** Reads the log again, as each start of the service does. */
    @Test
    void keepsRowsOfALivingJobWhenItsEarlierEndIsReadAgain() {
        StreamJob earlier = job(FIRST, StreamJobStatus.STOPPED, null);
        StreamJob living = job(FIRST.plusSeconds(60), StreamJobStatus.STOPPED, null);
        String rows = EndpointDelivery.topic(living, "alerts");
        cluster.topics.addAll(List.of(EndpointDelivery.topic(earlier, "alerts"), rows));
        try (StreamJobRunner runner = runner(
                new Faults(0, AssertionError::new).source(log(), Assertions::fail), cluster.admin(), producer())) {
            runner.take(record(earlier));
            runner.polled();
            runner.take(record(null));
            runner.polled();
            runner.take(record(living));
            runner.polled();
        }
        assertThat(cluster.topics).containsExactly(rows);
    }

    @Test
    void reportsThatAJobHasStoppedOrEndsWhicheverCallFails() {
        StreamJobStart start = StreamJobStart.newBuilder()
                .setNumber(7)
                .setMode(OutputStartMode.JOB_START_TIME)
                .setAt(FIRST)
                .build();
        byte[] stopping = codecs.of(Topics.STREAM_JOBS).encode(job(FIRST, StreamJobStatus.STOPPING, start));
        new Trial(CALLS, ENDING).run((faults, fatal) -> {
            MemoryLog<String> log = log();
            log.add(Topics.STREAM_JOBS.name(), "j", stopping);
            MockProducer<String, byte[]> reports = producer();
            StreamJobRunner runner = runner(
                            faults.source(log, fatal),
                            faults.of(Admin.class, cluster.admin()),
                            faults.of(Producer.class, reports))
                    .start();
            return new Trial.Loop() {
                @Override
                public boolean isReady() {
                    return runner.ready();
                }

                @Override
                public boolean isDone() {
                    return reports.history().stream()
                            .map(report -> codecs.of(Topics.STREAM_JOB_COMMANDS).decode(report.value()))
                            .map(StreamJobCommand::getCommand)
                            .anyMatch(new ReportStreamJobStopped(7L)::equals);
                }

                @Override
                public void close() {
                    runner.close();
                }
            };
        });
    }

    private static MemoryLog<String> log() {
        return new MemoryLog<>(Topics.STREAM_JOBS.name(), Topics.STREAM_JOB_PROGRESS.name());
    }
}
