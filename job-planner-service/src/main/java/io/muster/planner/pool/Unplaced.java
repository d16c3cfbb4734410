package io.muster.planner.pool;

import io.muster.planner.pool.TaskDefinition.Shape;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Counts for which kinds of tasks no room was found, and says when that is worth an event: the first time, and again behind pauses that double, as long as no task of
 * the kind is placed: at most once in 5 s. The first task of a kind speaks for all of its owner, so that a million queued ones don't write a million events. Kept in
 * memory alone. For one thread.
 */
final class Unplaced {
    /** Passes between the first event of a kind and the next. */
    static final Duration FIRST_PAUSE = Duration.ofSeconds(5);

    /** Bounds the pauses. */
    static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

    private record Pause(Instant until, Duration length) {}

    /** Names the tasks of an owner that the same nodes can run. */
    record Kind(Shape shape, String group) {
        static Kind of(TaskDefinition task) {
            return new Kind(task.shape(), task.group());
        }
    }

    private final Map<Kind, Pause> pauses = new HashMap<>();

    /** Returns whether it is worth an event that no room is found for a kind; the next pause begins if so. */
    boolean isNews(Kind kind, Instant now) {
        @Nullable Pause last = pauses.get(kind);
        if (last != null && now.isBefore(last.until())) {
            return false;
        }
        Duration length = last == null || last.length().isZero()
                ? FIRST_PAUSE
                : last.length().multipliedBy(2);
        Duration bounded = length.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : length;
        pauses.put(kind, new Pause(now.plus(bounded), bounded));
        return true;
    }

    /** Notes that a task of a kind was placed: the pauses begin anew behind the one under way, since the next task of the kind may find no room at once. */
    void placed(Kind kind) {
        pauses.computeIfPresent(kind, (_, last) -> new Pause(last.until(), Duration.ZERO));
    }

    /** Forgets a kind of which no task is queued. */
    void forget(Kind kind) {
        pauses.remove(kind);
    }

    /** Lists the kinds whose pause is over. */
    List<Kind> due(Instant now) {
        return pauses.entrySet().stream()
                .filter(each -> !now.isBefore(each.getValue().until()))
                .map(Map.Entry::getKey)
                .toList();
    }
}
