package io.muster.gateway.channel.methods;

import io.muster.gateway.channel.Outgoing;
import io.muster.records.MethodRequest;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Duration;
import java.time.Instant;

/** Calls a method once, as the fleet decided. */
record Call(Outgoing<MethodRequest> outgoing) {
    private static final AttributeKey<String> PROTOCOL = AttributeKey.stringKey("network.protocol.name");
    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("muster.method.name");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("muster.delivery.outcome");

    String deviceId() {
        return outgoing.deviceId();
    }

    MethodRequest request() {
        return outgoing.delivery();
    }

    /** Returns how long the device may take to answer, from when it is handed over. */
    Duration time() {
        return Duration.between(outgoing.at(), request().getExpiresAt());
    }

    /** Returns whether it may have been in the log for longer than the device may take to answer: nobody may wait for it any more. */
    boolean isExpired(long nanoTime) {
        return nanoTime - outgoing.writtenAfter() > time().toNanos();
    }

    /** Traces the end. @param outcome the device's status, or why there is none */
    void ended(String outcome, boolean failed, Instant now) {
        outgoing.trace()
                .ifPresent(followed -> followed.part(
                        "deliver",
                        SpanKind.CLIENT,
                        outgoing.at(),
                        now,
                        failed,
                        Attributes.of(PROTOCOL, "mqtt", METHOD, request().getMethodName(), OUTCOME, outcome)));
    }
}
