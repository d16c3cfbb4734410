package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.muster.access.TrustedAuthorities;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.codec.Codecs;
import io.muster.records.BatchJobBegun;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchJobEvent;
import io.muster.records.CallEndpoint;
import io.muster.records.CreateBatchJob;
import io.muster.records.CreateFleetJob;
import io.muster.records.DeviceMethod;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.JobDefinition;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCommand;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleStatus;
import io.muster.records.Timing;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.topics.Topics;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Kills the planner, and the broker, at instants around those at which schedules fire, and counts where their actions arrive: calls at a server, runs in a file that their script
 * writes, methods at a device. Contract: webjobs-and-schedules, 2.7.
 */
@Tag("waits")
class SchedulesKilledTest {
    private static final String SITE = "fleet";
    private static final String DEVICE = "killed-schedules";
    private static final Duration PERIOD = Duration.ofSeconds(20);
    private static final Duration OFTEN = Duration.ofSeconds(2);
    private static final int BATCH_JOBS = 40;
    private static final Duration LIMIT = Duration.ofSeconds(120);
    /** Bounds the time from a kill to when its process works again. */
    private static final Duration AWAY = Duration.ofSeconds(25);

    private static final Queue<String> CALLS = new ConcurrentLinkedQueue<>();

    private static RunningMuster muster;
    private static Codecs codecs;
    private static HttpServer server;
    private static SimulatedFleet fleet;
    private static Path runs;

    @BeforeAll
    static void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            CALLS.add(exchange.getRequestURI().getPath() + " "
                    + exchange.getRequestHeaders().getFirst("Muster-Firing-Id"));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        muster = RunningMuster.ownInstance(1);
        codecs = new Codecs(new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.standalone.options().registry()), null, null, null)));
        muster.register(List.of(DEVICE), "{\"of\":\"schedules\"}");
        fleet = muster.connect(List.of(DEVICE), Behaviour.PERFECT);
        runs = Files.createFile(Files.createTempDirectory(Path.of("target").toAbsolutePath(), "schedules")
                .resolve("runs"));
    }

    @AfterAll
    static void stop() {
        fleet.close();
        server.stop(0);
        muster.standalone.close();
    }

    private static void save(String id, Timing timing, Object action) {
        ScheduleDefinition definition = ScheduleDefinition.newBuilder()
                .setTiming(timing)
                .setAction(action)
                .build();
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka()),
                new StringSerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                    Topics.SCHEDULE_COMMANDS.name(),
                    id,
                    codecs.of(Topics.SCHEDULE_COMMANDS).encode(new ScheduleCommand(id, new SaveSchedule(definition)))));
        }
    }

    private static Timing times(Instant start, Duration period, int count) {
        return Timing.newBuilder()
                .setStart(start)
                .setRecurrence(new ElapsedRecurrence(period.toSeconds()))
                .setEnd(start.plus(period.multipliedBy(count - 1L)))
                .build();
    }

    /** Returns the latest documents of schedules. */
    private static Map<String, Schedule> schedules() {
        Map<String, Schedule> latest = new HashMap<>();
        for (ConsumerRecord<?, byte[]> record : StreamTopics.read(
                muster.standalone.options().kafka(), Topics.SCHEDULES.name(), new ByteArrayDeserializer())) {
            Schedule schedule = codecs.of(Topics.SCHEDULES).decode(record.value());
            latest.put(schedule.getScheduleId(), schedule);
        }
        return latest;
    }

    /** Returns the ids of the jobs of Batch that were begun, each as often as it was. */
    private static List<String> batchJobs() {
        return StreamTopics.read(
                        muster.standalone.options().kafka(),
                        Topics.BATCH_JOB_EVENTS.name(),
                        new ByteArrayDeserializer())
                .stream()
                .map(record -> codecs.of(Topics.BATCH_JOB_EVENTS).decode(record.value()))
                .filter(event -> event.getEvents().stream().anyMatch(BatchJobBegun.class::isInstance))
                .map(BatchJobEvent::getJobId)
                .toList();
    }

    private static Schedule completed(String id) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofSeconds(1))
                .ignoreExceptions()
                .until(() -> schedules().get(id).getStatus() == ScheduleStatus.COMPLETED
                        && schedules().get(id).getCalls().isEmpty());
        return schedules().get(id);
    }

    /** Returns how many times have fired. The others are counted as missed: a planner that is away for longer than a period fires the last of them. */
    private static long fired(String id, int times) {
        Schedule schedule = completed(id);
        assertThat(schedule.getFired() + schedule.getMissed())
                .as("each time of " + id + " fired or is counted")
                .isEqualTo(times);
        assertThat(schedule.getFired()).isPositive();
        return schedule.getFired();
    }

    private static void upload(String name, String script) throws Exception {
        String credentials = "iothubowner:" + muster.key("iothubowner");
        try (HttpClient http = HttpClient.newBuilder()
                .sslContext(TrustedAuthorities.tls(muster.standalone.caFile()))
                .build()) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create("https://localhost:"
                                    + muster.standalone.options().restPort() + "/" + SITE
                                    + ".scm.azurewebsites.net/api/triggeredwebjobs/" + name))
                            .header(
                                    "Authorization",
                                    "Basic "
                                            + Base64.getEncoder()
                                                    .encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
                            .header("Content-Disposition", "attachment; filename=run.sh")
                            .PUT(HttpRequest.BodyPublishers.ofString(script))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
    }

    private static CallEndpoint call(String path) {
        return CallEndpoint.newBuilder()
                .setMethod("POST")
                .setUri("http://localhost:" + server.getAddress().getPort() + path)
                .setHeaders(Map.of())
                .build();
    }

    private static CreateFleetJob method() {
        return new CreateFleetJob(JobDefinition.newBuilder()
                .setJobId("killed")
                .setOperation(new DeviceMethod("reboot", "1", 30, 0))
                .setQueryCondition("tags.of = 'schedules'")
                .setMaxExecutionSeconds(60)
                .build());
    }

    private static List<String> calls(String path) {
        return CALLS.stream().filter(call -> call.startsWith(path + " ")).toList();
    }

    private static List<String> lines(String word) throws Exception {
        return Files.readAllLines(runs).stream()
                .filter(line -> line.startsWith(word + " "))
                .toList();
    }

    private static void kill(String process, Instant at) throws InterruptedException {
        Thread.sleep(
                Math.max(0, Duration.between(Instant.now(), at).toMillis())); // The instant; nothing is waited for.
        ProcessHandle before = muster.standalone.process(process);
        before.destroyForcibly();
        await().atMost(AWAY)
                .ignoreExceptions()
                .until(() -> muster.standalone.process(process).pid() != before.pid());
    }

    @Test
    void fireEachTimeOnceWhileThePlannerIsKilledAroundItAndMakeUpForNoneOfMany() throws Exception {
        upload("killed", "echo \"killed $WEBJOBS_RUN_ID\" >>'" + runs + "'");
        int times = 4;
        Instant start = Instant.now().plusSeconds(20).truncatedTo(ChronoUnit.SECONDS);
        save("calls", times(start, PERIOD, times), call("/calls"));
        save("runs", times(start, PERIOD, times), new RunSiteJob(SITE, "killed", ""));
        save("jobs", times(start, PERIOD, times), method());
        int often = Math.toIntExact(PERIOD.multipliedBy(times).dividedBy(OFTEN));
        save("often", times(start, OFTEN, often), call("/often"));
        Duration all = PERIOD.multipliedBy(times);
        for (int i = 0; i < BATCH_JOBS; i++) {
            save(
                    "batch/killed-" + i,
                    times(start.plus(all.multipliedBy(i).dividedBy(BATCH_JOBS)), PERIOD, 1),
                    CreateBatchJob.newBuilder()
                            .setJobScheduleId("killed-" + i)
                            .setDefinition(BatchJobDefinition.newBuilder()
                                    .setPoolId("nowhere")
                                    .build())
                            .build());
        }
        Random seed = new Random(18);
        for (int time = 0; time < times; time++) {
            kill("planner", start.plus(PERIOD.multipliedBy(time)).plusMillis(seed.nextInt(1500) - 500));
        }
        long calls = fired("calls", times);
        long begun = fired("runs", times);
        long methods = fired("jobs", times);
        long frequent = fired("often", often);
        await().atMost(LIMIT)
                .until(() ->
                        fleet.counters().methods() >= methods && lines("killed").size() >= begun);
        assertThat(calls("/calls")).hasSize(Math.toIntExact(calls)).doesNotHaveDuplicates();
        assertThat(lines("killed")).hasSize(Math.toIntExact(begun)).doesNotHaveDuplicates();
        assertThat(fleet.counters().methods()).isEqualTo(methods);
        assertThat(batchJobs())
                .as("each schedule makes its job once")
                .containsExactlyInAnyOrderElementsOf(IntStream.range(0, BATCH_JOBS)
                        .mapToObj(i -> "killed-" + i + ":job-1")
                        .toList());

        assertThat(calls("/often")).hasSize(Math.toIntExact(frequent)).doesNotHaveDuplicates();
        assertThat(completed("often").getMissed())
                .as("a planner that is away fires the last of them")
                .isGreaterThanOrEqualTo(times);
    }

    @Test
    void fireOnceAndLoseNoRunWhereTheBrokerIsKilled() throws Exception {
        Assumptions.assumeTrue(muster.ownsBroker());
        upload(
                "broken",
                "echo \"begins $WEBJOBS_RUN_ID\" >>'" + runs + "'; sleep 8; echo \"ends $WEBJOBS_RUN_ID\" >>'" + runs
                        + "'");
        int times = 2;
        Instant start = Instant.now().plusSeconds(20).truncatedTo(ChronoUnit.SECONDS);
        save("broken-calls", times(start, PERIOD.multipliedBy(2), times), call("/broken"));
        save("broken-runs", times(start, PERIOD.multipliedBy(2), times), new RunSiteJob(SITE, "broken", ""));
        await().atMost(LIMIT).until(() -> lines("begins").size() == 1);
        kill("broker", Instant.now().plusSeconds(2));
        kill("broker", start.plus(PERIOD.multipliedBy(2)));
        long calls = fired("broken-calls", times);
        long begun = fired("broken-runs", times);
        await().atMost(LIMIT).until(() -> lines("ends").size() >= begun);
        assertThat(lines("begins")).hasSize(Math.toIntExact(begun)).doesNotHaveDuplicates();
        assertThat(lines("ends")).hasSize(Math.toIntExact(begun)).doesNotHaveDuplicates();
        assertThat(new HashSet<>(calls("/broken"))).hasSize(Math.toIntExact(calls));
    }
}
