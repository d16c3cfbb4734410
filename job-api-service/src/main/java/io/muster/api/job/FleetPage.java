package io.muster.api.job;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Holds a page of rows of which every device partition has a part, in order of their keys.
 *
 * @param next the key of the last row, behind which the next page begins; empty where none follows
 */
public record FleetPage<T>(List<T> rows, Optional<String> next) {
    public FleetPage {
        rows = List.copyOf(rows);
    }

    /** Holds the rows of a device partition, in order of their keys. @param cut whether more follow behind the last one */
    public record Part<T>(List<T> rows, boolean cut) {}

    /** Merges the parts of all partitions, which were asked for one row more than the page is to have. */
    public static <T> FleetPage<T> of(List<Part<T>> parts, Function<T, String> key, int limit) {
        List<T> found = new ArrayList<>();
        // Behind the last row of a part that was cut there are rows that are not known yet.
        @Nullable String horizon = null;
        for (Part<T> part : parts) {
            found.addAll(part.rows());
            if (part.cut()) {
                String last = key.apply(part.rows().getLast());
                horizon = horizon == null || last.compareTo(horizon) < 0 ? last : horizon;
            }
        }
        @Nullable String end = horizon;
        List<T> page = found.stream()
                .filter(row -> end == null || key.apply(row).compareTo(end) <= 0)
                .sorted(Comparator.comparing(key))
                .limit(limit)
                .toList();
        boolean more = end != null || found.size() > page.size();
        return new FleetPage<>(page, more ? Optional.of(key.apply(page.getLast())) : Optional.empty());
    }
}
