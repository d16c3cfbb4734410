package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.TrustedAuthorities;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Cuts a compute node off for longer than its lease, by its network and by a signal: a script that may not run twice at once runs elsewhere only when it is dead
 * there. Two nodes of one slot each, in network namespaces of their own. Where the machine gives none the cuts of the network are skipped, with the reason.
 */
@Tag("waits")
class CutOffNodeTest {
    private static final String SITE = "cutoff";
    private static final int NODES = 2;
    private static final Duration LIMIT = Duration.ofSeconds(240);
    /** Bounds how long a node runs programs without contact; it may have been without for a report's pause when it is cut off. Source: ADR 36. */
    private static final Duration LEASE = Duration.ofSeconds(60);

    /** Bounds by how much a watchdog is later than the lease, with what a busy machine adds. */
    private static final Duration LATE = Duration.ofSeconds(6);

    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(45);
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final List<Node> FLEET = new ArrayList<>();
    private static RunningMuster muster;
    private static HttpClient http;
    private static @Nullable String noNetworks;

    /** Is a node. @param network of its own; null where the machine gives none @param proxies from there to the hub */
    private record Node(
            String id, Process process, Path log, @Nullable NetworkNamespace network, List<PortProxy> proxies) {
        private static Node start(int number) throws IOException {
            String id = SITE + "-" + number;
            NetworkNamespace network = null;
            try {
                network = NetworkNamespace.open(number);
            } catch (IOException e) {
                noNetworks = e.getMessage();
            }
            Path home = muster.standalone.options().home();
            List<String> command = List.of(
                    ProcessHandle.current().info().command().orElse("java"),
                    "-Xmx64m",
                    "-XX:TieredStopAtLevel=1",
                    "--enable-native-access=ALL-UNNAMED",
                    "-Djdk.net.hosts.file=" + hosts(id, network == null ? "127.0.0.1" : network.address()),
                    "-cp",
                    home.resolve("lib") + "/*",
                    "io.muster.standalone.Main",
                    "node",
                    "--pool",
                    SITE,
                    "--name",
                    id,
                    "--slots",
                    "1",
                    "--data",
                    muster.standalone.options().data().toString());
            List<PortProxy> proxies = new ArrayList<>();
            if (network != null) {
                for (int port : List.of(
                        muster.standalone.options().mqttPort(),
                        muster.standalone.options().restPort())) {
                    proxies.add(PortProxy.at(network.address(), port, port));
                }
            }
            Path log = Path.of("target", id + ".log").toAbsolutePath();
            Process process = new ProcessBuilder(network == null ? command : network.inside(command))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            return new Node(id, process, log, network, proxies);
        }

        /** Lets the hub's name lead there. */
        private static Path hosts(String id, String address) throws IOException {
            Path file = Path.of("target", id + ".hosts").toAbsolutePath();
            return Files.writeString(file, address + " localhost\n");
        }

        void signal(String name) throws IOException, InterruptedException {
            assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                            .start()
                            .waitFor())
                    .isZero();
        }

        /** Lists the folders of attempts whose exit was not acknowledged. */
        List<Path> attempts() throws IOException {
            try (Stream<Path> folders = Files.list(muster.standalone
                    .options()
                    .data()
                    .resolve("nodes")
                    .resolve(id)
                    .resolve("data/attempts"))) {
                return folders.toList();
            }
        }

        void close() throws IOException, InterruptedException {
            signal("CONT");
            process.destroy();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            for (PortProxy proxy : proxies) {
                proxy.close();
            }
        }
    }

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.ownInstance();
        http = HttpClient.newBuilder()
                .sslContext(TrustedAuthorities.tls(muster.standalone.caFile()))
                .build();
        for (int number = 1; number <= NODES; number++) {
            FLEET.add(Node.start(number));
        }
        for (Node node : FLEET) {
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(100))
                    .ignoreExceptions() // The node registers itself.
                    .until(() -> RunningMuster.ok(muster.rest
                                            .send("GET", "/twins/" + node.id(), null)
                                            .join())
                                    .at("/properties/reported/compute/slots")
                                    .asInt()
                            == 1);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        try {
            for (Node node : FLEET) {
                node.close();
            }
            muster.standalone.close();
        } finally {
            FLEET.stream().map(Node::network).filter(Objects::nonNull).forEach(NetworkNamespace::close);
            FLEET.clear();
        }
    }

    /** Lets the next test begin with both nodes. */
    @AfterEach
    void reconnect() throws Exception {
        for (Node node : FLEET) {
            node.signal("CONT");
            if (node.network() != null) {
                node.network().mend();
            }
        }
    }

    private static Node node(Ledger.Life life) {
        return FLEET.stream()
                .filter(node -> node.id().equals(life.node()))
                .findFirst()
                .orElseThrow();
    }

    private static HttpResponse<String> ask(String method, String path, byte[] body, String... headers)
            throws Exception {
        String credentials = "iothubowner:" + muster.key("iothubowner");
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(muster.standalone.options().rest() + "/" + SITE + ".scm.azurewebsites.net" + path))
                .header(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode document(String path) throws Exception {
        HttpResponse<String> answer = ask("GET", path, new byte[0]);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private static void upload(String kind, String name, String script, String settings) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("run.sh"));
            zip.write(script.getBytes(StandardCharsets.UTF_8));
            zip.putNextEntry(new ZipEntry("settings.job"));
            zip.write(settings.getBytes(StandardCharsets.UTF_8));
        }
        HttpResponse<String> answer = ask(
                "PUT",
                "/api/" + kind + "webjobs/" + name,
                bytes.toByteArray(),
                "Content-Type",
                "application/zip",
                "Content-Disposition",
                "attachment; filename=" + name + ".zip");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static void run(String name) throws Exception {
        HttpResponse<String> answer = ask("POST", "/api/triggeredwebjobs/" + name + "/run", new byte[0]);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    }

    /** Returns the statuses of a triggered job's runs, the newest first. */
    private static List<String> history(String name) throws Exception {
        List<String> statuses = new ArrayList<>();
        document("/api/triggeredwebjobs/" + name + "/history")
                .path("runs")
                .forEach(run -> statuses.add(run.path("status").asText()));
        return statuses;
    }

    private static void awaitHistory(String name, String... statuses) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(history(name)).containsExactly(statuses));
    }

    private static void awaitStatus(String name, String status) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(document("/api/continuouswebjobs/" + name)
                                .path("status")
                                .asText())
                        .isEqualTo(status));
    }

    /** Requires that a program of a node without contact lived about as long as its lease, and no longer. */
    private static void requireEndOfLease(Ledger.Life life, Duration since) {
        assertThat(life.last().minus(since)).isBetween(SHORTEST_LEASE, LEASE.plus(LATE));
        assertThat(life.ended()).isFalse();
    }

    /** Waits until a node's late exits were acknowledged: it is back. */
    private static void awaitAcknowledged(Node node) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(node.attempts()).isEmpty());
    }

    /** Requires that both nodes run what comes next. */
    private static void requireBothNodesTakeWork(String name) throws Exception {
        List<Ledger> ledgers = new ArrayList<>();
        for (int number = 1; number <= NODES; number++) {
            Ledger ledger = Ledger.create(name);
            ledgers.add(ledger);
            upload("triggered", name + number, ledger.script(), "{}");
            run(name + number);
        }
        assertThat(ledgers).extracting(ledger -> ledger.begun(1).node()).doesNotHaveDuplicates();
        for (Ledger ledger : ledgers) {
            ledger.open();
        }
        for (int number = 1; number <= NODES; number++) {
            awaitHistory(name + number, "Success");
            ledgers.get(number - 1).requireOneAfterTheOther(1);
        }
    }

    @ParameterizedTest(name = "the planner is killed meanwhile: {0}")
    @ValueSource(booleans = {false, true})
    void runsASingletonElsewhereOnceTheNodeThatIsCutOffHasKilledIt(boolean plannerIsKilled) throws Exception {
        assumeThat(noNetworks)
                .as("The network of a node is cut in a namespace of its own, which this machine does not give")
                .isNull();
        String name = plannerIsKilled ? "orphan" : "lonely";
        Ledger ledger = Ledger.create(name);
        upload("continuous", name, ledger.script(), "{\"is_singleton\":true}");
        Node cutOff = node(ledger.begun(1));
        NetworkNamespace network = Objects.requireNonNull(cutOff.network());
        awaitStatus(name, "Running");

        Duration since = Ledger.now();
        network.cut();
        if (plannerIsKilled) {
            muster.standalone.process("planner").destroyForcibly();
        }
        assertThat(ledger.begun(2).node()).isNotEqualTo(cutOff.id());
        ledger.requireOneAfterTheOther(2);
        requireEndOfLease(ledger.lives().getFirst(), since);
        assertThat(Files.readString(cutOff.log())).contains("The lease is over");
        assertThat(cutOff.attempts()).hasSize(1);
        awaitStatus(name, "Running");

        network.mend();
        awaitAcknowledged(cutOff);
        awaitStatus(name, "Running");
        ask("POST", "/api/continuouswebjobs/" + name + "/stop", new byte[0]);
        awaitStatus(name, "Stopped");
        requireBothNodesTakeWork(name);
        ledger.requireOneAfterTheOther(2);
    }

    /** Leaves the repeating of a run to a client that sees it aborted: its program is dead by then. */
    @Test
    void abortsARunOnceTheWatchdogOfANodeThatIsStoppedHasKilledIt() throws Exception {
        Ledger ledger = Ledger.create("stopped");
        upload("triggered", "stopped", ledger.script(), "{}");
        run("stopped");
        Node stopped = node(ledger.begun(1));
        awaitHistory("stopped", "Running");

        Duration since = Ledger.now();
        stopped.signal("STOP");
        awaitHistory("stopped", "Aborted");
        run("stopped");
        assertThat(ledger.begun(2).node()).isNotEqualTo(stopped.id());
        ledger.requireOneAfterTheOther(2);
        requireEndOfLease(ledger.lives().getFirst(), since);
        assertThat(stopped.attempts()).hasSize(1);
        awaitHistory("stopped", "Running", "Aborted");

        stopped.signal("CONT");
        awaitAcknowledged(stopped);
        assertThat(history("stopped")).containsExactly("Running", "Aborted");
        ledger.open();
        awaitHistory("stopped", "Success", "Aborted");
        requireBothNodesTakeWork("behind-stop");
        ledger.requireOneAfterTheOther(2);
        assertThat(history("stopped")).containsExactly("Success", "Aborted");
    }
}
