package io.muster.api.surface.streamanalytics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.StreamJobView;
import io.muster.api.json.Dates;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.query.document.DocumentQuery;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.Ticks;
import io.muster.records.OutputStartMode;
import io.muster.records.ReplaceStreamJob;
import io.muster.records.ScaleStreamJob;
import io.muster.records.StartStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Stream jobs as clients of Azure's resource manager write and read them. What is kept of one is the document that they wrote, without what
 * is read-only and without secrets. Contract: stream-analytics, 4.1.
 */
public final class StreamJobs {
    public static final String FUNCTIONS = "functions";

    /** Lists the kinds of children, as paths name them. A job has one transformation at most. */
    public static final Set<String> CHILDREN = Set.of("inputs", "outputs", "transformations", FUNCTIONS);

    private static final List<String> LISTS = List.of("inputs", "outputs", FUNCTIONS);

    /** Lists the members of a job's properties that hold its children. */
    private static final List<String> CHILDREN_OF_JOB = List.of("inputs", "outputs", FUNCTIONS, "transformation");

    private static final String TYPE = "Microsoft.StreamAnalytics/streamingjobs";
    private static final Set<String> SECRETS =
            Set.of("sharedaccesspolicykey", "accountkey", "password", "apikey", "refreshtoken");
    /** Names the code of a fault of a query. */
    private static final String UNCOMPILED = "QueryCompilationError";

    private static final Set<String> READ_ONLY = Set.of(
            "jobid",
            "provisioningstate",
            "jobstate",
            "createddate",
            "lastoutputeventtime",
            "etag",
            "outputstartmode",
            "outputstarttime",
            "diagnostics");
    private static final Map<OutputStartMode, String> MODES = Map.of(
            OutputStartMode.JOB_START_TIME, "JobStartTime",
            OutputStartMode.CUSTOM_TIME, "CustomTime",
            OutputStartMode.LAST_OUTPUT_EVENT_TIME, "LastOutputEventTime");

    /** Those of Azure's model, and what we add when a job is read: who copies a job sends all of them. */
    private static final Members OF_RESOURCE =
            Members.of("id", "name", "type", "location", "tags", "identity", "sku", "etag", "properties");

    private static final Members OF_PROPERTIES = Members.of(
            "sku",
            "jobId",
            "jobType",
            "jobState",
            "provisioningState",
            "createdDate",
            "lastOutputEventTime",
            "outputStartMode",
            "outputStartTime",
            "eventsOutOfOrderPolicy",
            "eventsOutOfOrderMaxDelayInSeconds",
            "eventsLateArrivalMaxDelayInSeconds",
            "outputErrorPolicy",
            "dataLocale",
            "compatibilityLevel",
            "contentStoragePolicy",
            "jobStorageAccount",
            "cluster",
            "externals",
            "inputs",
            "outputs",
            "functions",
            "transformation",
            "etag",
            "diagnostics",
            "metrics");

    private static final Map<String, Members> OF_CHILDREN = Map.of(
            "inputs",
            Members.of(
                    "type",
                    "serialization",
                    "datasource",
                    "compression",
                    "partitionKey",
                    "watermarkSettings",
                    "etag",
                    "diagnostics"),
            "outputs",
            Members.of(
                    "serialization",
                    "datasource",
                    "timeWindow",
                    "sizeWindow",
                    "watermarkSettings",
                    "lastOutputEventTimestamps",
                    "etag",
                    "diagnostics"),
            "transformations",
            Members.of("streamingUnits", "validStreamingUnits", "query", "etag", "diagnostics"),
            FUNCTIONS,
            Members.of("type", "properties", "etag", "diagnostics"));

    private static final Members OF_START = Members.of("outputStartMode", "outputStartTime");
    private static final Members OF_SCALE = Members.of("streamingUnits");
    private static final Members OF_REPLACEMENT = Members.of("query", "inputs", "outputs", "functions", "takeOverTime");

    private StreamJobs() {}

    /**
     * Returns what a PUT of a job says, as it is kept.
     *
     * @param path of the resource, as it was written
     * @throws ProblemException where one of its functions can't be read, or a member is unknown or of another type
     */
    public static ObjectNode document(String path, ObjectNode body) {
        ObjectNode properties = properties(body);
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("id", path);
        document.put("name", path.substring(path.lastIndexOf('/') + 1));
        for (String member : List.of("location", "tags", "identity")) {
            if (body.hasNonNull(member)) {
                document.set(member, body.get(member));
            }
        }
        document.set("properties", properties);
        properties.path(FUNCTIONS).forEach(StreamJobs::rejectWrongFunction);
        return document;
    }

    /** Returns the properties of a job as they are kept. @throws ProblemException where a member is unknown or of another type */
    private static ObjectNode properties(ObjectNode job) {
        ObjectNode properties = JsonNodeFactory.instance.objectNode();
        JsonBody.of(job).rejectOthers(OF_RESOURCE).object("properties").ifPresent(given -> {
            properties.setAll(kept(given.rejectOthers(OF_PROPERTIES)));
            properties.remove(CHILDREN_OF_JOB);
            putChildren(properties, given);
            given.object("transformation")
                    .ifPresent(one -> properties.set("transformation", child("transformations", one)));
        });
        return properties;
    }

    /** Puts the lists of children that are given in place of those of the same kind. */
    private static void putChildren(ObjectNode properties, JsonBody given) {
        for (String kind : LISTS) {
            if (given.has(kind)) {
                ArrayNode list = properties.putArray(kind);
                given.objects(kind).forEach(one -> list.add(child(kind, one)));
            }
        }
    }

    private static ObjectNode child(String kind, JsonBody given) {
        ObjectNode child = child(kind, given.text("name").orElse(""), given);
        if (child.path("name").asText().isEmpty()) {
            throw given.wrong("name", "a text");
        }
        return child;
    }

    /** Returns a child as it is kept. @throws ProblemException where a member is unknown or of another type */
    private static ObjectNode child(String kind, String name, JsonBody given) {
        ObjectNode child = JsonNodeFactory.instance.objectNode().put("name", name);
        child.set("properties", properties(kind, given));
        return child;
    }

    /** Returns the properties of a child as they are kept. @throws ProblemException where a member is unknown or of another type */
    private static ObjectNode properties(String kind, JsonBody child) {
        return child.rejectOthers(OF_RESOURCE)
                .object("properties")
                .map(given -> kept(given.rejectOthers(OF_CHILDREN.getOrDefault(kind, OF_PROPERTIES))))
                .orElseGet(JsonNodeFactory.instance::objectNode);
    }

    /** Returns properties without what is read-only and without secrets. */
    private static ObjectNode kept(JsonBody given) {
        ObjectNode kept = given.copy();
        kept.properties().stream()
                .map(Map.Entry::getKey)
                .filter(name -> READ_ONLY.contains(name.toLowerCase(Locale.ROOT)))
                .toList()
                .forEach(kept::remove);
        withoutSecrets(kept);
        return kept;
    }

    private static void withoutSecrets(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.properties().stream()
                    .map(Map.Entry::getKey)
                    .filter(name -> SECRETS.contains(name.toLowerCase(Locale.ROOT)))
                    .toList()
                    .forEach(object::remove);
        }
        node.forEach(StreamJobs::withoutSecrets);
    }

    /** Returns the kept document with a PATCH; null removes. Children are patched by themselves. */
    public static ObjectNode patched(ObjectNode document, ObjectNode patch) {
        ObjectNode own = properties(patch);
        own.remove(CHILDREN_OF_JOB);
        ObjectNode result = document.deepCopy();
        if (patch.hasNonNull("tags")) {
            result.set("tags", patch.get("tags"));
        }
        merge((ObjectNode) result.get("properties"), own);
        return result;
    }

    private static void merge(ObjectNode target, ObjectNode patch) {
        patch.properties().forEach(member -> {
            if (member.getValue().isNull()) {
                target.remove(member.getKey());
            } else if (member.getValue() instanceof ObjectNode inner
                    && target.get(member.getKey()) instanceof ObjectNode to) {
                merge(to, inner);
            } else {
                target.set(member.getKey(), member.getValue());
            }
        });
    }

    /** Returns the document that is kept of a job, with the units that it was scaled to. */
    public static ObjectNode parse(StreamJob job) {
        ObjectNode document = (ObjectNode) JsonBody.stored(job.getDocument());
        if (job.getStreamingUnits() != null
                && document.at("/properties/transformation/properties") instanceof ObjectNode transformation) {
            transformation.put("streamingUnits", job.getStreamingUnits());
        }
        return document;
    }

    /**
     * A document for a job that runs: the known one with another query, and inputs, outputs and functions where they are given.
     *
     * @throws ProblemException where it could not take over
     */
    public static ReplaceStreamJob replacement(StreamJob job, ObjectNode body) {
        JsonBody given = JsonBody.of(body).rejectOthers(OF_REPLACEMENT);
        ObjectNode document = parse(job);
        ObjectNode properties = (ObjectNode) document.get("properties");
        if (!body.path("query").isTextual()
                || !(properties.at("/transformation/properties") instanceof ObjectNode transformation)) {
            throw bad("Say the new query: {\"query\":\"SELECT …\"}.");
        }
        transformation.set("query", body.get("query"));
        putChildren(properties, given);
        rejectIncomplete(document);
        JsonNode at = body.path("takeOverTime");
        return new ReplaceStreamJob(
                document.toString(), null, at.isTextual() ? Dates.parse("takeOverTime", at.asText()) : null);
    }

    /** Returns the etag of the document: it does not change when the job starts or stops. */
    public static String etag(JsonNode part) {
        return UUID.nameUUIDFromBytes(part.toString().getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    // --- What start needs.

    /** @throws ProblemException where the job can't start, and what to do */
    public static StartStreamJob start(@Nullable JsonNode body, StreamJobView.Entry entry, ObjectNode document) {
        if (body != null) {
            OF_START.rejectOthers(body, "");
        }
        rejectIncomplete(document);
        String mode = body == null ? "" : body.path("outputStartMode").asText("");
        JsonNode time = body == null ? JsonNodeFactory.instance.missingNode() : body.path("outputStartTime");
        OutputStartMode found = mode.isEmpty() ? OutputStartMode.JOB_START_TIME : mode(mode);
        if (found == OutputStartMode.CUSTOM_TIME && !time.isTextual()) {
            throw bad("With CustomTime, say outputStartTime.");
        }
        if (found == OutputStartMode.LAST_OUTPUT_EVENT_TIME
                && entry.lastOutput().isEmpty()) {
            throw bad("The job has never written a result: start it with JobStartTime, or with CustomTime.");
        }
        return new StartStreamJob(
                found, found == OutputStartMode.CUSTOM_TIME ? Dates.parse("outputStartTime", time.asText()) : null);
    }

    /** @throws ProblemException when the body names no number of streaming units from 1 */
    public static ScaleStreamJob scale(ObjectNode body) {
        OF_SCALE.rejectOthers(body, "");
        int units = body.path("streamingUnits").asInt(0);
        if (units < 1) {
            throw bad("Say streamingUnits, a number from 1.");
        }
        return new ScaleStreamJob(units);
    }

    private static OutputStartMode mode(String name) {
        return MODES.entrySet().stream()
                .filter(known -> known.getValue().equalsIgnoreCase(name))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> bad(
                        "outputStartMode is JobStartTime, CustomTime or LastOutputEventTime, and not " + name + "."));
    }

    private static void rejectIncomplete(ObjectNode document) {
        JsonNode properties = document.path("properties");
        for (String kind : List.of("inputs", "outputs")) {
            if (properties.path(kind).isEmpty()) {
                throw bad("The job has no " + kind + ": a job that starts has at least one.");
            }
        }
        String query = properties.at("/transformation/properties/query").asText("");
        if (query.isBlank()) {
            throw bad("The job has no transformation with a query.");
        }
        compile(document).ifPresent(error -> {
            throw bad(error);
        });
    }

    /** Returns the reason why the query or a function can't be read; empty where both can. */
    private static Optional<String> compile(ObjectNode document) {
        try {
            DocumentQuery.compile(document.path("properties"));
            return Optional.empty();
        } catch (QueryException | EvaluationException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Returns the reason why a function can't be read; empty where it can. It is not run. */
    public static Optional<String> wrongFunction(JsonNode child) {
        try {
            DocumentQuery.function(child.path("name").asText(), child.path("properties"));
            return Optional.empty();
        } catch (EvaluationException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static void rejectWrong(String kind, ObjectNode child) {
        if (kind.equals(FUNCTIONS)) {
            rejectWrongFunction(child);
        }
    }

    private static void rejectWrongFunction(JsonNode function) {
        wrongFunction(function).ifPresent(error -> {
            throw bad(error);
        });
    }

    public static ProblemException bad(String message) {
        return new ProblemException(new Problem(400, 400, "BadRequest", message));
    }

    // --- Children.

    /** Returns the child of that name, in any case. */
    public static Optional<ObjectNode> child(ObjectNode document, String kind, String name) {
        if (kind.equals("transformations")) {
            return Optional.of(document.at("/properties/transformation"))
                    .filter(ObjectNode.class::isInstance)
                    .map(ObjectNode.class::cast)
                    .filter(one -> one.path("name").asText().equalsIgnoreCase(name));
        }
        for (JsonNode one : document.path("properties").path(kind)) {
            if (one.path("name").asText().equalsIgnoreCase(name)) {
                return Optional.of((ObjectNode) one);
            }
        }
        return Optional.empty();
    }

    /** Returns the document with the child behind the others of its kind, and without an earlier one of its name. */
    public static ObjectNode withChild(ObjectNode document, String kind, String name, ObjectNode body) {
        ObjectNode child = child(kind, name, JsonBody.of(body));
        rejectWrong(kind, child);
        ObjectNode result = withoutChild(document, kind, name);
        if (kind.equals("transformations")) {
            ((ObjectNode) result.get("properties")).set("transformation", child);
        } else {
            ((ObjectNode) result.get("properties")).withArrayProperty(kind).add(child);
        }
        return result;
    }

    public static ObjectNode patchedChild(ObjectNode document, String kind, String name, ObjectNode patch) {
        ObjectNode properties = properties(kind, JsonBody.of(patch));
        ObjectNode result = document.deepCopy();
        ObjectNode child = child(result, kind, name).orElseThrow();
        merge((ObjectNode) child.get("properties"), properties);
        rejectWrong(kind, child);
        return result;
    }

    public static ObjectNode withoutChild(ObjectNode document, String kind, String name) {
        ObjectNode result = document.deepCopy();
        if (kind.equals("transformations")) {
            ((ObjectNode) result.get("properties")).remove("transformation");
        } else if (result.path("properties").get(kind) instanceof ArrayNode list) {
            for (Iterator<JsonNode> one = list.iterator(); one.hasNext(); ) {
                if (one.next().path("name").asText().equalsIgnoreCase(name)) {
                    one.remove();
                }
            }
        }
        return result;
    }

    public static List<ObjectNode> children(ObjectNode document, String kind) {
        List<ObjectNode> children = new ArrayList<>();
        JsonNode properties = document.path("properties");
        if (kind.equals("transformations")) {
            if (properties.get("transformation") instanceof ObjectNode one) {
                children.add(one);
            }
        } else {
            properties.path(kind).forEach(one -> children.add((ObjectNode) one));
        }
        return children;
    }

    /** Returns a child as it is read. */
    public static ObjectNode view(ObjectNode document, String kind, ObjectNode child) {
        ObjectNode view = JsonNodeFactory.instance.objectNode();
        String name = child.path("name").asText();
        view.put("id", document.path("id").asText() + "/" + kind + "/" + name);
        view.put("name", name);
        view.put("type", TYPE + "/" + kind);
        ObjectNode properties = ((ObjectNode) child.path("properties")).deepCopy();
        properties.put("etag", etag(child));
        if (kind.equals("transformations")) {
            compile(document).ifPresent(error -> condition(properties, UNCOMPILED, error));
        }
        view.set("properties", properties);
        return view;
    }

    /** Adds to the diagnostics of a view, which is of a job or a child. */
    public static void diagnose(ObjectNode view, String code, String message) {
        condition((ObjectNode) view.get("properties"), code, message);
    }

    private static void condition(ObjectNode properties, String code, String message) {
        properties
                .withObjectProperty("diagnostics")
                .withArrayProperty("conditions")
                .addObject()
                .put("code", code)
                .put("message", message);
    }

    // --- The job as it is read.

    /** @param expanded which kinds of children it shows */
    public static ObjectNode view(StreamJobView.Entry entry, Set<String> expanded) {
        StreamJob job = entry.job();
        ObjectNode document = parse(job);
        ObjectNode view = JsonNodeFactory.instance.objectNode();
        view.set("id", document.path("id"));
        view.set("name", document.path("name"));
        view.put("type", TYPE);
        for (String member : List.of("location", "tags", "identity")) {
            if (document.has(member)) {
                view.set(member, document.get(member));
            }
        }
        ObjectNode properties = ((ObjectNode) document.get("properties")).deepCopy();
        properties.remove(CHILDREN_OF_JOB);
        properties.put(
                "jobId",
                UUID.nameUUIDFromBytes(job.getStreamJobId().getBytes(StandardCharsets.UTF_8))
                        .toString());
        properties.put("provisioningState", "Succeeded");
        properties.put("jobState", state(job.getStatus()));
        properties.put("createdDate", job.getCreatedAt().toString());
        entry.lastOutput()
                .ifPresent(ticks -> properties.put(
                        "lastOutputEventTime", Ticks.instant(ticks).toString()));
        StreamJobStart start = job.getCurrent();
        if (start != null) {
            properties.put("outputStartMode", MODES.get(start.getMode()));
            Instant from =
                    start.getFromTicks() == null ? start.getOutputStartTime() : Ticks.instant(start.getFromTicks());
            if (from != null) {
                properties.put("outputStartTime", from.toString());
            }
            start.getDiagnostics().forEach(text -> condition(properties, text.split(":", 2)[0], text));
        }
        if (job.getFailureReason() != null) {
            condition(properties, "Job" + state(job.getStatus()), job.getFailureReason());
        }
        if (job.getReplacement() != null) {
            condition(
                    properties,
                    "JobReplacing",
                    "Another query takes over at " + job.getReplacement().getTakeOverAt() + ".");
        }
        entry.samples().forEach(sample -> condition(properties, "InputEvent", sample));
        String level = properties.path("compatibilityLevel").asText("1.2");
        if (!level.equals("1.2")) {
            condition(
                    properties,
                    "CompatibilityLevel",
                    level.equals("1.0")
                            ? "Columns have names in lower case, as at level 1.0; the job runs with the meaning of level 1.2 otherwise."
                            : "The job runs with the meaning of level 1.2.");
        }
        properties.put("etag", etag(document));
        ObjectNode metrics = properties.putObject("metrics");
        entry.counts().forEach(metrics::put);
        for (String kind : expanded) {
            if (kind.equals("transformation")) {
                children(document, "transformations")
                        .forEach(one -> properties.set("transformation", view(document, "transformations", one)));
            } else {
                ArrayNode list = properties.putArray(kind);
                children(document, kind).forEach(one -> list.add(view(document, kind, one)));
            }
        }
        view.set("properties", properties);
        return view;
    }

    /** A job that is read by itself: it says what is wrong with its query, if anything is. */
    public static ObjectNode diagnosed(StreamJobView.Entry entry, Set<String> expanded) {
        ObjectNode view = view(entry, expanded);
        ObjectNode document = parse(entry.job());
        if (document.at("/properties/transformation/properties/query").isTextual()) {
            compile(document).ifPresent(error -> condition((ObjectNode) view.get("properties"), UNCOMPILED, error));
        }
        return view;
    }

    /** Returns a state as the portal spells it. */
    private static String state(StreamJobStatus status) {
        return status.name().charAt(0) + status.name().substring(1).toLowerCase(Locale.ROOT);
    }
}
