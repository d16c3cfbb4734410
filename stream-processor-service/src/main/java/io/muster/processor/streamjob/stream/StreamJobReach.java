package io.muster.processor.streamjob.stream;

import io.muster.service.Settings;
import io.muster.topics.StreamJobTopics;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What stream jobs can reach beyond their own rows.
 *
 * @param referenceFolder below which files of reference data lie; empty where there are none
 * @param topics that they may read and write
 */
public record StreamJobReach(Optional<Path> referenceFolder, StreamJobTopics topics) {
    /** Reads {@code stream.reference.dir} and {@code stream.topics}. */
    public static StreamJobReach from(Settings settings) {
        return new StreamJobReach(
                settings.optionalPath("stream.reference.dir"), StreamJobTopics.of(settings.text("stream.topics", "*")));
    }
}
