package io.muster.processor.engine.topology;

import io.muster.processor.engine.PartitionClock.Fate;
import io.muster.processor.engine.Table;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts what became of the records of one task, by the names of Stream Analytics, and keeps samples of those that were of no use. For one thread. */
final class Diagnostics {
    private static final int SAMPLES = 10;
    private static final int LONGEST_SAMPLE = 500;

    /** Names the counts as Stream Analytics does. */
    private enum Kind {
        READ("InputEvents"),
        WRITTEN("OutputEvents"),
        LATE("LateInputEvents"),
        OUT_OF_ORDER("OutOfOrderEvents"),
        EARLY("EarlyInputEvents"),
        UNDECODABLE("DeserializationErrors"),
        UNCONVERTIBLE("ConversionErrors");

        private final String metric;

        Kind(String metric) {
            this.metric = metric;
        }
    }

    private final long[] counts = new long[Kind.values().length];
    private final Deque<String> samples = new ArrayDeque<>();
    private boolean changed;

    private void count(Kind kind) {
        counts[kind.ordinal()]++;
        changed = true;
    }

    void read() {
        count(Kind.READ);
    }

    void written() {
        count(Kind.WRITTEN);
    }

    void placed(Fate fate) {
        switch (fate) {
            case IN_TIME -> {
                // As it should be.
            }
            case LATE -> count(Kind.LATE);
            case OUT_OF_ORDER, BEHIND_IDLENESS -> count(Kind.OUT_OF_ORDER);
            case EARLY -> count(Kind.EARLY);
        }
    }

    void undecodable(String topic, int partition, long offset, IOException why) {
        count(Kind.UNDECODABLE);
        sample(topic, partition, offset, String.valueOf(why.getMessage()));
    }

    void unconvertible(String topic, int partition, long offset, String why) {
        count(Kind.UNCONVERTIBLE);
        sample(topic, partition, offset, why);
    }

    /** Counts a row that its output does not take. */
    void unwritable(String why) {
        count(Kind.UNCONVERTIBLE);
        sample(why);
    }

    private void sample(String topic, int partition, long offset, String why) {
        sample("topic " + topic + ", partition " + partition + ", offset " + offset + ": "
                + why.lines().findFirst().orElse(""));
    }

    private void sample(String text) {
        samples.addLast(text.substring(0, Math.min(text.length(), LONGEST_SAMPLE)));
        if (samples.size() > SAMPLES) {
            samples.removeFirst();
        }
    }

    /** Returns the latest events that could not be used. */
    List<String> samples() {
        return List.copyOf(samples);
    }

    /** Returns the counts that are not zero. */
    Map<String, Long> counts() {
        Map<String, Long> known = new HashMap<>();
        for (Kind kind : Kind.values()) {
            if (counts[kind.ordinal()] > 0) {
                known.put(kind.metric, counts[kind.ordinal()]);
            }
        }
        return known;
    }

    void save(Table table) {
        if (changed) {
            changed = false;
            table.put(List.of(), counts());
        }
    }

    void load(Table table) {
        table.forEach((_, saved) -> {
            for (Kind kind : Kind.values()) {
                counts[kind.ordinal()] = ((Map<?, ?>) saved).get(kind.metric) instanceof Long count ? count : 0;
            }
        });
    }
}
