package io.muster.service.growth;

import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.Job;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.PartitionProbe;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobStatus;
import io.muster.service.growth.Repartitioning.RefusedException;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Checks that nothing is under way that depends on where keys are. */
final class QuiescenceCheck {
    private static final Set<StreamJobStatus> STOPPED =
            Set.of(StreamJobStatus.CREATED, StreamJobStatus.STOPPED, StreamJobStatus.FAILED);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final int MOST_POLLS = 20;

    private final Admin admin;
    private final LogReader reader;
    private final Codecs codecs;

    QuiescenceCheck(Admin admin, LogReader reader, Codecs codecs) {
        this.admin = admin;
        this.reader = reader;
        this.codecs = codecs;
    }

    /** Requires it. @throws RefusedException where something is under way */
    void require() throws RefusedException, ExecutionException, InterruptedException {
        Set<String> members = members();
        for (int polls = 0; !members.isEmpty() && polls < MOST_POLLS; polls++) {
            // One that has ended is a member until its session has.
            Thread.sleep(POLL);
            members = members();
        }
        if (!members.isEmpty()) {
            throw new RefusedException("A service runs as " + String.join(" and ", members)
                    + ": end all services first, planner and processor last.");
        }
        List<String> unread = unread();
        if (!unread.isEmpty()) {
            throw new RefusedException("Records are not read yet of " + String.join(", ", unread)
                    + ": start planner and processor alone, let them read it, and end them.");
        }
        requireNoExpansion();
        List<String> running = new ArrayList<>();
        read(Topics.STREAM_JOBS, StreamJob.class).forEach((id, job) -> {
            if (!STOPPED.contains(job.getStatus())) {
                running.add(id);
            }
        });
        if (!running.isEmpty()) {
            throw new RefusedException(
                    "Stream jobs run. Stop them, and start them from their last output when this has ended: "
                            + String.join(", ", running) + ".");
        }
    }

    /** Returns the applications that run. */
    private Set<String> members() throws ExecutionException, InterruptedException {
        Set<String> groups = admin.listGroups().all().get().stream()
                .map(GroupListing::groupId)
                .filter(Applications.READS::containsKey)
                .collect(Collectors.toSet());
        return admin.describeConsumerGroups(groups).all().get().values().stream()
                .filter(group -> !group.members().isEmpty())
                .map(ConsumerGroupDescription::groupId)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void requireNoExpansion() throws RefusedException, ExecutionException, InterruptedException {
        Map<String, JobStatistics> statistics = read(Topics.JOB_STATISTICS, JobStatistics.class);
        List<String> expanding = new ArrayList<>();
        read(Topics.JOBS, Job.class).forEach((id, job) -> {
            if (job.getStatus() == JobStatus.RUNNING && !isExpanded(job, statistics.get(id))) {
                expanding.add(id);
            }
        });
        if (!expanding.isEmpty()) {
            throw new RefusedException(
                    "Jobs still expand: start planner and processor alone, wait until every job has its targets, and end them: "
                            + String.join(", ", expanding) + ".");
        }
    }

    private static boolean isExpanded(Job job, @Nullable JobStatistics statistics) {
        return statistics != null
                && statistics.getJobNumber() == job.getJobNumber()
                && statistics.getPartitions() > 0
                && statistics.getPartitionsExpanded() == statistics.getPartitions();
    }

    /** Returns the topics that planner and processor have not read to their ends, or whose ends nobody can read yet. */
    List<String> unread() throws ExecutionException, InterruptedException {
        Set<String> present = admin.listTopics().names().get();
        List<String> unread = new ArrayList<>();
        for (Map.Entry<String, List<String>> group : Applications.READS.entrySet()) {
            Map<TopicPartition, Long> committed = new HashMap<>();
            admin.listConsumerGroupOffsets(group.getKey())
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .forEach((partition, at) -> committed.put(partition, offset(at)));
            for (String topic : group.getValue()) {
                if (present.contains(topic) && !isRead(topic, committed)) {
                    unread.add(topic);
                }
            }
        }
        return unread;
    }

    private static long offset(@Nullable OffsetAndMetadata at) {
        return at == null ? 0 : at.offset();
    }

    private boolean isRead(String topic, Map<TopicPartition, Long> committed)
            throws ExecutionException, InterruptedException {
        List<TopicPartition> partitions = reader.partitions(topic);
        Map<TopicPartition, Long> ends = reader.ends(partitions);
        if (!ends.equals(reader.stableEnds(partitions))) {
            return false;
        }
        // Ends of transactions take a place in the log, and are nothing to read.
        int[] left = {0};
        reader.read(partitions, committed, ends, record -> left[0] += isProbe(topic, record.value()) ? 0 : 1);
        return left[0] == 0;
    }

    /** Returns whether the planner wrote it to learn how far it has read: the last one of each partition may be unread when it ends. */
    private boolean isProbe(String topic, byte @Nullable [] value) {
        if (!topic.equals(Topics.DEVICE_REPORTS.name()) || value == null) {
            return false;
        }
        try {
            return codecs.of(Topics.DEVICE_REPORTS).decode(value).getReport() instanceof PartitionProbe;
        } catch (UndecodableRecordException e) {
            return false;
        }
    }

    private <V extends SpecificRecord> Map<String, V> read(Topic<V> topic, Class<V> type)
            throws ExecutionException, InterruptedException {
        RecordCodec<V> codec = codecs.of(topic);
        Map<String, V> rows = new TreeMap<>();
        Map<String, byte[]> bytes = new HashMap<>();
        List<TopicPartition> partitions = reader.partitions(topic.name());
        reader.read(partitions, reader.ends(partitions), record -> {
            String key = new String(record.key(), StandardCharsets.UTF_8);
            if (record.value() == null) {
                bytes.remove(key);
            } else {
                bytes.put(key, record.value());
            }
        });
        bytes.forEach((key, value) -> rows.put(key, type.cast(codec.decode(value))));
        return rows;
    }
}
