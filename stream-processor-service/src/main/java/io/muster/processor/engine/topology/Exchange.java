package io.muster.processor.engine.topology;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.Table;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Writes what partitions of the inputs tell the tasks that bring them together: each its share of the events, and all how far the
 * partitions are; many in a record. Written and read by one start. For one task.
 */
final class Exchange implements Ingest.Events {
    /** Writes a record. */
    interface Send {
        void accept(int task, byte[] record);
    }

    private static final int FULL = 64 * 1024;
    private static final char EVENT = 'e';
    private static final char WATERMARK = 'w';

    private final TaskAssignment shares;
    /** Holds batches by task. */
    private final ValueCodec.Writer[] pending;

    private final Send send;
    private boolean saved;

    /** Writes for the tasks of a query; nothing is pending yet. @param tasks how many share the query */
    Exchange(TaskAssignment shares, int tasks, Send send) {
        this.shares = shares;
        this.send = send;
        this.pending = new ValueCodec.Writer[tasks];
        Arrays.setAll(pending, _ -> new ValueCodec.Writer());
    }

    @Override
    public void event(Upstream upstream, long number, Event event) {
        int share = shares.of(upstream, event);
        if (share != TaskAssignment.ALL) {
            event(share, upstream, number, event);
            return;
        }
        for (int task = 0; task < pending.length; task++) {
            event(task, upstream, number, event);
        }
    }

    private void event(int task, Upstream upstream, long number, Event event) {
        ValueCodec.Writer to = pending[task];
        begin(to, EVENT, upstream);
        to.number(number);
        to.number(event.time());
        to.value(event.record());
        to.value(event.metadata());
        if (to.size() > FULL) {
            send(task);
        }
    }

    @Override
    public void watermark(Upstream upstream, long time) {
        for (int task = 0; task < pending.length; task++) {
            watermark(task, upstream, time);
        }
    }

    private void watermark(int task, Upstream upstream, long time) {
        begin(pending[task], WATERMARK, upstream);
        pending[task].number(time);
    }

    private static void begin(ValueCodec.Writer to, char kind, Upstream upstream) {
        to.tag(kind);
        to.number(upstream.input());
        to.number(upstream.partition());
    }

    /** Sends what was announced since; to be called before each commit, where that can be. @return whether there was anything: it is to be saved then */
    boolean send() {
        boolean any = false;
        for (int task = 0; task < pending.length; task++) {
            any |= send(task);
        }
        return any;
    }

    private boolean send(int task) {
        if (pending[task].size() == 0) {
            return false;
        }
        send.accept(task, pending[task].take());
        return true;
    }

    /** Sends announcements that a commit finds unsent, where it came by itself. */
    void save(Table table) {
        boolean unsent = Arrays.stream(pending).anyMatch(of -> of.size() > 0);
        if (unsent || saved) {
            for (int task = 0; task < pending.length; task++) {
                List<Object> key = List.of((long) task);
                if (pending[task].size() > 0) {
                    table.put(key, pending[task].copy());
                } else {
                    table.remove(key);
                }
            }
        }
        saved = unsent;
    }

    void load(Table table) {
        table.forEach((key, left) -> {
            int task = ((Long) key.getFirst()).intValue();
            read((byte[]) left, new Ingest.Events() {
                @Override
                public void event(Upstream upstream, long number, Event event) {
                    Exchange.this.event(task, upstream, number, event);
                }

                @Override
                public void watermark(Upstream upstream, long time) {
                    Exchange.this.watermark(task, upstream, time);
                }
            });
            saved = true;
        });
    }

    @SuppressWarnings("unchecked") // As it was written above.
    static void read(byte[] value, Ingest.Events events) {
        ValueCodec.Reader reader = new ValueCodec.Reader(value);
        while (!reader.isAtEnd()) {
            boolean isEvent = reader.tag() == EVENT;
            Upstream upstream = new Upstream((int) reader.number(), (int) reader.number());
            if (isEvent) {
                long number = reader.number();
                long time = reader.number();
                events.event(
                        upstream, number, new Event(time, (Map<String, Object>) reader.value(), (Map<String, Object>)
                                reader.value()));
            } else {
                events.watermark(upstream, reader.number());
            }
        }
    }
}
