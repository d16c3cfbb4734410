package io.muster.planner.pool;

import io.muster.planner.pool.TaskDefinition.Shape;
import io.muster.planner.pool.TaskState.Active;
import io.muster.planner.pool.TaskState.Member;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Holds the state of one pool. It changes by {@link #evolve} alone, but for when nodes were heard. For one thread. */
public final class Pool {
    /**
     * Holds a task.
     *
     * @param number its place among tasks of the same priority
     * @param disowned whether nobody asks for it any more: it is dropped when it has ended
     */
    public record Task(TaskDefinition definition, long number, TaskState state, boolean disowned) {}

    /**
     * Holds the connection over which a device of the pool may report.
     *
     * @param drained whether it gets nothing to run, and what it runs goes to others
     * @param departure empty for a node that is not to go
     */
    public record Admission(int gateway, long epoch, boolean drained, Optional<Departure> departure) {
        private boolean takesNothing() {
            return drained || departure.isPresent();
        }

        private Admission with(Optional<Departure> changed) {
            return new Admission(gateway, epoch, drained, changed);
        }
    }

    /** Names the pool of the nodes that are of no other. */
    public static final String RESERVE = "$reserve";

    private final Map<String, Task> tasks = new HashMap<>();
    private final Map<String, Node> nodes = new HashMap<>();
    private final SortedMap<String, Admission> admitted = new TreeMap<>();
    /** Holds the devices that may report. */
    private final NodeNames reporting = new NodeNames();

    /** Holds those of them that have a capability, by the capability. */
    private final Map<String, NodeNames> capable = new HashMap<>();

    /** Holds the nodes by their free slots, and by what they may get beyond them. */
    private final Rooms free = new Rooms();

    private final Rooms ahead = new Rooms();
    private final Map<String, Pace> paces = new HashMap<>();

    /** Holds when the events said last that a node is there; kept in memory alone. */
    private final Map<String, Instant> announced = new HashMap<>();

    private final Map<String, Set<String>> activeByNode = new HashMap<>();
    private final Reservation reservation = new Reservation(this);
    private final Groups groups = new Groups();
    private final Queues queues = new Queues(groups);
    private final Unplaced unplaced = new Unplaced();
    private long nextNumber;
    private long nextPlacement;
    private int slotsPerNode;
    private PoolDecider.Placement placement = PoolDecider.Placement.SPREAD;
    private boolean closed;
    private boolean interNode;
    private int waiting;
    private int queued;
    private int running;

    /** Makes an empty one. */
    public Pool() {}

    /** Restores one of what was kept of it. @param nodes without the slots that tasks take */
    public static Pool restored(
            Map<String, Admission> admitted,
            Collection<Node> nodes,
            Collection<Task> tasks,
            Map<String, GroupRule> rules,
            long nextNumber,
            long nextPlacement,
            PoolEvent.Configured configured) {
        Pool pool = new Pool();
        pool.configure(configured);
        rules.forEach(pool.groups::set);
        pool.admitted.putAll(admitted);
        admitted.keySet().forEach(pool::place);
        nodes.forEach(node -> pool.putNode(node.drained(pool.takesNothing(node.id()))));
        for (Task task : tasks) {
            pool.put(task);
            pool.nextNumber = Math.max(pool.nextNumber, task.number() + 1);
            if (task.state() instanceof Active active) {
                pool.nextPlacement = Math.max(pool.nextPlacement, active.placement() + 1);
                active.members().forEach((node, member) -> {
                    if (!(member instanceof Member.Over)) {
                        pool.activeByNode
                                .computeIfAbsent(node, _ -> new HashSet<>())
                                .add(task.definition().id());
                        pool.changeNode(
                                node, known -> known.with(task.definition().slots()));
                    }
                });
            }
        }
        pool.nextNumber = Math.max(pool.nextNumber, nextNumber);
        pool.nextPlacement = Math.max(pool.nextPlacement, nextPlacement);
        return pool;
    }

    /** Returns a task. */
    public Optional<Task> task(String id) {
        return Optional.ofNullable(tasks.get(id));
    }

    /** Returns a node that has reported. */
    public Optional<Node> node(String id) {
        return Optional.ofNullable(nodes.get(id));
    }

    /** Returns over which connection a device may report; empty where it is of the pool no more. */
    public Optional<Admission> admitted(String node) {
        return Optional.ofNullable(admitted.get(node));
    }

    /** Returns the devices of the pool that may report, in the order of their names. */
    public List<String> admitted() {
        return List.copyOf(admitted.keySet());
    }

    /** Lists the first so many of them; those whose lease is over come behind all others. */
    public List<String> firstAdmitted(int most) {
        return reporting.first(most);
    }

    /** Lists the first so many of those that have a capability, in the same order. */
    public List<String> firstCapable(String capability, int most) {
        @Nullable NodeNames names = capable.get(capability);
        return names == null ? List.of() : names.first(most);
    }

    /** Returns how many of them have not lost their lease. */
    public int presentCapable(String capability) {
        @Nullable NodeNames names = capable.get(capability);
        return names == null ? 0 : names.present();
    }

    /** Notes whether a device may report, whether its lease is over, and what it is capable of. */
    private void place(String id) {
        forgetPlace(id);
        if (admitted.containsKey(id)) {
            @Nullable Node node = nodes.get(id);
            boolean lost = node != null && node.lost();
            reporting.add(id, lost);
            if (node != null) {
                node.capabilities()
                        .forEach(capability -> capable.computeIfAbsent(capability, _ -> new NodeNames())
                                .add(id, lost));
            }
        }
    }

    /** Forgets what {@link #place} noted, as long as the node's capabilities are those of then. */
    private void forgetPlace(String id) {
        reporting.remove(id);
        node(id).stream().flatMap(node -> node.capabilities().stream()).forEach(capability -> {
            @Nullable NodeNames names = capable.get(capability);
            if (names != null) {
                names.remove(id);
                if (names.isEmpty()) {
                    capable.remove(capability);
                }
            }
        });
    }

    /**
     * Chooses as many nodes as a task of that shape takes, the least loaded first or the most loaded; none where there are not so many. A node without a free slot
     * is chosen where no other has one, for a task that may wait, as many as its pace allows.
     */
    List<Node> choose(Shape shape, boolean leastLoadedFirst, Instant now) {
        if (shape.pinnedTo().isPresent()) {
            String id = shape.pinnedTo().get();
            refresh(id, now);
            return node(id).filter(node -> node.canRun(shape)).stream().toList();
        }
        Comparator<Node> byLoad = Comparator.comparingInt(Node::free);
        List<Node> chosen = free.find(shape.requires(), shape.slots(), shape.nodes(), leastLoadedFirst).stream()
                .map(nodes::get)
                .sorted((leastLoadedFirst ? byLoad.reversed() : byLoad).thenComparing(Node::id))
                .limit(shape.nodes())
                .toList();
        return chosen.isEmpty() && shape.mayWait() ? chooseAhead(shape, now) : chosen;
    }

    /** Lists so many nodes that have room for a part of a gang, in the order of their ids; none where they are fewer. */
    List<Node> free(Shape shape, int count) {
        return free.find(shape.requires(), shape.slots(), count, true).stream()
                .sorted()
                .limit(count)
                .flatMap(id -> node(id).stream())
                .toList();
    }

    /** Chooses the node that may get most. Each whose pace is out of date is counted anew, and then found once more or not. */
    private List<Node> chooseAhead(Shape shape, Instant now) {
        Comparator<Node> byRoom = Comparator.comparingInt(Node::room).reversed();
        while (true) {
            Optional<Node> most = ahead.find(shape.requires(), 1, 1, true).stream()
                    .map(nodes::get)
                    .min(byRoom.thenComparing(Node::id));
            if (most.isEmpty() || !refresh(most.get().id(), now)) {
                return most.stream().toList();
            }
        }
    }

    /** Counts anew how much a node may hold beyond its slots. @return whether that is less than it was */
    private boolean refresh(String id, Instant now) {
        @Nullable Node node = nodes.get(id);
        @Nullable Pace pace = paces.get(id);
        if (node == null || pace == null) {
            return false;
        }
        int most = pace.ahead(node.slots(), now);
        if (most != node.ahead()) {
            putNode(node.ahead(most));
        }
        return most < node.ahead();
    }

    /** Notes that a program ended on a node. */
    void ended(String node, Instant now) {
        if (nodes.containsKey(node)) {
            paces.computeIfAbsent(node, _ -> new Pace()).ended(now);
            refresh(node, now);
        }
    }

    private void putNode(Node node) {
        @Nullable Node before = nodes.get(node.id());
        boolean moves = before == null
                || before.lost() != node.lost()
                || !before.capabilities().equals(node.capabilities());
        if (moves) {
            forgetPlace(node.id());
        }
        if (before != null) {
            forgetRoom(before);
        }
        nodes.put(node.id(), node);
        if (moves) {
            place(node.id());
        }
        free.add(node.id(), node.capabilities(), node.free());
        ahead.add(node.id(), node.capabilities(), node.room());
        if (node.room() > 0
                && (before == null
                        || node.room() > before.room()
                        || node.free() > before.free()
                        || !before.capabilities().containsAll(node.capabilities()))) {
            queues.gotRoom(node.id());
        }
    }

    private void forgetRoom(Node node) {
        free.remove(node.id(), node.capabilities(), node.free());
        ahead.remove(node.id(), node.capabilities(), node.room());
    }

    /** Forgets a node of which nothing runs, if its device is of the pool no more. */
    private void forgetLost(String id) {
        node(id).filter(known -> known.lost() && !admitted.containsKey(id)).ifPresent(known -> {
            nodes.remove(id);
            paces.remove(id);
            announced.remove(id);
            forgetRoom(known);
        });
    }

    private void changeNode(String id, UnaryOperator<Node> change) {
        node(id).map(change).ifPresent(this::putNode);
    }

    /** Returns the nodes that have reported. */
    public Collection<Node> nodes() {
        return Collections.unmodifiableCollection(nodes.values());
    }

    /** Returns the tasks that are not forgotten. */
    public Collection<Task> tasks() {
        return Collections.unmodifiableCollection(tasks.values());
    }

    /** Returns the number that the next task gets. */
    public long nextNumber() {
        return nextNumber;
    }

    /** Returns the placement that the next attempt gets. */
    public long nextPlacement() {
        return nextPlacement;
    }

    /** Lists the tasks that have a part on a node that isn't over. */
    public List<Task> activeOn(String node) {
        return activeByNode.getOrDefault(node, Set.of()).stream()
                .sorted()
                .map(tasks::get)
                .toList();
    }

    Unplaced unplaced() {
        return unplaced;
    }

    /** Returns whether it is time to say again for which tasks no nodes are found. */
    public boolean isToRemind(Instant now) {
        return !unplaced.due(now).isEmpty();
    }

    /** Returns how the tasks of a group are placed. */
    public GroupRule rule(String group) {
        return groups.rule(group);
    }

    /** Lists the tasks of a group that are placed, at most so many. */
    List<String> placedOf(String group, int most) {
        return groups.placed(group, most);
    }

    /** Returns whether a group is suspended, and none of its tasks is placed. */
    boolean isIdle(String group) {
        return rule(group).suspension() != GroupRule.Suspension.NONE && groups.isIdle(group);
    }

    Queues queues() {
        return queues;
    }

    /** Notes that an order came back from the connection that a node has, or that it is silent: it gets nothing more until it is heard over that, or over a newer one. */
    void unreachable(String node) {
        changeNode(node, Node::unready);
    }

    /**
     * Notes that a node gave back an attempt: it gets no more than its slots until its pace is known anew, and nothing before it is heard again if the pool counts
     * slots of it as free.
     */
    void full(String node) {
        paces.remove(node);
        changeNode(node, known -> known.ahead(0));
        changeNode(node, known -> known.free() > 0 ? known.unready() : known);
    }

    /** Returns whether the events are to say again that a node is there: they said it so long ago, or nobody knows when. */
    boolean isUnannounced(String node, Duration since, Instant now) {
        @Nullable Instant at = announced.get(node);
        return at == null || !now.isBefore(at.plus(since));
    }

    /** Returns whether a node counts as one that is heard, which it has not been for some time. */
    boolean isToBeUnheard(Node node) {
        return node.standing() == Node.Standing.LIVE && (node.ready() || announced.containsKey(node.id()));
    }

    /** Notes that a node was heard. */
    void heard(String node, Instant at) {
        changeNode(node, known -> known.heard(at));
    }

    /** Returns whether a task is queued that may find room. */
    public boolean hasPlaceable() {
        return queues.areToBeAsked();
    }

    /** Changes the state by an event. @param at when a node that joins was heard */
    void evolve(PoolEvent event, Instant at) {
        switch (event) {
            case PoolEvent.TaskQueued(TaskDefinition definition, long number) -> {
                put(new Task(definition, number, new TaskState.Queued(Attempt.FIRST), false));
                nextNumber = Math.max(nextNumber, number + 1);
            }
            case PoolEvent.TaskPlaced placed -> place(placed);
            case PoolEvent.TaskNotPlaced _ -> {
                // It stays queued.
            }
            case PoolEvent.AttemptStarted(Token token, String node, Instant startedAt) -> {
                Task task = known(token.taskId());
                Active active = active(task).with(node, new Member.Running(epoch(active(task), node)));
                change(task, active.isPrimary(node) ? active.started(startedAt) : active);
            }
            case PoolEvent.AttemptCoordinated(Token token, String node) -> {
                Task task = known(token.taskId());
                change(task, active(task).with(node, new Member.Coordinated(epoch(active(task), node))));
            }
            case PoolEvent.AttemptOver(Token token, String node, TaskState.Ending ending) -> {
                Task task = known(token.taskId());
                change(task, active(task).with(node, new Member.Over(ending)));
                release(node, task);
            }
            case PoolEvent.TaskStopping(String taskId) ->
                change(known(taskId), active(known(taskId)).asStopping());
            case PoolEvent.TaskReturning(String taskId) ->
                change(known(taskId), active(known(taskId)).asReturning());
            case PoolEvent.TaskRequeued(String taskId, Attempt attempt) ->
                change(known(taskId), new TaskState.Queued(attempt));
            case PoolEvent.TaskBackedOff(String taskId, Attempt attempt, Instant until) ->
                change(known(taskId), new TaskState.BackingOff(attempt, until));
            case PoolEvent.TaskCompleted(
                    String taskId,
                    Outcome outcome,
                    Attempt attempt,
                    Optional<Instant> startedAt,
                    Instant endedAt) ->
                change(known(taskId), new TaskState.Completed(attempt, outcome, startedAt, endedAt));
            case PoolEvent.TaskDisowned(String taskId) -> {
                Task task = known(taskId);
                put(new Task(task.definition(), task.number(), task.state(), true));
            }
            case PoolEvent.TaskChanged(String taskId, int most) -> {
                Task task = known(taskId);
                put(new Task(task.definition().retried(most), task.number(), task.state(), task.disowned()));
            }
            case PoolEvent.TaskForgotten(String taskId) -> drop(taskId);
            case PoolEvent.NodeAdmitted(String node, int gateway, long epoch, boolean drained) -> {
                admitted.put(node, new Admission(gateway, epoch, drained, departure(node)));
                place(node);
                changeNode(node, known -> known.drained(takesNothing(node)));
            }
            case PoolEvent.NodeDismissed(String node) -> {
                admitted.remove(node);
                place(node);
                changeNode(node, Node::asDismissed);
                forgetLost(node);
            }
            case PoolEvent.NodeJoined joined -> join(joined, at);
            case PoolEvent.NodeUnheard(String node) -> {
                unreachable(node);
                announced.remove(node);
            }
            case PoolEvent.NodeLost(String node) -> {
                changeNode(node, Node::asLost);
                forgetLost(node);
            }
            case PoolEvent.SchedulingChanged(String node, boolean enabled, boolean requeues) ->
                changeNode(node, known -> known.scheduling(scheduling(enabled, requeues)));
            case PoolEvent.NodeDeparting(String node, Departure.Goal goal, Deallocation tasks) ->
                depart(node, Optional.of(new Departure(goal, tasks, false)));
            case PoolEvent.NodeReleased(String node) ->
                depart(node, departure(node).map(Departure::asReleased));
            case PoolEvent.NodeStays(String node) -> depart(node, Optional.empty());
            case PoolEvent.GroupRuled(String group, GroupRule rule) -> {
                groups.set(group, rule);
                queues.changed(group);
            }
            case PoolEvent.GroupIdle _ -> {
                // Follows from what its tasks do.
            }
            case PoolEvent.Configured configured -> {
                configure(configured);
                nodes.values().stream().filter(node -> node.room() > 0).forEach(node -> queues.gotRoom(node.id()));
            }
        }
    }

    private void configure(PoolEvent.Configured configured) {
        slotsPerNode = configured.slotsPerNode();
        placement = configured.placement();
        closed = configured.closed();
        interNode = configured.interNode();
    }

    /** Returns how the pool uses its nodes. */
    public PoolEvent.Configured configured() {
        return new PoolEvent.Configured(slotsPerNode, placement, closed, interNode);
    }

    /** Returns whether the pool can run a task, as far as that follows from how it is configured. Contract: batch, 3.3. */
    boolean suits(TaskDefinition task) {
        return !task.coordinated() || interNode && slotsPerNode == 1;
    }

    /** Returns the scheduling of a node. */
    public static Node.Scheduling scheduling(boolean enabled, boolean requeues) {
        if (enabled) {
            return Node.Scheduling.ENABLED;
        }
        return requeues ? Node.Scheduling.DISABLED_AND_EMPTIED : Node.Scheduling.DISABLED;
    }

    private void drop(String taskId) {
        @Nullable Task task = tasks.remove(taskId);
        count(task, -1);
        if (task != null && task.state() instanceof TaskState.Queued) {
            queues.remove(task);
        }
    }

    private void depart(String node, Optional<Departure> departure) {
        admitted.computeIfPresent(node, (_, at) -> at.with(departure));
        changeNode(node, known -> known.drained(takesNothing(node)));
    }

    private void place(PoolEvent.TaskPlaced placed) {
        Task task = known(placed.token().taskId());
        SequencedMap<String, Member> members = new LinkedHashMap<>();
        for (PoolEvent.Place place : placed.members()) {
            members.put(place.node(), new Member.Ordered(place.epoch()));
            changeNode(place.node(), node -> node.with(task.definition().slots()));
            activeByNode
                    .computeIfAbsent(place.node(), _ -> new HashSet<>())
                    .add(task.definition().id());
        }
        long placement = placed.token().placement();
        change(task, new Active(placed.attempt(), placement, members, Optional.empty(), false, false));
        nextPlacement = Math.max(nextPlacement, placement + 1);
    }

    private void release(String node, Task task) {
        Set<String> active = activeByNode.getOrDefault(node, new HashSet<>());
        active.remove(task.definition().id());
        if (active.isEmpty()) {
            activeByNode.remove(node);
        }
        changeNode(
                node,
                known -> known.lost() ? known : known.with(-task.definition().slots()));
    }

    /** Returns how a node is to go; empty where it stays. */
    public Optional<Departure> departure(String node) {
        return admitted(node).flatMap(Admission::departure);
    }

    /** Returns how many slots of a node are used, at most; 0 for all. */
    public int slotsPerNode() {
        return slotsPerNode;
    }

    /** Returns how nodes are chosen. */
    public PoolDecider.Placement placement() {
        return placement;
    }

    /** Returns whether nodes that come from the reserve go back. */
    public boolean closed() {
        return closed;
    }

    /** Returns how many tasks wait, for nodes or for a time. */
    public int waiting() {
        return waiting;
    }

    /** Returns how many tasks wait for nodes. */
    public int queued() {
        return queued;
    }

    /** Returns how many slots of the nodes that take tasks nobody has. */
    public long freeSlots() {
        return nodes.values().stream().mapToLong(Node::free).sum();
    }

    /** Returns how many tasks are placed. */
    public int running() {
        return running;
    }

    /** Returns how many devices that may report have not lost their lease. */
    public int present() {
        return reporting.present();
    }

    private boolean takesNothing(String node) {
        return reservation.holds(node) || isDrained(node);
    }

    /** Returns whether a node gets nothing to run, whatever waits for it. */
    boolean isDrained(String node) {
        return admitted(node).map(Admission::takesNothing).orElse(false);
    }

    /** Notes that a node begins or ends to wait for a gang. */
    void refreshTaking(String node) {
        changeNode(node, known -> known.drained(takesNothing(node)));
    }

    Reservation reservation() {
        return reservation;
    }

    /** Returns whether nodes wait for a gang, which time or an end may bring. */
    public boolean isReserved() {
        return reservation.isHeld();
    }

    /** Returns whether a task is queued, and its group lets it be placed. */
    boolean mayBePlaced(Task task) {
        return task.state() instanceof TaskState.Queued
                && groups.isOpen(task.definition().group());
    }

    /** Returns whether what a node runs goes to others. */
    boolean isEmptied(String node) {
        return admitted(node)
                        .filter(at -> at.drained()
                                || at.departure()
                                        .filter(departure -> departure.tasks() == Deallocation.REQUEUE)
                                        .isPresent())
                        .isPresent()
                || node(node)
                        .filter(known -> known.scheduling() == Node.Scheduling.DISABLED_AND_EMPTIED)
                        .isPresent();
    }

    private void join(PoolEvent.NodeJoined joined, Instant at) {
        @Nullable Node known = nodes.get(joined.node());
        announced.put(joined.node(), at);
        putNode(new Node(
                joined.node(),
                joined.gateway(),
                joined.epoch(),
                joined.boot(),
                joined.slots(),
                known == null ? 0 : known.used(),
                0,
                joined.capabilities(),
                known == null ? Node.Scheduling.ENABLED : known.scheduling(),
                takesNothing(joined.node()),
                true,
                Node.Standing.LIVE,
                joined.address(),
                at));
    }

    private static long epoch(Active active, String node) {
        return switch (active.member(node).orElseThrow()) {
            case Member.Ordered(long epoch) -> epoch;
            case Member.Running(long epoch) -> epoch;
            case Member.Coordinated(long epoch) -> epoch;
            case Member.Over _ -> throw new IllegalStateException("It is over there, node=" + node);
        };
    }

    private static Active active(Task task) {
        if (task.state() instanceof Active active) {
            return active;
        }
        throw new IllegalStateException("No node has the task, task=" + task);
    }

    private Task known(String taskId) {
        return task(taskId).orElseThrow(() -> new IllegalStateException("There is no such task, task=" + taskId));
    }

    private void change(Task task, TaskState state) {
        put(new Task(task.definition(), task.number(), state, task.disowned()));
    }

    /** Notes in its group whether a task is placed. */
    private void regroup(@Nullable Task before, Task task) {
        boolean was = before != null && before.state() instanceof Active;
        boolean is = task.state() instanceof Active;
        if (was != is) {
            String group = task.definition().group();
            if (is) {
                groups.place(group, task.definition().id());
            } else {
                groups.release(group, task.definition().id());
            }
            if (rule(group).most() >= 0) {
                queues.changed(group);
            }
        }
    }

    private void count(@Nullable Task task, int by) {
        switch (task == null ? null : task.state()) {
            case TaskState.Queued _ -> {
                waiting += by;
                queued += by;
            }
            case TaskState.BackingOff _ -> waiting += by;
            case Active _ -> running += by;
            case TaskState.Completed _ -> {
                // It has ended.
            }
            case null -> {
                // There is none.
            }
        }
    }

    private void put(Task task) {
        @Nullable Task before = tasks.put(task.definition().id(), task);
        count(before, -1);
        count(task, 1);
        if (before != null && before.state() instanceof TaskState.Queued) {
            queues.remove(before);
        }
        regroup(before, task);
        if (task.state() instanceof TaskState.Queued) {
            queues.add(task);
        }
    }
}
