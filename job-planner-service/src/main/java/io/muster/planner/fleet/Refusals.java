package io.muster.planner.fleet;

import io.muster.document.IdentityId;
import io.muster.planner.request.Fault;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceRefused;
import io.muster.records.FailureReason;

/** Refuses commands to devices, each with its sentence. */
public final class Refusals {
    private Refusals() {}

    /** Refuses a command to an identity that does not exist. @param id of a device or a module */
    public static DeviceRefused notFound(String id) {
        return IdentityId.isModule(id)
                ? new DeviceRefused(DeviceRefusalReason.MODULE_NOT_FOUND, "There is no module " + id + ".")
                : deviceNotFound(id);
    }

    public static DeviceRefused deviceNotFound(String deviceId) {
        return new DeviceRefused(DeviceRefusalReason.NOT_FOUND, "There is no device " + deviceId + ".");
    }

    /** Refuses to create an identity that exists. @param id of a device or a module */
    public static DeviceRefused alreadyExists(String id) {
        return IdentityId.isModule(id)
                ? new DeviceRefused(
                        DeviceRefusalReason.MODULE_ALREADY_EXISTS, "The module " + id + " is already registered.")
                : new DeviceRefused(DeviceRefusalReason.ALREADY_EXISTS, "The device " + id + " is already registered.");
    }

    public static DeviceRefused etagDiffers() {
        return new DeviceRefused(
                DeviceRefusalReason.PRECONDITION_FAILED, "The etag differs: somebody changed it since. Read it again.");
    }

    public static DeviceRefused versionDiffers(long expected, long actual) {
        return new DeviceRefused(
                DeviceRefusalReason.PRECONDITION_FAILED,
                "The reported properties are at version " + actual + ", not " + expected + ".");
    }

    public static DeviceRefused invalid(String sentence) {
        return of(Fault.invalid(sentence));
    }

    /** Refuses a request for its fault. */
    public static DeviceRefused of(Fault fault) {
        DeviceRefusalReason reason = switch (fault.kind()) {
            case INVALID -> DeviceRefusalReason.INVALID;
            case INCOMPLETE -> DeviceRefusalReason.INCOMPLETE;
            case TOO_LARGE -> DeviceRefusalReason.TOO_LARGE;
        };
        return new DeviceRefused(reason, fault.sentence());
    }

    public static DeviceRefused notOnline() {
        return new DeviceRefused(DeviceRefusalReason.NOT_CONNECTED, "Timed out waiting for device to connect.");
    }

    public static DeviceRefused unusableTwin() {
        return new DeviceRefused(
                DeviceRefusalReason.UNUSABLE_TWIN, "The device's twin can't be worked on: it is no JSON.");
    }

    /** Returns the answer to the caller of an operation that failed. @param id of a device or a module */
    public static DeviceRefused of(FailureReason reason, String detail, String id) {
        return switch (reason) {
            case NOT_CONNECTED -> new DeviceRefused(DeviceRefusalReason.NOT_CONNECTED, detail);
            case NO_ANSWER, OUT_OF_TIME -> new DeviceRefused(DeviceRefusalReason.NO_ANSWER, detail);
            case INVALID_ANSWER, REFUSED_BY_DEVICE -> new DeviceRefused(DeviceRefusalReason.INVALID_ANSWER, detail);
            case DEVICE_REMOVED -> notFound(id);
            case PRECONDITION_FAILED -> new DeviceRefused(DeviceRefusalReason.PRECONDITION_FAILED, detail);
            case TOO_LARGE -> new DeviceRefused(DeviceRefusalReason.TOO_LARGE, detail);
            case UNUSABLE_TWIN -> new DeviceRefused(DeviceRefusalReason.UNUSABLE_TWIN, detail);
        };
    }

    public static DeviceRefused queueFull(int limit) {
        return new DeviceRefused(
                DeviceRefusalReason.QUEUE_FULL,
                limit + " messages wait for the device: purge them, or wait until it takes them.");
    }

    public static DeviceRefused tooManyModules(int limit) {
        return new DeviceRefused(
                DeviceRefusalReason.TOO_MANY_MODULES, "A device has up to " + limit + " modules: delete one first.");
    }

    public static DeviceRefused tooManyInFlight(int limit) {
        return new DeviceRefused(
                DeviceRefusalReason.TOO_MANY_METHODS_IN_FLIGHT,
                "The device has " + limit + " methods in flight already; wait for one to end.");
    }

    public static DeviceRefused tooManyQueries(int limit) {
        return new DeviceRefused(
                DeviceRefusalReason.TOO_MANY_QUERIES, limit + " queries are under way: try again later.");
    }

    public static DeviceRefused queryFailed() {
        return new DeviceRefused(
                DeviceRefusalReason.QUERY_FAILED,
                "A document that the query comes to can't be worked on: the planner's log says why.");
    }
}
