package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.SharedAccessPolicies;
import io.muster.records.OutputStream;
import io.muster.records.PutWebJob;
import io.muster.records.RunWebJob;
import io.muster.records.ScriptHost;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drives WebJobs over the real server, with the planner's sites played by a double. Contract: webjobs-and-schedules, 2.1 to 2.6; addresses. */
class KuduTest {
    private static final String SITE = "/fleet.scm.azurewebsites.net";
    private static final String TRIGGERED = SITE + "/api/triggeredwebjobs";
    private static final String CONTINUOUS = SITE + "/api/continuouswebjobs";

    private final HttpClient http = HttpClient.newHttpClient();
    private TestApi api;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private String key(String policy) {
        return String.valueOf(api.policies.named(policy).orElseThrow().keys().primary());
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private HttpResponse<String> send(String method, String path, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.server.port() + path))
                .header("Authorization", basic("iothubowner", key("iothubowner")))
                .header("User-Agent", "test")
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> ask(String method, String path, String... headers) throws Exception {
        return send(method, path, new byte[0], headers);
    }

    private HttpResponse<String> upload(String path, String fileName, String body) throws Exception {
        return send(
                "PUT",
                path,
                body.getBytes(StandardCharsets.UTF_8),
                "Content-Disposition",
                "attachment; filename=" + fileName);
    }

    private HttpResponse<String> uploadZip(String path, byte[] zip) throws Exception {
        return send(
                "PUT",
                path,
                zip,
                "Content-Disposition",
                "attachment; filename=\"a.zip\"",
                "Content-Type",
                "application/zip");
    }

    private static byte[] zip(Map<String, String> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, String> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    private void purge() throws Exception {
        assertThat(upload(TRIGGERED + "/purge", "run.sh", "echo hi").statusCode())
                .isEqualTo(200);
    }

    private static JsonNode json(HttpResponse<String> answer) throws IOException {
        return TestApi.JSON.readTree(answer.body());
    }

    private JsonNode got(String path, String... headers) throws Exception {
        HttpResponse<String> answer = ask("GET", path, headers);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return json(answer);
    }

    private String base() {
        return "http://127.0.0.1:" + api.server.port() + SITE;
    }

    @Test
    void uploadsAFileAndShowsTheJob() throws Exception {
        HttpResponse<String> answer = upload(TRIGGERED + "/purge", "\"C:\\tools\\run.sh\"", "echo hi");
        assertThat(answer.statusCode()).isEqualTo(200);
        String expected = """
            {"latest_run":null,
             "history_url":"%1$s/api/triggeredwebjobs/purge/history",
             "scheduler_logs_url":"%1$s/vfs/data/jobs/triggered/purge/job_scheduler.log",
             "name":"purge","run_command":"run.sh","url":"%1$s/api/triggeredwebjobs/purge",
             "extra_info_url":"%1$s/azurejobs/#/jobs/triggered/purge","type":"triggered","error":null,
             "using_sdk":false,"settings":{}}""".formatted(base());
        assertThat(json(answer)).isEqualTo(TestApi.JSON.readTree(expected));
        assertThat(got(TRIGGERED + "/PURGE")).isEqualTo(TestApi.JSON.readTree(expected));
        assertThat(got(TRIGGERED)).hasSize(1);
        PutWebJob put = (PutWebJob) api.planner.commands.getLast();
        assertThat(put.getFiles().getHost()).isEqualTo(ScriptHost.BASH);
        assertThat(put.getFiles().getFileName()).isEqualTo("run.sh");
        assertThat(api.compute.artifacts.get(put.getFiles().getSha256()))
                .asString()
                .isEqualTo("echo hi");
    }

    @Test
    void uploadsAnArchiveWithItsSettings() throws Exception {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("job/run.py", "print(1)");
        files.put("job/settings.job", "{\"is_singleton\":true,\"mine\":[1]}");
        HttpResponse<String> answer = uploadZip(CONTINUOUS + "/watch", zip(files));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        JsonNode job = json(answer);
        assertThat(job.get("type").textValue()).isEqualTo("continuous");
        assertThat(job.get("run_command").textValue()).isEqualTo("run.py");
        assertThat(job.get("settings")).isEqualTo(TestApi.JSON.readTree("{\"is_singleton\":true,\"mine\":[1]}"));
        assertThat(job.get("log_url").textValue()).isEqualTo(base() + "/vfs/data/jobs/continuous/watch/job_log.txt");
        assertThat(((PutWebJob) api.planner.commands.getLast()).getFiles().getDirectory())
                .isEqualTo("job");
        purge();
        assertThat(got(SITE + "/api/webjobs"))
                .extracting(one -> one.get("name").textValue())
                .as("triggered jobs before continuous ones")
                .containsExactly("purge", "watch");
        assertThat(got(CONTINUOUS)).hasSize(1);
    }

    @Test
    void refusesUploadsThatAreNotRightAndKeepsNothing() throws Exception {
        HttpResponse<String> answer = send("PUT", TRIGGERED + "/purge", new byte[1]);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
        assertThat(answer.body()).contains("Content-Disposition");
        assertThat(upload(TRIGGERED + "/-purge", "run.sh", "").statusCode()).isEqualTo(400);
        assertThat(upload(TRIGGERED + "/a%20b", "run.sh", "").statusCode()).isEqualTo(400);
        assertThat(uploadZip(TRIGGERED + "/purge", "no zip".getBytes(StandardCharsets.UTF_8))
                        .body())
                .contains("no zip file");
        answer = uploadZip(TRIGGERED + "/purge", zip(Map.of("run.sh", "", "../../etc/cron.d/x", "")));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("does not lie below its directory");
        assertThat(api.planner.commands).isEmpty();
        assertThat(api.compute.artifacts).isEmpty();
    }

    @Test
    void deletesTheJobWhereAnUploadHasNoScript() throws Exception {
        purge();
        HttpResponse<String> answer = upload(TRIGGERED + "/purge", "notes.txt", "no script");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("no runnable script");
        assertThat(ask("GET", TRIGGERED + "/purge").statusCode()).isEqualTo(404);
        assertThat(upload(TRIGGERED + "/purge", "notes.txt", "no script").statusCode())
                .as("where there is no job either")
                .isEqualTo(400);
    }

    @Test
    void takesUploadsUpToTheLimitAndNoOtherBodyOfThatSize() throws Exception {
        String large = "#".repeat(3 << 20);
        assertThat(upload(TRIGGERED + "/purge", "run.sh", large).statusCode()).isEqualTo(200);
        HttpResponse<String> answer = upload(TRIGGERED + "/other", "run.sh", large + "#");
        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(answer.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
        assertThat(send("PUT", TRIGGERED + "/purge/settings", new byte[(1 << 20) + 1])
                        .statusCode())
                .isEqualTo(413);
    }

    @Test
    void echoesTheIdsThatACallerGivesARequest() throws Exception {
        HttpResponse<String> answer =
                ask("GET", TRIGGERED, "x-ms-client-request-id", "mine", "client-request-id", "x".repeat(129));
        assertThat(answer.headers().firstValue("x-ms-client-request-id")).contains("mine");
        assertThat(answer.headers().firstValue("client-request-id")).isEmpty();
    }

    /** Asks again on the same connection, behind a body that nobody reads. */
    @Test
    void closesTheConnectionOfAnUploadThatIsRefusedUnread() throws Exception {
        byte[] body = new byte[1 << 20];
        assertThat(send("PUT", TRIGGERED + "/purge", body).statusCode()).isEqualTo(400);
        String head = "PUT " + TRIGGERED + "/purge HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                + basic("iothubowner", key("iothubowner")) + "\r\nContent-Length: " + body.length + "\r\n\r\n";
        assertThat(api.exchange(head + "#".repeat(300_000)).toLowerCase()).contains(" 400 ", "connection: close");
    }

    /** Counts a body without a length as it is read. */
    @Test
    void countsAnUploadInChunks() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + api.server.port() + TRIGGERED + "/purge"))
                .header("Authorization", basic("iothubowner", key("iothubowner")))
                .header("Content-Disposition", "attachment; filename=run.sh")
                .PUT(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(new byte[(3 << 20) + 1])))
                .build();
        assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(413);
        assertThat(api.planner.commands).isEmpty();
    }

    /** Holds field case 62. */
    @Test
    void runsAJobOnceAtATime() throws Exception {
        purge();
        HttpResponse<String> answer = ask("POST", TRIGGERED + "/purge/run?arguments=a%20%27b%20c%27");
        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(answer.body()).isEmpty();
        String location = answer.headers().firstValue("Location").orElseThrow();
        assertThat(location).isEqualTo(base() + "/api/triggeredwebjobs/purge/history/202611210225101230");
        assertThat(api.planner.commands.getLast()).isEqualTo(new RunWebJob("purge", "a 'b c'", "External - test"));
        answer = ask("POST", TRIGGERED + "/purge/run");
        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.body()).contains("already running");
        JsonNode run = got(location.substring(location.indexOf(SITE)));
        assertThat(run.get("status").textValue()).isEqualTo("Initializing");
        assertThat(run.get("end_time").isNull()).isTrue();
        assertThat(run.get("duration").textValue()).isEqualTo("00:00:04.877");
        send("POST", SITE + "/api/settings", "{\"WEBJOBS_STOPPED\":1}".getBytes(StandardCharsets.UTF_8));
        answer = ask("POST", TRIGGERED + "/purge/run");
        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.body()).contains("stopped");
    }

    @Test
    void answersWithTheCodesOfTheResourceManagerWhereItAsks() throws Exception {
        purge();
        String[] arm = {"x-ms-geo-location", "here"};
        assertThat(ask("POST", TRIGGERED + "/purge/run", arm).statusCode()).isEqualTo(200);
        JsonNode job = got(TRIGGERED + "/purge", arm);
        assertThat(job.get("name").textValue()).isEqualTo("fleet/purge");
        assertThat(job.at("/properties/name").textValue()).isEqualTo("purge");
        assertThat(got(TRIGGERED, arm).get("value")).hasSize(1);
        assertThat(got(TRIGGERED + "/purge/history", arm).at("/properties/runs"))
                .hasSize(1);
    }

    private void run(WebJobRunStatus status, long endedAfter) throws Exception {
        ask("POST", TRIGGERED + "/purge/run");
        change(run -> run.setStatus(status)
                .setStartedAt(TestApi.NOW)
                .setNodeId("node-1")
                .setPlacement(1L)
                .setEndedAt(endedAfter < 0 ? null : TestApi.NOW.plusMillis(endedAfter)));
    }

    @Test
    void showsTheHistoryTheNewestFirst() throws Exception {
        purge();
        run(WebJobRunStatus.SUCCESS, 100);
        run(WebJobRunStatus.ABORTED, 90_061_000);
        JsonNode runs = got(TRIGGERED + "/purge/history").get("runs");
        assertThat(runs).extracting(run -> run.get("status").textValue()).containsExactly("Aborted", "Success");
        assertThat(runs.get(0).get("duration").textValue()).isEqualTo("1.01:01:05.8769");
        String expected = """
            {"id":"202611210225101230","name":"202611210225101230","status":"Success",
             "start_time":"2026-11-21T02:25:10.123Z","end_time":"2026-11-21T02:25:15.1Z","duration":"00:00:04.977",
             "output_url":"%1$s/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt","error_url":null,
             "url":"%1$s/api/triggeredwebjobs/purge/history/202611210225101230","job_name":"purge",
             "trigger":"External - test"}""".formatted(base());
        assertThat(runs.get(1)).isEqualTo(TestApi.JSON.readTree(expected));
        assertThat(got(TRIGGERED + "/purge").get("latest_run")).isEqualTo(runs.get(0));
        assertThat(ask("GET", TRIGGERED + "/purge/history/1").statusCode()).isEqualTo(404);
    }

    @Test
    void saysThatNothingChanged() throws Exception {
        purge();
        for (String path :
                new String[] {SITE + "/api/webjobs", TRIGGERED, TRIGGERED + "/purge", TRIGGERED + "/purge/history"}) {
            String tag = ask("GET", path).headers().firstValue("ETag").orElseThrow();
            HttpResponse<String> again = ask("GET", path, "If-None-Match", tag);
            assertThat(again.statusCode()).as(path).isEqualTo(304);
            assertThat(again.body()).isEmpty();
        }
        String tag = ask("GET", TRIGGERED).headers().firstValue("ETag").orElseThrow();
        ask("POST", TRIGGERED + "/purge/run");
        assertThat(ask("GET", TRIGGERED, "If-None-Match", tag).statusCode()).isEqualTo(200);
    }

    @Test
    void showsTheLogWholeAndByRange() throws Exception {
        purge();
        run(WebJobRunStatus.RUNNING, -1);
        String task = "fleet.purge.202611210225101230";
        String log = SITE + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt";
        String head = "[11/21/2026 02:25:10 > -: SYS INFO] Status changed to Initializing\r\n"
                + "[11/21/2026 02:25:10 > -: SYS INFO] Run script 'run.sh' with script host - 'BashScriptHost'\r\n"
                + "[11/21/2026 02:25:15 > node-1: SYS INFO] Status changed to Running\r\n";
        assertThat(ask("GET", log).body()).isEqualTo(head);
        api.compute.write(task, "node-1", OutputStream.OUT, TestApi.NOW, "hi\n");
        api.compute.write(task, "node-1", OutputStream.ERR, TestApi.NOW, "oh\n");
        String lines = head + "[11/21/2026 02:25:15 > node-1: INFO] hi\r\n[11/21/2026 02:25:15 > node-1: ERR ] oh\r\n";
        HttpResponse<String> whole = ask("GET", log);
        assertThat(whole.body()).isEqualTo(lines);
        assertThat(whole.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
        HttpResponse<String> rest =
                ask("GET", SITE + "/api" + log.substring(SITE.length()), "Range", "bytes=" + head.length() + "-");
        assertThat(rest.statusCode()).isEqualTo(206);
        assertThat(rest.body()).isEqualTo(lines.substring(head.length()));
        assertThat(rest.headers().firstValue("Content-Range"))
                .contains("bytes " + head.length() + "-" + (lines.length() - 1) + "/" + lines.length());
        assertThat(ask("GET", log, "Range", "bytes=-5").body()).isEqualTo(" oh\r\n");
        assertThat(ask("GET", log, "Range", "bytes=1-3").body()).isEqualTo(lines.substring(1, 4));
        assertThat(ask("GET", log, "Range", "bytes=" + lines.length() + "-").statusCode())
                .isEqualTo(416);
        assertThat(ask("GET", log.replace("0225101230", "0225101239")).statusCode())
                .isEqualTo(404);
        assertThat(ask("GET", SITE + "/vfs/site/wwwroot/x").statusCode()).isEqualTo(404);
        api.compute.keptSince = Optional.of(TestApi.NOW.plusSeconds(60));
        assertThat(ask("GET", log).body())
                .as("some of it has expired")
                .startsWith(head + "[11/21/2026 02:25:15 > node-1: WARN] Output from before ");
    }

    /** Reads a live log in the background: each event as it stands, without the empty line behind it. */
    private final class Live implements AutoCloseable {
        final HttpResponse<Stream<String>> answer;
        final Deque<String> events = new ConcurrentLinkedDeque<>();
        volatile boolean ended;

        Live(String path, String... headers) throws Exception {
            HttpRequest.Builder request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + api.server.port() + path))
                    .header("Authorization", basic("iothubowner", key("iothubowner")))
                    .header("Accept", "text/event-stream");
            if (headers.length > 0) {
                request.headers(headers);
            }
            answer = http.send(request.build(), HttpResponse.BodyHandlers.ofLines());
            Thread.ofVirtual().start(this::read);
        }

        private void read() {
            StringBuilder event = new StringBuilder();
            try {
                answer.body().forEach(line -> {
                    event.append(line).append('\n');
                    if (line.isEmpty()) {
                        events.add(event.toString().strip());
                        event.setLength(0);
                    }
                });
            } catch (UncheckedIOException | IllegalStateException _) {
                // It was closed.
            }
            ended = true;
        }

        @Override
        public void close() {
            answer.body().close();
        }
    }

    private static String text(Collection<String> events) {
        return events.stream()
                .filter(event -> !event.startsWith("event:"))
                .flatMap(String::lines)
                .filter(line -> line.startsWith("data: "))
                .map(line -> line.substring(6) + "\r\n")
                .collect(Collectors.joining());
    }

    @Test
    void followsTheLogOfARunUntilItEnds() throws Exception {
        purge();
        ask("POST", TRIGGERED + "/purge/run");
        String task = "fleet.purge.202611210225101230";
        String log = SITE + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt";
        try (Live live = new Live(log)) {
            assertThat(live.answer.headers().firstValue("Content-Type")).contains("text/event-stream");
            await().until(() -> text(live.events).contains("Run script 'run.sh'"));
            started();
            await().until(() -> text(live.events).endsWith("Status changed to Running\r\n"));
            api.compute.write(task, "node-1", OutputStream.OUT, TestApi.NOW, "hi\nhal");
            await().until(() -> text(live.events).endsWith("INFO] hi\r\n"));
            String id = "Last-Event-ID";
            String position = live.events.stream()
                    .flatMap(String::lines)
                    .filter(line -> line.startsWith("id: "))
                    .reduce("", (_, last) -> last)
                    .substring(4);
            int length = ask("GET", log).body().length();
            assertThat(position).startsWith(length + ".");
            try (Live again = new Live(log, id, position);
                    Live byLength = new Live(log, id, String.valueOf(length));
                    Live forged = new Live(log, id, length + ".999999999.0.0")) {
                api.compute.write(task, "node-1", OutputStream.OUT, TestApi.NOW, "f\n");
                ended();
                await().until(() -> live.ended && again.ended && byLength.ended && forged.ended);
                String whole = ask("GET", log).body();
                assertThat(text(live.events)).isEqualTo(whole);
                for (Live each : List.of(again, byLength, forged)) {
                    assertThat(text(each.events)).isEqualTo(whole.substring(length));
                    assertThat(each.events.removeLast())
                            .startsWith("event: end\nid: " + whole.length() + ".")
                            .endsWith("\ndata: Success");
                }
            }
        }
    }

    private void started() {
        change(run -> run.setStatus(WebJobRunStatus.RUNNING)
                .setStartedAt(TestApi.NOW)
                .setNodeId("node-1")
                .setPlacement(1L));
    }

    private void ended() {
        change(run -> run.setStatus(WebJobRunStatus.SUCCESS).setEndedAt(TestApi.NOW));
    }

    /** Plays what the planner does with the newest run of the job purge. */
    private void change(UnaryOperator<WebJobRun.Builder> change) {
        api.planner.sites.change(
                "fleet", "purge", run -> change.apply(WebJobRun.newBuilder(run)).build());
    }

    /** Writes what would be an event of its own, were an end of a line left as it is. */
    @Test
    void letsNoProgramWriteEventsOfItsOwn() throws Exception {
        purge();
        run(WebJobRunStatus.SUCCESS, 100);
        api.compute.write(
                "fleet.purge.202611210225101230",
                "node-1",
                OutputStream.OUT,
                TestApi.NOW,
                "10%\revent: end\rdata: Failed\r\rid: 7\n");
        try (Live live = new Live(SITE + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt")) {
            await().until(() -> live.ended);
            assertThat(live.events)
                    .filteredOn(event -> event.startsWith("event:"))
                    .hasSize(1);
            assertThat(text(live.events)).contains("10%\r\nevent: end\r\ndata: Failed\r\n\r\nid: 7\r\n");
        }
    }

    @Test
    void endsALiveLogWithItsJob() throws Exception {
        purge();
        run(WebJobRunStatus.RUNNING, -1);
        try (Live live = new Live(SITE + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt")) {
            await().until(() -> !live.events.isEmpty());
            ask("DELETE", TRIGGERED + "/purge");
            await().until(() -> live.ended);
            assertThat(live.events).last().asString().startsWith("event: end");
        }
    }

    @Test
    void refusesALiveLogThatItCannotShow() throws Exception {
        purge();
        run(WebJobRunStatus.RUNNING, -1);
        upload(CONTINUOUS + "/watch", "run.sh", "sleep 9");
        String log = SITE + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt";
        String[] live = {"Accept", "text/event-stream"};
        assertThat(ask("GET", SITE + "/vfs/data/jobs/continuous/watch/job_log.txt", live)
                        .statusCode())
                .isEqualTo(406);
        assertThat(ask("GET", log, "Accept", "text/event-stream", "Range", "bytes=3-")
                        .body())
                .contains("Range");
        assertThat(ask("GET", log, "Accept", "text/event-stream;q=0, text/plain")
                        .headers()
                        .firstValue("Content-Type"))
                .as("what is not acceptable")
                .contains("text/plain; charset=utf-8");
        for (String forged : List.of("x-3", "3.1", "3.0.4.0", "3.-1.0.0", "9".repeat(19))) {
            assertThat(ask("GET", log, "Accept", "text/event-stream", "Last-Event-ID", forged)
                            .body())
                    .contains("Last-Event-ID");
        }
    }

    @Test
    void limitsLiveLogsOfOneCallerUntilOneIsLeft() throws Exception {
        purge();
        run(WebJobRunStatus.RUNNING, -1);
        String log = SITE + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt";
        List<Live> readers = new ArrayList<>();
        try {
            for (int i = 0; i < 32; i++) {
                readers.add(new Live(log));
            }
            await().until(() -> readers.stream().noneMatch(reader -> reader.events.isEmpty()));
            assertThat(ask("GET", log, "Accept", "text/event-stream").statusCode())
                    .isEqualTo(429);
            assertThat(ask("GET", log).statusCode())
                    .as("as a text it has places of its own")
                    .isEqualTo(200);
            readers.removeFirst().close();
            await().untilAsserted(() -> {
                try (Live next = new Live(log)) {
                    assertThat(next.answer.statusCode()).isEqualTo(200);
                }
            });
        } finally {
            readers.forEach(Live::close);
        }
    }

    /** Those that came together were answered 500, when they had waited for a place in vain. */
    @Test
    void refusesLogsBeyondItsPlacesWhenTheyHaveWaited() throws Exception {
        purge();
        run(WebJobRunStatus.RUNNING, -1);
        for (int i = 0; i < 400; i++) {
            String lines = ("x".repeat(999) + "\n").repeat(60);
            api.compute.write("fleet.purge.202611210225101230", "node-1", OutputStream.OUT, TestApi.NOW, lines);
        }
        HttpRequest log = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.server.port() + SITE
                        + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt"))
                .header("Authorization", basic("iothubowner", key("iothubowner")))
                .build();
        List<CompletableFuture<HttpResponse<InputStream>>> asked = IntStream.range(0, 60)
                .mapToObj(_ -> http.sendAsync(log, HttpResponse.BodyHandlers.ofInputStream()))
                .toList();
        Map<Integer, Integer> answers = new TreeMap<>();
        for (CompletableFuture<HttpResponse<InputStream>> each : asked) {
            answers.merge(each.get().statusCode(), 1, Integer::sum);
        }
        assertThat(answers).isEqualTo(Map.of(200, 50, 429, 10));
        for (CompletableFuture<HttpResponse<InputStream>> each : asked) {
            each.get().body().close();
        }
        await().until(() -> ask(
                                "GET",
                                SITE + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt",
                                "Range",
                                "bytes=0-9")
                        .statusCode()
                == 206);
    }

    /** Offsets of such a log move: its head goes with older starts, and nodes write between each other's lines. */
    @Test
    void showsTheLogOfAContinuousJobWholeWhateverRangeIsAskedFor() throws Exception {
        purge();
        run(WebJobRunStatus.RUNNING, -1);
        upload(CONTINUOUS + "/watch", "run.sh", "sleep 9");
        api.planner.sites.copyRuns("fleet", "purge", "watch");
        String log = SITE + "/vfs/data/jobs/continuous/watch/job_log.txt";
        HttpResponse<String> whole = ask("GET", log);
        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(whole.headers().firstValue("Accept-Ranges")).contains("none");
        for (String range : new String[] {"bytes=10-", "bytes=-5", "bytes=100000-"}) {
            HttpResponse<String> answer = ask("GET", log, "Range", range);
            assertThat(answer.statusCode()).as(range).isEqualTo(200);
            assertThat(answer.body()).isEqualTo(whole.body());
        }
    }

    @Test
    void readsALogThatIsLargerThanWhatItHolds() throws Exception {
        purge();
        run(WebJobRunStatus.SUCCESS, 100);
        for (int i = 0; i < 300; i++) {
            api.compute.write(
                    "fleet.purge.202611210225101230",
                    "node-1",
                    OutputStream.OUT,
                    TestApi.NOW,
                    "x".repeat(65_000) + "\n");
        }
        String log = ask("GET", SITE + "/vfs/data/jobs/triggered/purge/202611210225101230/output_log.txt")
                .body();
        assertThat(log).hasSizeGreaterThan(300 * 65_000).endsWith("SYS INFO] Status changed to Success\r\n");
        assertThat(log.lines()).hasSize(300 + 4);
    }

    @Test
    void changesSettingsOfAJob() throws Exception {
        purge();
        String path = TRIGGERED + "/purge/settings";
        assertThat(send("PUT", path, "{\"schedule\":\"0 0 3 * *\",\"mine\":{\"a\":1}}".getBytes(StandardCharsets.UTF_8))
                        .statusCode())
                .isEqualTo(200);
        assertThat(got(path)).isEqualTo(TestApi.JSON.readTree("{\"schedule\":\"0 0 3 * *\",\"mine\":{\"a\":1}}"));
        assertThat(got(TRIGGERED + "/purge").get("error").textValue()).contains("six fields");
        assertThat(send("PUT", path, "[]".getBytes(StandardCharsets.UTF_8)).statusCode())
                .isEqualTo(400);
        assertThat(send("PUT", path, new byte[0]).statusCode()).isEqualTo(400);
        assertThat(ask("GET", TRIGGERED + "/other/settings").statusCode()).isEqualTo(404);
        assertThat(send("PUT", TRIGGERED + "/other/settings", "{}".getBytes(StandardCharsets.UTF_8))
                        .statusCode())
                .isEqualTo(404);
    }

    /** Both were left out silently. */
    @Test
    void saysWhichSettingsAJobDoesNotGoBy() throws Exception {
        uploadZip(TRIGGERED + "/purge", zip(Map.of("run.sh", "", "settings.job", "{\"schedule\": oops}")));
        upload(CONTINUOUS + "/watch", "run.sh", "sleep 9");
        assertThat(got(TRIGGERED + "/purge").get("error").textValue())
                .startsWith("The file settings.job is not JSON (Unrecognized token 'oops'")
                .endsWith(", and is not used.");
        assertThat(got(CONTINUOUS + "/watch").get("error").isNull()).isTrue();
        send("PUT", TRIGGERED + "/purge/settings", "{}".getBytes(StandardCharsets.UTF_8));
        assertThat(got(TRIGGERED + "/purge").get("error").isNull()).isTrue();
        String settings =
                "{\"WEBJOBS_RESTART_TIME\":\"banana\",\"webjobs_idle_timeout\":-1,\"WEBJOBS_HISTORY_SIZE\":500}";
        assertThat(send("POST", SITE + "/api/settings", settings.getBytes(StandardCharsets.UTF_8))
                        .statusCode())
                .isEqualTo(204);
        assertThat(got(CONTINUOUS + "/watch").get("error").textValue())
                .isEqualTo(
                        "The setting WEBJOBS_RESTART_TIME is a number from 1 to 604800: 60 is used in place of its value.");
        assertThat(got(TRIGGERED + "/purge").get("error").textValue())
                .isEqualTo(
                        "The setting WEBJOBS_IDLE_TIMEOUT is a number from 1 to 604800: 120 is used in place of its value."
                                + " The setting WEBJOBS_HISTORY_SIZE is a number from 1 to 50: 50 is used in place of its value.");
    }

    @Test
    void changesSettingsOfTheSite() throws Exception {
        String path = SITE + "/api/settings";
        assertThat(got(path)).isEmpty();
        assertThat(send("POST", path, "{\"A\":\"1\",\"B\":true}".getBytes(StandardCharsets.UTF_8))
                        .statusCode())
                .isEqualTo(204);
        assertThat(got(path)).isEqualTo(TestApi.JSON.readTree("{\"A\":\"1\",\"B\":\"true\"}"));
        assertThat(got(path + "/a")).isEqualTo(TestApi.JSON.getNodeFactory().textNode("1"));
        assertThat(ask("GET", path + "/c").statusCode()).isEqualTo(404);
        HttpResponse<String> refused = send("POST", path, "{\"A\":{}}".getBytes(StandardCharsets.UTF_8));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).isEqualTo("Give the setting A as a text.");
    }

    @Test
    void startsAndStopsAContinuousJob() throws Exception {
        assertThat(upload(CONTINUOUS + "/watch", "run.sh", "sleep 9").statusCode())
                .isEqualTo(200);
        assertThat(got(CONTINUOUS + "/watch").get("status").textValue()).isEqualTo("Initializing");
        assertThat(ask("POST", CONTINUOUS + "/watch/stop").statusCode()).isEqualTo(200);
        assertThat(got(CONTINUOUS + "/watch").get("status").textValue()).isEqualTo("Stopped");
        assertThat(ask("POST", CONTINUOUS + "/watch/start").statusCode()).isEqualTo(200);
        assertThat(ask("POST", CONTINUOUS + "/other/start").statusCode()).isEqualTo(404);
        assertThat(ask("GET", CONTINUOUS + "/watch/passthrough/x").statusCode()).isEqualTo(501);
        assertThat(ask("DELETE", CONTINUOUS + "/watch").statusCode()).isEqualTo(200);
        assertThat(ask("GET", CONTINUOUS + "/watch").statusCode()).isEqualTo(404);
    }

    @Test
    void answersAsKuduWhereThereIsNoJob() throws Exception {
        HttpResponse<String> answer = ask("GET", TRIGGERED + "/purge");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).isEmpty();
        assertThat(ask("DELETE", TRIGGERED + "/purge").statusCode()).isEqualTo(200);
        assertThat(ask("POST", TRIGGERED + "/purge/run").statusCode()).isEqualTo(404);
        assertThat(ask("GET", TRIGGERED + "/purge/history").statusCode()).isEqualTo(404);
        assertThat(got(TRIGGERED)).isEmpty();
        assertThat(got(SITE + "/api/triggeredwebjobsswagger").get("swagger").textValue())
                .isEqualTo("2.0");
    }

    @Test
    void describesTheRunsOfJobsWhereTheyAre() throws Exception {
        purge();
        JsonNode swagger = got(SITE + "/api/triggeredwebjobsswagger");
        assertThat(swagger.get("basePath").textValue()).isEqualTo(SITE + "/");
        String path = swagger.get("paths").fieldNames().next();
        assertThat(ask("POST", (swagger.get("basePath").textValue() + path).replace("//", "/"))
                        .statusCode())
                .as("the path of the description leads to the job")
                .isEqualTo(202);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/triggeredjobs/purge",
                "/jobs/triggered/purge",
                "/api/jobs/triggered/purge",
                "/API/TriggeredWebJobs/Purge",
                "/api/triggeredwebjobs/purge/"
            })
    void isReachedAtItsOldPathsToo(String path) throws Exception {
        purge();
        assertThat(got(SITE + path).get("name").textValue()).isEqualTo("purge");
    }

    @Test
    void isReachedByItsHost() throws Exception {
        purge();
        String answer = api.exchange("GET /api/triggeredwebjobs/purge HTTP/1.1\r\nHost: Fleet.scm.example.org\r\n"
                + "Connection: close\r\nAuthorization: " + basic("$fleet", key("iothubowner")) + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 200 ");
        assertThat(TestApi.body(answer).get("url").textValue())
                .isEqualTo("http://Fleet.scm.example.org/api/triggeredwebjobs/purge");
    }

    private int status(String method, String path, String authorization) throws Exception {
        return answer(method, path, authorization).statusCode();
    }

    private HttpResponse<String> answer(String method, String path, String authorization) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.server.port() + path))
                        .header("Authorization", authorization)
                        .header("Content-Disposition", "attachment; filename=run.sh")
                        .method(method, HttpRequest.BodyPublishers.ofString(method.equals("GET") ? "" : "{}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void saysWhyItKnowsNoSuchUser() throws Exception {
        HttpResponse<String> wrongKey = answer("GET", TRIGGERED, basic("iothubowner", key("iothubowner") + "x"));
        assertThat(wrongKey.statusCode()).isEqualTo(401);
        assertThat(wrongKey.body()).isEqualTo("The hub knows no such user and password.");
        HttpResponse<String> otherSite = answer("GET", TRIGGERED, basic("$other", key("iothubowner")));
        assertThat(otherSite.statusCode()).isEqualTo(401);
        assertThat(otherSite.body())
                .isEqualTo(
                        "Give a policy's name, or $ and the site's name, as user, and the policy's key as password.");
    }

    @Test
    void isForWhoeverShowsAKey() throws Exception {
        String key = key("iothubowner");
        assertThat(status("GET", TRIGGERED, basic("iothubowner", key))).isEqualTo(200);
        assertThat(status("GET", TRIGGERED, basic("$fleet", key))).isEqualTo(200);
        assertThat(status("GET", TRIGGERED, basic("$Fleet", key))).isEqualTo(200);
        assertThat(status("GET", TRIGGERED, basic("$other", key))).isEqualTo(401);
        assertThat(status("GET", TRIGGERED, basic("service", key))).isEqualTo(401);
        assertThat(status("GET", TRIGGERED, basic("iothubowner", key + "x"))).isEqualTo(401);
        assertThat(status("GET", TRIGGERED, basic("iothubowner", ""))).isEqualTo(401);
        assertThat(status("GET", TRIGGERED, "Basic !")).isEqualTo(401);
        assertThat(status("GET", TRIGGERED, "Basic " + Base64.getEncoder().encodeToString("x".getBytes())))
                .isEqualTo(401);
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.server.port() + TRIGGERED))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Basic realm=\"site\"");
    }

    @ParameterizedTest
    @CsvSource({
        "service, 403, 403, 403, 403",
        "registryReadWrite, 403, 403, 403, 403",
        "device, 403, 403, 403, 403",
        "runner, 200, 403, 202, 403",
        "coder, 200, 200, 202, 200"
    })
    void isForPoliciesWithTheRight(String policy, int read, int write, int run, int settings) throws Exception {
        api.close();
        api = TestApi.start(SharedAccessPolicies.parse(policiesText()));
        purge();
        String credentials = basic(policy, key(policy));
        assertThat(status("GET", TRIGGERED, credentials)).isEqualTo(read);
        assertThat(status("PUT", TRIGGERED + "/other", credentials)).isEqualTo(write);
        assertThat(status("POST", TRIGGERED + "/purge/run", credentials)).isEqualTo(run);
        assertThat(status("GET", SITE + "/api/settings", credentials)).isEqualTo(settings);
    }

    private static String policiesText() {
        SecureRandom random = new SecureRandom();
        StringBuilder text = new StringBuilder();
        Map.of(
                        "iothubowner", "RegistryRead,RegistryWrite,ServiceConnect,DeviceConnect,Jobs,Compute,Streams",
                        "service", "ServiceConnect",
                        "registryReadWrite", "RegistryRead,RegistryWrite",
                        "device", "DeviceConnect",
                        "runner", "jobs",
                        "coder", "compute")
                .forEach((name, rights) -> {
                    byte[] bytes = new byte[32];
                    random.nextBytes(bytes);
                    String key = Base64.getEncoder().encodeToString(bytes);
                    text.append(name).append(".rights=").append(rights).append('\n');
                    text.append(name).append(".primaryKey=").append(key).append('\n');
                    text.append(name).append(".secondaryKey=\n");
                });
        return text.toString();
    }

    @Test
    void keepsWhoAskedForWhat() throws Exception {
        purge();
        ask("POST", TRIGGERED + "/purge/run");
        ask("GET", TRIGGERED);
        assertThat(api.audit)
                .extracting(entry -> entry.getMethod() + " " + entry.getPath() + " " + entry.getPolicy())
                .containsExactly(
                        "PUT /fleet.scm.azurewebsites.net/api/triggeredwebjobs/purge iothubowner",
                        "POST /fleet.scm.azurewebsites.net/api/triggeredwebjobs/purge/run iothubowner");
    }
}
