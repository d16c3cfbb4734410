package io.muster.device;

/**
 * Bounds what the hub may leave unacknowledged over a connection before a device sends no more.
 *
 * @param events how many there may be, with the next
 * @param bytes how many there may be before the next
 */
record Window(int events, long bytes) {
    /** Bounds nothing: the sender has a bound of its own. */
    static final Window NONE = new Window(Integer.MAX_VALUE, Long.MAX_VALUE);

    /** Bounds events. */
    static final Window EVENTS = new Window(256, Long.MAX_VALUE);

    /** Bounds output of tasks, which may be much, and which what comes behind it has to wait for. */
    static final Window OUTPUT = new Window(256, 1 << 20);

    /** Bounds reports about tasks: they are sent though output waits. */
    static final Window REPORTS = new Window(512, Long.MAX_VALUE);

    boolean hasRoom(int eventsInFlight, long bytesInFlight) {
        return eventsInFlight < events && bytesInFlight < bytes;
    }
}
