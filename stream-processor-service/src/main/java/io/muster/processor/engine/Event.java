package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.Map;

/**
 * Holds an event of an input, or a row of a step of the query.
 *
 * @param metadata columns that can be asked for by name and that {@code *} does not show
 */
public record Event(long time, Map<String, Object> record, Map<String, Object> metadata) implements StreamRow {
    static Event row(long time, Map<String, Object> record) {
        return new Event(time, record, Map.of());
    }

    /** Makes a row of reference data. @param key of which it is the latest */
    public static Event reference(long time, String key, Map<String, Object> record) {
        return new Event(time, record, Map.of(ReferenceJoin.KEY, key));
    }

    /** Returns an event from which on there are no reference data of the key. */
    public static Event noReference(long time, String key) {
        return new Event(time, Map.of(), Map.of(ReferenceJoin.KEY, key, ReferenceJoin.DELETED, true));
    }

    /** Returns whether it says what the reference data of a key are: no row is made of it alone. */
    boolean isReference() {
        return metadata.containsKey(ReferenceJoin.KEY);
    }

    @Override
    public Object member(String name) {
        return StreamValues.member(record, metadata, name);
    }
}
