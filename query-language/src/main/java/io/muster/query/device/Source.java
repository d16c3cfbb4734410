package io.muster.query.device;

/** Names the documents that a query runs over. */
public enum Source {
    /** Names twins of devices. */
    DEVICES("devices"),
    /** Names twins of modules. */
    MODULES("devices.modules"),
    /** Names jobs on single devices. */
    DEVICE_JOBS("devices.jobs");

    private final String text;

    Source(String text) {
        this.text = text;
    }

    /** Returns the name behind {@code FROM}. */
    String text() {
        return text;
    }
}
