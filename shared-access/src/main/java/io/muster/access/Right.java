package io.muster.access;

import java.util.Arrays;
import java.util.Optional;

/** Names what a policy allows. */
public enum Right {
    REGISTRY_READ("RegistryRead"),
    REGISTRY_WRITE("RegistryWrite"),
    SERVICE_CONNECT("ServiceConnect"),
    DEVICE_CONNECT("DeviceConnect"),
    /** Runs and stops jobs of every surface. */
    JOBS("Jobs"),
    /** Uploads code, and runs it on nodes. */
    COMPUTE("Compute"),
    /** Changes, starts and stops stream jobs. */
    STREAMS("Streams");

    private final String word;

    Right(String word) {
        this.word = word;
    }

    /** Returns the word for it in policies. */
    public String word() {
        return word;
    }

    static Optional<Right> of(String word) {
        return Arrays.stream(values())
                .filter(right -> right.word.equalsIgnoreCase(word.strip()))
                .findFirst();
    }
}
