package io.muster.api.surface.central;

import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.records.CatalogRefusalReason;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.JobRefusalReason;
import io.muster.records.ScheduleRefusalReason;

/** Names refusals of the core as clients of IoT Central know them. Contract: iot-central, 1.1 and 1.3. */
final class Refusals {
    private Refusals() {}

    static Problem of(Refusal refusal) {
        String sentence = refusal.sentence();
        return switch (refusal) {
            case Refusal.OfJob job -> of(job.reason(), sentence);
            case Refusal.OfCatalog item -> of(item.reason(), sentence);
            case Refusal.OfDevice device -> of(device.reason(), sentence);
            case Refusal.OfSchedule schedule -> of(schedule.reason(), sentence);
            case Refusal.OfAnswer _ -> Problem.tooLarge(sentence);
            // This surface commands none of these.
            case Refusal.OfStreamJob _, Refusal.OfSite _, Refusal.OfBatch _, Refusal.OfBatchPool _ ->
                Problem.serverError();
        };
    }

    private static Problem of(JobRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> Problem.notFound(sentence);
            case ALREADY_EXISTS, ENDED, LATE -> conflict(sentence);
            case TOO_MANY_ACTIVE -> Problem.throttled(sentence);
            case INVALID, INCOMPLETE -> Problem.argumentInvalid(sentence);
            case TOO_LARGE -> Problem.tooLarge(sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    private static Problem of(CatalogRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> Problem.notFound(sentence);
            case ALREADY_EXISTS -> conflict(sentence);
            case PRECONDITION_FAILED -> outdated(sentence);
            case INVALID -> Problem.argumentInvalid(sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    private static Problem of(DeviceRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND, MODULE_NOT_FOUND -> Problem.notFound(sentence);
            case ALREADY_EXISTS, MODULE_ALREADY_EXISTS -> conflict(sentence);
            case PRECONDITION_FAILED -> outdated(sentence);
            case TOO_LARGE -> Problem.tooLarge(sentence);
            case TOO_MANY_QUERIES, TOO_MANY_METHODS_IN_FLIGHT, QUEUE_FULL -> Problem.throttled(sentence);
            case INVALID, INCOMPLETE, TOO_MANY_MODULES, UNUSABLE_TWIN, QUERY_FAILED ->
                Problem.argumentInvalid(sentence);
            case NOT_CONNECTED, NO_ANSWER, INVALID_ANSWER, UNKNOWN -> Problem.serverError();
        };
    }

    private static Problem of(ScheduleRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> Problem.notFound(sentence);
            case EXISTS, COMPLETED -> conflict(sentence);
            case CHANGED_MEANWHILE -> outdated(sentence);
            case INVALID -> Problem.argumentInvalid(sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    /** Refuses what the state of a thing does not allow. */
    static Problem conflict(String sentence) {
        return new Problem(409, "Conflict", sentence);
    }

    /** Refuses a change of a version that is there no more. */
    static Problem outdated(String sentence) {
        return new Problem(412, "PreconditionFailed", sentence);
    }
}
