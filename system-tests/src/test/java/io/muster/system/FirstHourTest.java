package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.SharedAccessPolicies;
import io.muster.standalone.Ports;
import io.muster.standalone.RestClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;

/** Does with {@code ./muster} what a newcomer does. */
class FirstHourTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Path data;
    private static Script script;
    private static List<String> ports;
    private static int restPort;

    @BeforeAll
    static void start() throws Exception {
        data = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "first hour")
                .resolve("data folder");
        script = Script.of(data);
        restPort = Ports.free();
        ports = List.of(
                "--rest-port=" + restPort,
                "--mqtt-port=" + Ports.free(),
                "--kafka-port=" + Ports.free(),
                "--registry-port=" + Ports.free());
        Script.Ended up = up(script, "--detach", "--devices=12").with(0);
        assertThat(up.said())
                .contains("Ready: https://localhost:" + restPort)
                .contains("12 of 12 devices are connected")
                .doesNotContain("\r", "\033", "WARN", "org.apache.kafka");
    }

    @AfterAll
    static void end() throws Exception {
        script.run("down").with(0);
        script.run("status").with(3);
    }

    private static Script.Ended up(Script script, String... options) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("up"));
        words.addAll(ports);
        words.addAll(List.of(options));
        return script.run(words.toArray(String[]::new));
    }

    private static JsonNode status(int expected) throws Exception {
        return JSON.readTree(script.run("status", "--json").with(expected).said());
    }

    private static Optional<ProcessHandle> process(JsonNode status, String name) {
        for (JsonNode process : status.path("processes")) {
            if (process.path("name").asText().equals(name)) {
                return ProcessHandle.of(process.path("pid").asLong());
            }
        }
        return Optional.empty();
    }

    private static String log() throws IOException {
        return Files.readString(data.resolve("logs/muster.log"));
    }

    /** Starts Muster where the test before left none: a start takes half a minute, and some tests begin with one of their own. */
    private static void ensureRunning() throws Exception {
        if (script.run("status").status() != 0) {
            up(script, "--detach", "--devices=12").with(0);
        }
    }

    /** Asks the API, as it serves now. */
    private static RestClient.Answer ask(String path) throws Exception {
        return rest().send("GET", path, null).join();
    }

    private static RestClient.Answer put(String device) throws Exception {
        return rest().send("PUT", "/devices/" + device, "{\"deviceId\":\"" + device + "\"}")
                .join();
    }

    private static RestClient rest() throws Exception {
        return new RestClient(
                "https://localhost:" + restPort,
                data.resolve("ca/ca.pem"),
                SharedAccessPolicies.load(data.resolve("policies.properties")));
    }

    @Test
    void refusesASecondStartAndLeavesTheFirstAlone() throws Exception {
        ensureRunning();
        String before = log();
        for (String way : List.of("--detach", "--fresh")) {
            Script.Ended refused = up(script, way, "--devices=0").with(1);
            assertThat(refused.said())
                    .startsWith("muster: Muster runs on " + data + " already")
                    .hasLineCount(1);
            assertThat(refused.output()).isEmpty();
        }
        assertThat(log()).startsWith(before);
        assertThat(status(0).path("state").asText()).isEqualTo("ready");
    }

    @Test
    void leavesNoFolderWhenPortsAreTaken() throws Exception {
        ensureRunning();
        Path other = data.resolveSibling("other");
        assertThat(up(Script.of(other), "--detach").with(1).said()).contains("is in use by another program");
        assertThat(other).doesNotExist();
    }

    @Test
    void refusesEqualPorts() throws Exception {
        Path other = data.resolveSibling("same");
        assertThat(Script.of(other)
                        .run("up", "--detach", "--rest-port=18999", "--mqtt-port=18999")
                        .with(1)
                        .said())
                .contains("--mqtt-port and --rest-port are both 18999");
        assertThat(other).doesNotExist();
    }

    @Test
    void leavesAForeignFolderAlone() throws Exception {
        Path other = Files.createDirectory(data.resolveSibling("theirs"));
        Files.writeString(other.resolve("thesis"), "chapter one");
        assertThat(up(Script.of(other), "--detach", "--fresh").with(1).said()).contains("holds other things");
        assertThat(other.toFile().list()).containsExactly("thesis");
    }

    @Test
    void findsTheConnectionStringWhateverThePort() throws Exception {
        ensureRunning();
        assertThat(script.run("connection-string", "--device", "sim-000001")
                        .with(0)
                        .said())
                .startsWith("HostName=localhost;DeviceId=sim-000001;SharedAccessKey=");
        assertThat(script.run("connection-string", "--device", "sim-000001", "--rest-port", "1")
                        .with(1)
                        .said())
                .startsWith("muster: No Muster of this data folder answers at https://localhost:1")
                .hasLineCount(1);
    }

    @Test
    void printsTokensForAPolicyOrADevice() throws Exception {
        ensureRunning();
        assertThat(script.run("token", "--ttl", "15m").with(0).said())
                .startsWith("SharedAccessSignature sr=localhost&")
                .contains("skn=iothubowner");
        assertThat(script.run("token", "--device", "sim-000001").with(0).said())
                .startsWith("SharedAccessSignature sr=localhost%2Fdevices%2Fsim-000001&");
        assertThat(script.run("token", "--ttl", "soon").with(1).said()).contains("90s, 15m, 1h or 7d, not soon");
        assertThat(script.run("token", "--policy", "nobody").with(1).said()).contains("There is no policy nobody.");
        assertThat(script.run("credentials", "--surface", "moon").with(1).said())
                .contains("Say --surface iothub");
    }

    @Test
    void endsEachProcessThatIsOutOfMemory() throws Exception {
        ensureRunning();
        JsonNode status = status(0);
        for (String name :
                List.of("muster", "broker", "registry", "planner", "processor", "gateway", "api", "agents", "node-1")) {
            assertThat(commandLine(process(status, name).orElseThrow()))
                    .as(name)
                    .contains("-XX:+ExitOnOutOfMemoryError");
        }
    }

    @Test
    void startsComputeNodesInAPoolAndInTheReserve() throws Exception {
        ensureRunning();
        JsonNode status = status(0);
        for (String name : List.of("node-1", "node-2", "node-3", "node-4")) {
            assertThat(process(status, name)).as(name).isPresent();
            assertThat(ask("/twins/" + name).body().at("/tags/compute").toString())
                    .isEqualTo(name.compareTo("node-3") < 0 ? "{\"pool\":\"default\"}" : "{\"spare\":true}");
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> ask("/twins/" + name)
                                    .body()
                                    .at("/properties/reported/compute/slots")
                                    .asInt()
                            > 0);
        }
    }

    /** Returns the command line from the operating system: Java's own handle knows no long ones. */
    private static String commandLine(ProcessHandle process) throws IOException {
        Process ps = new ProcessBuilder("ps", "-ww", "-o", "args=", "-p", Long.toString(process.pid())).start();
        return new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void letsOnlyTheOwnerReadTheData() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwx------");
    }

    @Test
    void isReadyAfterTheSupervisorWasKilledAndRunsTheDemonstrationOnItsOwnDevices() throws Exception {
        ensureRunning();
        // Another test may have begun anew with fewer devices.
        int before = ask("/devices/sim-000012").status();
        process(status(0), "muster").orElseThrow().destroyForcibly();
        await().atMost(Duration.ofMinutes(3)).until(() -> script.run("status").status() == 3);
        assertThat(script.run("status").said()).contains("these still run").contains("broker", "planner", "api");
        assertThat(up(script, "--detach", "--devices=4").with(0).said())
                .as("services end before those that they depend on")
                .containsSubsequence(
                        "Ending the api ", "Ending the gateway ", "Ending the planner ", "Ending the broker ");
        assertThat(ask("/devices/sim-000012").status())
                .as("its devices of before")
                .isEqualTo(before);
        await().atMost(Duration.ofMinutes(10))
                .untilAsserted(() -> assertThat(log().lines()
                                .filter(line -> line.contains(" completed ") && line.contains(" 4: 4 succeeded")))
                        .isNotEmpty());
    }

    @Test
    void keepsItsOwnLogWhenStartedRightAfterAnotherEnds() throws Exception {
        script.run("down").with(0);
        String started =
                up(script, "--detach", "--fresh", "--devices=3").with(0).said();
        assertThat(started).contains("3 of 3 devices are connected");
        assertThat(ask("/devices/sim-000012").status()).isEqualTo(404);
        assertThat(log()).contains("Ready: https://localhost:" + restPort).contains("3 of 3 devices are connected");
    }

    @Test
    void keepsRunningAfterAFailedDemonstrationAndEndsInOrderAtCtrlC() throws Exception {
        script.run("down").with(0);
        Process up = startUp("--devices=500");
        await().atMost(Duration.ofMinutes(10)).until(() -> log().contains("Registering 500"));
        // Read at once, while they are registered.
        process(JSON.readTree(Files.readString(data.resolve("state.json"))), "api")
                .orElseThrow()
                .destroyForcibly();
        await().atMost(Duration.ofMinutes(10))
                .until(() -> log().contains("500 of 500 devices are connected")
                        || log().contains("The demonstration ended early"));
        await().atMost(Duration.ofMinutes(3)).until(() -> script.run("status").status() == 0);
        int earlier = log().length();
        interrupt(up);
        assertThat(up.waitFor()).as("an end that was asked for").isZero();
        assertThat(log().substring(earlier)).doesNotContain("is started again");
        assertThat(Files.readString(data.resolve("logs/planner.log"))).contains("job-planner-service ended");
        assertThat(Files.getLastModifiedTime(data.resolve("logs/broker.log")))
                .isGreaterThan(Files.getLastModifiedTime(data.resolve("logs/planner.log")));
    }

    /** Lets the policies' owner change them, while it runs and before; blank keys open nothing. */
    @Test
    void keepsRunningWhenPoliciesLackRightsOfTheDemonstration() throws Exception {
        Path policies = data.resolve("policies.properties");
        String before = Files.readString(policies);
        script.run("down").with(0);
        Files.writeString(
                policies,
                before.replaceAll("(?m)^((?:iothubowner|service)\\.\\w+Key)=.*$", "$1=")
                        .replace("iothubowner", "mine"));
        try {
            int earlier = log().length();
            Process up = startUp("--devices=2");
            await().atMost(Duration.ofMinutes(10))
                    .until(() -> log().substring(earlier).contains("There is no link to the page of jobs: "));
            assertThat(log().substring(earlier))
                    .contains("The demonstration ended early: ")
                    .contains("Everything else goes on running.");
            assertThat(status(0).path("state").asText()).isEqualTo("ready");
            assertThat(script.run("token").with(1).said())
                    .startsWith("muster: There is no policy iothubowner")
                    .hasLineCount(1);
            up.destroy();
            assertThat(up.waitFor()).isZero();
        } finally {
            Files.writeString(policies, before);
        }
    }

    private static Process startUp(String... options) throws IOException {
        List<String> words = new ArrayList<>(List.of("up"));
        words.addAll(ports);
        words.addAll(List.of(options));
        return script.start(words.toArray(String[]::new));
    }

    /** Sends Ctrl-C as a terminal does: to each process of the group at once. */
    private static void interrupt(Process up) throws Exception {
        if (OS.LINUX.isCurrentOs()) {
            new ProcessBuilder("kill", "-INT", "--", "-" + up.pid()).start().waitFor();
        } else {
            up.destroy();
        }
    }

    /** Is not ready while a service is gone, or was started again a moment ago. */
    @Test
    void isReadyWhenEachServiceIs() throws Exception {
        ensureRunning();
        ProcessHandle planner = process(status(0), "planner").orElseThrow();
        planner.destroyForcibly();
        planner.onExit().join();
        assertThat(status(4).path("state").asText()).isEqualTo("starting");
        await().atMost(Duration.ofMinutes(3)).until(() -> script.run("status").status() == 0);
        assertThat(process(status(0), "planner")).isPresent();
    }

    /** Leaves a node where it is that is started a second time: what it runs would end with its move. */
    @Test
    void startsNoNodeThatRuns() throws Exception {
        ensureRunning();
        assertThat(script.run("node", "--pool=elsewhere", "--name=node-1")
                        .with(1)
                        .said())
                .isEqualTo(
                        "muster: The node node-1 runs already. End it first, or leave --name out to start another one.\n");
        assertThat(rest().send("GET", "/twins/node-1", null)
                        .join()
                        .body()
                        .at("/tags/compute/pool")
                        .asText())
                .isEqualTo("default");
    }

    @Test
    void refusesToBuildBelowARunningMuster() throws Exception {
        ensureRunning();
        assertThat(script.bare("test", "--version").with(1).said())
                .startsWith("muster: A Muster of this checkout is running")
                .hasLineCount(1);
    }

    @Test
    void linksToThePortOfTheRunningMuster() throws Exception {
        ensureRunning();
        assertThat(script.run("link").with(0).said()).startsWith("https://localhost:" + restPort + "/?sign-in=");
    }

    /** Runs the commands of docs/operate/backup.md, but for the names of the folders. */
    @Test
    void restoresABackup() throws Exception {
        ensureRunning();
        Matcher block = Pattern.compile("<!-- run by FirstHourTest -->\n```sh\n(.*)\n(.*)\n```")
                .matcher(Files.readString(Path.of("../docs/operate/backup.md")));
        assertThat(block.find()).isTrue();
        Path folder = data.getParent();
        Path wrapper = Files.writeString(
                folder.resolve("muster"),
                "#!/bin/bash\nif [ $1 = up ]; then set -- \"$@\" --devices=3 " + String.join(" ", ports)
                        + "; fi\nexec '" + script.path() + "' \"$@\" --data '" + data + "'\n");
        Files.setPosixFilePermissions(wrapper, PosixFilePermissions.fromString("rwx------"));
        String kept = "kept-" + UUID.randomUUID();
        assertThat(put(kept).status()).isEqualTo(200);
        shell(folder, block.group(1));
        String later = "later-" + UUID.randomUUID();
        assertThat(put(later).status()).isEqualTo(200);
        shell(folder, block.group(2));
        assertThat(ask("/devices/" + kept).status()).isEqualTo(200);
        assertThat(ask("/devices/" + later).status()).isEqualTo(404);
    }

    private static void shell(Path folder, String line) throws Exception {
        Process process = new ProcessBuilder(
                        "bash",
                        "-euc",
                        line.replace("/backup/", "backup-").replace(".muster", "'" + data.getFileName() + "'"))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("shell.log").toFile())
                .start();
        assertThat(process.waitFor())
                .as(Files.readString(folder.resolve("shell.log")))
                .isZero();
    }

    @Test
    void describesEachCommand() throws Exception {
        for (String command : List.of(
                "up",
                "down",
                "status",
                "connection-string",
                "token",
                "link",
                "credentials",
                "node",
                "images",
                "test",
                "version")) {
            assertThat(script.bare(command, "--help").with(0).said())
                    .as(command)
                    .startsWith("Usage: ./muster " + command);
            assertThat(script.bare("help", command).with(0).said()).startsWith("Usage: ./muster " + command);
        }
        assertThat(script.bare("version").with(0).said()).matches("Muster \\d+\\.\\d+\\.\\d+.*\\s*");
        assertThat(script.bare("status", "--data").with(1).said())
                .isEqualTo("muster: The option --data lacks its value. See ./muster status --help.\n");
    }
}
