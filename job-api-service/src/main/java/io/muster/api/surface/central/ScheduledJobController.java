package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Put;
import io.muster.api.http.Answers;
import io.muster.api.http.Time;
import io.muster.api.http.Workers;
import io.muster.api.job.CatalogView;
import io.muster.api.job.JobView;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.MergePatch;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.IfScheduleRevision;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleRunOutcome;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Serves scheduled jobs: definitions; each firing of one makes a job. Contract: iot-central, 1.8. */
@Controller(Central.MOUNT)
@Consumes(MediaType.ALL)
final class ScheduledJobController {
    private final Requests requests;
    private final ScheduleView schedules;
    private final JobView jobs;
    private final ScheduledJobs documents;
    private final Workers workers;
    private final Time time;

    ScheduledJobController(
            Requests requests, ScheduleView schedules, JobView jobs, CatalogView catalog, Workers workers, Time time) {
        this.requests = requests;
        this.schedules = schedules;
        this.jobs = jobs;
        this.documents = new ScheduledJobs(new JobReader(catalog));
        this.workers = workers;
        this.time = time;
    }

    @Get("/api/scheduledJobs")
    CompletionStage<HttpResponse<String>> list(HttpRequest<?> request) {
        CentralRequest asked = new CentralRequest(request);
        return workers.get(() -> asked.page(
                schedules,
                ScheduledJobs.PREFIX,
                Schedule::getScheduleId,
                schedule -> sees(asked, schedule),
                ScheduledJobs::length,
                ScheduledJobs::document));
    }

    private static boolean sees(CentralRequest request, Schedule schedule) {
        return request.scope().sees(ScheduledJobs.organization(schedule));
    }

    @Get("/api/scheduledJobs/{id}")
    HttpResponse<String> get(HttpRequest<?> request, @PathVariable String id) {
        return Answers.ok(ScheduledJobs.document(known(request, id)));
    }

    /** Lists the jobs that the firings have made, which is our own addition. */
    @Get("/api/scheduledJobs/{id}/jobs")
    CompletionStage<HttpResponse<String>> instances(HttpRequest<?> request, @PathVariable String id) {
        known(request, id);
        return workers.get(() ->
                JobLists.page(new CentralRequest(request), jobs, time.now(), job -> ScheduledJobs.isInstance(job, id)));
    }

    /** Lists the last times that brought no job and why, the newest first, which is our own addition. */
    @Get("/api/scheduledJobs/{id}/missed")
    HttpResponse<String> missed(HttpRequest<?> request, @PathVariable String id) {
        List<ObjectNode> rows = known(request, id).getRecent().stream()
                .filter(run -> run.getMissed() || run.getOutcome() == ScheduleRunOutcome.FAILED)
                .map(ScheduledJobs::missed)
                .toList();
        return new CentralRequest(request).page(rows, Optional.empty());
    }

    private Schedule known(HttpRequest<?> request, String id) {
        return schedules
                .get(ScheduledJobs.PREFIX + id)
                .filter(schedule -> sees(new CentralRequest(request), schedule))
                .orElseThrow(() -> new ProblemException(Problem.notFound("There is no scheduled job '" + id + "'.")));
    }

    @Put("/api/scheduledJobs/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.run(() -> {
            Optional<Schedule> there = schedules.get(ScheduledJobs.PREFIX + id);
            there.ifPresent(_ -> known(request, id));
            new CentralRequest(request)
                    .checkVersion(there.map(ScheduledJobs::etag).orElse(null));
            return save(new CentralRequest(request), id, JsonBody.object(body), there);
        });
    }

    /** Changes members; a schedule that is given takes the place of the whole one before. */
    @Patch("/api/scheduledJobs/{id}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.run(() -> {
            Schedule known = known(request, id);
            new CentralRequest(request).checkVersion(ScheduledJobs.etag(known));
            ObjectNode change = Scope.cleared(JsonBody.object(body));
            ObjectNode merged = MergePatch.merged(ScheduledJobs.source(known), change);
            if (change.hasNonNull("schedule")) {
                merged.set("schedule", change.get("schedule"));
            }
            return save(new CentralRequest(request), id, merged, Optional.of(known));
        });
    }

    private CompletionStage<HttpResponse<String>> save(
            CentralRequest request, String id, ObjectNode document, Optional<Schedule> known) {
        SaveSchedule save = documents.read(request, id, document, time.now());
        // The version that was read, for which the caller was checked; or none, where there was none.
        long revision = known.map(Schedule::getRevision).orElse(0L);
        return requests.schedule(ScheduledJobs.PREFIX + id, new IfScheduleRevision(revision, save))
                .thenApply(saved -> Answers.ok(ScheduledJobs.document(saved)));
    }

    /** Deletes a definition; jobs that its firings have made stay. */
    @Delete("/api/scheduledJobs/{id}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request, @PathVariable String id) {
        Schedule known = known(request, id);
        new CentralRequest(request).checkVersion(ScheduledJobs.etag(known));
        return requests.deleteSchedule(ScheduledJobs.PREFIX + id, known.getRevision())
                .thenApply(_ -> Answers.noContent());
    }
}
