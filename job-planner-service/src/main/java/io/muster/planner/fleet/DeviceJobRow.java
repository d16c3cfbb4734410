package io.muster.planner.fleet;

import io.muster.document.FailureCodes;
import io.muster.document.IdentityId;
import io.muster.document.Timestamps;
import io.muster.planner.json.Json;
import io.muster.planner.json.MalformedJsonException;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import io.muster.records.DeviceJob;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a device job to conditions of the dialect of devices: members, types and codes are IoT Hub's, as its surface shows them. Contract: iot-hub, 2.4. */
public record DeviceJobRow(DeviceJob job) implements Row {
    @Override
    public Object member(String name) {
        return switch (name) {
            case "jobId" -> job.getJobId();
            case "deviceId" -> IdentityId.deviceId(job.getDeviceId());
            case "moduleId" -> {
                @Nullable String moduleId = IdentityId.of(job.getDeviceId()).moduleId();
                yield moduleId == null ? Values.UNDEFINED : moduleId;
            }
            case "jobType" ->
                switch (job.getOperation()) {
                    case METHOD -> "scheduleDeviceMethod";
                    case TWIN -> "scheduleUpdateTwin";
                };
            case "status" -> job.getStatus().name().toLowerCase(Locale.ROOT);
            case "createdDateTimeUtc" -> Timestamps.text(job.getCreatedAt());
            case "startTimeUtc" -> time(job.getStartedAt());
            case "endTimeUtc" -> time(job.getEndedAt());
            case "lastUpdatedDateTimeUtc" -> Timestamps.text(job.getUpdatedAt());
            case "outcome" -> outcome();
            case "error" ->
                job.getFailure() == null
                        ? Values.UNDEFINED
                        : Map.of(
                                "code", FailureCodes.of(job.getFailure()),
                                "description", String.valueOf(job.getFailureDetail()));
            default -> Values.UNDEFINED;
        };
    }

    private Object outcome() {
        Integer status = job.getMethodStatus();
        String payload = job.getMethodPayload();
        if (status == null || payload == null) {
            return Values.UNDEFINED;
        }
        Map<String, @Nullable Object> response = new LinkedHashMap<>();
        response.put("status", status);
        try {
            response.put("payload", Json.value(payload));
        } catch (MalformedJsonException e) {
            // It was taken by rules that were less strict.
            response.put("payload", payload);
        }
        return Map.of("deviceMethodResponse", response);
    }

    private static Object time(@Nullable Instant instant) {
        return instant == null ? Values.UNDEFINED : Timestamps.text(instant);
    }
}
