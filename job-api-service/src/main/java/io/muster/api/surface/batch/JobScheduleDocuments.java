package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.CreateBatchJob;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.Schedule;
import io.muster.records.ScheduleStatus;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Writes schedules of jobs as Batch's clients read them. A member that has no value is left out. Contract: batch, 3.4. */
record JobScheduleDocuments(BatchRequest request) {
    /** Lists what lists of schedules are filtered by. */
    static final Set<String> PROPERTIES = Set.of(
            "id",
            "displayName",
            "url",
            "eTag",
            "lastModified",
            "creationTime",
            "state",
            "stateTransitionTime",
            "schedule",
            "jobSpecification/poolInfo/poolId",
            "executionInfo/nextRunTime",
            "executionInfo/recentJob/id",
            "executionInfo/endTime",
            "metadata");

    private static final long MILLIS = 1000;

    static String path(Schedule schedule) {
        return "jobschedules/" + create(schedule).getJobScheduleId();
    }

    private static CreateBatchJob create(Schedule schedule) {
        return (CreateBatchJob) schedule.getDefinition().getAction();
    }

    /** Returns when a user, or its own times, changed a schedule last. */
    static Instant changedAt(Schedule schedule) {
        return Objects.requireNonNullElse(schedule.getRevisedAt(), schedule.getCreatedAt());
    }

    ObjectNode one(Schedule schedule) {
        return fill(request.document("jobschedules/@Element"), schedule);
    }

    /** Returns a schedule of a list. */
    ObjectNode row(Schedule schedule) {
        return fill(JsonNodeFactory.instance.objectNode(), schedule);
    }

    private ObjectNode fill(ObjectNode document, Schedule schedule) {
        CreateBatchJob create = create(schedule);
        document.put("id", create.getJobScheduleId());
        TaskDocuments.put(document, "displayName", create.getDisplayName());
        document.put("url", request.url(path(schedule)))
                .put("eTag", BatchRequest.tag(schedule.getRevision()))
                .put("lastModified", changedAt(schedule).toString())
                .put("creationTime", schedule.getCreatedAt().toString())
                .put("state", state(schedule))
                .put("stateTransitionTime", stateSince(schedule).toString());
        times(document.putObject("schedule"), schedule);
        JobDocuments.specification(document.putObject("jobSpecification"), create.getDefinition());
        execution(document.putObject("executionInfo"), schedule);
        TaskDocuments.pairs(document, "metadata", create.getMetadata());
        return document;
    }

    /** Returns the word of a state: a schedule that has no more times is active while its last job is. */
    private static String state(Schedule schedule) {
        return switch (schedule.getStatus()) {
            case ENABLED -> "active";
            case DISABLED -> "disabled";
            case COMPLETED -> isCompleted(schedule) ? "completed" : "active";
        };
    }

    private static boolean isCompleted(Schedule schedule) {
        return schedule.getStatus() == ScheduleStatus.COMPLETED && schedule.getActiveRun() == null;
    }

    private static Instant stateSince(Schedule schedule) {
        return isCompleted(schedule)
                ? schedule.getUpdatedAt()
                : schedule.getStatus() == ScheduleStatus.COMPLETED
                        ? schedule.getCreatedAt()
                        : Objects.requireNonNullElse(schedule.getStatusSince(), schedule.getCreatedAt());
    }

    private static void times(ObjectNode part, Schedule schedule) {
        TaskDocuments.put(
                part, "doNotRunUntil", schedule.getDefinition().getTiming().getStart());
        TaskDocuments.put(
                part, "doNotRunAfter", schedule.getDefinition().getTiming().getEnd());
        int window = schedule.getDefinition().getToleranceSeconds();
        if (window != JobScheduleReader.NO_WINDOW) {
            part.put("startWindow", Durations.text(window * MILLIS));
        }
        if (schedule.getDefinition().getTiming().getRecurrence() instanceof ElapsedRecurrence elapsed) {
            part.put("recurrenceInterval", Durations.text(elapsed.getSeconds() * MILLIS));
        }
    }

    private void execution(ObjectNode part, Schedule schedule) {
        Optional.ofNullable(schedule.getNextAt())
                .filter(_ -> schedule.getStatus() == ScheduleStatus.ENABLED)
                .ifPresent(next -> part.put("nextRunTime", next.toString()));
        if (schedule.getLastJob() > 0) {
            String id = create(schedule).getJobScheduleId() + ":job-" + schedule.getLastJob();
            part.putObject("recentJob").put("id", id).put("url", request.url("jobs/" + id));
        }
        if (isCompleted(schedule)) {
            part.put("endTime", schedule.getUpdatedAt().toString());
        }
    }
}
