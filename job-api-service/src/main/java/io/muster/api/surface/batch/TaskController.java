package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.muster.api.http.Workers;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskAdded;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskDeleted;
import io.muster.records.BatchTaskPage;
import io.muster.records.BatchTasksAdded;
import io.muster.records.ChangeBatchTask;
import io.muster.records.DeleteBatchTask;
import io.muster.records.ListBatchTasks;
import io.muster.records.ReactivateBatchTask;
import io.muster.records.ReadBatchTask;
import io.muster.records.TaskConstraints;
import io.muster.records.TerminateBatchTask;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Serves tasks of jobs. Contract: batch, 3.2, 3.4. */
@Controller(Batch.MOUNT)
@Consumes(MediaType.ALL)
final class TaskController {
    private static final String TASKS = "/jobs/{jobId}/tasks";
    private static final String TASK = TASKS + "/{taskId}";
    private static final int MOST_ADDED = 100;
    /** Bounds the tasks that one request for a filtered list looks at; it goes on behind its nextLink. */
    private static final int MOST_READ = 5_000;

    private final Requests requests;
    private final BatchReach reach;
    private final Workers workers;

    TaskController(Requests requests, BatchReach reach, Workers workers) {
        this.requests = requests;
        this.reach = reach;
        this.workers = workers;
    }

    @Post(TASKS)
    CompletionStage<MutableHttpResponse<String>> add(HttpRequest<?> request, String jobId, @Body byte[] body) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return workers.read(() -> {
            BatchTaskDefinition task = reach.check(TaskReader.task(JobController.body(body)));
            return JobController.ask(requests, jobId, new AddBatchTasks(List.of(task)), BatchTasksAdded.class)
                    .thenApply(added -> created(asked, jobId, added.getTasks().getFirst()));
        });
    }

    private static MutableHttpResponse<String> created(BatchRequest asked, String jobId, BatchTaskAdded added) {
        if (added.getRefused() != null) {
            throw new ProblemException(Refusals.of(added.getRefused()));
        }
        String path = TaskDocuments.path(jobId, added.getTaskId());
        MutableHttpResponse<String> answer =
                asked.done(HttpStatus.CREATED, path).header("Location", asked.url(path));
        return added.getRevision() == null ? answer : BatchRequest.tagged(answer, added.getRevision(), added.getAt());
    }

    /** Adds each that can be added, and says of each what became of it. */
    @Post("/jobs/{jobId}/addtaskcollection")
    CompletionStage<MutableHttpResponse<String>> addAll(HttpRequest<?> request, String jobId, @Body byte[] body) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return workers.read(() -> {
            List<JsonBody> bodies = bodies(JobController.body(body));
            List<BatchTaskDefinition> tasks = new ArrayList<>();
            Map<Integer, Problem> wrong = new LinkedHashMap<>();
            for (int i = 0; i < bodies.size(); i++) {
                try {
                    tasks.add(reach.check(TaskReader.task(bodies.get(i))));
                } catch (ProblemException e) {
                    wrong.put(i, e.problem());
                }
            }
            CompletableFuture<BatchTasksAdded> added = tasks.isEmpty()
                    ? CompletableFuture.completedFuture(new BatchTasksAdded(List.of()))
                    : JobController.ask(requests, jobId, new AddBatchTasks(tasks), BatchTasksAdded.class);
            return added.thenApply(results -> asked.ok(results(asked, jobId, bodies, wrong, results.getTasks())));
        });
    }

    private static List<JsonBody> bodies(JsonBody body) {
        body.rejectOthers(Members.of("value"));
        List<JsonBody> bodies = body.objects("value");
        if (bodies.isEmpty() || bodies.size() > MOST_ADDED) {
            throw Part.of(body).wrong("value", "Give 1 to " + MOST_ADDED + " tasks.");
        }
        return bodies;
    }

    private static ObjectNode results(
            BatchRequest asked,
            String jobId,
            List<JsonBody> bodies,
            Map<Integer, Problem> wrong,
            List<BatchTaskAdded> added) {
        ObjectNode document = asked.document("taskaddresult");
        ArrayNode values = document.putArray("value");
        int next = 0;
        for (int i = 0; i < bodies.size(); i++) {
            ObjectNode result = values.addObject();
            @Nullable Problem fault = wrong.get(i);
            if (fault != null) {
                JsonBody body = bodies.get(i);
                refused(result, body.member("id").map(id -> id.asText()).orElse(""), fault);
                continue;
            }
            BatchTaskAdded one = added.get(next++);
            if (one.getRefused() != null) {
                refused(result, one.getTaskId(), Refusals.of(one.getRefused()));
                continue;
            }
            result.put("status", "success")
                    .put("taskId", one.getTaskId())
                    .put("eTag", BatchRequest.tag(one.getRevision() == null ? 0 : one.getRevision()))
                    .put("lastModified", one.getAt().toString())
                    .put("location", asked.url(TaskDocuments.path(jobId, one.getTaskId())));
        }
        return document;
    }

    private static void refused(ObjectNode result, String taskId, Problem problem) {
        Problem named = Batch.asNamed(problem);
        result.put("status", named.status() >= 500 ? "servererror" : "clienterror")
                .put("taskId", taskId);
        ObjectNode error = result.putObject("error").put("code", named.name());
        error.putObject("message").put("lang", "en-us").put("value", named.message());
        Batch.details(error, named);
    }

    @Get(TASKS)
    CompletionStage<MutableHttpResponse<String>> list(HttpRequest<?> request, String jobId) {
        BatchRequest asked = new BatchRequest(request);
        return workers.run(() -> {
            Listing listing =
                    Listing.of(asked, "jobs/" + jobId.toLowerCase(Locale.ROOT) + "/tasks", TaskDocuments.PROPERTIES);
            return more(listing, jobId, listing.after(), new ArrayList<>(), 0).thenApply(asked::ok);
        });
    }

    /** Reads on until a page is full, or enough was read. */
    private CompletableFuture<ObjectNode> more(
            Listing listing, String jobId, @Nullable String after, List<ObjectNode> found, int read) {
        int most = listing.filter().isPresent() ? Listing.LARGEST_PAGE : listing.most();
        return JobController.ask(requests, jobId, new ListBatchTasks(after, most), BatchTaskPage.class)
                .thenCompose(page -> {
                    TaskDocuments documents = new TaskDocuments(listing.request());
                    for (BatchTask task : page.getTasks()) {
                        if (found.size() == listing.most()) {
                            break;
                        }
                        ObjectNode document = documents.row(task);
                        if (listing.takes(document)) {
                            found.add(document);
                        }
                    }
                    return next(
                            listing, jobId, page, found, read + page.getTasks().size());
                });
    }

    private CompletableFuture<ObjectNode> next(
            Listing listing, String jobId, BatchTaskPage page, List<ObjectNode> found, int read) {
        if (found.size() == listing.most()) {
            String last = found.getLast().path("id").textValue().toLowerCase(Locale.ROOT);
            boolean isLast = !page.getMore()
                    && page.getTasks().getLast().getDefinition().getTaskId().equalsIgnoreCase(last);
            return CompletableFuture.completedFuture(
                    listing.page("tasks", found, isLast ? Optional.empty() : Optional.of(last)));
        }
        if (!page.getMore() || page.getTasks().isEmpty()) {
            return CompletableFuture.completedFuture(listing.page("tasks", found, Optional.empty()));
        }
        String last = page.getTasks().getLast().getDefinition().getTaskId().toLowerCase(Locale.ROOT);
        return read >= MOST_READ
                ? CompletableFuture.completedFuture(listing.page("tasks", found, Optional.of(last)))
                : more(listing, jobId, last, found, read);
    }

    @Get(TASK)
    CompletionStage<MutableHttpResponse<String>> get(HttpRequest<?> request, String jobId, String taskId) {
        BatchRequest asked = new BatchRequest(request);
        Listing listing = Listing.ofOne(asked, TaskDocuments.PROPERTIES);
        Conditions conditions = Conditions.of(request.getHeaders());
        return read(jobId, taskId).thenApply(task -> {
            conditions.check(true, task.getRevision(), task.getChangedAt());
            return BatchRequest.tagged(
                    asked.ok(listing.selected(new TaskDocuments(asked).task(task))),
                    task.getRevision(),
                    task.getChangedAt());
        });
    }

    private CompletableFuture<BatchTask> read(String jobId, String taskId) {
        return JobController.ask(requests, jobId, new ReadBatchTask(taskId), BatchTask.class);
    }

    /** Replaces the constraints, which is all that can be changed of a task. */
    @Put(TASK)
    CompletionStage<MutableHttpResponse<String>> put(
            HttpRequest<?> request, String jobId, String taskId, @Body byte[] body) {
        return workers.read(() -> {
            Part part = Part.of(JobController.body(body)).only(Members.of("constraints"), Map.of());
            TaskConstraints constraints = TaskReader.constraints(part);
            return change(
                    request,
                    jobId,
                    taskId,
                    HttpStatus.OK,
                    revision -> new ChangeBatchTask(taskId, constraints, revision));
        });
    }

    @Post(TASK + "/terminate")
    CompletionStage<MutableHttpResponse<String>> terminate(HttpRequest<?> request, String jobId, String taskId) {
        return change(
                request, jobId, taskId, HttpStatus.NO_CONTENT, revision -> new TerminateBatchTask(taskId, revision));
    }

    @Post(TASK + "/reactivate")
    CompletionStage<MutableHttpResponse<String>> reactivate(HttpRequest<?> request, String jobId, String taskId) {
        return change(
                request, jobId, taskId, HttpStatus.NO_CONTENT, revision -> new ReactivateBatchTask(taskId, revision));
    }

    private CompletionStage<MutableHttpResponse<String>> change(
            HttpRequest<?> request,
            String jobId,
            String taskId,
            HttpStatus status,
            Function<@Nullable Long, Object> command) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return revision(request, jobId, taskId)
                .thenCompose(revision ->
                        JobController.ask(requests, jobId, command.apply(revision.orElse(null)), BatchTask.class))
                .thenApply(task -> BatchRequest.tagged(
                        asked.done(status, TaskDocuments.path(jobId, taskId)),
                        task.getRevision(),
                        task.getChangedAt()));
    }

    @Delete(TASK)
    CompletionStage<MutableHttpResponse<String>> delete(HttpRequest<?> request, String jobId, String taskId) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return revision(request, jobId, taskId)
                .thenCompose(revision -> JobController.ask(
                        requests, jobId, new DeleteBatchTask(taskId, revision.orElse(null)), BatchTaskDeleted.class))
                .thenApply(_ -> asked.done(HttpStatus.OK, TaskDocuments.path(jobId, taskId)));
    }

    /** Returns the revision that a command is for: the one for which the conditions of the request hold; empty where it has none. */
    private CompletableFuture<Optional<Long>> revision(HttpRequest<?> request, String jobId, String taskId) {
        Conditions conditions = Conditions.of(request.getHeaders());
        if (conditions.isEmpty()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return read(jobId, taskId).thenApply(task -> {
            conditions.check(false, task.getRevision(), task.getChangedAt());
            return Optional.of(task.getRevision());
        });
    }

    /** Lists the subtasks of a task, without its primary: those of the attempt that was placed last. */
    @Get(TASK + "/subtasksinfo")
    CompletionStage<MutableHttpResponse<String>> subtasks(HttpRequest<?> request, String jobId, String taskId) {
        BatchRequest asked = new BatchRequest(request);
        Listing listing = Listing.ofOne(asked, TaskDocuments.OF_SUBTASKS);
        return read(jobId, taskId).thenApply(task -> {
            ObjectNode document = asked.document("subtasks");
            ArrayNode values = document.putArray("value");
            TaskDocuments documents = new TaskDocuments(asked);
            task.getSubtasks().forEach(subtask -> values.add(listing.selected(documents.subtask(subtask))));
            return asked.ok(document);
        });
    }
}
