package io.muster.processor.streamjob.stream;

import io.muster.service.Settings;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What stream jobs can reach beyond their own rows.
 *
 * @param referenceFolder below which files of reference data lie; empty where there are none
 * @param topics that they may read and write
 * @param endpoints that they may post rows to
 */
public record StreamJobReach(Optional<Path> referenceFolder, StreamJobTopics topics, EndpointAccess endpoints) {
    /** Reads {@code stream.reference.dir}, {@code stream.topics} and {@code endpoints.allow}. */
    public static StreamJobReach from(Settings settings) {
        return new StreamJobReach(
                settings.optionalPath("stream.reference.dir"),
                StreamJobTopics.of(settings.text("stream.topics", "*")),
                EndpointAccess.from(settings));
    }
}
