package io.muster.service.coordinator;

import io.muster.service.Requester;
import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Holds one event of an aggregate, with its state on both sides.
 *
 * @param before null where the aggregate begins
 * @param after null where it is gone
 * @param requester of the command; {@link Requester#NOBODY} where time or another command's consequence is the cause
 */
public record Change<S extends SpecificRecord, E extends SpecificRecord>(
        String id, @Nullable S before, E event, @Nullable S after, Requester requester, Instant at) {}
