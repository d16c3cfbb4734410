package io.muster.processor.engine;

import io.muster.processor.engine.StreamTask.Upstream;
import java.io.Serial;

/** Says that the query failed at an event. */
public final class EventFailure extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final transient Upstream upstream;
    private final long number;

    EventFailure(Upstream upstream, long number, RowFailure failure) {
        super(failure.getMessage(), failure.getCause());
        this.upstream = upstream;
        this.number = number;
    }

    public Upstream upstream() {
        return upstream;
    }

    public long number() {
        return number;
    }
}
