package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Joins rows of several sources to one. Values that were computed for the first are its own. */
record Parts(List<StreamRow> parts, long time) implements StreamRow {
    /** Returns a row with one part more. @param count how many parts it has so far */
    static Parts of(StreamRow row, int count, StreamRow more, long time) {
        List<StreamRow> parts = new ArrayList<>(count + 1);
        for (int i = 0; i < count; i++) {
            parts.add(row.part(i));
        }
        parts.add(more);
        return new Parts(parts, time);
    }

    @Override
    public StreamRow part(int source) {
        return parts.get(source);
    }

    @Override
    public Object computed(int place) {
        return parts.getFirst().computed(place);
    }

    @Override
    public Object member(String name) {
        return parts.getFirst().member(name);
    }

    @Override
    public Map<String, Object> record() {
        return parts.getFirst().record();
    }
}
