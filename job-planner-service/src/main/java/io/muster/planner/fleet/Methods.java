package io.muster.planner.fleet;

import io.muster.planner.state.FleetJob;
import io.muster.planner.state.MethodCall;
import io.muster.planner.state.PendingMethod;
import io.muster.planner.state.Retry;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceMethod;
import io.muster.records.FailureKind;
import io.muster.records.RetryRule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
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

    /** The number of the job that the method is of. */
    public static long jobNumber(PendingMethod pending) {
        return HexFormat.fromHexDigitsToLong(pending.getNumber(), 1, NUMBER_DIGITS);
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
                .setJobPartitions(job.getPartitions())
                .setCreatedAt(now)
                .setDueAt(connectLimit(call, now))
                .setPriority(job.getPriority())
                .build();
    }

    public static PendingMethod delivered(
            PendingMethod pending, MethodCall call, DeviceConnection connection, Instant now) {
        return PendingMethod.newBuilder(pending)
                .setAttempt(pending.getAttempt() + 1)
                .setRunning(true)
                .setEpoch(connection.getEpoch())
                .setGateway(connection.getGateway())
                .setGatewayRun(connection.getGatewayRun())
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

    /** The rule that allows another attempt after such a failure; empty when there is none, or it was used up. */
    public static Optional<Retry> retry(PendingMethod pending, FleetJob job, FailureKind kind) {
        long before = pending.getFailures().stream().filter(kind.name()::equals).count();
        return job.getRetries().stream()
                .filter(rule -> rule.getKind().equals(kind.name()) && before < rule.getTimes())
                .findFirst();
    }

    /** Waits for its next attempt. */
    public static PendingMethod backingOff(PendingMethod pending, Retry rule, Instant now) {
        List<String> failures = new ArrayList<>(pending.getFailures());
        failures.add(rule.getKind());
        return PendingMethod.newBuilder(pending)
                .setRunning(false)
                .setBackingOff(true)
                .setFailures(failures)
                .setDueAt(now.plus(backoff(pending, rule)))
                .build();
    }

    /** Its time to be tried again has come: it waits for its device. */
    public static PendingMethod again(PendingMethod pending, MethodCall call, Instant now) {
        return PendingMethod.newBuilder(pending)
                .setBackingOff(false)
                .setDueAt(connectLimit(call, now))
                .build();
    }

    /** Doubles with each failure of the kind. It differs between devices, and is the same whenever it is asked for. */
    static Duration backoff(PendingMethod pending, Retry rule) {
        long before =
                pending.getFailures().stream().filter(rule.getKind()::equals).count();
        double seconds =
                Math.min(rule.getLongestBackoffSeconds(), rule.getBackoffSeconds() * Math.pow(2, Math.min(before, 30)));
        long hash = (pending.getDeviceId() + pending.getAttempt()).hashCode() * 0x9E3779B97F4A7C15L;
        double unit = (hash >>> 11) * 0x1.0p-53;
        return Duration.ofMillis((long) (seconds * 1000 * (1 + rule.getJitter() * (2 * unit - 1))));
    }

    /** Until when it waits for its device; null is: as long as its job lives. */
    private static @Nullable Instant connectLimit(MethodCall call, Instant now) {
        Duration limit = Duration.ofSeconds(call.getConnectTimeoutSeconds());
        return limit.isZero() ? null : now.plus(limit);
    }

    /** How a target ends whose job's time was over before its turn came. */
    public static DeviceJobFailed outOfTime() {
        return new DeviceJobFailed(
                "MaxExecutionTimeExceeded", "The job's time was over before the device's turn came.");
    }

    public static Retry retry(RetryRule rule) {
        return new Retry(
                rule.getKind().name(),
                rule.getTimes(),
                rule.getBackoffSeconds(),
                rule.getLongestBackoffSeconds(),
                rule.getJitter());
    }

    public static MethodCall call(DeviceMethod method) {
        return new MethodCall(
                method.getMethodName(),
                method.getPayload(),
                method.getResponseTimeoutSeconds(),
                method.getConnectTimeoutSeconds());
    }
}
