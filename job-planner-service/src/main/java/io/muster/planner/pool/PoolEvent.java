package io.muster.planner.pool;

import io.muster.planner.pool.TaskState.Ending;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Holds what happened in a pool. */
public sealed interface PoolEvent {
    /** Says that a task waits for nodes for the first time. @param number its place among tasks of the same priority */
    record TaskQueued(TaskDefinition task, long number) implements PoolEvent {}

    /** Says that nodes were chosen for an attempt. @param members the primary first */
    record TaskPlaced(Token token, Attempt attempt, List<Place> members) implements PoolEvent {}

    /** Holds a node, and the connection over which its order goes. */
    record Place(String node, long epoch) {}

    /** Says that no nodes were found for a task, which stays queued. @param attempt that comes next */
    record TaskNotPlaced(String taskId, Attempt attempt, NotPlaced reason) implements PoolEvent {}

    /** Says why no nodes were found. */
    enum NotPlaced {
        NO_FREE_SLOTS,
        /** Means that no node of the pool can ever run a task with a coordination command, as the pool is configured. */
        REQUIREMENTS_NOT_MET
    }

    /** Says that the program of an attempt runs on a node. */
    record AttemptStarted(Token token, String node, Instant at) implements PoolEvent {}

    /** Says that the coordination command of an attempt has exited with 0 on a node. */
    record AttemptCoordinated(Token token, String node) implements PoolEvent {}

    /** Says that nothing of an attempt runs on a node any more. */
    record AttemptOver(Token token, String node, Ending ending) implements PoolEvent {}

    /** Says that a task has other limits from its next attempt on. @param most how often it may be tried again */
    record TaskChanged(String taskId, int most) implements PoolEvent {}

    /** Says that a user has asked that a task stops. */
    record TaskStopping(String taskId) implements PoolEvent {}

    /** Says that the nodes of a task were ordered to stop it, so that it waits for others again. */
    record TaskReturning(String taskId) implements PoolEvent {}

    /** Says that a task waits for nodes again. @param attempt that comes next */
    record TaskRequeued(String taskId, Attempt attempt) implements PoolEvent {}

    /** Says that a task waits for a time. @param attempt that comes next */
    record TaskBackedOff(String taskId, Attempt attempt, Instant until) implements PoolEvent {}

    /** Says that a task has ended. @param attempt the last one @param startedAt when its program started, if it did */
    record TaskCompleted(String taskId, Outcome outcome, Attempt attempt, Optional<Instant> startedAt, Instant at)
            implements PoolEvent {}

    /** Says that nobody asks for a task any more: it is forgotten when it has ended. */
    record TaskDisowned(String taskId) implements PoolEvent {}

    /** Says that a task is dropped, which has ended or is another pool's. */
    record TaskForgotten(String taskId) implements PoolEvent {}

    /** Says that a device of the pool may report over a connection. @param drained whether it gets nothing to run, and its attempts go to others */
    record NodeAdmitted(String node, int gateway, long epoch, boolean drained) implements PoolEvent {}

    /** Says that a device is of the pool no more; its programs for the pool end with its lease at the latest. */
    record NodeDismissed(String node) implements PoolEvent {}

    /** Says that a node is there, with a new connection, run, or size; or as it was, since readers of events know nothing of those that are not kept any more. */
    record NodeJoined(
            String node, int gateway, long epoch, String boot, int slots, Set<String> capabilities, String address)
            implements PoolEvent {}

    /** Says that a node was not heard for some time: it gets nothing new before it is. */
    record NodeUnheard(String node) implements PoolEvent {}

    /** Says that a node's lease is over. */
    record NodeLost(String node) implements PoolEvent {}

    /** Says that a node may get attempts, or no more. @param requeues whether what it runs goes to others */
    record SchedulingChanged(String node, boolean enabled, boolean requeues) implements PoolEvent {}

    /** Says that a node gets nothing more, since it is to go when it is empty. */
    record NodeDeparting(String node, Departure.Goal goal, Deallocation tasks) implements PoolEvent {}

    /** Says that a node that departs is empty, and is told to go. */
    record NodeReleased(String node) implements PoolEvent {}

    /** Says that a node that was to depart stays, or has started anew. */
    record NodeStays(String node) implements PoolEvent {}

    /** Says how the tasks of a group are placed from now on. */
    record GroupRuled(String group, GroupRule rule) implements PoolEvent {}

    /** Says that no task of a suspended group is placed any more. @param number of its rule */
    record GroupIdle(String group, long number) implements PoolEvent {}

    /** Says how nodes are used from now on. @param closed whether those that come go to the reserve @param interNode whether they may speak to each other */
    record Configured(int slotsPerNode, PoolDecider.Placement placement, boolean closed, boolean interNode)
            implements PoolEvent {
        /** Is how a pool uses its nodes of which nothing was said. */
        public static final Configured NOT = new Configured(0, PoolDecider.Placement.SPREAD, false, false);
    }
}
