package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import java.util.Comparator;

/** Brings the rows of several selects into one order: by time, then by select. */
final class InOrder extends Operator {
    private final RowsByTime waiting = new RowsByTime(Comparator.comparingInt(RowsByTime.Arrived::port));

    @Override
    void row(int port, StreamRow row) {
        waiting.add(port, row);
    }

    @Override
    void advance(long watermark) {
        waiting.until(watermark, next -> emit(next.row()));
    }
}
