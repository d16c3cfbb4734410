package io.muster.processor.streamjob.topology;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.query.stream.Ticks;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Measures how far a run is behind the clock, as a metric: by the watermark of its slowest task here. A task that is being restored has none yet, so
 * that the delay is at least as long as the run waits for its tasks. Thread-safe.
 */
final class StreamJobDelay implements AutoCloseable {
    private static final long ALL_RUN = Long.MAX_VALUE;
    private static final double TICKS_A_SECOND = Ticks.SECOND;

    private final Map<Integer, Long> watermarks = new ConcurrentHashMap<>();
    private final MeterRegistry meters;
    private final Gauge gauge;
    private volatile long waitsSince;

    StreamJobDelay(String streamJobId, long start, MeterRegistry meters) {
        this.meters = meters;
        this.waitsSince = now();
        this.gauge = Gauge.builder("muster.stream.job.watermark.delay", this, StreamJobDelay::seconds)
                .description("Of the slowest task, behind the clock, or since when tasks are waited for")
                .baseUnit("seconds")
                .tag("stream_job", streamJobId)
                .tag("start", Long.toString(start))
                .register(meters);
    }

    /** Takes how far a task is. @param watermark in ticks; {@link Long#MAX_VALUE} when another instance has the task */
    void reached(int task, long watermark) {
        if (watermark == Long.MAX_VALUE) {
            watermarks.remove(task);
        } else {
            watermarks.put(task, watermark);
        }
    }

    /** Takes whether all tasks that are to be here run. */
    void running(boolean all) {
        if (all) {
            waitsSince = ALL_RUN;
        } else if (waitsSince == ALL_RUN) {
            waitsSince = now();
        }
    }

    private long now() {
        return Ticks.ofMillis(meters.config().clock().wallTime());
    }

    /** Returns the delay in seconds; not a number where all tasks run elsewhere. */
    private double seconds() {
        long slowest = Math.min(
                waitsSince,
                watermarks.values().stream().mapToLong(Long::longValue).min().orElse(ALL_RUN));
        return slowest == ALL_RUN ? Double.NaN : (now() - slowest) / TICKS_A_SECOND;
    }

    @Override
    public void close() {
        meters.remove(gauge);
    }
}
