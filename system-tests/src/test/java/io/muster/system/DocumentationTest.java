package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.query.stream.StreamQuery;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs the programs in the README and in docs/ as they are printed. */
class DocumentationTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final List<String> DEVICES = List.of("sim-000003", "sim-000006");
    private static final int LIMIT_MINUTES = 5;

    /** Names languages of blocks that show something and are nothing to run. */
    private static final Set<String> SHOWN = Set.of("mermaid", "text");

    /** Names snippets that no test can run, by the ends of their marks: another one is decided here. */
    private static final Set<String> NOT_RUN = Set.of(
            "it is the whole suite; FirstHourTest starts, asks and ends a Muster with the same script",
            "it is a build in a build",
            "it takes a debugger",
            "it changes the checkout",
            "scripts of Kafka's own, which we do not ship",
            "it takes a cluster; GrowthTest moves the topics",
            "it measures for minutes",
            "it takes root and minutes",
            "it takes compute nodes, which system tests start",
            "StreamStartsTest asks for it");

    private static RunningMuster muster;
    private static SimulatedFleet fleet;
    private static Path folder;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
        muster.register(DEVICES, "{\"site\":\"A\",\"floor\":2}");
        fleet = muster.connect(DEVICES, Behaviour.PERFECT);
        await().until(() -> fleet.counters().connected() == DEVICES.size());
        folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "documentation");
        // The pages' ./muster, for the data folder of the Muster that runs here.
        Path script = Files.writeString(
                folder.resolve("muster"),
                "#!/bin/sh\nexec '" + ROOT.resolve("muster") + "' \"$@\" --data '"
                        + muster.standalone.options().data() + "'\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    /** Returns the block of that language that the page marks as run here. */
    private static String block(String page, String language) throws IOException {
        Matcher block = Pattern.compile(
                        "<!-- run by DocumentationTest -->\n```" + language + "\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(ROOT.resolve(page)));
        assertThat(block.find()).as(page + " has such a block of " + language).isTrue();
        return block.group(1);
    }

    /** Runs a line of the shell in the folder. @return its output */
    private static String run(String line) throws Exception {
        File output = File.createTempFile("run", ".out", folder.toFile());
        Process process = shell(line, output);
        boolean ended = process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
        process.destroyForcibly();
        String said = Files.readString(output.toPath());
        assertThat(ended).as(said).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }

    private static Process shell(String line, File output) throws Exception {
        ProcessBuilder program = new ProcessBuilder("bash", "-euo", "pipefail", "-c", line)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output);
        program.environment()
                .put(
                        "NODE_PATH",
                        NodeModules.installed().resolve("node_modules").toString());
        program.environment()
                .put("NODE_EXTRA_CA_CERTS", muster.standalone.caFile().toString());
        return program.start();
    }

    private static String addresses() {
        return muster.standalone.options().kafka() + " "
                + muster.standalone.options().registry();
    }

    /** Requires of each snippet that it runs, says why not, or names the test of another name that runs it. */
    @Test
    void runsEverySnippet() throws IOException {
        List<String> unmarked = new ArrayList<>();
        for (Path page : pages()) {
            Matcher fence = Pattern.compile("(?m)^(?:<!-- (.*) -->\n)?```(\\w*)\n(?s:.*?)^```$")
                    .matcher(Files.readString(page));
            while (fence.find()) {
                String mark = Optional.ofNullable(fence.group(1)).orElse("");
                Matcher by = Pattern.compile("(?:run|drawn) by (\\w+)").matcher(mark);
                boolean isRun = by.matches() && reads(by.group(1), page);
                if (!isRun && !isDecided(mark) && !SHOWN.contains(fence.group(2))) {
                    unmarked.add(page + ": "
                            + fence.group().lines().skip(1).findFirst().orElse(""));
                }
            }
        }
        assertThat(unmarked).isEmpty();
    }

    private static boolean isDecided(String mark) {
        return mark.startsWith("not run: ") && NOT_RUN.contains(mark.substring("not run: ".length()));
    }

    /** Returns the pages but the Kubernetes guide, all of which GuideTest runs. */
    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")));
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md"))
                    .filter(file -> !file.endsWith("operate/kubernetes.md"))
                    .sorted()
                    .forEach(pages::add);
        }
        assertThat(pages).hasSizeGreaterThan(30);
        return pages;
    }

    /** Returns whether a text of the test's program ends with the page's name, and so leads to it; a comment does not. */
    private static boolean reads(String test, Path page) throws IOException {
        Pattern name = Pattern.compile("\"(?:[^\"\n]*/)?" + Pattern.quote(page.getFileName() + "\""));
        try (Stream<Path> sources =
                Files.find(ROOT, 12, (file, _) -> file.toString().endsWith("/" + test + ".java"))) {
            for (Path source : sources.toList()) {
                if (name.matcher(Files.readString(source)).find()) {
                    return true;
                }
            }
            return false;
        }
    }

    @Test
    void acceptsTheQueriesOfTheStreamJobsPage() throws Exception {
        Matcher query = Pattern.compile("<!-- run by DocumentationTest -->\n```sql\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(ROOT.resolve("docs/stream-jobs.md")));
        int found = 0;
        while (query.find()) {
            found++;
            assertThat(StreamQuery.parse(query.group(1), Set.of()).outputs()).hasSize(1);
        }
        assertThat(found).isEqualTo(2);
    }

    @Test
    void connectsADeviceOfTheUsersOwn() throws Exception {
        Files.createSymbolicLink(folder.resolve("standalone"), ROOT.resolve("standalone"));
        Files.createSymbolicLink(
                folder.resolve(".muster"), muster.standalone.options().data());
        String id = "doc-" + UUID.randomUUID();
        muster.register(List.of(id), "{}");
        String java = ProcessHandle.current().info().command().orElse("java");
        String command = block("docs/operate/standalone.md", "sh")
                .replaceFirst("^java ", Matcher.quoteReplacement("exec '" + java + "' "))
                .replace("--device ID", "--device " + id);
        File output = File.createTempFile("device", ".out", folder.toFile());
        Process device =
                shell(command + " --port=" + muster.standalone.options().mqttPort(), output);
        try {
            await().atMost(Duration.ofMinutes(2))
                    .until(() -> Files.readString(output.toPath()).contains("\"connected\":1"));
        } finally {
            device.destroy();
        }
    }

    @Test
    void runsTheReadmesFirstJobWithCurlRepeatedly() throws Exception {
        Files.writeString(folder.resolve("first.sh"), block("README.md", "sh"));
        for (int time = 0; time < 2; time++) {
            assertThat(run("bash -euo pipefail first.sh"))
                    .contains("\"status\":\"completed\"")
                    .contains("\"succeededCount\":2")
                    .contains("\"deviceId\":\"sim-000003\"");
        }
    }

    @Test
    void runsTheReadmesFirstJobWithNodesSdk() throws Exception {
        Files.writeString(folder.resolve("first.js"), block("README.md", "js"));
        for (int time = 0; time < 2; time++) {
            assertThat(run("node first.js \"$(./muster credentials --surface iothub --json)\""))
                    .contains("completed")
                    .contains("succeededCount: 2");
        }
    }

    @Test
    void letsANodeProgramAskForAJobOverKafka() throws Exception {
        Files.writeString(folder.resolve("kafka.js"), block("docs/kafka-producers.md", "js"));
        String id = "doc-" + UUID.randomUUID();
        assertThat(run("node kafka.js " + id + " " + addresses())).contains("JobCreated (ours)", "JobCompleted");
        assertThat(run("node kafka.js " + id + " " + addresses())).contains("JobCreated", "JobCompleted");
    }

    @Test
    void letsAJavaProgramAskForAJobOverKafka() throws Exception {
        Files.writeString(folder.resolve("JobFromKafka.java"), block("docs/kafka-producers.md", "java"));
        String id = "doc-" + UUID.randomUUID();
        assertThat(run("'" + ProcessHandle.current().info().command().orElse("java") + "' -cp '"
                        + ROOT.resolve("standalone/target/muster/lib") + "/*' JobFromKafka.java " + id + " "
                        + addresses()))
                .contains("written to job-commands");
        RunningMuster.completed(muster.rest, id);
    }

    @Test
    void createsStartsReadsAndStopsAStreamJob() throws Exception {
        Files.writeString(folder.resolve("stream.js"), block("docs/stream-jobs.md", "js"));
        assertThat(run("node stream.js \"$(./muster credentials --surface arm)\" "
                        + muster.standalone.options().kafka()))
                .contains("Running", "\"device\":\"d1\"", "Stopped");
    }

    @Test
    void acceptsAJobWithAllOptionsAndSaysWhyItWaits() throws Exception {
        Matcher json = Pattern.compile("```json\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(ROOT.resolve("docs/jobs.md")));
        assertThat(json.find()).isTrue();
        String path = "/jobs/v2/doc-" + UUID.randomUUID();
        JsonNode job =
                RunningMuster.ok(muster.rest.send("PUT", path, json.group(1)).join());
        await().untilAsserted(() -> {
            JsonNode later =
                    RunningMuster.ok(muster.rest.send("GET", path, null).join());
            assertThat(later.path("status").asText().equals("running")
                            || later.path("statusMessage").asText().contains("next execution window"))
                    .as(later.toString())
                    .isTrue();
        });
        assertThat(job.path("jobId").asText()).isNotEmpty();
        RunningMuster.ok(muster.rest.send("POST", path + "/cancel", "").join());
    }
}
