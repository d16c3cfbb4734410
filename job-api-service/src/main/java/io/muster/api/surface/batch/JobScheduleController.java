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
import io.micronaut.http.annotation.Head;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.muster.api.compute.NodeView;
import io.muster.api.http.Callers;
import io.muster.api.http.Workers;
import io.muster.api.job.BatchJobView;
import io.muster.api.job.BatchPoolView;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.BatchJobDefinition;
import io.muster.records.CreateBatchJob;
import io.muster.records.EndSchedule;
import io.muster.records.IfScheduleRevision;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRefusalReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Serves schedules that make jobs. Contract: batch, 3.4. */
@Controller(Batch.MOUNT)
@Consumes(MediaType.ALL)
final class JobScheduleController {
    /** Begins the ids that these have among all schedules; the client's, in lower case, follows. */
    static final String PREFIX = "batch/";

    private static final String LIST = "/jobschedules";
    private static final String ONE = LIST + "/{scheduleId}";
    /** Bounds the schedules that one request for a filtered list reads; it goes on behind its nextLink. */
    private static final int MOST_READ = 10_000;

    private static final int PAGE = 1000;

    private final Requests requests;
    private final ScheduleView schedules;
    private final BatchJobView jobs;
    private final BatchPoolView pools;
    private final NodeView nodes;
    private final BatchReach reach;
    private final Workers workers;

    JobScheduleController(
            Requests requests,
            ScheduleView schedules,
            BatchJobView jobs,
            BatchPoolView pools,
            NodeView nodes,
            BatchReach reach,
            Workers workers) {
        this.requests = requests;
        this.reach = reach;
        this.jobs = jobs;
        this.schedules = schedules;
        this.pools = pools;
        this.nodes = nodes;
        this.workers = workers;
    }

    static ProblemException noSchedule() {
        return new ProblemException(Refusals.of(ScheduleRefusalReason.NOT_FOUND, "There is no such schedule of jobs."));
    }

    private static String key(String scheduleId) {
        return PREFIX + scheduleId.toLowerCase(Locale.ROOT);
    }

    private Schedule schedule(String scheduleId) {
        return schedules.get(key(scheduleId)).orElseThrow(JobScheduleController::noSchedule);
    }

    private static MutableHttpResponse<String> tagged(BatchRequest asked, HttpStatus status, Schedule schedule) {
        return BatchRequest.tagged(
                asked.done(status, JobScheduleDocuments.path(schedule)),
                schedule.getRevision(),
                JobScheduleDocuments.changedAt(schedule));
    }

    @Post(LIST)
    CompletionStage<MutableHttpResponse<String>> add(HttpRequest<?> request, @Body byte[] body) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return workers.read(() -> {
            ScheduleDefinition added = JobScheduleReader.added(JsonBody.parse(body));
            checkNoJobs(((CreateBatchJob) added.getAction()).getJobScheduleId());
            return save(request, 0, added).thenApply(saved -> tagged(asked, HttpStatus.CREATED, saved));
        });
    }

    /** Refuses a new schedule while jobs of a deleted one of its id are there: it would make jobs of the same ids. */
    private void checkNoJobs(String scheduleId) {
        boolean has = schedules.get(key(scheduleId)).isEmpty()
                && !jobs.page(scheduleId.toLowerCase(Locale.ROOT) + ":job-", null, 1)
                        .isEmpty();
        if (has) {
            throw new ProblemException(
                    new Problem(
                            409,
                            "JobScheduleBeingDeleted",
                            "Jobs of a schedule of that id, which was deleted, are there still: wait for that, or delete them."));
        }
    }

    /** Saves a schedule, whose jobs are made under the rights of who saved it. @param revision that it has to have; 0 for none */
    private CompletionStage<Schedule> save(HttpRequest<?> request, long revision, ScheduleDefinition definition) {
        CreateBatchJob create = (CreateBatchJob) definition.getAction();
        BatchJobDefinition job = reach.check(create.getDefinition(), "jobSpecification.");
        ScheduleDefinition written = ScheduleDefinition.newBuilder(definition)
                .setWriter(Callers.of(request).id())
                .setAction(CreateBatchJob.newBuilder(create)
                        .setDefinition(BatchJobDefinition.newBuilder(job)
                                .setPoolId(PoolNames.spelled(pools, nodes, job.getPoolId()))
                                .build())
                        .build())
                .build();
        return requests.schedule(
                key(create.getJobScheduleId()), new IfScheduleRevision(revision, new SaveSchedule(written)));
    }

    @Get(LIST)
    CompletionStage<MutableHttpResponse<String>> list(HttpRequest<?> request) {
        BatchRequest asked = new BatchRequest(request);
        return workers.get(() -> asked.ok(page(Listing.of(asked, "jobschedules", JobScheduleDocuments.PROPERTIES))));
    }

    private ObjectNode page(Listing listing) {
        JobScheduleDocuments documents = new JobScheduleDocuments(listing.request());
        List<ObjectNode> found = new ArrayList<>();
        @Nullable String after = listing.after() == null ? null : PREFIX + listing.after();
        int read = 0;
        while (found.size() < listing.most() && read < MOST_READ) {
            List<Schedule> next = schedules.page(PREFIX, after, Math.min(PAGE, listing.most() - found.size()));
            if (next.isEmpty()) {
                return listing.page("jobschedules", found, Optional.empty());
            }
            read += next.size();
            after = next.getLast().getScheduleId();
            next.stream().map(documents::row).filter(listing::takes).forEach(found::add);
        }
        boolean isLast = schedules.page(PREFIX, after, 1).isEmpty();
        return listing.page(
                "jobschedules",
                found,
                isLast || after == null ? Optional.empty() : Optional.of(after.substring(PREFIX.length())));
    }

    @Get(value = ONE, headRoute = false)
    MutableHttpResponse<String> get(HttpRequest<?> request, String scheduleId) {
        BatchRequest asked = new BatchRequest(request);
        Listing listing = Listing.ofOne(asked, JobScheduleDocuments.PROPERTIES);
        Schedule schedule = schedule(scheduleId);
        Conditions.of(request.getHeaders())
                .check(true, schedule.getRevision(), JobScheduleDocuments.changedAt(schedule));
        return BatchRequest.tagged(
                asked.ok(listing.selected(new JobScheduleDocuments(asked).one(schedule))),
                schedule.getRevision(),
                JobScheduleDocuments.changedAt(schedule));
    }

    @Head(ONE)
    MutableHttpResponse<String> exists(HttpRequest<?> request, String scheduleId) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        Schedule schedule = schedule(scheduleId);
        Conditions.of(request.getHeaders())
                .check(true, schedule.getRevision(), JobScheduleDocuments.changedAt(schedule));
        return tagged(asked, HttpStatus.OK, schedule);
    }

    @Patch(ONE)
    CompletionStage<MutableHttpResponse<String>> patch(HttpRequest<?> request, String scheduleId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = JsonBody.parse(body);
            return change(request, scheduleId, HttpStatus.OK, before -> JobScheduleReader.patch(document, before));
        });
    }

    @Put(ONE)
    CompletionStage<MutableHttpResponse<String>> put(HttpRequest<?> request, String scheduleId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = JsonBody.parse(body);
            return change(request, scheduleId, HttpStatus.OK, before -> JobScheduleReader.put(document, before));
        });
    }

    @Post(ONE + "/disable")
    CompletionStage<MutableHttpResponse<String>> disable(HttpRequest<?> request, String scheduleId) {
        return change(request, scheduleId, HttpStatus.NO_CONTENT, before -> enabled(before, false));
    }

    @Post(ONE + "/enable")
    CompletionStage<MutableHttpResponse<String>> enable(HttpRequest<?> request, String scheduleId) {
        return change(request, scheduleId, HttpStatus.NO_CONTENT, before -> enabled(before, true));
    }

    private static ScheduleDefinition enabled(ScheduleDefinition before, boolean enabled) {
        return ScheduleDefinition.newBuilder(before).setEnabled(enabled).build();
    }

    @Post(ONE + "/terminate")
    CompletionStage<MutableHttpResponse<String>> terminate(HttpRequest<?> request, String scheduleId) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        Schedule known = checked(request, scheduleId);
        return requests.schedule(known.getScheduleId(), new IfScheduleRevision(known.getRevision(), new EndSchedule()))
                .thenApply(ended -> tagged(asked, HttpStatus.ACCEPTED, ended));
    }

    /** Deletes a schedule, and its jobs with it. */
    @Delete(ONE)
    CompletionStage<MutableHttpResponse<String>> delete(HttpRequest<?> request, String scheduleId) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        Schedule known = checked(request, scheduleId);
        return requests.deleteSchedule(known.getScheduleId(), known.getRevision())
                .thenApply(_ -> asked.done(HttpStatus.ACCEPTED, JobScheduleDocuments.path(known)));
    }

    private Schedule checked(HttpRequest<?> request, String scheduleId) {
        Schedule known = schedule(scheduleId);
        Conditions.of(request.getHeaders()).check(false, known.getRevision(), JobScheduleDocuments.changedAt(known));
        return known;
    }

    /** Changes a schedule that has not changed since it was read here. */
    private CompletionStage<MutableHttpResponse<String>> change(
            HttpRequest<?> request, String scheduleId, HttpStatus status, UnaryOperator<ScheduleDefinition> change) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        Schedule known = checked(request, scheduleId);
        return save(request, known.getRevision(), change.apply(known.getDefinition()))
                .thenApply(saved -> tagged(asked, status, saved));
    }
}
