package io.muster.api.job;

import io.muster.records.DeviceCounts;
import io.muster.records.DevicePage;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Asks the planner. A future ends with the outcome of the planner's {@code Reply}, or with a {@code
 * ProblemException} when none comes in time. Nothing here blocks.
 */
public interface Requests {
    /**
     * @param deviceId of a device, or of a module
     * @param command a command of {@code DeviceCommand}
     */
    CompletableFuture<Object> device(String deviceId, Object command, Duration limit);

    /** @param command a command of {@code JobCommand} */
    CompletableFuture<Object> job(String jobId, Object command);

    /** As {@link #job}, and ends when every device partition obeys: what was cancelled or paused reaches no device any more. */
    CompletableFuture<Object> jobEverywhere(String jobId, Object command);

    /** How many devices there are, by device partition. */
    CompletableFuture<List<DeviceCounts>> counts();

    /**
     * Returns the answer of each device partition to a query: a {@code DevicePage}, a {@code DeviceJobPage}, a {@code GroupPage}, or a {@code
     * Refusal}.
     *
     * @param after the row's key behind which to begin; null for the first
     */
    CompletableFuture<List<Object>> query(String text, @Nullable String after, int limit);

    /** One page of each device partition. */
    CompletableFuture<List<DevicePage>> devices(@Nullable String after, int limit);

    /** @param command a command of {@code StreamJobCommand} */
    CompletableFuture<Object> streamJob(String id, Object command);

    /** Whether Kafka has the topic. */
    CompletableFuture<Boolean> hasTopic(String topic);
}
