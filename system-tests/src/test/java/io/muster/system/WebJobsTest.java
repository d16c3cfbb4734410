package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.access.SharedAccessSignature;
import io.muster.access.TrustedAuthorities;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs scripts on a compute node of the site's own pool, driven by the unmodified clients of npm, and by the bytes. */
class WebJobsTest {
    private static final String SITE = "fleet";
    private static final String NODE = "webjobs-node";
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Duration LIMIT = Duration.ofSeconds(90);

    private static RunningMuster muster;
    private static HttpClient http;
    private static Process node;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
        http = HttpClient.newBuilder()
                .sslContext(TrustedAuthorities.tls(muster.standalone.caFile()))
                .build();
        node = startNode();
        // Until the pool of its name has a node, a site's runs go to the default pool, which has none here.
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions() // The node registers itself.
                .until(() -> RunningMuster.ok(muster.rest
                                        .send("GET", "/twins/" + NODE, null)
                                        .join())
                                .at("/properties/reported/compute/slots")
                                .asInt()
                        == 4);
    }

    private static Process startNode() throws IOException {
        return new ProcessBuilder(
                        ROOT.resolve("muster").toString(),
                        "node",
                        "--pool",
                        SITE,
                        "--name",
                        NODE,
                        "--slots",
                        "4",
                        "--data",
                        muster.standalone.options().data().toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        Path.of("target/webjobs-node.log").toFile()))
                .start();
    }

    @AfterAll
    static void stop() throws Exception {
        node.descendants().forEach(ProcessHandle::destroy);
        node.destroy();
        assertThat(node.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    private static String endpoint() {
        return "https://localhost:" + muster.standalone.options().restPort();
    }

    private static HttpResponse<String> ask(String method, String path, String body, String... headers)
            throws Exception {
        return send(method, path, HttpRequest.BodyPublishers.ofString(body), headers);
    }

    private static HttpResponse<String> send(
            String method, String path, HttpRequest.BodyPublisher body, String... headers) throws Exception {
        String credentials = "iothubowner:" + muster.key("iothubowner");
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(endpoint() + "/" + SITE + ".scm.azurewebsites.net" + path))
                .header(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
                .method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static void upload(String name, String fileName, String script) throws Exception {
        HttpResponse<String> answer = ask(
                "PUT",
                "/api/triggeredwebjobs/" + name,
                script,
                "Content-Disposition",
                "attachment; filename=" + fileName);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    /** Begins a run. @return its id */
    private static String run(String name) throws Exception {
        HttpResponse<String> answer = ask("POST", "/api/triggeredwebjobs/" + name + "/run", "");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        String location = answer.headers().firstValue("Location").orElseThrow();
        return location.substring(location.lastIndexOf('/') + 1);
    }

    private static String history(String name, String id) throws Exception {
        return ask("GET", "/api/triggeredwebjobs/" + name + "/history/" + id, "")
                .body();
    }

    private static void awaitStatus(String name, String id, String status) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> history(name, id).contains("\"status\":\"" + status + "\""));
    }

    private static String log(String name, String id) throws Exception {
        return ask("GET", "/vfs/data/jobs/triggered/" + name + "/" + id + "/output_log.txt", "")
                .body();
    }

    @Test
    void npmKuduApiVscodeAndArmAppService() throws Exception {
        String host = "localhost:" + muster.standalone.options().restPort();
        String token = SharedAccessSignature.sign(
                host, muster.key("iothubowner"), "iothubowner", Instant.now().plusSeconds(3600));
        Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "webjobs");
        Path said = folder.resolve("said.txt");
        ProcessBuilder builder = new ProcessBuilder(
                        "node",
                        "webjobs.js",
                        "https://" + host,
                        SITE,
                        "iothubowner",
                        muster.key("iothubowner"),
                        token,
                        folder.toString())
                .directory(NodeModules.installed().toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment()
                .put("NODE_EXTRA_CA_CERTS", muster.standalone.caFile().toString());
        Process clients = builder.start();
        boolean ended = clients.waitFor(8, TimeUnit.MINUTES);
        clients.destroyForcibly();
        assertThat(ended).as(Files.readString(said)).isTrue();
        assertThat(Files.readString(said)).contains("the jobs run");
    }

    @Test
    void runsScriptsOfEachInterpreterOfTheNode() throws Exception {
        Map<String, String> scripts = Map.of(
                "bash", "echo \"from bash $WEBJOBS_NAME\"\n",
                "node", "console.log('from node ' + process.env.WEBJOBS_NAME);\n",
                "python", "import os\nprint('from python ' + os.environ['WEBJOBS_NAME'])\n");
        Map<String, String> files = Map.of("bash", "run.sh", "node", "run.js", "python", "run.py");
        List<String> present = new ArrayList<>();
        RunningMuster.ok(muster.rest.send("GET", "/twins/" + NODE, null).join())
                .at("/properties/reported/compute/capabilities")
                .forEach(capability -> present.add(capability.asText()));
        assertThat(present).contains("bash", "node");
        assertThat(present.contains("python")).as("python").isEqualTo(isOnPath("python3") || isOnPath("python"));
        present.retainAll(scripts.keySet());
        for (String interpreter : present) {
            String job = "of-" + interpreter;
            upload(job, files.get(interpreter), scripts.get(interpreter));
            String id = run(job);
            awaitStatus(job, id, "Success");
            assertThat(log(job, id)).contains("from " + interpreter + " " + job);
        }
    }

    private static boolean isOnPath(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** Ends the node's processes with it, and does not repeat its run. */
    @Test
    void abortsTheRunOfANodeThatIsKilled() throws Exception {
        upload("endless", "run.sh", "echo begun\nwhile true; do sleep 1; echo again; done\n");
        String id = run("endless");
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> log("endless", id).contains("INFO] begun"));
        List<ProcessHandle> programs = node.descendants().toList();
        assertThat(programs).isNotEmpty();
        node.destroyForcibly();
        await().atMost(LIMIT).until(() -> programs.stream().noneMatch(ProcessHandle::isAlive));
        awaitStatus("endless", id, "Aborted");
        node = startNode();
        upload("behind", "run.sh", "echo behind\n");
        String next = run("behind");
        awaitStatus("behind", next, "Success");
        assertThat(history("endless", id)).contains("Aborted");
    }

    @Test
    void keepsARunOverTheDeathOfPlannerAndApi() throws Exception {
        Path gate = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "gate")
                .resolve("open");
        upload("patient", "run.sh", "echo begun\nuntil [ -e '" + gate + "' ]; do sleep 0.1; done\necho done\n");
        String id = run("patient");
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> log("patient", id).contains("INFO] begun"));
        muster.restart("planner");
        muster.restart("api");
        Files.createFile(gate);
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .until(() -> history("patient", id).contains("\"status\":\"Success\""));
        assertThat(log("patient", id)).containsOnlyOnce("INFO] begun").contains("INFO] done");
    }

    /** Runs an archive of Java, also beside another file that would run first were it a script. */
    @Test
    void runsAJarBehindAllOtherHosts() throws Exception {
        byte[] jar = jar();
        HttpResponse<String> answer = put("/api/triggeredwebjobs/of-java", jar, "attachment; filename=greet.jar");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).contains("\"run_command\":\"greet.jar\"");
        String id = run("of-java");
        awaitStatus("of-java", id, "Success");
        assertThat(log("of-java", id)).contains("INFO] from java of-java");
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(both)) {
            add(zip, "a.jar", jar);
            add(zip, "b.sh", "echo the shell\n".getBytes(StandardCharsets.UTF_8));
        }
        answer = put(
                "/api/triggeredwebjobs/of-both",
                both.toByteArray(),
                "attachment; filename=both.zip",
                "Content-Type",
                "application/zip");
        assertThat(answer.body()).contains("\"run_command\":\"b.sh\"");
    }

    private static byte[] jar() throws IOException {
        Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "jar");
        Path source = Files.writeString(folder.resolve("Greet.java"), """
                public class Greet {
                    public static void main(String[] arguments) {
                        System.out.println("from java " + System.getenv("WEBJOBS_NAME"));
                    }
                }
                """);
        // For the Java of the node, which is that of the machine.
        assertThat(ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, "--release", "11", "-d", folder.toString(), source.toString()))
                .isZero();
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "Greet");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            add(jar, "Greet.class", Files.readAllBytes(folder.resolve("Greet.class")));
        }
        return bytes.toByteArray();
    }

    private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content);
        zip.closeEntry();
    }

    private static HttpResponse<String> put(String path, byte[] body, String disposition, String... headers)
            throws Exception {
        List<String> all = new ArrayList<>(List.of(headers));
        all.addAll(List.of("Content-Disposition", disposition));
        return send("PUT", path, HttpRequest.BodyPublishers.ofByteArray(body), all.toArray(String[]::new));
    }

    /** Ends at once, so that it starts again and again; its offsets move, and it is never answered in part. */
    @Test
    void showsTheNewestTenStartsOfAContinuousJobWhateverRangeIsAskedFor() throws Exception {
        assertThat(ask("POST", "/api/settings", "{\"WEBJOBS_RESTART_TIME\":1}").statusCode())
                .isEqualTo(204);
        String path = "/api/continuouswebjobs/again";
        HttpResponse<String> answer = put(
                path,
                "echo \"start $(ls -A \"$WEBJOBS_DATA_PATH\" | wc -l) of\"; mktemp -p \"$WEBJOBS_DATA_PATH\"\n"
                        .getBytes(StandardCharsets.UTF_8),
                "attachment; filename=run.sh");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        String log = "/vfs/data/jobs/continuous/again/job_log.txt";
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> ask("GET", log, "").body().contains("INFO] start 12 of"));
        HttpResponse<String> part = ask("GET", log, "", "Range", "bytes=100-200");
        assertThat(part.statusCode()).isEqualTo(200);
        assertThat(part.headers().firstValue("Accept-Ranges")).contains("none");
        assertThat(part.body())
                .startsWith("[")
                .contains("Status changed to PendingRestart")
                .doesNotContain("INFO] start 0 of");
        assertThat(part.body().lines().filter(line -> line.contains("INFO] start ")))
                .hasSizeBetween(9, 10);
        assertThat(ask("DELETE", path, "").statusCode()).isEqualTo(200);
        assertThat(ask("DELETE", "/api/settings/WEBJOBS_RESTART_TIME", "").statusCode())
                .isBetween(200, 204);
    }

    /** Holds field case 64: the wait is a limit, and the log says how a program ended. */
    @Test
    void stopsAContinuousJobInTimeOrAbortsItBehindItsWait() throws Exception {
        continuous("deaf", "trap '' TERM\necho begun\nwhile true; do sleep 0.1; done\n");
        continuous("polite", "echo begun\nuntil [ -e \"$WEBJOBS_SHUTDOWN_FILE\" ]; do sleep 0.1; done\necho bye\n");
        assertThat(stopped("deaf"))
                .containsSubsequence(
                        "Status changed to Stopping", "WebJob process was aborted", "Status changed to Stopped");
        assertThat(stopped("polite"))
                .containsSubsequence("Status changed to Stopping", "INFO] bye", "Status changed to Stopped")
                .doesNotContain("aborted");
    }

    private static void continuous(String name, String script) throws Exception {
        String path = "/api/continuouswebjobs/" + name;
        HttpResponse<String> answer = put(path, script.getBytes(StandardCharsets.UTF_8), "attachment; filename=run.sh");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(ask("PUT", path + "/settings", "{\"stopping_wait_time\":3}").statusCode())
                .isEqualTo(200);
    }

    /** Stops a job whose program runs. @return its log */
    private static String stopped(String name) throws Exception {
        String path = "/api/continuouswebjobs/" + name;
        String log = "/vfs/data/jobs/continuous/" + name + "/job_log.txt";
        awaitAnswer(path + "/settings", "stopping_wait_time");
        awaitAnswer(log, "INFO] begun");
        assertThat(ask("POST", path + "/stop", "").statusCode()).isEqualTo(200);
        awaitAnswer(path, "\"status\":\"Stopped\"");
        String text = ask("GET", log, "").body();
        assertThat(ask("DELETE", path, "").statusCode()).isEqualTo(200);
        return text;
    }

    /** Tries WebJobs as somebody new would: each snippet of the page, one behind another, in one shell. */
    @Test
    void runsThePageAsItIsPrinted() throws Exception {
        Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "page");
        Path script = Files.writeString(
                folder.resolve("muster"),
                "#!/bin/sh\nexec '" + ROOT.resolve("muster") + "' \"$@\" --data '"
                        + muster.standalone.options().data() + "'\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        List<String> blocks = blocks(ROOT.resolve("docs").resolve("webjobs.md"));
        assertThat(blocks).hasSize(6);
        Path said = folder.resolve("said.txt");
        Process shell = new ProcessBuilder("bash", "-euo", "pipefail")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try (Writer input = shell.outputWriter()) {
            assertThat(run(blocks.get(0), input, said))
                    .contains("INFO] hello from hello, world", "INFO] bye", "event: end", "data: Success")
                    .contains("\"status\":\"Success\"", "\"trigger\":\"External - curl/");
            assertThat(run(blocks.get(1), input, said)).contains("Next schedule expected at ");
            awaitAnswer("/api/triggeredwebjobs/hello/history", "\"trigger\":\"Schedule - */10 * * * * *\"");
            awaitAnswer("/api/triggeredwebjobs/hello", "\"end_time\":\"");
            run(blocks.get(2), input, said);
            awaitAnswer("/api/triggeredwebjobs/hello/history", "\"status\":\"Failed\"");
            assertThat(logOfLatest("hello")).contains("SYS ERR ] Job failed due to exit code 3");
            run(blocks.get(3), input, said);
            awaitAnswer("/vfs/data/jobs/continuous/hello/job_log.txt", "INFO] tick");
            assertThat(run(blocks.get(4), input, said)).contains("INFO] tick");
            awaitAnswer("/api/continuouswebjobs/hello", "\"status\":\"Stopped\"");
            run(blocks.get(5), input, said);
            assertThat(ask("GET", "/api/continuouswebjobs/hello", "").statusCode())
                    .isEqualTo(404);
        } finally {
            shell.destroy();
        }
    }

    private static List<String> blocks(Path page) throws IOException {
        Matcher block = Pattern.compile("<!-- run by WebJobsTest -->\n```sh\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(page));
        return block.results().map(found -> found.group(1)).toList();
    }

    /** Runs a block in the shell. @return what it says */
    private static String run(String block, Writer input, Path said) throws Exception {
        String before = Files.readString(said);
        String end = "-- end of " + UUID.randomUUID();
        input.write(block + "\necho '" + end + "'\n");
        input.flush();
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(Files.readString(said)).contains(end));
        return Files.readString(said).substring(before.length());
    }

    private static void awaitAnswer(String path, String text) {
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(ask("GET", path, "").body()).contains(text));
    }

    private static String logOfLatest(String name) throws Exception {
        Matcher id = Pattern.compile("\"latest_run\":\\{\"id\":\"(\\d+)\"")
                .matcher(ask("GET", "/api/triggeredwebjobs/" + name, "").body());
        assertThat(id.find()).isTrue();
        return log(name, id.group(1));
    }
}
