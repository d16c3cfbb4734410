package io.muster.node.work;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.node.wire.ReportWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tells what a node does by what it heard: words, and the words of what follows. The lease of pool {@code p} is 15 s. */
class NodeWorkTest {
    private static final TaskProgram PROGRAM = new TaskProgram(
            List.of(),
            List.of("true"),
            Map.of(),
            Map.of(),
            List.of(),
            List.of(),
            "",
            Optional.empty(),
            Duration.ofSeconds(5),
            Optional.empty(),
            Optional.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalDouble.empty(),
            Optional.empty());
    private static final String RUNNING = "join p; lease 1; start a; prepared a; started a; ";

    /** Is a node that hears words. */
    private static final class Node {
        private final NodeWork work;
        private long now = Duration.ofDays(3).toNanos();
        private int connection;
        private Optional<String> keepsFoldersOf = Optional.of("any");

        Node() {
            this(Map.of());
        }

        Node(Map<AttemptKey, Ending> left) {
            work = new NodeWork("boot", new NodeFacts(2, List.of("bash"), ""), left);
        }

        /** Returns what follows the last of the inputs. */
        String hear(String inputs) {
            List<Effect> effects = List.of();
            for (String input : inputs.split(";")) {
                if (!input.isBlank()) {
                    effects = hearOne(input.strip());
                }
            }
            effects.forEach(effect -> {
                if (effect instanceof Effect.KeepFoldersOf(Optional<String> poolId)) {
                    keepsFoldersOf = poolId;
                }
            });
            return effects.stream()
                    .filter(effect -> !(effect instanceof Effect.KeepFoldersOf))
                    .map(this::word)
                    .collect(Collectors.joining("; "));
        }

        List<Effect> hearOne(String input) {
            String[] words = input.split(" ");
            String of = words.length > 1 ? words[1] : "";
            AttemptKey key = key(of);
            Token token = key.token();
            Input heard = switch (words[0]) {
                case "join" -> ordered(new Order.Join(of, Duration.ofSeconds(15)));
                case "join-for-a-minute" -> ordered(new Order.Join(of, Duration.ofMinutes(1)));
                case "leave" -> ordered(new Order.Leave(of));
                case "lease" -> ordered(new Order.Lease("p", Long.parseLong(of)));
                case "start" -> ordered(new Order.Start("p", token, 1, PROGRAM));
                case "wide" -> ordered(new Order.Start("p", token, 2, PROGRAM));
                case "start-of-q" -> ordered(new Order.Start("q", token, 1, PROGRAM));
                case "unreadable" -> ordered(new Order.StartUnreadable("p", token, "odd"));
                case "proceed" -> ordered(new Order.Proceed("p", token));
                case "stop" -> ordered(new Order.Stop("p", token));
                case "kill" -> ordered(new Order.Kill("p", token));
                case "restart" -> ordered(new Order.Restart("p", of));
                case "ack" -> ordered(new Order.Acknowledge("p", token, false));
                case "ack-again" -> ordered(new Order.Acknowledge("p", token, true));
                case "late-start" -> new Input.Ordered(connection - 1, new Order.Start("p", token, 1, PROGRAM));
                case "prepared" -> new Input.Prepared(key);
                case "started" -> new Input.Started(key);
                case "coordinated" -> new Input.Coordinated(key);
                case "said-coordinated" -> new Input.Said(connection, "p", new Report.Coordinated(token), true);
                case "not-started" -> new Input.NotStarted(key, "no file");
                case "ended" -> new Input.Ended(key, new Ending(Integer.parseInt(words[2]), Ending.Cause.ITSELF, ""));
                case "killed" -> new Input.Ended(key, new Ending(137, Ending.Cause.STOPPED, ""));
                case "delivered" -> new Input.Delivered(key);
                case "said-started" -> new Input.Said(connection, "p", new Report.Started(token), true);
                case "lost-exit" ->
                    new Input.Said(
                            connection, "p", new Report.Exited(token, new Ending(0, Ending.Cause.ITSELF, "")), false);
                case "cut" -> new Input.Disconnected(connection++);
                case "php" -> new Input.FactsFound(new NodeFacts(2, List.of("bash", "php"), ""));
                case "shutdown" -> new Input.Shutdown();
                case "pass" -> {
                    now += Duration.ofMillis((long) (Double.parseDouble(of) * 1000))
                            .toNanos();
                    yield new Input.Tick();
                }
                default -> throw new IllegalArgumentException(input);
            };
            return work.on(heard, now);
        }

        private Input ordered(Order order) {
            return new Input.Ordered(connection, order);
        }

        private String word(Effect effect) {
            return switch (effect) {
                case Effect.KeepStart(AttemptKey key) -> "keep " + name(key);
                case Effect.KeepLaunch(AttemptKey key) -> "keep " + name(key) + " launched";
                case Effect.KeepEnding(AttemptKey key, Ending ending) -> "keep " + name(key) + " " + word(ending);
                case Effect.Prepare(AttemptKey key, TaskProgram program) -> "prepare " + name(key);
                case Effect.Launch(AttemptKey key) -> "launch " + name(key);
                case Effect.Proceed(AttemptKey key) -> "proceed " + name(key);
                case Effect.Stop(AttemptKey key) -> "stop " + name(key);
                case Effect.Kill(AttemptKey key) -> "kill " + name(key);
                case Effect.DropOutput(AttemptKey key) -> "drop " + name(key);
                case Effect.Cancel(AttemptKey key) -> "cancel " + name(key);
                case Effect.Forget(AttemptKey key, boolean taskIsOver) ->
                    "forget " + name(key) + (taskIsOver ? " for good" : "");
                case Effect.KeepFoldersOf _ -> throw new IllegalStateException("it was heard before");
                case Effect.HoldLease(long until) ->
                    "hold " + Duration.ofNanos(until - now).toSeconds();
                case Effect.Restart() -> "restart";
                case Effect.Disconnect(int over) -> "disconnect";
                case Effect.OpenOutput(int over, String poolId) -> "open " + poolId;
                case Effect.CloseOutput() -> "close";
                case Effect.Say(int over, String poolId, Report report) -> {
                    assertThat(over).as("the connection that stands").isEqualTo(connection);
                    yield "say " + poolId + " " + word(report);
                }
            };
        }

        private static String word(Report report) {
            return switch (report) {
                case Report.Node node ->
                    node.number() + " holding "
                            + node.holding().stream().map(Token::taskId).toList();
                case Report.Started(Token token) -> "started " + token.taskId();
                case Report.Coordinated(Token token) -> "coordinated " + token.taskId();
                case Report.Exited(Token token, Ending ending) -> "exited " + token.taskId() + " " + word(ending);
            };
        }

        private static String word(Ending ending) {
            return ending.code() + " " + ending.cause();
        }
    }

    private static AttemptKey key(String name) {
        return new AttemptKey("p", new Token(name, 1));
    }

    private static String name(AttemptKey key) {
        return key.token().taskId();
    }

    @ParameterizedTest(name = "{0} then {1}: {2}")
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            # The life of an attempt
            ''                                             | join p       | open p; say p 1 holding []
            join p                                         | lease 1      | hold 15
            join p; lease 1                                | start a      | keep a; prepare a
            join p; lease 1; start a                       | prepared a   | keep a launched; launch a
            join p; lease 1; start a; prepared a           | started a    | say p started a
            join p; lease 1; start a; prepared a; started a| ended a 3    | keep a 3 ITSELF
            join p; lease 1; start a; prepared a; started a; ended a 3 | delivered a | say p exited a 3 ITSELF
            join p; lease 1; start a; prepared a; started a; ended a 3; delivered a | ack a | forget a for good
            join p; lease 1; start a; prepared a; started a; ended a 3; delivered a | ack-again a | forget a
            join p; lease 1; start a; prepared a; started a; ended a 3; delivered a; ack a | ack a | ''
            # An order to start that came before
            join p; lease 1; start a                       | start a      | ''
            join p; lease 1; start a; prepared a; started a; ended a 3; delivered a | start a | ''
            # Orders that are not this pool's, or another connection's
            ''                                             | start a      | ''
            join p; lease 1                                | start-of-q a | ''
            join p; cut; join p                            | late-start a | ''
            join p; lease 1                                | stop a       | ''
            # A new run of the node's program
            join p; lease 1                                | restart boot | restart
            join p; lease 1                                | restart other| ''
            # What can't be read, prepared or started
            join p; lease 1                                | unreadable a | keep a 127 NOT_STARTED; say p exited a 127 NOT_STARTED
            join p; lease 1; start a                       | not-started a| keep a 127 NOT_STARTED; say p exited a 127 NOT_STARTED
            join p; lease 1; start a; prepared a           | not-started a| keep a 127 NOT_STARTED; say p exited a 127 NOT_STARTED
            # Stop and kill
            join p; lease 1; start a                       | stop a       | cancel a; keep a 127 RETURNED; say p exited a 127 RETURNED
            join p; start a; prepared a                    | kill a       | cancel a; keep a 143 STOPPED; say p exited a 143 STOPPED
            join p; lease 1; start a; prepared a           | stop a       | ''
            join p; lease 1; start a; prepared a; stop a   | started a    | stop a; say p started a
            join p; lease 1; start a; prepared a; stop a   | not-started a| keep a 143 STOPPED; say p exited a 143 STOPPED
            join p; lease 1; start a; prepared a; started a| stop a       | stop a
            join p; lease 1; start a; prepared a; started a| kill a       | kill a
            join p; lease 1; start a; prepared a; started a; stop a | stop a | ''
            join p; lease 1; start a; prepared a; stop a; started a | stop a | ''
            join p; lease 1; start a; prepared a; started a; kill a | stop a | ''
            join p; lease 1; start a; prepared a; started a; stop a | kill a | kill a
            join p; lease 1; start a; prepared a; started a; stop a | shutdown | say p 2 holding [a]; say p started a; stop a
            join p; lease 1; start a; prepared a; started a; ended a 0 | stop a | ''
            # A coordination command, and the command behind it
            join p; lease 1; start a; prepared a; started a | coordinated a | say p coordinated a
            join p; lease 1; start a; prepared a; started a; kill a | coordinated a | kill a
            join p; lease 1; start a; prepared a; started a                                              | proceed a    | ''
            join p; lease 1; start a; prepared a; started a; coordinated a | proceed a | proceed a
            join p; lease 1; start a; prepared a; started a; coordinated a; proceed a | proceed a | ''
            join p; lease 1; start a; prepared a; started a; coordinated a; proceed a | ended a 0 | keep a 0 ITSELF
            join p; lease 1; start a; prepared a; started a; coordinated a | stop a | stop a
            join p; lease 1; start a; prepared a; started a; coordinated a; stop a | proceed a | ''
            join p; lease 1; start a; prepared a; started a; coordinated a | kill a | kill a
            join p; lease 1; start a; prepared a; started a; coordinated a; stop a | killed a | keep a 137 STOPPED
            join p; lease 1; start a; prepared a; started a; stop a | coordinated a | ''
            join p; lease 1; start a; prepared a; started a; coordinated a; start b; prepared b; start c | prepared c | ''
            join p; lease 1; start a; prepared a; started a; coordinated a; start b; prepared b; start c; prepared c | ended a 1 | keep a 1 ITSELF; keep c launched; launch c
            join p; lease 1; start a; prepared a; started a; coordinated a; pass 14 | pass 1 | kill a; close; disconnect
            join p; lease 1; start a; prepared a; started a; coordinated a; cut | join p | open p; say p 2 holding [a]; say p coordinated a
            join p; lease 1; start a; prepared a; started a; coordinated a; said-coordinated a; cut | join p | open p; say p 2 holding [a]
            join p; lease 1; start a; prepared a; started a; coordinated a | leave p | kill a; drop a; close
            join p; lease 1; start a; prepared a; started a; coordinated a | shutdown | say p 2 holding [a]; say p coordinated a; stop a
            join p; lease 1; start a; prepared a; started a; coordinated a; shutdown | killed a | keep a 137 FENCED
            # Slots: the node has two
            join p; lease 1; start a; prepared a; start b; prepared b; start c | prepared c | ''
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c; started a | ended a 0 | keep a 0 ITSELF; keep c launched; launch c
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c | not-started a | keep a 127 NOT_STARTED; say p exited a 127 NOT_STARTED; keep c launched; launch c
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c | stop c | cancel c; keep c 127 RETURNED; say p exited c 127 RETURNED
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c; stop c; started a | ended a 0 | keep a 0 ITSELF
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c | cut | close; forget c
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c | pass 2 | ''
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c | pass 2.1 | cancel c; keep c 127 RETURNED; say p exited c 127 RETURNED
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c | pass 15 | forget c; close; disconnect
            join p; lease 1; wide a; prepared a; start b   | prepared b   | ''
            join p; lease 1; start a; prepared a; wide b; prepared b; start c | prepared c | ''
            join p; lease 1; start a; prepared a; started a; wide b; prepared b; start c; prepared c | ended a 0 | keep a 0 ITSELF; keep b launched; launch b
            # The lease
            join p                                         | lease 7      | ''
            join p; start a                                | prepared a   | ''
            join p; start a; prepared a                    | lease 1      | hold 15; keep a launched; launch a
            join p; pass 4                                 | lease 1      | hold 11
            join p; pass 5; pass 5                         | lease 2      | hold 10
            join p; pass 5; lease 2                        | lease 1      | ''
            join p; pass 16                                | lease 1      | ''
            join p; lease 1; start a; prepared a; started a; pass 14 | pass 1 | kill a; close; disconnect
            join p; lease 1; start a; prepared a; started a; pass 15 | pass 1 | ''
            join p; lease 1; start a; prepared a; started a; pass 15 | killed a | keep a 137 FENCED
            join p; lease 1; start a; prepared a; started a; pass 14 | pass 2 | kill a; close; disconnect
            join p; lease 1; start a; prepared a           | pass 15      | close; disconnect
            join p; lease 1; start a; prepared a; pass 15  | started a    | kill a
            join p; lease 1; start a; prepared a; pass 15  | not-started a| forget a
            join p; lease 1; start a; pass 15              | prepared a   | ''
            join p; lease 1; start a                       | pass 15      | forget a; close; disconnect
            # Ended by its watchdog while this process stood still
            join p; lease 1; start a; prepared a; started a; cut; pass 20 | join p | open p; say p 2 holding [a]; say p started a
            # Reports
            join p                                         | pass 4.9     | ''
            join p                                         | pass 5       | say p 2 holding []
            join p; lease 1; start a                       | pass 5       | say p 2 holding [a]
            join p; lease 1; start a; prepared a; started a; ended a 0; delivered a | pass 5 | say p 2 holding [a]
            join p                                         | php          | say p 2 holding []
            join p; php                                    | php          | ''
            ''                                             | php          | ''
            # The connection
            join p; lease 1; start a                       | cut          | close; forget a
            join p; lease 1; start a; prepared a; started a| cut          | close
            join p; lease 1; start a; prepared a; started a; cut | pass 5 | ''
            join p; lease 1; start a; prepared a; started a; cut | ended a 0 | keep a 0 ITSELF
            join p; lease 1; start a; prepared a; started a; cut | join p | open p; say p 2 holding [a]; say p started a
            join p; lease 1; start a; prepared a; started a; said-started a; cut | join p | open p; say p 2 holding [a]
            join p; lease 1; start a; prepared a; started a; ended a 0; cut | join p | open p; say p 2 holding [a]
            join p; lease 1; start a; prepared a; started a; ended a 0; cut; join p | delivered a | say p exited a 0 ITSELF
            join p; lease 1; start a; prepared a; started a; ended a 0; delivered a; cut | join p | open p; say p 2 holding [a]; say p exited a 0 ITSELF
            join p; lease 1; start a; prepared a; started a; ended a 0; delivered a; lost-exit a | pass 0.4 | ''
            join p; lease 1; start a; prepared a; started a; ended a 0; delivered a; lost-exit a | pass 0.5 | say p 2 holding [a]; say p exited a 0 ITSELF
            # Leaving
            join p; lease 1; start a                       | leave p      | forget a; close
            join p; lease 1; start a; prepared a; started a| leave p      | kill a; drop a; close
            join p; lease 1; start a; prepared a; started a; leave p | killed a | forget a
            join p; lease 1; start a; prepared a; started a; ended a 0 | leave p | drop a; forget a; close
            join p; lease 1; start a; prepared a; started a| join q       | kill a; drop a; close; open q; say q 2 holding []
            join p; leave p                                | pass 60      | ''
            join p; leave p                                | start a      | ''
            # The end of the node
            join p; lease 1; start a; prepared a; started a| shutdown     | say p 2 holding [a]; say p started a; stop a
            join p; lease 1; start a; prepared a; started a; shutdown | ended a 143 | keep a 143 FENCED
            join p; lease 1; start a                       | shutdown     | say p 2 holding [a]; cancel a; keep a 127 RETURNED; say p exited a 127 RETURNED
            join p; lease 1; start a; prepared a; start b; prepared b; start c; prepared c | shutdown | say p 2 holding [a, b, c]; cancel c; keep c 127 RETURNED; say p exited c 127 RETURNED
            join p; lease 1; start a; shutdown             | prepared a   | ''
            join p; lease 1; start a; prepared a; shutdown | not-started a| keep a 127 RETURNED; say p exited a 127 RETURNED
            join p; lease 1; start a; shutdown             | ack a        | forget a for good
            join p; lease 1; shutdown                      | start a      | keep a 127 RETURNED; say p exited a 127 RETURNED
            join p; lease 1; shutdown                      | php          | ''
            ''                                             | shutdown     | ''
            """)
    void decidesAsTheTableSays(String before, String input, String expected) {
        Node node = new Node();
        node.hear(before == null ? "" : before);
        assertThat(node.hear(input)).isEqualTo(expected == null ? "" : expected);
    }

    @Test
    void reportsEveryFiveSecondsHoweverLongItsLeaseIs() {
        Node node = new Node();
        assertThat(node.hear("join-for-a-minute p; lease 1; pass 4.9")).isEmpty();
        assertThat(node.hear("pass 0.1")).startsWith("say p 2");
        assertThat(node.hear("pass 5")).startsWith("say p 3");
    }

    @Test
    void keepsFoldersOfThePoolAloneInWhichItIs() {
        Node node = new Node();
        node.hear("cut");
        assertThat(node.keepsFoldersOf).as("a pool that it may join").contains("any");
        node.hear("join p");
        assertThat(node.keepsFoldersOf).contains("p");
        node.hear("cut; join q");
        assertThat(node.keepsFoldersOf).contains("q");
        node.hear("leave q");
        assertThat(node.keepsFoldersOf).isEmpty();
    }

    @Test
    void saysTheEndOfWhatAnEarlierRunHadStarted() {
        Node node = new Node(
                Map.of(key("a"), Ending.ofEarlierRun(), new AttemptKey("q", new Token("b", 1)), Ending.ofEarlierRun()));
        assertThat(node.hear("join p")).isEqualTo("forget b; open p; say p 1 holding [a]; say p exited a 137 FENCED");
        assertThat(node.hear("start a")).as("it runs no second time").isEmpty();
        assertThat(node.hear("ack a")).isEqualTo("forget a for good");
    }

    @Test
    void isQuietWhenNothingRunsAndAllIsSaid() {
        Node node = new Node();
        assertThat(node.work.isQuiet()).isTrue();
        node.hear(RUNNING);
        assertThat(node.work.isQuiet()).isFalse();
        node.hear("ended a 0");
        assertThat(node.work.isQuiet()).isFalse();
        node.hear("delivered a");
        assertThat(node.work.isQuiet()).isTrue();
    }

    @Test
    void reportsNoSlotsBeforeItGivesBackWhatWaitedWhenItEnds() {
        Node node = new Node();
        node.hear("join p; lease 1; start a");
        List<Report> said = node.hearOne("shutdown").stream()
                .filter(Effect.Say.class::isInstance)
                .map(effect -> ((Effect.Say) effect).report())
                .toList();
        assertThat(said)
                .first()
                .isInstanceOfSatisfying(
                        Report.Node.class,
                        report -> assertThat(report.facts()).isEqualTo(new NodeFacts(0, List.of("bash"), "")));
        assertThat(said).last().isEqualTo(new Report.Exited(key("a").token(), Ending.returned()));
    }

    @Test
    void holdsABoundedNumberOfAttempts() {
        Node node = new Node();
        node.hear("join p; lease 1");
        int held = 0;
        while (node.hear("start t" + held).startsWith("keep")) {
            held++;
        }
        assertThat(held).isBetween(3000, NodeWork.MOST_ATTEMPTS);
        assertThat(node.hear("start more")).as("others may have room").isEqualTo("say p exited more 127 RETURNED");
        assertThat(node.hear("unreadable more")).isEqualTo("say p exited more 127 NOT_STARTED");
        node.hear("not-started t7; ack t7");
        assertThat(node.hear("start more")).startsWith("keep");
    }

    /** Counts as JSON does, with names that take the most room. */
    @ParameterizedTest
    @ValueSource(strings = {"plain", "\"\"\"\"\"\"", "\u0001\u0001\u0001", "\u65e5\u672c\u8a9e"})
    void namesNoMoreInAReportThanAHubTakes(String prefix) {
        NodeWork work = new NodeWork("boot", new NodeFacts(1024, List.of("bash"), ""), Map.of());
        work.on(new Input.Ordered(0, new Order.Join("p", Duration.ofSeconds(15))), 0);
        for (int i = 0; i < NodeWork.MOST_ATTEMPTS; i++) {
            work.on(
                    new Input.Ordered(
                            0, new Order.Start("p", new Token(prefix.repeat(50) + i, Long.MAX_VALUE), 1, PROGRAM)),
                    0);
        }
        Effect.Say said = (Effect.Say)
                work.on(new Input.Tick(), Duration.ofSeconds(5).toNanos()).getFirst();
        assertThat(ReportWriter.list(List.of(said.report()), 1).json().length).isBetween(50_000, 250_000);
    }

    /** Walks by chance, and holds what has to hold whatever happens. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void holdsItsPromises(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Node node = new Node();
        Set<String> launched = new HashSet<>();
        Set<String> kept = new HashSet<>();
        Set<String> keptLaunches = new HashSet<>();
        Set<String> ordered = new HashSet<>();
        List<String> history = new ArrayList<>();
        Set<String> taking = new HashSet<>();
        boolean leased = false;
        long leaseEnd = 0;
        int lastReport = 0;
        for (int step = 0; step < 2000; step++) {
            String task = "t" + random.nextInt(step / 20 + 1);
            String input = switch (random.nextInt(14)) {
                case 0 -> "join p";
                case 1, 2 -> "lease " + Math.max(1, lastReport - random.nextInt(2));
                case 3, 4 -> "start " + task;
                case 5 -> "prepared " + task;
                case 6 -> "started " + task;
                case 7 -> "ended " + task + " 0";
                case 8 -> "delivered " + task;
                case 9 -> "stop " + task;
                case 10 -> "ack " + task;
                case 11 -> "pass " + random.nextInt(6);
                case 12 -> random.nextInt(4) == 0 ? "cut" : "pass 1";
                default -> random.nextInt(20) == 0 ? "leave p" : "not-started " + task;
            };
            history.add(input);
            for (Effect effect : node.hearOne(input)) {
                switch (effect) {
                    case Effect.HoldLease(long until) -> {
                        leased = true;
                        leaseEnd = until;
                    }
                    case Effect.Launch(AttemptKey key) -> {
                        assertThat(leased && leaseEnd > node.now)
                                .as("lease held, %s", history)
                                .isTrue();
                        assertThat(kept).as("on disk before it runs").contains(name(key));
                        assertThat(keptLaunches)
                                .as("as launched on disk before it runs")
                                .contains(name(key));
                        taking.add(name(key));
                        assertThat(taking).as("slots").hasSizeLessThanOrEqualTo(2);
                        assertThat(launched.add(name(key)))
                                .as("launched once, %s", key)
                                .isTrue();
                    }
                    case Effect.KeepLaunch(AttemptKey key) -> keptLaunches.add(name(key));
                    case Effect.KeepEnding(AttemptKey key, Ending _) -> taking.remove(name(key));
                    case Effect.KeepStart(AttemptKey key) -> {
                        kept.add(name(key));
                        ordered.add(name(key));
                    }
                    case Effect.Forget(AttemptKey key, boolean _) -> {
                        kept.remove(name(key));
                        keptLaunches.remove(name(key));
                        taking.remove(name(key));
                        launched.remove(name(key));
                    }
                    case Effect.Say(int over, String poolId, Report report)
                    when report instanceof Report.Node it -> {
                        lastReport = Math.toIntExact(it.number());
                        assertThat(it.holding().stream().map(Token::taskId))
                                .as("holds what is on disk, %s", history)
                                .allMatch(kept::contains);
                    }
                    default -> {
                        // Nothing was promised about it.
                    }
                }
            }
        }
        assertThat(ordered).hasSizeGreaterThan(10);
    }
}
