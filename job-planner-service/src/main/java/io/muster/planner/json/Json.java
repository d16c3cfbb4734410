package io.muster.planner.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.SegmentedStringWriter;
import com.fasterxml.jackson.core.util.BufferRecycler;
import io.muster.document.JsonFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes JSON as plain Java: {@code Map<String, Object>}, {@code List<Object>}, {@code String}, {@code Number}, {@code Boolean}, and null.
 * Members keep their order, and have a name each: readers differ in which of two they take. Thread-safe.
 */
public final class Json {
    private static final int DEPTH = 64;
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEPTH)
                    .maxNumberLength(400)
                    .build())
            .build();

    private Json() {}

    /** Parses a text that is one object. @throws MalformedJsonException when the text is anything but one object */
    @SuppressWarnings("unchecked") // An object's reader makes nothing else.
    public static Map<String, Object> object(String text) throws MalformedJsonException {
        if (value(text) instanceof Map<?, ?> object) {
            return (Map<String, Object>) object;
        }
        throw new MalformedJsonException("a JSON object is expected");
    }

    /** Parses a text that is one value; null is JSON's. @throws MalformedJsonException when the text is anything but one value */
    public static @Nullable Object value(String text) throws MalformedJsonException {
        return value(text, false);
    }

    /** Parses a value. @param repeated whether an object may have several members of one name: the last counts then */
    private static @Nullable Object value(String text, boolean repeated) throws MalformedJsonException {
        try (JsonParser parser = FACTORY.createParser(text)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw new MalformedJsonException("the text is empty");
            }
            @Nullable Object value = read(parser, first, repeated);
            if (parser.nextToken() != null) {
                throw new MalformedJsonException("something follows the JSON value");
            }
            return value;
        } catch (IOException e) {
            throw new MalformedJsonException("not JSON: " + JsonFault.of(e));
        }
    }

    /** Reads an object of the planner's own state, which was taken when it was written, maybe by rules that were less strict. */
    @SuppressWarnings("unchecked") // An object's reader makes nothing else.
    public static Map<String, Object> stored(String text) {
        try {
            if (value(text, true) instanceof Map<?, ?> object) {
                return (Map<String, Object>) object;
            }
        } catch (MalformedJsonException e) {
            throw new IllegalStateException("the state holds a section that is not a JSON object", e);
        }
        throw new IllegalStateException("the state holds a section that is not a JSON object");
    }

    /** Writes a value as JSON. @param value one of the kinds that are read here */
    public static String text(Object value) {
        try (SegmentedStringWriter out = new SegmentedStringWriter(new BufferRecycler());
                JsonGenerator generator = FACTORY.createGenerator(out)) {
            write(generator, value);
            generator.flush();
            return out.getAndClear();
        } catch (IOException e) {
            throw new UncheckedIOException("A buffer in memory failed.", e);
        }
    }

    private static @Nullable Object read(JsonParser parser, JsonToken token, boolean repeated) throws IOException {
        return switch (token) {
            case START_OBJECT -> readObject(parser, repeated);
            case START_ARRAY -> readArray(parser, repeated);
            case VALUE_STRING -> whole(parser.getText());
            case VALUE_NUMBER_INT -> parser.getNumberValue();
            case VALUE_NUMBER_FLOAT -> finite(parser);
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            case VALUE_NULL -> null;
            default -> throw new IOException("unexpected " + token);
        };
    }

    /** Rejects numbers beyond a double: they would become texts when they are written again. */
    private static Number finite(JsonParser parser) throws IOException {
        double number = parser.getDoubleValue();
        if (Double.isInfinite(number)) {
            String name = parser.currentName();
            throw new IOException("the number " + (name == null ? "" : name + " ") + "is too large");
        }
        return number;
    }

    /** Rejects half of a surrogate pair, which has no bytes in UTF-8: it would become a question mark. */
    private static String whole(String text) throws IOException {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isSurrogatePair(text.charAt(i), i + 1 < text.length() ? text.charAt(i + 1) : 0)) {
                    throw new IOException("a text holds half of a surrogate pair");
                }
                i++;
            }
        }
        return text;
    }

    private static Map<String, @Nullable Object> readObject(JsonParser parser, boolean repeated) throws IOException {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            if (!repeated && object.containsKey(name)) {
                throw new IOException("an object has two members of one name");
            }
            object.put(whole(name), read(parser, parser.nextToken(), repeated));
        }
        return object;
    }

    private static List<@Nullable Object> readArray(JsonParser parser, boolean repeated) throws IOException {
        List<@Nullable Object> array = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            array.add(read(parser, token, repeated));
        }
        return array;
    }

    private static void write(JsonGenerator generator, @Nullable Object value) throws IOException {
        switch (value) {
            case null -> generator.writeNull();
            case Map<?, ?> object -> {
                generator.writeStartObject();
                for (Map.Entry<?, ?> member : object.entrySet()) {
                    generator.writeFieldName((String) member.getKey());
                    write(generator, member.getValue());
                }
                generator.writeEndObject();
            }
            case List<?> array -> {
                generator.writeStartArray();
                for (Object element : array) {
                    write(generator, element);
                }
                generator.writeEndArray();
            }
            case String text -> generator.writeString(text);
            case Integer number -> generator.writeNumber(number);
            case Long number -> generator.writeNumber(number);
            case Double number -> generator.writeNumber(number);
            case BigInteger number -> generator.writeNumber(number);
            case BigDecimal number -> generator.writeNumber(number);
            case Boolean flag -> generator.writeBoolean(flag);
            default -> throw new IllegalArgumentException("not a JSON value, class=" + value.getClass());
        }
    }
}
