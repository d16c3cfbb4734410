package io.muster.planner.batch;

import io.muster.records.AttemptEnding;
import io.muster.records.BatchSubtask;
import io.muster.records.BatchTaskFailure;
import io.muster.records.BatchTaskState;
import io.muster.records.EndingKind;
import io.muster.records.ExitCause;
import io.muster.records.FailureCategory;
import io.muster.records.MemberStage;
import io.muster.records.SubtaskNews;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says what the subtasks of a task do, by what its pool tells. A subtask's exit code is that of its coordination command; it is running from the start of that until the primary has ended, which ends it.
 * Contract: batch, 3.3.
 */
final class BatchSubtasks {
    private BatchSubtasks() {}

    /** Returns a subtask behind its news. @param known those of the task before @param at when its pool decided so */
    static BatchSubtask moved(List<BatchSubtask> known, String poolId, SubtaskNews news, Instant at) {
        if (news.getStage() == MemberStage.ORDERED) {
            return BatchSubtask.newBuilder()
                    .setId(news.getNumber())
                    .setPoolId(poolId)
                    .setNodeId(news.getNodeId())
                    .setState(BatchTaskState.PREPARING)
                    .setStateSince(at)
                    .build();
        }
        BatchSubtask before = known.stream()
                .filter(each -> each.getId() == news.getNumber())
                .findFirst()
                .orElseGet(() -> moved(
                        List.of(),
                        poolId,
                        new SubtaskNews(news.getNumber(), news.getNodeId(), MemberStage.ORDERED, null),
                        at));
        return switch (news.getStage()) {
            case ORDERED -> before;
            case RUNNING ->
                moved(before, BatchTaskState.RUNNING, at).setStartedAt(at).build();
            case COORDINATED -> BatchSubtask.newBuilder(before).setExitCode(0).build();
            case OVER -> over(before, news.getEnding(), at);
        };
    }

    private static BatchSubtask.Builder moved(BatchSubtask before, BatchTaskState state, Instant at) {
        return BatchSubtask.newBuilder(before)
                .setState(state)
                .setStateSince(at)
                .setPreviousState(before.getState())
                .setPreviousStateSince(before.getStateSince());
    }

    private static BatchSubtask over(BatchSubtask before, @Nullable AttemptEnding ending, Instant at) {
        boolean isItsOwn = ending != null
                && ending.getKind() == EndingKind.EXITED
                && (ending.getCause() == ExitCause.ITSELF || ending.getCause() == ExitCause.WALL_CLOCK);
        return moved(before, BatchTaskState.COMPLETED, at)
                .setEndedAt(at)
                .setExitCode(isItsOwn ? Objects.requireNonNull(ending).getCode() : before.getExitCode())
                .setFailure(failure(before, ending).orElse(null))
                .build();
    }

    /** Returns why a subtask failed; empty for one that was ended behind its coordination command, or by it with 0. */
    private static Optional<BatchTaskFailure> failure(BatchSubtask before, @Nullable AttemptEnding ending) {
        if (ending == null || ending.getKind() != EndingKind.EXITED) {
            return failure(
                    FailureCategory.SERVER_ERROR,
                    "NodeLost",
                    "The node of the subtask was lost, or the order never came to it.");
        }
        return switch (Objects.requireNonNull(ending.getCause())) {
            case ITSELF ->
                Objects.equals(ending.getCode(), 0)
                        ? Optional.empty()
                        : failure(
                                FailureCategory.USER_ERROR,
                                "FailureExitCode",
                                "The coordination command exited with the code " + ending.getCode() + ".");
            case NOT_STARTED -> failure(FailureCategory.USER_ERROR, BatchEnds.LAUNCH_FAILED, ending.getDetail());
            case WALL_CLOCK, IDLE ->
                failure(FailureCategory.SERVER_ERROR, "TaskEnded", "The task ran for longer than its limit of time.");
            case STOPPED, RETURNED ->
                Objects.equals(before.getExitCode(), 0)
                        ? Optional.empty()
                        : failure(
                                FailureCategory.USER_ERROR,
                                "TaskEnded",
                                "The subtask was ended before its coordination command had.");
            case FENCED -> failure(FailureCategory.SERVER_ERROR, "NodeLost", "The node of the subtask was lost.");
        };
    }

    private static Optional<BatchTaskFailure> failure(FailureCategory category, String code, String message) {
        return Optional.of(new BatchTaskFailure(category, code, message, List.of()));
    }

    /** Returns the subtasks of a task behind an event. @param begins whether those of the event are all that there are */
    static List<BatchSubtask> with(List<BatchSubtask> before, List<BatchSubtask> moved, boolean begins) {
        if (begins) {
            return moved;
        }
        List<BatchSubtask> after = new ArrayList<>(before);
        for (BatchSubtask each : moved) {
            after.removeIf(known -> known.getId() == each.getId());
            after.add(each);
        }
        after.sort((one, other) -> Integer.compare(one.getId(), other.getId()));
        return after;
    }
}
