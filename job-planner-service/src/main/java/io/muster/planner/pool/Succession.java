package io.muster.planner.pool;

import io.muster.planner.pool.Outcome.Result;
import io.muster.planner.pool.TaskState.Active;
import io.muster.planner.pool.TaskState.Cause;
import io.muster.planner.pool.TaskState.Ending;
import io.muster.planner.pool.TaskState.Member;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Decides what follows an attempt of which nothing runs any more: the end of its task, or another attempt. Contract: batch, 3.2. For one decision. */
final class Succession {
    private final Pool pool;
    private final Instant now;

    Succession(Pool pool, Instant now) {
        this.pool = pool;
        this.now = now;
    }

    /** Returns {@link PoolEvent.TaskCompleted}, {@link PoolEvent.TaskRequeued} or {@link PoolEvent.TaskBackedOff}. @param active whose parts are all over */
    PoolEvent after(TaskDefinition task, Active active) {
        List<Ending> endings = active.members().values().stream()
                .map(member -> ((Member.Over) member).ending())
                .toList();
        Ending primary = endings.getFirst();
        if (active.stopping()) {
            return complete(task, active, new Outcome(Result.STOPPED, code(primary), ""));
        }
        if (primary instanceof Ending.Exited exited && isFinal(exited.cause())) {
            return exited(task, active, exited);
        }
        if (endings.stream().allMatch(Ending.NeverBegan.class::isInstance)) {
            return new PoolEvent.TaskRequeued(task.id(), placedAgain(task, active));
        }
        if (endings.stream().anyMatch(Succession::isFailure)) {
            return subtaskFailed(task, active);
        }
        if (task.onNodeLoss() == TaskDefinition.OnNodeLoss.PLACE_AGAIN && isIncomplete(endings)) {
            return new PoolEvent.TaskRequeued(task.id(), placedAgain(task, active));
        }
        if (primary instanceof Ending.Exited exited && isDoneInItsGrace(task, active, exited)) {
            return complete(task, active, new Outcome(Result.SUCCEEDED, code(exited), exited.detail()));
        }
        return task.onNodeLoss() == TaskDefinition.OnNodeLoss.PLACE_AGAIN && isOfDrain(task, active)
                ? new PoolEvent.TaskRequeued(task.id(), active.attempt().requeued())
                : nodeLost(task, active);
    }

    /** Returns the attempt behind one that did not come to all its nodes. */
    private Attempt placedAgain(TaskDefinition task, Active active) {
        return isOfDrain(task, active)
                ? active.attempt().requeued()
                : active.attempt().orderedAgain();
    }

    /** Returns whether a gang did not come to all its nodes, and was stopped on the others for that: no node was lost, and its command has not run. */
    private static boolean isIncomplete(List<Ending> endings) {
        return endings.stream().anyMatch(Ending.NeverBegan.class::isInstance)
                && endings.stream()
                        .allMatch(ending -> ending instanceof Ending.NeverBegan
                                || ending instanceof Ending.Exited exited && exited.cause() == Cause.STOPPED);
    }

    /** Returns whether a part of an attempt has done what it was for. */
    static boolean isSuccess(Ending ending) {
        return ending instanceof Ending.Exited exited && exited.cause() == Cause.ITSELF && exited.code() == 0;
    }

    /** Decides what comes behind an attempt of which another part than the primary failed: the same as behind that failure of the primary. */
    private PoolEvent subtaskFailed(TaskDefinition task, Active active) {
        for (Map.Entry<String, Member> part : active.members().entrySet()) {
            if (part.getValue() instanceof Member.Over(Ending.Exited exited) && isFailure(exited)) {
                String sentence = "The subtask on " + part.getKey() + " failed"
                        + (exited.detail().isEmpty() ? "." : ": " + exited.detail());
                return exited(task, active, new Ending.Exited(exited.code(), exited.cause(), sentence));
            }
        }
        throw new IllegalStateException("No part has failed, task=" + task.id());
    }

    /** Returns whether a program ended well within the grace that the emptying of its node gave it. One that is started again and again has never ended. */
    private boolean isDoneInItsGrace(TaskDefinition task, Active active, Ending.Exited primary) {
        return task.restart().isEmpty()
                && primary.cause() == Cause.STOPPED
                && primary.code() == 0
                && (active.returning()
                        || isEmptied(task.group())
                        || pool.isEmptied(active.members().firstEntry().getKey()));
    }

    /** Returns whether the tasks of a group that are placed are to wait again. */
    private boolean isEmptied(String group) {
        return pool.rule(group).suspension() == GroupRule.Suspension.EMPTIED;
    }

    /** Returns whether a part of an attempt was stopped because its node, or its group, is emptied. */
    private boolean isOfDrain(TaskDefinition task, Active active) {
        return active.members().entrySet().stream()
                .anyMatch(part -> (active.returning() || isEmptied(task.group()) || pool.isEmptied(part.getKey()))
                        && part.getValue() instanceof Member.Over(Ending ending)
                        && (ending instanceof Ending.NeverBegan
                                || ending instanceof Ending.Exited exited && exited.cause() == Cause.STOPPED));
    }

    private static boolean isFinal(Cause cause) {
        return cause != Cause.FENCED && cause != Cause.STOPPED;
    }

    private static boolean isFailure(Ending ending) {
        return ending instanceof Ending.Exited exited && isFinal(exited.cause()) && !isSuccess(exited);
    }

    private static OptionalInt code(Ending ending) {
        return ending instanceof Ending.Exited exited ? OptionalInt.of(exited.code()) : OptionalInt.empty();
    }

    private PoolEvent exited(TaskDefinition task, Active active, Ending.Exited exited) {
        if (task.restart().isPresent()) {
            return restart(task, active, task.restart().get());
        }
        OptionalInt code = OptionalInt.of(exited.code());
        return switch (exited.cause()) {
            case WALL_CLOCK -> complete(task, active, new Outcome(Result.TIMED_OUT, code, exited.detail()));
            case IDLE -> complete(task, active, new Outcome(Result.IDLE, code, exited.detail()));
            // It would fail again: contract, batch 3.2.
            case NOT_STARTED ->
                complete(task, active, new Outcome(Result.FAILED, OptionalInt.empty(), exited.detail()));
            case ITSELF, STOPPED, FENCED, RETURNED ->
                isSuccess(exited)
                        ? complete(task, active, new Outcome(Result.SUCCEEDED, code, exited.detail()))
                        : failed(task, active, code, exited.detail());
        };
    }

    private PoolEvent restart(TaskDefinition task, Active active, TaskDefinition.Restart rule) {
        Attempt next = active.attempt().retried();
        boolean livedLong = active.startedAt()
                .filter(since -> !since.plus(rule.atOnceAfter()).isAfter(now))
                .isPresent();
        return livedLong
                ? new PoolEvent.TaskRequeued(task.id(), next)
                : new PoolEvent.TaskBackedOff(task.id(), next, now.plus(rule.pause()));
    }

    private PoolEvent failed(TaskDefinition task, Active active, OptionalInt code, String detail) {
        return task.mayRetry(active.attempt())
                ? new PoolEvent.TaskRequeued(task.id(), active.attempt().retried())
                : complete(task, active, new Outcome(Result.FAILED, code, detail));
    }

    private PoolEvent nodeLost(TaskDefinition task, Active active) {
        boolean ends = task.onNodeLoss() == TaskDefinition.OnNodeLoss.ABORT
                || task.restart().isEmpty() && active.attempt().recoveries() >= PoolDecider.MOST_RECOVERIES;
        return ends
                ? complete(task, active, Outcome.without(Result.ABORTED))
                : new PoolEvent.TaskRequeued(task.id(), active.attempt().recovered());
    }

    private PoolEvent complete(TaskDefinition task, Active active, Outcome outcome) {
        return new PoolEvent.TaskCompleted(task.id(), outcome, active.attempt(), active.startedAt(), now);
    }
}
