package io.muster.query.stream;

import java.util.Map;

/** Holds a row of one input, at the time 0. */
record RecordRow(Map<String, Object> record) implements StreamRow {
    @Override
    public long time() {
        return 0;
    }

    @Override
    public Object member(String name) {
        return StreamValues.member(record, name);
    }
}
