package io.muster.api.surface.streamanalytics;

import io.muster.api.json.Members;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Names the kinds of parts that a stream job is written in; each part has a path of its own. Contract: stream-analytics, 4.1. */
enum ChildKind {
    INPUTS(
            "inputs",
            "inputs",
            Members.of(
                    "type",
                    "serialization",
                    "datasource",
                    "compression",
                    "partitionKey",
                    "watermarkSettings",
                    "etag",
                    "diagnostics")),
    OUTPUTS(
            "outputs",
            "outputs",
            Members.of(
                    "serialization",
                    "datasource",
                    "timeWindow",
                    "sizeWindow",
                    "watermarkSettings",
                    "lastOutputEventTimestamps",
                    "etag",
                    "diagnostics")),
    FUNCTIONS("functions", "functions", Members.of("type", "properties", "etag", "diagnostics")),
    /** Names the transformation, of which a job has one at most. */
    TRANSFORMATIONS(
            "transformations",
            "transformation",
            Members.of("streamingUnits", "validStreamingUnits", "query", "etag", "diagnostics"));

    /** Lists the kinds of which a job has any number. */
    static final List<ChildKind> LISTS = List.of(INPUTS, OUTPUTS, FUNCTIONS);

    private final String path;
    private final String member;
    private final Members members;

    ChildKind(String path, String member, Members members) {
        this.path = path;
        this.member = member;
        this.members = members;
    }

    /** Returns the kind that a segment of a path names; empty where it names none. */
    static Optional<ChildKind> of(String segment) {
        return Arrays.stream(values())
                .filter(kind -> kind.path.equalsIgnoreCase(segment))
                .findFirst();
    }

    /** Returns the kinds that a query parameter {@code $expand} names; it may name others, which are ignored. */
    static Set<ChildKind> expanded(String names) {
        Set<String> wanted = Arrays.stream(names.split(","))
                .map(name -> name.strip().toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
        return Arrays.stream(values())
                .filter(kind -> wanted.contains(kind.member))
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(ChildKind.class)));
    }

    /** Returns the segment that names the kind in paths and types. */
    String path() {
        return path;
    }

    /** Returns the member of a job's properties that holds the children. */
    String member() {
        return member;
    }

    /** Returns the members that the properties of such a child may have. */
    Members members() {
        return members;
    }
}
