package io.muster.processor.format;

import io.muster.codec.RecordCodec;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import io.muster.records.DeviceCommand;
import io.muster.records.JobCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** Says how rows of an output are written. Thread-safe. */
public sealed interface OutputFormat {
    /** Holds a record of a topic. */
    record Written(byte @Nullable [] key, byte[] value) {}

    /** Writes JSON objects. @param array whether the object stands in an array @param key the column whose value is the record's key */
    record Json(boolean array, Optional<String> key) implements OutputFormat {}

    record Csv(char delimiter, Optional<String> key) implements OutputFormat {}

    /** Writes in the Confluent wire format. @param id the schema's number in the registry */
    record Avro(int id, Schema schema, Optional<String> key) implements OutputFormat {}

    /** Writes JSON, with the id as the key, by which a receiver knows rows that come again. */
    record ToDeliver() implements OutputFormat {}

    /** Writes messages to devices, and calls of methods. @param life of a message that has no expiry */
    record ToDevices(RecordCodec<DeviceCommand> codec, Duration life) implements OutputFormat {}

    /** Writes commands that create jobs. */
    record ToJobs(RecordCodec<JobCommand> codec) implements OutputFormat {}

    /**
     * Writes one row.
     *
     * @param id gives the id: the same whenever the row is computed again, and no other row's
     * @throws IOException where the row is not what the output takes
     */
    default Written write(StreamRow row, Supplier<String> id) throws IOException {
        return switch (this) {
            case Json json ->
                new Written(
                        key(row, json.key()), JsonRecords.bytes(json.array() ? List.of(row.record()) : row.record()));
            case Csv csv -> new Written(key(row, csv.key()), CsvRecords.write(row.record(), csv.delimiter()));
            case Avro avro ->
                new Written(key(row, avro.key()), AvroRecords.write(row.record(), avro.id(), avro.schema()));
            case ToDeliver _ ->
                new Written(
                        UUID.nameUUIDFromBytes(id.get().getBytes(StandardCharsets.UTF_8))
                                .toString()
                                .getBytes(StandardCharsets.UTF_8),
                        JsonRecords.write(row.record()));
            case ToDevices devices -> CommandRows.toDevice(row, id, devices);
            case ToJobs jobs -> CommandRows.toJob(row, id, jobs);
        };
    }

    private static byte @Nullable [] key(StreamRow row, Optional<String> column) {
        return column.map(row::member)
                .filter(value -> value != StreamValues.NULL)
                .map(value -> String.valueOf(value).getBytes(StandardCharsets.UTF_8))
                .orElse(null);
    }
}
