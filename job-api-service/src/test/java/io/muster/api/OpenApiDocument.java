package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.Yaml;

/** Reads the description of the API, and compares answers with it. */
final class OpenApiDocument {
    private static final Set<String> METHODS = Set.of("get", "head", "put", "post", "patch", "delete");

    private final JsonNode document;
    private final SchemaRegistry schemas = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private final Map<JsonNode, Schema> compiled = new ConcurrentHashMap<>();

    OpenApiDocument() {
        try (InputStream in = OpenApiDocument.class.getResourceAsStream("/openapi.yaml")) {
            document = new ObjectMapper().valueToTree(new Yaml().load(in));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the methods of each path. */
    Map<String, Set<String>> operations() {
        Map<String, Set<String>> operations = new TreeMap<>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().stream()
                        .map(Map.Entry::getKey)
                        .filter(METHODS::contains)
                        .forEach(method -> operations
                                .computeIfAbsent(path.getKey(), _ -> new TreeSet<>())
                                .add(method.toUpperCase(Locale.ROOT))));
        return operations;
    }

    /** Fails where an answer of an operation is not as it is described. An answer to what is no operation is an error. */
    void check(String method, String path, int status, JsonNode body) {
        String template = template(method, path);
        if (template == null) {
            assertThat(status).as("%s %s is not described", method, path).isGreaterThanOrEqualTo(400);
            return;
        }
        JsonNode responses = document.path("paths")
                .path(template)
                .path(method.toLowerCase(Locale.ROOT))
                .path("responses");
        JsonNode response = resolved(
                responses.has(Integer.toString(status))
                        ? responses.path(Integer.toString(status))
                        : responses.path("default"));
        assertThat(response.isObject())
                .as("%s %s answers %s", method, template, status)
                .isTrue();
        JsonNode schema =
                method.equals("HEAD") ? MissingNode.getInstance() : response.at("/content/application~1json/schema");
        assertThat(schema.isMissingNode())
                .as("%s %s answers %s with a body", method, template, status)
                .isEqualTo(body.isNull() || body.isMissingNode());
        if (schema.isObject()) {
            assertThat(schema(schema).validate(body))
                    .as("%s %s answers %s %s", method, template, status, body)
                    .isEmpty();
        }
    }

    /** Fails where a body that is sent is not as it is described. */
    void checkRequest(String method, String path, JsonNode body) {
        JsonNode schema = resolved(document.path("paths")
                        .path(String.valueOf(template(method, path)))
                        .path(method.toLowerCase(Locale.ROOT))
                        .path("requestBody"))
                .at("/content/application~1json/schema");
        assertThat(schema.isObject()).as("%s %s has a body", method, path).isTrue();
        assertThat(schema(schema).validate(body))
                .as("%s %s %s", method, path, body)
                .isEmpty();
    }

    private Schema schema(JsonNode schema) {
        return compiled.computeIfAbsent(schema, one -> {
            ObjectNode root = one.deepCopy();
            root.set("components", document.path("components"));
            return schemas.getSchema(root);
        });
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    /** Returns all schemas of bodies, requests and answers. */
    List<JsonNode> bodies() {
        return Stream.of(
                        document.path("paths"),
                        document.at("/components/responses"),
                        document.at("/components/requestBodies"))
                .flatMap(part -> part.findValues("application/json").stream())
                .map(content -> content.path("schema"))
                .toList();
    }

    /** Returns the members and schemas, by name and at any depth, that are objects of any members. */
    Set<String> objectsOfAnyMembers() {
        Set<String> names = new TreeSet<>();
        bodies().forEach(schema -> addOpen("body", schema, names));
        document.at("/components/schemas").properties().forEach(one -> addOpen(one.getKey(), one.getValue(), names));
        return names;
    }

    /** Adds schemas that allow other members; the schema behind a reference is checked where it stands. */
    private static void addOpen(String name, JsonNode schema, Set<String> names) {
        if (!schema.isObject()) {
            return;
        }
        JsonNode type = schema.path("type");
        boolean object = type.asText().equals("object")
                || StreamSupport.stream(type.spliterator(), false)
                        .anyMatch(one -> one.asText().equals("object"));
        boolean described = schema.has("properties") || schema.has("maxProperties");
        if (object && !described && !schema.path("additionalProperties").isObject()) {
            names.add(name);
        }
        schema.path("properties").properties().forEach(member -> addOpen(member.getKey(), member.getValue(), names));
        for (String part : List.of("items", "additionalProperties")) {
            addOpen(name, schema.path(part), names);
        }
        for (String part : List.of("anyOf", "oneOf", "allOf")) {
            schema.path(part).forEach(one -> addOpen(name, one, names));
        }
    }

    private String template(String method, String path) {
        List<String> segments =
                Arrays.asList(path.split("\\?")[0].replaceAll("(?<=.)/+$", "").split("/", -1));
        return operations().entrySet().stream()
                .filter(entry -> entry.getValue().contains(method))
                .map(Map.Entry::getKey)
                .filter(template -> fits(Arrays.asList(template.split("/", -1)), segments))
                .min(Comparator.comparingLong(template ->
                        template.chars().filter(letter -> letter == '{').count()))
                .orElse(null);
    }

    private static boolean fits(List<String> template, List<String> segments) {
        if (template.size() != segments.size()) {
            return false;
        }
        for (int i = 0; i < template.size(); i++) {
            if (!template.get(i).startsWith("{") && !template.get(i).equalsIgnoreCase(segments.get(i))) {
                return false;
            }
        }
        return true;
    }
}
