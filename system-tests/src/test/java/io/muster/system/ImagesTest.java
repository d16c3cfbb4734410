package io.muster.system;

import static io.muster.system.RunningMuster.completed;
import static io.muster.system.RunningMuster.ok;
import static io.muster.system.RunningMuster.schedule;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.TrustedAuthorities;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.images.Images;
import io.muster.standalone.Ports;
import io.muster.standalone.RestClient;
import io.muster.topics.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs the images in containers, with the rights that the chart gives them. They are a Muster of their own: at the broker and the registry of the
 * tests, under a prefix, so that all of its work is theirs. The methods build on each other.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ImagesTest {
    private static final String VERSION = "0.1.0-SNAPSHOT";
    private static final String PREFIX = "images.";
    private static final String IN = "boxed-in";
    private static final String OUT = "boxed-out";
    private static final int USER = 10001;
    private static final Duration START = Duration.ofMinutes(5);
    private static final List<String> SERVICES =
            List.of("job-planner-service", "stream-processor-service", "device-gateway-service", "job-api-service");
    private static final String NODE = "compute-node";
    private static final String NODE_DEVICE = "boxed-node";
    private static final String SITE = "boxed-site";
    private static final List<String> DEVICES = SimulatedFleet.deviceIds("boxed-", 40);

    @TempDir
    private static Path work;

    private static final Map<String, Process> running = new LinkedHashMap<>();
    private static final Map<String, Integer> operations = new HashMap<>();

    private static RunningMuster muster;
    private static Optional<String> trouble = Optional.empty();
    private static Podman podman;
    private static int restPort;
    private static int mqttPort;
    private static RestClient rest;
    private static SimulatedFleet fleet;

    @BeforeAll
    static void build() throws Exception {
        assertThat(Images.build(Path.of("..").toRealPath(), work, VERSION)).hasSize(SERVICES.size() + 1);
        trouble = Podman.absence();
        if (trouble.isPresent()) {
            return;
        }
        podman = Podman.in(work.resolve("podman"));
        podman.load(work.resolve(SERVICES.getFirst() + ".tar"));
        trouble = podman.trouble(image(SERVICES.getFirst()));
        if (trouble.isEmpty()) {
            for (String service : SERVICES.subList(1, SERVICES.size())) {
                podman.load(work.resolve(service + ".tar"));
            }
            podman.load(work.resolve(NODE + ".tar"));
            muster = RunningMuster.get();
            restPort = Ports.free();
            mqttPort = Ports.free();
            rest = new RestClient("https://localhost:" + restPort, muster.standalone.caFile(), muster.policies);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (fleet != null) {
            fleet.close();
        }
        for (Process container : running.values()) {
            container.destroy();
            container.waitFor(30, TimeUnit.SECONDS);
            container.destroyForcibly();
        }
    }

    private static String image(String service) {
        return "localhost/muster/" + service + ":" + VERSION;
    }

    private static void requireContainers() {
        assumeTrue(trouble.isEmpty(), () -> trouble.orElse(""));
    }

    @ParameterizedTest
    @Order(1)
    @ValueSource(
            strings = {"job-planner-service", "stream-processor-service", "device-gateway-service", "job-api-service"})
    void holdsAServiceAndNoSystem(String service) throws Exception {
        Path tar = work.resolve(service + ".tar");
        assertThat(Files.size(tar)).as("a small image").isLessThan(80L << 20);
        Unpacked image = unpacked(service);
        assertThat(image.files().contains("licenses/LICENSE"))
                .as("the project's licence goes with it")
                .isEqualTo(Files.exists(Path.of("../LICENSE")));
        assertThat(image.files())
                .contains("opt/java/bin/java", "etc/passwd")
                .noneMatch(file -> file.matches(".*/(sh|bash|busybox)"));
        assertThat(image.config().get("User").asText()).isEqualTo("10001:10001");
        assertThat(image.config().get("Labels").properties())
                .extracting(Map.Entry::getKey)
                .contains(
                        "org.opencontainers.image.title",
                        "org.opencontainers.image.version",
                        "org.opencontainers.image.description",
                        "org.opencontainers.image.vendor",
                        "org.opencontainers.image.licenses");
    }

    /** Holds the paths of an image's files, and its configuration. */
    private record Unpacked(List<String> files, JsonNode config) {}

    private static Unpacked unpacked(String image) throws Exception {
        Path folder = Files.createDirectories(work.resolve("unpacked").resolve(image));
        run("tar", "xf", work.resolve(image + ".tar").toString(), "-C", folder.toString());
        ObjectMapper json = new ObjectMapper();
        JsonNode manifest =
                json.readTree(folder.resolve("manifest.json").toFile()).get(0);
        List<String> files = new ArrayList<>();
        for (JsonNode layer : manifest.get("Layers")) {
            files.addAll(run("tar", "-tzf", folder.resolve(layer.asText()).toString())
                    .lines()
                    .toList());
        }
        JsonNode config = json.readTree(
                        folder.resolve(manifest.get("Config").asText()).toFile())
                .get("config");
        return new Unpacked(files, config);
    }

    @Test
    @Order(1)
    void holdsANodeWithAShellAndItsLicences() throws Exception {
        assertThat(Files.size(work.resolve(NODE + ".tar"))).as("a small image").isLessThan(80L << 20);
        Unpacked image = unpacked(NODE);
        assertThat(image.files())
                .contains(
                        "bin/sh",
                        "bin/bash",
                        "usr/bin/env",
                        "usr/bin/setsid",
                        "usr/bin/timeout",
                        "opt/java/bin/java",
                        "licenses/bash");
        assertThat(image.config().get("User").asText()).isEqualTo("10001:10001");
    }

    /** Prepares topics as the chart's hook does. */
    @Test
    @Order(2)
    void preparesTopics() throws Exception {
        requireContainers();
        Path log = work.resolve("topics.log");
        Map<String, String> settings = new HashMap<>(connection());
        settings.put("MUSTER_TOPICS_REPLICATION", "1");
        settings.put("MUSTER_TOPICS_PARTITIONS_DEVICES", "4");
        settings.put("MUSTER_TOPICS_PARTITIONS_JOBS", "2");
        List<String> options = new ArrayList<>(Podman.environment(settings));
        options.addAll(List.of(
                "--entrypoint=/opt/java/bin/java",
                image("job-planner-service"),
                "-cp",
                "/app/lib/*",
                "io.muster.service.Provisioning"));
        Process topics = podman.start(log, options);
        assertThat(topics.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(topics.exitValue()).as(() -> read(log)).isZero();
        assertThat(read(log))
                .contains(Topics.ALL.size() + " topics, " + Topics.ALL.size() + " of them new (")
                .contains(Topics.ALL.stream()
                        .map(topic -> "images." + topic.name())
                        .toList());
    }

    @Test
    @Order(3)
    void runsAJobOverDevices() throws Exception {
        requireContainers();
        startStateful("job-planner-service", "planner");
        startStateful("stream-processor-service", "processor");
        start(
                "device-gateway-service",
                Map.of("MUSTER_GATEWAY_ORDINAL", "0", "MUSTER_MQTTS_PORT", "" + mqttPort),
                edge("MQTT"));
        start("job-api-service", Map.of("MUSTER_API_INSTANCE", "0", "MUSTER_REST_PORT", "" + restPort), edge("REST"));
        awaitReady();

        RunningMuster.register(rest, DEVICES, "{\"boxed\":true}");
        fleet = muster.connect(DEVICES, Behaviour.PERFECT, mqttPort);
        await().atMost(START).until(() -> fleet.counters().connected() == DEVICES.size());
        schedule(rest, "boxed", "tags.boxed = true", 30);
        assertThat(completed(rest, "boxed").path("succeededCount").asInt()).isEqualTo(DEVICES.size());
    }

    @Test
    @Order(4)
    void runsAStreamJob() throws Exception {
        requireContainers();
        String kafka = muster.standalone.options().kafka();
        StreamTopics.create(kafka, IN, OUT);
        String query = StreamTopics.BY_PARTITION.replace("COUNT(*) AS n", "UDF.same(COUNT(*)) AS n");
        assertThat(query).contains("UDF.same");
        String job = StreamStartsTest.document(IN, OUT, 1, query);
        assertThat(rest.sendStreamJob("PUT", "boxed", job).join().status()).isEqualTo(201);
        // Its function runs in a process of its own, which the image has to be able to start.
        String function = """
                {"properties":{"type":"Scalar","properties":{"inputs":[{"dataType":"any"}],"output":{"dataType":"any"},
                 "binding":{"type":"Microsoft.StreamAnalytics/JavascriptUdf",
                            "properties":{"script":"function main(n) { return n; }"}}}}}""";
        assertThat(rest.sendStreamJob("PUT", "boxed/functions/same", function)
                        .join()
                        .status())
                .isEqualTo(201);
        assertThat(rest.sendStreamJob("POST", "boxed/start", "{}").join().status())
                .isEqualTo(202);
        AutoCloseable events = StreamTopics.feed(kafka, IN, 3);
        await().atMost(START).until(() -> StreamTopics.read(kafka, OUT).size() > 3);
        events.close();
        assertThat(rest.sendStreamJob("DELETE", "boxed", null).join().status()).isEqualTo(202);
    }

    /** Registers a node and runs it as the chart's pods do: without rights, as a user that is not root, with a root that can't be written. */
    @Test
    @Order(5)
    void runsAScriptOnANode() throws Exception {
        requireContainers();
        Path state = Files.createDirectories(work.resolve(NODE));
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxrwxrwx"));
        List<String> shared = new ArrayList<>(edge("REST"));
        Path ca = work.resolve("given").resolve("ca.pem");
        Files.write(ca, Files.readAllBytes(muster.standalone.caFile()));
        shared.addAll(Podman.environment(Map.of(
                "MUSTER_CONNECTION_STRING_FILE", "/var/lib/muster/connection-string",
                "MUSTER_CA", "/etc/muster/ca.pem",
                "MUSTER_REST_URL", "https://localhost:" + restPort)));
        shared.add("--volume=" + state + ":/var/lib/muster");
        List<String> registration = new ArrayList<>(shared);
        registration.addAll(Podman.environment(
                Map.of("MUSTER_DEVICE_ID", NODE_DEVICE, "MUSTER_POOL", SITE, "MUSTER_HUB_HOST", "localhost")));
        registration.addAll(List.of(
                "--entrypoint=/opt/java/bin/java", image(NODE), "-cp", "/app/lib/*", "io.muster.node.Registration"));
        Path registered = work.resolve("registration.log");
        Process registers = podman.start(registered, registration);
        assertThat(registers.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(registers.exitValue()).as(() -> read(registered)).isZero();

        List<String> options = new ArrayList<>(shared);
        options.addAll(Podman.environment(
                Map.of("MUSTER_PORT", "" + mqttPort, "MUSTER_DATA_DIR", "/var/lib/muster/node", "MUSTER_SLOTS", "2")));
        options.add(image(NODE));
        running.put(NODE, podman.start(log(NODE), options));
        await().atMost(START)
                .untilAsserted(() -> assertThat(ok(rest.send("GET", "/twins/" + NODE_DEVICE, null)
                                        .join())
                                .at("/properties/reported/compute/capabilities")
                                .toString())
                        .as(() -> read(log(NODE)))
                        .isEqualTo("[\"bash\",\"java\",\"sh\"]"));
        assertThat(kudu(
                                "PUT",
                                "/api/triggeredwebjobs/hello",
                                "#!/bin/bash\necho user $(id -u) $(echo in | tr a-z A-Z)\n")
                        .statusCode())
                .isEqualTo(200);
        String run = kudu("POST", "/api/triggeredwebjobs/hello/run", "")
                .headers()
                .firstValue("Location")
                .orElseThrow();
        String id = run.substring(run.lastIndexOf('/') + 1);
        await().atMost(START)
                .untilAsserted(() -> assertThat(kudu("GET", "/api/triggeredwebjobs/hello/history/" + id, "")
                                .body())
                        .as(() -> read(log(NODE)))
                        .contains("\"status\":\"Success\""));
        assertThat(kudu("GET", "/vfs/data/jobs/triggered/hello/" + id + "/output_log.txt", "")
                        .body())
                .contains("user 10001 IN");
        running.get(NODE).destroy();
        assertThat(running.get(NODE).waitFor(1, TimeUnit.MINUTES))
                .as("ends in order")
                .isTrue();
    }

    private static HttpResponse<String> kudu(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("https://localhost:" + restPort + "/" + SITE + ".scm.azurewebsites.net" + path))
                .header(
                        "Authorization",
                        "Basic "
                                + Base64.getEncoder()
                                        .encodeToString(("iothubowner:" + muster.key("iothubowner"))
                                                .getBytes(StandardCharsets.UTF_8)))
                .header("Content-Disposition", "attachment; filename=run.sh")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        try (HttpClient http = HttpClient.newBuilder()
                .sslContext(TrustedAuthorities.tls(muster.standalone.caFile()))
                .build()) {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    @Order(6)
    void restoresState() throws Exception {
        requireContainers();
        for (String service : List.of("job-planner-service", "stream-processor-service")) {
            end(service);
        }
        startStateful("job-planner-service", "planner-again");
        startStateful("stream-processor-service", "processor-again");
        awaitReady();
        schedule(rest, "restored", "tags.boxed = true", 30);
        assertThat(completed(rest, "restored").path("succeededCount").asInt()).isEqualTo(DEVICES.size());
        assertThat(ok(rest.send("GET", "/jobs/v2/boxed", null).join())
                        .path("status")
                        .asText())
                .isEqualTo("completed");
    }

    @Test
    @Order(7)
    void endsInOrder() throws Exception {
        requireContainers();
        fleet.close();
        for (String service : SERVICES.reversed()) {
            end(service);
        }
    }

    private static Map<String, String> connection() {
        return Map.of(
                "MUSTER_KAFKA_BOOTSTRAP_SERVERS", muster.standalone.options().kafka(),
                "MUSTER_REGISTRY_URL", muster.standalone.options().registry(),
                "MUSTER_TOPICS_PREFIX", PREFIX);
    }

    private static void startStateful(String service, String folder) throws Exception {
        Path state = Files.createDirectories(work.resolve(folder));
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxrwxrwx"));
        start(
                service,
                Map.of("MUSTER_STATE_DIR", "/var/lib/muster/state", "MUSTER_STREAM_TOPICS", IN + "," + OUT),
                List.of("--volume=" + state + ":/var/lib/muster"));
    }

    /** Makes settings and files of those that devices and programs call. @param surface whose certificate it is */
    private static List<String> edge(String surface) throws IOException {
        Path data = muster.standalone.options().data();
        Path given = Files.createDirectories(work.resolve("given"));
        for (String file : List.of("policies.properties", "ca/server.pem", "ca/server-key.pem")) {
            Path copy = given.resolve(Path.of(file).getFileName());
            Files.write(copy, Files.readAllBytes(data.resolve(file)));
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
            Files.setAttribute(copy, "unix:uid", USER);
        }
        List<String> options = new ArrayList<>(Podman.environment(Map.of(
                "MUSTER_HUB_HOSTS",
                "localhost",
                "MUSTER_POLICIES_FILE",
                "/etc/muster/policies.properties",
                "MUSTER_" + surface + "_TLS_CERTIFICATE",
                "/etc/muster/server.pem",
                "MUSTER_" + surface + "_TLS_KEY",
                "/etc/muster/server-key.pem")));
        options.add("--volume=" + given + ":/etc/muster:ro");
        return options;
    }

    private static void start(String service, Map<String, String> settings, List<String> more) throws Exception {
        int port = Ports.free();
        operations.put(service, port);
        List<String> options = new ArrayList<>(Podman.environment(connection()));
        options.addAll(Podman.environment(settings));
        options.addAll(Podman.environment(Map.of("MUSTER_OPERATIONS_PORT", "" + port)));
        options.addAll(more);
        options.add(image(service));
        running.put(service, podman.start(log(service), options));
    }

    private static void awaitReady() {
        for (String service : SERVICES) {
            await().atMost(START).untilAsserted(() -> {
                assertThat(running.get(service).isAlive())
                        .as(() -> read(log(service)))
                        .isTrue();
                assertThat(Operations.isReady(operations.get(service)))
                        .as(() -> read(log(service)))
                        .isTrue();
            });
        }
    }

    private static void end(String service) throws Exception {
        Process container = running.get(service);
        container.destroy();
        assertThat(container.waitFor(2, TimeUnit.MINUTES)).as("ends in order").isTrue();
        assertThat(read(log(service))).contains(service + " ended").doesNotContain("Operation not permitted");
    }

    private static Path log(String service) {
        return work.resolve(service + ".log");
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
