package io.muster.topics;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Says which records a topic keeps. */
public sealed interface Retention {
    /** Keeps the latest record of each key, for ever. */
    record Compacted() implements Retention {}

    /**
     * Keeps every record, for so long.
     *
     * @param bytes of a partition, beyond which the oldest go earlier; empty where time alone decides
     */
    record Kept(Duration duration, OptionalLong bytes) implements Retention {
        public Kept {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException(
                        "a topic keeps its records for a positive time, duration=" + duration);
            }
        }
    }

    /** Returns the settings of the topic on Kafka. */
    default Map<String, String> topicConfig() {
        return switch (this) {
            case Compacted _ -> Map.of("cleanup.policy", "compact");
            case Kept kept -> {
                Map<String, String> config = new TreeMap<>();
                config.put("cleanup.policy", "delete");
                config.put("retention.ms", Long.toString(kept.duration().toMillis()));
                kept.bytes().ifPresent(bytes -> config.put("retention.bytes", Long.toString(bytes)));
                yield Map.copyOf(config);
            }
        };
    }
}
