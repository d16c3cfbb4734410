package io.muster.gateway.connect;

import java.time.Instant;
import java.util.Optional;

/** States whether a device may connect. */
public sealed interface Authentication {
    /** Lets the device connect. @param until when the token ends, and with it the connection; empty for a certificate */
    record Accepted(Optional<Instant> until) implements Authentication {}

    /** Refuses the device's CONNECT. @param reason for the log and the metric: a few words, no secret */
    record Refused(String reason) implements Authentication {}
}
