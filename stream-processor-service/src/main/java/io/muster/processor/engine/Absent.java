package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.Map;

/** Stands for the row that an outer join or application did not find. @param time at which that was known */
record Absent(long time) implements StreamRow {
    @Override
    public boolean isAbsent() {
        return true;
    }

    @Override
    public Object member(String name) {
        return StreamValues.NULL;
    }

    @Override
    public Map<String, Object> record() {
        return Map.of();
    }
}
