package io.muster.query.stream;

import java.util.Map;

/** Groups rows by time; durations in ticks. All ends are inclusive, all starts exclusive. Contract: stream-analytics, 4.5. */
public sealed interface Window {
    /**
     * Ends every {@code hop} from {@code offset} after the epoch on; a tumbling window is one whose hop is its size.
     *
     * @param offset from 0 to below the hop
     */
    record Hopping(long size, long hop, long offset) implements Window {
        /** Returns the first end at or after the instant. */
        public long endFor(long time) {
            return Math.ceilDiv(time - offset, hop) * hop + offset;
        }
    }

    /** Produces a result whenever a row enters or leaves the last {@code size}. */
    record Sliding(long size) implements Window {}

    /**
     * Gathers rows that follow each other within {@code timeout}, for no longer than a check on the grid of {@code max} allows.
     *
     * @param keys how many of the first group keys partition the sessions; rows of other keys don't extend them
     */
    record Session(long timeout, long max, int keys) implements Window {}

    /** Groups all rows of one instant. */
    record Snapshot() implements Window {}

    /** Groups by several windows at once; rows name theirs by id. */
    record Several(Map<String, Window> windows) implements Window {}

    /** Returns how many ticks before an output a row of the input may lie. */
    default long lookBack() {
        return switch (this) {
            case Hopping hopping -> hopping.size();
            case Sliding sliding -> sliding.size();
            case Session session -> 2 * session.max();
            case Snapshot _ -> 0;
            case Several several ->
                several.windows().values().stream()
                        .mapToLong(Window::lookBack)
                        .max()
                        .orElse(0);
        };
    }
}
