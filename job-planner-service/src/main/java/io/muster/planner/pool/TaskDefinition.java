package io.muster.planner.pool;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * Describes a task, as far as its pool decides by it.
 *
 * @param id unique in the pool
 * @param group of the tasks of its owner, for which a {@link GroupRule} may say more
 * @param priority of two tasks that could be placed the one of higher priority is, then the older one
 * @param slots of a node that it takes while it runs
 * @param nodes on which it runs at once; its first one is the primary, whose exit is the task's
 * @param requires capabilities that a node has to have, such as an interpreter
 * @param pinnedTo the node on which alone it may run; empty for any
 * @param most how often it may be tried again behind a failure; -1 for no limit
 * @param onNodeLoss whether it is placed again behind the loss of its node, or ends
 * @param restart how it goes on behind an end of its program; empty for a task that ends with it
 * @param droppedAtEnd whether it is forgotten when it has ended and its owner was told
 * @param coordinated whether its nodes run a coordination command first: it takes a pool whose nodes may speak to each other, with one slot each
 * @param prefers the node on which it runs rather than on another, if that has room when it is placed
 */
public record TaskDefinition(
        String id,
        String group,
        int priority,
        int slots,
        int nodes,
        Set<String> requires,
        Optional<String> pinnedTo,
        int most,
        OnNodeLoss onNodeLoss,
        Optional<Restart> restart,
        boolean droppedAtEnd,
        boolean coordinated,
        Optional<String> prefers) {

    /** Says what becomes of a task whose node is lost. */
    public enum OnNodeLoss {
        PLACE_AGAIN,
        ABORT
    }

    /**
     * Has a program start again whenever it has ended.
     *
     * @param pause before that
     * @param atOnceAfter a program that ran for so long starts again without a pause
     */
    public record Restart(Duration pause, Duration atOnceAfter) {}

    /** Makes one of no group that is kept until its owner has it forgotten. */
    public TaskDefinition(
            String id,
            int priority,
            int slots,
            int nodes,
            Set<String> requires,
            Optional<String> pinnedTo,
            int most,
            OnNodeLoss onNodeLoss,
            Optional<Restart> restart) {
        this(
                id,
                "",
                priority,
                slots,
                nodes,
                requires,
                pinnedTo,
                most,
                onNodeLoss,
                restart,
                false,
                false,
                Optional.empty());
    }

    /** Makes one of copies. */
    public TaskDefinition {
        requires = Set.copyOf(requires);
        if (slots < 1 || nodes < 1 || most < -1) {
            throw new IllegalArgumentException("not a task: " + id);
        }
        if (pinnedTo.isPresent() && nodes > 1) {
            throw new IllegalArgumentException("a task on one node can't run on several: " + id);
        }
    }

    /** Returns the same task, which may be tried again so often. */
    TaskDefinition retried(int times) {
        return new TaskDefinition(
                id,
                group,
                priority,
                slots,
                nodes,
                requires,
                pinnedTo,
                times,
                onNodeLoss,
                restart,
                droppedAtEnd,
                coordinated,
                prefers);
    }

    /** Returns whether it may be tried again behind an attempt that failed. */
    boolean mayRetry(Attempt failed) {
        return most < 0 || failed.retries() < most;
    }

    /** Holds what tasks have in common that the same nodes can run. */
    record Shape(int slots, int nodes, Set<String> requires, Optional<String> pinnedTo, boolean coordinated) {
        /** Returns whether it may wait on a node for a slot: a gang begins at once, and a task of several slots would wait for all of them. */
        boolean mayWait() {
            return slots == 1 && nodes == 1 && !coordinated;
        }
    }

    Shape shape() {
        return new Shape(slots, nodes, requires, pinnedTo, coordinated);
    }
}
