package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.Map;

/**
 * An event of an input, or a row of a step.
 *
 * @param metadata columns that can be asked for by name and that {@code *} does not show
 */
public record Event(long time, Map<String, Object> record, Map<String, Object> metadata) implements StreamRow {
    static Event row(long time, Map<String, Object> record) {
        return new Event(time, record, Map.of());
    }

    @Override
    public Object member(String name) {
        Object value = record.get(name);
        return value == null && !record.containsKey(name)
                ? StreamValues.of(metadata.get(name))
                : StreamValues.of(value);
    }
}
