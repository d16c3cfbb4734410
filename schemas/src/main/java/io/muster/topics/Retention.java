package io.muster.topics;

import java.time.Duration;
import java.util.Map;

/** What a topic keeps. */
public sealed interface Retention {
    /** The latest record of each key, for ever. */
    record Compacted() implements Retention {}

    /** Every record, for so long. */
    record Kept(Duration duration) implements Retention {
        public Kept {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException(
                        "a topic keeps its records for a positive time, duration=" + duration);
            }
        }
    }

    /** The topic settings of Kafka that say so. */
    default Map<String, String> topicConfig() {
        return switch (this) {
            case Compacted _ -> Map.of("cleanup.policy", "compact");
            case Kept kept ->
                Map.of(
                        "cleanup.policy",
                        "delete",
                        "retention.ms",
                        Long.toString(kept.duration().toMillis()));
        };
    }
}
