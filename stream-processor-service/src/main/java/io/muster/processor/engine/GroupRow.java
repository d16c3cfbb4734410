package io.muster.processor.engine;

import io.muster.query.stream.Accumulator;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Has the keys and aggregates of one group at the end of its window. */
record GroupRow(long time, Accumulator[] computed, String window) implements StreamRow {
    @Override
    public Object computed(int place) {
        if (place == StreamQuery.WINDOW) {
            return Map.of("Id", window.isEmpty() ? StreamValues.NULL : window);
        }
        return computed[place].result();
    }

    List<Object> values() {
        return Arrays.stream(computed).map(Accumulator::result).toList();
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
