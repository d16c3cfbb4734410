package io.muster.planner.pool;

import io.muster.planner.pool.TaskState.Cause;
import java.util.List;
import java.util.Set;

/** Holds what a pool decides about. */
public sealed interface PoolInput {
    /** Says that a task is to run. @param differs whether the pool keeps a task of that id with another program or owner */
    record Submit(TaskDefinition task, boolean differs) implements PoolInput {}

    /** Says how often a task may be tried again from now on; its limits of time change beside. */
    record Change(String taskId, int most) implements PoolInput {}

    /** Says that a task is to end, in any state. */
    record Stop(String taskId) implements PoolInput {}

    /** Says that nobody asks for a task any more: it is dropped when it has ended. */
    record Forget(String taskId) implements PoolInput {}

    /** Says that a task is given to another pool: it is dropped. */
    record Withdraw(String taskId) implements PoolInput {}

    /** Says that a node may get attempts, or no more. @param tasks what becomes of those that it runs, where it may not */
    record SetScheduling(String node, boolean enabled, Deallocation tasks) implements PoolInput {}

    /**
     * Says that nodes are to go to another pool, each as soon as it is empty.
     *
     * @param count so many are to be on their way there in all
     * @param nodes that are to go
     * @param requires capabilities that a node has to have which is chosen
     */
    record MoveNodes(String to, int count, List<String> nodes, Set<String> requires, Deallocation tasks)
            implements PoolInput {}

    /** Says that nodes stay which wait for the ends of their tasks to go to another pool. */
    record StopMoves() implements PoolInput {}

    /** Says that the device's partition can't move a node. */
    record MoveRefused(String node) implements PoolInput {}

    /** Says that a node's program is to start anew, as soon as the node is empty. */
    record RestartNode(String node, Deallocation tasks) implements PoolInput {}

    /** Says how the tasks of a group are placed. */
    record RuleGroup(String group, GroupRule rule) implements PoolInput {}

    /** Says how nodes are used. @param slotsPerNode no more slots of a node are used; 0 for all @param closed whether those that come from the reserve go back @param interNode whether they may speak to each other */
    record Configure(int slotsPerNode, PoolDecider.Placement placement, boolean closed, boolean interNode)
            implements PoolInput {}

    /**
     * Says that a device of the pool takes tasks over a connection: it may report.
     *
     * @param drained whether it gets nothing to run, and its attempts go to others
     * @param lent whether it is of the reserve, from which the pool has it
     */
    record NodeConnected(String node, int gateway, long epoch, boolean drained, boolean lent) implements PoolInput {
        /** Says so of one that is not of the reserve. */
        NodeConnected(String node, int gateway, long epoch, boolean drained) {
            this(node, gateway, epoch, drained, false);
        }
    }

    /** Says that a device is of the pool no more. */
    record NodeRemoved(String node) implements PoolInput {}

    /**
     * Says that a node reports that it lives, over a connection.
     *
     * @param number of the report, which the pool's answer names
     * @param holding attempts that it runs, or whose end is not acknowledged yet
     * @param address under which other nodes reach it; empty where it does not say
     */
    record NodeReport(
            String node,
            int gateway,
            long epoch,
            long number,
            String boot,
            int slots,
            Set<String> capabilities,
            Set<Token> holding,
            String address)
            implements PoolInput {
        /** Says so of one that does not say under which address others reach it. */
        NodeReport(
                String node,
                int gateway,
                long epoch,
                long number,
                String boot,
                int slots,
                Set<String> capabilities,
                Set<Token> holding) {
            this(node, gateway, epoch, number, boot, slots, capabilities, holding, "");
        }
    }

    /** Says that a node was not heard for some time, whether as long as it may be without new tasks or as its lease and the grace behind it; the log was read up to now. */
    record NodeSilent(String node) implements PoolInput {}

    /** Says that the program of an attempt runs on a node. */
    record Started(String node, Token token) implements PoolInput {}

    /** Says that the coordination command of an attempt has exited with 0 on a node. */
    record Coordinated(String node, Token token) implements PoolInput {}

    /** Says that the program of an attempt has ended on a node, with all that it started. @param detail a sentence for users; empty where the code says all */
    record Exited(String node, Token token, int code, Cause cause, String detail) implements PoolInput {}

    /** Says that the order to start an attempt never left the gateway. @param epoch of the connection over which it was to go */
    record Undelivered(String node, Token token, long epoch) implements PoolInput {}

    /** Says that a task's pause may be over. */
    record Due(String taskId) implements PoolInput {}

    /** Says that it may be time to say again for which tasks no nodes are found. */
    record Remind() implements PoolInput {}

    /** Says that tasks may be placed. @param most on how many nodes; the last task may take more */
    record Place(int most) implements PoolInput {}
}
