package io.muster.api.artifact;

import io.muster.records.Artifact;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Keeps artifacts: contents under their SHA-256, each written once as long as somebody refers to it. Blocks its caller: not for an event loop.
 * Thread-safe.
 */
public interface Artifacts {
    /** Returns an artifact that is kept. @param sha256 in lower-case hexadecimal */
    Optional<Artifact> find(String sha256);

    /**
     * Keeps a file's content, unless it is kept already. When this returns, the content outlives every process.
     *
     * @param sha256 of the file
     * @throws IOException when the file can't be read
     * @throws RuntimeException when it can't be kept, or there is no room for it: nothing refers to what of it is there
     */
    Artifact keep(Path file, String sha256) throws IOException;

    /**
     * Returns the bytes of an artifact. They are read while the stream is, a few chunks ahead.
     *
     * @param from the first byte
     * @throws IOException when it can't be read; the stream's methods do so too
     */
    InputStream open(Artifact artifact, long from) throws IOException;
}
