package io.muster.processor.engine.stream;

import io.muster.processor.engine.PartitionClock.Fate;
import io.muster.processor.engine.Table;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What became of the records of one task: counts by the names of Stream Analytics, and samples of what could not be used. For one thread. */
final class Diagnostics {
    private static final int SAMPLES = 10;
    private static final int LONGEST_SAMPLE = 500;

    private final Map<String, Long> counts = new HashMap<>();
    private final Deque<String> samples = new ArrayDeque<>();
    private boolean changed;

    private void count(String name) {
        counts.merge(name, 1L, Long::sum);
        changed = true;
    }

    void read() {
        count("InputEvents");
    }

    void written() {
        count("OutputEvents");
    }

    void judged(Fate fate) {
        switch (fate) {
            case IN_TIME -> {
                // As it should be.
            }
            case LATE -> count("LateInputEvents");
            case OUT_OF_ORDER, BEHIND_IDLENESS -> count("OutOfOrderEvents");
            case EARLY -> count("EarlyInputEvents");
        }
    }

    void undecodable(String topic, int partition, long offset, IOException why) {
        count("DeserializationErrors");
        sample(topic, partition, offset, String.valueOf(why.getMessage()));
    }

    void unconvertible(String topic, int partition, long offset, String why) {
        count("ConversionErrors");
        sample(topic, partition, offset, why);
    }

    private void sample(String topic, int partition, long offset, String why) {
        String text = "topic " + topic + ", partition " + partition + ", offset " + offset + ": "
                + why.lines().findFirst().orElse("");
        samples.addLast(text.substring(0, Math.min(text.length(), LONGEST_SAMPLE)));
        if (samples.size() > SAMPLES) {
            samples.removeFirst();
        }
    }

    /** The latest of what could not be used. */
    List<String> samples() {
        return List.copyOf(samples);
    }

    Map<String, Long> counts() {
        return Map.copyOf(counts);
    }

    void save(Table table) {
        if (changed) {
            changed = false;
            table.put(List.of(), new HashMap<>(counts));
        }
    }

    void load(Table table) {
        table.forEach(
                (_, saved) -> ((Map<?, ?>) saved).forEach((name, count) -> counts.put((String) name, (Long) count)));
    }
}
