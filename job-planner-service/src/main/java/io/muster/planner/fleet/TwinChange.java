package io.muster.planner.fleet;

import io.muster.records.DeviceRefused;
import io.muster.records.Twin;
import org.jspecify.annotations.Nullable;

/** Is the outcome of a request to change a twin. */
public sealed interface TwinChange {
    /**
     * Holds the twin after the change.
     *
     * @param notification the change of its desired properties that the device is notified of, as JSON text without $version; null when
     *     they did not change
     */
    record Changed(Twin twin, @Nullable String notification) implements TwinChange {}

    /** Leaves the twin as it is: nothing was asked for. */
    record Unchanged(Twin twin) implements TwinChange {}

    record Refused(DeviceRefused refusal) implements TwinChange {}
}
