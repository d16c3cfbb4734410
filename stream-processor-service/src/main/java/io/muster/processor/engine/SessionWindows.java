package io.muster.processor.engine;

import io.muster.query.stream.Accumulator;
import io.muster.query.stream.StreamQuery.Grouping;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.Window;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Groups rows by sessions: rows with no more than a timeout between them. A session ends a timeout behind its last row, or at the first instant on the grid of the
 * longest duration at which it has lasted that long.
 */
final class SessionWindows extends Operator {
    private final Window.Session window;
    private final String id;
    private final Groups groups;
    private final Map<List<Object>, Session> open = new HashMap<>();
    private final List<Session> ended = new ArrayList<>();
    private final Changes<List<Object>> changes = new Changes<>();

    private static final class Session {
        private final List<Object> key;
        private final long start;
        private long last;
        private final Map<List<Object>, Accumulator[]> byGroup = new TreeMap<>(Groups.ORDER);

        private Session(List<Object> key, long start) {
            this.key = key;
            this.start = start;
            this.last = start;
        }
    }

    SessionWindows(Window.Session window, String id, Grouping grouping) {
        this.window = window;
        this.id = id;
        this.groups = new Groups(grouping);
    }

    private long end(Session session) {
        long check = Math.ceilDiv(session.start + window.max(), window.max()) * window.max();
        return Math.min(session.last + window.timeout(), check);
    }

    /** Returns the part of a key that partitions sessions; where none does, all rows share one. */
    private List<Object> sessionKey(List<Object> key) {
        return key.subList(0, window.keys());
    }

    @Override
    void row(int port, StreamRow row) {
        List<Object> key = groups.key(row);
        List<Object> of = List.copyOf(sessionKey(key));
        @Nullable Session session = open.get(of);
        if (session != null && row.time() > end(session)) {
            ended.add(session);
            session = null;
        }
        if (session == null) {
            session = new Session(of, row.time());
            open.put(of, session);
        }
        session.last = row.time();
        Groups.add(session.byGroup.computeIfAbsent(key, _ -> groups.start()), row);
        changes.changed(of);
    }

    @Override
    void advance(long watermark) {
        open.values().removeIf(session -> {
            boolean over = end(session) < watermark;
            if (over) {
                ended.add(session);
                changes.changed(session.key);
            }
            return over;
        });
        ended.sort(Comparator.<Session>comparingLong(this::end).thenComparing(session -> session.key, Groups.ORDER));
        for (Session session : ended) {
            session.byGroup.values().forEach(accumulators -> emit(new GroupRow(end(session), accumulators, id)));
        }
        ended.clear();
    }

    @Override
    void save(Table table) {
        changes.save(table, key -> {
            @Nullable Session session = open.get(key);
            if (session == null) {
                return null;
            }
            List<Object> saved = new ArrayList<>(List.of(session.start, session.last));
            session.byGroup.forEach((group, accumulators) -> saved.add(List.of(group, Groups.save(accumulators))));
            return saved;
        });
    }

    @Override
    @SuppressWarnings("unchecked") // As save() wrote it.
    void load(Table table) {
        table.forEach((entry, saved) -> {
            List<Object> key = (List<Object>) entry.getFirst();
            List<Object> parts = (List<Object>) saved;
            Session session = new Session(key, (Long) parts.get(0));
            session.last = (Long) parts.get(1);
            for (Object group : parts.subList(2, parts.size())) {
                List<?> pair = (List<?>) group;
                session.byGroup.put((List<Object>) pair.get(0), groups.load((List<?>) pair.get(1)));
            }
            open.put(key, session);
            changes.saved(key);
        });
    }
}
