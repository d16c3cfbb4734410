package io.muster.planner.fleet.topology;

import io.muster.planner.state.WorkSlice;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Counts how often a store of slices is written. An iterator sees what was there when it was made. */
final class SliceStore implements KeyValueStore<String, WorkSlice> {
    private final NavigableMap<String, WorkSlice> rows = new TreeMap<>();
    private int writes;

    int writes() {
        return writes;
    }

    Map<String, WorkSlice> rows() {
        return rows;
    }

    @Override
    public void put(String key, @Nullable WorkSlice value) {
        writes++;
        if (value == null) {
            rows.remove(key);
        } else {
            rows.put(key, value);
        }
    }

    @Override
    public @Nullable WorkSlice get(String key) {
        return rows.get(key);
    }

    @Override
    public KeyValueIterator<String, WorkSlice> range(@Nullable String from, @Nullable String to) {
        NavigableMap<String, WorkSlice> behind = from == null ? rows : rows.tailMap(from, true);
        return new Rows(new TreeMap<>(to == null ? behind : behind.headMap(to, true)));
    }

    @Override
    public KeyValueIterator<String, WorkSlice> reverseRange(@Nullable String from, @Nullable String to) {
        return new Rows(
                new TreeMap<>(rows.subMap(String.valueOf(from), true, String.valueOf(to), true)).descendingMap());
    }

    private static final class Rows implements KeyValueIterator<String, WorkSlice> {
        private final NavigableMap<String, WorkSlice> left;

        private Rows(NavigableMap<String, WorkSlice> left) {
            this.left = left;
        }

        @Override
        public String peekNextKey() {
            return left.firstKey();
        }

        @Override
        public boolean hasNext() {
            return !left.isEmpty();
        }

        @Override
        public KeyValue<String, WorkSlice> next() {
            Iterator<Map.Entry<String, WorkSlice>> first = left.entrySet().iterator();
            Map.Entry<String, WorkSlice> entry = first.next();
            KeyValue<String, WorkSlice> found = KeyValue.pair(entry.getKey(), entry.getValue());
            first.remove();
            return found;
        }

        @Override
        public void close() {}
    }

    @Override
    public KeyValueIterator<String, WorkSlice> all() {
        return range(null, null);
    }

    @Override
    public @Nullable WorkSlice putIfAbsent(String key, WorkSlice value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void putAll(List<KeyValue<String, WorkSlice>> entries) {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable WorkSlice delete(String key) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long approximateNumEntries() {
        return rows.size();
    }

    @Override
    public String name() {
        return "device-jobs";
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {}

    @Override
    public void close() {}

    @Override
    public boolean persistent() {
        return false;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public Position getPosition() {
        return Position.emptyPosition();
    }
}
