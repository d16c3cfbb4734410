package io.muster.api.surface.iothub;

import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.JobRefusalReason;
import io.muster.records.ScheduleRefusalReason;

/** Maps refusals of the core to IoT Hub's errors. Contract: iot-hub, 1.10. */
final class HubErrors {
    private HubErrors() {}

    static Problem of(Refusal refusal) {
        return switch (refusal) {
            case Refusal.OfJob job -> of(job.reason(), job.sentence());
            case Refusal.OfDevice device -> of(device.reason(), device.sentence());
            case Refusal.OfSchedule schedule -> of(schedule.reason(), schedule.sentence());
            case Refusal.OfAnswer answer -> Problem.tooLarge(answer.sentence());
            // This surface has no stream jobs and no sites.
            case Refusal.OfStreamJob _, Refusal.OfSite _ -> Problem.serverError();
        };
    }

    static Problem jobNotFound(String id) {
        return of(JobRefusalReason.NOT_FOUND, "There is no job " + id + ".");
    }

    static Problem of(JobRefusalReason reason, String sentence) {
        return switch (reason) {
            case ALREADY_EXISTS -> new Problem(409, 409104, "JobAlreadyExists", sentence);
            case NOT_FOUND -> new Problem(404, 404002, "JobNotFound", sentence);
            case TOO_MANY_ACTIVE -> new Problem(429, 429004, "ThrottlingMaxActiveJobCountExceeded", sentence);
            case ENDED -> new Problem(405, 405102, "OperationNotAllowedInCurrentState", sentence);
            case INVALID -> Problem.argumentInvalid(sentence);
            case INCOMPLETE -> Problem.argumentNull(sentence);
            case TOO_LARGE -> Problem.tooLarge(sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    /** Returns the error of a job's schedule: clients see one job, with or without a schedule. */
    private static Problem of(ScheduleRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> of(JobRefusalReason.NOT_FOUND, sentence);
            case INVALID -> Problem.argumentInvalid(sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    private static Problem of(DeviceRefusalReason reason, String sentence) {
        return switch (reason) {
            case ALREADY_EXISTS -> new Problem(409, 409001, "DeviceAlreadyExists", sentence);
            case NOT_FOUND -> new Problem(404, 404001, "DeviceNotFound", sentence);
            case MODULE_ALREADY_EXISTS -> new Problem(409, 409301, "ModuleAlreadyExistsOnDevice", sentence);
            case MODULE_NOT_FOUND -> new Problem(404, 404010, "ModuleNotFound", sentence);
            case TOO_MANY_MODULES, TOO_MANY_QUERIES -> Problem.throttled(sentence);
            case NOT_CONNECTED -> new Problem(404, 404103, "DeviceNotOnline", sentence);
            case NO_ANSWER -> Problem.gatewayTimeout(sentence);
            case INVALID_ANSWER -> new Problem(502, 502001, "InvalidResponseWhileProxying", sentence);
            case TOO_MANY_METHODS_IN_FLIGHT ->
                new Problem(403, 403800, "DeviceMaximumInflightMethodExceeded", sentence);
            case QUEUE_FULL -> new Problem(403, 403004, "DeviceMaximumQueueDepthExceeded", sentence);
            case PRECONDITION_FAILED -> new Problem(412, 412001, "PreconditionFailed", sentence);
            case INVALID -> Problem.argumentInvalid(sentence);
            case INCOMPLETE -> Problem.argumentNull(sentence);
            case TOO_LARGE -> Problem.tooLarge(sentence);
            case UNUSABLE_TWIN, QUERY_FAILED, UNKNOWN -> Problem.serverError();
        };
    }
}
