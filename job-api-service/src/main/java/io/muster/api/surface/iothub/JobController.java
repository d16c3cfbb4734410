package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
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
import io.muster.api.http.Continuations;
import io.muster.api.http.Workers;
import io.muster.api.job.JobView;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.CancelJob;
import io.muster.records.CreateJob;
import io.muster.records.Job;
import io.muster.records.PauseJob;
import io.muster.records.Refusal;
import io.muster.records.RefusalReason;
import io.muster.records.ResumeJob;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Serves jobs. Contract: iot-hub, 1.8. */
@Controller
@Consumes(MediaType.ALL)
final class JobController {
    private static final Pattern JOB_ID = Pattern.compile("[A-Za-z0-9-]{1,64}");

    private final Requests requests;
    private final JobView jobs;
    private final Workers workers;

    JobController(Requests requests, JobView jobs, Workers workers) {
        this.workers = workers;
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
        if (after != null && !JOB_ID.matcher(after).matches()) {
            throw Continuations.foreign();
        }
        return workers.get(() -> {
            JobView.Page page = jobs.page(after, limit, filter::selects);
            ArrayNode body = JsonNodeFactory.instance.arrayNode();
            page.entries().forEach(entry -> body.add(Jobs.document(entry.job(), entry.statistics())));
            MutableHttpResponse<String> answer = Answers.ok(body).header(Paging.ITEM_TYPE, "jobResponse");
            return page.more()
                    ? answer.header(
                            Paging.CONTINUATION,
                            Continuations.token(page.entries()
                                    .getLast()
                                    .job()
                                    .getDefinition()
                                    .getJobId()))
                    : answer;
        });
    }

    @Get("/jobs/v2/{id}")
    HttpResponse<String> get(@PathVariable String id) {
        return jobs.get(id)
                .map(entry -> Answers.ok(Jobs.document(entry.job(), entry.statistics())))
                .orElseThrow(() -> new ProblemException(
                        Problem.of(new Refusal(RefusalReason.JOB_NOT_FOUND, "There is no job " + id + "."))));
    }

    @Put("/jobs/v2/{id}")
    CompletionStage<HttpResponse<String>> put(@PathVariable String id, @Body byte[] body) {
        return workers.read(() -> {
            CreateJob create = new CreateJob(Jobs.definition(id, JsonBody.parse(body)));
            return requests.job(id, create).thenApply(this::job);
        });
    }

    /** Clients send no body, or {@code {}}: it says nothing and is not read. */
    @Post("/jobs/v2/{id}/cancel")
    CompletionStage<HttpResponse<String>> cancel(@PathVariable String id) {
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
