package io.muster.planner.batch;

import io.muster.records.BatchTaskFailure;
import io.muster.records.BatchTaskFinished;
import io.muster.records.DependencyAction;
import io.muster.records.ExitCodeRange;
import io.muster.records.ExitConditions;
import io.muster.records.ExitOptions;
import io.muster.records.FailureCategory;
import io.muster.records.JobAction;
import io.muster.records.TaskEnded;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says what the end of a task means. Contract: batch, 3.2. */
final class BatchEnds {
    /** Is the exit code of a program that ran for longer than it may: 0xC000013A. */
    static final int OUT_OF_TIME = -1073741510;

    /** Is the code of a task whose program never began: its node has none of that name, or could not fetch a file. */
    static final String LAUNCH_FAILED = "CommandLaunchFailed";

    private static final String TASK_ENDED = "TaskEnded";

    private BatchEnds() {}

    /** Returns the end of a task that its pool told. @param at when that decided so */
    static BatchTaskFinished of(String taskId, TaskEnded ended, Instant at) {
        @Nullable Integer code = ended.getExitCode();
        return switch (ended.getResult()) {
            case SUCCEEDED -> finished(taskId, ended, at, code, null);
            case FAILED ->
                finished(
                        taskId,
                        ended,
                        at,
                        code,
                        code == null
                                ? failure(FailureCategory.USER_ERROR, LAUNCH_FAILED, ended.getDetail())
                                : failure(
                                        FailureCategory.USER_ERROR,
                                        "FailureExitCode",
                                        "The task exited with the code " + code + "."
                                                + (ended.getDetail().isEmpty() ? "" : " " + ended.getDetail())));
            case STOPPED -> finished(taskId, ended, at, null, stopped());
            case TIMED_OUT, IDLE ->
                finished(
                        taskId,
                        ended,
                        at,
                        OUT_OF_TIME,
                        failure(
                                FailureCategory.SERVER_ERROR,
                                TASK_ENDED,
                                "The task ran for longer than its limit of time."));
            case ABORTED ->
                finished(
                        taskId,
                        ended,
                        at,
                        null,
                        failure(
                                FailureCategory.SERVER_ERROR,
                                "TooManyRecoveries",
                                "The task lost its node as often as a task may."));
        };
    }

    /** Returns the end of a task that no pool has. */
    static BatchTaskFinished stopped(String taskId) {
        return new BatchTaskFinished(taskId, null, null, null, stopped(), null, false);
    }

    private static BatchTaskFinished finished(
            String taskId, TaskEnded ended, Instant at, @Nullable Integer code, @Nullable BatchTaskFailure failure) {
        return new BatchTaskFinished(taskId, ended.getAttempt(), ended.getStartedAt(), code, failure, at, false);
    }

    private static BatchTaskFailure stopped() {
        return failure(FailureCategory.USER_ERROR, TASK_ENDED, "The task was ended by a user's request.");
    }

    private static BatchTaskFailure failure(FailureCategory category, String code, String message) {
        return new BatchTaskFailure(category, code, message, List.of());
    }

    /** Returns what the job does about an end: a failure terminates it where nothing else is said. */
    static JobAction jobAction(@Nullable ExitConditions conditions, BatchTaskFinished end) {
        return options(conditions, end)
                .map(ExitOptions::getJobAction)
                .orElse(end.getFailure() == null ? JobAction.NONE : JobAction.TERMINATE);
    }

    /** Returns whether tasks that depend on one may run behind an end: where nothing else is said, behind a success. */
    static boolean satisfies(@Nullable ExitConditions conditions, BatchTaskFinished end) {
        return options(conditions, end)
                .map(ExitOptions::getDependencyAction)
                .map(action -> action == DependencyAction.SATISFY)
                .orElse(end.getFailure() == null);
    }

    /** Returns what a task's conditions say of an end: a code that is named counts before all others, and others are for failures. */
    static Optional<ExitOptions> options(@Nullable ExitConditions conditions, BatchTaskFinished end) {
        if (conditions == null) {
            return Optional.empty();
        }
        @Nullable Integer code = end.getExitCode();
        if (code != null) {
            Optional<ExitOptions> named = conditions.getCodes().stream()
                    .filter(range -> range.getStart() <= code && code <= range.getEnd())
                    .map(ExitCodeRange::getOptions)
                    .findFirst();
            if (named.isPresent()) {
                return named;
            }
        }
        boolean neverStarted =
                end.getFailure() != null && end.getFailure().getCode().equals(LAUNCH_FAILED);
        return neverStarted && conditions.getPreProcessingError() != null
                ? Optional.of(conditions.getPreProcessingError())
                : Optional.ofNullable(end.getFailure() == null ? null : conditions.getOtherwise());
    }
}
