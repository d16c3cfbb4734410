package io.muster.device;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Says once that a device's lease is over, and again after each time that it was held meanwhile. For the device's thread, but for {@link #isHeld}. */
final class LeaseWatch {
    private final EventLoop loop;
    private final Runnable lost;
    private volatile Lease lease;
    private @Nullable Future<?> timer;

    LeaseWatch(Duration term, EventLoop loop, Runnable lost) {
        this.loop = loop;
        this.lost = lost;
        this.lease = Lease.ended(term, System.nanoTime());
    }

    /** Returns whether it is held, by the clock and not by the timer, which a busy thread may run late. Any thread. */
    boolean isHeld() {
        return lease.isHeld(System.nanoTime());
    }

    Duration pingEvery() {
        return lease.pingEvery();
    }

    /** Renews it. @param sentAt when the request was sent that the hub has answered, by {@link System#nanoTime} */
    void answered(long sentAt) {
        lease = lease.renewed(sentAt);
        if (timer == null && isHeld()) {
            watch();
        }
    }

    void stop() {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void watch() {
        timer = loop.schedule(
                () -> {
                    if (isHeld()) {
                        watch();
                    } else {
                        timer = null;
                        lost.run();
                    }
                },
                Math.max(1, lease.left(System.nanoTime())),
                TimeUnit.NANOSECONDS);
    }
}
