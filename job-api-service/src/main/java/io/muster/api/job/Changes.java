package io.muster.api.job;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keeps the order in which the views changed: the latest change of each subject, numbered. A reader has a position and no queue, so a slow one
 * is passed by all changes of a subject but the last, and costs nothing. Positions are of one instance's life: another instance, or the
 * same one after a restart, knows none of them. Thread-safe.
 */
public final class Changes {
    /** Names the kinds of subjects. */
    public enum Kind {
        JOB,
        STATISTICS,
        STREAM_JOB
    }

    /** Names a thing that changes. @param id of the job or the stream job */
    public record Subject(Kind kind, String id) {}

    /** Holds the latest change of a subject. @param position just behind it; a text to be given back, of letters, digits and hyphens */
    public record Change(Subject subject, String position) {}

    /**
     * Holds the changes behind a position, the oldest first.
     *
     * @param complete whether nothing is missing between the position and these: else forget what was known, they begin anew
     * @param last position behind them
     */
    public record Page(boolean complete, List<Change> changes, String last) {}

    private static final int MOST_REMOVED = 10_000;

    private final String life = UUID.randomUUID().toString().replace("-", "");
    private final int mostRemoved;
    private final Map<Subject, Long> latest = new HashMap<>();
    private final TreeMap<Long, Subject> inOrder = new TreeMap<>();
    private final TreeMap<Long, Subject> removed = new TreeMap<>();
    private long number;
    /** Marks the last removal that is forgotten: a reader before it begins anew. */
    private long forgotten;

    public Changes() {
        this(MOST_REMOVED);
    }

    Changes(int mostRemoved) {
        this.mostRemoved = mostRemoved;
    }

    void changed(Kind kind, String id) {
        note(new Subject(kind, id), false);
    }

    void removed(Kind kind, String id) {
        note(new Subject(kind, id), true);
    }

    private synchronized void note(Subject subject, boolean gone) {
        Long before = latest.put(subject, ++number);
        if (before != null) {
            inOrder.remove(before);
            removed.remove(before);
        }
        inOrder.put(number, subject);
        if (gone) {
            removed.put(number, subject);
        }
        if (removed.size() > mostRemoved) {
            var oldest = removed.pollFirstEntry();
            inOrder.remove(oldest.getKey());
            latest.remove(oldest.getValue());
            forgotten = oldest.getKey();
        }
    }

    /** Returns the position behind all changes. */
    public synchronized String now() {
        return new Position(number, number).text(life);
    }

    /** Returns the position before all changes. */
    public String start() {
        return Position.START.text(life);
    }

    /**
     * Returns the next changes.
     *
     * @param position behind which they come; one that is unknown here begins anew
     * @param limit how many at most
     */
    public synchronized Page after(String position, Predicate<Subject> wanted, int limit) {
        Optional<Position> known =
                Position.parse(life, position).filter(at -> at.change() <= number && at.missesNothing(forgotten));
        Position from = known.orElse(Position.START).begun(number);
        List<Change> changes = new ArrayList<>();
        for (var change : inOrder.tailMap(from.change(), false).entrySet()) {
            from = from.at(change.getKey());
            if (wanted.test(change.getValue())) {
                changes.add(new Change(change.getValue(), from.text(life)));
                if (changes.size() == limit) {
                    break;
                }
            }
        }
        return new Page(known.isPresent(), changes, from.text(life));
    }

    /**
     * Stands behind a change.
     *
     * @param since the last change when its reader began: subjects that were gone then are unknown to it
     * @param change behind which it stands; 0 before all
     */
    private record Position(long since, long change) {
        private static final Position START = new Position(0, 0);
        private static final Pattern FORM = Pattern.compile("([0-9a-f]{32})-(\\d{1,18})-(\\d{1,18})");

        static Optional<Position> parse(String life, String text) {
            Matcher form = FORM.matcher(text);
            return form.matches() && form.group(1).equals(life)
                    ? Optional.of(new Position(Long.parseLong(form.group(2)), Long.parseLong(form.group(3))))
                    : Optional.empty();
        }

        String text(String life) {
            return life + "-" + since + "-" + change;
        }

        boolean missesNothing(long forgotten) {
            return change == 0 || change >= forgotten || since >= forgotten;
        }

        Position begun(long number) {
            return change == 0 ? new Position(number, 0) : this;
        }

        Position at(long other) {
            return new Position(since, other);
        }
    }
}
