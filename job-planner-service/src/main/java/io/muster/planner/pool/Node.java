package io.muster.planner.pool;

import java.time.Instant;
import java.util.Set;

/**
 * Holds a node as it was heard of last.
 *
 * @param gateway that holds its connection
 * @param epoch of the connection: each new one of a node has a larger one
 * @param boot differs between two runs of the node's program
 * @param used slots that attempts take, of those that run and of those that wait there
 * @param ahead how many attempts of one slot it may hold beyond its slots; kept in memory alone
 * @param scheduling whether new attempts may be placed on it
 * @param drained whether it gets nothing to run, since it is drained or departs, which is kept with its admission, or waits for a gang
 * @param ready whether it takes orders as far as the pool knows: one that came back says that it does not, and so does silence, its next report that it does; kept in memory alone
 * @param address under which other nodes reach it; empty where it does not say
 * @param heardAt when it was heard, in the time of the pool's log; kept in memory alone
 */
public record Node(
        String id,
        int gateway,
        long epoch,
        String boot,
        int slots,
        int used,
        int ahead,
        Set<String> capabilities,
        Scheduling scheduling,
        boolean drained,
        boolean ready,
        Standing standing,
        String address,
        Instant heardAt) {
    /** Says whether new attempts may be placed on a node. */
    public enum Scheduling {
        ENABLED,
        DISABLED,
        /** Means that what it runs goes to others too. */
        DISABLED_AND_EMPTIED
    }

    /** Names the standing of a node in its pool. */
    public enum Standing {
        /** Means that it reports. */
        LIVE,
        /** Means that its device is of the pool no more; it ends its programs. */
        DISMISSED,
        /** Means that its lease is over: it counts again with a newer connection. */
        LOST
    }

    /** Makes one of copies. */
    public Node {
        capabilities = Set.copyOf(capabilities);
    }

    /** Returns whether it gets attempts where it has room. */
    boolean takes() {
        return enabled() && !drained && ready && standing == Standing.LIVE;
    }

    /** Returns the slots that nobody has. */
    int free() {
        return takes() ? Math.max(0, slots - used) : 0;
    }

    /** Returns how many attempts of one slot it may get, to run or to wait. */
    int room() {
        return takes() ? Math.max(0, slots + ahead - used) : 0;
    }

    /** Returns whether nothing was heard of it for as long as its lease and the grace behind it. */
    public boolean lost() {
        return standing == Standing.LOST;
    }

    boolean canRun(TaskDefinition.Shape shape) {
        return (free() >= shape.slots() || shape.mayWait() && room() > 0)
                && capabilities.containsAll(shape.requires())
                && shape.pinnedTo().map(id::equals).orElse(true);
    }

    Node with(int change) {
        return new Node(
                id,
                gateway,
                epoch,
                boot,
                slots,
                used + change,
                ahead,
                capabilities,
                scheduling,
                drained,
                ready,
                standing,
                address,
                heardAt);
    }

    Node ahead(int most) {
        return new Node(
                id,
                gateway,
                epoch,
                boot,
                slots,
                used,
                most,
                capabilities,
                scheduling,
                drained,
                ready,
                standing,
                address,
                heardAt);
    }

    Node drained(boolean is) {
        return new Node(
                id,
                gateway,
                epoch,
                boot,
                slots,
                used,
                ahead,
                capabilities,
                scheduling,
                is,
                ready,
                standing,
                address,
                heardAt);
    }

    Node heard(Instant at) {
        return new Node(
                id,
                gateway,
                epoch,
                boot,
                slots,
                used,
                ahead,
                capabilities,
                scheduling,
                drained,
                true,
                standing,
                address,
                at);
    }

    Node unready() {
        return new Node(
                id,
                gateway,
                epoch,
                boot,
                slots,
                used,
                ahead,
                capabilities,
                scheduling,
                drained,
                false,
                standing,
                address,
                heardAt);
    }

    /** Returns whether new attempts may be placed on it. */
    public boolean enabled() {
        return scheduling == Scheduling.ENABLED;
    }

    Node scheduling(Scheduling changed) {
        return new Node(
                id,
                gateway,
                epoch,
                boot,
                slots,
                used,
                ahead,
                capabilities,
                changed,
                drained,
                ready,
                standing,
                address,
                heardAt);
    }

    Node asDismissed() {
        return lost()
                ? this
                : new Node(
                        id,
                        gateway,
                        epoch,
                        boot,
                        slots,
                        used,
                        ahead,
                        capabilities,
                        scheduling,
                        drained,
                        ready,
                        Standing.DISMISSED,
                        address,
                        heardAt);
    }

    Node asLost() {
        return new Node(
                id,
                gateway,
                epoch,
                boot,
                slots,
                0,
                0,
                capabilities,
                scheduling,
                drained,
                ready,
                Standing.LOST,
                address,
                heardAt);
    }
}
