package io.muster.processor.engine.stream;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import java.util.List;
import java.util.Map;

/** What partitions of the inputs tell the one task that brings them together: their events, and how far they are. Written and read by one start. */
final class Exchange {
    private static final int WATERMARK = 3;

    private Exchange() {}

    static byte[] event(Upstream upstream, long number, Event event) {
        return ValueCodec.encode(List.of(
                (long) upstream.input(),
                (long) upstream.partition(),
                number,
                event.time(),
                event.record(),
                event.metadata()));
    }

    static byte[] watermark(Upstream upstream, long time) {
        return ValueCodec.encode(List.of((long) upstream.input(), (long) upstream.partition(), time));
    }

    @SuppressWarnings("unchecked") // As it was written above.
    static void read(byte[] value, Ingest.Events events) {
        List<Object> parts = (List<Object>) ValueCodec.decode(value);
        Upstream upstream = new Upstream(((Long) parts.get(0)).intValue(), ((Long) parts.get(1)).intValue());
        if (parts.size() == WATERMARK) {
            events.watermark(upstream, (Long) parts.get(2));
        } else {
            events.event(
                    upstream,
                    (Long) parts.get(2),
                    new Event((Long) parts.get(3), (Map<String, Object>) parts.get(4), (Map<String, Object>)
                            parts.get(5)));
        }
    }
}
