package io.muster.api.surface.batch;

import io.muster.api.json.Problem;
import io.muster.records.BatchPoolRefusalReason;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.ScheduleRefusalReason;
import org.jspecify.annotations.Nullable;

/** Names refusals of jobs, their schedules and pools as Batch's clients know them. Contract: batch, 3.4. */
final class Refusals {
    private Refusals() {}

    static Problem of(BatchRefused refused) {
        return of(refused.getReason(), refused.getMessage(), refused.getMember(), refused.getValue());
    }

    static Problem of(BatchRefusalReason reason, String sentence, @Nullable String member, @Nullable String value) {
        return switch (reason) {
            case JOB_NOT_FOUND -> new Problem(404, "JobNotFound", sentence);
            case JOB_EXISTS -> new Problem(409, "JobExists", sentence);
            case JOB_DISABLED -> new Problem(409, "JobDisabled", sentence);
            case JOB_TERMINATING -> new Problem(409, "JobBeingTerminated", sentence);
            case JOB_COMPLETED -> new Problem(409, "JobCompleted", sentence);
            case JOB_DELETING -> new Problem(409, "JobBeingDeleted", sentence);
            case JOB_STATE -> new Problem(409, "InvalidJobState", sentence);
            case TASK_NOT_FOUND -> new Problem(404, "TaskNotFound", sentence);
            case TASK_EXISTS -> new Problem(409, "TaskExists", sentence);
            case TASK_COMPLETED -> new Problem(409, "TaskCompleted", sentence);
            case TASK_NOT_FAILED -> new Problem(409, "TaskNotFailed", sentence);
            case CHANGED_MEANWHILE -> new Problem(412, "ConditionNotMet", sentence);
            case INVALID ->
                member == null
                        ? new Problem(400, "InvalidPropertyValue", sentence)
                        : Part.problem(member, value, sentence);
            case TOO_MANY -> new Problem(409, "QuotaReached", sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    static Problem of(ScheduleRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> new Problem(404, "JobScheduleNotFound", sentence);
            case EXISTS -> new Problem(409, "JobScheduleExists", sentence);
            case COMPLETED -> new Problem(409, "JobScheduleCompleted", sentence);
            case CHANGED_MEANWHILE -> new Problem(412, "ConditionNotMet", sentence);
            case INVALID -> new Problem(400, "InvalidPropertyValue", sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    static Problem of(BatchPoolRefusalReason reason, String sentence, @Nullable String member, @Nullable String value) {
        return switch (reason) {
            case POOL_NOT_FOUND -> new Problem(404, "PoolNotFound", sentence);
            case POOL_EXISTS -> new Problem(409, "PoolExists", sentence);
            case POOL_BEING_DELETED -> new Problem(409, "PoolBeingDeleted", sentence);
            case POOL_BEING_RESIZED -> new Problem(409, "PoolBeingResized", sentence);
            case NOT_RESIZING, AUTO_SCALE_ENABLED, AUTO_SCALE_NOT_ENABLED ->
                new Problem(409, "OperationInvalidForCurrentState", sentence);
            case CHANGED_MEANWHILE -> new Problem(412, "ConditionNotMet", sentence);
            case INVALID ->
                member == null
                        ? new Problem(400, "InvalidPropertyValue", sentence)
                        : Part.problem(member, value, sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }
}
