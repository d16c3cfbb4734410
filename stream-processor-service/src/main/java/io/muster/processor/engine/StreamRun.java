package io.muster.processor.engine;

import io.muster.processor.engine.StreamTask.Upstream;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Runs a query over the events of several partitions: in one time ({@link StreamTask}), or each substream in its own
 * ({@link Substreams}). For one thread. Contract: stream-analytics, 4.3 and 4.4.
 */
public interface StreamRun {
    /**
     * Takes an event whose time its partition's clock has given, at or after the partition's watermark.
     *
     * @param number orders events of one partition and one time
     */
    void event(Upstream upstream, long number, Event event);

    /** Takes that the partition will have no event before this time. */
    void watermark(Upstream upstream, long time);

    /**
     * Runs the query as far as watermarks allow.
     *
     * @return whether time went on
     * @throws EventFailure where the query failed at an event
     * @throws RowFailure where it failed at a row that it had made of events
     */
    boolean goOn();

    /** Ends results at this time; those that were handed out already stay. The first call counts. */
    void endAt(long time);

    /** Returns whether all results were handed out that ever will be. */
    boolean isOver();

    /** Returns the time before which all results were handed out; {@link Long#MIN_VALUE} before the first. */
    long watermark();

    /** Returns the values that name the substream whose results are being handed out; none without substreams. */
    List<Object> substream();

    /** Saves the state that a new run goes on from. @param tables by number, the same whenever the query is the same */
    void save(IntFunction<Table> tables);

    /** Loads the saved state into a new run. */
    void load(IntFunction<Table> tables);
}
