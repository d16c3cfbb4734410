package io.muster.planner.pool;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/** Holds the state of a task. */
public sealed interface TaskState {
    /** Returns the attempt that is under way, or comes next, or was the last. */
    Attempt attempt();

    /** Waits for nodes that can run it. */
    record Queued(Attempt attempt) implements TaskState {}

    /** Waits for the time at which it starts again. */
    record BackingOff(Attempt attempt, Instant until) implements TaskState {}

    /**
     * Is placed on nodes, which have it or are about to.
     *
     * @param placement its number: one that is smaller was of an earlier attempt, and counts no more
     * @param members by node, the primary first
     * @param startedAt when the primary's program started; empty before
     * @param stopping a user has asked that it stops
     * @param returning its nodes were ordered to stop it, so that it waits for others again: what was said of nodes and tasks since then changes nothing of that
     */
    record Active(
            Attempt attempt,
            long placement,
            SequencedMap<String, Member> members,
            Optional<Instant> startedAt,
            boolean stopping,
            boolean returning)
            implements TaskState {
        /** Makes one of copies. */
        public Active {
            members = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(members));
        }

        boolean isOver() {
            return members.values().stream().allMatch(member -> member instanceof Member.Over);
        }

        /** Returns whether the coordination command is through everywhere. */
        boolean isCoordinated() {
            return members.values().stream().allMatch(Member.Coordinated.class::isInstance);
        }

        /** Returns the node on which the task's command runs. */
        String primary() {
            return members.firstEntry().getKey();
        }

        Optional<Member> member(String node) {
            return Optional.ofNullable(members.get(node));
        }

        boolean isPrimary(String node) {
            return primary().equals(node);
        }

        Active with(String node, Member member) {
            SequencedMap<String, Member> changed = new LinkedHashMap<>(members);
            changed.put(node, member);
            return new Active(attempt, placement, changed, startedAt, stopping, returning);
        }

        Active started(Instant at) {
            return new Active(attempt, placement, members, Optional.of(at), stopping, returning);
        }

        Active asStopping() {
            return new Active(attempt, placement, members, startedAt, true, returning);
        }

        Active asReturning() {
            return new Active(attempt, placement, members, startedAt, stopping, true);
        }
    }

    /** Has ended. */
    record Completed(Attempt attempt, Outcome outcome, Optional<Instant> startedAt, Instant endedAt)
            implements TaskState {}

    /** Holds what a node does for an attempt. */
    sealed interface Member {
        /**
         * Is ordered to start.
         *
         * @param epoch of the connection over which the order goes: it is handed over while that one stands, and never behind it
         */
        record Ordered(long epoch) implements Member {}

        /** Runs its program. */
        record Running(long epoch) implements Member {}

        /** Has run its coordination command; the primary runs the command when all have. */
        record Coordinated(long epoch) implements Member {}

        /** Runs nothing of it any more. */
        record Over(Ending ending) implements Member {}
    }

    /** Says how a node's part in an attempt ended. */
    sealed interface Ending {
        /** Means that the program ended. */
        record Exited(int code, Cause cause, String detail) implements Ending {}

        /** Means that the order never came to the node. */
        record NeverBegan() implements Ending {}

        /** Means that the node is lost, and with it the programs that ran there. */
        record NodeLost() implements Ending {}
    }

    /** Names the cause of an exit. */
    enum Cause {
        /** Means that the program ended. */
        ITSELF,
        /** Means that it ran for longer than it may. */
        WALL_CLOCK,
        /** Means that it was idle for longer than it may be. */
        IDLE,
        /** Means that the pool ordered it. */
        STOPPED,
        /** Means that the node lost its lease, or was started anew, and killed it. */
        FENCED,
        /** Means that it was never started: the node could not fetch its files, or has no such program. */
        NOT_STARTED,
        /** Means that it waited on the node and was never started: it may be placed elsewhere. */
        RETURNED
    }
}
