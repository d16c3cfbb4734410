package io.muster.agent;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What happened to all simulated devices together. Thread-safe. */
public final class Counters {
    final AtomicLong connected = new AtomicLong();
    final LongAdder methods = new LongAdder();
    final LongAdder repeated = new LongAdder();
    final LongAdder desired = new LongAdder();
    final LongAdder reconnects = new LongAdder();
    final LongAdder refused = new LongAdder();

    /**
     * At one moment, roughly.
     *
     * @param connected devices that are connected and subscribed now
     * @param methods attempts that reached a device for the first time
     * @param repeated attempts that reached a device again: each is a fault of the gateway
     * @param desired desired changes that devices were told of
     * @param reconnects connections that were lost or refused and tried again
     * @param refused connections that the server refused
     */
    public record Snapshot(long connected, long methods, long repeated, long desired, long reconnects, long refused) {
        /** One line of JSON. */
        public String json() {
            return "{\"connected\":" + connected + ",\"methods\":" + methods + ",\"repeated\":" + repeated
                    + ",\"desired\":" + desired + ",\"reconnects\":" + reconnects + ",\"refused\":" + refused + "}";
        }
    }

    public Snapshot snapshot() {
        return new Snapshot(
                connected.get(), methods.sum(), repeated.sum(), desired.sum(), reconnects.sum(), refused.sum());
    }
}
