package io.muster.node.work;

import io.muster.node.work.Held.Asked;
import io.muster.node.work.Held.Delivery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedSet;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/**
 * Decides for a node. A program is started only while the lease is held and slots are free, in the order in which programs became ready; one that waits for slots
 * for too long is given back to the pool. Programs are killed when the lease is over; an order to start counts only over the
 * connection that it came by, until the program is started; an end is said over each connection until the pool has acknowledged it, and behind all output.
 * For one thread. Contract: docs/nodes.md.
 */
public final class NodeWork {
    /** Bounds the attempts that a node holds: a report names no more. Contract: docs/nodes.md. */
    static final int MOST_ATTEMPTS = 4096;

    /** Bounds the names of attempts in a report, which a hub takes up to 256 KiB of. */
    static final int MOST_BYTES_OF_NAMES = 200_000;

    private static final int BYTES_BESIDE_A_NAME = 50;
    private static final int BYTES_OF_ESCAPED = 6;

    /** Bounds the reports of which the node knows when it sent them. */
    private static final int MOST_NUMBERS = 64;

    private static final int REPORTS_PER_LEASE = 3;
    /** Passes between reports at most, however long the lease is: a pool that misses three places nothing more on the node. */
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    /** Passes before what the hub did not take is said again. */
    private static final Duration AGAIN = Duration.ofMillis(500);

    /** Passes before an attempt that waits for a slot is given back: other nodes may have one. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

    /** Is the pool that the node is in. */
    private record Membership(String poolId, Duration lease) {}

    private final String boot;
    private final Map<AttemptKey, Held> attempts = new LinkedHashMap<>();
    /** Holds how many slots attempts take, of all that have not ended. */
    private final Map<AttemptKey, Integer> takes = new HashMap<>();
    /** Holds the attempts that wait for slots, the first that became ready first. */
    private final SequencedSet<AttemptKey> waiting = new LinkedHashSet<>();
    /** Holds when reports were sent. */
    private final TreeMap<Long, Long> sentAt = new TreeMap<>();

    private NodeFacts facts;
    private int usedSlots;
    private Optional<Membership> pool = Optional.empty();
    private int connection;
    private boolean joined;
    private long lastNumber;
    private boolean reportIsDue;
    private long nextReportAt;
    private OptionalLong leaseUntil = OptionalLong.empty();
    private int bytesOfNames;
    private boolean endsSoon;
    private List<Effect> effects = new ArrayList<>();

    /**
     * Makes one.
     *
     * @param boot differs between two runs of the node's program
     * @param left how those attempts ended that an earlier run took and whose end no pool has acknowledged
     */
    public NodeWork(String boot, NodeFacts facts, Map<AttemptKey, Ending> left) {
        this.boot = boot;
        this.facts = facts;
        left.forEach((key, ending) -> {
            attempts.put(key, new Held.Over(ending, Delivery.UNSAID));
            bytesOfNames += bytesOfName(key);
        });
    }

    /** Decides about an input. @param now by a clock that only goes forwards, in nanoseconds @return what to do, in this order */
    public List<Effect> on(Input input, long now) {
        effects = new ArrayList<>();
        switch (input) {
            case Input.Disconnected(int over) when over >= connection -> disconnected(over);
            case Input.Ordered(int over, Order order)
            when over >= connection -> {
                connection = over;
                ordered(order, now);
            }
            case Input.Disconnected _, Input.Ordered _ -> {
                // Inputs of an earlier connection are ignored.
            }
            case Input.Prepared(AttemptKey key) -> prepared(key, now);
            case Input.Started(AttemptKey key) -> started(key);
            case Input.Coordinated(AttemptKey key) -> coordinated(key);
            case Input.NotStarted(AttemptKey key, String detail) -> notStarted(key, detail, now);
            case Input.Ended(AttemptKey key, Ending ending) -> ended(key, ending, now);
            case Input.Delivered(AttemptKey key) -> delivered(key);
            case Input.Said said -> said(said, now);
            case Input.FactsFound(NodeFacts found) -> factsFound(found);
            case Input.Tick _ -> {
                // Due work is done behind each input.
            }
            case Input.Shutdown _ -> shutdown(now);
        }
        endLease(now);
        launchReady(now);
        giveBack(now);
        report(now);
        return effects;
    }

    /** Returns whether no program runs, and all that is to be said has been said. */
    public boolean isQuiet() {
        return attempts.values().stream()
                .allMatch(held -> held instanceof Held.Over over
                        && (over.delivery() == Delivery.SAID || !joined && over.delivery() == Delivery.UNSAID));
    }

    private void ordered(Order order, long now) {
        if (order instanceof Order.Join(String poolId, Duration lease)) {
            join(poolId, lease);
            return;
        }
        if (!joined || pool.isEmpty() || !pool.get().poolId().equals(order.poolId())) {
            return;
        }
        switch (order) {
            case Order.Join _ -> throw new IllegalStateException("a join was handled before");
            case Order.Leave(String poolId) -> leave(poolId);
            case Order.Lease lease -> lease(lease.number(), now);
            case Order.Start(String poolId, Token token, int slots, TaskProgram program) ->
                start(new AttemptKey(poolId, token), slots, program);
            case Order.StartUnreadable(String poolId, Token token, String reason) ->
                refuse(new AttemptKey(poolId, token), "The order can't be read: " + reason);
            case Order.Proceed(String poolId, Token token) -> proceed(new AttemptKey(poolId, token), now);
            case Order.Stop(String poolId, Token token) -> ask(new AttemptKey(poolId, token), Asked.STOP);
            case Order.Kill(String poolId, Token token) -> ask(new AttemptKey(poolId, token), Asked.KILL);
            case Order.Acknowledge(String poolId, Token token, boolean again) ->
                acknowledge(new AttemptKey(poolId, token), again);
            case Order.Restart(String _, String of) -> {
                if (of.equals(boot)) {
                    effects.add(new Effect.Restart());
                }
            }
        }
    }

    private void join(String poolId, Duration lease) {
        if (pool.isPresent() && !pool.get().poolId().equals(poolId)) {
            leave(pool.get().poolId());
        }
        forgetUnstarted();
        // Another pool has dismissed this node, and waits for nothing.
        forgetIf((key, held) -> held instanceof Held.Over && !key.poolId().equals(poolId));
        pool = Optional.of(new Membership(poolId, lease));
        joined = true;
        effects.add(new Effect.KeepFoldersOf(Optional.of(poolId)));
        effects.add(new Effect.OpenOutput(connection, poolId));
        reportIsDue = true;
        attempts.replaceAll(
                (_, held) -> held instanceof Held.Over(Ending ending, Delivery delivery) && delivery == Delivery.SAID
                        ? new Held.Over(ending, Delivery.UNSAID)
                        : held);
    }

    private void leave(String poolId) {
        forgetUnstarted();
        attempts.keySet().stream()
                .filter(key -> key.poolId().equals(poolId))
                .toList()
                .forEach(key -> {
                    ask(key, Asked.FENCE);
                    effects.add(new Effect.DropOutput(key));
                });
        forgetIf((key, held) -> held instanceof Held.Over && key.poolId().equals(poolId));
        pool = Optional.empty();
        effects.add(new Effect.KeepFoldersOf(Optional.empty()));
        part();
        leaseUntil = OptionalLong.empty();
        sentAt.clear();
    }

    private void disconnected(int over) {
        connection = over + 1;
        part();
        forgetUnstarted();
    }

    private void part() {
        if (joined) {
            joined = false;
            effects.add(new Effect.CloseOutput());
        }
    }

    /** Forgets attempts whose program was not started: over the next connection the pool hears that they aren't held. */
    private void forgetUnstarted() {
        forgetIf((_, held) -> held instanceof Held.Preparing || held instanceof Held.Ready);
    }

    private void forgetIf(BiPredicate<AttemptKey, Held> condition) {
        List.copyOf(attempts.entrySet()).stream()
                .filter(entry -> condition.test(entry.getKey(), entry.getValue()))
                .map(Map.Entry::getKey)
                .toList()
                .forEach(this::forget);
    }

    private void forget(AttemptKey key) {
        forget(key, false);
    }

    private void forget(AttemptKey key, boolean taskIsOver) {
        release(key);
        if (attempts.remove(key) != null) {
            bytesOfNames -= bytesOfName(key);
        }
        effects.add(new Effect.Forget(key, taskIsOver));
    }

    private void lease(long number, long now) {
        Long sent = sentAt.get(number);
        if (sent == null) {
            return;
        }
        sentAt.headMap(number).clear();
        long until = sent + pool.orElseThrow().lease().toNanos();
        if (until - now <= 0 || leaseUntil.isPresent() && until - leaseUntil.getAsLong() <= 0) {
            return;
        }
        leaseUntil = OptionalLong.of(until);
        effects.add(new Effect.HoldLease(until));
    }

    private void start(AttemptKey key, int slots, TaskProgram program) {
        if (attempts.containsKey(key) || !takeRoom(key, Ending.returned())) {
            return;
        }
        if (endsSoon) {
            over(key, Ending.returned(), Delivery.UNSAID);
            return;
        }
        attempts.put(key, new Held.Preparing());
        takes.put(key, slots);
        effects.add(new Effect.KeepStart(key));
        effects.add(new Effect.Prepare(key, program));
    }

    private void refuse(AttemptKey key, String reason) {
        Ending ending = Ending.notStarted(reason);
        if (!attempts.containsKey(key) && takeRoom(key, ending)) {
            over(key, ending, Delivery.UNSAID);
        }
    }

    /** Takes room for one more attempt; where there is none, it is not held, and its end is said once. */
    private boolean takeRoom(AttemptKey key, Ending without) {
        int bytes = bytesOfName(key);
        if (attempts.size() >= MOST_ATTEMPTS || bytesOfNames + bytes > MOST_BYTES_OF_NAMES) {
            say(key, new Report.Exited(key.token(), without));
            return false;
        }
        bytesOfNames += bytes;
        return true;
    }

    /** Returns no less than a token takes in a report. */
    private static int bytesOfName(AttemptKey key) {
        return BYTES_BESIDE_A_NAME
                + key.token()
                        .taskId()
                        .chars()
                        .map(letter -> letter >= ' ' && letter < 0x7f && letter != '"' && letter != '\\'
                                ? 1
                                : BYTES_OF_ESCAPED)
                        .sum();
    }

    private void ask(AttemptKey key, Asked asked) {
        Held held = attempts.get(key);
        if (held == null) {
            return;
        }
        switch (held) {
            // The pool decides whether somebody stopped the task, or it goes to another node.
            case Held.Preparing _, Held.Ready _ when asked == Asked.STOP -> giveBack(key);
            case Held.Preparing _, Held.Ready _ -> {
                effects.add(new Effect.Cancel(key));
                over(key, Ending.stoppedBeforeItsStart(), Delivery.UNSAID);
            }
            case Held.Launching(Asked before) -> attempts.put(key, new Held.Launching(before.or(asked)));
            case Held.Running(Asked before, boolean said) -> {
                attempts.put(key, new Held.Running(before.or(asked), said));
                // The pool repeats a stop behind each report, and a program hears it once.
                if (asked != Asked.STOP || before == Asked.NOTHING) {
                    carryOut(key, asked);
                }
            }
            case Held.Coordinated _ -> {
                attempts.put(key, new Held.Running(asked, true));
                carryOut(key, asked);
            }
            case Held.Over _ -> {
                // It is so already.
            }
        }
    }

    private void carryOut(AttemptKey key, Asked asked) {
        switch (asked) {
            case NOTHING -> {
                // Nobody asked for anything.
            }
            case STOP -> effects.add(new Effect.Stop(key));
            case KILL, FENCE -> effects.add(new Effect.Kill(key));
        }
    }

    private void acknowledge(AttemptKey key, boolean again) {
        if (attempts.get(key) instanceof Held.Over) {
            forget(key, !again);
        }
    }

    private void prepared(AttemptKey key, long now) {
        if (attempts.get(key) instanceof Held.Preparing) {
            attempts.put(key, new Held.Ready(now));
            waiting.add(key);
        }
    }

    /** Starts what waits, in its order, as far as slots are free. */
    private void launchReady(long now) {
        while (!waiting.isEmpty() && holdsLease(now)) {
            AttemptKey key = waiting.getFirst();
            int slots = takes.getOrDefault(key, 1);
            if (slots > facts.slots() - usedSlots) {
                return;
            }
            waiting.removeFirst();
            usedSlots += slots;
            attempts.put(key, new Held.Launching(Asked.NOTHING));
            effects.add(new Effect.KeepLaunch(key));
            effects.add(new Effect.Launch(key));
        }
    }

    /** Gives back what has waited for slots for too long. */
    private void giveBack(long now) {
        while (!waiting.isEmpty()
                && holdsLease(now)
                && attempts.get(waiting.getFirst()) instanceof Held.Ready(long since)
                && now - since > LONGEST_WAIT.toNanos()) {
            giveBack(waiting.getFirst());
        }
    }

    /** Gives back an attempt whose program was not started. */
    private void giveBack(AttemptKey key) {
        effects.add(new Effect.Cancel(key));
        over(key, Ending.returned(), Delivery.UNSAID);
    }

    /** Has an attempt take no slots any more, nor wait for them. */
    private void release(AttemptKey key) {
        waiting.remove(key);
        Integer slots = takes.remove(key);
        if (slots != null
                && switch (attempts.get(key)) {
                    case Held.Launching _, Held.Running _, Held.Coordinated _ -> true;
                    case null, default -> false;
                }) {
            usedSlots -= slots;
        }
    }

    private void started(AttemptKey key) {
        if (attempts.get(key) instanceof Held.Launching(Asked asked)) {
            attempts.put(key, new Held.Running(asked, false));
            carryOut(key, asked);
            if (isMember(key) && joined) {
                say(key, new Report.Started(key.token()));
            }
        }
    }

    /** Notes that a coordination command is through. One that was killed meanwhile is killed again: what that command left running may have begun to wait behind the first time. */
    private void coordinated(AttemptKey key) {
        if (attempts.get(key) instanceof Held.Running(Asked asked, boolean _)) {
            if (asked == Asked.NOTHING) {
                attempts.put(key, new Held.Coordinated(false));
                sayCoordinated(key);
            } else if (asked != Asked.STOP) { // A stop kills behind its grace.
                carryOut(key, asked);
            }
        }
    }

    private void sayCoordinated(AttemptKey key) {
        if (joined && isMember(key) && attempts.get(key) instanceof Held.Coordinated(boolean said) && !said) {
            say(key, new Report.Coordinated(key.token()));
        }
    }

    /** Starts the command of a task's first node, but behind the end of the lease, when another node may run it. */
    private void proceed(AttemptKey key, long now) {
        if (attempts.get(key) instanceof Held.Coordinated && holdsLease(now)) {
            attempts.put(key, new Held.Running(Asked.NOTHING, true));
            effects.add(new Effect.Proceed(key));
        }
    }

    private void notStarted(AttemptKey key, String detail, long now) {
        switch (attempts.get(key)) {
            case Held.Preparing _ -> over(key, Ending.notStarted(detail), Delivery.UNSAID);
            case Held.Launching _ when !holdsLease(now) -> forget(key);
            case Held.Launching(Asked asked) ->
                over(
                        key,
                        switch (asked) {
                            case NOTHING -> Ending.notStarted(detail);
                            case STOP, KILL -> Ending.stoppedBeforeItsStart();
                            // The node ends, or held no lease meanwhile: other nodes may run it at once.
                            case FENCE -> Ending.returned();
                        },
                        Delivery.UNSAID);
            case null, default -> {
                // It is forgotten, or has begun.
            }
        }
    }

    private void ended(AttemptKey key, Ending ending, long now) {
        Asked asked = switch (attempts.get(key)) {
            case Held.Launching(Asked before) -> before;
            case Held.Running running -> running.asked();
            case Held.Coordinated _ -> Asked.NOTHING;
            case null, default -> null;
        };
        if (asked == null) {
            return;
        }
        // Without a lease it may have been the watchdog.
        boolean fenced = asked == Asked.FENCE || !holdsLease(now);
        over(key, fenced ? ending.fenced() : ending, Delivery.OUTPUT);
    }

    private void over(AttemptKey key, Ending ending, Delivery delivery) {
        if (!isMember(key)) {
            forget(key);
            return;
        }
        release(key);
        attempts.put(key, new Held.Over(ending, delivery));
        effects.add(new Effect.KeepEnding(key, ending));
        sayEnding(key);
    }

    private void delivered(AttemptKey key) {
        if (attempts.get(key) instanceof Held.Over(Ending ending, Delivery delivery) && delivery == Delivery.OUTPUT) {
            attempts.put(key, new Held.Over(ending, Delivery.UNSAID));
            sayEnding(key);
        }
    }

    private void sayEnding(AttemptKey key) {
        if (joined
                && isMember(key)
                && attempts.get(key) instanceof Held.Over(Ending ending, Delivery delivery)
                && delivery == Delivery.UNSAID) {
            attempts.put(key, new Held.Over(ending, Delivery.SAID));
            say(key, new Report.Exited(key.token(), ending));
        }
    }

    private void say(AttemptKey key, Report report) {
        effects.add(new Effect.Say(connection, key.poolId(), report));
    }

    /** Repeats a report that the hub did not take; one that was lost with a connection is repeated behind the next join. */
    private void said(Input.Said said, long now) {
        boolean isLost = !said.acknowledged() && said.connection() == connection && joined;
        if (isLost && nextReportAt - now > AGAIN.toNanos()) {
            nextReportAt = now + AGAIN.toNanos();
        }
        switch (said.report()) {
            case Report.Node _ -> {
                // The next one says it.
            }
            case Report.Started(Token token) -> {
                AttemptKey key = new AttemptKey(said.poolId(), token);
                if (said.acknowledged() && attempts.get(key) instanceof Held.Running running) {
                    attempts.put(key, new Held.Running(running.asked(), true));
                }
            }
            case Report.Coordinated(Token token) -> {
                AttemptKey key = new AttemptKey(said.poolId(), token);
                if (said.acknowledged() && attempts.get(key) instanceof Held.Coordinated) {
                    attempts.put(key, new Held.Coordinated(true));
                }
            }
            case Report.Exited exited -> {
                AttemptKey key = new AttemptKey(said.poolId(), exited.token());
                if (isLost
                        && attempts.get(key) instanceof Held.Over(Ending ending, Delivery delivery)
                        && delivery == Delivery.SAID) {
                    attempts.put(key, new Held.Over(ending, Delivery.UNSAID));
                }
            }
        }
    }

    private void factsFound(NodeFacts found) {
        if (!endsSoon && !found.equals(facts)) {
            facts = found;
            reportIsDue = true;
        }
    }

    /** Reports first that there are no slots any more, so that what comes back is placed elsewhere. */
    private void shutdown(long now) {
        endsSoon = true;
        facts = new NodeFacts(0, facts.capabilities(), facts.address());
        reportIsDue = true;
        report(now);
        List.copyOf(attempts.entrySet()).forEach(entry -> {
            switch (entry.getValue()) {
                case Held.Launching _ -> attempts.put(entry.getKey(), new Held.Launching(Asked.FENCE));
                case Held.Running running -> {
                    attempts.put(entry.getKey(), new Held.Running(Asked.FENCE, running.said()));
                    effects.add(new Effect.Stop(entry.getKey()));
                }
                case Held.Coordinated _ -> {
                    attempts.put(entry.getKey(), new Held.Running(Asked.FENCE, true));
                    effects.add(new Effect.Stop(entry.getKey()));
                }
                case Held.Preparing _, Held.Ready _ -> giveBack(entry.getKey());
                case Held.Over _ -> {
                    // Nothing runs.
                }
            }
        });
    }

    private boolean isMember(AttemptKey key) {
        return pool.isPresent() && pool.get().poolId().equals(key.poolId());
    }

    private boolean holdsLease(long now) {
        return leaseUntil.isPresent() && leaseUntil.getAsLong() - now > 0;
    }

    /** Kills programs when the lease is over, and closes the connection, so that no order of before is heard behind that. */
    private void endLease(long now) {
        if (leaseUntil.isEmpty() || holdsLease(now)) {
            return;
        }
        leaseUntil = OptionalLong.empty();
        forgetUnstarted();
        List.copyOf(attempts.keySet()).forEach(key -> ask(key, Asked.FENCE));
        if (joined) {
            part();
            effects.add(new Effect.Disconnect(connection));
        }
    }

    private void report(long now) {
        if (!joined || !reportIsDue && nextReportAt - now > 0) {
            return;
        }
        Membership member = pool.orElseThrow();
        boolean isFirst = reportIsDue;
        reportIsDue = false;
        nextReportAt = now + Math.min(member.lease().toNanos() / REPORTS_PER_LEASE, LONGEST_PAUSE.toNanos());
        lastNumber++;
        sentAt.put(lastNumber, now);
        if (sentAt.size() > MOST_NUMBERS) {
            sentAt.pollFirstEntry();
        }
        List<Token> holding = attempts.keySet().stream()
                .filter(this::isMember)
                .map(AttemptKey::token)
                .toList();
        effects.add(new Effect.Say(connection, member.poolId(), new Report.Node(lastNumber, boot, facts, holding)));
        attempts.keySet().stream().filter(this::isMember).toList().forEach(key -> {
            if (isFirst && attempts.get(key) instanceof Held.Running running && !running.said()) {
                say(key, new Report.Started(key.token()));
            }
            if (isFirst) {
                sayCoordinated(key);
            }
            sayEnding(key);
        });
    }
}
