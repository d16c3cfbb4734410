package io.muster.gateway.channel;

import io.muster.service.Traces;
import java.time.Instant;
import java.util.Optional;

/**
 * Carries a record of the fleet to the device that it is for.
 *
 * @param at when the fleet decided it, by its clock
 * @param writtenAfter an instant of {@link System#nanoTime} at which the log did not have it yet
 * @param trace of the device job that it is part of, if that is followed
 */
public record Outgoing<D>(String deviceId, D delivery, Instant at, long writtenAfter, Optional<Traces.Trace> trace) {}
