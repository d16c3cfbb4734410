package io.muster.processor.streamjob.topology;

import io.muster.processor.function.FunctionProcess;
import io.muster.service.Settings;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Says what stream jobs can reach beyond their own rows, and what they share.
 *
 * @param referenceFolder below which files of reference data lie; empty where there are none
 * @param topics that they may read and write
 * @param endpoints that they may post rows to
 * @param functions in which their functions run
 */
public record StreamJobReach(
        Optional<Path> referenceFolder,
        StreamJobTopics topics,
        EndpointAccess endpoints,
        FunctionProcess.Places functions) {
    private static final int FUNCTION_PROCESSES = 8;

    /** Reads {@code stream.reference.dir}, {@code stream.topics}, {@code endpoints.allow} and {@code functions.processes}. */
    public static StreamJobReach from(Settings settings) {
        return new StreamJobReach(
                settings.optionalPath("stream.reference.dir"),
                StreamJobTopics.of(settings.text("stream.topics", "*")),
                EndpointAccess.from(settings),
                new FunctionProcess.Places(Math.max(1, settings.number("functions.processes", FUNCTION_PROCESSES))));
    }
}
