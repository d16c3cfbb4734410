package io.muster.api.surface.batch;

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
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.muster.api.compute.NodeView;
import io.muster.api.http.Workers;
import io.muster.api.job.BatchJobView;
import io.muster.api.job.BatchPoolView;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.ProblemException;
import io.muster.records.AddBatchJob;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchTaskCounts;
import io.muster.records.ChangeBatchJob;
import io.muster.records.CountBatchTasks;
import io.muster.records.DeleteBatchJob;
import io.muster.records.EnableBatchJob;
import io.muster.records.TerminateBatchJob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Serves jobs. Contract: batch, 3.2, 3.4. */
@Controller(Batch.MOUNT)
@Consumes(MediaType.ALL)
final class JobController {
    /** Bounds the jobs that one request for a filtered list looks at; it goes on behind its nextLink. */
    private static final int MOST_READ = 10_000;

    /** Matches ids of jobs, those that schedules made with their numbers. */
    private static final Pattern ID =
            Pattern.compile(TaskReader.ID.pattern() + "(:job-[0-9]{1,19})?", Pattern.CASE_INSENSITIVE);

    private final Requests requests;
    private final BatchJobView jobs;
    private final BatchPoolView pools;
    private final NodeView nodes;
    private final ScheduleView schedules;
    private final BatchReach reach;
    private final Workers workers;

    JobController(
            Requests requests,
            BatchJobView jobs,
            BatchPoolView pools,
            NodeView nodes,
            ScheduleView schedules,
            BatchReach reach,
            Workers workers) {
        this.requests = requests;
        this.reach = reach;
        this.schedules = schedules;
        this.jobs = jobs;
        this.pools = pools;
        this.nodes = nodes;
        this.workers = workers;
    }

    /** Asks a job; an id that no job can have is asked of none. */
    static <T> CompletableFuture<T> ask(Requests requests, String jobId, Object command, Class<T> outcome) {
        return ID.matcher(jobId).matches()
                ? requests.batchJob(jobId, command, outcome)
                : CompletableFuture.failedFuture(noJob());
    }

    private static ProblemException noJob() {
        return new ProblemException(Refusals.of(BatchRefusalReason.JOB_NOT_FOUND, "There is no such job.", null, null));
    }

    private BatchJob job(String jobId) {
        return jobs.get(jobId.toLowerCase(Locale.ROOT)).orElseThrow(JobController::noJob);
    }

    @Post("/jobs")
    CompletionStage<MutableHttpResponse<String>> add(HttpRequest<?> request, @Body byte[] body) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return workers.read(() -> {
            JobReader.Named job = JobReader.job(body(body));
            BatchJobDefinition definition = BatchJobDefinition.newBuilder(reach.check(job.definition(), ""))
                    .setPoolId(PoolNames.spelled(pools, nodes, job.definition().getPoolId()))
                    .build();
            return requests.batchJob(job.id(), new AddBatchJob(definition), BatchJob.class)
                    .thenApply(added -> tagged(asked, HttpStatus.CREATED, added));
        });
    }

    private ChangeBatchJob spelled(ChangeBatchJob change) {
        return change.getPoolId() == null
                ? change
                : ChangeBatchJob.newBuilder(change)
                        .setPoolId(PoolNames.spelled(pools, nodes, change.getPoolId()))
                        .build();
    }

    static JsonBody body(byte[] body) {
        return JsonBody.parse(body);
    }

    private static MutableHttpResponse<String> tagged(BatchRequest asked, HttpStatus status, BatchJob job) {
        return BatchRequest.tagged(asked.done(status, "jobs/" + job.getJobId()), job.getRevision(), job.getChangedAt());
    }

    @Get("/jobs")
    CompletionStage<MutableHttpResponse<String>> list(HttpRequest<?> request) {
        BatchRequest asked = new BatchRequest(request);
        return workers.get(() -> asked.ok(page(Listing.of(asked, "jobs", JobDocuments.PROPERTIES), "")));
    }

    /** Lists the jobs that a schedule made. */
    @Get("/jobschedules/{scheduleId}/jobs")
    CompletionStage<MutableHttpResponse<String>> ofSchedule(HttpRequest<?> request, String scheduleId) {
        BatchRequest asked = new BatchRequest(request);
        return workers.get(() -> {
            String key = scheduleId.toLowerCase(Locale.ROOT);
            if (schedules.get(JobScheduleController.PREFIX + key).isEmpty()) {
                throw JobScheduleController.noSchedule();
            }
            String list = "jobschedules/" + scheduleId + "/jobs";
            return asked.ok(page(Listing.of(asked, list, JobDocuments.PROPERTIES), key + ":job-"));
        });
    }

    /** @param prefix of the ids of the jobs, in lower case */
    private ObjectNode page(Listing listing, String prefix) {
        JobDocuments documents = new JobDocuments(listing.request());
        List<ObjectNode> found = new ArrayList<>();
        @Nullable String at = listing.after();
        int read = 0;
        while (found.size() < listing.most() && read < MOST_READ) {
            List<BatchJob> next = jobs.page(prefix, at, listing.most() - found.size());
            if (next.isEmpty()) {
                return listing.page("jobs", found, Optional.empty());
            }
            read += next.size();
            at = next.getLast().getJobId().toLowerCase(Locale.ROOT);
            next.stream().map(documents::row).filter(listing::takes).forEach(found::add);
        }
        boolean isLast = jobs.page(prefix, at, 1).isEmpty();
        return listing.page("jobs", found, isLast ? Optional.empty() : Optional.ofNullable(at));
    }

    @Get("/jobs/{jobId}")
    MutableHttpResponse<String> get(HttpRequest<?> request, String jobId) {
        BatchRequest asked = new BatchRequest(request);
        Listing listing = Listing.ofOne(asked, JobDocuments.PROPERTIES);
        BatchJob job = job(jobId);
        Conditions.of(request.getHeaders()).check(true, job.getRevision(), job.getChangedAt());
        return BatchRequest.tagged(
                asked.ok(listing.selected(new JobDocuments(asked).job(job))), job.getRevision(), job.getChangedAt());
    }

    @Patch("/jobs/{jobId}")
    CompletionStage<MutableHttpResponse<String>> patch(HttpRequest<?> request, String jobId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = body(body);
            return change(request, jobId, HttpStatus.OK, revision -> spelled(JobReader.patch(document, revision)));
        });
    }

    @Put("/jobs/{jobId}")
    CompletionStage<MutableHttpResponse<String>> put(HttpRequest<?> request, String jobId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = body(body);
            return change(request, jobId, HttpStatus.OK, revision -> spelled(JobReader.put(document, revision)));
        });
    }

    @Post("/jobs/{jobId}/disable")
    CompletionStage<MutableHttpResponse<String>> disable(HttpRequest<?> request, String jobId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = body(body);
            return change(request, jobId, HttpStatus.ACCEPTED, revision -> JobReader.disable(document, revision));
        });
    }

    @Post("/jobs/{jobId}/enable")
    CompletionStage<MutableHttpResponse<String>> enable(HttpRequest<?> request, String jobId) {
        return change(request, jobId, HttpStatus.ACCEPTED, EnableBatchJob::new);
    }

    @Post("/jobs/{jobId}/terminate")
    CompletionStage<MutableHttpResponse<String>> terminate(
            HttpRequest<?> request, String jobId, @Body @Nullable String body) {
        return workers.read(() -> {
            String reason = JobReader.reason(Optional.ofNullable(body)
                    .filter(text -> !text.isEmpty())
                    .map(text -> body(text.getBytes(StandardCharsets.UTF_8))));
            return change(request, jobId, HttpStatus.ACCEPTED, revision -> new TerminateBatchJob(reason, revision));
        });
    }

    @Delete("/jobs/{jobId}")
    CompletionStage<MutableHttpResponse<String>> delete(HttpRequest<?> request, String jobId) {
        return change(request, jobId, HttpStatus.ACCEPTED, DeleteBatchJob::new);
    }

    /** Changes a job under the conditions of the request. @param command for a revision, or any where that is null */
    private CompletionStage<MutableHttpResponse<String>> change(
            HttpRequest<?> request, String jobId, HttpStatus status, Function<@Nullable Long, Object> command) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        Conditions conditions = Conditions.of(request.getHeaders());
        @Nullable Long revision = null;
        if (!conditions.isEmpty()) {
            BatchJob known = job(jobId);
            conditions.check(false, known.getRevision(), known.getChangedAt());
            revision = known.getRevision();
        }
        return ask(requests, jobId, command.apply(revision), BatchJob.class)
                .thenApply(changed -> tagged(asked, status, changed));
    }

    @Get("/jobs/{jobId}/taskcounts")
    CompletionStage<MutableHttpResponse<String>> counts(HttpRequest<?> request, String jobId) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return ask(requests, jobId, new CountBatchTasks(), BatchTaskCounts.class)
                .thenApply(counts -> asked.ok(new JobDocuments(asked).counts(counts)));
    }
}
