package io.muster.planner.fleet;

import io.muster.document.IdentityId;
import io.muster.records.FailureReason;
import io.muster.records.Refusal;
import io.muster.records.RefusalReason;

/** Refuses commands to devices, each with its sentence. */
public final class Refusals {
    private Refusals() {}

    /** @param id of a device or a module */
    public static Refusal notFound(String id) {
        return IdentityId.isModule(id)
                ? new Refusal(RefusalReason.MODULE_NOT_FOUND, "There is no module " + id + ".")
                : deviceNotFound(id);
    }

    public static Refusal deviceNotFound(String deviceId) {
        return new Refusal(RefusalReason.DEVICE_NOT_FOUND, "There is no device " + deviceId + ".");
    }

    /** @param deviceId of a device or a module */
    public static Refusal alreadyExists(String deviceId) {
        return IdentityId.isModule(deviceId)
                ? new Refusal(RefusalReason.MODULE_ALREADY_EXISTS, "The module " + deviceId + " is already registered.")
                : new Refusal(
                        RefusalReason.DEVICE_ALREADY_EXISTS, "The device " + deviceId + " is already registered.");
    }

    public static Refusal etagDiffers() {
        return new Refusal(
                RefusalReason.PRECONDITION_FAILED, "The etag differs: somebody changed it since. Read it again.");
    }

    public static Refusal versionDiffers(long expected, long actual) {
        return new Refusal(
                RefusalReason.PRECONDITION_FAILED,
                "The reported properties are at version " + actual + ", not " + expected + ".");
    }

    public static Refusal invalid(String sentence) {
        return new Refusal(RefusalReason.ARGUMENT_INVALID, sentence);
    }

    public static Refusal tooLarge(String sentence) {
        return new Refusal(RefusalReason.TOO_LARGE, sentence);
    }

    public static Refusal notOnline() {
        return new Refusal(RefusalReason.DEVICE_NOT_CONNECTED, "Timed out waiting for device to connect.");
    }

    /** Returns the answer to the caller of an operation that failed. @param deviceId of a device or a module */
    public static Refusal of(FailureReason reason, String detail, String deviceId) {
        return switch (reason) {
            case NOT_CONNECTED -> new Refusal(RefusalReason.DEVICE_NOT_CONNECTED, detail);
            case NO_ANSWER, OUT_OF_TIME -> new Refusal(RefusalReason.NO_ANSWER, detail);
            case INVALID_ANSWER -> new Refusal(RefusalReason.INVALID_ANSWER, detail);
            case DEVICE_REMOVED -> notFound(deviceId);
            case PRECONDITION_FAILED -> new Refusal(RefusalReason.PRECONDITION_FAILED, detail);
            case TOO_LARGE -> tooLarge(detail);
            case UNUSABLE_TWIN -> new Refusal(RefusalReason.UNKNOWN, detail);
        };
    }

    public static Refusal tooManyModules(int limit) {
        return new Refusal(RefusalReason.THROTTLED, "A device has up to " + limit + " modules: delete one first.");
    }

    public static Refusal tooManyInFlight(int limit) {
        return new Refusal(
                RefusalReason.TOO_MANY_METHODS_IN_FLIGHT,
                "The device has " + limit + " methods in flight already; wait for one to end.");
    }
}
