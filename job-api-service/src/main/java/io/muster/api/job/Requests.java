package io.muster.api.job;

import io.muster.records.AutoScaleRun;
import io.muster.records.BatchPool;
import io.muster.records.CatalogItem;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.DeviceCounts;
import io.muster.records.DevicePage;
import io.muster.records.Job;
import io.muster.records.SaveCatalogItem;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCollection;
import io.muster.records.Site;
import io.muster.records.StreamJob;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Asks the core. A future ends with the outcome of a {@code Reply}; with a {@link RefusedException} where the core refuses; or with a {@code
 * ProblemException} when no answer comes in time. Nothing here blocks.
 */
public interface Requests {
    /** Bounds the wait for an outcome that the core alone decides on. */
    Duration LIMIT = Duration.ofSeconds(30);

    /**
     * Sends a command for a device.
     *
     * @param deviceId of a device, or of a module
     * @param command a command of {@code DeviceCommand}
     * @param outcome the type that the command has
     */
    <T> CompletableFuture<T> device(String deviceId, Object command, Class<T> outcome, Duration limit);

    /** Sends a command for a device that the device itself takes no part in: it is answered within {@link #LIMIT}. */
    default <T> CompletableFuture<T> device(String deviceId, Object command, Class<T> outcome) {
        return device(deviceId, command, outcome, LIMIT);
    }

    /** Sends a command for a job. @param command a command of {@code JobCommand} */
    CompletableFuture<Job> job(String jobId, Object command);

    /** Sends a command as {@link #job} does, and completes when every device partition has applied it: nothing of a cancelled or paused job reaches a device any more. */
    CompletableFuture<Job> jobEverywhere(String jobId, Object command);

    /** Returns how many devices there are, by device partition. */
    CompletableFuture<List<DeviceCounts>> counts();

    /**
     * Returns the answer of each device partition to a query.
     *
     * @param after the row's key behind which to begin; null for the first
     * @param page the type that the query has: {@code DevicePage}, {@code DeviceJobPage} or {@code GroupPage}
     */
    <T> CompletableFuture<List<T>> query(String text, @Nullable String after, int limit, Class<T> page);

    /** Returns one page of each device partition. */
    CompletableFuture<List<DevicePage>> devices(@Nullable String after, int limit);

    /** Sends a command for a stream job, but for one that deletes it. @param command a command of {@code StreamJobCommand} */
    CompletableFuture<StreamJob> streamJob(String id, Object command);

    /** Deletes a stream job. @return the job where it is to stop first; empty where it is gone */
    CompletableFuture<Optional<StreamJob>> deleteStreamJob(String id);

    /** Sends a command for a schedule, but for one that deletes it. @param command a command of {@code ScheduleCommand} */
    CompletableFuture<Schedule> schedule(String id, Object command);

    /** Deletes a schedule. @param ifRevision that it has to have; null for any */
    CompletableFuture<Void> deleteSchedule(String id, @Nullable Long ifRevision);

    /** Sends a command for a site. @param site in lower case @param command a command of {@code SiteCommand} */
    CompletableFuture<Site> site(String site, Object command);

    /**
     * Sends a command for a job of Batch, or for tasks of it.
     *
     * @param jobId as the client spelled it
     * @param command a command of {@code BatchJobCommand}
     * @param outcome the type that the command has: {@code BatchTasksAdded} of one that adds tasks, {@code BatchTaskPage} of one that lists them, {@code BatchTaskCounts}
     *     of one that counts them, {@code BatchTaskDeleted} of one that deletes a task, {@code BatchTask} of another one of a task, {@code BatchJob} of a job
     */
    <T> CompletableFuture<T> batchJob(String jobId, Object command, Class<T> outcome);

    /** Sends a command for a pool of Batch. @param poolId as the client spelled it @param command a command of {@code BatchPoolCommand} @return empty where the pool is gone */
    CompletableFuture<Optional<BatchPool>> batchPool(String poolId, Object command);

    /** Asks what a formula would come to over a pool of Batch. */
    CompletableFuture<AutoScaleRun> evaluate(String poolId, String formula);

    /** Sends a command for a pool of nodes, which nobody answers: completes when it is written. @param command a command of {@code PoolCommand} */
    CompletableFuture<Void> pool(String poolId, Object command);

    /** Sends a command for a collection of schedules, but for one that deletes it. @param command a command of {@code CollectionCommand} */
    CompletableFuture<ScheduleCollection> collection(String id, Object command);

    /** Deletes a collection of schedules, and none of its schedules. */
    CompletableFuture<Void> deleteCollection(String id);

    /** Makes or changes an item of the catalog. @param itemId the name of a list, a slash, and the item's own id in it */
    CompletableFuture<CatalogItem> catalog(String itemId, SaveCatalogItem command);

    /** Deletes an item of the catalog. */
    CompletableFuture<Void> deleteCatalogItem(String itemId, DeleteCatalogItem command);

    /** Returns whether Kafka has the topic. */
    CompletableFuture<Boolean> hasTopic(String topic);
}
