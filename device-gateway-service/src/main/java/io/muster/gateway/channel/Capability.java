package io.muster.gateway.channel;

/** Names what a connection takes from the fleet. A device has a capability while it subscribes to the capability's {@link Filter}. */
public enum Capability {
    /** Calls of methods. */
    METHODS,
    /** Answers to requests for the twin and to patches of reported properties. */
    TWIN_ANSWERS,
    /** Changes of desired properties. */
    DESIRED_CHANGES,
    /** Messages from the cloud to the device. */
    MESSAGES
}
