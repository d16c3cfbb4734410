package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.muster.access.SharedAccessSignature;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs real programs over real sockets; the hub and its pool are the test's. */
@Timeout(120)
class ComputeNodeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String KEY = Base64.getEncoder().encodeToString("key".getBytes(StandardCharsets.UTF_8));

    @TempDir
    private Path folder;

    private final PoolHub hub = new PoolHub();
    private final Map<String, byte[]> artifacts = new ConcurrentHashMap<>();
    private final List<String> tokens = new CopyOnWriteArrayList<>();
    private HttpServer api;
    private @Nullable ComputeNode node;
    private final List<Process> processes = new ArrayList<>();

    @BeforeEach
    void serve() throws IOException {
        api = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        api.createContext("/compute/artifacts/", this::answer);
        api.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        byte[] bytes = artifacts.get(path.substring(path.lastIndexOf('/') + 1));
        tokens.add(exchange.getRequestHeaders().getFirst("Authorization") + " "
                + exchange.getRequestHeaders().getFirst("x-muster-device"));
        if (bytes == null) {
            exchange.sendResponseHeaders(404, -1);
        } else {
            exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
        exchange.close();
    }

    @AfterEach
    void stop() throws Exception {
        if (node != null) {
            node.close();
        }
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
        hub.close();
        api.stop(0);
    }

    private static ConditionFactory soon() {
        return await().atMost(PoolHub.LIMIT);
    }

    private String[] arguments(String... more) {
        List<String> all = new ArrayList<>(List.of(
                "--connection.string=HostName=127.0.0.1;DeviceId=node-1;SharedAccessKey=" + KEY,
                "--port=" + hub.port(),
                "--rest.url=http://127.0.0.1:" + api.getAddress().getPort(),
                "--data.dir=" + folder.resolve("data")));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private ComputeNode start(String... more) throws IOException {
        ComputeNode started = ComputeNode.start(NodeSettings.of(arguments(more), Map.of()), _ -> {
            throw new AssertionError("the node can't go on");
        });
        node = started;
        hub.awaitNode(0);
        return started;
    }

    private Process startProcess() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("node.log").toFile())
                .start();
        processes.add(process);
        int before = hub.reports("node", "").size();
        hub.awaitNode(before);
        return process;
    }

    private static ObjectNode bash(String script) {
        ObjectNode program = JSON.createObjectNode();
        program.putArray("command").add("bash").add("-c").add(script);
        return program;
    }

    private String artifact(byte[] bytes) throws Exception {
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        artifacts.put(sha256, bytes);
        return sha256;
    }

    private static byte[] zip(String... names) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (String name : names) {
                out.putNextEntry(new ZipEntry(name));
                out.write(("echo script " + name + "; ls").getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toByteArray();
    }

    private List<String> attempts() throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve("data/attempts"))) {
            return all.map(path -> path.getFileName().toString()).toList();
        }
    }

    private static boolean isRunning(String pid) {
        return ProcessHandle.of(Long.parseLong(pid)).map(ProcessHandle::isAlive).orElse(false) && !isZombie(pid);
    }

    private static boolean isZombie(String pid) {
        try {
            return Files.readString(Path.of("/proc", pid, "stat")).contains(") Z ");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void runsATaskAndReportsItAndLeavesNothingBehind() throws IOException {
        start("--slots=3");
        JsonNode report = hub.reports("node", "").getFirst();
        assertThat(report.path("number").asLong()).isEqualTo(1);
        assertThat(report.path("slots").asInt()).isEqualTo(3);
        assertThat(report.path("capabilities").toString()).contains("\"bash\"");
        assertThat(report.path("holding")).isEmpty();
        hub.start("purge/1", "echo hello; echo oops >&2; exit 3");
        assertThat(hub.exit("purge/1")).isEqualTo("3 ITSELF");
        assertThat(hub.text("purge/1")).isEqualTo("hello\n");
        assertThat(hub.text("purge/1", "err")).isEqualTo("oops\n");
        // Its first output may come before its start is reported: nobody waits for the other.
        assertThat(hub.log).containsOnlyOnce("started purge/1").last().isEqualTo("exited purge/1");
        soon().until(() -> attempts().isEmpty());
    }

    private static ObjectNode kept(String script, long seconds) {
        ObjectNode program = bash(script);
        program.put("retentionSeconds", seconds).putObject("nodeEnvironment").put("DIR", "ATTEMPT_DIRECTORY");
        return program;
    }

    /** Runs an attempt. @return what it has printed */
    private String run(String task, int placement, ObjectNode program) {
        int before = hub.reports("exited", task).size();
        hub.start(task, placement, program);
        soon().until(() -> hub.reports("exited", task).size() > before);
        soon().until(() -> hub.text(task, placement, "out").endsWith("\n"));
        return hub.text(task, placement, "out").strip();
    }

    @Test
    void letsARetryFindWhatTheAttemptBeforeLeftAlsoOverARestart() throws Exception {
        byte[] input = "once".getBytes(StandardCharsets.UTF_8);
        ObjectNode program = kept("echo x >> f; cat in >> f; : > in; wc -c < f", 3600);
        program.putArray("files")
                .addObject()
                .put("sha256", artifact(input))
                .put("bytes", 4)
                .put("path", "in");
        hub.again = true;
        start();
        assertThat(run("a/1", 1, program)).isEqualTo("6");
        assertThat(run("a/1", 2, program)).as("its files are fetched once").isEqualTo("8");
        assertThat(run("b/1", 1, program)).as("another task has its own").isEqualTo("6");
        Objects.requireNonNull(node).close();
        int before = hub.reports("node", "").size();
        start();
        hub.awaitNode(before);
        assertThat(run("a/1", 3, program)).isEqualTo("10");
        assertThat(attempts()).isEmpty();
    }

    /** Takes away or replaces what the next attempt begins in: that has a new folder, or what is missing, and begins. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "rm -rf $DIR/wd",
                "rm -rf $DIR/wd; : > $DIR/wd",
                "rm -rf $DIR/wd; ln -s ELSEWHERE $DIR/wd",
                "mv $DIR $DIR.moved; mkdir $DIR; : > $DIR/x",
                "mv $DIR $DIR.moved; ln -s ELSEWHERE $DIR",
                "mv $DIR $DIR.moved; : > $DIR",
                "rm -rf $DIR/tmp; : > $DIR/wd/f",
                "rm -rf $HOME; ln -s ELSEWHERE $HOME",
            })
    void letsARetryBeginWhateverTheAttemptBeforeDidToItsFolder(String damage) throws Exception {
        hub.again = true;
        start();
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        assertThat(run("a/1", 1, kept(damage.replace("ELSEWHERE", elsewhere.toString()) + "; echo done", 3600)))
                .isEqualTo("done");
        String again = "test -d $HOME && test ! -L $HOME && : > $TMPDIR/t && : > f && echo $(pwd -P)";
        assertThat(run("a/1", 2, kept(again, 3600)))
                .startsWith(folder.toRealPath().resolve("data/tasks").toString())
                .endsWith("/wd");
        assertThat(elsewhere).isEmptyDirectory();
    }

    @Test
    void keepsTheRestOfAFolderWhoseTemporaryFolderIsGone() throws Exception {
        hub.again = true;
        start();
        assertThat(run("a/1", 1, kept("echo kept > f; rm -rf $TMPDIR; echo done", 3600)))
                .isEqualTo("done");
        assertThat(run("a/1", 2, kept("mktemp > /dev/null && cat f", 3600))).isEqualTo("kept");
    }

    @Test
    void deletesWhatATaskThatIsOverHasLeftInTime() throws Exception {
        start();
        Path left = Path.of(run("a/1", 1, kept("echo x > f; echo $DIR", 1)));
        assertThat(left.startsWith(folder.resolve("data/tasks"))).isTrue();
        soon().until(() -> !Files.exists(left));
        Path longer = Path.of(run("b/1", 1, kept("echo x > f; echo $DIR", 3600)));
        Path empty = Path.of(run("c/1", 1, kept("echo $DIR", 3600)));
        soon().until(() -> !Files.exists(empty));
        assertThat(longer.resolve("wd/f")).exists();
        hub.order("leave", JSON.createObjectNode(), "default");
        soon().until(() -> !Files.exists(longer));
    }

    @Test
    void describesItselfInItsTwin() throws Exception {
        start("--slots=3", "--labels=vmSize=small,zone=b");
        soon().until(() -> !hub.twin.isEmpty());
        JsonNode compute = JSON.readTree(hub.twin).path("compute");
        assertThat(compute.path("slots").asInt()).isEqualTo(3);
        assertThat(compute.at("/labels/vmSize").asText()).isEqualTo("small");
        assertThat(compute.path("capabilities").toString()).contains("bash");
        assertThat(compute.at("/limits/wallClock").asText()).isEqualTo("true");
    }

    @Test
    void givesAProgramItsEnvironmentAndNothingElse() throws IOException {
        start();
        ObjectNode program = bash("env | sort; pwd; ls -d \"$HOME\" \"$TMPDIR\" \"$DATA\"");
        program.putObject("environment").put("GREETING", "grüß dich").put("WEBJOBS_RUN_ID", "");
        program.putObject("nodeEnvironment")
                .put("ID", "NODE_ID")
                .put("TASK", "TASK_DIRECTORY")
                .put("WORKING", "WORKING_DIRECTORY")
                .put("DATA", "DATA_DIRECTORY")
                .put("SHUTDOWN", "SHUTDOWN_FILE")
                .put("PORT", "PORT");
        program.put("directory", "sub").put("dataDirectory", "site/purge");
        hub.start("t", program);
        assertThat(hub.exit("t")).isEqualTo("0 ITSELF");
        List<String> lines = hub.text("t").lines().toList();
        assertThat(lines)
                .contains("GREETING=grüß dich", "WEBJOBS_RUN_ID=", "ID=node-1")
                .filteredOn(line -> line.matches("[A-Z_a-z]+=.*"))
                .extracting(line -> line.substring(0, line.indexOf('=')))
                .containsExactlyInAnyOrder(
                        "DATA",
                        "GREETING",
                        "HOME",
                        "ID",
                        "LANG",
                        "MUSTER_ATTEMPT",
                        "MUSTER_NODE_RUN",
                        "PATH",
                        "PORT",
                        "PWD",
                        "SHLVL",
                        "SHUTDOWN",
                        "TASK",
                        "TMPDIR",
                        "WEBJOBS_RUN_ID",
                        "WORKING",
                        "_");
        Path attempts = folder.resolve("data/attempts");
        assertThat(lines).anyMatch(line -> line.startsWith("HOME=" + attempts));
        assertThat(lines).anyMatch(line -> line.matches("WORKING=" + attempts + "/[^/]+/wd/sub"));
        assertThat(lines).anyMatch(line -> line.matches(attempts + "/[^/]+/wd/sub"));
        assertThat(lines).contains("DATA=" + folder.resolve("data/data/site/purge"));
        assertThat(folder.resolve("data/data/site/purge"))
                .as("it outlives the attempt")
                .exists();
    }

    @Test
    void givesAProgramAPortThatNobodyListensOn() throws Exception {
        start();
        ObjectNode program = bash("echo $PORT; sleep 1000");
        program.putObject("nodeEnvironment").put("PORT", "PORT");
        hub.start("t", program);
        hub.awaitText("t", "\n");
        try (ServerSocket socket =
                new ServerSocket(Integer.parseInt(hub.text("t").strip()))) {
            assertThat(socket.isBound()).isTrue();
        }
        hub.order("kill", "t");
        assertThat(hub.exit("t")).isEqualTo("137 STOPPED");
    }

    @Test
    void fetchesFilesWithItsTokenAndUnpacksArchives() throws Exception {
        start();
        ObjectNode program = JSON.createObjectNode();
        program.putArray("command").add("bash").add("app/run.sh");
        byte[] archive = zip("run.sh", "lib/a.txt");
        byte[] text = "plain".getBytes(StandardCharsets.UTF_8);
        program.putArray("files")
                .add(JSON.createObjectNode()
                        .put("sha256", artifact(archive))
                        .put("bytes", archive.length)
                        .put("path", "app")
                        .put("unzip", true))
                .add(JSON.createObjectNode()
                        .put("sha256", artifact(text))
                        .put("bytes", text.length)
                        .put("path", "in/plain.txt"));
        for (String task : List.of("t", "u")) {
            hub.start(task, program);
            assertThat(hub.exit(task)).isEqualTo("0 ITSELF");
            assertThat(hub.text(task)).isEqualTo("script run.sh\napp\nin\n");
        }
        assertThat(tokens).as("once for both").hasSize(2);
        String token = tokens.getFirst();
        assertThat(token).endsWith(" node-1");
        SharedAccessSignature signature = SharedAccessSignature.parse(token.substring(0, token.lastIndexOf(' ')))
                .orElseThrow();
        assertThat(signature.isSignedWith(new io.muster.access.KeyPair(KEY, KEY)))
                .isTrue();
        assertThat(signature.toString()).contains("127.0.0.1%2Fdevices%2Fnode-1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "/evil"})
    void startsNoProgramWithAHostileArchive(String name) throws Exception {
        start();
        byte[] archive = zip("run.sh", name);
        ObjectNode program = bash("echo ran");
        program.putArray("files")
                .add(JSON.createObjectNode()
                        .put("sha256", artifact(archive))
                        .put("bytes", archive.length)
                        .put("path", "")
                        .put("unzip", true));
        hub.start("t", program);
        assertThat(hub.exit("t")).isEqualTo("127 NOT_STARTED");
        assertThat(hub.detail("t")).contains("stay below its directory");
        assertThat(hub.text("t")).isEmpty();
        soon().until(() -> attempts().isEmpty());
        try (Stream<Path> all = Files.walk(folder)) {
            assertThat(all).noneMatch(path -> path.endsWith("evil"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"command\":[\"no-such-program\"]}",
                "{\"command\":[]}",
                "{\"command\":[\"bash\"],\"directory\":\"../..\"}",
                "{\"command\":[\"bash\"],\"dataDirectory\":\"../x\"}",
                "{\"command\":[\"bash\"],\"files\":[{\"sha256\":\"x\",\"bytes\":1,\"path\":\"a\"}]}",
                "{\"command\":[\"bash\"],\"environment\":{\"a=b\":\"c\"}}",
                "{\"command\":[\"bash\"],\"nodeEnvironment\":{\"A\":\"NOTHING\"}}"
            })
    void saysWhyAProgramIsNotStarted(String program) throws Exception {
        start();
        hub.start("t", (ObjectNode) JSON.readTree(program));
        assertThat(hub.exit("t")).isEqualTo("127 NOT_STARTED");
        assertThat(hub.detail("t")).isNotEmpty();
    }

    @Test
    void saysThatAFileIsMissing() throws Exception {
        start();
        ObjectNode program = bash("true");
        program.putArray("files")
                .add(JSON.createObjectNode()
                        .put("sha256", "0".repeat(64))
                        .put("bytes", 1)
                        .put("path", "a"));
        hub.start("t", program);
        assertThat(hub.exit("t")).isEqualTo("127 NOT_STARTED");
        assertThat(hub.detail("t")).contains("404");
    }

    @Test
    void asksAProgramToEndByItsFileWhereItHasOneAndElseByASignal() throws IOException {
        start("--slots=3");
        ObjectNode watching =
                bash("trap 'echo signal' TERM; echo ready; until [ -e \"$S\" ]; do sleep 0.05; done; echo bye; exit 4");
        watching.putObject("nodeEnvironment").put("S", "SHUTDOWN_FILE");
        watching.put("graceSeconds", 300);
        hub.start("watching", watching);
        ObjectNode trapping = bash("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
        trapping.put("graceSeconds", 300);
        hub.start("trapping", trapping);
        ObjectNode deaf = bash("trap '' TERM; echo ready; while :; do sleep 0.05; done");
        deaf.put("graceSeconds", 0);
        hub.start("deaf", deaf);
        for (String task : List.of("watching", "trapping", "deaf")) {
            hub.awaitText(task, "ready");
            hub.order("stop", task);
        }
        assertThat(hub.exit("watching")).isEqualTo("4 STOPPED");
        assertThat(hub.text("watching")).isEqualTo("ready\nbye\n");
        assertThat(hub.exit("trapping")).isEqualTo("5 STOPPED");
        assertThat(hub.exit("deaf")).isEqualTo("137 STOPPED");
    }

    @Test
    void holdsAProgramToItsLimits() throws IOException {
        start();
        ObjectNode slow = bash("sleep 1000");
        slow.put("wallClockSeconds", 1);
        hub.start("slow", slow);
        ObjectNode loud = bash("head -c 100000 /dev/zero | tr '\\0' x");
        loud.put("outputBytes", 1000);
        hub.start("loud", loud);
        assertThat(hub.exit("slow")).isEqualTo("137 WALL_CLOCK");
        assertThat(hub.exit("loud")).isEqualTo("0 ITSELF");
        assertThat(hub.text("loud")).hasSize(1000);
        assertThat(hub.detail("loud")).isEqualTo("99000 bytes of output beyond the limit outputBytes were dropped.");
    }

    @Test
    void saysTheExitBehindAllOutputThatTheHubHas() throws IOException {
        hub.acknowledgesOutput = false;
        start();
        hub.start("t", "echo hello");
        hub.awaitText("t", "hello");
        hub.cut();
        soon().until(() -> hub.outputs.size() == 2);
        assertThat(hub.reports("exited", "t")).isEmpty();
        hub.acknowledgesOutput = true;
        hub.cut();
        assertThat(hub.exit("t")).isEqualTo("0 ITSELF");
        assertThat(hub.log)
                .containsSubsequence("output t acknowledged false", "output t acknowledged true", "exited t");
    }

    @Test
    void goesOnWhileTheConnectionIsDownAndLosesNoOutput() throws IOException {
        start();
        hub.start("t", "for i in $(seq 1 400); do echo line $i; sleep 0.01; done");
        for (int i = 0; i < 3; i++) {
            int before = hub.outputs.size();
            soon().until(() -> hub.outputs.size() > before + 3);
            hub.cut();
        }
        assertThat(hub.exit("t")).isEqualTo("0 ITSELF");
        assertThat(hub.text("t").lines().count()).isEqualTo(400);
        assertThat(hub.text("t")).endsWith("line 399\nline 400\n");
        assertThat(hub.reports("started", "t")).isNotEmpty();
    }

    @Test
    void saysAnExitOverEachConnectionUntilItIsAcknowledged() throws IOException {
        hub.acknowledgesExits = false;
        start();
        hub.start("t", "exit 6");
        assertThat(hub.exit("t")).isEqualTo("6 ITSELF");
        hub.cut();
        soon().until(() -> hub.reports("exited", "t").size() == 2);
        assertThat(hub.reports("node", "").getLast().at("/holding/0/taskId").asText())
                .isEqualTo("t");
        hub.order("acknowledge", "t");
        int before = hub.reports("node", "").size();
        hub.cut();
        hub.awaitNode(before);
        assertThat(hub.reports("node", "").getLast().path("holding")).isEmpty();
        assertThat(hub.reports("exited", "t")).hasSize(2);
    }

    @Test
    void killsItsProgramsWhenTheLeaseIsOver() throws IOException {
        hub.leaseSeconds = 2;
        start();
        hub.start("t", "trap '' TERM; echo $$; sleep 1000 & echo $!; wait");
        soon().until(() -> hub.text("t").lines().count() == 2);
        List<String> pids = hub.text("t").lines().toList();
        assertThat(pids).allMatch(ComputeNodeTest::isRunning);
        hub.leases = false;
        hub.accepts = false;
        soon().until(() -> pids.stream().noneMatch(ComputeNodeTest::isRunning));
        soon().until(() -> !hub.links.getLast().isActive());
        hub.accepts = true;
        hub.leases = true;
        assertThat(hub.exit("t")).isEqualTo("137 FENCED");
    }

    @Test
    void startsNothingWithoutALease() throws IOException {
        hub.leases = false;
        start();
        hub.start("t", "echo ran");
        soon().until(() -> attempts().size() == 1);
        // Its folder is complete, and another report is said before anything runs.
        hub.leases = true;
        hub.cut();
        hub.awaitNode(1);
        hub.start("u", "echo ran");
        assertThat(hub.exit("u")).isEqualTo("0 ITSELF");
        assertThat(hub.text("t"))
                .as("it was ordered over an earlier connection")
                .isEmpty();
    }

    @Test
    void killsWhatItRunsForAPoolThatItLeaves() throws IOException {
        start();
        hub.start("t", "echo $$; sleep 1000");
        hub.awaitText("t", "\n");
        String pid = hub.text("t").strip();
        hub.order("leave", JSON.createObjectNode(), "default");
        soon().until(() -> !isRunning(pid));
        soon().until(() -> attempts().isEmpty());
        int before = hub.reports("node", "").size();
        hub.join("other");
        hub.awaitNode(before);
        assertThat(hub.reports("node", "").getLast().path("holding")).isEmpty();
        assertThat(hub.reports("exited", "t")).isEmpty();
    }

    /** Prints without end while the hub takes nothing: the program waits, and another goes on. */
    @Test
    void slowsAProgramWhoseOutputTheHubDoesNotTake() throws Exception {
        start();
        hub.acknowledgesOutput = false;
        hub.start("loud", "echo $$; yes");
        hub.awaitText("loud", "\n");
        String pid = hub.text("loud").lines().findFirst().orElseThrow();
        long[] ticks = {-1};
        await().atMost(PoolHub.LIMIT).pollInterval(Duration.ofSeconds(1)).until(() -> {
            long now = ProcessHandle.of(Long.parseLong(pid))
                    .orElseThrow()
                    .info()
                    .totalCpuDuration()
                    .orElseThrow()
                    .toMillis();
            boolean stands = now == ticks[0];
            ticks[0] = now;
            return stands;
        });
        assertThat(hub.outputBytes).isLessThan(1 << 20);
        hub.acknowledgesOutput = true;
        hub.cut();
        soon().until(() -> hub.outputBytes > 3 << 20);
        hub.order("kill", "loud");
        assertThat(hub.exit("loud")).isEqualTo("137 STOPPED");
    }

    @Test
    void endsItsProgramsAndReportsThemFencedWhenItEndsItself() throws IOException {
        ComputeNode started = start();
        hub.start("t", "trap 'echo bye; exit 1' TERM; echo ready; while :; do sleep 0.05; done");
        hub.awaitText("t", "ready");
        started.close();
        node = null;
        assertThat(hub.exit("t")).isEqualTo("1 FENCED");
        assertThat(hub.text("t")).isEqualTo("ready\nbye\n");
        soon().untilAsserted(() -> assertThat(hub.log).contains("DISCONNECT"));
    }

    @Test
    void startsAnewInItsProcessWhenItsPoolOrdersThat() throws Exception {
        Process process = startProcess();
        String boot = hub.reports("node", "").getFirst().path("boot").asText();
        hub.order("restart", JsonNodeFactory.instance.objectNode().put("boot", boot), "default");
        soon().until(() ->
                !hub.reports("node", "").getLast().path("boot").asText().equals(boot));
        assertThat(process.isAlive()).isTrue();
        hub.start("after", "exit 4");
        assertThat(hub.exit("after")).isEqualTo("4 ITSELF");
        process.destroy();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void reportsAfterItsRestartWhatAnEarlierRunHadStartedOrNotSaid() throws Exception {
        hub.acknowledgesExits = false;
        Process first = startProcess();
        String boot = hub.reports("node", "").getFirst().path("boot").asText();
        hub.start("ended", "exit 6");
        assertThat(hub.exit("ended")).isEqualTo("6 ITSELF");
        hub.start("running", "echo $$; setsid bash -c 'echo $$; exec sleep 1000' & sleep 1000");
        soon().until(() -> hub.text("running").lines().count() == 2);
        List<String> pids = hub.text("running").lines().toList();
        assertThat(pids).allMatch(ComputeNodeTest::isRunning);
        assertThat(attempts()).hasSize(2);
        first.destroyForcibly().waitFor();
        soon().until(() -> pids.stream().noneMatch(ComputeNodeTest::isRunning));
        Process second = startProcess();
        soon().until(() -> hub.reports("exited", "running").size() == 1
                && hub.reports("exited", "ended").size() == 2);
        assertThat(hub.exit("running")).isEqualTo("137 FENCED");
        assertThat(hub.exit("ended")).isEqualTo("6 ITSELF");
        assertThat(hub.reports("node", "").getLast().path("boot").asText()).isNotEqualTo(boot);
        assertThat(attempts()).isEmpty();
        hub.order("acknowledge", "running");
        hub.order("acknowledge", "ended");
        hub.start("after", "exit 0");
        hub.exit("after");
        second.destroy();
        assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
        hub.order("acknowledge", "after");
    }

    /** Kills the watchdog with the node: processes that are left are killed at the next start. */
    @Test
    void killsAtItsStartProcessesOfAnEarlierRun() throws Exception {
        Process first = startProcess();
        hub.start("t", "echo $$; sleep 1000");
        hub.awaitText("t", "\n");
        String pid = hub.text("t").strip();
        first.children()
                .filter(child -> child.info().commandLine().orElse("").contains("muster-watchdog"))
                .forEach(ProcessHandle::destroyForcibly);
        first.destroyForcibly().waitFor();
        assertThat(isRunning(pid)).isTrue();
        startProcess();
        assertThat(isRunning(pid)).isFalse();
        soon().until(() -> hub.reports("exited", "t").size() == 1);
        assertThat(hub.exit("t")).isEqualTo("137 FENCED");
    }

    /** Stops the node's process, as SIGSTOP does: its watchdog keeps to the lease. */
    @Test
    void hasItsProgramsKilledWhereItIsStoppedForLongerThanTheLease() throws Exception {
        hub.leaseSeconds = 2;
        Process stopped = startProcess();
        hub.start("t", "echo $$; sleep 1000");
        hub.awaitText("t", "\n");
        String pid = hub.text("t").strip();
        signal(stopped, "STOP");
        soon().until(() -> !isRunning(pid));
        assertThat(hub.reports("exited", "t")).isEmpty();
        signal(stopped, "CONT");
        assertThat(hub.exit("t")).isEqualTo("137 FENCED");
    }

    private static void signal(Process process, String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    @Test
    void startsOthersWhileSlowServersKeepAttemptsWaiting() throws Exception {
        start("--slots=20");
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 10; i++) {
                ObjectNode program = bash("cat late");
                program.putArray("webFiles")
                        .addObject()
                        .put("url", "http://localhost:" + silent.getLocalPort() + "/")
                        .put("path", "late");
                hub.start("slow" + i, program);
            }
            hub.start("quick", bash("echo here"));
            assertThat(hub.exit("quick")).isEqualTo("0 ITSELF");
        }
    }

    @Test
    void runsManyTasksAtOnce() throws IOException {
        start("--slots=60");
        for (int i = 0; i < 60; i++) {
            hub.start("t" + i, "echo " + i);
        }
        for (int i = 0; i < 60; i++) {
            assertThat(hub.exit("t" + i)).isEqualTo("0 ITSELF");
            assertThat(hub.text("t" + i)).isEqualTo(i + "\n");
        }
    }

    @Test
    void runsProgramsAsAnotherUserWhoReachesItsOwnFoldersAlone() throws Exception {
        Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "takes root");
        Assumptions.assumeTrue(
                isPassable(folder.getParent()), "takes a folder of temporary files that other users may pass");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        start("--run-as=nobody");
        ObjectNode program = bash(
                "id -un; touch here $HOME/a $TMPDIR/b $D/c && echo wrote; cat %1$s/node/journal; ls %1$s %1$s/attempts %1$s/artifacts"
                        .formatted(folder.resolve("data")));
        program.putObject("nodeEnvironment").put("D", "DATA_DIRECTORY");
        program.put("dataDirectory", "own");
        hub.start("t", program);
        assertThat(hub.exit("t")).isEqualTo("2 ITSELF");
        assertThat(hub.text("t")).isEqualTo("nobody\nwrote\n");
        assertThat(hub.text("t", "err").lines()).hasSize(4).allMatch(line -> line.contains("Permission denied"));
        soon().until(() -> attempts().isEmpty());
        assertThat(folder.resolve("data/data/own/c")).exists();
    }

    /** Has a program put a link where a later task's data directory would be. */
    @Test
    void takesNoDataDirectoryFromAProgramsHand() throws Exception {
        Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "takes root");
        Path victim = Files.createDirectory(folder.resolve("victim"));
        Files.setPosixFilePermissions(victim, PosixFilePermissions.fromString("rwxr-xr-x"));
        start("--run-as=nobody");
        ObjectNode program = bash("ln -s %s $D/x".formatted(victim));
        program.putObject("nodeEnvironment").put("D", "DATA_DIRECTORY");
        program.put("dataDirectory", "own");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        hub.start("t", program);
        assertThat(hub.exit("t")).isEqualTo("0 ITSELF");

        hub.start("inner", bash("true").put("dataDirectory", "own/x"));
        assertThat(hub.exit("inner")).isEqualTo("127 NOT_STARTED");
        hub.start("outer", bash("true").put("dataDirectory", "a/b"));
        assertThat(hub.exit("outer")).isEqualTo("0 ITSELF");
        hub.start("around", bash("true").put("dataDirectory", "a"));
        assertThat(hub.exit("around")).isEqualTo("127 NOT_STARTED");
        assertThat(Files.getPosixFilePermissions(victim)).hasSize(7);
        assertThat(Files.getOwner(victim).getName()).isEqualTo("root");
    }

    private static boolean isPassable(@Nullable Path path) throws IOException {
        for (Path at = path; at != null; at = at.getParent()) {
            if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                return false;
            }
        }
        return true;
    }

    @Test
    void passesOverWhatCanNotBeRead() throws IOException {
        start();
        hub.order("dance", JSON.createObjectNode(), "default");
        hub.order("start", JSON.createObjectNode(), "default");
        hub.order("lease", JSON.createObjectNode().put("number", "x"), "default");
        hub.start("t", "echo fine");
        assertThat(hub.exit("t")).isEqualTo("0 ITSELF");
        assertThat(hub.links).hasSize(1);
    }

    @Test
    void keepsItsFolderForItself() throws Exception {
        start();
        Process second = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        arguments()[0],
                        arguments()[3])
                .redirectErrorStream(true)
                .start();
        processes.add(second);
        try (BufferedReader out = second.inputReader()) {
            assertThat(out.lines()).anyMatch(line -> line.contains("Another process has the journal"));
        }
        assertThat(second.waitFor()).isEqualTo(2);
    }
}
