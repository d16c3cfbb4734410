package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.api.BatchClient.Answer;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskState;
import io.muster.records.OutputStream;
import io.muster.records.TaskOutput;
import io.muster.records.TaskToken;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads files of tasks over the real server. Contract: batch, 3.4. */
class BatchFilesTest {
    private static final String IN_POOL = "j:t:1";
    private static final String FILES = "/jobs/j/tasks/t/files";
    private static final Instant LATER = TestApi.NOW.plusSeconds(2);

    private TestApi api;
    private BatchClient client;
    private BatchJobsDouble planner;

    @BeforeEach
    void start() throws Exception {
        api = TestApi.start();
        client = new BatchClient(api, "iothubowner");
        planner = new BatchJobsDouble(api.views.batchJobs());
        api.planner.batch = planner::take;
        ask(201, "POST", "/jobs", "{'id':'j','poolInfo':{'poolId':'default'}}");
        ask(201, "POST", "/jobs/j/tasks", "{'id':'t','commandLine':'true'}");
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private Answer ask(int status, String method, String path, @Nullable String body, String... headers)
            throws Exception {
        Answer answer = client.ask(method, path, body, headers);
        assertThat(answer.status()).as("%s %s %s", method, path, answer.body()).isEqualTo(status);
        return answer;
    }

    private void runs() {
        planner.change(
                "j",
                "t",
                task -> BatchTask.newBuilder(task)
                        .setState(BatchTaskState.RUNNING)
                        .setPoolId("default")
                        .setNodeId("node-1")
                        .setToken(new TaskToken(IN_POOL, 1L))
                        .setStartedAt(TestApi.NOW)
                        .build());
    }

    private void writes(OutputStream stream, String text) {
        api.compute.write(IN_POOL, "node-1", stream, LATER, text);
    }

    private static String text(Answer answer) {
        return new String(answer.response().body(), StandardCharsets.UTF_8);
    }

    @Test
    void readsWhatATaskHasWrittenToEachOfItsStreams() throws Exception {
        runs();
        writes(OutputStream.OUT, "one\n");
        writes(OutputStream.ERR, "wrong\n");
        writes(OutputStream.OUT, "two\n");
        Answer out = ask(200, "GET", FILES + "/stdout.txt", null);
        assertThat(text(out)).isEqualTo("one\ntwo\n");
        assertThat(out.header("ocp-batch-file-isdirectory")).isEqualTo("false");
        assertThat(out.header("ocp-creation-time")).isEqualTo("Sat, 21 Nov 2026 02:25:15 GMT");
        assertThat(out.header("ocp-batch-file-url")).endsWith("/jobs/j/tasks/t/files/stdout.txt");
        assertThat(text(ask(200, "GET", FILES + "/stderr.txt", null))).isEqualTo("wrong\n");
    }

    @Test
    void countsAChunkThatComesTwiceOnceAndNoneOfAnotherAttempt() throws Exception {
        runs();
        writes(OutputStream.OUT, "one\n");
        api.compute.output.add(api.compute.output.getFirst());
        api.compute.output.add(TaskOutput.newBuilder(api.compute.output.getFirst())
                .setToken(new TaskToken(IN_POOL, 0L))
                .setOffset(100L)
                .build());
        assertThat(text(ask(200, "GET", FILES + "/stdout.txt", null))).isEqualTo("one\n");
    }

    @Test
    void readsWhatTheNodeOfTheTaskHasWrittenAndNotThoseOfItsSubtasks() throws Exception {
        runs();
        api.compute.write(IN_POOL, "node-2", OutputStream.OUT, LATER, "of a subtask\n");
        TaskOutput others = api.compute.output.removeLast();
        writes(OutputStream.OUT, "one\n");
        api.compute.output.addFirst(others);
        assertThat(text(ask(200, "GET", FILES + "/stdout.txt", null))).isEqualTo("one\n");
    }

    @ParameterizedTest
    @CsvSource({"bytes=0-2,one", "bytes=4-,two", "bytes=-2,wo", "bytes=2-5,e-tw"})
    void readsARange(String range, String expected) throws Exception {
        runs();
        writes(OutputStream.OUT, "one-");
        writes(OutputStream.ERR, "wrong");
        writes(OutputStream.OUT, "two");
        assertThat(text(ask(200, "GET", FILES + "/stdout.txt", null, "ocp-range", range)))
                .isEqualTo(expected);
    }

    @Test
    void saysThatARangeHasNothing() throws Exception {
        runs();
        writes(OutputStream.OUT, "one");
        assertThat(ask(416, "GET", FILES + "/stdout.txt", null, "ocp-range", "bytes=3-")
                        .code())
                .isEqualTo("InvalidRange");
    }

    @Test
    void describesAFile() throws Exception {
        runs();
        writes(OutputStream.OUT, "seven77");
        Answer head = ask(200, "HEAD", FILES + "/stdout.txt", null);
        assertThat(head.header("Content-Length")).isEqualTo("7");
        assertThat(head.header("Last-Modified")).isEqualTo("Sat, 21 Nov 2026 02:25:17 GMT");
        assertThat(head.header("ocp-batch-file-mode")).isEqualTo("100644");
        ask(412, "GET", FILES + "/stdout.txt", null, "If-Unmodified-Since", "Sat, 21 Nov 2026 02:25:16 GMT");
        ask(304, "GET", FILES + "/stdout.txt", null, "If-Modified-Since", "Sat, 21 Nov 2026 02:25:17 GMT");
    }

    /** Reads the date of a file over each operation that says it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void saysOneDateOfAFileEverywhere(boolean ended) throws Exception {
        runs();
        writes(OutputStream.OUT, "seven77");
        if (ended) {
            planner.change(
                    "j",
                    "t",
                    task -> BatchTask.newBuilder(task)
                            .setState(BatchTaskState.COMPLETED)
                            .setEndedAt(LATER.plusSeconds(5))
                            .build());
        }
        String date = ended ? "Sat, 21 Nov 2026 02:25:22 GMT" : "Sat, 21 Nov 2026 02:25:17 GMT";
        String file = FILES + "/stdout.txt";
        assertThat(ask(200, "HEAD", file, null).header("Last-Modified")).isEqualTo(date);
        assertThat(ask(200, "GET", file, null).header("Last-Modified")).isEqualTo(date);
        assertThat(ask(200, "GET", file, null, "ocp-range", "bytes=0-1").header("Last-Modified"))
                .isEqualTo(date);
        JsonNode row = ask(200, "GET", FILES, null).body().path("value").get(1);
        assertThat(Instant.parse(row.at("/properties/lastModified").asText()))
                .isEqualTo(ended ? LATER.plusSeconds(5) : LATER);
    }

    @Test
    void listsTheFilesInPages() throws Exception {
        runs();
        writes(OutputStream.OUT, "one");
        JsonNode first =
                ask(200, "GET", FILES + "?recursive=true&maxresults=1", null).body();
        assertThat(first.path("value").findValuesAsText("name")).containsExactly("stderr.txt");
        String next = first.path("odata.nextLink").asText();
        JsonNode second =
                client.send("GET", next.substring(next.indexOf("/jobs")), null).body();
        assertThat(second.at("/value/0/name").asText()).isEqualTo("stdout.txt");
        assertThat(second.at("/value/0/properties/contentLength").asInt()).isEqualTo(3);
        assertThat(second.at("/value/0/isDirectory").asBoolean(true)).isFalse();
        assertThat(second.has("odata.nextLink")).isFalse();
    }

    @Test
    void refusesOtherFilesAndThoseOfATaskThatHasNotBegun() throws Exception {
        assertThat(ask(409, "GET", FILES + "/stdout.txt", null).code()).isEqualTo("TaskFilesUnavailable");
        assertThat(ask(409, "GET", FILES, null).code()).isEqualTo("TaskFilesUnavailable");
        runs();
        assertThat(ask(404, "GET", FILES + "/wd%2Fa.txt", null).code()).isEqualTo("FileNotFound");
        assertThat(ask(501, "GET", FILES + "/wd/a.txt", null).code()).isEqualTo("NotSupported");
        assertThat(ask(404, "GET", "/jobs/j/tasks/absent/files", null).code()).isEqualTo("TaskNotFound");
    }
}
