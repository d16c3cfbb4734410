package io.muster.processor.streamjob.stream;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.query.stream.Ticks;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How far a run is behind the clock, as a metric: the time of its slowest task here. Thread-safe. */
final class StreamJobDelay implements AutoCloseable {
    private static final double TICKS_A_SECOND = Ticks.SECOND;

    private final Map<Integer, Long> watermarks = new ConcurrentHashMap<>();
    private final MeterRegistry meters;
    private final Gauge gauge;

    StreamJobDelay(String streamJobId, long start, MeterRegistry meters) {
        this.meters = meters;
        this.gauge = Gauge.builder(
                        "muster.stream.job.watermark.delay",
                        watermarks,
                        of -> seconds(of.values(), meters.config().clock().wallTime()))
                .description("Of the slowest task, behind the clock")
                .baseUnit("seconds")
                .tag("stream_job", streamJobId)
                .tag("start", Long.toString(start))
                .register(meters);
    }

    /** @param watermark in ticks; {@link Long#MAX_VALUE} when another instance has the task */
    void reached(int task, long watermark) {
        if (watermark == Long.MAX_VALUE) {
            watermarks.remove(task);
        } else {
            watermarks.put(task, watermark);
        }
    }

    /** Not a number before the first. */
    private static double seconds(Collection<Long> watermarks, long millis) {
        long now = Ticks.ofMillis(millis);
        return watermarks.stream().mapToLong(Long::longValue).min().stream()
                .mapToDouble(slowest -> (now - slowest) / TICKS_A_SECOND)
                .findFirst()
                .orElse(Double.NaN);
    }

    @Override
    public void close() {
        meters.remove(gauge);
    }
}
