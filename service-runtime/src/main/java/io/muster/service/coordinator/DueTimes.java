package io.muster.service.coordinator;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Orders keys by the time when something is due for them. An index over state that says so itself: it is rebuilt from the state at start
 * and never stored. One due time a key. For one thread.
 */
public final class DueTimes {
    private record Entry(Instant at, String key) {}

    private final TreeSet<Entry> order =
            new TreeSet<>(Comparator.comparing(Entry::at).thenComparing(Entry::key));
    private final Map<String, Instant> times = new HashMap<>();

    /** Sets a key's due time; a second one replaces the first. */
    public void set(String key, Instant at) {
        clear(key);
        times.put(key, at);
        order.add(new Entry(at, key));
    }

    /** Removes a key's due time, if it has one. */
    public void clear(String key) {
        Instant at = times.remove(key);
        if (at != null) {
            order.remove(new Entry(at, key));
        }
    }

    /** Takes out the keys that are due, in order of time; at most so many, the rest stay due. */
    public List<String> take(Instant now, int limit) {
        List<String> due = new ArrayList<>();
        while (!order.isEmpty() && due.size() < limit && !order.first().at().isAfter(now)) {
            String key = order.first().key();
            clear(key);
            due.add(key);
        }
        return due;
    }

    /** Returns how many keys have a due time. */
    public int size() {
        return times.size();
    }
}
