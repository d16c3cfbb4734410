package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.document.Timestamps;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.JobRefusalReason;
import io.muster.records.ScheduleRefusalReason;
import java.time.Instant;
import java.util.OptionalInt;

/** Maps refusals of the core to IoT Hub's errors. Contract: iot-hub, 1.10. */
final class HubErrors {
    private static final String NOT_ONLINE = "DeviceNotOnline";
    private static final String DEVICE_NOT_FOUND = "DeviceNotFound";
    private static final String MODULE_NOT_FOUND = "ModuleNotFound";

    private HubErrors() {}

    static Problem of(Refusal refusal) {
        return switch (refusal) {
            case Refusal.OfJob job -> of(job.reason(), job.sentence());
            case Refusal.OfDevice device -> of(device.reason(), device.sentence());
            case Refusal.OfSchedule schedule -> of(schedule.reason(), schedule.sentence());
            case Refusal.OfAnswer answer -> Problem.tooLarge(answer.sentence());
            // This surface has no stream jobs, no catalog, no sites and no jobs of Batch.
            case Refusal.OfStreamJob _,
                    Refusal.OfCatalog _,
                    Refusal.OfSite _,
                    Refusal.OfBatch _,
                    Refusal.OfBatchPool _ -> Problem.serverError();
        };
    }

    static Problem jobNotFound(String id) {
        return of(JobRefusalReason.NOT_FOUND, "There is no job " + id + ".");
    }

    static Problem of(JobRefusalReason reason, String sentence) {
        return switch (reason) {
            case ALREADY_EXISTS -> new Problem(409, "JobAlreadyExists", sentence);
            case NOT_FOUND -> new Problem(404, "JobNotFound", sentence);
            case TOO_MANY_ACTIVE -> new Problem(429, "ThrottlingMaxActiveJobCountExceeded", sentence);
            case ENDED -> new Problem(405, "OperationNotAllowedInCurrentState", sentence);
            case INVALID -> Problem.argumentInvalid(sentence);
            case INCOMPLETE -> Problem.argumentNull(sentence);
            case TOO_LARGE -> Problem.tooLarge(sentence);
            // Only firings of schedules are late, and their schedules are told.
            case LATE, UNKNOWN -> Problem.serverError();
        };
    }

    /** Returns the error of a job's schedule: clients see one job, with or without a schedule. */
    private static Problem of(ScheduleRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> of(JobRefusalReason.NOT_FOUND, sentence);
            case COMPLETED -> of(JobRefusalReason.ENDED, "The schedule of the job has ended.");
            case EXISTS, CHANGED_MEANWHILE, INVALID -> Problem.argumentInvalid(sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    /** Returns a problem by the name that clients of IoT Hub know. Contract: iot-hub, 1.10. */
    static Problem named(Problem problem) {
        return switch (problem.name()) {
            case "BadFormat" -> new Problem(problem.status(), "IotHubFormatError", problem.message());
            case "Unauthorized" -> new Problem(problem.status(), "IotHubUnauthorizedAccess", problem.message());
            default -> problem;
        };
    }

    /** Returns the number of an error that clients of methods read. Contract: iot-hub, 1.6 and 1.10. */
    static OptionalInt number(Problem problem) {
        return switch (problem.name()) {
            case DEVICE_NOT_FOUND -> OptionalInt.of(404001);
            case MODULE_NOT_FOUND -> OptionalInt.of(404010);
            case NOT_ONLINE -> OptionalInt.of(404103);
            case "GatewayTimeout" -> OptionalInt.of(504101);
            default -> OptionalInt.empty();
        };
    }

    /** Returns form B, of which clients of methods read the number; its name stands before that where clients read the name too: Java's reads the one, Node's the other. */
    static ObjectNode formB(Problem problem, int number, String trackingId, Instant now) {
        ObjectNode inner = JsonNodeFactory.instance.objectNode();
        inner.put("errorCode", number);
        inner.put("trackingId", trackingId);
        inner.put("message", problem.message());
        inner.putObject("info");
        inner.put("timestampUtc", Timestamps.text(now));
        ObjectNode body = message(inner.toString());
        return problem.name().equals(DEVICE_NOT_FOUND) || problem.name().equals(MODULE_NOT_FOUND)
                ? message("ErrorCode:" + problem.name() + ";" + body)
                : body;
    }

    private static ObjectNode message(String text) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("Message", text);
        body.put("ExceptionMessage", "");
        return body;
    }

    private static Problem of(DeviceRefusalReason reason, String sentence) {
        return switch (reason) {
            case ALREADY_EXISTS -> new Problem(409, "DeviceAlreadyExists", sentence);
            case NOT_FOUND -> new Problem(404, DEVICE_NOT_FOUND, sentence);
            case MODULE_ALREADY_EXISTS -> new Problem(409, "ModuleAlreadyExistsOnDevice", sentence);
            case MODULE_NOT_FOUND -> new Problem(404, MODULE_NOT_FOUND, sentence);
            case TOO_MANY_MODULES, TOO_MANY_QUERIES -> Problem.throttled(sentence);
            case NOT_CONNECTED -> new Problem(404, NOT_ONLINE, sentence);
            case NO_ANSWER -> Problem.gatewayTimeout(sentence);
            case INVALID_ANSWER -> new Problem(502, "InvalidResponseWhileProxying", sentence);
            case TOO_MANY_METHODS_IN_FLIGHT -> new Problem(403, "DeviceMaximumInflightMethodExceeded", sentence);
            case QUEUE_FULL -> new Problem(403, "DeviceMaximumQueueDepthExceeded", sentence);
            case PRECONDITION_FAILED -> new Problem(412, "PreconditionFailed", sentence);
            case INVALID -> Problem.argumentInvalid(sentence);
            case INCOMPLETE -> Problem.argumentNull(sentence);
            case TOO_LARGE -> Problem.tooLarge(sentence);
            case UNUSABLE_TWIN, QUERY_FAILED, UNKNOWN -> Problem.serverError();
        };
    }
}
