package io.muster.api.surface.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.Dates;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.schedule.ScheduleDocument;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.ScheduleStatus;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads and writes jobs and collections as Azure Scheduler spells them. Contract: webjobs-and-schedules, 2.9. */
final class SchedulerJobs {
    private static final Members OF_JOB = Members.of("id", "type", "name", "properties");
    private static final Members OF_PROPERTIES = Members.of("startTime", "action", "recurrence", "state", "status");
    private static final Map<String, Boolean> STATES =
            new TreeMap<>(Map.of("enabled", true, "disabled", false, "completed", false, "faulted", false));

    private SchedulerJobs() {}

    /**
     * Reads a job.
     *
     * @param own the host and port that the client reached us at
     * @param reach of its actions
     * @param enabled whether its collection is
     * @throws ProblemException when a member is wrong
     */
    static SaveSchedule of(ObjectNode document, String own, SchedulerReach reach, boolean enabled, Instant now) {
        JsonBody body = JsonBody.of(document).rejectOthers(OF_JOB);
        JsonBody properties = body.object("properties")
                .orElseThrow(() -> bad("Give properties: what the job does, and when."))
                .rejectOthers(OF_PROPERTIES);
        Optional<Instant> start = properties.text("startTime").map(text -> Dates.parse("startTime", text));
        ScheduleDocument schedule = properties
                .object("recurrence")
                .map(recurrence -> ScheduleDocument.ofScheduler(recurrence, ZoneOffset.UTC, start, now))
                .orElseGet(() -> ScheduleDocument.once(ZoneOffset.UTC, start, now));
        JsonBody action =
                properties.object("action").orElseThrow(() -> bad("Give properties.action: what the job does."));
        SchedulerActions.Action main = SchedulerActions.of(action, own, reach);
        Optional<SchedulerActions.Action> onError = SchedulerActions.onError(action, own, reach);
        return new SaveSchedule(ScheduleDefinition.newBuilder()
                .setTiming(schedule.timing())
                .setAction(main.action())
                .setRetry(main.retry())
                .setErrorAction(onError.map(SchedulerActions.Action::action).orElse(null))
                .setErrorRetry(onError.map(SchedulerActions.Action::retry).orElse(null))
                .setEnabled(isEnabled(properties))
                .setSuspended(!enabled)
                .setSource(SchedulerSecrets.hidden(document).toString())
                .build());
    }

    private static boolean isEnabled(JsonBody properties) {
        String state = properties.text("state").orElse("Enabled");
        Boolean enabled = STATES.get(state.toLowerCase(Locale.ROOT));
        if (enabled == null) {
            throw properties.wrong("state", "Enabled or Disabled");
        }
        return enabled;
    }

    /** Writes a job. */
    static ObjectNode job(Schedule schedule, SchedulerPath path, String name) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("id", path.collectionId() + "/jobs/" + name);
        body.put("type", Scheduler.NAMESPACE + "/jobCollections/jobs");
        body.put("name", path.collection() + "/" + name);
        ObjectNode properties = source(schedule).withObject("/properties").deepCopy();
        body.set("properties", properties);
        for (JsonNode day : properties.path("recurrence").path("schedule").path("monthlyOccurrences")) {
            if (day instanceof ObjectNode nth && nth.has("occurrence")) {
                nth.set("Occurrence", nth.remove("occurrence")); // Clients read the capital form alone.
            }
        }
        if (!properties.has("startTime")) {
            properties.put("startTime", schedule.getStartedAt().toString());
        }
        properties.put(
                "state",
                switch (schedule.getStatus()) {
                    case ENABLED -> "Enabled";
                    case DISABLED -> "Disabled";
                    case COMPLETED -> "Completed";
                });
        ObjectNode status = properties.putObject("status");
        status.put("executionCount", schedule.getFired());
        status.put("failureCount", schedule.getFailures());
        status.put("faultedCount", schedule.getMissed());
        if (schedule.getLastAt() != null) {
            status.put("lastExecutionTime", schedule.getLastAt().toString());
        }
        if (schedule.getNextAt() != null && schedule.getStatus() == ScheduleStatus.ENABLED) {
            status.put("nextExecutionTime", schedule.getNextAt().toString());
        }
        return body;
    }

    /** Returns the document as it was given. */
    static ObjectNode source(Schedule schedule) {
        String source = schedule.getDefinition().getSource();
        return source == null ? JsonNodeFactory.instance.objectNode() : (ObjectNode) JsonBody.stored(source);
    }

    /** Returns a changed document with the start of the job before, where its recurrence is another and it has none: it would begin at once. */
    static ObjectNode startedAsBefore(Schedule known, ObjectNode before, ObjectNode changed) {
        ObjectNode properties = changed.withObject("/properties");
        if (!properties.has("startTime")
                && !properties
                        .path("recurrence")
                        .equals(before.path("properties").path("recurrence"))) {
            properties.put("startTime", known.getStartedAt().toString());
        }
        return changed;
    }

    /** Writes a run of a job: an attempt of an action, or a time that was missed. */
    static ObjectNode run(ScheduleRun run, SchedulerPath path) {
        String number = number(run);
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("id", path.jobId() + "/history/" + number);
        entry.put("type", Scheduler.NAMESPACE + "/jobCollections/jobs/history");
        entry.put("name", path.collection() + "/" + path.job() + "/" + number);
        ObjectNode properties = entry.putObject("properties");
        properties.put("startTime", run.getAt().toString());
        properties.put("endTime", (run.getEndedAt() == null ? run.getAt() : run.getEndedAt()).toString());
        properties.put("expectedExecutionTime", run.getDueAt().toString());
        properties.put("actionName", run.getOfError() ? "ErrorAction" : "MainAction");
        properties.put("status", status(run));
        properties.put("message", message(run));
        properties.put("retryCount", run.getAttempt());
        properties.put("repeatCount", 0);
        return entry;
    }

    private static String number(ScheduleRun run) {
        return run.getRun().isEmpty()
                ? "missed-" + run.getDueAt().toEpochMilli()
                : run.getRun()
                        + (run.getOfError() ? "-error" : "")
                        + (run.getAttempt() == 0 ? "" : "-" + run.getAttempt());
    }

    /** Returns the status of a run, as Azure Scheduler names it. */
    static String status(ScheduleRun run) {
        return switch (run.getOutcome()) {
            case DONE -> run.getMissed() ? "Failed" : "Completed";
            case FAILED -> "Failed";
            case POSTPONED -> "Postponed";
        };
    }

    private static String message(ScheduleRun run) {
        if (!run.getMessage().isEmpty()) {
            return run.getMessage();
        }
        if (run.getOutcome() == ScheduleRunOutcome.POSTPONED) {
            return "The call of an earlier time was under way: the next time follows.";
        }
        return run.getMissed()
                ? "It was too late to fire: the time was missed."
                : run.getAsked() ? "Fired because somebody asked." : "Fired.";
    }

    /** Writes a collection. */
    static ObjectNode collection(ScheduleCollection collection, String id, String name) {
        ObjectNode source = (ObjectNode) JsonBody.stored(collection.getSource());
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("id", id);
        body.put("type", Scheduler.NAMESPACE + "/jobCollections");
        body.put("name", name);
        for (String member : List.of("location", "tags")) {
            if (source.has(member)) {
                body.set(member, source.get(member));
            }
        }
        ObjectNode properties = body.putObject("properties");
        if (source.path("properties") instanceof ObjectNode given) {
            properties.setAll(given);
        }
        properties.put("state", collection.getEnabled() ? "Enabled" : "Disabled");
        return body;
    }

    /** Returns whether the document of a collection says that it is enabled. @throws ProblemException when a member is wrong */
    static boolean enables(ObjectNode document) {
        JsonBody body = JsonBody.of(document);
        body.text("location");
        body.objectText("tags");
        return body.object("properties")
                .map(properties -> switch (properties
                        .text("state")
                        .orElse("Enabled")
                        .toLowerCase(Locale.ROOT)) {
                    case "enabled" -> true;
                    case "disabled" -> false;
                    default -> throw properties.wrong("state", "Enabled or Disabled");
                })
                .orElse(true);
    }

    static ProblemException bad(String message) {
        return new ProblemException(new Problem(400, "BadRequest", message));
    }
}
