package io.muster.processor.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.records.BasicCredentials;
import io.muster.records.CallEndpoint;
import io.muster.records.ReportScheduleCall;
import io.muster.records.ScheduleCall;
import io.muster.records.WriteMessage;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.service.trouble.MemoryLog;
import io.muster.service.trouble.Trial;
import io.muster.service.trouble.Trouble;
import io.muster.topics.StreamJobTopics;
import io.muster.topics.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests calls of schedules against an HTTP server, and over a log that fails at each call in turn. */
class ScheduleCallsTest {
    private static final String TOPIC = Topics.SCHEDULE_CALLS.name();
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private static final Codecs CODECS = new Codecs(new InMemorySchemaRegistry());
    private static final int CALLS = 20;
    private static final Set<Trouble> ENDING = EnumSet.of(Trouble.INTERRUPTED, Trouble.OUT_OF_STACK);

    private final List<String> taken = new CopyOnWriteArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            taken.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body + " "
                    + exchange.getRequestHeaders().getFirst("Authorization") + " "
                    + exchange.getRequestHeaders().getFirst("X-Plant") + " "
                    + exchange.getRequestHeaders().getFirst("Content-Type") + " "
                    + exchange.getRequestHeaders().getFirst(ScheduleCalls.FIRING) + " "
                    + exchange.getRequestHeaders().getFirst(ScheduleCalls.ATTEMPT));
            int status = Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
            if (status == 302) {
                exchange.getResponseHeaders().add("Location", "/200");
            }
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private String uri(int status) {
        return "http://localhost:" + server.getAddress().getPort() + "/" + status;
    }

    private static CallEndpoint.Builder post(String uri) {
        return CallEndpoint.newBuilder().setMethod("POST").setUri(uri).setHeaders(Map.of());
    }

    private static ScheduleCall call(String run, Object request) {
        return new ScheduleCall("s/jobs/j", run, false, 1, NOW, NOW.plusSeconds(60), request);
    }

    private static MockProducer<String, byte[]> producer() {
        return new MockProducer<>(true, null, new StringSerializer(), new ByteArraySerializer());
    }

    private ScheduleCalls calls(
            Consumer<String, byte[]> consumer,
            MockProducer<String, byte[]> producer,
            String allowed,
            Instant now,
            java.util.function.Consumer<String> fatal) {
        return new ScheduleCalls(
                consumer,
                producer,
                CODECS,
                new ScheduleCalls.Reach(EndpointAccess.of(allowed), StreamJobTopics.of("*")),
                Duration.ofMillis(1),
                InstantSource.fixed(now),
                new SimpleMeterRegistry(),
                fatal);
    }

    private static MemoryLog<String> log(ScheduleCall... calls) {
        MemoryLog<String> log = new MemoryLog<>(TOPIC);
        for (ScheduleCall call : calls) {
            add(log, call);
        }
        return log;
    }

    private static void add(MemoryLog<String> log, ScheduleCall call) {
        log.add(TOPIC, call.getScheduleId(), CODECS.of(Topics.SCHEDULE_CALLS).encode(call));
    }

    private static Consumer<String, byte[]> reader(MemoryLog<String> log) {
        return log.consumer();
    }

    private static List<ReportScheduleCall> reports(MockProducer<String, byte[]> producer) {
        return producer.history().stream()
                .filter(record -> record.topic().equals(Topics.SCHEDULE_COMMANDS.name()))
                .map(record -> (ReportScheduleCall) CODECS.of(Topics.SCHEDULE_COMMANDS)
                        .decode(record.value())
                        .getCommand())
                .toList();
    }

    /** Carries out one call, to its report. */
    private ReportScheduleCall carriedOut(Object request, String allowed) {
        MockProducer<String, byte[]> producer = producer();
        MemoryLog<String> log = log(call("r", request));
        try (ScheduleCalls calls =
                calls(reader(log), producer, allowed, NOW, _ -> {}).start()) {
            await().atMost(Duration.ofSeconds(30)).until(() -> log.committed(TOPIC) == 1 && calls.ready());
            return reports(producer).getFirst();
        }
    }

    @Test
    void callsAnEndpointAsItsScheduleSaysAndReportsItsAnswer() {
        ReportScheduleCall report = carriedOut(
                post(uri(204))
                        .setBody("a body")
                        .setHeaders(Map.of("X-Plant", "A", "Content-Type", "text/plain"))
                        .setCredentials(new BasicCredentials("ann", "secret"))
                        .build(),
                "localhost");
        assertThat(taken).containsExactly("POST /204 a body Basic YW5uOnNlY3JldA== A text/plain s/jobs/j/r 1");
        assertThat(report)
                .isEqualTo(new ReportScheduleCall("r", false, 1, NOW, NOW, true, "The endpoint answered 2xx."));
    }

    @Test
    void reportsWhatFailed() {
        assertThat(carriedOut(post(uri(500)).build(), "localhost").getMessage())
                .isEqualTo("The endpoint answered 5xx.");
        assertThat(carriedOut(post(uri(302)).build(), "localhost").getSucceeded())
                .isFalse();
        assertThat(taken).as("a redirect is not followed").hasSize(2);
        assertThat(carriedOut(post(uri(200)).build(), "").getMessage())
                .as("our own network, which no allowlist opens")
                .contains("no address of the public internet");
        assertThat(carriedOut(post(uri(200)).build(), "example.com").getMessage())
                .contains("not among the endpoints");
        assertThat(taken).hasSize(2);
        assertThat(carriedOut(post("http://exa mple/").build(), "").getMessage())
                .contains("can't be made");
    }

    @Test
    void writesAMessageToATopicOfUsersAndToNoOther() {
        MockProducer<String, byte[]> producer = producer();
        MemoryLog<String> log =
                log(call("r", new WriteMessage("queue-q", "hello")), call("t", new WriteMessage("devices", "no")));
        try (ScheduleCalls calls =
                calls(reader(log), producer, "", NOW, _ -> {}).start()) {
            await().atMost(Duration.ofSeconds(30)).until(() -> log.committed(TOPIC) == 2 && calls.ready());
        }
        List<ProducerRecord<String, byte[]>> written = producer.history().stream()
                .filter(record -> !record.topic().equals(Topics.SCHEDULE_COMMANDS.name()))
                .toList();
        assertThat(written).hasSize(1);
        assertThat(written.getFirst().topic()).isEqualTo("queue-q");
        assertThat(written.getFirst().value()).asString().isEqualTo("hello");
        assertThat(written.getFirst().headers().lastHeader(ScheduleCalls.FIRING).value())
                .asString()
                .isEqualTo("s/jobs/j/r");
        assertThat(reports(producer))
                .as("the calls of a poll are carried out side by side")
                .extracting(ReportScheduleCall::getRun, ReportScheduleCall::getSucceeded)
                .containsExactlyInAnyOrder(tuple("r", true), tuple("t", false));
    }

    @Test
    void carriesNothingOutBehindItsEndAndSaysSo() {
        MockProducer<String, byte[]> producer = producer();
        MemoryLog<String> log = log(call("r", post(uri(200)).build()));
        try (ScheduleCalls calls = calls(reader(log), producer, "localhost", NOW.plusSeconds(61), _ -> {})
                .start()) {
            await().atMost(Duration.ofSeconds(30)).until(() -> log.committed(TOPIC) == 1 && calls.ready());
        }
        assertThat(taken).isEmpty();
        assertThat(reports(producer))
                .extracting(
                        ReportScheduleCall::getRun, ReportScheduleCall::getAttempt, ReportScheduleCall::getSucceeded)
                .containsExactly(tuple("r", 1, false));
        assertThat(reports(producer).getFirst().getMessage()).startsWith("It was to begin by " + NOW.plusSeconds(60));
    }

    @Test
    void putsABadRecordAsideAndGoesOn() {
        MockProducer<String, byte[]> producer = producer();
        MemoryLog<String> log = log();
        log.add(TOPIC, "k", new byte[] {1, 2, 3});
        log.add(
                TOPIC,
                "s/jobs/j",
                CODECS.of(Topics.SCHEDULE_CALLS).encode(call("r", post(uri(200)).build())));
        try (ScheduleCalls calls =
                calls(reader(log), producer, "localhost", NOW, _ -> {}).start()) {
            await().atMost(Duration.ofSeconds(30)).until(() -> log.committed(TOPIC) == 2 && calls.ready());
        }
        assertThat(producer.history().getFirst().topic()).isEqualTo(Topics.DEAD_LETTERS.name());
        assertThat(taken).hasSize(1);
    }

    @Test
    void carriesOutOthersWhileAHostHangsAndCommitsNothingBehindItsCalls() throws IOException {
        MockProducer<String, byte[]> producer = producer();
        MemoryLog<String> log = log();
        // It takes connections and answers none of them.
        try (ServerSocket hanging = new ServerSocket(0, 200, InetAddress.getLoopbackAddress())) {
            add(log, call("done", post(uri(200)).build()));
            IntStream.range(0, 80)
                    .forEach(i -> add(
                            log,
                            call(
                                    "hangs" + i,
                                    post("http://127.0.0.1:" + hanging.getLocalPort() + "/")
                                            .build())));
            add(log, call("fast", post(uri(200)).build()));
            ScheduleCalls calls = calls(reader(log), producer, "localhost,127.0.0.1", NOW, _ -> {})
                    .start();
            try {
                await().atMost(Duration.ofSeconds(10))
                        .until(() -> reports(producer).size() == 2);
                assertThat(reports(producer))
                        .extracting(ReportScheduleCall::getRun)
                        .containsExactlyInAnyOrder("done", "fast");
                await().atMost(Duration.ofSeconds(10)).until(() -> log.committed(TOPIC) == 1);
            } finally {
                calls.close();
            }
        }
        assertThat(reports(producer))
                .as("calls that are broken off are not reported")
                .hasSize(2);
        assertThat(log.committed(TOPIC)).isEqualTo(1);
        assertThat(taken).hasSize(2);
    }

    @Test
    void carriesOutEachCallAtLeastOnceWhicheverCallOfTheLogFails() {
        ScheduleCall[] all = IntStream.range(0, 5)
                .mapToObj(i -> call("r" + i, post(uri(200)).build()))
                .toArray(ScheduleCall[]::new);
        new Trial(CALLS, ENDING).run((faults, fatal) -> {
            taken.clear();
            MockProducer<String, byte[]> producer = producer();
            ScheduleCalls calls = calls(faults.of(Consumer.class, reader(log(all))), producer, "localhost", NOW, fatal)
                    .start();
            return new Trial.Loop() {
                @Override
                public boolean isReady() {
                    return calls.ready();
                }

                @Override
                public boolean isDone() {
                    Set<String> runs = new java.util.TreeSet<>();
                    reports(producer).forEach(report -> runs.add(report.getRun()));
                    return runs.size() == all.length;
                }

                @Override
                public void close() {
                    calls.close();
                }
            };
        });
    }
}
