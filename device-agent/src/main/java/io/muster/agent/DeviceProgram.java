package io.muster.agent;

/**
 * What a device does. Everything is called on the device's event loop, one call at a time, and must not block it; arrays are the
 * program's to keep.
 */
public interface DeviceProgram {
    /** It is connected and subscribed. The answer to the get of its twin follows. */
    default void connected(Device device) {}

    /** A connection, or an attempt at one, is over. The device tries again by itself unless it was closed. */
    default void ended(Device device, Ending ending) {}

    /**
     * The hub calls a method. The program answers when it likes, by {@link Device#answer}, or never.
     *
     * @param rid unique to the delivery: the same one again is the same delivery again
     * @param payload JSON
     */
    default void method(Device device, String name, String rid, byte[] payload) {}

    /** @param patch a merge patch, JSON, with the member {@code $version} */
    default void desired(Device device, long version, byte[] patch) {}

    /** @param document {@code {"desired":{…},"reported":{…}}}, as of the latest connection */
    default void twin(Device device, byte[] document) {}

    /** The hub took what the device reported. */
    default void reported(Device device) {}

    /** The hub refused the get of the twin or a report. @param body JSON with errorCode and message */
    default void twinRefused(Device device, int status, byte[] body) {}

    /** The hub has kept a message of telemetry. */
    default void telemetryKept(Device device) {}
}
