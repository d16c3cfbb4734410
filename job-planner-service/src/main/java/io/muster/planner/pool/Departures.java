package io.muster.planner.pool;

import io.muster.planner.pool.Departure.Goal;
import io.muster.planner.pool.Pool.Task;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Decides how nodes leave a pool or start anew: a node that is to go gets nothing more, is emptied as the command says, and is told to go when nothing of an attempt
 * runs there. It is of the pool until its device's partition has said that it is not. For one decision.
 */
final class Departures {
    private final Pool pool;
    private final Consumer<PoolEvent> happened;
    private final Consumer<NodeOrder> orders;
    private final Consumer<String> stopTask;
    private final Consumer<Task> returnTask;

    /** @param stopTask has a task end as if its user had asked for it @param returnTask has one that is placed wait again */
    Departures(
            Pool pool,
            Consumer<PoolEvent> happened,
            Consumer<NodeOrder> orders,
            Consumer<String> stopTask,
            Consumer<Task> returnTask) {
        this.pool = pool;
        this.happened = happened;
        this.orders = orders;
        this.stopTask = stopTask;
        this.returnTask = returnTask;
    }

    /** Has nodes go to another pool: as many as are wanted in all, less those that are named and not there. */
    void move(PoolInput.MoveNodes move) {
        Goal goal = new Goal.OtherPool(move.to());
        move.nodes().stream()
                .filter(node -> pool.admitted(node).isPresent())
                .filter(node -> pool.departure(node).isEmpty())
                .forEach(node -> depart(node, goal, move.tasks()));
        long underWay = pool.admitted().stream()
                .filter(node -> pool.departure(node)
                        .filter(departure -> departure.goal().equals(goal))
                        .isPresent())
                .count();
        int wanted = move.count() - missing(move).size();
        choose(move, (int) Math.max(0, wanted - underWay)).forEach(node -> depart(node, goal, move.tasks()));
    }

    /** Lists the nodes that are named and that the pool does not have. */
    List<String> missing(PoolInput.MoveNodes move) {
        return move.nodes().stream()
                .distinct()
                .filter(node -> pool.admitted(node).isEmpty())
                .toList();
    }

    /** Has a node of a closed pool go to the reserve. */
    void sendBackIfClosed(String node) {
        if (pool.closed() && pool.departure(node).isEmpty()) {
            depart(node, new Goal.OtherPool(Pool.RESERVE), Deallocation.TERMINATE);
        }
    }

    /** Chooses nodes that go: to the reserve those first that are of no use, then those that run least; to a pool only those that take tasks. */
    private List<String> choose(PoolInput.MoveNodes move, int count) {
        boolean toReserve = move.to().equals(Pool.RESERVE);
        return pool.admitted().stream()
                .filter(node -> pool.departure(node).isEmpty())
                .filter(node -> toReserve || isOfUse(node))
                .filter(node -> move.requires().isEmpty()
                        || pool.node(node)
                                .filter(known -> known.capabilities().containsAll(move.requires()))
                                .isPresent())
                .sorted(Comparator.comparing(this::isOfUse)
                        .thenComparing(node -> pool.activeOn(node).size())
                        .thenComparing(Comparator.naturalOrder()))
                .limit(count)
                .toList();
    }

    private boolean isOfUse(String node) {
        return pool.node(node)
                .filter(known -> known.drained(pool.isDrained(node)).takes())
                .isPresent();
    }

    /** Has a node's program start anew. */
    void restart(Node node, Deallocation tasks) {
        if (pool.departure(node.id()).isEmpty()) {
            depart(node.id(), new Goal.NewRun(node.boot()), tasks);
        }
    }

    private void depart(String node, Goal goal, Deallocation tasks) {
        happened.accept(new PoolEvent.NodeDeparting(node, goal, tasks));
        empty(node, tasks);
        releaseIfEmpty(node);
    }

    /** Ends what a node runs, as far as it is to be ended. */
    void empty(String node, Deallocation tasks) {
        switch (tasks) {
            case REQUEUE -> pool.activeOn(node).forEach(returnTask);
            case TERMINATE ->
                pool.activeOn(node)
                        .forEach(task -> stopTask.accept(task.definition().id()));
            case TASK_COMPLETION, RETAINED_DATA -> {
                // It waits.
            }
        }
    }

    /** Tells a node that departs and runs nothing to go. */
    void releaseIfEmpty(String node) {
        Optional<Departure> departure = pool.departure(node).filter(known -> !known.released());
        if (departure.isPresent() && pool.activeOn(node).isEmpty()) {
            happened.accept(new PoolEvent.NodeReleased(node));
            release(node, departure.get().goal());
        }
    }

    private void release(String node, Goal goal) {
        orders.accept(
                switch (goal) {
                    case Goal.OtherPool(String id) -> new NodeOrder.MoveTo(node, id);
                    case Goal.NewRun(String boot) -> new NodeOrder.Restart(node, boot);
                });
    }

    /** Notes which run of its program a node reports: one that was to end has ended, or is told so once more. */
    void reported(String node, String boot) {
        pool.departure(node).ifPresent(departure -> {
            if (departure.goal() instanceof Goal.NewRun(String before)) {
                if (!before.equals(boot)) {
                    happened.accept(new PoolEvent.NodeStays(node));
                } else if (departure.released()) {
                    release(node, departure.goal());
                }
            }
        });
    }

    /** Has all nodes stay that wait for ends of tasks to go to another pool. */
    void stop() {
        pool.admitted().stream()
                .filter(node -> pool.departure(node)
                        .filter(departure -> departure.goal() instanceof Goal.OtherPool && departure.waits())
                        .isPresent())
                .forEach(node -> happened.accept(new PoolEvent.NodeStays(node)));
    }

    /** Has a node stay whose device can't be moved. */
    void refused(String node) {
        if (pool.departure(node)
                .filter(departure -> departure.goal() instanceof Goal.OtherPool && departure.released())
                .isPresent()) {
            happened.accept(new PoolEvent.NodeStays(node));
        }
    }
}
