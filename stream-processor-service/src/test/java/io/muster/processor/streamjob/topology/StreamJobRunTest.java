package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.engine.topology.LogEnds;
import io.muster.processor.function.FunctionProcess;
import io.muster.query.stream.Ticks;
import io.muster.records.OutputStartMode;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStatus;
import io.muster.records.StreamPosition;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.StreamsApplication;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.service.trouble.Faults;
import io.muster.topics.StreamJobTopics;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lets each step of a start fail in turn: nothing of it is left, and the next try runs. No broker is there; it would be read later. */
class StreamJobRunTest {
    private static final Instant AT = Instant.parse("2026-11-21T10:00:00Z");
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final StreamJobDefinition DEFINITION = Definitions.of(
            "SELECT i.a INTO o FROM i JOIN r ON i.a = r.a",
            List.of(Definitions.input("in"), Definitions.reference(Definitions.files("c/{date}/r.json"))),
            Definitions.output(Definitions.endpoint("https://example.com/rows")));

    /** Counts calls of the cluster and clients that are made; the one with the number fails. */
    private static volatile Faults faults = failing(0);

    @TempDir
    Path work;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());

    /** Counts clients: Kafka makes a reporter for each. */
    public static final class Clients implements MetricsReporter {
        @Override
        public void configure(Map<String, ?> configs) {
            faults.reach();
        }

        @Override
        public void init(List<KafkaMetric> metrics) {}

        @Override
        public void metricChange(KafkaMetric metric) {}

        @Override
        public void metricRemoval(KafkaMetric metric) {}

        @Override
        public void close() {}
    }

    private static Faults failing(int call) {
        return new Faults(call, () -> new KafkaException("the broker is away"));
    }

    private StreamJobRun start() throws Exception {
        StreamJobReach reach = new StreamJobReach(
                Optional.of(work.resolve("reference")),
                StreamJobTopics.of("*"),
                EndpointAccess.of(""),
                new FunctionProcess.Places(1));
        Admin admin = faults.of(Admin.class, new AdminDouble().admin());
        StreamJobRun.Place place = new StreamJobRun.Place(
                new StreamsApplication.Options(
                        "unused",
                        new KafkaConnection("localhost:1", Map.of("metric.reporters", Clients.class.getName())),
                        work.resolve("state"),
                        1,
                        1,
                        Map.of()),
                reach,
                new LogEnds.Known(admin),
                meters,
                InstantSource.system(),
                () -> 1);
        StreamJobStart start = StreamJobStart.newBuilder()
                .setNumber(7)
                .setMode(OutputStartMode.JOB_START_TIME)
                .setAt(AT)
                .setFromTicks(Ticks.of(AT))
                .setPositions(List.of(new StreamPosition("in", 0, 0L)))
                .build();
        StreamJob job = StreamJob.newBuilder()
                .setStreamJobId("j")
                .setDefinition(DEFINITION)
                .setRevision(1)
                .setCreatedAt(AT)
                .setStatus(StreamJobStatus.STARTING)
                .setCurrent(start)
                .build();
        return StreamJobRun.start(
                job, start, RunnableStreamJob.compile(DEFINITION, reach), codecs, admin, place, 1, _ -> {});
    }

    /** Returns the threads of applications, endpoints and their clients. */
    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.contains("muster-stream-"))
                .toList();
    }

    @Test
    void leavesNothingOfAStartWhicheverCallFailsAndRunsAtTheNextTry() throws Exception {
        faults = failing(0);
        try (StreamJobRun run = start()) {
            assertThat(meters.getMeters()).hasSize(1);
            assertThat(threads()).isNotEmpty();
        }
        int calls = faults.calls();
        assertThat(calls).isGreaterThan(5);
        for (int call = 1; call <= calls; call++) {
            await("the state that the try before call " + call + " left")
                    .atMost(LIMIT)
                    .until(() -> threads().isEmpty());
            faults = failing(call);
            assertThatThrownBy(this::start).as("call %s", call).isInstanceOf(KafkaException.class);
            await("the state that call " + call + " left")
                    .atMost(LIMIT)
                    .untilAsserted(() -> assertThat(threads()).isEmpty());
            assertThat(meters.getMeters()).as("call %s", call).isEmpty();
        }
        faults = failing(0);
        try (StreamJobRun run = start()) {
            assertThat(run.failure()).isEmpty();
            assertThat(meters.getMeters()).hasSize(1);
        }
    }
}
