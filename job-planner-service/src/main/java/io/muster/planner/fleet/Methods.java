package io.muster.planner.fleet;

import io.muster.planner.state.FleetJob;
import io.muster.planner.state.MethodCall;
import io.muster.planner.state.PendingMethod;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The life of a method on one device: it waits, it is handed to the gateway that holds the device as an attempt with an id of its
 * own, and it ends once. Contract: iot-hub, 2.3; ARCHITECTURE, guarantees.
 */
public final class Methods {
    /** How many attempts a device may have in flight; more wait their turn. */
    public static final int IN_FLIGHT_PER_DEVICE = 10;

    private static final HexFormat HEX = HexFormat.of();
    private static final char OF_JOB = '1';
    private static final char INVOKED = '2';
    private static final int ATTEMPT_DIGITS = 4;
    private static final int NUMBER_DIGITS = 1 + 16;

    private Methods() {}

    /** What names the method of a job on any device. */
    public static String numberOfJob(long jobNumber) {
        return OF_JOB + HEX.toHexDigits(jobNumber);
    }

    /** What names a method that was invoked directly. @param position unique among the invocations of the device */
    public static String numberOfInvocation(long position) {
        return INVOKED + HEX.toHexDigits(position);
    }

    /** The id of an attempt: hexadecimal, begins with the number, and never the same for another attempt. */
    public static String deliveryId(PendingMethod pending) {
        return pending.getNumber() + HEX.toHexDigits(pending.getAttempt(), ATTEMPT_DIGITS);
    }

    /** The number in a delivery id; empty when it is none of ours. */
    public static Optional<String> number(String deliveryId) {
        boolean ours = deliveryId.length() == NUMBER_DIGITS + ATTEMPT_DIGITS
                && deliveryId.chars().allMatch(HexFormat::isHexDigit);
        return ours ? Optional.of(deliveryId.substring(0, NUMBER_DIGITS)) : Optional.empty();
    }

    /** Whether a report about that attempt still says something: it is the latest, and no end was recorded. */
    public static boolean awaits(PendingMethod pending, String deliveryId) {
        return pending.getRunning() && deliveryId(pending).equals(deliveryId);
    }

    public static PendingMethod queuedOfJob(String deviceId, FleetJob job, MethodCall call, Instant now) {
        return PendingMethod.newBuilder()
                .setDeviceId(deviceId)
                .setNumber(numberOfJob(job.getJobNumber()))
                .setJobId(job.getJobId())
                .setCreatedAt(now)
                .setDueAt(connectLimit(call, now))
                .build();
    }

    public static PendingMethod delivered(
            PendingMethod pending, MethodCall call, DeviceConnection connection, Instant now) {
        return PendingMethod.newBuilder(pending)
                .setAttempt(pending.getAttempt() + 1)
                .setRunning(true)
                .setEpoch(connection.getEpoch())
                .setGateway(connection.getGateway())
                .setDueAt(now.plusSeconds(call.getResponseTimeoutSeconds()))
                .build();
    }

    /** Back to waiting: that attempt never left the gateway. */
    public static PendingMethod undelivered(PendingMethod pending, MethodCall call, Instant now) {
        return PendingMethod.newBuilder(pending)
                .setRunning(false)
                .setDueAt(connectLimit(call, now))
                .build();
    }

    /** Until when it waits for its device; null is: as long as its job lives. */
    private static @Nullable Instant connectLimit(MethodCall call, Instant now) {
        Duration limit = Duration.ofSeconds(call.getConnectTimeoutSeconds());
        return limit.isZero() ? null : now.plus(limit);
    }

    public static MethodCall call(DeviceMethod method) {
        return new MethodCall(
                method.getMethodName(),
                method.getPayload(),
                method.getResponseTimeoutSeconds(),
                method.getConnectTimeoutSeconds());
    }
}
