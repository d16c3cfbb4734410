package io.muster.processor.format;

import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamQuery.Members;
import io.muster.query.stream.Ticks;
import io.muster.records.Telemetry;
import io.muster.registry.SchemaRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Says how the records of an input are read. Thread-safe. */
public sealed interface InputFormat {
    /** Reads JSON: an object, several on lines of their own, or an array of them. */
    record Json() implements InputFormat {}

    /** Reads text with a header line that names the columns; all values are text. */
    record Csv(char delimiter) implements InputFormat {}

    /** Reads a record in the Confluent wire format. */
    record Avro(SchemaRegistry registry) implements InputFormat {}

    /** Reads the fleet's telemetry: JSON bodies, with the device and the properties as {@code IoTHub}. */
    record DeviceTelemetry(RecordCodec<Telemetry> codec) implements InputFormat {}

    /**
     * Holds what a record says.
     *
     * @param rows its columns, of each event; of a record that was read there is one at least
     * @param metadata columns of all of them, which can be asked for by name
     */
    record Content(List<Map<String, Object>> rows, Map<String, Object> metadata) {}

    /**
     * Reads a record.
     *
     * @param members what is wanted of them
     * @param arrival in ticks
     * @throws IOException where it can't be read, however often it is tried
     * @throws io.muster.registry.SchemaRegistryException where the registry is needed and away
     */
    default Content read(byte[] value, Members members, int partition, long arrival) throws IOException {
        Map<String, Object> metadata = Map.of();
        if (wantsMetadata(members)) {
            metadata = new LinkedHashMap<>();
            metadata.put("EventEnqueuedUtcTime", Ticks.instant(arrival));
            metadata.put("EventProcessedUtcTime", Ticks.instant(arrival));
            metadata.put("PartitionId", (long) partition);
        }
        Predicate<String> wanted = members::wants;
        List<Map<String, Object>> rows = switch (this) {
            case Json _ -> JsonRecords.read(value, wanted);
            case Csv csv -> CsvRecords.read(value, csv.delimiter(), wanted);
            case Avro avro -> List.of(AvroRecords.read(value, avro.registry(), wanted));
            case DeviceTelemetry telemetry -> {
                Telemetry sent = decode(telemetry.codec(), value);
                if (!metadata.isEmpty()) {
                    describe(sent, metadata);
                }
                yield JsonRecords.read(body(sent), wanted);
            }
        };
        return new Content(rows, metadata);
    }

    private static Telemetry decode(RecordCodec<Telemetry> codec, byte[] value) throws IOException {
        try {
            return codec.decode(value);
        } catch (UndecodableRecordException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static boolean wantsMetadata(Members members) {
        for (String name : StreamQuery.METADATA) {
            if (members.named().contains(name)) {
                return true;
            }
        }
        return false;
    }

    private static void describe(Telemetry telemetry, Map<String, Object> metadata) {
        Map<String, Object> hub = new LinkedHashMap<>();
        hub.put("ConnectionDeviceId", telemetry.getDeviceId());
        if (telemetry.getModuleId() != null) {
            hub.put("ConnectionModuleId", telemetry.getModuleId());
        }
        hub.put("EnqueuedTime", telemetry.getEnqueuedAt());
        Map<String, Object> properties = new LinkedHashMap<>(telemetry.getProperties());
        Object messageId = properties.remove("$.mid");
        Object correlationId = properties.remove("$.cid");
        if (messageId != null) {
            hub.put("MessageId", messageId);
        }
        if (correlationId != null) {
            hub.put("CorrelationId", correlationId);
        }
        metadata.put("IoTHub", hub);
        metadata.put("Properties", properties);
    }

    private static byte[] body(Telemetry telemetry) {
        ByteBuffer body = telemetry.getBody().duplicate();
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        return bytes;
    }
}
