package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.micronaut.http.annotation.QueryValue;
import io.muster.api.http.Answers;
import io.muster.api.http.Callers;
import io.muster.api.http.Continuations;
import io.muster.api.http.Time;
import io.muster.api.http.Workers;
import io.muster.api.job.JobView;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.CancelJob;
import io.muster.records.CreateJob;
import io.muster.records.EndSchedule;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobStatus;
import io.muster.records.PauseJob;
import io.muster.records.ResumeJob;
import io.muster.records.Schedule;
import io.muster.records.TwinPatch;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Serves jobs. Contract: iot-hub, 1.8. */
@Controller
@Consumes(MediaType.ALL)
final class JobController {
    private static final Pattern JOB_ID = Pattern.compile("[A-Za-z0-9-]{1,64}");
    /** Matches ids of other surfaces' jobs too, which are listed here. */
    private static final Pattern ANY_ID = Pattern.compile("[A-Za-z0-9_-]{1,280}");

    private final Requests requests;
    private final JobView jobs;
    private final ScheduleView schedules;
    private final Workers workers;
    private final Time time;

    JobController(Requests requests, JobView jobs, ScheduleView schedules, Workers workers, Time time) {
        this.workers = workers;
        this.time = time;
        this.schedules = schedules;
        this.requests = requests;
        this.jobs = jobs;
    }

    @Get("/jobs/v2/query")
    CompletionStage<MutableHttpResponse<String>> query(
            HttpRequest<?> request,
            @QueryValue @Nullable String jobType,
            @QueryValue @Nullable String jobStatus,
            @QueryValue @Nullable String pageSize,
            @QueryValue @Nullable String continuationToken) {
        Jobs.Filter filter = Jobs.Filter.of(jobType, jobStatus);
        int limit = Paging.size(request, pageSize);
        @Nullable String after = Paging.place(request, continuationToken).orElse(null);
        if (after != null && !ANY_ID.matcher(after).matches()) {
            throw Continuations.foreign();
        }
        return workers.get(() -> {
            JobPage page = JobPage.of(jobs, schedules, filter, after, limit);
            ArrayNode body = JsonNodeFactory.instance.arrayNode();
            page.documents().forEach(body::add);
            MutableHttpResponse<String> answer = Answers.ok(body).header(Paging.ITEM_TYPE, "jobResponse");
            page.next().ifPresent(id -> answer.header(Paging.CONTINUATION, Continuations.token(id)));
            return answer;
        });
    }

    @Get("/jobs/v2/{id}")
    HttpResponse<String> get(@PathVariable String id) {
        return jobs.get(id)
                .map(entry -> Answers.ok(Jobs.document(entry.job(), entry.statistics())))
                .or(() -> schedules.get(id).flatMap(JobController::answer))
                .orElseThrow(() -> new ProblemException(HubErrors.jobNotFound(id)));
    }

    /** Returns the answer that shows a schedule; empty where it is another surface's. */
    private static Optional<MutableHttpResponse<String>> answer(Schedule schedule) {
        return ScheduledJobs.ofJob(schedule).map(job -> Answers.ok(Jobs.document(schedule, job)));
    }

    @Put("/jobs/v2/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = JsonBody.parse(body);
            if (!JOB_ID.matcher(id).matches() || id.equals("query")) {
                throw new ProblemException(Problem.argumentInvalid(
                        "A job id has 1 to 64 letters, digits or hyphens, and is not \"query\"."));
            }
            JobDefinition job = Jobs.definition(id, document);
            if (job.getOperation() instanceof TwinPatch change) {
                ComputeTags.check(Callers.of(request), change);
            }
            Optional<JsonBody> schedule = document.object("schedule");
            if (jobs.get(id).isEmpty() && schedule.isPresent()) {
                return requests.schedule(
                                id, ScheduledJobs.of(Callers.of(request).id(), job, schedule.get(), time.now()))
                        .thenApply(saved -> Answers.ok(Jobs.document(saved, job)));
            }
            if (schedules.get(id).isPresent()) {
                throw new ProblemException(
                        HubErrors.of(
                                JobRefusalReason.ALREADY_EXISTS,
                                "There is a job of that id with a schedule. One that is cancelled is kept for 30 days: choose another id."));
            }
            return requests.job(id, new CreateJob(job)).thenApply(JobController::created);
        });
    }

    /** Returns a job as clients expect it from its creation: one that starts later is queued there, and scheduled when it is read. Contract: iot-hub, section 8. */
    private static HttpResponse<String> created(Job job) {
        ObjectNode document = Jobs.document(job, null);
        if (job.getStatus() == JobStatus.SCHEDULED) {
            document.put("status", "queued");
        }
        return Answers.ok(document);
    }

    /** Cancels a job; of one with a schedule, which ends with that, the jobs that it has made go on. Clients send no body, or {@code {}}: it is not read. */
    @Post("/jobs/v2/{id}/cancel")
    CompletionStage<HttpResponse<String>> cancel(@PathVariable String id) {
        Optional<JobDefinition> job =
                jobs.get(id).isPresent() ? Optional.empty() : schedules.get(id).flatMap(ScheduledJobs::ofJob);
        if (job.isPresent()) {
            return requests.schedule(id, new EndSchedule())
                    .thenApply(ended -> Answers.ok(Jobs.document(ended, job.get())));
        }
        return requests.jobEverywhere(id, new CancelJob()).thenApply(this::job);
    }

    /** Pauses a job, which is our own addition: nothing more is handed to devices, and what they have goes on. */
    @Post("/jobs/v2/{id}/pause")
    CompletionStage<HttpResponse<String>> pause(@PathVariable String id) {
        return requests.jobEverywhere(id, new PauseJob()).thenApply(this::job);
    }

    @Post("/jobs/v2/{id}/resume")
    CompletionStage<HttpResponse<String>> resume(@PathVariable String id) {
        return requests.jobEverywhere(id, new ResumeJob()).thenApply(this::job);
    }

    private HttpResponse<String> job(Job job) {
        return Answers.ok(Jobs.document(
                job,
                jobs.get(job.getDefinition().getJobId())
                        .map(JobView.Entry::statistics)
                        .orElse(null)));
    }
}
