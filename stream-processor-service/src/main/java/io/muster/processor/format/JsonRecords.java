package io.muster.processor.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.muster.query.stream.StreamValues;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Reads and writes records as JSON, in the values of the query language. Thread-safe. */
public final class JsonRecords {
    private static final JsonFactory JSON = new JsonFactory();

    private JsonRecords() {}

    /**
     * Reads the events that a value holds: an object, several on lines of their own, or an array of them.
     *
     * @param wanted members of events that are read; others are skipped
     * @throws IOException where it is none of them, or a number is beyond the 64 bits of a bigint or of a float
     */
    public static List<Map<String, Object>> read(byte[] bytes, Predicate<String> wanted) throws IOException {
        List<Map<String, Object>> events = new ArrayList<>(1);
        try (JsonParser parser = JSON.createParser(bytes)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                switch (token) {
                    case START_OBJECT -> events.add(object(parser, wanted));
                    case START_ARRAY, END_ARRAY -> {
                        // An array of events is the events.
                    }
                    default -> throw new IOException("an event is a JSON object, not " + token);
                }
            }
        }
        if (events.isEmpty()) {
            throw new IOException("there is no event in it");
        }
        return events;
    }

    private static Map<String, Object> object(JsonParser parser, Predicate<String> wanted) throws IOException {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            if (wanted.test(name)) {
                object.put(name, value(parser));
            } else {
                pass(parser);
            }
        }
        return object;
    }

    /** Skips a member, and refuses the event if it is wrong. */
    private static void pass(JsonParser parser) throws IOException {
        int depth = 0;
        do {
            JsonToken token = parser.currentToken();
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token.isNumeric()) {
                number(parser);
            }
        } while (depth > 0 && parser.nextToken() != null);
    }

    private static Object number(JsonParser parser) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            return parser.getLongValue();
        }
        double real = parser.getDoubleValue();
        if (Double.isInfinite(real)) {
            throw new IOException("a number is beyond what a float can hold: " + parser.getText());
        }
        return real;
    }

    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser, _ -> true);
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser);
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            default -> StreamValues.NULL;
        };
    }

    /** Returns a text as it is, and any other value as JSON writes it. */
    public static String text(Object value) {
        return value instanceof String text ? text : new String(bytes(value), StandardCharsets.UTF_8);
    }

    public static byte[] write(Map<String, Object> record) {
        return bytes(record);
    }

    /** Writes any value of the language; one that JSON has not, such as NaN, is null. */
    static byte[] bytes(Object value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            write(json, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator json, Object value) throws IOException {
        switch (value) {
            case String text -> json.writeString(text);
            case Long whole -> json.writeNumber(whole);
            case Double real when Double.isFinite(real) -> json.writeNumber(real);
            case Map<?, ?> map -> {
                json.writeStartObject();
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    json.writeFieldName(String.valueOf(member.getKey()));
                    write(json, StreamValues.of(member.getValue()));
                }
                json.writeEndObject();
            }
            case List<?> list -> {
                json.writeStartArray();
                for (Object element : list) {
                    write(json, StreamValues.of(element));
                }
                json.writeEndArray();
            }
            case Boolean bit -> json.writeBoolean(bit);
            case Instant instant -> json.writeString(StreamValues.dateText(instant));
            default -> json.writeNull();
        }
    }
}
