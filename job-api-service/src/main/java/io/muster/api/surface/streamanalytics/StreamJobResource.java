package io.muster.api.surface.streamanalytics;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.StreamJobView;
import io.muster.query.stream.Ticks;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/** Shows stream jobs and their children as clients of Azure's resource manager read them. Contract: stream-analytics, 4.1 and 4.2. */
final class StreamJobResource {
    private static final String TYPE = "Microsoft.StreamAnalytics/streamingjobs";
    private static final String UNCOMPILED = "QueryCompilationError";

    private StreamJobResource() {}

    /** Shows a job in a list. @param expanded which kinds of children it shows */
    static ObjectNode of(StreamJobView.Entry entry, Set<ChildKind> expanded) {
        StreamJob job = entry.job();
        StreamJobDocument document = StreamJobDocument.of(job);
        ObjectNode written = document.json();
        ObjectNode view = JsonNodeFactory.instance.objectNode();
        view.set("id", written.path("id"));
        view.set("name", written.path("name"));
        view.put("type", TYPE);
        for (String member : List.of("location", "tags", "identity")) {
            if (written.has(member)) {
                view.set(member, written.get(member));
            }
        }
        ObjectNode properties = ((ObjectNode) written.get("properties")).deepCopy();
        StreamJobDocument.removeChildren(properties);
        putState(properties, entry);
        properties.put("etag", document.etag());
        ObjectNode metrics = properties.putObject("metrics");
        entry.counts().forEach(metrics::put);
        for (ChildKind kind : expanded) {
            if (ChildKind.LISTS.contains(kind)) {
                ArrayNode list = properties.putArray(kind.member());
                document.children(kind).forEach(one -> list.add(child(job, document, kind, one)));
            } else {
                document.children(kind).forEach(one -> properties.set(kind.member(), child(job, document, kind, one)));
            }
        }
        view.set("properties", properties);
        return view;
    }

    private static void putState(ObjectNode properties, StreamJobView.Entry entry) {
        StreamJob job = entry.job();
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
            properties.put("outputStartMode", StreamJobCommands.MODES.get(start.getMode()));
            Instant from =
                    start.getFromTicks() == null ? start.getOutputStartTime() : Ticks.instant(start.getFromTicks());
            if (from != null) {
                properties.put("outputStartTime", from.toString());
            }
            start.getDiagnostics().forEach(text -> new Condition(text.split(":", 2)[0], text).addTo(properties));
        }
        if (job.getFailureReason() != null) {
            new Condition("Job" + state(job.getStatus()), job.getFailureReason()).addTo(properties);
        }
        if (job.getReplacement() != null) {
            new Condition(
                            "JobReplacing",
                            "Another query takes over at "
                                    + job.getReplacement().getTakeOverAt() + ".")
                    .addTo(properties);
        }
        entry.samples().forEach(sample -> new Condition("InputEvent", sample).addTo(properties));
        String level = job.getDefinition().getCompatibilityLevel();
        if (!level.equals("1.2")) {
            new Condition(
                            "CompatibilityLevel",
                            level.equals("1.0")
                                    ? "Columns have names in lower case, as at level 1.0; the job runs with the meaning of level 1.2 otherwise."
                                    : "The job runs with the meaning of level 1.2.")
                    .addTo(properties);
        }
    }

    /** Shows a job that is read by itself: it says what is wrong with its query, if anything is. */
    static ObjectNode diagnosed(StreamJobView.Entry entry, Set<ChildKind> expanded) {
        ObjectNode view = of(entry, expanded);
        StreamJobDefinition definition = entry.job().getDefinition();
        if (definition.getQuery() != null && !definition.getQuery().isEmpty()) {
            addQueryFault((ObjectNode) view.get("properties"), definition);
        }
        return view;
    }

    private static void addQueryFault(ObjectNode properties, StreamJobDefinition definition) {
        QueryCheck.fault(definition).ifPresent(fault -> new Condition(UNCOMPILED, fault).addTo(properties));
    }

    /** Shows a child of a job. */
    static ObjectNode child(StreamJob job, StreamJobDocument document, ChildKind kind, ObjectNode child) {
        ObjectNode view = JsonNodeFactory.instance.objectNode();
        String name = child.path("name").asText();
        view.put("id", document.json().path("id").asText() + "/" + kind.path() + "/" + name);
        view.put("name", name);
        view.put("type", TYPE + "/" + kind.path());
        ObjectNode properties = ((ObjectNode) child.path("properties")).deepCopy();
        properties.put("etag", StreamJobDocument.etag(child));
        if (kind == ChildKind.TRANSFORMATIONS) {
            addQueryFault(properties, job.getDefinition());
        }
        view.set("properties", properties);
        return view;
    }

    /** Returns a state as the portal spells it. */
    private static String state(StreamJobStatus status) {
        return status.name().charAt(0) + status.name().substring(1).toLowerCase(Locale.ROOT);
    }
}
