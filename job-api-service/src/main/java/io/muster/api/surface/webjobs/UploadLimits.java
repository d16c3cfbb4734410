package io.muster.api.surface.webjobs;

/**
 * Bounds uploads.
 *
 * @param bytes of an upload
 * @param kept bytes of all artifacts together
 */
public record UploadLimits(long bytes, long kept) {
    /** Bounds what an archive may hold, in multiples of an upload. */
    private static final int UNPACKED = 10;

    /** Returns how many bytes the files of an archive may have together. */
    long unpacked() {
        return bytes * UNPACKED;
    }
}
