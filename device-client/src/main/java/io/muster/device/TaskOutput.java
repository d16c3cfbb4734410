package io.muster.device;

import java.util.Locale;

/**
 * Carries what the program of a task's attempt wrote.
 *
 * @param offset how many bytes the attempt wrote before, to both streams
 */
public record TaskOutput(String poolId, String taskId, long placement, Stream stream, long offset, byte[] body) {
    /** Bounds a body. */
    public static final int MOST_BYTES = 64 * 1024;

    /** Names a stream of output. */
    public enum Stream {
        OUT,
        ERR;

        String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public TaskOutput {
        if (body.length > MOST_BYTES) {
            throw new IllegalArgumentException(
                    "output is sent in chunks, bytes=" + body.length + " most=" + MOST_BYTES);
        }
    }
}
