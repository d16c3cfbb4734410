package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.muster.records.DeviceJobCounts;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobStatus;
import io.muster.records.TwinPatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Reads live events as a browser's EventSource does, from the real server. */
class LiveEventsTest {
    private TestApi api;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
    }

    @AfterEach
    void stop() {
        api.close();
    }

    /** Holds a server-sent event. Source: HTML, 9.2.6. */
    private record Heard(String name, String id, JsonNode data) {}

    /** Reads until it is ended by {@link #close}. */
    private final class Reader implements AutoCloseable {
        private final Socket socket;
        private final Queue<Heard> events = new ConcurrentLinkedQueue<>();
        private final Queue<String> head = new ConcurrentLinkedQueue<>();
        private volatile boolean ended;

        Reader(String path, String... headers) throws IOException {
            socket = api.connect();
            String lines = String.join("\r\n", headers) + (headers.length == 0 ? "" : "\r\n");
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + api.token("iothubowner")
                                    + "\r\n" + lines + "\r\n")
                            .getBytes(StandardCharsets.UTF_8));
            Thread.ofVirtual().start(this::read);
        }

        private void read() {
            try (BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
                socket.setSoTimeout(0);
                String line;
                while ((line = in.readLine()) != null && !line.isEmpty()) {
                    head.add(line);
                }
                String name = "";
                String id = "";
                String data = "";
                while ((line = in.readLine()) != null) {
                    if (line.startsWith("event:")) {
                        name = line.substring(6).strip();
                    } else if (line.startsWith("id:")) {
                        id = line.substring(3).strip();
                    } else if (line.startsWith("data:")) {
                        data = line.substring(5).strip();
                    } else if (line.isEmpty() && !data.isEmpty()) {
                        events.add(new Heard(name, id, TestApi.JSON.readTree(data)));
                        data = "";
                    }
                }
            } catch (IOException _) {
                // It was closed.
            }
            ended = true;
        }

        Heard await(String name, String id) {
            return org.awaitility.Awaitility.await()
                    .until(
                            () -> events.stream()
                                    .filter(event -> event.name().equals(name)
                                            && event.data().toString().contains("\"" + id + "\""))
                                    .findFirst()
                                    .orElse(null),
                            found -> found != null);
        }

        List<String> names() {
            List<String> names = new ArrayList<>();
            events.forEach(event -> names.add(event.name()));
            return names;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Job job(String id, JobStatus status, long revision) {
        return Job.newBuilder()
                .setDefinition(new JobDefinition(id, new TwinPatch(null, "{}", null), "*", null, 60, null))
                .setJobNumber(1)
                .setStatus(status)
                .setCreatedAt(TestApi.NOW)
                .setRevision(revision)
                .build();
    }

    private static JobStatistics statistics(String id, long succeeded) {
        return JobStatistics.newBuilder()
                .setJobId(id)
                .setUpdatedAt(TestApi.NOW)
                .setJobNumber(1)
                .setCounts(DeviceJobCounts.newBuilder()
                        .setDeviceCount(10)
                        .setSucceeded(succeeded)
                        .build())
                .build();
    }

    private static StreamJob streamJob(String id, StreamJobStatus status) {
        return StreamJob.newBuilder()
                .setStreamJobId(id)
                .setDefinition(StreamJobDefinition.newBuilder().build())
                .setRevision(1)
                .setCreatedAt(TestApi.NOW)
                .setStatus(status)
                .build();
    }

    @Test
    void showsAllThatIsKnownAndThenEachChange() throws Exception {
        api.jobs.read(job("old", JobStatus.COMPLETED, 3));
        try (Reader reader = new Reader("/live/events")) {
            assertThat(reader.await("job", "old").data().get("status").asText()).isEqualTo("completed");
            assertThat(reader.head).anyMatch(line -> line.toLowerCase().startsWith("content-type: text/event-stream"));
            api.jobs.read(job("new", JobStatus.RUNNING, 1));
            assertThat(reader.await("job", "new").data().get("type").asText()).isEqualTo("twin");
            api.jobs.put(statistics("new", 4));
            assertThat(reader.await("statistics", "new")
                            .data()
                            .at("/deviceJobStatistics/succeededCount")
                            .asInt())
                    .isEqualTo(4);
            api.streamJobs.read(streamJob("s/r/n", StreamJobStatus.RUNNING));
            assertThat(reader.await("streamJob", "s/r/n").data().get("status").asText())
                    .isEqualTo("running");
            api.jobs.forgetJob("new");
            reader.await("jobRemoved", "new");
            api.streamJobs.forget("s/r/n");
            reader.await("streamJobRemoved", "s/r/n");
        }
    }

    @Test
    void goesOnBehindTheLastEventAReaderHeard() throws Exception {
        String position;
        try (Reader reader = new Reader("/live/events?kinds=job")) {
            api.jobs.read(job("a", JobStatus.RUNNING, 1));
            position = reader.await("job", "a").id();
        }
        api.jobs.read(job("b", JobStatus.RUNNING, 1));
        for (Reader again : List.of(
                new Reader("/live/events?kinds=job&after=" + position),
                new Reader("/live/events?kinds=job&after=elsewhere-7", "Last-Event-ID: " + position))) {
            try (again) {
                again.await("job", "b");
                assertThat(again.names()).containsExactly("job", "heartbeat");
            }
        }
    }

    @Test
    void returnsThePositionBehindTheListOfJobs() throws Exception {
        api.jobs.read(job("a", JobStatus.RUNNING, 1));
        String answer =
                api.exchange("GET /live/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: "
                        + api.token("service") + "\r\n\r\n");
        String position = answer.lines()
                .filter(line -> line.toLowerCase().startsWith("last-event-id:"))
                .findFirst()
                .orElseThrow()
                .substring(14)
                .strip();
        api.jobs.read(job("b", JobStatus.RUNNING, 1));
        try (Reader reader = new Reader("/live/events?after=" + position)) {
            reader.await("job", "b");
            assertThat(reader.names()).doesNotContain("reset");
            assertThat(reader.events).noneMatch(event -> event.data().toString().contains("\"a\""));
        }
    }

    @Test
    void beginsAnewForAReaderOfAnotherInstance() throws Exception {
        api.jobs.read(job("a", JobStatus.RUNNING, 1));
        try (Reader reader = new Reader("/live/events", "Last-Event-ID: 0123-5")) {
            reader.await("job", "a");
            assertThat(reader.names().getFirst()).isEqualTo("reset");
        }
    }

    @Test
    void boundsAReaderThatTakesNothingAndServesOthers() throws Exception {
        String payload = "x".repeat(20_000);
        try (Socket idle = api.connect()) {
            idle.setReceiveBufferSize(4096);
            idle.getOutputStream()
                    .write(("GET /live/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + api.token("iothubowner")
                                    + "\r\n\r\n")
                            .getBytes(StandardCharsets.UTF_8));
            try (Reader reader = new Reader("/live/events?kinds=job")) {
                for (int i = 0; i < 3000; i++) {
                    Job failed = Job.newBuilder(job("j" + i % 300, JobStatus.FAILED, i))
                            .setFailureReason(payload)
                            .build();
                    api.jobs.read(failed);
                }
                api.jobs.read(job("last", JobStatus.RUNNING, 1));
                reader.await("job", "last");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/live/events?kinds=jobs, 400, 'job, statistics, streamJob'",
        "/live/events?kinds=, 400, 'job, statistics, streamJob'",
        "'/live/events?kinds=job,', 400, 'job, statistics, streamJob'"
    })
    void refusesKindsThatAreUnknownAndNamesThoseThatAre(String path, int status, String text) throws IOException {
        String answer = api.exchange("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Authorization: " + api.token("service") + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains(text);
    }

    @ParameterizedTest
    @CsvSource({"registryRead, 401", "device, 401", "'', 401"})
    void showsNothingToWhoMayNotReadJobs(String policy, int status) throws IOException {
        String header = policy.isEmpty() ? "" : "Authorization: " + api.token(policy) + "\r\n";
        assertThat(api.exchange(
                        "GET /live/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + header + "\r\n"))
                .startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void limitsReadersOfOneCallerUntilOneEnds() throws Exception {
        List<Reader> readers = new ArrayList<>();
        try {
            for (int i = 0; i < 64; i++) {
                readers.add(new Reader("/live/events?kinds=job"));
            }
            await().until(() ->
                    readers.stream().allMatch(reader -> reader.names().contains("heartbeat")));
            String request = "GET /live/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: "
                    + api.token("iothubowner") + "\r\n\r\n";
            String refused = api.exchange(request);
            assertThat(refused).startsWith("HTTP/1.1 429 ").containsIgnoringCase("\r\nRetry-After: 1\r\n");
            readers.removeFirst().close();
            await().untilAsserted(() -> {
                try (Reader next = new Reader("/live/events?kinds=job")) {
                    await().until(() -> !next.head.isEmpty());
                    assertThat(next.head.peek()).startsWith("HTTP/1.1 200 ");
                }
            });
        } finally {
            for (Reader reader : readers) {
                reader.close();
            }
        }
    }

    /** Logs nothing where a tab is closed, whatever is on its way to it. */
    @Test
    void logsNoReaderThatLeavesInTheMidstOfEvents() throws Exception {
        assertThat(logged(() -> {
                    for (int round = 0; round < 10; round++) {
                        List<Reader> readers = new ArrayList<>();
                        for (int i = 0; i < 30; i++) {
                            readers.add(new Reader("/live/events?kinds=job"));
                        }
                        await().until(() -> readers.stream()
                                .allMatch(reader -> reader.names().contains("heartbeat")));
                        String id = "j" + round;
                        for (int revision = 0; revision < 100; revision++) {
                            api.jobs.read(job(id + "-" + revision, JobStatus.RUNNING, 1));
                        }
                        readers.getFirst().await("job", id + "-99");
                        for (Reader reader : readers) {
                            reader.close();
                        }
                    }
                }))
                .isEmpty();
    }

    @Test
    void endsItsReadersWithTheServerWithoutLogging() throws Exception {
        assertThat(logged(() -> {
                    try (Reader reader = new Reader("/live/events")) {
                        await().until(() -> reader.names().contains("heartbeat"));
                        api.close();
                        await().until(() -> reader.ended);
                    }
                }))
                .isEmpty();
    }

    private interface Act {
        void run() throws Exception;
    }

    /** Returns the warnings and errors that are logged meanwhile. */
    private static List<String> logged(Act act) throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        root.addAppender(log);
        try {
            act.run();
        } finally {
            root.detachAppender(log);
        }
        return log.list.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }
}
