package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.muster.api.http.Answers;
import io.muster.api.http.Time;
import io.muster.api.http.Workers;
import io.muster.api.job.CatalogView;
import io.muster.api.job.FleetPage;
import io.muster.api.job.JobView;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.CreateJob;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobPage;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.PauseJob;
import io.muster.records.ResumeJob;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Serves jobs: those of the core that were made here. Contract: iot-central, 1.3 to 1.6. */
@Controller(Central.MOUNT)
@Consumes(MediaType.ALL)
final class JobController {
    /** Bounds the jobs that wait in line, as a lane does. */
    private static final int MOST_WAITING = 1000;

    private final Requests requests;
    private final JobView jobs;
    private final JobReader reader;
    private final FleetDevices devices;
    private final CentralOptions options;
    private final Workers workers;
    private final Time time;

    JobController(
            Requests requests, JobView jobs, CatalogView catalog, CentralOptions options, Workers workers, Time time) {
        this.requests = requests;
        this.jobs = jobs;
        this.reader = new JobReader(catalog);
        this.devices = new FleetDevices(requests);
        this.options = options;
        this.workers = workers;
        this.time = time;
    }

    @Get("/api/jobs")
    CompletionStage<HttpResponse<String>> list(HttpRequest<?> request) {
        return workers.get(() -> JobLists.page(new CentralRequest(request), jobs, time.now(), _ -> true));
    }

    @Get("/api/jobs/{id}")
    HttpResponse<String> get(HttpRequest<?> request, @PathVariable String id) {
        return answer(known(request, id));
    }

    /** Returns a job that the caller sees. @throws ProblemException (404) where there is none */
    private JobView.Entry known(HttpRequest<?> request, String id) {
        return jobs.get(id)
                .filter(entry -> JobLists.sees(new CentralRequest(request), entry.job()))
                .orElseThrow(() -> new ProblemException(Problem.notFound("There is no job '" + id + "'.")));
    }

    private static HttpResponse<String> answer(JobView.Entry entry) {
        return Answers.ok(
                JobDocuments.document(entry, JobDocuments.source(entry.job()).orElseThrow()));
    }

    /** Makes a job, which begins at once; a job is never replaced. */
    @Put("/api/jobs/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.run(() -> {
            JobReader.Read job = reader.read(
                    new CentralRequest(request),
                    CentralRequest.id(id),
                    JsonBody.object(body),
                    JsonNodeFactory.instance.objectNode());
            return checkMembers(job).thenCompose(_ -> make(job.definition()));
        });
    }

    private CompletableFuture<HttpResponse<String>> make(JobDefinition definition) {
        checkLine();
        return requests.job(definition.getJobId(), new CreateJob(definition)).thenApply(this::made);
    }

    /** Checks that the line of jobs has room. The lane itself denies those that come beyond that. @throws ProblemException (429) where it has none */
    private void checkLine() {
        if (jobs.waitingInLine() >= MOST_WAITING) {
            throw new ProblemException(Problem.throttled(
                    "As many jobs wait in line as may, " + MOST_WAITING + ": try again when fewer do, or stop some."));
        }
    }

    private HttpResponse<String> made(Job job) {
        return answer(jobs.get(job.getDefinition().getJobId()).orElseGet(() -> new JobView.Entry(job, null)));
    }

    /** Checks that devices that are picked are of the group. */
    private CompletableFuture<Boolean> checkMembers(JobReader.Read job) {
        if (job.devices().isEmpty()) {
            return CompletableFuture.completedFuture(true);
        }
        List<String> wanted = job.devices();
        return devices.among(job.groupCondition(), wanted).thenApply(found -> {
            wanted.stream().filter(id -> !found.contains(id)).findFirst().ifPresent(other -> {
                throw new ProblemException(
                        Problem.argumentInvalid("The device '" + other + "' is not of the device group."));
            });
            return true;
        });
    }

    @Get("/api/jobs/{id}/devices")
    CompletionStage<HttpResponse<String>> devices(HttpRequest<?> request, @PathVariable String id) {
        known(request, id);
        CentralRequest asked = new CentralRequest(request);
        @Nullable String after = asked.after();
        int limit = asked.limit();
        return requests.query(
                        "SELECT * FROM devices.jobs WHERE jobId = '" + id + "'",
                        after == null ? null : id + '\0' + after,
                        limit + 1,
                        DeviceJobPage.class)
                .thenCompose(pages -> shown(
                        asked,
                        FleetPage.of(
                                pages.stream()
                                        .map(page -> new FleetPage.Part<>(page.getDeviceJobs(), page.getMore()))
                                        .toList(),
                                DeviceJob::getDeviceId,
                                limit)));
    }

    private CompletableFuture<HttpResponse<String>> shown(CentralRequest asked, FleetPage<DeviceJob> page) {
        List<String> ids = page.rows().stream().map(DeviceJob::getDeviceId).toList();
        return devices.among("*", ids)
                .thenApply(there -> asked.page(
                        page.rows().stream()
                                .map(job -> JobDocuments.document(job, !there.contains(job.getDeviceId())))
                                .toList(),
                        page.next()));
    }

    /** Hands nothing more to devices; those that have something go on. */
    @Post("/api/jobs/{id}/stop")
    CompletionStage<HttpResponse<String>> stop(HttpRequest<?> request, @PathVariable String id) {
        check(known(request, id), Set.of(JobDocuments.State.PENDING, JobDocuments.State.RUNNING), "stopped");
        return requests.jobEverywhere(id, new PauseJob()).thenApply(_ -> Answers.noContent());
    }

    @Post("/api/jobs/{id}/resume")
    CompletionStage<HttpResponse<String>> resume(HttpRequest<?> request, @PathVariable String id) {
        check(known(request, id), Set.of(JobDocuments.State.STOPPED), "resumed");
        if (!options.resumeAllowed()) {
            throw new ProblemException(Refusals.conflict(
                    "Jobs that were stopped are not resumed here: make another of the same document."));
        }
        checkLine();
        return requests.jobEverywhere(id, new ResumeJob()).thenApply(_ -> Answers.noContent());
    }

    private static void check(JobView.Entry entry, Set<JobDocuments.State> from, String what) {
        JobDocuments.State state = JobDocuments.state(entry);
        if (!from.contains(state)) {
            throw new ProblemException(Refusals.conflict("The job is " + state.word() + ": it can't be " + what
                    + " (only one that is "
                    + String.join(
                            " or ",
                            from.stream()
                                    .map(one -> one.name().toLowerCase(Locale.ROOT))
                                    .sorted()
                                    .toList())
                    + ")."));
        }
    }

    /** Makes a job of the same document for the devices on which this one has failed. */
    @Put("/api/jobs/{id}/rerun/{rerunId}")
    CompletionStage<HttpResponse<String>> rerun(
            HttpRequest<?> request, @PathVariable String id, @PathVariable String rerunId) {
        JobView.Entry entry = known(request, id);
        check(
                entry,
                Set.of(
                        JobDocuments.State.COMPLETE,
                        JobDocuments.State.FAILED,
                        JobDocuments.State.CANCELLED,
                        JobDocuments.State.STOPPED),
                "rerun");
        if (entry.statistics() == null || entry.statistics().getCounts().getFailed() == 0) {
            throw new ProblemException(
                    Refusals.conflict("The job has failed on no device: there is nothing to rerun."));
        }
        JobDefinition definition = entry.job().getDefinition();
        JobPolicy before = Objects.requireNonNull(definition.getPolicy());
        reader.checkTemplates(before);
        ObjectNode source = JobDocuments.source(entry.job()).orElseThrow().put("rerunOf", id);
        source.remove(List.of("scheduledJobId", "devices"));
        JobPolicy policy = JobPolicy.newBuilder(before)
                .setFailedIn(id)
                .setGroup(null)
                .setSource(source.toString())
                .build();
        return make(JobDefinition.newBuilder(definition)
                .setJobId(CentralRequest.id(rerunId))
                // A device that has left the organization since is not the job's any more.
                .setQueryCondition(Scope.within("*", before.getOrganization()))
                .setPolicy(policy)
                .build());
    }
}
