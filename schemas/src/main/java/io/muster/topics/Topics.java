package io.muster.topics;

import io.muster.records.Artifact;
import io.muster.records.ArtifactChunk;
import io.muster.records.AuditEntry;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobCommand;
import io.muster.records.BatchJobEvent;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolCommand;
import io.muster.records.BatchPoolEvent;
import io.muster.records.CatalogCommand;
import io.muster.records.CatalogEvent;
import io.muster.records.CatalogItem;
import io.muster.records.CollectionCommand;
import io.muster.records.CollectionEvent;
import io.muster.records.DeadLetter;
import io.muster.records.Delivery;
import io.muster.records.Device;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceJobEvents;
import io.muster.records.DeviceReport;
import io.muster.records.Expansion;
import io.muster.records.Job;
import io.muster.records.JobCommand;
import io.muster.records.JobEvent;
import io.muster.records.JobRefusal;
import io.muster.records.JobStatistics;
import io.muster.records.Lane;
import io.muster.records.LaneCommand;
import io.muster.records.LaneEvent;
import io.muster.records.PartialTally;
import io.muster.records.PoolCommand;
import io.muster.records.PoolEvents;
import io.muster.records.PoolReport;
import io.muster.records.Reply;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCall;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleCommand;
import io.muster.records.ScheduleEvent;
import io.muster.records.Site;
import io.muster.records.SiteCommand;
import io.muster.records.SiteEvent;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobProgress;
import io.muster.records.TaskNews;
import io.muster.records.TaskOutput;
import io.muster.records.Telemetry;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.apache.avro.specific.SpecificRecord;

/** Lists every topic of Muster. */
public final class Topics {
    private static final Duration HISTORY = Duration.ofDays(30);
    private static final Duration IN_TRANSIT = Duration.ofDays(1);
    private static final long AUDIT_BYTES = 1L << 30;
    private static final String DEVICE_OR_MODULE = "device id, or device id/module id";

    public static final Topic<JobCommand> JOB_COMMANDS =
            asked("job-commands", "job id", Partitioning.BY_JOB, HISTORY, JobCommand.class);
    public static final Topic<JobEvent> JOB_EVENTS =
            kept("job-events", "job id", Partitioning.BY_JOB, HISTORY, JobEvent.class);
    public static final Topic<JobRefusal> JOB_REFUSALS =
            kept("job-refusals", "job id", Partitioning.BY_JOB, HISTORY, JobRefusal.class);
    public static final Topic<Job> JOBS = compacted("jobs", "job id", Partitioning.BY_JOB, Job.class);
    public static final Topic<JobStatistics> JOB_STATISTICS =
            compacted("job-statistics", "job id", Partitioning.BY_JOB, JobStatistics.class);
    public static final Topic<PartialTally> JOB_TALLIES =
            kept("job-tallies", "job id", Partitioning.BY_JOB, IN_TRANSIT, PartialTally.class);

    public static final Topic<DeviceCommand> DEVICE_COMMANDS =
            asked("device-commands", "device id", Partitioning.BY_DEVICE, IN_TRANSIT, DeviceCommand.class);
    public static final Topic<DeviceReport> DEVICE_REPORTS = asked(
            "device-reports",
            "device id, or none for a heartbeat and for method reports",
            Partitioning.BY_DEVICE,
            IN_TRANSIT,
            DeviceReport.class);
    public static final Topic<Device> DEVICES =
            compacted("devices", DEVICE_OR_MODULE, Partitioning.BY_DEVICE, Device.class);
    public static final Topic<DeviceConnection> DEVICE_CONNECTIONS =
            compacted("device-connections", DEVICE_OR_MODULE, Partitioning.BY_DEVICE, DeviceConnection.class);
    public static final Topic<Expansion> EXPANSIONS =
            kept("expansions", "job id", Partitioning.EVERY_DEVICE_PARTITION, IN_TRANSIT, Expansion.class);
    /** Holds events of devices of a job that were in the partition when the job began: readers of single device jobs take them from each record. */
    public static final Topic<DeviceJobEvents> DEVICE_JOB_EVENTS =
            kept("device-job-events", "job id", Partitioning.BY_DEVICE, HISTORY, DeviceJobEvents.class);

    public static final Topic<Telemetry> TELEMETRY =
            asked("telemetry", "device id", Partitioning.BY_DEVICE, Duration.ofDays(7), Telemetry.class);

    public static final Topic<StreamJobCommand> STREAM_JOB_COMMANDS =
            asked("stream-job-commands", "stream job id", Partitioning.BY_JOB, HISTORY, StreamJobCommand.class);
    public static final Topic<StreamJobEvent> STREAM_JOB_EVENTS =
            kept("stream-job-events", "stream job id", Partitioning.BY_JOB, HISTORY, StreamJobEvent.class);
    public static final Topic<StreamJob> STREAM_JOBS =
            compacted("stream-jobs", "stream job id", Partitioning.BY_JOB, StreamJob.class);
    public static final Topic<StreamJobProgress> STREAM_JOB_PROGRESS = compacted(
            "stream-job-progress", "stream job id, a blank, task", Partitioning.BY_JOB, StreamJobProgress.class);

    public static final Topic<ScheduleCommand> SCHEDULE_COMMANDS =
            asked("schedule-commands", "schedule id", Partitioning.BY_JOB, HISTORY, ScheduleCommand.class);
    public static final Topic<ScheduleEvent> SCHEDULE_EVENTS =
            kept("schedule-events", "schedule id", Partitioning.BY_JOB, HISTORY, ScheduleEvent.class);
    public static final Topic<Schedule> SCHEDULES =
            compacted("schedules", "schedule id", Partitioning.BY_JOB, Schedule.class);
    public static final Topic<ScheduleCall> SCHEDULE_CALLS =
            kept("schedule-calls", "schedule id", Partitioning.BY_JOB, IN_TRANSIT, ScheduleCall.class);
    public static final Topic<CollectionCommand> COLLECTION_COMMANDS = asked(
            "schedule-collection-commands", "collection id", Partitioning.BY_JOB, IN_TRANSIT, CollectionCommand.class);
    public static final Topic<CollectionEvent> COLLECTION_EVENTS =
            kept("schedule-collection-events", "collection id", Partitioning.BY_JOB, HISTORY, CollectionEvent.class);
    public static final Topic<ScheduleCollection> COLLECTIONS =
            compacted("schedule-collections", "collection id", Partitioning.BY_JOB, ScheduleCollection.class);

    public static final Topic<CatalogCommand> CATALOG_COMMANDS =
            asked("catalog-commands", "item id", Partitioning.BY_JOB, IN_TRANSIT, CatalogCommand.class);
    public static final Topic<CatalogEvent> CATALOG_EVENTS =
            kept("catalog-events", "item id", Partitioning.BY_JOB, HISTORY, CatalogEvent.class);
    public static final Topic<CatalogItem> CATALOG =
            compacted("catalog", "item id", Partitioning.BY_JOB, CatalogItem.class);

    public static final Topic<LaneCommand> LANE_COMMANDS =
            asked("lane-commands", "lane", Partitioning.BY_JOB, IN_TRANSIT, LaneCommand.class);
    public static final Topic<LaneEvent> LANE_EVENTS =
            kept("lane-events", "lane", Partitioning.BY_JOB, HISTORY, LaneEvent.class);
    public static final Topic<Lane> LANES = compacted("lanes", "lane", Partitioning.BY_JOB, Lane.class);

    public static final Topic<PoolCommand> POOL_COMMANDS =
            asked("pool-commands", "pool id", Partitioning.BY_JOB, IN_TRANSIT, PoolCommand.class);
    public static final Topic<PoolReport> POOL_REPORTS =
            asked("pool-reports", "pool id, or none for a probe", Partitioning.BY_JOB, IN_TRANSIT, PoolReport.class);
    public static final Topic<PoolEvents> POOL_EVENTS =
            kept("pool-events", "pool id", Partitioning.BY_JOB, HISTORY, PoolEvents.class);
    public static final Topic<TaskNews> SITE_TASKS =
            kept("site-tasks", "site", Partitioning.BY_JOB, IN_TRANSIT, TaskNews.class);
    public static final Topic<TaskOutput> TASK_OUTPUT =
            asked("task-output", "pool id/task id", Partitioning.BY_JOB, HISTORY, TaskOutput.class);
    public static final Topic<SiteCommand> SITE_COMMANDS =
            asked("site-commands", "site", Partitioning.BY_JOB, HISTORY, SiteCommand.class);
    public static final Topic<SiteEvent> SITE_EVENTS =
            kept("site-events", "site", Partitioning.BY_JOB, HISTORY, SiteEvent.class);
    public static final Topic<Site> SITES = compacted("sites", "site", Partitioning.BY_JOB, Site.class);

    public static final Topic<BatchJobCommand> BATCH_JOB_COMMANDS =
            asked("batch-job-commands", "job id in lower case", Partitioning.BY_JOB, HISTORY, BatchJobCommand.class);
    public static final Topic<BatchJobEvent> BATCH_JOB_EVENTS =
            kept("batch-job-events", "job id in lower case", Partitioning.BY_JOB, HISTORY, BatchJobEvent.class);
    public static final Topic<TaskNews> BATCH_JOB_TASKS =
            kept("batch-job-tasks", "job id in lower case", Partitioning.BY_JOB, IN_TRANSIT, TaskNews.class);
    /** Holds the events of tasks and of pools of Batch, as JSON for foreign programs; headers ce-type, ce-time and ce-id say which and when. Contract: batch, 3.1. */
    public static final Topic<SpecificRecord> TASK_EVENTS = new Topic<>(
            "task-events",
            "job id/task id, or pool id",
            Partitioning.BY_JOB,
            new Retention.Kept(HISTORY, OptionalLong.empty()),
            RecordSizes.LARGEST,
            null);

    public static final Topic<BatchJob> BATCH_JOBS =
            compacted("batch-jobs", "job id in lower case", Partitioning.BY_JOB, BatchJob.class);
    public static final Topic<BatchPoolCommand> BATCH_POOL_COMMANDS =
            asked("batch-pool-commands", "pool id in lower case", Partitioning.BY_JOB, HISTORY, BatchPoolCommand.class);
    public static final Topic<TaskNews> BATCH_POOL_NODES =
            kept("batch-pool-nodes", "pool id in lower case", Partitioning.BY_JOB, IN_TRANSIT, TaskNews.class);
    public static final Topic<BatchPoolEvent> BATCH_POOL_EVENTS =
            kept("batch-pool-events", "pool id in lower case", Partitioning.BY_JOB, HISTORY, BatchPoolEvent.class);
    public static final Topic<BatchPool> BATCH_POOLS =
            compacted("batch-pools", "pool id in lower case", Partitioning.BY_JOB, BatchPool.class);

    public static final Topic<ArtifactChunk> ARTIFACTS = new Topic<>(
            "artifacts",
            "SHA-256@copy/number",
            Partitioning.BY_ARTIFACT,
            new Retention.Compacted(),
            RecordSizes.ASKED,
            ArtifactChunk.class);
    public static final Topic<Artifact> ARTIFACT_INDEX =
            compacted("artifact-index", "SHA-256@copy", Partitioning.BY_ARTIFACT, Artifact.class);

    public static final Topic<Delivery> DELIVERIES =
            kept("deliveries", "device id, or job id", Partitioning.BY_GATEWAY, IN_TRANSIT, Delivery.class);
    public static final Topic<Reply> REPLIES =
            kept("replies", "request id", Partitioning.BY_API_INSTANCE, IN_TRANSIT, Reply.class);
    /** Declares the audit log. Callers without a token write to it too, so its size is limited. */
    public static final Topic<AuditEntry> AUDIT_LOG = new Topic<>(
            "audit-log",
            "policy or subject, or none",
            Partitioning.ANY,
            new Retention.Kept(HISTORY, OptionalLong.of(AUDIT_BYTES)),
            RecordSizes.ASKED,
            AuditEntry.class);

    public static final Topic<DeadLetter> DEAD_LETTERS =
            kept("dead-letters", "none", Partitioning.ANY, HISTORY, RecordSizes.LARGEST_LETTER, DeadLetter.class);

    public static final List<Topic<?>> ALL = List.of(
            JOB_COMMANDS,
            JOB_EVENTS,
            JOB_REFUSALS,
            JOBS,
            JOB_STATISTICS,
            JOB_TALLIES,
            DEVICE_COMMANDS,
            DEVICE_REPORTS,
            DEVICES,
            DEVICE_CONNECTIONS,
            EXPANSIONS,
            DEVICE_JOB_EVENTS,
            TELEMETRY,
            STREAM_JOB_COMMANDS,
            STREAM_JOB_EVENTS,
            STREAM_JOBS,
            STREAM_JOB_PROGRESS,
            SCHEDULE_COMMANDS,
            SCHEDULE_EVENTS,
            SCHEDULES,
            SCHEDULE_CALLS,
            COLLECTION_COMMANDS,
            COLLECTION_EVENTS,
            COLLECTIONS,
            CATALOG_COMMANDS,
            CATALOG_EVENTS,
            CATALOG,
            LANE_COMMANDS,
            LANE_EVENTS,
            LANES,
            POOL_COMMANDS,
            POOL_REPORTS,
            POOL_EVENTS,
            SITE_TASKS,
            TASK_OUTPUT,
            SITE_COMMANDS,
            SITE_EVENTS,
            SITES,
            BATCH_JOB_COMMANDS,
            BATCH_JOB_EVENTS,
            BATCH_JOB_TASKS,
            TASK_EVENTS,
            BATCH_JOBS,
            BATCH_POOL_COMMANDS,
            BATCH_POOL_NODES,
            BATCH_POOL_EVENTS,
            BATCH_POOLS,
            ARTIFACTS,
            ARTIFACT_INDEX,
            DELIVERIES,
            REPLIES,
            AUDIT_LOG,
            DEAD_LETTERS);

    private Topics() {}

    private static <V extends SpecificRecord> Topic<V> kept(
            String name, String key, Partitioning partitioning, Duration duration, Class<V> valueType) {
        return kept(name, key, partitioning, duration, RecordSizes.LARGEST, valueType);
    }

    /** Makes a topic whose records carry requests and reports of others: they have {@link RecordSizes#ASKED}. */
    private static <V extends SpecificRecord> Topic<V> asked(
            String name, String key, Partitioning partitioning, Duration duration, Class<V> valueType) {
        return kept(name, key, partitioning, duration, RecordSizes.ASKED, valueType);
    }

    private static <V extends SpecificRecord> Topic<V> kept(
            String name, String key, Partitioning partitioning, Duration duration, int size, Class<V> valueType) {
        return new Topic<>(
                name, key, partitioning, new Retention.Kept(duration, OptionalLong.empty()), size, valueType);
    }

    private static <V extends SpecificRecord> Topic<V> compacted(
            String name, String key, Partitioning partitioning, Class<V> valueType) {
        return new Topic<>(name, key, partitioning, new Retention.Compacted(), RecordSizes.LARGEST, valueType);
    }
}
