package io.muster.processor.engine;

import io.muster.query.stream.Accumulator;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.List;
import java.util.Map;

/** What holds of one group at the end of its window: its keys, and its aggregates behind them. */
record GroupRow(long time, List<Object> keys, Accumulator[] aggregates, String window) implements StreamRow {
    @Override
    public Object computed(int place) {
        if (place == StreamQuery.WINDOW) {
            return Map.of("Id", window.isEmpty() ? StreamValues.NULL : window);
        }
        return place < keys.size() ? keys.get(place) : aggregates[place - keys.size()].result();
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
