package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.stream.grammar.StreamQueryLexer;
import io.muster.query.stream.grammar.StreamQueryParser;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Holds a compiled standing query. Names of inputs, steps and outputs are compared without regard to case, and are in lower case here. Immutable and
 * thread-safe. Contract: stream-analytics, 4.5.
 *
 * @param steps of WITH; each reads inputs and steps before it
 * @param outputs selects by their outputs; several may write to one output
 * @param clocks of the inputs that it reads, by their names
 * @param members the members of its inputs' events that it reads
 * @param partitionKeys partition keys per stream input: events that differ in them never meet; no key where the input's events never meet at all;
 *     empty when the query cannot be parallelised
 */
public record StreamQuery(
        List<Step> steps,
        List<Output> outputs,
        Map<String, Clock> clocks,
        Members members,
        Optional<Map<String, List<Expression>>> partitionKeys) {
    /** Stands for {@code System.Window()} among the computed values of a group. */
    public static final int WINDOW = -1;

    /** Names the number of the partition that an event came from. */
    static final String PARTITION = "PartitionId";

    /** Lists names that every event has besides its members; {@code *} does not stand for them. */
    public static final Set<String> METADATA =
            anyCase(Set.of("EventEnqueuedUtcTime", "EventProcessedUtcTime", PARTITION, "IoTHub", "Properties"));

    private static final int LONGEST = 65_536;

    static final Parsing.Dialect<StreamQueryParser> DIALECT =
            new Parsing.Dialect<>(LONGEST, StreamQueryLexer::new, StreamQueryParser::new, SyntaxHints::at);

    /**
     * Names members of events, in any case; there may be more than are needed.
     *
     * @param named those that are asked for by name
     * @param all whether whole events are shown, with every member that {@code *} stands for
     */
    public record Members(Set<String> named, boolean all) {
        public Members {
            named = anyCase(named);
        }

        public boolean wants(String name) {
            return all || named.contains(name);
        }
    }

    /** Names a step of WITH, whose rows are those of all its selects. */
    public record Step(String name, List<Select> selects) {}

    public record Output(String name, Select select) {}

    /**
     * Holds a select. The order of evaluation: analytics over the source's rows; then joins and applications; then {@code where}; then, of a grouped
     * one, the groups; then {@code having} and the columns.
     *
     * @param sources the first, and those that are joined to it
     * @param joins one for each further source
     * @param where null for all rows
     * @param having null for all rows
     * @param partitioned whether rows of different partitions have nothing to do with each other: each partition has its own time
     */
    public record Select(
            List<Source> sources,
            List<Join> joins,
            List<Apply> applications,
            List<Analytic> analytics,
            @Nullable Expression where,
            Optional<Grouping> grouping,
            @Nullable Expression having,
            List<Column> columns,
            boolean partitioned) {
        /** Returns how many ticks before its output a row of its input may lie. */
        public long lookBack() {
            long analytic = analytics.stream().mapToLong(Analytic::limit).max().orElse(0);
            long joined = joins.stream()
                    .filter(join -> join.kind() != Join.Kind.REFERENCE)
                    .mapToLong(join ->
                            join.outer() ? join.within().span() : join.within().reach())
                    .sum();
            long window = grouping.map(group -> group.window().lookBack()).orElse(0L);
            return analytic + joined + window;
        }
    }

    /** Names a source of rows: an input or a step. */
    public record Source(String name, String alias) {}

    /**
     * Gives the events of an input their time.
     *
     * @param timestamp the time of an event; null for the time of its arrival
     * @param over names the substream of an event, which has a time of its own; empty where all events have one time
     */
    public record Clock(@Nullable Expression timestamp, List<Expression> over) {
        static final Clock OF_ARRIVAL = new Clock(null, List.of());
    }

    /**
     * Joins a source to those before it.
     *
     * @param anchor the source before it whose time bounds it
     * @param within bounds how much later its time is than the anchor's
     * @param leftKeys expressions over the rows before whose values equal those of {@code rightKeys} over the joined row, by place
     * @param on the whole condition
     */
    public record Join(
            Kind kind,
            boolean outer,
            int anchor,
            Within within,
            List<Expression> leftKeys,
            List<Expression> rightKeys,
            Expression on) {
        public enum Kind {
            /** Joins rows of a stream, bounded in time. */
            STREAM,
            /** Joins the reference data that were valid at the time. */
            REFERENCE
        }
    }

    /**
     * Bounds the boundaries of a unit between two instants, as DATEDIFF counts them.
     *
     * @param unit its length in ticks; boundaries are its multiples
     */
    public record Within(long unit, long least, long most) {
        static final Within NONE = new Within(0, 0, 0);

        /** Returns the first instant that is late enough. */
        public long first(long from) {
            return (Math.floorDiv(from, unit) + least) * unit;
        }

        /** Returns the last instant that is early enough. */
        public long last(long from) {
            return (Math.floorDiv(from, unit) + most + 1) * unit - 1;
        }

        /** Returns the bounds from the joined row's side. */
        public Within reversed() {
            return new Within(unit, -most, -least);
        }

        /** Returns more than the greatest distance of the two, in ticks. */
        public long reach() {
            return (Math.max(Math.abs(least), Math.abs(most)) + 1) * unit;
        }

        /**
         * Returns how far before a row that found no partner, in ticks, a partner could have been: the row comes out when the last
         * could have come.
         */
        public long span() {
            return (Math.max(most, 0) + Math.max(-least, 0) + 2) * unit;
        }
    }

    /**
     * Joins a row with each record of a list in it: CROSS APPLY or OUTER APPLY.
     *
     * @param rows a list of records, one row each
     * @param outer whether a row stays where there are none
     */
    public record Apply(Expression rows, boolean outer) {}

    /**
     * Groups rows: those of one group have the same keys by {@link StreamValues#groupKey}.
     *
     * @param keys besides time
     * @param aggregates computed for a group: each key as its first row has it, then the aggregates of the select
     */
    public record Grouping(List<Expression> keys, Window window, List<Aggregate> aggregates) {}

    /**
     * Computes a function over the rows before. Its value is {@link StreamRow#computed} at its place.
     *
     * @param partition keys whose rows are computed by themselves
     * @param limit how far back it reaches, in ticks
     * @param when rows that count; null for all
     */
    public record Analytic(
            Kind kind,
            List<Expression> partition,
            long limit,
            @Nullable Expression when) {
        public sealed interface Kind {
            /** Returns the value so many rows before; 0 for the latest, with this row. */
            record Lag(Expression value, int offset, Expression byDefault) implements Kind {}

            /** Returns whether it is the first row of an interval of the grid. */
            record IsFirst(long interval) implements Kind {}

            record Aggregated(Aggregate aggregate) implements Kind {}
        }
    }

    /** Makes a column of the result; without a name all members of its record are columns, or none where it is NULL. */
    public record Column(@Nullable String name, Expression value) {}

    private static Set<String> anyCase(Set<String> names) {
        Set<String> all = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        all.addAll(names);
        return Collections.unmodifiableSet(all);
    }

    /** Returns the names of its inputs. */
    public Set<String> inputs() {
        return clocks.keySet();
    }

    /** Returns whether events have the time of their substream: then all do, of every input. */
    public boolean hasSubstreams() {
        return clocks.values().stream().anyMatch(clock -> !clock.over().isEmpty());
    }

    /** Returns how many ticks before a result its input may lie, on the longest path of steps from an input to an output. */
    public long lookBack() {
        Map<String, Long> reach = new HashMap<>();
        steps.forEach(step -> reach.put(step.name(), lookBack(step.selects().stream(), reach)));
        return lookBack(outputs.stream().map(Output::select), reach);
    }

    private static long lookBack(Stream<Select> selects, Map<String, Long> reach) {
        return selects.mapToLong(select -> select.lookBack()
                        + select.sources().stream()
                                .mapToLong(source -> reach.getOrDefault(source.name(), 0L))
                                .max()
                                .orElse(0))
                .max()
                .orElse(0);
    }

    /** Compiles a query without functions of users. @throws QueryException as below */
    public static StreamQuery parse(String text, Set<String> referenceInputs) throws QueryException {
        return parse(text, referenceInputs, Map.of());
    }

    /**
     * Compiles a query.
     *
     * @param referenceInputs in lower case
     * @param functions of users, by their names in lower case: of {@code UDF.name}
     * @throws QueryException where the text makes no sense, or more than is supported; the message says what to write instead
     */
    public static StreamQuery parse(String text, Set<String> referenceInputs, Map<String, ScalarFunction> functions)
            throws QueryException {
        return parse(text, referenceInputs, functions, false);
    }

    /**
     * Compiles like {@link #parse(String, Set, Map)}.
     *
     * @param lowerCaseNames whether columns that are named one by one come in lower case, as at compatibility level 1.0
     */
    public static StreamQuery parse(
            String text, Set<String> referenceInputs, Map<String, ScalarFunction> functions, boolean lowerCaseNames)
            throws QueryException {
        return Parsing.parse(
                text,
                DIALECT,
                parser -> new StreamCompiler(referenceInputs, functions, lowerCaseNames).compile(parser.script()));
    }
}
