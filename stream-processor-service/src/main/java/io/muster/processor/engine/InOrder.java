package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import java.util.Comparator;

/** Brings the rows of several selects into one order: by time, then by select. Those of one select are in order, and don't wait. */
final class InOrder extends Operator {
    private final RowsByTime waiting = new RowsByTime(Comparator.comparingInt(RowsByTime.Arrived::port));
    private final int selects;
    private final MadeRows made;

    InOrder(int selects, MadeRows made) {
        this.selects = selects;
        this.made = made;
    }

    @Override
    void row(int port, StreamRow row) {
        if (selects == 1) {
            emit(row);
            return;
        }
        made.waits();
        waiting.add(port, row);
    }

    @Override
    void advance(long watermark) {
        waiting.until(watermark, next -> {
            made.waitsNoMore();
            emit(next.row());
        });
    }
}
