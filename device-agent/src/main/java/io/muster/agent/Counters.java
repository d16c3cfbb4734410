package io.muster.agent;

import java.util.concurrent.atomic.LongAdder;

/** What happened to all simulated devices together. Thread-safe. */
public final class Counters {
    final LongAdder connected = new LongAdder();
    final LongAdder methods = new LongAdder();
    final LongAdder repeated = new LongAdder();
    final LongAdder desired = new LongAdder();
    final LongAdder reconnects = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder renewals = new LongAdder();
    final LongAdder twins = new LongAdder();
    final LongAdder reported = new LongAdder();
    final LongAdder twinRefusals = new LongAdder();
    final LongAdder telemetry = new LongAdder();

    /**
     * At one moment, roughly.
     *
     * @param connected devices that are connected and subscribed now
     * @param methods attempts that reached a device for the first time
     * @param repeated attempts that reached a device again: each is a fault of the hub
     * @param desired desired changes that devices were told of
     * @param reconnects connections that were lost or refused, and are tried again
     * @param refused those of them that the hub refused
     * @param renewals connections that devices ended in order to renew their tokens
     * @param twins twins that devices got
     * @param reported patches of reported properties that the hub took
     * @param twinRefusals gets and patches of twins that it refused
     * @param telemetry messages that it has kept
     */
    public record Snapshot(
            long connected,
            long methods,
            long repeated,
            long desired,
            long reconnects,
            long refused,
            long renewals,
            long twins,
            long reported,
            long twinRefusals,
            long telemetry) {
        /** One line of JSON. */
        public String json() {
            return "{\"connected\":" + connected + ",\"methods\":" + methods + ",\"repeated\":" + repeated
                    + ",\"desired\":" + desired + ",\"reconnects\":" + reconnects + ",\"refused\":" + refused
                    + ",\"renewals\":" + renewals + ",\"twins\":" + twins + ",\"reported\":" + reported
                    + ",\"twinRefusals\":" + twinRefusals + ",\"telemetry\":" + telemetry + "}";
        }
    }

    public Snapshot snapshot() {
        return new Snapshot(
                connected.sum(),
                methods.sum(),
                repeated.sum(),
                desired.sum(),
                reconnects.sum(),
                refused.sum(),
                renewals.sum(),
                twins.sum(),
                reported.sum(),
                twinRefusals.sum(),
                telemetry.sum());
    }
}
