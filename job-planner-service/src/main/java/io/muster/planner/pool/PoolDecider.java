package io.muster.planner.pool;

import io.muster.planner.pool.Outcome.Result;
import io.muster.planner.pool.Pool.Task;
import io.muster.planner.pool.PoolRefusal.Reason;
import io.muster.planner.pool.TaskState.Active;
import io.muster.planner.pool.TaskState.Cause;
import io.muster.planner.pool.TaskState.Ending;
import io.muster.planner.pool.TaskState.Member;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Decides for one pool. At most one attempt of a task lives: a node kills its programs as soon as its lease is over, which is before the pool
 * gives them to another; and a report counts only if it comes from a node that holds the attempt.
 *
 * <p>A node holds its lease for as long after it sent a report as {@link #LEASE}, if the report was acknowledged. It closes its connection when the
 * lease is over, so that no order of before is handed over behind that. The pool counts from when it read the report, by a clock that stands while its log is not
 * read: a node that was not heard for {@link #UNHEARD} gets nothing new, and what it has goes to others {@link #GRACE} behind its lease.
 */
public final class PoolDecider {
    /** Bounds how long a node that is not heard gets new tasks: for three of its reports. Contract: batch, 3.2, failure detection. */
    public static final Duration UNHEARD = Duration.ofSeconds(15);

    /** Bounds how long a node runs programs without contact. */
    public static final Duration LEASE = Duration.ofSeconds(60);

    /**
     * Says how much longer the pool waits before it gives a node's tasks to others: a fifth of the whole time, for clocks that differ in their rates, and for the
     * death of programs. With the lease these are the 15 and 60 seconds of the contract.
     */
    public static final Duration GRACE = Duration.ofSeconds(15);

    /** Passes before the events say again that a node is there. Source: {@code pool-events} are kept for 30 days. */
    static final Duration ANNOUNCED_AGAIN = Duration.ofDays(1);

    /** Bounds how often a task is placed again for reasons that aren't its own. Contract: batch, 3.2. */
    static final int MOST_RECOVERIES = 10;

    /** Bounds the attempts that a node is ordered to kill for one report; it names the others in its next one. */
    static final int MOST_KILLED = 100;

    /** Bounds the tasks of a suspended group that one decision has stop; the others stop with the next reports of their nodes. */
    static final int MOST_STOPPED = 500;

    /** Bounds the kinds of queued tasks for which one placing asks for nodes; the next one goes on behind them. */
    static final int MOST_ASKED = 200;

    /** Bounds the owners of whose first tasks of a kind it is said at once that they find no nodes. */
    static final int MOST_SPEAKERS = 20;

    /** Says how nodes are chosen. */
    public enum Placement {
        /** Takes the least loaded first. */
        SPREAD,
        /** Takes the most loaded first that has room. */
        PACK
    }

    /**
     * Holds a decision.
     *
     * @param events in their order; the state has changed by them
     * @param orders that follow
     * @param refusal of a command that changes nothing and is not true already; empty where nothing is refused
     */
    public record Decided(List<PoolEvent> events, List<NodeOrder> orders, Optional<PoolRefusal> refusal) {}

    private final Pool pool;
    private final Placement placement;
    private final Instant now;
    private final Instant logTime;
    private final List<PoolEvent> events = new ArrayList<>();
    private final List<NodeOrder> orders = new ArrayList<>();
    private final Departures departures;
    private Optional<PoolRefusal> refusal = Optional.empty();

    private PoolDecider(Pool pool, Placement placement, Instant now, Instant logTime) {
        this.pool = pool;
        this.placement = placement;
        this.now = now;
        this.logTime = logTime;
        this.departures = new Departures(pool, this::happened, orders::add, this::stop, this::returnToQueue);
    }

    /**
     * Decides about an input, and changes the pool by what happened.
     *
     * @param logTime by which the silence of nodes is measured: it passes while the pool's log is read up to its end, and never goes back
     */
    public static Decided decide(Pool pool, Placement placement, PoolInput input, Instant now, Instant logTime) {
        PoolDecider decider = new PoolDecider(pool, placement, now, logTime);
        switch (input) {
            case PoolInput.Submit(TaskDefinition task, boolean differs) -> decider.submit(task, differs);
            case PoolInput.Change(String taskId, int most) -> decider.change(taskId, most);
            case PoolInput.Stop(String taskId) -> decider.stop(taskId);
            case PoolInput.Forget(String taskId) -> decider.forget(taskId);
            case PoolInput.Withdraw(String taskId) -> decider.withdraw(taskId);
            case PoolInput.SetScheduling(String node, boolean enabled, Deallocation tasks) ->
                decider.setScheduling(node, enabled, tasks);
            case PoolInput.RuleGroup(String group, GroupRule rule) -> decider.ruleGroup(group, rule);
            case PoolInput.MoveNodes move -> decider.move(move);
            case PoolInput.StopMoves _ -> decider.departures.stop();
            case PoolInput.MoveRefused(String node) -> decider.departures.refused(node);
            case PoolInput.RestartNode(String node, Deallocation tasks) -> decider.restart(node, tasks);
            case PoolInput.Configure(int slotsPerNode, Placement order, boolean closed, boolean interNode) ->
                decider.configure(new PoolEvent.Configured(slotsPerNode, order, closed, interNode));
            case PoolInput.NodeConnected connected -> decider.connected(connected);
            case PoolInput.NodeRemoved(String node) -> decider.removed(node);
            case PoolInput.NodeReport report -> decider.report(report);
            case PoolInput.NodeSilent(String node) -> decider.silent(node);
            case PoolInput.Started(String node, Token token) -> decider.started(node, token);
            case PoolInput.Coordinated(String node, Token token) -> decider.coordinated(node, token);
            case PoolInput.Exited(String node, Token token, int code, Cause cause, String detail) ->
                decider.exited(node, token, new Ending.Exited(code, cause, detail));
            case PoolInput.Undelivered(String node, Token token, long epoch) -> decider.undelivered(node, token, epoch);
            case PoolInput.Due(String taskId) -> decider.due(taskId);
            case PoolInput.Remind _ -> decider.remind();
            case PoolInput.Place(int most) -> decider.place(most);
        }
        return new Decided(List.copyOf(decider.events), List.copyOf(decider.orders), decider.refusal);
    }

    /** Lists the nodes that were silent for too long to get new tasks, or to keep those that they have; at most so many. */
    public static List<String> silent(Pool pool, Instant logTime, int most) {
        return pool.nodes().stream()
                .filter(node ->
                        !node.lost() && (isDue(node, logTime) || pool.isToBeUnheard(node) && isUnheard(node, logTime)))
                .map(Node::id)
                .sorted()
                .limit(most)
                .toList();
    }

    private void happened(PoolEvent event) {
        pool.evolve(event, logTime);
        events.add(event);
    }

    private void refuse(PoolRefusal.Reason reason, String sentence) {
        refusal = Optional.of(new PoolRefusal(reason, sentence));
    }

    private void submit(TaskDefinition task, boolean differs) {
        Optional<Task> known = pool.task(task.id());
        if (known.isEmpty()) {
            happened(new PoolEvent.TaskQueued(task, pool.nextNumber()));
            if (!pool.suits(task)) {
                happened(new PoolEvent.TaskNotPlaced(
                        task.id(), Attempt.FIRST, PoolEvent.NotPlaced.REQUIREMENTS_NOT_MET));
            }
        } else if (differs || !known.get().definition().equals(task)) {
            refuse(Reason.ANOTHER_TASK, "Another task has that id: choose another id.");
        } else if (known.get().disowned()) {
            refuse(Reason.STILL_ENDING, "The task of that id has not ended yet: wait for that, or choose another id.");
        }
    }

    private void change(String taskId, int most) {
        Optional<Task> task = pool.task(taskId);
        if (task.isEmpty() || task.get().state() instanceof TaskState.Completed) {
            refuse(Reason.NO_SUCH_TASK, "The pool has no such task, or it has ended.");
        } else {
            happened(new PoolEvent.TaskChanged(taskId, most));
        }
    }

    private void stop(String taskId) {
        Optional<Task> task = pool.task(taskId);
        if (task.isEmpty()) {
            refuse(Reason.NO_SUCH_TASK, "The pool has no such task.");
            return;
        }
        switch (task.get().state()) {
            case TaskState.Queued _, TaskState.BackingOff _ -> complete(taskId, Outcome.without(Result.STOPPED));
            case Active active -> {
                if (!active.stopping()) {
                    happened(new PoolEvent.TaskStopping(taskId));
                    orderStop(new Token(taskId, active.placement()), active);
                }
            }
            case TaskState.Completed _ -> {
                // It is so already.
            }
        }
    }

    private void forget(String taskId) {
        Optional<Task> task = pool.task(taskId);
        if (task.isEmpty()) {
            return;
        }
        if (task.get().state() instanceof TaskState.Completed) {
            happened(new PoolEvent.TaskForgotten(taskId));
        } else if (!task.get().disowned()) {
            happened(new PoolEvent.TaskDisowned(taskId));
        }
    }

    /** Drops a task that is another pool's; one that is placed when it has stopped. */
    private void withdraw(String taskId) {
        Optional<Task> task = pool.task(taskId);
        if (task.isEmpty()) {
            return;
        }
        switch (task.get().state()) {
            case TaskState.Queued _, TaskState.BackingOff _, TaskState.Completed _ ->
                happened(new PoolEvent.TaskForgotten(taskId));
            case Active _ -> {
                forget(taskId);
                stop(taskId);
            }
        }
    }

    /** Has a task that is placed stop, and wait again. */
    private void returnToQueue(Task task) {
        if (task.state() instanceof Active active) {
            if (!active.returning()) {
                happened(new PoolEvent.TaskReturning(task.definition().id()));
            }
            orderStop(new Token(task.definition().id(), active.placement()), active);
        }
    }

    private void orderStop(Token token, Active active) {
        active.members().forEach((node, member) -> {
            if (!(member instanceof Member.Over)) {
                orders.add(new NodeOrder.Stop(node, token));
            }
        });
    }

    private void ruleGroup(String group, GroupRule rule) {
        if (!pool.rule(group).equals(rule)) {
            happened(new PoolEvent.GroupRuled(group, rule));
        }
        if (rule.suspension() == GroupRule.Suspension.NONE) {
            return;
        }
        pool.placedOf(group, MOST_STOPPED).forEach(this::stopAsRuled);
        noteIdle(group);
    }

    /** Does with a task that is placed as the rule of its group says. */
    private void stopAsRuled(String taskId) {
        Task task = pool.task(taskId).orElseThrow();
        switch (pool.rule(task.definition().group()).suspension()) {
            case EMPTIED -> returnToQueue(task);
            case ENDED -> stop(taskId);
            case NONE, SUSPENDED -> {
                // It goes on.
            }
        }
    }

    private void noteIdle(String group) {
        if (pool.isIdle(group)) {
            happened(new PoolEvent.GroupIdle(group, pool.rule(group).number()));
        }
    }

    private void setScheduling(String node, boolean enabled, Deallocation tasks) {
        boolean requeues = !enabled && tasks == Deallocation.REQUEUE;
        Optional<Node> known = knownNode(node);
        if (known.isEmpty()) {
            return;
        }
        if (known.get().scheduling() != Pool.scheduling(enabled, requeues)) {
            happened(new PoolEvent.SchedulingChanged(node, enabled, requeues));
        }
        if (!enabled) {
            departures.empty(node, tasks);
        }
    }

    private Optional<Node> knownNode(String node) {
        Optional<Node> known = pool.node(node);
        if (known.isEmpty()) {
            refuseNode();
        }
        return known;
    }

    private void refuseNode() {
        refuse(Reason.NO_SUCH_NODE, "The pool has no such node.");
    }

    private void move(PoolInput.MoveNodes move) {
        departures.move(move);
        if (!departures.missing(move).isEmpty()) {
            refuseNode();
        }
    }

    private void restart(String node, Deallocation tasks) {
        knownNode(node).ifPresent(known -> departures.restart(known, tasks));
    }

    private void configure(PoolEvent.Configured configured) {
        if (!pool.configured().equals(configured)) {
            happened(configured);
        }
        pool.admitted().forEach(departures::sendBackIfClosed);
    }

    private void connected(PoolInput.NodeConnected connected) {
        String node = connected.node();
        int gateway = connected.gateway();
        long epoch = connected.epoch();
        boolean drained = connected.drained();
        Optional<Pool.Admission> before = pool.admitted(node);
        if (before.isEmpty() && mayRunWhatItLeft(node, epoch)) {
            orders.add(new NodeOrder.Disconnect(node, gateway, epoch));
        } else if (before.map(at -> at.epoch() < epoch).orElse(true)) {
            happened(new PoolEvent.NodeAdmitted(node, gateway, epoch, drained));
            orders.add(new NodeOrder.Join(node, gateway, epoch));
            if (connected.lent()) {
                departures.sendBackIfClosed(node);
            }
        } else if (before.get().epoch() == epoch && before.get().drained() != drained) {
            happened(new PoolEvent.NodeAdmitted(node, gateway, epoch, drained));
            if (drained) {
                pool.activeOn(node).forEach(this::returnToQueue);
            }
        }
    }

    /**
     * Returns whether a node is back over the connection over which it was dismissed, and the pool has not heard how the attempts ended that were ordered over it.
     * Over one connection, reports from before the dismissal and from after it can't be distinguished.
     */
    private boolean mayRunWhatItLeft(String node, long epoch) {
        return pool.node(node)
                        .filter(known -> known.standing() == Node.Standing.DISMISSED && known.epoch() == epoch)
                        .isPresent()
                && !pool.activeOn(node).isEmpty();
    }

    private void removed(String node) {
        pool.admitted(node).ifPresent(at -> {
            happened(new PoolEvent.NodeDismissed(node));
            orders.add(new NodeOrder.Leave(node, at.gateway(), at.epoch()));
        });
    }

    private int slots(PoolInput.NodeReport report) {
        return pool.slotsPerNode() == 0 ? report.slots() : Math.min(report.slots(), pool.slotsPerNode());
    }

    private void report(PoolInput.NodeReport report) {
        if (pool.admitted(report.node())
                .filter(at -> at.epoch() == report.epoch())
                .isEmpty()) {
            orders.add(new NodeOrder.Leave(report.node(), report.gateway(), report.epoch()));
            return;
        }
        Optional<Node> known = pool.node(report.node());
        boolean isOld = known.isPresent()
                && (report.epoch() < known.get().epoch()
                        || known.get().lost() && report.epoch() == known.get().epoch());
        if (isOld) {
            return;
        }
        boolean booted = known.isPresent() && !known.get().boot().equals(report.boot());
        boolean wasDismissed = known.filter(before -> before.standing() == Node.Standing.DISMISSED)
                .isPresent();
        if (known.isEmpty()
                || differs(known.get(), report)
                || pool.isUnannounced(report.node(), ANNOUNCED_AGAIN, logTime)) {
            happened(new PoolEvent.NodeJoined(
                    report.node(),
                    report.gateway(),
                    report.epoch(),
                    report.boot(),
                    slots(report),
                    report.capabilities(),
                    report.address()));
            known.filter(before -> !before.enabled())
                    .ifPresent(before -> happened(new PoolEvent.SchedulingChanged(
                            before.id(), false, before.scheduling() == Node.Scheduling.DISABLED_AND_EMPTIED)));
        }
        departures.reported(report.node(), report.boot());
        pool.heard(report.node(), logTime);
        orders.add(new NodeOrder.Grant(report.node(), report.number()));
        Set<Token> unknown = new HashSet<>(report.holding());
        for (Task task : pool.activeOn(report.node())) {
            Active active = (Active) task.state();
            Token token = new Token(task.definition().id(), active.placement());
            if (unknown.remove(token)) {
                if (isEnding(active)) {
                    // The order may have been lost with the connection.
                    orders.add(new NodeOrder.Stop(report.node(), token));
                } else if (pool.isEmptied(report.node())) {
                    returnToQueue(task);
                } else {
                    stopAsRuled(task.definition().id());
                    proceedIfCoordinated(report.node(), token);
                }
            } else {
                // A node that was dismissed has killed what it ran, and said nothing of it.
                missing(report, token, active, booted || wasDismissed);
            }
        }
        unknown.stream()
                .sorted(Comparator.comparing(Token::taskId).thenComparing(Token::placement))
                .limit(MOST_KILLED)
                .forEach(token -> orders.add(new NodeOrder.Kill(report.node(), token)));
    }

    private boolean differs(Node known, PoolInput.NodeReport report) {
        return known.standing() != Node.Standing.LIVE
                || known.epoch() != report.epoch()
                || known.gateway() != report.gateway()
                || !known.boot().equals(report.boot())
                || known.slots() != slots(report)
                || !known.capabilities().equals(report.capabilities())
                || !known.address().equals(report.address());
    }

    /** Notes that a node does not hold an attempt that it should: either the order is on its way, or it never came, or the program is gone. */
    private void missing(PoolInput.NodeReport report, Token token, Active active, boolean mayHaveBegun) {
        switch (active.member(report.node()).orElseThrow()) {
            case Member.Ordered(long epoch) when !mayHaveBegun && epoch == report.epoch() -> {
                // The order is on its way.
            }
            case Member.Ordered _ when !mayHaveBegun -> over(report.node(), token, new Ending.NeverBegan());
            default -> over(report.node(), token, new Ending.NodeLost());
        }
    }

    private void silent(String node) {
        Optional<Node> known = pool.node(node);
        if (known.isEmpty() || known.get().lost() || !isUnheard(known.get(), logTime)) {
            return;
        }
        if (!isDue(known.get(), logTime)) {
            if (pool.isToBeUnheard(known.get())) {
                happened(new PoolEvent.NodeUnheard(node));
            }
            return;
        }
        happened(new PoolEvent.NodeLost(node));
        // The connection of a device that was dismissed may be one of another pool's nodes now.
        if (pool.admitted(node).isPresent()) {
            orders.add(new NodeOrder.Disconnect(
                    node, known.get().gateway(), known.get().epoch()));
        }
        for (Task task : pool.activeOn(node)) {
            over(node, new Token(task.definition().id(), ((Active) task.state()).placement()), new Ending.NodeLost());
        }
    }

    private static boolean isUnheard(Node node, Instant logTime) {
        return !logTime.isBefore(node.heardAt().plus(UNHEARD));
    }

    /** Returns whether a node's lease is over by any clock, with all that it ran. */
    private static boolean isDue(Node node, Instant logTime) {
        return !logTime.isBefore(node.heardAt().plus(LEASE).plus(GRACE));
    }

    /** Returns the attempt of a token, if a node holds a part of it that isn't over. */
    private Optional<Active> held(String node, Token token) {
        return pool.task(token.taskId())
                .map(Task::state)
                .filter(Active.class::isInstance)
                .map(Active.class::cast)
                .filter(active -> active.placement() == token.placement())
                .filter(active -> active.member(node)
                        .filter(member -> !(member instanceof Member.Over))
                        .isPresent());
    }

    private void started(String node, Token token) {
        if (held(node, token)
                .flatMap(active -> active.member(node))
                .filter(Member.Ordered.class::isInstance)
                .isPresent()) {
            happened(new PoolEvent.AttemptStarted(token, node, now));
        }
    }

    private void coordinated(String node, Token token) {
        started(node, token);
        if (held(node, token)
                .flatMap(active -> active.member(node))
                .filter(Member.Running.class::isInstance)
                .isPresent()) {
            happened(new PoolEvent.AttemptCoordinated(token, node));
            held(node, token)
                    .filter(active -> !isEnding(active))
                    .ifPresent(active -> proceedIfCoordinated(active.primary(), token));
        }
    }

    /** Orders the primary to run the task's command where all nodes have run the coordination command. An order may be lost with its connection, and a second one has no effect. */
    private void proceedIfCoordinated(String node, Token token) {
        if (held(node, token)
                .filter(active -> active.isPrimary(node) && active.isCoordinated() && !isEnding(active))
                .isPresent()) {
            orders.add(new NodeOrder.Proceed(node, token));
        }
    }

    private void undelivered(String node, Token token, long epoch) {
        if (pool.node(node).filter(known -> known.epoch() == epoch).isPresent()) {
            pool.unreachable(node);
        }
        neverBegan(node, token);
    }

    private void neverBegan(String node, Token token) {
        if (held(node, token)
                .flatMap(active -> active.member(node))
                .filter(Member.Ordered.class::isInstance)
                .isPresent()) {
            over(node, token, new Ending.NeverBegan());
        }
    }

    /** Notes that a node gives an attempt back. Where that came over its present connection, and nobody asked for the end, the node has less room than the pool assumed. */
    private void returned(String node, Token token) {
        boolean isFull = held(node, token)
                .filter(active -> !isEnding(active))
                .flatMap(active -> active.member(node))
                .filter(member -> member instanceof Member.Ordered(long epoch)
                        && pool.node(node)
                                .filter(known -> known.epoch() == epoch)
                                .isPresent())
                .isPresent();
        neverBegan(node, token);
        if (isFull) {
            pool.full(node);
        }
    }

    private void exited(String node, Token token, Ending.Exited exited) {
        if (exited.cause() == Cause.RETURNED) {
            returned(node, token);
            return;
        }
        if (held(node, token).isPresent() && exited.cause() == Cause.ITSELF) {
            pool.ended(node, now);
        }
        over(node, token, exited);
    }

    private void over(String node, Token token, Ending ending) {
        Optional<Active> before = held(node, token);
        if (before.isEmpty()) {
            return;
        }
        happened(new PoolEvent.AttemptOver(token, node, ending));
        Task task = pool.task(token.taskId()).orElseThrow();
        Active active = (Active) task.state();
        if (active.isOver()) {
            happened(new Succession(pool, now).after(task.definition(), active));
            forgetIfUnwanted(token.taskId());
            noteIdle(task.definition().group());
        } else if (isEnding(active) && !isEnding(before.get())) {
            orderStop(token, active);
        }
        departures.releaseIfEmpty(node);
    }

    /** Returns whether all parts of an attempt are to end: somebody asked for it, its primary has ended, or a part has failed. */
    private static boolean isEnding(Active active) {
        return active.stopping()
                || active.returning()
                || active.members().entrySet().stream()
                        .anyMatch(part -> part.getValue() instanceof Member.Over(Ending ending)
                                && (active.isPrimary(part.getKey()) || !Succession.isSuccess(ending)));
    }

    private void complete(String taskId, Outcome outcome) {
        TaskState before = pool.task(taskId).orElseThrow().state();
        Optional<Instant> startedAt = before instanceof Active active ? active.startedAt() : Optional.empty();
        happened(new PoolEvent.TaskCompleted(taskId, outcome, before.attempt(), startedAt, now));
        forgetIfUnwanted(taskId);
    }

    /** Forgets a task that has ended and for which nobody asks. */
    private void forgetIfUnwanted(String taskId) {
        Task task = pool.task(taskId).orElseThrow();
        if (task.state() instanceof TaskState.Completed
                && (task.disowned() || task.definition().droppedAtEnd())) {
            happened(new PoolEvent.TaskForgotten(taskId));
        }
    }

    private void due(String taskId) {
        pool.task(taskId).map(Task::state).ifPresent(state -> {
            if (state instanceof TaskState.BackingOff(Attempt attempt, Instant until) && !until.isAfter(now)) {
                happened(new PoolEvent.TaskRequeued(taskId, attempt));
            }
        });
    }

    private void notPlaced(Task task) {
        if (pool.unplaced().isNews(Unplaced.Kind.of(task.definition()), now)) {
            happened(new PoolEvent.TaskNotPlaced(
                    task.definition().id(), task.state().attempt(), PoolEvent.NotPlaced.NO_FREE_SLOTS));
        }
    }

    private void remind() {
        pool.unplaced()
                .due(now)
                .forEach(kind -> pool.queues()
                        .first(kind.shape(), kind.group())
                        .ifPresentOrElse(this::notPlaced, () -> pool.unplaced().forget(kind)));
    }

    /** Returns the node that a task prefers, if that has room. */
    private Optional<Node> preferred(TaskDefinition task) {
        return task.prefers()
                .filter(_ -> task.nodes() == 1)
                .flatMap(pool::node)
                .filter(node -> node.free() >= task.slots() && node.canRun(task.shape()));
    }

    /** Places tasks in their order; one that finds no room lets others pass that find some. */
    private void place(int most) {
        Queues queues = pool.queues();
        int placed = pool.reservation()
                .end(now)
                .map(ready -> place(ready.gang(), ready.nodes()))
                .orElse(0);
        queues.beginRound();
        for (int asked = 0; placed < most && asked < MOST_ASKED; asked++) {
            Optional<Task> head = queues.next();
            if (head.isEmpty()) {
                return;
            }
            Task task = head.get();
            if (!pool.suits(task.definition())) {
                queues.pass(task);
                continue;
            }
            List<Node> chosen = preferred(task.definition())
                    .map(List::of)
                    .orElseGet(() -> pool.choose(task.definition().shape(), placement == Placement.SPREAD, now));
            if (chosen.isEmpty()) {
                queues.pass(task);
                if (task.definition().nodes() > 1) {
                    pool.reservation().hold(task, now);
                }
                queues.firsts(task.definition().shape(), MOST_SPEAKERS).forEach(this::notPlaced);
                continue;
            }
            placed += place(task, chosen);
        }
    }

    /** Places a task on nodes. @return how many they are */
    private int place(Task task, List<Node> chosen) {
        pool.unplaced().placed(Unplaced.Kind.of(task.definition()));
        Token token = new Token(task.definition().id(), pool.nextPlacement());
        happened(new PoolEvent.TaskPlaced(
                token,
                task.state().attempt(),
                chosen.stream()
                        .map(node -> new PoolEvent.Place(node.id(), node.epoch()))
                        .toList()));
        chosen.forEach(node -> orders.add(new NodeOrder.Start(node.id(), token)));
        return chosen.size();
    }
}
