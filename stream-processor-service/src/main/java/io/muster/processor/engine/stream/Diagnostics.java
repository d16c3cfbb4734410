package io.muster.processor.engine.stream;

import io.muster.processor.engine.PartitionClock.Fate;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What became of a start's records in this process: counts, and samples of what could not be used. Thread-safe. */
public final class Diagnostics {
    private static final int SAMPLES = 20;

    private final LongAdder inputEvents = new LongAdder();
    private final LongAdder outputEvents = new LongAdder();
    private final LongAdder lateInputEvents = new LongAdder();
    private final LongAdder outOfOrderEvents = new LongAdder();
    private final LongAdder earlyInputEvents = new LongAdder();
    private final LongAdder deserializationErrors = new LongAdder();
    private final LongAdder conversionErrors = new LongAdder();
    private final Deque<String> samples = new ArrayDeque<>();

    void read() {
        inputEvents.increment();
    }

    void written() {
        outputEvents.increment();
    }

    long outputs() {
        return outputEvents.sum();
    }

    void judged(Fate fate) {
        switch (fate) {
            case IN_TIME -> {
                // As it should be.
            }
            case LATE -> lateInputEvents.increment();
            case OUT_OF_ORDER, BEHIND_IDLENESS -> outOfOrderEvents.increment();
            case EARLY -> earlyInputEvents.increment();
        }
    }

    void undecodable(String topic, int partition, long offset, Exception why) {
        deserializationErrors.increment();
        sample(topic, partition, offset, String.valueOf(why.getMessage()));
    }

    void unconvertible(String topic, int partition, long offset, String why) {
        conversionErrors.increment();
        sample(topic, partition, offset, why);
    }

    private void sample(String topic, int partition, long offset, String why) {
        synchronized (samples) {
            samples.addLast("topic " + topic + ", partition " + partition + ", offset " + offset + ": "
                    + why.lines().findFirst().orElse(""));
            if (samples.size() > SAMPLES) {
                samples.removeFirst();
            }
        }
    }

    /** The latest of what could not be used. */
    public List<String> samples() {
        synchronized (samples) {
            return List.copyOf(samples);
        }
    }

    /** By the names that Stream Analytics has for them. */
    public Map<String, Long> counts() {
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("InputEvents", inputEvents.sum());
        counts.put("OutputEvents", outputEvents.sum());
        counts.put("LateInputEvents", lateInputEvents.sum());
        counts.put("OutOfOrderEvents", outOfOrderEvents.sum());
        counts.put("EarlyInputEvents", earlyInputEvents.sum());
        counts.put("DeserializationErrors", deserializationErrors.sum());
        counts.put("ConversionErrors", conversionErrors.sum());
        return counts;
    }
}
