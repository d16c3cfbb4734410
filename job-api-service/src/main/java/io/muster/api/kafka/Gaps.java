package io.muster.api.kafka;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Remembers ranges of a log that hold nothing of a key, so that they are read once: nothing is ever written between records. Of the {@value #KEYS} keys that were
 * asked for last, the {@value #OF_A_KEY} largest ranges of each. Thread-safe.
 */
final class Gaps {
    private static final int KEYS = 1000;
    private static final int OF_A_KEY = 32;
    /** Is the least range that is worth a seek: a poll brings so many records. */
    private static final long LEAST = 500;

    /** Holds the ends of ranges by their first offsets. */
    private final Map<String, NavigableMap<Long, Long>> byKey = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, NavigableMap<Long, Long>> eldest) {
            return size() > KEYS;
        }
    };

    /** Notes that a range holds nothing of a key. It becomes one with a range that it continues. @param to behind the last offset */
    synchronized void add(String key, long from, long to) {
        NavigableMap<Long, Long> gaps = byKey.computeIfAbsent(key, _ -> new TreeMap<>());
        Map.@Nullable Entry<Long, Long> before = gaps.floorEntry(from);
        boolean continues = before != null && before.getValue() >= from;
        long first = continues ? before.getKey() : from;
        long end = continues ? Math.max(before.getValue(), to) : to;
        if (end - first >= LEAST) {
            gaps.put(first, end);
        }
        if (gaps.size() > OF_A_KEY) {
            gaps.entrySet().stream()
                    .min((one, other) -> Long.compare(length(one), length(other)))
                    .map(Map.Entry::getKey)
                    .ifPresent(gaps::remove);
        }
    }

    private static long length(Map.Entry<Long, Long> gap) {
        return gap.getValue() - gap.getKey();
    }

    /** Returns from where on a key may have something: the offset itself, or the end of the range in which it is. */
    synchronized long behind(String key, long offset) {
        @Nullable NavigableMap<Long, Long> gaps = byKey.get(key);
        Map.@Nullable Entry<Long, Long> gap = gaps == null ? null : gaps.floorEntry(offset);
        return gap == null ? offset : Math.max(offset, gap.getValue());
    }

    /** Forgets the ranges of a key. */
    synchronized void forget(String key) {
        byKey.remove(key);
    }
}
