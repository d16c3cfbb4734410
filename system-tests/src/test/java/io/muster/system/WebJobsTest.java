package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.access.SharedAccessSignature;
import io.muster.access.TrustedAuthorities;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
        String credentials = "iothubowner:" + muster.key("iothubowner");
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(endpoint() + "/" + SITE + ".scm.azurewebsites.net" + path))
                .header(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
                .method(method, HttpRequest.BodyPublishers.ofString(body));
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
        present.retainAll(scripts.keySet());
        for (String interpreter : present) {
            String job = "of-" + interpreter;
            upload(job, files.get(interpreter), scripts.get(interpreter));
            String id = run(job);
            awaitStatus(job, id, "Success");
            assertThat(log(job, id)).contains("from " + interpreter + " " + job);
        }
    }

    /** Ends the node's processes with it, and does not repeat its run. */
    @Test
    void abortsTheRunOfANodeThatIsKilled() throws Exception {
        upload("endless", "run.sh", "echo begun\nwhile true; do sleep 1; echo again; done\n");
        String id = run("endless");
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> log("endless", id).contains("INFO] begun"));
        node.descendants().forEach(ProcessHandle::destroyForcibly);
        node.destroyForcibly();
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
}
