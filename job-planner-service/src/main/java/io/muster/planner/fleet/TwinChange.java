package io.muster.planner.fleet;

import io.muster.records.Refusal;
import io.muster.records.Twin;
import org.jspecify.annotations.Nullable;

/** Is the outcome of a request to change a twin. */
public sealed interface TwinChange {
    /**
     * Holds the twin after the change.
     *
     * @param notification the change of desired properties that the device is notified of, as JSON text without $version; null when they
     *     did not change
     */
    record Changed(Twin twin, @Nullable String notification) implements TwinChange {}

    /** Nothing was asked for; the twin stays as it is. */
    record Unchanged(Twin twin) implements TwinChange {}

    record Refused(Refusal refusal) implements TwinChange {}
}
