package io.muster.gateway.mqtt;

import io.muster.records.MethodRequest;
import io.muster.service.Traces;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Instant;
import java.util.Optional;

/**
 * A method that the fleet decided to deliver.
 *
 * @param at when it did
 * @param trace of the device job that it is part of, if that is followed
 */
record Call(MethodRequest request, Instant at, Optional<Traces.Trace> trace) {
    private static final AttributeKey<String> PROTOCOL = AttributeKey.stringKey("network.protocol.name");
    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("muster.method.name");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("muster.delivery.outcome");

    /** Whether an answer would come too late. */
    boolean isOver(Instant now) {
        return now.isAfter(request.getExpiresAt());
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
