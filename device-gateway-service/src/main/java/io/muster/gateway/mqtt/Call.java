package io.muster.gateway.mqtt;

import io.muster.records.MethodRequest;
import io.muster.service.Traces;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A method that the fleet decided to deliver.
 *
 * @param at when it did, by its clock
 * @param writtenAfter an instant of {@link System#nanoTime} at which the log did not have it yet
 * @param trace of the device job that it is part of, if that is followed
 */
record Call(String deviceId, MethodRequest request, Instant at, long writtenAfter, Optional<Traces.Trace> trace) {
    private static final AttributeKey<String> PROTOCOL = AttributeKey.stringKey("network.protocol.name");
    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("muster.method.name");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("muster.delivery.outcome");

    /** How long the device may take to answer, from when it is handed over. */
    Duration time() {
        return Duration.between(at, request.getExpiresAt());
    }

    /** Whether it may have been in the log for longer than the device may take to answer: nobody may wait for it any more. */
    boolean isExpired(long nanoTime) {
        return nanoTime - writtenAfter > time().toNanos();
    }

    /** @param outcome the device's status, or why there is none */
    void ended(String outcome, boolean failed, Instant now) {
        trace.ifPresent(followed -> followed.part(
                "deliver",
                SpanKind.CLIENT,
                at,
                now,
                failed,
                Attributes.of(PROTOCOL, "mqtt", METHOD, request.getMethodName(), OUTCOME, outcome)));
    }
}
