package io.muster.api.surface.streamanalytics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.StreamFunction;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds a stream job as its author writes it: the resource of Azure's resource manager, without read-only members and secrets. Each change
 * makes another document, and {@link #definition} returns its meaning. Contract: stream-analytics, 4.1.
 */
final class StreamJobDocument {
    private static final Set<String> SECRETS =
            Set.of("sharedaccesspolicykey", "accountkey", "password", "apikey", "refreshtoken");

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

    /** Lists the members of Azure's model, and those that we add when a job is read: a copy of a job is sent with all of them. */
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

    /** Bounds a setting in seconds: 21 days, less a second. */
    private static final int MOST_SECONDS = 1_814_399;

    private static final Map<String, List<String>> WORDS = Map.of(
            "eventsOutOfOrderPolicy", List.of("Adjust", "Drop"),
            "outputErrorPolicy", List.of("Stop", "Drop"),
            "compatibilityLevel", List.of("1.0", "1.1", "1.2"));

    private static final Pattern NAME = Pattern.compile("[^\\p{Cntrl}/\\\\?#%]{0,128}");

    private static final String PROPERTIES = "properties";
    private static final String SCRIPT = "/properties/properties/binding/properties";

    private final ObjectNode json;

    private StreamJobDocument(ObjectNode json) {
        this.json = json;
    }

    /**
     * Returns the document that a PUT of a job writes.
     *
     * @param path of the resource, as it was written
     * @throws ProblemException where a member is unknown or of another type
     */
    static StreamJobDocument put(String path, ObjectNode body) {
        ObjectNode properties = properties(body);
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("id", path);
        document.put("name", path.substring(path.lastIndexOf('/') + 1));
        for (String member : List.of("location", "tags", "identity")) {
            if (body.hasNonNull(member)) {
                document.set(member, body.get(member));
            }
        }
        document.set(PROPERTIES, properties);
        return new StreamJobDocument(document);
    }

    /** Returns the document of a job, with the units that it was scaled to; where its author wrote none, one of the same meaning. */
    static StreamJobDocument of(StreamJob job) {
        StreamJobDefinition definition = job.getDefinition();
        StreamJobDocument document = new StreamJobDocument(
                written(definition).orElseGet(() -> DefinitionWriter.write(job.getStreamJobId(), definition)));
        document.fill(definition);
        if (job.getStreamingUnits() != null
                && document.json.at("/properties/transformation/properties") instanceof ObjectNode transformation) {
            transformation.put("streamingUnits", job.getStreamingUnits());
        }
        return document;
    }

    /** Returns what its author wrote; empty where that is nothing, or no resource, as a program may write that knows no surface. */
    private static Optional<ObjectNode> written(StreamJobDefinition definition) {
        if (definition.getDocument() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(JsonBody.object(definition.getDocument().getBytes(StandardCharsets.UTF_8)))
                    .filter(StreamJobDocument::isResource);
        } catch (ProblemException _) {
            return Optional.empty();
        }
    }

    private static boolean isResource(ObjectNode document) {
        if (!(document.get(PROPERTIES) instanceof ObjectNode properties)
                || !document.path("id").isTextual()
                || (properties.has(ChildKind.TRANSFORMATIONS.member())
                        && !isChild(properties.get(ChildKind.TRANSFORMATIONS.member())))) {
            return false;
        }
        for (ChildKind kind : ChildKind.LISTS) {
            JsonNode list = properties.path(kind.member());
            for (JsonNode child : list) {
                if (!list.isArray() || !isChild(child)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isChild(JsonNode child) {
        return child.path("name").isTextual() && child.path(PROPERTIES).isObject();
    }

    /**
     * Returns the meaning of the document, which goes with it.
     *
     * @throws ProblemException where one of its functions can't be read
     */
    StreamJobDefinition definition() {
        return StreamJobDefinition.newBuilder(DefinitionReader.read(json))
                .setDocument(emptied().toString())
                .build();
    }

    /** Returns a copy without the texts that the definition has too: they may be large. */
    private ObjectNode emptied() {
        ObjectNode copy = json.deepCopy();
        texts(copy).forEach(text -> {
            JsonNode found = text.in().path(text.member());
            if (found.isTextual() && !found.textValue().isEmpty()) {
                text.in().putNull(text.member());
            }
        });
        return copy;
    }

    /** Puts the definition's texts where {@link #emptied} has left their places. */
    private void fill(StreamJobDefinition definition) {
        texts(json).forEach(text -> {
            if (text.in().path(text.member()).isNull()) {
                text.of(definition)
                        .filter(found -> !found.isEmpty())
                        .ifPresent(found -> text.in().put(text.member(), found));
            }
        });
    }

    /** Names a place of a text that is in the definition: that of the function of that name, or else the query. */
    private record Text(
            ObjectNode in, String member, @Nullable String function) {
        private Optional<String> of(StreamJobDefinition definition) {
            return function == null
                    ? Optional.ofNullable(definition.getQuery())
                    : definition.getFunctions().stream()
                            .filter(one -> one.getName().equals(function))
                            .map(StreamFunction::getScript)
                            .findFirst();
        }
    }

    private static List<Text> texts(ObjectNode document) {
        List<Text> texts = new ArrayList<>();
        if (document.at("/properties/transformation/properties") instanceof ObjectNode transformation) {
            texts.add(new Text(transformation, "query", null));
        }
        for (JsonNode function : document.at("/properties/functions")) {
            if (function.at(SCRIPT) instanceof ObjectNode binding) {
                texts.add(new Text(binding, "script", function.path("name").asText()));
            }
        }
        return texts;
    }

    /** Returns the properties of a job as they are kept. @throws ProblemException where a member is unknown or of another type */
    private static ObjectNode properties(ObjectNode job) {
        ObjectNode properties = JsonNodeFactory.instance.objectNode();
        JsonBody.of(job).rejectOthers(OF_RESOURCE).object(PROPERTIES).ifPresent(given -> {
            rejectSettings(given.rejectOthers(OF_PROPERTIES));
            properties.setAll(kept(given));
            removeChildren(properties);
            putLists(properties, given);
            given.object(ChildKind.TRANSFORMATIONS.member())
                    .ifPresent(one ->
                            properties.set(ChildKind.TRANSFORMATIONS.member(), child(ChildKind.TRANSFORMATIONS, one)));
        });
        return properties;
    }

    /** Rejects settings without a meaning: none may become another in silence. Contract: stream-analytics, 4.1. */
    private static void rejectSettings(JsonBody given) {
        rejectSeconds(given, "eventsLateArrivalMaxDelayInSeconds", -1);
        rejectSeconds(given, "eventsOutOfOrderMaxDelayInSeconds", 0);
        WORDS.forEach((name, words) -> given.text(name).ifPresent(word -> {
            if (words.stream().noneMatch(word::equalsIgnoreCase)) {
                throw given.wrong(name, String.join(" or ", words));
            }
        }));
    }

    private static void rejectSeconds(JsonBody given, String name, int least) {
        given.number(name).ifPresent(seconds -> {
            if (seconds < least || seconds > MOST_SECONDS) {
                throw given.wrong(name, "seconds from " + least + " to " + MOST_SECONDS);
            }
        });
    }

    /** Removes the children of all kinds from a job's properties. */
    static void removeChildren(ObjectNode properties) {
        for (ChildKind kind : ChildKind.values()) {
            properties.remove(kind.member());
        }
    }

    /** Puts the lists of children that are given in place of those of the same kind. */
    private static void putLists(ObjectNode properties, JsonBody given) {
        for (ChildKind kind : ChildKind.LISTS) {
            if (given.has(kind.member())) {
                ArrayNode list = properties.putArray(kind.member());
                given.objects(kind.member()).forEach(one -> list.add(child(kind, one)));
            }
        }
    }

    private static ObjectNode child(ChildKind kind, JsonBody given) {
        ObjectNode child = child(kind, given.text("name").orElse(""), given);
        if (child.path("name").asText().isEmpty()) {
            throw given.wrong("name", "a text");
        }
        return child;
    }

    /** Returns a child as it is kept. @throws ProblemException where a member is unknown or of another type */
    private static ObjectNode child(ChildKind kind, String name, JsonBody given) {
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw bad(
                    "A name has 1 to 128 characters, none of them a control character or one of / \\ ? # %, and is no dots alone.");
        }
        ObjectNode child = JsonNodeFactory.instance.objectNode().put("name", name);
        child.set(PROPERTIES, properties(kind, given));
        return child;
    }

    /** Returns the properties of a child as they are kept. @throws ProblemException where a member is unknown or of another type */
    private static ObjectNode properties(ChildKind kind, JsonBody child) {
        return child.rejectOthers(OF_RESOURCE)
                .object(PROPERTIES)
                .map(given -> kept(given.rejectOthers(kind.members())))
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
        removeSecrets(kept);
        return kept;
    }

    private static void removeSecrets(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.properties().stream()
                    .map(Map.Entry::getKey)
                    .filter(name -> SECRETS.contains(name.toLowerCase(Locale.ROOT)))
                    .toList()
                    .forEach(object::remove);
        }
        node.forEach(StreamJobDocument::removeSecrets);
    }

    /** Returns the document with a PATCH of the job; null removes. Children are patched by themselves. */
    StreamJobDocument patched(ObjectNode patch) {
        ObjectNode own = properties(patch);
        removeChildren(own);
        StreamJobDocument result = copy();
        if (patch.hasNonNull("tags")) {
            result.json.set("tags", patch.get("tags"));
        }
        merge(result.properties(), own);
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

    private StreamJobDocument copy() {
        return new StreamJobDocument(json.deepCopy());
    }

    private ObjectNode properties() {
        return (ObjectNode) json.get(PROPERTIES);
    }

    /**
     * Returns the document with another query, and with the lists of children that are given.
     *
     * @throws ProblemException where there is no query, or a member of a child is unknown or of another type
     */
    StreamJobDocument withQuery(ObjectNode body) {
        StreamJobDocument result = copy();
        if (!body.path("query").isTextual()
                || !(result.json.at("/properties/transformation/properties") instanceof ObjectNode transformation)) {
            throw bad("Say the new query: {\"query\":\"SELECT …\"}.");
        }
        transformation.set("query", body.get("query"));
        putLists(result.properties(), JsonBody.of(body));
        return result;
    }

    /** Returns the child of that name, in any case. */
    Optional<ObjectNode> child(ChildKind kind, String name) {
        return children(kind).stream()
                .filter(one -> one.path("name").asText().equalsIgnoreCase(name))
                .findFirst();
    }

    List<ObjectNode> children(ChildKind kind) {
        List<ObjectNode> children = new ArrayList<>();
        JsonNode found = json.path(PROPERTIES).path(kind.member());
        if (found instanceof ObjectNode one) {
            children.add(one);
        } else {
            found.forEach(one -> children.add((ObjectNode) one));
        }
        return children;
    }

    /** Returns the document with the child behind the others of its kind, and without an earlier one of its name. */
    StreamJobDocument withChild(ChildKind kind, String name, ObjectNode body) {
        ObjectNode child = child(kind, name, JsonBody.of(body));
        StreamJobDocument result = withoutChild(kind, name);
        if (kind == ChildKind.TRANSFORMATIONS) {
            result.properties().set(kind.member(), child);
        } else {
            result.properties().withArrayProperty(kind.member()).add(child);
        }
        return result;
    }

    StreamJobDocument patchedChild(ChildKind kind, String name, ObjectNode patch) {
        ObjectNode properties = properties(kind, JsonBody.of(patch));
        StreamJobDocument result = copy();
        ObjectNode child = result.child(kind, name).orElseThrow();
        merge((ObjectNode) child.get(PROPERTIES), properties);
        return result;
    }

    StreamJobDocument withoutChild(ChildKind kind, String name) {
        StreamJobDocument result = copy();
        if (kind == ChildKind.TRANSFORMATIONS) {
            result.properties().remove(kind.member());
        } else if (result.properties().get(kind.member()) instanceof ArrayNode list) {
            for (Iterator<JsonNode> one = list.iterator(); one.hasNext(); ) {
                if (one.next().path("name").asText().equalsIgnoreCase(name)) {
                    one.remove();
                }
            }
        }
        return result;
    }

    /** Returns the resource; it is not changed. */
    ObjectNode json() {
        return json;
    }

    /** Returns the etag of the document: it does not change when the job starts or stops. */
    String etag() {
        return etag(json);
    }

    /** Returns the etag of a child. */
    static String etag(ObjectNode part) {
        return UUID.nameUUIDFromBytes(part.toString().getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    static ProblemException bad(String message) {
        return new ProblemException(new Problem(400, "BadRequest", message));
    }
}
