package io.muster.agent;

/** Sees each method that reaches a device. Called on the threads of the connections. */
@FunctionalInterface
public interface Invocations {
    /** Takes note of a call. @param id of the request: the same where it comes again */
    void invoked(String deviceId, String method, String id);
}
