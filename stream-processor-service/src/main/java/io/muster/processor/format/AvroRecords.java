package io.muster.processor.format;

import io.muster.query.stream.StreamValues;
import io.muster.registry.SchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Conversions;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.jspecify.annotations.Nullable;

/** Reads and writes records in the Confluent wire format: a zero byte, the schema's number in four, and Avro. Thread-safe. */
final class AvroRecords {
    private static final int PREFIX = 1 + Integer.BYTES;
    private static final GenericData MODEL = model();

    /** Bounds the depth of values, as Jackson does for JSON. */
    private static final int DEEPEST = 1000;

    private static final String TOO_DEEP = "a value is nested deeper than " + DEEPEST;

    private AvroRecords() {}

    private static GenericData model() {
        GenericData model = new GenericData();
        model.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
        model.addLogicalTypeConversion(new TimeConversions.TimestampMicrosConversion());
        model.addLogicalTypeConversion(new TimeConversions.DateConversion());
        model.addLogicalTypeConversion(new Conversions.DecimalConversion());
        return model;
    }

    /**
     * Reads a record as values of the language.
     *
     * @throws IOException where it is none
     * @throws SchemaRegistryException where the registry is away
     */
    static Map<String, Object> read(byte[] bytes, SchemaRegistry registry, Predicate<String> wanted)
            throws IOException {
        if (bytes.length < PREFIX || bytes[0] != 0) {
            throw new IOException("not in the Confluent wire format: it starts with a zero byte and a schema number");
        }
        Schema schema = schema(ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt(), registry);
        if (schema.getType() != Schema.Type.RECORD) {
            throw new IOException(
                    "an event is an Avro record, not " + schema.getType().getName());
        }
        BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, PREFIX, bytes.length - PREFIX, null);
        GenericRecord record;
        try {
            record = new GenericDatumReader<GenericRecord>(schema, schema, MODEL).read(null, decoder);
        } catch (StackOverflowError e) {
            throw new IOException(TOO_DEEP, e);
        } catch (RuntimeException e) {
            // Avro reports hostile bytes by whatever exception they lead to.
            throw new IOException("not a record as its schema describes it: " + e.getMessage(), e);
        }
        Map<String, Object> event = new LinkedHashMap<>();
        for (Schema.Field field : schema.getFields()) {
            if (wanted.test(field.name())) {
                event.put(field.name(), value(record.get(field.pos()), 1));
            }
        }
        return event;
    }

    private static Schema schema(int id, SchemaRegistry registry) throws IOException {
        try {
            return registry.byId(id);
        } catch (SchemaRegistryException e) {
            if (e.isUnknownSchema()) {
                throw new IOException("no schema has the number " + id, e);
            }
            throw e;
        }
    }

    /**
     * Converts a value of Avro to a value of the query language.
     *
     * @throws IOException where it is nested too deep, or has a number that is beyond a float, or none
     */
    private static Object value(@Nullable Object value, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new IOException(TOO_DEEP);
        }
        return switch (value) {
            case null -> StreamValues.NULL;
            case CharSequence text -> text.toString();
            case Integer whole -> whole.longValue();
            case Float real -> finite(real.doubleValue(), real);
            case BigDecimal decimal -> finite(decimal.doubleValue(), decimal);
            case LocalDate date -> date.atStartOfDay().toInstant(ZoneOffset.UTC);
            case GenericRecord record -> {
                Map<String, Object> members = new LinkedHashMap<>();
                for (Schema.Field field : record.getSchema().getFields()) {
                    members.put(field.name(), value(record.get(field.pos()), depth + 1));
                }
                yield members;
            }
            case Map<?, ?> map -> {
                Map<String, Object> members = new LinkedHashMap<>();
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    members.put(member.getKey().toString(), value(member.getValue(), depth + 1));
                }
                yield members;
            }
            case Collection<?> list -> {
                List<Object> elements = new ArrayList<>(list.size());
                for (Object element : list) {
                    elements.add(value(element, depth + 1));
                }
                yield elements;
            }
            case ByteBuffer bytes -> {
                byte[] raw = new byte[bytes.remaining()];
                bytes.duplicate().get(raw);
                yield Base64.getEncoder().encodeToString(raw);
            }
            case Long whole -> whole;
            case Double real -> finite(real, real);
            case Boolean bit -> bit;
            case Instant instant -> instant;
            default -> value.toString(); // Enums and the like.
        };
    }

    private static Double finite(double real, Number given) throws IOException {
        if (!Double.isFinite(real)) {
            throw new IOException(given + " is no number that a float can hold");
        }
        return real;
    }

    /**
     * Writes a row as a record: a field is the column of its name, spelled so or in any case.
     *
     * @throws IOException where a column does not fit the schema, or is no field of it
     */
    static byte[] write(Map<String, Object> row, int id, Schema schema) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
        bytes.write(0);
        bytes.write(ByteBuffer.allocate(Integer.BYTES).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            new GenericDatumWriter<>(schema, MODEL).write(fitted(row, schema, ""), encoder);
        } catch (AvroRuntimeException | ClassCastException e) {
            throw new IOException("the row does not fit the schema " + schema.getFullName() + ": " + e.getMessage(), e);
        }
        encoder.flush();
        return bytes.toByteArray();
    }

    private static @Nullable Object fitted(Object value, Schema schema, String at) throws IOException {
        LogicalType logical = schema.getLogicalType();
        return switch (schema.getType()) {
            case UNION -> {
                IOException last = new IOException("the column " + at + " has no type that takes " + value);
                for (Schema branch : schema.getTypes()) {
                    try {
                        yield fitted(value, branch, at);
                    } catch (IOException e) {
                        last = e;
                    }
                }
                throw last;
            }
            case NULL -> {
                if (value != StreamValues.NULL) {
                    throw misfit(value, schema, at);
                }
                yield null;
            }
            case RECORD -> {
                if (!(value instanceof Map<?, ?> members)) {
                    throw misfit(value, schema, at);
                }
                GenericRecord record = new GenericData.Record(schema);
                Set<Object> unknown = new LinkedHashSet<>(members.keySet());
                for (Schema.Field field : schema.getFields()) {
                    Optional<String> member = StreamValues.spelling(members, field.name());
                    member.ifPresent(unknown::remove);
                    record.put(
                            field.pos(),
                            member.isEmpty() && field.hasDefaultValue()
                                    ? MODEL.getDefaultValue(field)
                                    : fitted(
                                            StreamValues.member(members, field.name()),
                                            field.schema(),
                                            at + "." + field.name()));
                }
                if (at.isEmpty() && !unknown.isEmpty()) { // A record inside may have more, as events bring it.
                    throw new IOException("the column " + unknown.iterator().next() + " is no field of the schema "
                            + schema.getFullName());
                }
                yield record;
            }
            case ARRAY -> {
                if (!(value instanceof List<?> list)) {
                    throw misfit(value, schema, at);
                }
                List<@Nullable Object> elements = new ArrayList<>();
                for (Object element : list) {
                    elements.add(fitted(StreamValues.of(element), schema.getElementType(), at + "[]"));
                }
                yield elements;
            }
            case MAP -> {
                if (!(value instanceof Map<?, ?> map)) {
                    throw misfit(value, schema, at);
                }
                Map<String, @Nullable Object> members = new LinkedHashMap<>();
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    String name = String.valueOf(member.getKey());
                    members.put(
                            name, fitted(StreamValues.of(member.getValue()), schema.getValueType(), at + "." + name));
                }
                yield members;
            }
            case LONG -> {
                if (logical instanceof LogicalTypes.TimestampMillis
                        || logical instanceof LogicalTypes.TimestampMicros) {
                    yield StreamValues.instant(value).orElseThrow(() -> misfit(value, schema, at));
                }
                yield value instanceof Long whole ? whole : reject(value, schema, at);
            }
            case INT ->
                value instanceof Long whole && whole == whole.intValue() && logical == null
                        ? whole.intValue()
                        : reject(value, schema, at);
            case DOUBLE -> value instanceof Number number ? number.doubleValue() : reject(value, schema, at);
            case FLOAT ->
                value instanceof Number number && Float.isFinite(number.floatValue())
                        ? number.floatValue()
                        : reject(value, schema, at);
            case BOOLEAN -> value instanceof Boolean ? value : reject(value, schema, at);
            case STRING ->
                switch (value) {
                    case String text -> text;
                    case Instant instant -> StreamValues.dateText(instant);
                    default -> reject(value, schema, at);
                };
            case ENUM ->
                value instanceof String text && schema.hasEnumSymbol(text)
                        ? new GenericData.EnumSymbol(schema, text)
                        : reject(value, schema, at);
            case BYTES, FIXED -> reject(value, schema, at);
        };
    }

    private static Object reject(Object value, Schema schema, String at) throws IOException {
        throw misfit(value, schema, at);
    }

    private static IOException misfit(Object value, Schema schema, String at) {
        String name = at.isEmpty() ? "the row" : "the column " + at.substring(1);
        return new IOException(name + " is " + (value == StreamValues.NULL ? "NULL" : value) + ", and the schema wants "
                + schema.getType().getName());
    }
}
