package io.muster.service;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and commits the offsets from which an application of Kafka Streams goes on. State is the fold of the records that were read. So an
 * application that has state and has lost its offsets (they expired, a coordinator came up empty) does not begin anew: all records would count a
 * second time.
 */
public final class CommittedOffsets {
    private static final Logger LOG = LoggerFactory.getLogger(CommittedOffsets.class);

    private final Admin admin;
    private final String application;

    /** Reads and commits the offsets of one application's group. @param application its id; {@code admin} is not closed here */
    public CommittedOffsets(Admin admin, String application) {
        this.admin = admin;
        this.application = application;
    }

    /** Signals that offsets are gone and the state is not. The message says what to do. */
    public static final class LostException extends KafkaException {
        private static final long serialVersionUID = 1;

        private LostException(String application) {
            super(
                    "The offsets of the group " + application
                            + " are gone and its state is not: from the beginning, all would be done again. See docs/operate/alerts.md, Lost offsets.");
        }
    }

    /** Has a consumer of a group read on from the offsets that are committed; from the beginning of partitions that have none. It resumes them all. */
    public static void rewind(Consumer<?, ?> consumer) {
        consumer.resume(consumer.assignment());
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
        for (TopicPartition partition : consumer.assignment()) {
            @Nullable OffsetAndMetadata offset = committed.get(partition);
            if (offset == null) {
                consumer.seekToBeginning(List.of(partition));
            } else {
                consumer.seek(partition, offset);
            }
        }
    }

    /**
     * Commits where to begin in partitions that have no committed offset. To be called before the application starts;
     * another instance may run.
     *
     * @throws LostException where the application has read before
     */
    public void begin(Map<TopicPartition, Long> at) throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetAndMetadata> committed = committed();
        if (committed.isEmpty() && hasState()) {
            throw new LostException(application);
        }
        commit(at, committed.keySet());
    }

    /** Commits the beginnings of partitions that have no committed offset; skips records that were deleted unread. @param topics that exist */
    void begin(Set<String> topics) throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> beginnings = offsets(topics, OffsetSpec.earliest());
        begin(beginnings);
        Map<TopicPartition, OffsetAndMetadata> committed = committed();
        beginnings.entrySet().removeIf(beginning -> {
            OffsetAndMetadata at = committed.get(beginning.getKey());
            return at == null || at.offset() >= beginning.getValue();
        });
        if (!beginnings.isEmpty()) {
            LOG.warn("Records were deleted before they were read, group={} from={}", application, beginnings);
            commit(beginnings, Set.of());
        }
    }

    private Map<TopicPartition, OffsetAndMetadata> committed() throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>(admin.listConsumerGroupOffsets(application)
                .partitionsToOffsetAndMetadata()
                .get());
        committed.values().removeIf(Objects::isNull);
        return committed;
    }

    private void commit(Map<TopicPartition, Long> at, Set<TopicPartition> but)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        at.forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
        offsets.keySet().removeAll(but);
        if (offsets.isEmpty()) {
            return;
        }
        try {
            admin.alterConsumerGroupOffsets(application, offsets).all().get();
        } catch (ExecutionException e) {
            // Another instance runs: it was faster, with the same.
            if (!(e.getCause() instanceof UnknownMemberIdException)) {
                throw e;
            }
        }
    }

    private boolean hasState() throws ExecutionException, InterruptedException {
        Set<String> changelogs = admin.listTopics().names().get().stream()
                .filter(topic -> Changelogs.store(application, topic).isPresent())
                .collect(Collectors.toSet());
        return offsets(changelogs, OffsetSpec.latest()).values().stream().anyMatch(end -> end > 0);
    }

    private Map<TopicPartition, Long> offsets(Set<String> topics, OffsetSpec of)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        admin.describeTopics(topics)
                .allTopicNames()
                .get()
                .forEach((name, topic) -> topic.partitions()
                        .forEach(partition -> wanted.put(new TopicPartition(name, partition.partition()), of)));
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin.listOffsets(wanted).all().get().forEach((partition, found) -> offsets.put(partition, found.offset()));
        return offsets;
    }
}
