package io.muster.processor.engine;

import io.muster.processor.engine.StreamTask.Upstream;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Keeps the events of one partition that wait for their time, ordered by time, then by number. Events that come in order, as most do, cost nothing to sort. For one thread. */
final class Backlog {
    /** Holds an event that waits. */
    static final class Waiting {
        private final Upstream upstream;
        private final long number;
        private final Event event;
        private boolean saved;

        Waiting(Upstream upstream, long number, Event event) {
            this.upstream = upstream;
            this.number = number;
            this.event = event;
        }

        Upstream upstream() {
            return upstream;
        }

        long number() {
            return number;
        }

        Event event() {
            return event;
        }

        boolean isSaved() {
            return saved;
        }

        void saved() {
            saved = true;
        }

        List<Object> key() {
            return List.of((long) upstream.input(), (long) upstream.partition(), number);
        }
    }

    /** Orders all events of a task. */
    static final Comparator<Waiting> ORDER = (one, other) -> {
        int byTime = Long.compare(one.event.time(), other.event.time());
        if (byTime != 0) {
            return byTime;
        }
        int byInput = Integer.compare(one.upstream.input(), other.upstream.input());
        if (byInput != 0) {
            return byInput;
        }
        int byPartition = Integer.compare(one.upstream.partition(), other.upstream.partition());
        return byPartition != 0 ? byPartition : Long.compare(one.number, other.number);
    };

    private final Deque<Waiting> inOrder = new ArrayDeque<>();
    private final Queue<Waiting> disordered = new PriorityQueue<>(ORDER);

    void add(Waiting event) {
        @Nullable Waiting last = inOrder.peekLast();
        if (last == null || ORDER.compare(last, event) <= 0) {
            inOrder.addLast(event);
        } else {
            disordered.add(event);
        }
    }

    private Queue<Waiting> next() {
        @Nullable Waiting late = disordered.peek();
        @Nullable Waiting first = inOrder.peekFirst();
        return late != null && (first == null || ORDER.compare(late, first) < 0) ? disordered : inOrder;
    }

    @Nullable
    Waiting peek() {
        return next().peek();
    }

    /** Removes and returns the first event before the time; null where there is none. */
    @Nullable
    Waiting pollBefore(long time) {
        Queue<Waiting> next = next();
        @Nullable Waiting first = next.peek();
        return first == null || first.event.time() >= time ? null : next.poll();
    }
}
