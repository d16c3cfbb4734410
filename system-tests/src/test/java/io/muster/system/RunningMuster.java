package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.KeyPair;
import io.muster.access.SharedAccessPolicies;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.standalone.Options;
import io.muster.standalone.Ports;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.apache.kafka.common.utils.AppInfoParser;
import org.testcontainers.kafka.KafkaContainer;

/** Runs Muster as {@code ./muster up} starts it, on free ports and an empty folder. Started once, ended with the tests' process. */
final class RunningMuster {
    private static RunningMuster instance;

    final Standalone standalone;
    final RestClient rest;
    final SharedAccessPolicies policies;

    /** @param nodes how many compute nodes there are in the pool {@code default} @param spareNodes how many more in no pool */
    private RunningMuster(int nodes, int spareNodes) throws Exception {
        Path home = Path.of("../standalone/target/muster").toAbsolutePath().normalize();
        Path data = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "data");
        Options options = new Options(
                home,
                data.toAbsolutePath(),
                Ports.free(),
                Ports.free(),
                Ports.free(),
                Ports.free(),
                kafkaOfContainer(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                "localhost",
                0,
                nodes,
                spareNodes,
                false);
        standalone = Standalone.start(options, System.out::println);
        policies = standalone.policies();
        rest = new RestClient(options.rest(), standalone.caFile(), policies);
        Runtime.getRuntime().addShutdownHook(new Thread(standalone::close));
        standalone.startNodes(System.out::println);
    }

    /** Starts Kafka as a container of its own for each Muster with {@code -Dkafka=testcontainers}, which takes an engine; else our own broker is used. */
    @SuppressWarnings("resource") // Ended with the tests' process.
    private static Optional<String> kafkaOfContainer() {
        return switch (System.getProperty("kafka", "own")) {
            case "own" -> Optional.empty();
            case "testcontainers" -> {
                KafkaContainer kafka = new KafkaContainer("apache/kafka:" + AppInfoParser.getVersion());
                kafka.start();
                yield Optional.of(kafka.getBootstrapServers());
            }
            case String other -> throw new IllegalArgumentException("kafka is own or testcontainers, kafka=" + other);
        };
    }

    /** Returns whether its broker is a process of ours, that a test may kill. */
    boolean ownsBroker() {
        return standalone.options().otherKafka().isEmpty();
    }

    static synchronized RunningMuster get() throws Exception {
        if (instance == null) {
            instance = new RunningMuster(0, 0);
        }
        return instance;
    }

    /** Starts one that a test may break; the test closes it. */
    static RunningMuster ownInstance() throws Exception {
        return ownInstance(0);
    }

    /** Starts one with compute nodes, that a test may break; the test closes it. */
    static RunningMuster ownInstance(int nodes) throws Exception {
        return ownInstance(nodes, 0);
    }

    /** Starts one as {@link #ownInstance(int)} does, with more nodes in no pool. */
    static RunningMuster ownInstance(int nodes, int spareNodes) throws Exception {
        return new RunningMuster(nodes, spareNodes);
    }

    /** Returns the body of an answer with status 200. */
    static JsonNode ok(RestClient.Answer answer) {
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
        return answer.body();
    }

    /** Schedules a job that calls the method on every device that matches. */
    static void schedule(RestClient rest, String id, String condition, int responseSeconds) {
        ok(rest.send(
                        "PUT",
                        "/jobs/v2/" + id,
                        "{\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"" + condition + "\","
                                + "\"cloudToDeviceMethod\":{\"methodName\":\"reboot\",\"payload\":1,\"responseTimeoutInSeconds\":"
                                + responseSeconds + "},\"maxExecutionTimeInSeconds\":120}")
                .join());
    }

    /** Waits for the job's end. @return its statistics */
    static JsonNode completed(RestClient rest, String id) {
        Callable<JsonNode> job =
                () -> ok(rest.send("GET", "/jobs/v2/" + id, null).join());
        return await().atMost(Duration.ofSeconds(150))
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .until(job, document -> document.path("status").asText().equals("completed"))
                .path("deviceJobStatistics");
    }

    /** Kills the processor at an instant that the seed chooses, and returns when there is another. @param within so many milliseconds */
    void killProcessor(Random seed, int within) throws InterruptedException {
        ProcessHandle processor = standalone.process("processor");
        Thread.sleep(seed.nextInt(within)); // The instant; nothing is waited for.
        processor.destroyForcibly();
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> standalone.process("processor").pid() != processor.pid());
    }

    /** Ends a service, and returns when it is ready again. */
    void restart(String name) {
        ProcessHandle before = standalone.process(name);
        before.destroy();
        await().atMost(Duration.ofSeconds(90))
                .ignoreExceptions()
                .until(() -> standalone.process(name).pid() != before.pid()
                        && Operations.isReady(
                                URI.create(standalone.operations(name)).getPort()));
    }

    /** Returns the primary key of a policy. */
    String key(String policy) {
        KeyPair keys = policies.named(policy).orElseThrow().keys();
        return Objects.requireNonNull(keys.primary());
    }

    /** Registers devices with tags, many at once. */
    void register(List<String> deviceIds, String tags) throws InterruptedException {
        register(rest, deviceIds, tags);
    }

    /** Registers devices with the Muster that answers there. */
    static void register(RestClient rest, List<String> deviceIds, String tags) throws InterruptedException {
        Semaphore atOnce = new Semaphore(64);
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (String id : deviceIds) {
            atOnce.acquire();
            all.add(rest.send("PUT", "/devices/" + id, "{}")
                    .thenCompose(_ -> rest.send("PATCH", "/twins/" + id, "{\"tags\":" + tags + "}"))
                    .thenAccept(answer -> {
                        if (answer.status() != 200) {
                            throw new AssertionError(answer);
                        }
                    })
                    .whenComplete((_, _) -> atOnce.release()));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
    }

    SimulatedFleet connect(List<String> deviceIds, Behaviour behaviour) throws IOException {
        return connect(deviceIds, behaviour, standalone.options().mqttPort());
    }

    SimulatedFleet connect(List<String> deviceIds, Behaviour behaviour, int mqttPort) throws IOException {
        Target target =
                Target.byPolicy("localhost", mqttPort, "localhost", standalone.caFile(), "device", key("device"));
        return SimulatedFleet.start(target, behaviour, deviceIds, 400, InstantSource.system());
    }
}
