package io.muster.processor.engine;

import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamQuery.Grouping;
import io.muster.query.stream.StreamQuery.Join;
import io.muster.query.stream.StreamQuery.Select;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.Window;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;

/** Connects the operators of a query. For one thread. */
final class StreamPlan {
    /** Hands on rows that are made of no other: of inputs, and of groups at the end of windows. */
    private static final class Entrance extends Operator {
        private final Runnable came;

        /** Passes on the rows of an input. @param came takes each row that came, but reference rows: nothing is made of those */
        private Entrance(Runnable came) {
            this.came = came;
        }

        @Override
        void row(int port, StreamRow row) {
            if (!(row instanceof Event event && event.isReference())) {
                came.run();
            }
            emit(row);
        }
    }

    private static final class Exit extends Operator {
        private final String output;
        private final BiConsumer<String, StreamRow> results;

        private Exit(String output, BiConsumer<String, StreamRow> results) {
            this.output = output;
            this.results = results;
        }

        @Override
        void row(int port, StreamRow row) {
            results.accept(output, row);
        }
    }

    /** Keeps inputs and steps, by name. */
    private final Map<String, Operator> sources = new HashMap<>();

    /** Lists the operators, upstream first. */
    private final List<Operator> operators = new ArrayList<>();

    private final MadeRows made = new MadeRows();
    private long latest = Long.MIN_VALUE;

    /** Builds the operators, those of a step before those that read it. @param results takes what is written to outputs, by name, in order within a select */
    StreamPlan(StreamQuery query, BiConsumer<String, StreamRow> results) {
        query.inputs().forEach(input -> sources.put(input, new Entrance(made::came)));
        for (StreamQuery.Step step : query.steps()) {
            InOrder all = new InOrder(step.selects().size(), made);
            for (int i = 0; i < step.selects().size(); i++) {
                select(step.selects().get(i)).to(all, i);
            }
            operators.add(all);
            sources.put(step.name(), all);
        }
        for (StreamQuery.Output output : query.outputs()) {
            select(output.select()).to(new Exit(output.name(), results), 0);
        }
    }

    /**
     * Lets time go on to that of the next row where much was made of the rows before: they don't wait for the rest of a batch. Not where the
     * next is of the same instant, since the rest of that is still to come.
     */
    void comesTo(long time) {
        if (time > latest && made.isMuch()) {
            advance(time);
        }
        latest = time;
    }

    /** Takes a row of an input; rows come in order, each earlier than the next {@link #advance}, and none before the last. */
    void row(String input, StreamRow row) {
        source(input).row(0, row);
    }

    /** Takes that there will be no row before this time. */
    void advance(long watermark) {
        made.goesOn();
        for (Operator operator : operators) {
            operator.advance(watermark);
        }
        made.wentOn();
    }

    /** Saves the state of every operator. @param tables of the operators, by their places */
    void save(IntFunction<Table> tables) {
        for (int i = 0; i < operators.size(); i++) {
            operators.get(i).save(tables.apply(i));
        }
    }

    void load(IntFunction<Table> tables) {
        for (int i = 0; i < operators.size(); i++) {
            operators.get(i).load(tables.apply(i));
        }
    }

    private Operator select(Select select) {
        Operator last = source(select.sources().getFirst().name());
        if (!select.analytics().isEmpty()) {
            last = behind(last, new Analytics(select.analytics()));
        }
        long slack = 0;
        int parts = 1;
        for (Join join : select.joins()) {
            Operator joined = join.kind() == Join.Kind.REFERENCE
                    ? new ReferenceJoin(join, parts, made)
                    : new StreamJoin(join, parts, slack, made);
            last = behind(last, joined);
            source(select.sources().get(parts).name()).to(joined, 1);
            slack += join.within().reach();
            parts++;
        }
        if (!select.applications().isEmpty()) {
            last = behind(last, new Application(select.applications(), parts, made));
        }
        if (select.grouping().isEmpty()) {
            return behind(last, new Projection(select.where(), select.columns()));
        }
        if (select.where() != null) {
            last = behind(last, new Projection(select.where(), List.of()));
        }
        last = behind(grouped(last, select.grouping().get()), new Entrance(made::cameOut));
        return behind(last, new Projection(select.having(), select.columns()));
    }

    private Operator grouped(Operator last, Grouping grouping) {
        Map<String, Window> windows = grouping.window() instanceof Window.Several several
                ? several.windows()
                : new LinkedHashMap<>(Map.of("", grouping.window()));
        if (windows.size() == 1) {
            Map.Entry<String, Window> only = windows.entrySet().iterator().next();
            return behind(last, window(only.getValue(), only.getKey(), grouping));
        }
        InOrder all = new InOrder(windows.size(), made);
        int port = 0;
        for (Map.Entry<String, Window> window : windows.entrySet()) {
            behind(last, window(window.getValue(), window.getKey(), grouping)).to(all, port++);
        }
        operators.add(all);
        return all;
    }

    private static Operator window(Window window, String id, Grouping grouping) {
        return switch (window) {
            case Window.Hopping hopping -> new HoppingWindows(hopping, id, grouping);
            case Window.Snapshot _ -> new HoppingWindows(new Window.Hopping(1, 1, 0), id, grouping);
            case Window.Sliding sliding -> new SlidingWindows(sliding, id, grouping);
            case Window.Session session -> new SessionWindows(session, id, grouping);
            case Window.Several _ -> throw new IllegalStateException("several windows within several");
        };
    }

    private Operator behind(Operator before, Operator next) {
        before.to(next, 0);
        operators.add(next);
        return next;
    }

    private Operator source(String name) {
        return Objects.requireNonNull(sources.get(name), "the query was compiled with its sources");
    }
}
