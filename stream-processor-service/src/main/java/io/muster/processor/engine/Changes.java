package io.muster.processor.engine;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Tracks which entries of an operator's state differ from what was saved. */
final class Changes<K> {
    private final Set<K> changed = new HashSet<>();
    private final Set<K> saved = new HashSet<>();

    void changed(K key) {
        changed.add(key);
    }

    /** Records that the entry was loaded as it was saved. */
    void saved(K key) {
        saved.add(key);
    }

    /**
     * Saves the entries that have changed since the last call, and removes those that are gone.
     *
     * @param value what is kept under a key; null where there is nothing any more
     */
    void save(Table table, Function<K, @Nullable Object> value) {
        for (K key : changed) {
            @Nullable Object now = value.apply(key);
            if (now != null) {
                table.put(List.of(key), now);
                saved.add(key);
            } else if (saved.remove(key)) {
                table.remove(List.of(key));
            }
        }
        changed.clear();
    }
}
