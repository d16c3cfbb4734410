package io.muster.node.files;

import java.io.IOException;
import java.io.InputStream;

/** Has the bytes of artifacts. */
@FunctionalInterface
public interface ArtifactSource {
    /**
     * Opens an artifact.
     *
     * @throws MissingArtifactException where there is none that this node may have
     * @throws IOException where it can't be had at the moment
     */
    InputStream open(String sha256) throws IOException;

    /** Says that there is no such artifact for this node, or that it may have none: asking again may not help. */
    final class MissingArtifactException extends IOException {
        private static final long serialVersionUID = 1;

        public MissingArtifactException(String message) {
            super(message);
        }
    }
}
