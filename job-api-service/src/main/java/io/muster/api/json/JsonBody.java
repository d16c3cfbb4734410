package io.muster.api.json;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.document.JsonFault;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a request's body: one JSON object without duplicate names. Absent and null members are the same; unknown ones are ignored but where
 * {@link #rejectOthers} is asked.
 */
public final class JsonBody {
    private static final int DEPTH = 64;
    private static final JsonMapper MAPPER = JsonMapper.builder(factory()
                    .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    /** Reads what was accepted once: nobody can refuse it any more. */
    private static final JsonMapper OF_STORED =
            JsonMapper.builder(factory().build()).build();

    private final JsonNode object;
    private final String path;

    private static JsonFactoryBuilder factory() {
        return new JsonFactoryBuilder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(DEPTH)
                        .maxNumberLength(400)
                        .build());
    }

    private JsonBody(JsonNode object, String path) {
        this.object = object;
        this.path = path;
    }

    /** Parses a body that is one object. @throws ProblemException when the bytes are not one JSON object in UTF-8 */
    public static JsonBody parse(byte[] bytes) {
        JsonNode parsed = tree(bytes);
        if (!parsed.isObject()) {
            throw new ProblemException(Problem.badFormat("Send one JSON object as the body."));
        }
        return new JsonBody(parsed, "");
    }

    /** Returns a body that was parsed before. */
    public static JsonBody of(ObjectNode object) {
        return new JsonBody(object, "");
    }

    /**
     * Parses a body that is an array of objects; problems name a member with the index of its object.
     *
     * @throws ProblemException when the bytes are not one JSON array of objects in UTF-8
     */
    public static List<JsonBody> parseArray(byte[] bytes) {
        JsonNode parsed = tree(bytes);
        List<JsonBody> bodies = new ArrayList<>();
        for (JsonNode element : parsed) {
            if (parsed.isArray() && element.isObject()) {
                bodies.add(new JsonBody(element, "[" + bodies.size() + "]."));
            }
        }
        if (!parsed.isArray() || bodies.size() != parsed.size()) {
            throw new ProblemException(Problem.badFormat("Send one JSON array of objects as the body."));
        }
        return bodies;
    }

    /** Parses a text that is an array of arrays, and returns the inner ones. @throws ProblemException when the text is not one JSON array of arrays */
    public static List<JsonNode> parseArrays(String text) {
        JsonNode parsed = tree(text.getBytes(StandardCharsets.UTF_8));
        List<JsonNode> arrays = new ArrayList<>();
        for (JsonNode element : parsed) {
            arrays.add(element);
        }
        if (!parsed.isArray() || !arrays.stream().allMatch(JsonNode::isArray)) {
            throw new ProblemException(Problem.badFormat("This is no JSON array of arrays."));
        }
        return arrays;
    }

    /** Parses a body to a tree, for a reader that goes through all of its members. @throws ProblemException when the bytes are not one JSON object in UTF-8 */
    public static ObjectNode object(byte[] bytes) {
        if (tree(bytes) instanceof ObjectNode object) {
            return object;
        }
        throw new ProblemException(Problem.badFormat("Send one JSON object as the body."));
    }

    private static JsonNode tree(byte[] bytes) {
        try {
            JsonNode tree = MAPPER.readTree(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
            rejectUnwritable(tree, new ArrayDeque<>());
            return tree;
        } catch (CharacterCodingException e) {
            throw new ProblemException(Problem.badFormat("The body is not UTF-8."));
        } catch (JsonProcessingException e) {
            throw new ProblemException(Problem.badFormat("The body is not JSON: " + JsonFault.of(e) + "."));
        }
    }

    /**
     * Rejects values that would be other ones when they are written again: numbers beyond a double, halves of surrogate pairs.
     *
     * @param path to the node: names of members, and indices of elements. It is written out only where something is wrong: a long name would be
     *     copied for each value below it
     */
    private static void rejectUnwritable(JsonNode node, Deque<Object> path) {
        if (node.isDouble() && !Double.isFinite(node.doubleValue())) {
            throw new ProblemException(Problem.argumentInvalid("The number at " + written(path) + " is too large."));
        }
        if (node.isTextual()) {
            rejectHalfPairs(node.textValue(), path);
        }
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            rejectHalfPairs(member.getKey(), path);
            path.addLast(member.getKey());
            rejectUnwritable(member.getValue(), path);
            path.removeLast();
        }
        if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                path.addLast(i);
                rejectUnwritable(node.get(i), path);
                path.removeLast();
            }
        }
    }

    private static void rejectHalfPairs(String text, Deque<Object> path) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new ProblemException(Problem.argumentInvalid("A text "
                    + (path.isEmpty() ? "" : "at " + written(path) + " ") + "holds half of a surrogate pair."));
        }
    }

    private static String written(Deque<Object> path) {
        StringBuilder text = new StringBuilder();
        for (Object part : path) {
            if (part instanceof Integer index) {
                text.append('[').append(index).append(']');
            } else {
                text.append(text.isEmpty() ? "" : ".").append(part);
            }
        }
        return text.toString();
    }

    /** Returns text of our own state as a tree. */
    public static JsonNode stored(String text) {
        try {
            return OF_STORED.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the log holds a text that is not JSON", e);
        }
    }

    /** Returns a tree of its own. */
    public ObjectNode copy() {
        return object.deepCopy();
    }

    public boolean has(String name) {
        return object.hasNonNull(name);
    }

    /** Rejects members that nothing reads. @throws ProblemException when a member that is not null is none of these */
    public JsonBody rejectOthers(Members known) {
        known.rejectOthers(object, path);
        return this;
    }

    public Optional<JsonNode> member(String name) {
        return Optional.ofNullable(object.get(name)).filter(node -> !node.isNull());
    }

    /** Returns the member as a JSON object's text. */
    public Optional<String> objectText(String name) {
        return member(name).map(node -> {
            if (!node.isObject()) {
                throw wrong(name, "an object");
            }
            return node.toString();
        });
    }

    /** Returns the member as a JSON object's text, or the text {@code null} where it is there and null. */
    public Optional<String> objectOrNullText(String name) {
        return object.path(name).isNull() ? Optional.of("null") : objectText(name);
    }

    public Optional<JsonBody> object(String name) {
        return member(name).map(node -> {
            if (!node.isObject()) {
                throw wrong(name, "an object");
            }
            return new JsonBody(node, path + name + ".");
        });
    }

    /** Returns a member that is a text; empty where it is missing or blank. */
    public Optional<String> text(String name) {
        return member(name)
                .map(node -> {
                    if (!node.isTextual()) {
                        throw wrong(name, "a text");
                    }
                    return node.textValue();
                })
                .filter(text -> !text.isBlank());
    }

    /** Returns a text as {@link #text} does. @throws ProblemException when it has more characters than may */
    public Optional<String> text(String name, int most) {
        Optional<String> text = text(name);
        if (text.filter(found -> found.length() > most).isPresent()) {
            throw wrong(name, "a text of up to " + most + " characters");
        }
        return text;
    }

    public Optional<Integer> number(String name) {
        return member(name).map(node -> {
            if (!node.isIntegralNumber() || !node.canConvertToInt()) {
                throw wrong(name, "a whole number");
            }
            return node.intValue();
        });
    }

    public Optional<Double> decimal(String name) {
        return member(name).map(node -> {
            if (!node.isNumber()) {
                throw wrong(name, "a number");
            }
            return node.doubleValue();
        });
    }

    /** Returns the elements of an array of objects; none where the member is missing. */
    public List<JsonBody> objects(String name) {
        List<JsonBody> objects = new ArrayList<>();
        member(name).ifPresent(array -> {
            for (JsonNode element : array) {
                objects.add(new JsonBody(element, path + name + "[" + objects.size() + "]."));
            }
            if (!array.isArray() || !objects.stream().allMatch(body -> body.object.isObject())) {
                throw wrong(name, "an array of objects");
            }
        });
        return objects;
    }

    /** Returns the elements of an array of texts; none where the member is missing. */
    public List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        member(name).ifPresent(array -> {
            for (JsonNode element : array) {
                if (!element.isTextual()) {
                    throw wrong(name, "an array of texts");
                }
                texts.add(element.textValue());
            }
            if (!array.isArray()) {
                throw wrong(name, "an array of texts");
            }
        });
        return texts;
    }

    public Optional<Boolean> flag(String name) {
        return member(name).map(node -> {
            if (!node.isBoolean()) {
                throw wrong(name, "true or false");
            }
            return node.booleanValue();
        });
    }

    public ProblemException wrong(String name, String what) {
        return new ProblemException(Problem.argumentInvalid("The member " + path + name + " is " + what + "."));
    }
}
