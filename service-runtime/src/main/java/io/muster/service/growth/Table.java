package io.muster.service.growth;

import io.muster.document.IdentityId;
import io.muster.service.Changelogs;
import io.muster.topics.Namespace;
import io.muster.topics.Partitioning;
import io.muster.topics.Retention;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A compacted topic, and where each of its rows belongs.
 *
 * @param partitioning by jobs or by devices
 * @param rows what their keys are
 * @param isState of planner or processor, whose local copies have to be given up when it moves
 */
record Table(String topic, Partitioning partitioning, Rows rows, boolean isState) {
    private static final char SEPARATOR = '\0';

    /** What says where a row belongs. */
    enum Rows {
        /** The key, up to its first NUL where it has one. */
        BY_KEY,
        /** What follows the last NUL of the key. */
        BY_END_OF_KEY,
        /** The value, a text. */
        BY_VALUE,
        /** Each partition that comes of a partition has all its rows. */
        IN_ALL,
        /** Rows stay in their partitions. */
        STAYING,
        /** Rows are dropped: whose they are makes them anew. */
        REBUILT,
        /** See {@link RecordNumbers}. */
        NUMBERS
    }

    static final String PLANNER = Namespace.name("muster-job-planner");
    static final String PROCESSOR = Namespace.name("muster-stream-processor");

    /** Every compacted topic of the catalogue, and every store of planner and processor. The numbers are last: they tell that all has moved. */
    static final List<Table> ALL = Stream.concat(
                    Topics.ALL.stream()
                            .filter(topic -> topic.retention() instanceof Retention.Compacted)
                            .map(topic -> new Table(topic.name(), topic.partitioning(), Rows.BY_KEY, false)),
                    Stream.of(
                            state(PLANNER, "jobs", Partitioning.BY_JOB, Rows.BY_KEY),
                            state(PLANNER, "statistics", Partitioning.BY_JOB, Rows.BY_KEY),
                            state(PROCESSOR, "job-tallies", Partitioning.BY_JOB, Rows.BY_KEY),
                            state(PROCESSOR, "stream-jobs", Partitioning.BY_JOB, Rows.BY_KEY),
                            state(PLANNER, "devices", Partitioning.BY_DEVICE, Rows.BY_KEY),
                            state(PLANNER, "connections", Partitioning.BY_DEVICE, Rows.BY_KEY),
                            state(PLANNER, "tags", Partitioning.BY_DEVICE, Rows.REBUILT),
                            state(PLANNER, "fleet-jobs", Partitioning.BY_DEVICE, Rows.IN_ALL),
                            state(PLANNER, "judged", Partitioning.BY_DEVICE, Rows.BY_END_OF_KEY),
                            state(PLANNER, "waiting", Partitioning.BY_DEVICE, Rows.BY_VALUE),
                            state(PLANNER, "device-jobs", Partitioning.BY_DEVICE, Rows.BY_END_OF_KEY),
                            state(PLANNER, "methods", Partitioning.BY_DEVICE, Rows.BY_KEY),
                            state(PLANNER, "messages", Partitioning.BY_DEVICE, Rows.BY_KEY),
                            state(PROCESSOR, "partition-tallies", Partitioning.BY_DEVICE, Rows.STAYING),
                            state(PROCESSOR, "stream-job-numbers", Partitioning.BY_JOB, Rows.NUMBERS),
                            state(PLANNER, "job-numbers", Partitioning.BY_JOB, Rows.NUMBERS),
                            state(PLANNER, "device-numbers", Partitioning.BY_DEVICE, Rows.NUMBERS)))
            .toList();

    private static Table state(String application, String store, Partitioning partitioning, Rows rows) {
        return new Table(Changelogs.name(application, store), partitioning, rows, true);
    }

    /** The store's name, where it is one of that application. */
    Optional<String> storeOf(String application) {
        return isState ? Changelogs.store(application, topic) : Optional.empty();
    }

    /** Whether both are of one application and partitioned alike. */
    boolean isWith(Table other) {
        return other != this
                && isState
                && other.isState
                && partitioning == other.partitioning
                && application().equals(other.application());
    }

    private String application() {
        return topic.startsWith(PLANNER) ? PLANNER : PROCESSOR;
    }

    /** Where the row belongs among so many; empty where its key does not say. */
    Optional<Integer> partition(byte[] key, byte[] value, int partitions) {
        String id = switch (rows) {
            case BY_KEY -> before(text(key));
            case BY_END_OF_KEY -> text(key).substring(text(key).lastIndexOf(SEPARATOR) + 1);
            case BY_VALUE -> text(value);
            case IN_ALL, STAYING, REBUILT, NUMBERS -> null;
        };
        if (id == null) {
            return Optional.empty();
        }
        return Optional.of(
                KeyPartition.of(partitioning == Partitioning.BY_DEVICE ? IdentityId.deviceId(id) : id, partitions));
    }

    private static String before(String key) {
        int end = key.indexOf(SEPARATOR);
        return end < 0 ? key : key.substring(0, end);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
