package io.muster.system;

import static io.muster.system.RunningMuster.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.SharedAccessPolicies;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.service.KafkaConnection;
import io.muster.service.growth.Repartitioning;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.RestClient;
import io.muster.topics.PartitionCounts;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Gives topics more partitions while jobs wait for devices, for their start and for their turn; the move is killed on its way. */
class GrowthTest {
    private static final List<String> DEVICES =
            IntStream.range(0, 40).mapToObj(i -> "grown-" + i).toList();
    private static final List<String> TABLES = List.of(
            "jobs",
            "stream-jobs",
            "devices",
            "muster-job-planner-fleet-jobs-changelog",
            "muster-job-planner-methods-changelog");

    private final Random seed = new Random(5);
    private final Queue<String> calls = new ConcurrentLinkedQueue<>();
    private MusterProgram muster;
    private RestClient rest;

    private JsonNode send(String method, String path, String body) {
        return ok(rest.send(method, path, body).join());
    }

    private void open() throws Exception {
        muster.awaitReady();
        Path ca = muster.data().resolve("ca/ca.pem");
        rest = new RestClient(muster.restAddress(), ca, policies());
    }

    private SharedAccessPolicies policies() throws Exception {
        return SharedAccessPolicies.load(muster.data().resolve("policies.properties"));
    }

    private SimulatedFleet connect() throws Exception {
        String key = Objects.requireNonNull(
                policies().named("device").orElseThrow().keys().primary());
        Target target = Target.byPolicy(
                "localhost", muster.mqttPort(), "localhost", muster.data().resolve("ca/ca.pem"), "device", key);
        return SimulatedFleet.start(
                target,
                Behaviour.PERFECT,
                DEVICES,
                400,
                InstantSource.system(),
                (device, method, _) -> calls.add(device + " " + method));
    }

    private void job(String id, String more) {
        send(
                "PUT",
                "/jobs/v2/" + id,
                "{\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"tags.of = 'growth'\",\"cloudToDeviceMethod\":"
                        + "{\"methodName\":\"" + id
                        + "\",\"connectTimeoutInSeconds\":300},\"maxExecutionTimeInSeconds\":3600"
                        + more + "}");
    }

    private void queued(String id, int devices) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            JsonNode job = send("GET", "/jobs/v2/" + id, null);
            assertThat(job.path("deviceJobStatistics").path("pendingCount").asInt())
                    .as(job.toString())
                    .isEqualTo(devices);
        });
    }

    private void succeeded(String id) {
        JsonNode statistics = RunningMuster.completed(rest, id);
        assertThat(statistics.path("deviceCount").asInt()).as(id).isEqualTo(DEVICES.size());
        assertThat(statistics.path("succeededCount").asInt()).as(id).isEqualTo(DEVICES.size());
    }

    private Repartitioning to(int jobs, int devices) throws Exception {
        return new Repartitioning(
                new KafkaConnection(muster.kafka(), Map.of()),
                new RegistrySettings(URI.create(muster.registry()), null, null, null),
                new PartitionCounts(jobs, devices, 8, 8));
    }

    private void refused(int jobs, int devices, String sentence) throws Exception {
        try (Repartitioning repartitioning = to(jobs, devices)) {
            assertThatThrownBy(() -> repartitioning.run(System.out::println))
                    .isInstanceOf(Repartitioning.RefusedException.class)
                    .hasMessageContaining(sentence);
        }
    }

    private void growAndKill(List<String> arguments) throws Exception {
        String line = "Table " + TABLES.get(seed.nextInt(TABLES.size())) + ":";
        muster.again(arguments);
        await().atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> muster.said().contains(line) || !muster.process().isAlive());
        muster.process().destroyForcibly().waitFor();
        assertThat(muster.said()).contains(line).doesNotContain("Topic device-commands");
    }

    @Test
    void losesNothingAndDoesNothingTwice() throws Exception {
        muster = MusterProgram.start("growth", Map.of());
        try {
            open();
            for (String device : DEVICES) {
                send("PUT", "/devices/" + device, "{}");
                send("PATCH", "/twins/" + device, "{\"tags\":{\"of\":\"growth\"}}");
            }
            send("PUT", "/devices/grown-7/modules/m", "{\"deviceId\":\"grown-7\",\"moduleId\":\"m\"}");
            try (SimulatedFleet _ = connect()) {
                job("before", "");
                succeeded("before");
            }
            Instant soon = Instant.now().plusSeconds(30).truncatedTo(ChronoUnit.SECONDS);
            job("waits", "");
            job("batches", ",\"batches\":{\"size\":7}");
            job("paused", ",\"rollout\":{\"devicesPerMinute\":600}");
            send("POST", "/jobs/v2/paused/pause", "");
            job("later", ",\"startTime\":\"" + soon + "\"");
            for (String id : List.of("waits", "batches", "paused")) {
                queued(id, DEVICES.size());
            }
            refused(2, 6, "take a multiple of 4");
            refused(2, 2, "there can be more, and never fewer");
            refused(2, 8, "A service runs as muster-");
            muster.end();

            List<String> grown = List.of("--job-partitions=4", "--device-partitions=12");
            growAndKill(grown);
            muster.again(grown);
            open();

            assertThat(send("POST", "/devices/query", "{\"query\":\"SELECT * FROM devices WHERE tags.of = 'growth'\"}"))
                    .hasSize(DEVICES.size());
            assertThat(send("GET", "/devices/grown-7/modules", null)).hasSize(1);
            for (String id : List.of("waits", "batches", "paused")) {
                queued(id, DEVICES.size());
            }
            send("POST", "/jobs/v2/paused/resume", "");
            try (SimulatedFleet _ = connect()) {
                for (String id : List.of("waits", "batches", "paused", "later")) {
                    succeeded(id);
                }
                job("after", "");
                succeeded("after");
            }
            assertThat(calls).hasSize(6 * DEVICES.size()).doesNotHaveDuplicates();
            muster.end();
            muster.again(List.of());
            open();
            assertThat(muster.said()).doesNotContain("Table").doesNotContain("configured");
        } finally {
            muster.end();
        }
    }
}
