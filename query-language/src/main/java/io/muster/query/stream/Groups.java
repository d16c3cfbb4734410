package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.Trees;
import io.muster.query.stream.grammar.StreamQueryLexer;
import io.muster.query.stream.grammar.StreamQueryParser;
import io.muster.query.stream.grammar.StreamQueryParser.CallContext;
import io.muster.query.stream.grammar.StreamQueryParser.OrContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.ParseTree;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.jspecify.annotations.Nullable;

/**
 * Compiles the window and the keys of a GROUP BY.
 *
 * @param places of the keys, by their {@linkplain StreamExpressions#canonical canonical} texts
 */
record Groups(List<Expression> keys, Map<String, Integer> places, Window window) {
    private static final long LONGEST = 7 * Ticks.DAY;

    /** Bounds the windows of one row: each ends, and is merged, on its own. */
    private static final int MOST_WINDOWS = 100_000;

    private static final String WINDOWS = "Windows takes Window('name', TumblingWindow(…)) and the like";

    /** Lists the words that begin a part of an OVER. */
    private static final Set<Integer> OVER =
            Set.of(StreamQueryLexer.PARTITION, StreamQueryLexer.ORDER, StreamQueryLexer.LIMIT, StreamQueryLexer.WHEN);

    /** Returns the keys that separate sessions; null where no window is a session. */
    @Nullable
    Set<String> sessionKeys() {
        return switch (window) {
            case Window.Session session ->
                places.entrySet().stream()
                        .filter(place -> place.getValue() < session.keys())
                        .map(Map.Entry::getKey)
                        .collect(Collectors.toSet());
            case Window.Several several
            when several.windows().values().stream().anyMatch(Window.Session.class::isInstance) -> Set.of();
            default -> null;
        };
    }

    static Groups of(List<OrContext> grouping, Token at, StreamExpressions rows) {
        List<OrContext> keys = new ArrayList<>();
        @Nullable Window window = null;
        for (OrContext element : grouping) {
            Optional<Window> found = window(element, keys, rows);
            if (found.isEmpty()) {
                keys.add(element);
            } else if (window != null) {
                throw Parsing.refuse(
                        element.getStart(), "GROUP BY takes one window: write Windows(Window('a', …), Window('b', …))");
            } else {
                window = found.get();
            }
        }
        if (window == null) {
            throw Parsing.refuse(
                    at, "A stream has no end: add a window to GROUP BY, such as TumblingWindow(second, 10)");
        }
        List<Expression> expressions = new ArrayList<>();
        Map<String, Integer> places = new HashMap<>();
        Map<String, OrContext> known = new HashMap<>();
        for (OrContext key : keys) {
            String canonical = rows.canonical(key);
            @Nullable OrContext same = known.putIfAbsent(canonical, key);
            if (same == null) {
                places.put(canonical, expressions.size());
                expressions.add(rows.value(key));
            } else if (!rows.spelling(same).equals(rows.spelling(key))) {
                throw Parsing.refuse(
                        key.getStart(),
                        "'" + Trees.text(key) + "' and '" + Trees.text(same)
                                + "' differ in case only: group by one of them in a step of WITH, and by the other behind it");
            }
        }
        return new Groups(expressions, places, window);
    }

    /** Compiles an element of a GROUP BY that is a window; empty where it is a key. @param keys to which a session's own are added, in front */
    private static Optional<Window> window(OrContext element, List<OrContext> keys, StreamExpressions rows) {
        Optional<CallContext> call = Syntax.call(element);
        if (Syntax.isTimestamp(element)) {
            call.ifPresent(timestamp -> {
                rejectMore(timestamp);
                rejectArguments(timestamp);
            });
            return Optional.of(new Window.Snapshot());
        }
        return call.isEmpty() ? Optional.empty() : window(call.get(), keys, rows);
    }

    private static Optional<Window> window(CallContext call, List<OrContext> keys, StreamExpressions rows) {
        String name = call.function().getText().toUpperCase(Locale.ROOT);
        Optional<Window> window = switch (name) {
            case "TUMBLINGWINDOW", "TUMBLING" -> Optional.of(hopping(call, false));
            case "HOPPINGWINDOW", "HOPPING" -> Optional.of(hopping(call, true));
            case "SLIDINGWINDOW", "SLIDING" -> {
                Lengths lengths = Lengths.of(call, "Duration").withoutOffset();
                yield Optional.of(new Window.Sliding(lengths.size(0)));
            }
            case "SESSIONWINDOW", "SESSION" -> Optional.of(session(call, keys, rows));
            case "SNAPSHOTWINDOW", "SNAPSHOT" -> {
                rejectArguments(call);
                yield Optional.of(new Window.Snapshot());
            }
            case "WINDOWS" -> Optional.of(several(call, keys, rows));
            default -> Optional.empty();
        };
        if (window.isPresent()) {
            rejectMore(call);
            rejectOver(
                    call,
                    window.get() instanceof Window.Session ? Set.of(StreamQueryLexer.PARTITION) : Set.of(),
                    "name keys in GROUP BY and conditions in WHERE");
        }
        return window;
    }

    /** Rejects the arguments and the OVER of a call that takes none. */
    static void rejectArguments(CallContext call) {
        if (!call.or().isEmpty() || call.STAR() != null) {
            throw Parsing.refuse(
                    call.getStart(), "'" + call.function().getText() + "' takes no arguments: leave them out");
        }
        rejectOver(call, Set.of(), "leave OVER out");
    }

    /** Rejects DISTINCT, and members behind a call that has none. */
    static void rejectMore(CallContext call) {
        String name = call.function().getText();
        if (call.DISTINCT() != null) {
            throw Parsing.refuse(call.getStart(), "'" + name + "' takes no DISTINCT: leave it out");
        }
        if (!call.name().isEmpty()) {
            throw Parsing.refuse(
                    call.getStart(),
                    "'" + name + "' has no members: leave ." + call.name(0).getText() + " out");
        }
    }

    /** Returns a call inside of a window's: it has two arguments and nothing else. Empty where it is none. */
    private static Optional<CallContext> part(OrContext element) {
        Optional<CallContext> part =
                Syntax.call(element).filter(call -> call.or().size() == 2);
        part.ifPresent(call -> {
            rejectMore(call);
            rejectOver(call, Set.of(), "name keys in GROUP BY and conditions in WHERE");
        });
        return part;
    }

    /**
     * Rejects clauses of an OVER that have no meaning there.
     *
     * @param read words that begin what is read, by their types
     */
    static void rejectOver(CallContext call, Set<Integer> read, String remedy) {
        if (call.over() == null) {
            return;
        }
        for (ParseTree part : call.over().children) {
            if (part instanceof TerminalNode word
                    && OVER.contains(word.getSymbol().getType())
                    && !read.contains(word.getSymbol().getType())) {
                boolean by = Set.of(StreamQueryLexer.PARTITION, StreamQueryLexer.ORDER)
                        .contains(word.getSymbol().getType());
                throw Parsing.refuse(
                        word.getSymbol(),
                        "'" + call.function().getText() + "' takes no "
                                + word.getText().toUpperCase(Locale.ROOT) + (by ? " BY" : "") + " here: " + remedy);
            }
        }
    }

    private static Window hopping(CallContext call, boolean hops) {
        Lengths lengths = hops ? Lengths.of(call, "Duration", "Hop") : Lengths.of(call, "Duration");
        long size = lengths.size(0);
        long hop = hops ? lengths.size(1) : size;
        if (hop > size) {
            throw Parsing.refuse(call.getStart(), "A window hops by no more than its size, or events would be lost");
        }
        if (size / hop > MOST_WINDOWS) {
            throw Parsing.refuse(
                    call.getStart(),
                    "A row would be in more than " + MOST_WINDOWS + " windows: hop by more, or take a shorter window");
        }
        return new Window.Hopping(size, hop, Math.floorMod(lengths.offset(), hop));
    }

    private static Window session(CallContext call, List<OrContext> keys, StreamExpressions rows) {
        Lengths lengths = Lengths.of(call, "Timeout", "MaxDuration").withoutOffset();
        List<OrContext> own = call.over() == null || call.over().PARTITION() == null
                ? List.of()
                : call.over().or().subList(0, partitionCount(call.over()));
        keys.addAll(0, own);
        if (lengths.size(0) > lengths.size(1)) {
            throw Parsing.refuse(call.getStart(), "A session lasts at least as long as its timeout");
        }
        int different = (int) own.stream().map(rows::canonical).distinct().count(); // As they become keys.
        return new Window.Session(lengths.size(0), lengths.size(1), different);
    }

    /** Returns how many of the expressions of an OVER stand behind PARTITION BY. */
    static int partitionCount(StreamQueryParser.OverContext over) {
        int others = (over.LIMIT() == null ? 0 : 2) + (over.WHEN() == null ? 0 : 1);
        return over.or().size() - others;
    }

    private static Window several(CallContext call, List<OrContext> keys, StreamExpressions rows) {
        if (call.or().isEmpty()) {
            throw Parsing.refuse(call.getStart(), WINDOWS);
        }
        Map<String, Window> windows = new LinkedHashMap<>();
        for (OrContext element : call.or()) {
            CallContext named = part(element)
                    .filter(inner -> inner.function().getText().equalsIgnoreCase("Window"))
                    .orElseThrow(() -> Parsing.refuse(element.getStart(), WINDOWS));
            Object id = StreamLiterals.constant(named.or(0))
                    .filter(String.class::isInstance)
                    .orElseThrow(() -> Parsing.refuse(named.or(0).getStart(), "A window's id is a text"));
            Window window = window(named.or(1), keys, rows)
                    .filter(inner -> !(inner instanceof Window.Several))
                    .orElseThrow(() -> Parsing.refuse(
                            named.or(1).getStart(), "Write a window here, such as TumblingWindow(second, 10)"));
            if (window instanceof Window.Session session && session.keys() > 0) {
                throw Parsing.refuse(named.or(1).getStart(), "Among several windows a session has no keys of its own");
            }
            if (windows.keySet().stream().anyMatch(known -> known.equalsIgnoreCase((String) id))) {
                throw Parsing.refuse(named.getStart(), "Two windows are called '" + id + "'");
            }
            windows.put((String) id, window);
        }
        return new Window.Several(windows);
    }

    /** Reads the lengths in a window's call: {@code (second, 10, 5)} or {@code (Duration(second, 10), Hop(second, 5), Offset(second, 1))}. */
    private record Lengths(CallContext call, List<Long> sizes, boolean hasOffset, long offset) {
        private static final String OFFSET = "Offset";

        /** Holds the seconds that an error proposes, by the names of the lengths. */
        private static final Map<String, Integer> EXAMPLES =
                Map.of("Duration", 10, "Hop", 5, "Timeout", 5, "MaxDuration", 60);

        /** Reads the lengths of these names, in any order where they are named, and an offset. */
        static Lengths of(CallContext call, String... names) {
            List<OrContext> parts = call.or();
            Map<String, Long> lengths = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            if (!parts.isEmpty() && Syntax.call(parts.getFirst()).isPresent()) {
                for (OrContext element : parts) {
                    CallContext part = part(element).orElseThrow(() -> wrong(call, names));
                    if (lengths.put(part.function().getText(), ticks(part.or(0), part.or(1))) != null) {
                        throw wrong(call, names);
                    }
                }
            } else {
                for (int i = 1; i < parts.size(); i++) {
                    lengths.put(
                            i <= names.length ? names[i - 1] : i == names.length + 1 ? OFFSET : "",
                            ticks(parts.getFirst(), parts.get(i)));
                }
            }
            @Nullable Long offset = lengths.remove(OFFSET);
            List<Long> sizes = Arrays.stream(names)
                    .flatMap(name -> Stream.ofNullable(lengths.get(name)))
                    .toList();
            if (sizes.size() != names.length || lengths.size() != names.length) {
                throw wrong(call, names);
            }
            return new Lengths(call, sizes, offset != null, offset == null ? 0 : offset);
        }

        Lengths withoutOffset() {
            if (hasOffset) {
                throw Parsing.refuse(
                        call.getStart(),
                        "'" + call.function().getText() + "' takes no offset: it begins with its rows");
            }
            return this;
        }

        private static RuntimeException wrong(CallContext call, String... names) {
            return Parsing.refuse(
                    call.getStart(),
                    Arrays.stream(names)
                                    .map(name -> String.valueOf(EXAMPLES.get(name)))
                                    .collect(Collectors.joining(
                                            ", ", "Write " + call.function().getText() + "(second, ", ")"))
                            + Arrays.stream(names)
                                    .map(name -> name + "(second, " + EXAMPLES.get(name) + ")")
                                    .collect(Collectors.joining(" and ", ", or with ", "")));
        }

        long size(int place) {
            return bounded(call.getStart(), "A window", sizes.get(place));
        }
    }

    /** Returns a length in ticks; rejects one that isn't longer than 0 and up to 7 days, for which rows can be remembered. */
    static long bounded(Token at, String what, long ticks) {
        if (ticks <= 0 || ticks > LONGEST) {
            throw Parsing.refuse(at, what + " is longer than 0 and up to 7 days");
        }
        return ticks;
    }

    /** Returns a length in ticks: so many of a unit. */
    static long ticks(ParserRuleContext unit, ParserRuleContext count) {
        long length = unit(unit).windowTicks();
        if (length == 0) {
            throw Parsing.refuse(
                    unit.getStart(), "'" + unit.getText() + "' has no fixed length: use day, hour, minute, second, …");
        }
        Object number = StreamLiterals.constant(count)
                .orElseThrow(() -> Parsing.refuse(count.getStart(), "Write a number here"));
        if (!(number instanceof Long whole)) {
            throw Parsing.refuse(count.getStart(), "Write a whole number here");
        }
        try {
            return Math.multiplyExact(length, whole);
        } catch (ArithmeticException _) {
            throw Parsing.refuse(count.getStart(), "A window of that length is too long");
        }
    }

    static DateTimes.Unit unit(ParserRuleContext expression) {
        return Syntax.path(expression)
                .filter(path -> path.name().size() == 1)
                .flatMap(path -> DateTimes.Unit.named(path.getText()))
                .orElseThrow(() -> Parsing.refuse(
                        expression.getStart(),
                        "'" + expression.getText()
                                + "' is no unit of time: use day, hour, minute, second, millisecond, …"));
    }
}
