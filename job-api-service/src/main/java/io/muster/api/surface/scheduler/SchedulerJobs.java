package io.muster.api.surface.scheduler;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.Dates;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.schedule.ScheduleDocument;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRun;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes jobs and collections as Azure Scheduler spells them. Contract: webjobs-and-schedules, 2.9. */
final class SchedulerJobs {
    private static final Members OF_JOB = Members.of("id", "type", "name", "properties");
    private static final Members OF_PROPERTIES = Members.of("startTime", "action", "recurrence", "state", "status");
    private static final Members OF_ACTION = Members.of(
            "type",
            "request",
            "queueMessage",
            "serviceBusQueueMessage",
            "serviceBusTopicMessage",
            "retryPolicy",
            "errorAction");
    private static final Members OF_REQUEST = Members.of("uri", "method", "body", "headers", "authentication");
    private static final Map<String, Boolean> STATES =
            new TreeMap<>(Map.of("enabled", true, "disabled", false, "completed", false, "faulted", false));

    /** Matches the run of a triggered WebJob at our own address, with and without the site in the path. */
    private static final Pattern RUN = Pattern.compile(
            "(?:/(?<site>[A-Za-z0-9-]{1,64})\\.scm\\.azurewebsites\\.net)?/api/triggeredwebjobs/(?<job>[A-Za-z0-9][A-Za-z0-9_-]{0,63})/run");

    private static final Pattern SITE_HOST = Pattern.compile("(?<site>[a-z0-9-]{1,64})\\.scm\\.(?<rest>.+)");

    private SchedulerJobs() {}

    /**
     * Reads a job.
     *
     * @param own the host and port that the client reached us at
     * @param enabled whether its collection is
     * @throws ProblemException when a member is wrong
     */
    static SaveSchedule of(ObjectNode document, String own, boolean enabled, Instant now) {
        JsonBody body = JsonBody.of(document).rejectOthers(OF_JOB);
        JsonBody properties = body.object("properties")
                .orElseThrow(() -> bad("Give properties: what the job does, and when."))
                .rejectOthers(OF_PROPERTIES);
        Optional<Instant> start = properties.text("startTime").map(text -> Dates.parse("startTime", text));
        ScheduleDocument schedule = properties
                .object("recurrence")
                .map(recurrence -> ScheduleDocument.ofScheduler(recurrence, ZoneOffset.UTC, start, now))
                .orElseGet(() -> ScheduleDocument.once(ZoneOffset.UTC, start, now));
        JsonBody action = properties
                .object("action")
                .orElseThrow(() -> bad("Give properties.action: what the job does."))
                .rejectOthers(OF_ACTION);
        return new SaveSchedule(ScheduleDefinition.newBuilder()
                .setTiming(schedule.timing())
                .setAction(action(action, own))
                .setEnabled(enabled && isEnabled(properties))
                .setSource(document.toString())
                .build());
    }

    /** Returns the command that enables a job with its collection, if it says so itself, or disables it. */
    static SaveSchedule enabled(Schedule schedule, boolean collection) {
        boolean itself = source(schedule)
                .path("properties")
                .path("state")
                .asText("Enabled")
                .equalsIgnoreCase("Enabled");
        return new SaveSchedule(ScheduleDefinition.newBuilder(schedule.getDefinition())
                .setEnabled(collection && itself)
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

    private static Object action(JsonBody action, String own) {
        String type = action.text("type").orElse("").toLowerCase(Locale.ROOT);
        if (!type.equals("http") && !type.equals("https")) {
            throw bad("An action is of the type Http or Https: queues and topics are not written to yet.");
        }
        if (action.has("errorAction") || action.has("retryPolicy")) {
            retries(action);
        }
        JsonBody request = action.object("request")
                .orElseThrow(() -> bad("Give action.request: what is called."))
                .rejectOthers(OF_REQUEST);
        URI uri = uri(request);
        String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
        String authority = uri.getPort() < 0 ? host : host + ":" + uri.getPort();
        Matcher siteHost = SITE_HOST.matcher(host);
        boolean bySiteHost = siteHost.matches();
        boolean isOwn = authority.equals(own.toLowerCase(Locale.ROOT))
                || (bySiteHost && hostOf(own).endsWith(siteHost.group("rest")));
        if (!isOwn) {
            throw bad("Calls of other addresses than our own are not carried out yet: " + authority + ".");
        }
        Matcher run = RUN.matcher(uri.getPath());
        if (!run.matches()
                || !request.text("method").orElse("").equalsIgnoreCase("POST")
                || (run.group("site") == null && !bySiteHost)) {
            throw bad("At our own address a schedule runs WebJobs: POST"
                    + " …/{site}.scm.azurewebsites.net/api/triggeredwebjobs/{name}/run.");
        }
        String site = run.group("site") == null ? siteHost.group("site") : run.group("site");
        return new RunSiteJob(site.toLowerCase(Locale.ROOT), run.group("job"), arguments(uri));
    }

    /** A run that begins is done: there is nothing to try again. */
    private static void retries(JsonBody action) {
        action.object("retryPolicy").ifPresent(policy -> {
            String type = policy.text("retryType").orElse("None");
            if (!type.equalsIgnoreCase("none") && !type.equalsIgnoreCase("fixed")) {
                throw policy.wrong("retryType", "None or Fixed");
            }
        });
    }

    private static String hostOf(String own) {
        int colon = own.lastIndexOf(':');
        return (colon < 0 ? own : own.substring(0, colon)).toLowerCase(Locale.ROOT);
    }

    private static URI uri(JsonBody request) {
        String text = request.text("uri").orElseThrow(() -> bad("Give action.request.uri: what is called."));
        try {
            URI uri = new URI(text);
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw request.wrong("uri", "an address such as https://host/path");
        }
        throw request.wrong("uri", "an address such as https://host/path");
    }

    private static String arguments(URI uri) {
        if (uri.getRawQuery() == null) {
            return "";
        }
        for (String pair : uri.getRawQuery().split("&")) {
            if (pair.startsWith("arguments=")) {
                return URLDecoder.decode(pair.substring("arguments=".length()), StandardCharsets.UTF_8);
            }
        }
        return "";
    }

    /** Writes a job. */
    static ObjectNode job(Schedule schedule, SchedulerPath path, String name) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("id", path.collectionId() + "/jobs/" + name);
        body.put("type", Scheduler.NAMESPACE + "/jobCollections/jobs");
        body.put("name", path.collection() + "/" + name);
        ObjectNode properties = source(schedule).withObject("/properties").deepCopy();
        body.set("properties", properties);
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
        status.put("failureCount", 0);
        status.put("faultedCount", schedule.getMissed());
        if (schedule.getLastAt() != null) {
            status.put("lastExecutionTime", schedule.getLastAt().toString());
        }
        if (schedule.getNextAt() != null) {
            status.put("nextExecutionTime", schedule.getNextAt().toString());
        }
        return body;
    }

    /** Returns the document as it was given. */
    static ObjectNode source(Schedule schedule) {
        String source = schedule.getDefinition().getSource();
        return source == null ? JsonNodeFactory.instance.objectNode() : (ObjectNode) JsonBody.stored(source);
    }

    /** Writes the last runs of a job, the newest first. */
    static ArrayNode history(Schedule schedule, SchedulerPath path, int skip, int top) {
        ArrayNode value = JsonNodeFactory.instance.arrayNode();
        List<ScheduleRun> recent = schedule.getRecent();
        for (int i = skip; i < recent.size() && value.size() < top; i++) {
            ScheduleRun run = recent.get(i);
            String number = String.valueOf(run.getDueAt().toEpochMilli());
            ObjectNode entry = value.addObject();
            entry.put("id", path.jobId() + "/history/" + number);
            entry.put("type", Scheduler.NAMESPACE + "/jobCollections/jobs/history");
            entry.put("name", path.collection() + "/" + path.job() + "/" + number);
            ObjectNode properties = entry.putObject("properties");
            properties.put("startTime", run.getAt().toString());
            properties.put("endTime", run.getAt().toString());
            properties.put("expectedExecutionTime", run.getDueAt().toString());
            properties.put("actionName", "MainAction");
            properties.put("status", run.getMissed() ? "Failed" : "Completed");
            properties.put(
                    "message",
                    run.getMissed()
                            ? "It was too late to fire: the time was missed."
                            : run.getAsked() ? "Fired because somebody asked." : "Fired.");
            properties.put("retryCount", 0);
            properties.put("repeatCount", 0);
        }
        return value;
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
        ObjectNode properties = source.withObject("/properties").deepCopy();
        properties.put("state", collection.getEnabled() ? "Enabled" : "Disabled");
        body.set("properties", properties);
        return body;
    }

    static ProblemException bad(String message) {
        return new ProblemException(new Problem(400, 400, "BadRequest", message));
    }
}
