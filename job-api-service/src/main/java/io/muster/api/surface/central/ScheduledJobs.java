package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.credential.ApiTokens;
import io.muster.api.json.JsonBody;
import io.muster.api.schedule.ScheduleDocument;
import io.muster.records.CreateFleetJob;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleStatus;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads and writes scheduled jobs, which are schedules that make jobs. Contract: iot-central, 1.8. */
final class ScheduledJobs {
    /** Begins the ids of the schedules of this surface: those of IoT Hub's jobs have no slash. */
    static final String PREFIX = "central/";

    /** Names the member of a job by which it is known which definition made it. */
    private static final String MADE_BY = "scheduledJobId";

    /** Matches what the id of a job has behind that of its definition: the time, and more where that id was taken. */
    private static final Pattern RUN = Pattern.compile("-\\d{14}(-[0-9a-f]{8})?");

    /** Lists the members beyond a job's. */
    private static final List<String> OWN = List.of("schedule", "timeZone", "enabled", "completed", "etag");

    private final JobReader jobs;

    ScheduledJobs(JobReader jobs) {
        this.jobs = jobs;
    }

    /** Reads a document. @throws ProblemException (400) when a member is wrong */
    SaveSchedule read(CentralRequest request, String id, ObjectNode document, Instant now) {
        JsonBody body = JsonBody.of(document);
        JsonBody schedule =
                body.object("schedule").orElseThrow(() -> body.wrong("schedule", "an object, and required"));
        ScheduleDocument timing = ScheduleDocument.ofCentral(
                schedule, ScheduleDocument.zone(body.text("timeZone").orElse("UTC")), now);
        boolean enabled = body.flag("enabled").orElse(true);
        if (body.has("devices")) {
            throw body.wrong("devices", "for a job that is made once: the group is evaluated at each time");
        }
        ObjectNode ofJob = document.deepCopy();
        ofJob.remove(OWN);
        JobReader.Read job = jobs.read(
                request,
                CentralRequest.id(id),
                ofJob,
                JsonNodeFactory.instance.objectNode().put(MADE_BY, id));
        ObjectNode source = (ObjectNode)
                JsonBody.stored(String.valueOf(job.definition().getPolicy().getSource()));
        source.remove(MADE_BY);
        source.set("schedule", schedule.copy());
        body.text("timeZone").ifPresent(zone -> source.put("timeZone", zone));
        source.put("enabled", enabled);
        return new SaveSchedule(ScheduleDefinition.newBuilder()
                .setTiming(timing.timing())
                .setAction(new CreateFleetJob(job.definition()))
                .setEnabled(enabled)
                .setSource(source.toString())
                .setWriter(request.caller().id())
                .build());
    }

    static String id(Schedule schedule) {
        return schedule.getScheduleId().substring(PREFIX.length());
    }

    private static JobDefinition job(Schedule schedule) {
        return ((CreateFleetJob) schedule.getDefinition().getAction()).getDefinition();
    }

    /** Returns the organization of a scheduled job; null for none. */
    static @Nullable String organization(Schedule schedule) {
        return JobDocuments.organization(job(schedule));
    }

    /** Returns how many characters the document has that was given. */
    static long length(Schedule schedule) {
        return String.valueOf(schedule.getDefinition().getSource()).length();
    }

    /** Returns the document as it was given. */
    static ObjectNode source(Schedule schedule) {
        return (ObjectNode)
                JsonBody.stored(String.valueOf(schedule.getDefinition().getSource()));
    }

    /** Returns an etag: that of the definition, whatever its firings do. */
    static String etag(Schedule schedule) {
        return ApiTokens.hash(
                        schedule.getCreatedAt() + " " + schedule.getDefinition().getSource())
                .substring(0, 16);
    }

    /** Writes a scheduled job. */
    static ObjectNode document(Schedule schedule) {
        String id = id(schedule);
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", id).put("displayName", id);
        body.setAll(source(schedule));
        if (schedule.getWithheld() != null) {
            body.put("statusMessage", schedule.getWithheld());
        }
        return body.put("completed", schedule.getStatus() == ScheduleStatus.COMPLETED)
                .put("etag", "\"" + etag(schedule) + "\"");
    }

    /** Writes a time that brought no job. */
    static ObjectNode missed(ScheduleRun run) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("time", run.getDueAt().toString())
                .put("message", run.getMessage());
    }

    /** Returns whether a firing of the definition has made the job. */
    static boolean isInstance(Job job, String id) {
        String jobId = job.getDefinition().getJobId();
        return jobId.startsWith(id)
                && RUN.matcher(jobId.substring(id.length())).matches()
                && JobDocuments.source(job)
                        .map(source -> source.path(MADE_BY).asText())
                        .equals(Optional.of(id));
    }
}
