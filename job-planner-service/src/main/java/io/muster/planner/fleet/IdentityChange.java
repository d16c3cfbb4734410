package io.muster.planner.fleet;

import io.muster.records.Device;
import io.muster.records.DeviceRefused;

/** Is the outcome of a request to change a device's identity. */
public sealed interface IdentityChange {
    record Changed(Device device) implements IdentityChange {}

    record Deleted(Device device) implements IdentityChange {}

    record Refused(DeviceRefused refusal) implements IdentityChange {}
}
