package io.muster.codec;

import io.muster.registry.SchemaRegistry;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes records that no service writes, for tests of those that read them: random bytes, none, records of other topics, and records of the right
 * schema with numbers, times, texts and ids at their extremes. The seed decides all of it. For one thread.
 */
public final class PoisonRecords {
    private static final List<Topic<?>> ANY =
            Topics.ALL.stream().filter(topic -> !topic.isJson()).toList();
    private static final long[] NUMBERS = {
        Long.MIN_VALUE,
        Integer.MIN_VALUE,
        -1,
        0,
        1,
        2,
        7,
        2_000_000_000,
        1_800_000_000_000L,
        Integer.MAX_VALUE,
        Long.MAX_VALUE
    };
    private static final List<String> TEXTS = List.of(
            "",
            "\0",
            "poison-1",
            "poison-2",
            "poison-3",
            "poison-1/m",
            "*",
            "deviceId = 'poison-1'",
            "tags.poison = 1",
            "SELECT * FROM devices",
            "{}",
            "{\"a\":{\"b\":1}}",
            "[",
            "null",
            "1e400",
            "9".repeat(400),
            "x".repeat(3000));
    private static final List<String> IDS =
            List.of("jobId", "deviceId", "streamJobId", "scheduleId", "poolId", "requestId");
    private static final int DEEPEST = 8;
    private static final int PREFIX = 1 + Integer.BYTES;

    private final SchemaRegistry registry;
    private final SplittableRandom random;
    private final Map<Schema, Integer> schemas = new HashMap<>();

    public PoisonRecords(SchemaRegistry registry, long seed) {
        this.registry = registry;
        this.random = new SplittableRandom(seed);
    }

    /** Holds one record. @param key the id that the value names, or any */
    public record Poison(@Nullable String key, byte @Nullable [] value) {}

    public Poison next(Topic<?> topic) {
        return switch (random.nextInt(10)) {
            case 0 -> new Poison(text(), null);
            case 1 -> new Poison(null, null);
            case 2 -> new Poison(text(), bytes(random.nextInt(40)));
            case 3 -> new Poison(text(), behind(random.nextInt(), bytes(random.nextInt(40))));
            case 4 -> new Poison(text(), behind(topic.isJson() ? 0 : id(topic), bytes(random.nextInt(40))));
            case 5 -> of(ANY.get(random.nextInt(ANY.size())));
            default -> of(topic.isJson() ? ANY.get(random.nextInt(ANY.size())) : topic);
        };
    }

    private Poison of(Topic<?> topic) {
        GenericRecord record = (GenericRecord) Objects.requireNonNull(value(topic.schema(), 0), "a record");
        String key = text();
        if (random.nextInt(5) > 0) {
            for (String id : IDS) {
                if (record.getSchema().getField(id) != null && record.get(id) != null) {
                    key = record.get(id).toString();
                    // A module's records have its device's key.
                    key = key.contains("/") ? key.substring(0, key.indexOf('/')) : key;
                }
            }
        }
        return new Poison(key, behind(id(topic), encoded(record)));
    }

    private int id(Topic<?> topic) {
        return schemas.computeIfAbsent(topic.schema(), schema -> registry.register(topic.subject(), schema));
    }

    private static byte[] encoded(GenericRecord record) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        try {
            new GenericDatumWriter<>(record.getSchema(), new GenericData()).write(record, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static byte[] behind(int schema, byte[] value) {
        return ByteBuffer.allocate(PREFIX + value.length)
                .put((byte) 0)
                .putInt(schema)
                .put(value)
                .array();
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private String text() {
        return TEXTS.get(random.nextInt(TEXTS.size()));
    }

    private long number() {
        return NUMBERS[random.nextInt(NUMBERS.length)];
    }

    private @Nullable Object value(Schema schema, int depth) {
        return switch (schema.getType()) {
            case NULL -> null;
            case BOOLEAN -> random.nextBoolean();
            case INT -> (int) Math.clamp(number(), Integer.MIN_VALUE, Integer.MAX_VALUE);
            case LONG -> number();
            case FLOAT -> random.nextBoolean() ? Float.NaN : (float) number();
            case DOUBLE -> random.nextBoolean() ? Double.NEGATIVE_INFINITY : (double) number();
            case STRING -> random.nextBoolean() ? "poison-" + random.nextInt(5) : text();
            case BYTES -> ByteBuffer.wrap(bytes(random.nextInt(20)));
            case FIXED -> new GenericData.Fixed(schema, bytes(schema.getFixedSize()));
            case ENUM ->
                new GenericData.EnumSymbol(
                        schema,
                        schema.getEnumSymbols()
                                .get(random.nextInt(schema.getEnumSymbols().size())));
            case ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                for (int i = depth < DEEPEST ? random.nextInt(3) : 0; i > 0; i--) {
                    list.add(value(schema.getElementType(), depth + 1));
                }
                yield list;
            }
            case MAP -> {
                Map<String, @Nullable Object> map = new HashMap<>();
                for (int i = depth < DEEPEST ? random.nextInt(3) : 0; i > 0; i--) {
                    map.put(text(), value(schema.getValueType(), depth + 1));
                }
                yield map;
            }
            case UNION -> {
                List<Schema> types = schema.getTypes();
                yield value(depth < DEEPEST ? types.get(random.nextInt(types.size())) : types.getFirst(), depth + 1);
            }
            case RECORD -> {
                GenericRecord record = new GenericData.Record(schema);
                for (Schema.Field field : schema.getFields()) {
                    record.put(field.pos(), value(field.schema(), depth + 1));
                }
                yield record;
            }
        };
    }
}
