package io.muster.planner.fleet.stream;

import io.muster.records.Delivery;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.Traces;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.Optional;

/** What the fleet says to gateways, to requesters, and to everybody. For one task. */
final class FleetOutbox {
    private static final String WRITER = "fleet";

    private final Outbox outbox;

    FleetOutbox(Outbox outbox) {
        this.outbox = outbox;
    }

    Outbox plain() {
        return outbox;
    }

    static String deadLetters() {
        return Outbox.sink(Topics.DEAD_LETTERS, WRITER);
    }

    static String replies() {
        return Outbox.sink(Topics.REPLIES, WRITER);
    }

    void deliver(int gateway, String deviceId, Object delivery, Instant now) {
        deliver(gateway, deviceId, delivery, now, Optional.empty());
    }

    void deliver(int gateway, String deviceId, Object delivery, Instant now, Optional<Traces.Trace> trace) {
        outbox.sendTraced(
                Outbox.sink(Topics.DELIVERIES),
                Topics.DELIVERIES,
                new Route(deviceId, gateway),
                new Delivery(deviceId, now, delivery),
                now,
                trace);
    }

    void reply(Requester requester, Object outcome, Instant now) {
        outbox.reply(replies(), requester, outcome, now);
    }
}
