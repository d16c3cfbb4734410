package io.muster.codec;

import io.muster.registry.SchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Encodes and decodes one type of record. Thread-safe. Registers its schema when it is made, so a registry that is away or refuses
 * is known at start and not at the first record.
 */
public final class RecordCodec<V extends SpecificRecord> implements Serde<V>, Serializer<V>, Deserializer<V> {
    private static final byte MAGIC = 0;
    private static final int PREFIX = 1 + Integer.BYTES;

    private static final String LONGEST_VALUE = Integer.toString(16 << 20);

    static {
        // A damaged length must not make Avro ask for gigabytes.
        System.setProperty("org.apache.avro.limits.string.maxLength", LONGEST_VALUE);
        System.setProperty("org.apache.avro.limits.bytes.maxLength", LONGEST_VALUE);
        System.setProperty("org.apache.avro.limits.collectionItems.maxLength", LONGEST_VALUE);
    }

    private final Class<V> type;
    private final SpecificData model;
    private final SchemaRegistry registry;
    private final int writerId;
    private final SpecificDatumWriter<V> writer;
    private final Map<Integer, SpecificDatumReader<V>> readers = new ConcurrentHashMap<>();
    private final ThreadLocal<Buffers> buffers = ThreadLocal.withInitial(Buffers::new);

    private static final class Buffers {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        private @Nullable BinaryEncoder encoder;
        private @Nullable BinaryDecoder decoder;
    }

    /** Registers the schema of a type, and encodes by it. @throws SchemaRegistryException when the registry is away or refuses the schema */
    public RecordCodec(SchemaRegistry registry, String subject, Class<V> type) {
        trustRecords();
        this.type = type;
        this.model = SpecificData.getForClass(type);
        this.registry = registry;
        Schema schema = SpecificData.get().getSchema(type);
        this.writerId = registry.register(subject, schema);
        this.writer = new SpecificDatumWriter<>(schema, model);
        readers.put(writerId, new SpecificDatumReader<>(schema, schema, model));
    }

    /** Trusts our own classes: Avro makes objects only of classes whose package is trusted, for builders and decoders alike. */
    static void trustRecords() {
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.DEFAULT,
                generated -> generated.getPackageName().startsWith("io.muster.")));
    }

    public byte[] encode(V value) {
        Buffers mine = buffers.get();
        mine.out.reset();
        mine.out.write(MAGIC);
        mine.out.write(writerId >>> 24);
        mine.out.write(writerId >>> 16);
        mine.out.write(writerId >>> 8);
        mine.out.write(writerId);
        try {
            mine.encoder = EncoderFactory.get().directBinaryEncoder(mine.out, mine.encoder);
            writer.write(value, mine.encoder);
            mine.encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("A buffer in memory failed, type=" + type.getName(), e);
        }
        return mine.out.toByteArray();
    }

    /**
     * Decodes a record that was written by any version of the schema.
     *
     * @throws UndecodableRecordException when the bytes are not such a record, whatever is tried
     * @throws SchemaRegistryException when the registry is away and the writer's schema is not known here yet
     */
    public V decode(byte[] bytes) {
        if (bytes.length < PREFIX || bytes[0] != MAGIC) {
            throw new UndecodableRecordException(
                    "not in the Confluent wire format: it starts with a zero byte and a schema number, length="
                            + bytes.length);
        }
        int id = ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt();
        SpecificDatumReader<V> reader = reader(id);
        Buffers mine = buffers.get();
        V value;
        boolean whole;
        try {
            mine.decoder = DecoderFactory.get().binaryDecoder(bytes, PREFIX, bytes.length - PREFIX, mine.decoder);
            value = reader.read(null, mine.decoder);
            whole = mine.decoder.isEnd();
        } catch (IOException | RuntimeException e) {
            // Avro reports hostile bytes by whatever exception they lead to.
            throw new UndecodableRecordException(
                    "not a " + type.getSimpleName() + " as schema " + id + " describes it: " + e.getMessage(), e);
        }
        if (!whole) {
            throw new UndecodableRecordException("bytes are left over behind the record, schema=" + id);
        }
        return value;
    }

    private SpecificDatumReader<V> reader(int id) {
        SpecificDatumReader<V> known = readers.get(id);
        if (known != null) {
            return known;
        }
        try {
            SpecificDatumReader<V> made = new SpecificDatumReader<>(
                    registry.byId(id), SpecificData.get().getSchema(type), model);
            readers.put(id, made);
            return made;
        } catch (SchemaRegistryException e) {
            if (e.isUnknownSchema()) {
                throw new UndecodableRecordException("no schema has the number " + id, e);
            }
            throw e;
        }
    }

    @Override
    public Serializer<V> serializer() {
        return this;
    }

    @Override
    public Deserializer<V> deserializer() {
        return this;
    }

    @Override
    public byte @Nullable [] serialize(String topic, @Nullable V value) {
        return value == null ? null : encode(value);
    }

    @Override
    public @Nullable V deserialize(String topic, byte @Nullable [] bytes) {
        return bytes == null ? null : decode(bytes);
    }

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {}

    @Override
    public void close() {}
}
