package io.muster.processor.engine.topology;

import java.util.OptionalLong;

/** Knows up to when a partition's records were all read, so that time can go on where none come. */
@FunctionalInterface
public interface Arrivals {
    /**
     * Returns the time up to which all records that arrived were taken; empty where it is not known.
     *
     * @param taken the offset of the last record that was; -1 before the first
     * @param now in ticks
     * @return in ticks
     */
    OptionalLong completeUntil(String topic, int partition, long taken, long now);
}
