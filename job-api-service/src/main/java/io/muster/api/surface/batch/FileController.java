package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Head;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.muster.api.compute.TaskOutputs;
import io.muster.api.http.ByteRange;
import io.muster.api.http.Callers;
import io.muster.api.http.Places;
import io.muster.api.http.Streams;
import io.muster.api.http.Time;
import io.muster.api.job.Requests;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.BatchTask;
import io.muster.records.OutputStream;
import io.muster.records.ReadBatchTask;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Serves {@code stdout.txt} and {@code stderr.txt} of tasks, as their last attempts have written them up to now. Other files stay on the node. Nothing of a file is held here but
 * what is being sent. Contract: batch, 3.4.
 */
@Controller(Batch.MOUNT)
@Consumes(MediaType.ALL)
@ExecuteOn(TaskExecutors.BLOCKING)
final class FileController {
    private static final String FILES = "/jobs/{jobId}/tasks/{taskId}/files";
    private static final String FILE = FILES + "/{name}";
    private static final SortedMap<String, OutputStream> NAMES =
            new TreeMap<>(Map.of("stdout.txt", OutputStream.OUT, "stderr.txt", OutputStream.ERR));
    private static final Set<String> PROPERTIES =
            Set.of("name", "url", "isDirectory", "properties/contentLength", "properties/lastModified");
    private static final String TYPE = "text/plain";
    private static final ByteRange WHOLE = new ByteRange(0, Long.MAX_VALUE);
    /** Bounds the files that are read at once: half of them for one caller, and for one job. */
    private static final int AT_ONCE = 100;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Requests requests;
    private final TaskOutputs outputs;
    private final Time time;
    private final Places readers = new Places(AT_ONCE, AT_ONCE / 2);

    FileController(Requests requests, TaskOutputs outputs, Time time) {
        this.requests = requests;
        this.outputs = outputs;
        this.time = time;
    }

    /** Returns a task whose program has begun. @throws ProblemException where none has */
    private BatchTask begun(String jobId, String taskId) {
        BatchTask task = JobController.ask(requests, jobId, new ReadBatchTask(taskId), BatchTask.class)
                .join();
        if (task.getToken() == null || task.getStartedAt() == null || task.getPoolId() == null) {
            throw new ProblemException(new Problem(
                    409, "TaskFilesUnavailable", "The task has no files: its program has not begun on any node."));
        }
        return task;
    }

    private static OutputStream stream(String name) {
        return Optional.ofNullable(NAMES.get(name))
                .orElseThrow(() -> new ProblemException(new Problem(
                        404,
                        "FileNotFound",
                        "There is no such file here: of a task's files there are stdout.txt and stderr.txt, others stay on"
                                + " its node.")));
    }

    @Get(FILES)
    MutableHttpResponse<String> list(HttpRequest<?> request, String jobId, String taskId) throws IOException {
        BatchRequest asked = new BatchRequest(request);
        String path = TaskDocuments.path(jobId, taskId) + "/files";
        Listing listing = Listing.of(asked, path, PROPERTIES, "recursive");
        BatchTask task = begun(jobId, taskId);
        List<ObjectNode> found = new ArrayList<>();
        @Nullable String after = listing.after();
        for (Map.Entry<String, OutputStream> each : (after == null ? NAMES : NAMES.tailMap(after + '\0')).entrySet()) {
            if (found.size() == listing.most()) {
                return asked.ok(listing.page("files", found, Optional.ofNullable(after)));
            }
            ObjectNode row = row(
                    asked.url(path + "/" + each.getKey()), each.getKey(), task, facts(request, task, each.getValue()));
            if (listing.takes(row)) {
                found.add(row);
            }
            after = each.getKey();
        }
        return asked.ok(listing.page("files", found, Optional.empty()));
    }

    private static ObjectNode row(String url, String name, BatchTask task, FilePieces.Facts facts) {
        ObjectNode row = JsonNodeFactory.instance
                .objectNode()
                .put("name", name)
                .put("url", url)
                .put("isDirectory", false);
        row.putObject("properties")
                .put("creationTime", String.valueOf(task.getStartedAt()))
                .put("lastModified", facts.at().toString())
                .put("contentLength", facts.length())
                .put("contentType", TYPE);
        return row;
    }

    @Head(FILE)
    MutableHttpResponse<String> properties(HttpRequest<?> request, String jobId, String taskId, String name)
            throws IOException {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        OutputStream stream = stream(name);
        BatchTask task = begun(jobId, taskId);
        FilePieces.Facts facts = facts(request, task, stream);
        Conditions.of(request.getHeaders()).check(true, task.getRevision(), facts.at());
        return described(asked, HttpResponse.<String>ok(), task, name, facts.at())
                .header("Content-Length", Long.toString(facts.length()));
    }

    /** Answers a file, or the range of it that the header {@code ocp-range} names. */
    @Get(value = FILE, headRoute = false)
    MutableHttpResponse<?> get(HttpRequest<?> request, String jobId, String taskId, String name) throws IOException {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        OutputStream stream = stream(name);
        BatchTask task = begun(jobId, taskId);
        Conditions conditions = Conditions.of(request.getHeaders());
        // The answer to it is 200, which the client of a plain Range would take for the whole file.
        Optional<String> range = request.getHeaders().findFirst("ocp-range").filter(ByteRange::isOne);
        if (range.isEmpty() && conditions.isEmpty()) {
            @Nullable Instant endedAt = task.getEndedAt();
            Instant at = endedAt == null ? facts(request, task, stream).at() : endedAt;
            return described(asked, body(request, task, stream, WHOLE), task, name, at);
        }
        FilePieces.Facts facts = facts(request, task, stream);
        conditions.check(true, task.getRevision(), facts.at());
        if (range.isEmpty()) {
            return described(asked, body(request, task, stream, WHOLE), task, name, facts.at());
        }
        ByteRange found = ByteRange.of(range.get(), facts.length())
                .orElseThrow(() -> new ProblemException(new Problem(
                        416,
                        "InvalidRange",
                        "The file has " + facts.length() + " bytes: none of them is in the range.")));
        return described(asked, body(request, task, stream, found), task, name, facts.at())
                .header("Content-Range", found.contentRange(facts.length()));
    }

    private static <B> MutableHttpResponse<B> described(
            BatchRequest asked, MutableHttpResponse<B> answer, BatchTask task, String name, Instant at) {
        String path = TaskDocuments.path(task.getJobId(), task.getDefinition().getTaskId()) + "/files/" + name;
        return answer.header("Content-Type", TYPE)
                .header("Last-Modified", BatchRequest.date(at))
                .header("ocp-creation-time", BatchRequest.date(Objects.requireNonNull(task.getStartedAt())))
                .header("ocp-batch-file-isdirectory", "false")
                .header("ocp-batch-file-url", asked.url(path))
                .header("ocp-batch-file-mode", "100644")
                .header("Cache-Control", "no-store");
    }

    private MutableHttpResponse<?> body(HttpRequest<?> request, BatchTask task, OutputStream stream, ByteRange range) {
        Places.Taken place = take(request, task, PATIENCE);
        return HttpResponse.status(HttpStatus.OK)
                .body(Streams.holding(request, place, () -> FilePieces.open(outputs, task, stream, range)));
    }

    private FilePieces.Facts facts(HttpRequest<?> request, BatchTask task, OutputStream stream) throws IOException {
        try (Places.Taken _ = take(request, task, Duration.ZERO)) {
            return FilePieces.facts(outputs, task, stream, time.source());
        }
    }

    private Places.Taken take(HttpRequest<?> request, BatchTask task, Duration limit) {
        return readers.take(readersOf(request, task), 1, limit).orElseThrow(FileController::tooMany);
    }

    private static List<String> readersOf(HttpRequest<?> request, BatchTask task) {
        return List.of(
                "caller " + Callers.of(request).id(), "job " + task.getJobId().toLowerCase(Locale.ROOT));
    }

    private static ProblemException tooMany() {
        return new ProblemException(Problem.throttled("Too many files are being read: try again in a moment."));
    }
}
