package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import java.util.Map;

/** Holds a row with the values of its analytic functions. */
record Analyzed(StreamRow row, Object[] values) implements StreamRow {
    @Override
    public long time() {
        return row.time();
    }

    @Override
    public Object computed(int place) {
        return values[place];
    }

    @Override
    public Object member(String name) {
        return row.member(name);
    }

    @Override
    public Map<String, Object> record() {
        return row.record();
    }
}
