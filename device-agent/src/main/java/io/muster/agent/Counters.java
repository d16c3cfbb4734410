package io.muster.agent;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** Counts what happened to all simulated devices together. Thread-safe. */
public final class Counters {
    final AtomicLong connected = new AtomicLong();
    final LongAdder methods = new LongAdder();
    final LongAdder repeated = new LongAdder();
    final LongAdder desired = new LongAdder();
    final LongAdder reported = new LongAdder();
    final LongAdder telemetry = new LongAdder();
    private final Map<String, LongAdder> ends = new ConcurrentHashMap<>();

    /** Counts a connection that ended, or did not come to be. */
    void ended(String reason) {
        ends.computeIfAbsent(reason, _ -> new LongAdder()).increment();
    }

    /**
     * Holds the counts at one moment, roughly.
     *
     * @param connected devices that are connected and subscribed now
     * @param methods attempts that reached a device for the first time
     * @param repeated attempts that reached a device again: each is a fault of the gateway
     * @param desired desired changes that devices received
     * @param reported changes of reported properties that the hub took
     * @param telemetry messages that the hub took
     * @param ends connections that ended or did not come to be, by the reason
     */
    public record Snapshot(
            long connected,
            long methods,
            long repeated,
            long desired,
            long reported,
            long telemetry,
            Map<String, Long> ends) {
        /** Returns one line of JSON. */
        public String json() {
            String reasons = ends.entrySet().stream()
                    .map(end -> "\"" + end.getKey() + "\":" + end.getValue())
                    .collect(Collectors.joining(",", "{", "}"));
            return "{\"connected\":" + connected + ",\"methods\":" + methods + ",\"repeated\":" + repeated
                    + ",\"desired\":" + desired + ",\"reported\":" + reported + ",\"telemetry\":" + telemetry
                    + ",\"ends\":" + reasons + "}";
        }
    }

    public Snapshot snapshot() {
        Map<String, Long> reasons = new TreeMap<>();
        ends.forEach((reason, count) -> reasons.put(reason, count.sum()));
        return new Snapshot(
                connected.get(),
                methods.sum(),
                repeated.sum(),
                desired.sum(),
                reported.sum(),
                telemetry.sum(),
                Map.copyOf(reasons));
    }
}
