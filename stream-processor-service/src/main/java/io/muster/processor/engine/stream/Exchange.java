package io.muster.processor.engine.stream;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.Table;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What partitions of the inputs tell the one task that brings them together: their events, and how far they are; many in a record. Written
 * and read by one start. For one task.
 */
final class Exchange implements Ingest.Events {
    private static final int FULL = 64 * 1024;
    private static final char EVENT = 'e';
    private static final char WATERMARK = 'w';

    private final ValueCodec.Writer pending = new ValueCodec.Writer();
    private final Consumer<byte[]> send;
    private boolean saved;

    /** @param send writes a record */
    Exchange(Consumer<byte[]> send) {
        this.send = send;
    }

    @Override
    public void event(Upstream upstream, long number, Event event) {
        begin(EVENT, upstream);
        pending.number(number);
        pending.number(event.time());
        pending.value(event.record());
        pending.value(event.metadata());
        if (pending.size() > FULL) {
            send();
        }
    }

    @Override
    public void watermark(Upstream upstream, long time) {
        begin(WATERMARK, upstream);
        pending.number(time);
    }

    private void begin(char kind, Upstream upstream) {
        pending.tag(kind);
        pending.number(upstream.input());
        pending.number(upstream.partition());
    }

    /** Sends what was told since; to be called before each commit, where that can be. @return whether there was anything: it is to be saved then */
    boolean send() {
        if (pending.size() == 0) {
            return false;
        }
        send.accept(pending.take());
        return true;
    }

    /** A commit that came by itself finds things that are told and not sent. */
    void save(Table table) {
        if (pending.size() > 0) {
            table.put(List.of(), pending.copy());
            saved = true;
        } else if (saved) {
            table.remove(List.of());
            saved = false;
        }
    }

    void load(Table table) {
        table.forEach((_, left) -> {
            read((byte[]) left, this);
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
