package io.muster.processor.format;

import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import io.muster.query.stream.Ticks;
import io.muster.records.CloudMessage;
import io.muster.records.CreateJob;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceMethod;
import io.muster.records.InvokeMethod;
import io.muster.records.JobCommand;
import io.muster.records.JobDefinition;
import io.muster.records.SendMessage;
import io.muster.records.TwinPatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Makes commands of rows, as docs/stream-jobs.md describes them. */
final class CommandRows {
    private static final int METHOD_SECONDS = 30;
    private static final int JOB_SECONDS = 3600;
    private static final String ID = "$.mid";
    /** Names the tags for which the right to write stream jobs is not enough. Described in docs/operate/security.md. */
    private static final String COMPUTE = "compute";

    private CommandRows() {}

    /** Returns a method call for a row with a methodName, and else a message. */
    static OutputFormat.Written toDevice(StreamRow row, Supplier<String> id, OutputFormat.ToDevices to)
            throws IOException {
        String deviceId =
                text(row, "deviceId").orElseThrow(() -> new IOException("a row to a device has its deviceId"));
        String identity = deviceId + text(row, "moduleId").map("/"::concat).orElse("");
        Object command = text(row, "methodName").isPresent()
                ? new InvokeMethod(method(row))
                : new SendMessage(message(row, id, to));
        return new OutputFormat.Written(
                deviceId.getBytes(StandardCharsets.UTF_8), to.codec().encode(new DeviceCommand(identity, command)));
    }

    private static DeviceMethod method(StreamRow row) throws IOException {
        return new DeviceMethod(
                text(row, "methodName")
                        .orElseThrow(() -> new IOException("a row that calls a method has its methodName")),
                json(row, "payload").orElse("null"),
                seconds(row, "responseTimeoutInSeconds", METHOD_SECONDS),
                seconds(row, "connectTimeoutInSeconds", 0));
    }

    private static CloudMessage message(StreamRow row, Supplier<String> id, OutputFormat.ToDevices to)
            throws IOException {
        Object body = row.member("body");
        if (body == StreamValues.NULL) {
            throw new IOException("a row to a device has a body, or a methodName");
        }
        Map<String, String> properties = new LinkedHashMap<>();
        if (row.member("properties") instanceof Map<?, ?> given) {
            given.forEach(
                    (name, value) -> properties.put(String.valueOf(name), JsonRecords.text(StreamValues.of(value))));
        }
        properties.putIfAbsent(
                ID,
                UUID.nameUUIDFromBytes(id.get().getBytes(StandardCharsets.UTF_8))
                        .toString());
        Instant at = Ticks.instant(row.time());
        return new CloudMessage(
                properties,
                ByteBuffer.wrap(JsonRecords.text(body).getBytes(StandardCharsets.UTF_8)),
                StreamValues.instant(row.member("expiresAt")).orElse(at.plus(to.life())));
    }

    static OutputFormat.Written toJob(StreamRow row, Supplier<String> id, OutputFormat.ToJobs to) throws IOException {
        String jobId = text(row, "jobId")
                .orElseGet(() -> UUID.nameUUIDFromBytes(id.get().getBytes(StandardCharsets.UTF_8))
                        .toString());
        String condition = text(row, "queryCondition")
                .orElseThrow(() -> new IOException("a row that starts a job has a queryCondition"));
        Object operation = text(row, "methodName").isPresent() ? method(row) : patch(row);
        @Nullable
        Instant startTime = StreamValues.instant(row.member("startTime")).orElse(null);
        JobDefinition definition = new JobDefinition(
                jobId, operation, condition, startTime, seconds(row, "maxExecutionTimeInSeconds", JOB_SECONDS), null);
        return new OutputFormat.Written(
                jobId.getBytes(StandardCharsets.UTF_8),
                to.codec().encode(new JobCommand(jobId, new CreateJob(definition), null)));
    }

    private static TwinPatch patch(StreamRow row) throws IOException {
        Optional<String> tags = json(row, "tags");
        Optional<String> desired = json(row, "desired");
        if (tags.isEmpty() && desired.isEmpty()) {
            throw new IOException("a row that starts a job has a methodName, tags or desired");
        }
        if (row.member("tags") instanceof Map<?, ?> given && given.containsKey(COMPUTE)) {
            throw new IOException(
                    "a row writes no tags compute, which make a device a compute node: start such a job by the API");
        }
        return new TwinPatch(null, tags.orElse(null), desired.orElse(null));
    }

    private static Optional<String> text(StreamRow row, String name) {
        Object value = row.member(name);
        return value == StreamValues.NULL ? Optional.empty() : Optional.of(JsonRecords.text(value));
    }

    private static Optional<String> json(StreamRow row, String name) {
        Object value = row.member(name);
        return value == StreamValues.NULL
                ? Optional.empty()
                : Optional.of(new String(JsonRecords.bytes(value), StandardCharsets.UTF_8));
    }

    private static int seconds(StreamRow row, String name, int byDefault) throws IOException {
        Object value = row.member(name);
        if (value == StreamValues.NULL) {
            return byDefault;
        }
        if (value instanceof Long whole && whole >= 0 && whole <= Integer.MAX_VALUE) {
            return whole.intValue();
        }
        throw new IOException(name + " is a number of seconds, not " + value);
    }
}
