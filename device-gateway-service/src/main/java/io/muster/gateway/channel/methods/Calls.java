package io.muster.gateway.channel.methods;

import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.fleet.Fleet;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodUnanswered;
import io.netty.util.concurrent.EventExecutor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the methods that were handed to devices and have not ended, of all connections. Each ends once, with a report: the device's answer, or, when its
 * time is over by the monotonic clock of this process, that it has not answered. So an answer counts if it came here in time, whenever
 * the fleet reads that, and whatever any clock says (ADR 0018). That a call is not answered is reported by a timer of its connection's thread, which
 * nothing blocks: at the deadline, or as soon as the thread has ended what it is doing; an answer that it reads meanwhile is late. A call outlives
 * its connection: the answer may come over the device's next one. Thread-safe.
 */
final class Calls {
    private static final Duration RETRY = Duration.ofSeconds(1);
    /** Begins the statuses that are failures. */
    private static final int FAILED = 400;

    /** Holds a call that was handed over. */
    private static final class Open {
        private final Call call;
        private final long until;
        private final EventExecutor timer;
        private volatile @Nullable Future<?> timeOut;
        /** Notes that the end of its time was counted; the report of it may still have to be written. */
        private volatile boolean over;

        private Open(Call call, long until, EventExecutor timer) {
            this.call = call;
            this.until = until;
            this.timer = timer;
        }

        private String deliveryId() {
            return call.request().getDeliveryId();
        }

        /** Returns the nanoseconds until its time is over; negative behind that. */
        private long left() {
            return until - timer.ticker().nanoTime();
        }
    }

    /** Holds calls by device, and of each by delivery id. */
    private final Map<String, Map<String, Open>> all = new ConcurrentHashMap<>();

    private final Fleet fleet;
    private final ChannelMeters meters;
    private final InstantSource clock;

    Calls(Fleet fleet, ChannelMeters meters, InstantSource clock) {
        this.fleet = fleet;
        this.meters = meters;
        this.clock = clock;
    }

    /** Notes that a call is being handed over: its device's time begins. @param timer outlives the connection */
    void begin(Call call, EventExecutor timer) {
        Open open = new Open(call, timer.ticker().nanoTime() + call.time().toNanos(), timer);
        keep(open);
        timeOutIn(open, call.time().toNanos());
    }

    /**
     * Reports a device's answer. One to a call that is not open here is reported too: another gateway may have handed that over, and the
     * fleet knows whether it has ended. One that comes behind the call's deadline is dropped, and the call ends as unanswered.
     *
     * @return ends when the brokers have the answer; fails when it can't be kept, and the call is open then as before
     */
    CompletableFuture<Void> answered(String deviceId, String deliveryId, int status, ByteBuffer payload) {
        Instant at = clock.instant();
        @Nullable Open open = get(deviceId, deliveryId);
        if (open != null && open.left() <= 0) {
            timeOut(open);
            return CompletableFuture.completedFuture(null);
        }
        @Nullable Open ended = open != null && remove(open) ? open : null;
        return fleet.report(deviceId, new MethodAnswered(deliveryId, status, payload))
                .whenComplete((_, error) -> {
                    if (ended != null && error == null) {
                        ended.call.ended(Integer.toString(status), status >= FAILED, at);
                    } else if (ended != null) {
                        keep(ended);
                        timeOutIn(ended, Math.max(ended.left(), RETRY.toNanos()));
                    }
                });
    }

    /** Returns how long the last of a device's open calls has to be answered. */
    Duration longest(String deviceId) {
        long most = open(deviceId).stream().mapToLong(Open::left).max().orElse(0);
        return Duration.ofNanos(Math.max(0, most));
    }

    private Collection<Open> open(String deviceId) {
        Map<String, Open> open = all.get(deviceId);
        return open == null ? List.of() : open.values();
    }

    boolean isOpen(String deviceId, String deliveryId) {
        return get(deviceId, deliveryId) != null;
    }

    private @Nullable Open get(String deviceId, String deliveryId) {
        Map<String, Open> open = all.get(deviceId);
        return open == null ? null : open.get(deliveryId);
    }

    private void keep(Open open) {
        all.compute(open.call.deviceId(), (_, calls) -> {
            Map<String, Open> kept = calls == null ? new ConcurrentHashMap<>() : calls;
            kept.put(open.deliveryId(), open);
            return kept;
        });
    }

    /** Removes a call. @return false when it was ended meanwhile */
    private boolean remove(Open open) {
        AtomicBoolean removed = new AtomicBoolean();
        all.computeIfPresent(open.call.deviceId(), (_, calls) -> {
            removed.set(calls.remove(open.deliveryId(), open));
            return calls.isEmpty() ? null : calls;
        });
        @Nullable Future<?> timeOut = open.timeOut;
        if (timeOut != null) {
            timeOut.cancel(false);
        }
        return removed.get();
    }

    private void timeOutIn(Open open, long nanos) {
        open.timeOut = open.timer.schedule(() -> timeOut(open), nanos, TimeUnit.NANOSECONDS);
    }

    private void timeOut(Open open) {
        if (!remove(open)) {
            return;
        }
        if (!open.over) {
            open.over = true;
            meters.delivery("method", "no answer");
            open.call.ended("no answer", true, clock.instant());
        }
        fleet.report(open.call.deviceId(), new MethodUnanswered(open.deliveryId()))
                .exceptionally(_ -> {
                    // The memory for reports is full: the call is not forgotten.
                    keep(open);
                    timeOutIn(open, RETRY.toNanos());
                    return null;
                });
    }
}
