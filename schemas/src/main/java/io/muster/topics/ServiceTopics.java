package io.muster.topics;

import java.util.List;

/**
 * Lists the topics of the catalogue that each service reads and writes. The chart's access lists are made from it, and the topologies are compared with
 * it.
 */
public enum ServiceTopics {
    /** Holds every key anyway, and moves state when topics get more partitions: it may use all of the catalogue. */
    PLANNER(Topics.ALL, Topics.ALL, List.of(Namespace.name("muster-"))),
    PROCESSOR(
            List.of(
                    Topics.DEVICE_JOB_EVENTS,
                    Topics.JOB_TALLIES,
                    Topics.STREAM_JOB_COMMANDS,
                    Topics.STREAM_JOBS,
                    Topics.STREAM_JOB_PROGRESS,
                    Topics.SCHEDULE_CALLS,
                    Topics.TELEMETRY),
            List.of(
                    Topics.JOB_TALLIES,
                    Topics.JOB_STATISTICS,
                    Topics.STREAM_JOB_COMMANDS,
                    Topics.STREAM_JOB_EVENTS,
                    Topics.STREAM_JOBS,
                    Topics.STREAM_JOB_PROGRESS,
                    Topics.REPLIES,
                    Topics.DEAD_LETTERS,
                    Topics.DEVICE_COMMANDS,
                    Topics.JOB_COMMANDS,
                    Topics.SCHEDULE_COMMANDS),
            List.of(Namespace.name("muster-stream-"))),
    GATEWAY(
            List.of(Topics.DELIVERIES),
            List.of(
                    Topics.DEVICE_REPORTS,
                    Topics.POOL_REPORTS,
                    Topics.TASK_OUTPUT,
                    Topics.TELEMETRY,
                    Topics.DEAD_LETTERS),
            List.of()),
    API(
            List.of(
                    Topics.REPLIES,
                    Topics.JOBS,
                    Topics.JOB_STATISTICS,
                    Topics.STREAM_JOBS,
                    Topics.STREAM_JOB_PROGRESS,
                    Topics.SCHEDULES,
                    Topics.COLLECTIONS,
                    Topics.CATALOG,
                    Topics.SITES,
                    Topics.BATCH_POOLS,
                    Topics.BATCH_JOBS,
                    Topics.ARTIFACTS,
                    Topics.ARTIFACT_INDEX,
                    Topics.POOL_EVENTS,
                    Topics.TASK_OUTPUT),
            List.of(
                    Topics.JOB_COMMANDS,
                    Topics.SCHEDULE_COMMANDS,
                    Topics.COLLECTION_COMMANDS,
                    Topics.CATALOG_COMMANDS,
                    Topics.DEVICE_COMMANDS,
                    Topics.STREAM_JOB_COMMANDS,
                    Topics.SITE_COMMANDS,
                    Topics.POOL_COMMANDS,
                    Topics.BATCH_POOL_COMMANDS,
                    Topics.BATCH_JOB_COMMANDS,
                    Topics.ARTIFACTS,
                    Topics.ARTIFACT_INDEX,
                    Topics.EXPANSIONS,
                    Topics.AUDIT_LOG,
                    Topics.DEAD_LETTERS),
            List.of());

    private final List<Topic<?>> read;
    private final List<Topic<?>> written;
    private final List<String> state;

    ServiceTopics(List<Topic<?>> read, List<Topic<?>> written, List<String> state) {
        this.read = read;
        this.written = written;
        this.state = state;
    }

    /** Returns what it reads; of the processor, stream jobs read more ({@link StreamJobTopics}). */
    public List<Topic<?>> read() {
        return read;
    }

    /** Returns what it writes; of the processor, stream jobs write more. */
    public List<Topic<?>> written() {
        return written;
    }

    /** Returns how names of the topics begin that it makes for itself. */
    public List<String> state() {
        return state;
    }
}
