package io.muster.topics;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates the topics of the catalogue that are missing, and never alters one that is there. */
public final class TopicProvisioner {
    private final Admin admin;
    private final PartitionCounts counts;
    private final short replication;

    /** @param replication how many brokers hold each record */
    public TopicProvisioner(Admin admin, PartitionCounts counts, short replication) {
        this.admin = admin;
        this.counts = counts;
        this.replication = replication;
    }

    /**
     * Creates what is missing; a second call changes nothing.
     *
     * @return where an existing topic has another number of partitions than asked for, one sentence each
     * @throws ExecutionException when the broker refuses or can't be reached
     */
    public List<String> provision() throws ExecutionException, InterruptedException {
        Set<String> present = admin.listTopics().names().get();
        List<NewTopic> missing = Topics.ALL.stream()
                .filter(topic -> !present.contains(topic.name()))
                .map(this::describe)
                .toList();
        for (Map.Entry<String, org.apache.kafka.common.KafkaFuture<Void>> created :
                admin.createTopics(missing).values().entrySet()) {
            try {
                created.getValue().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
        }
        return drift(present);
    }

    /**
     * How many partitions the topics have, as they are.
     *
     * @throws ExecutionException when the broker can't be reached or a topic is missing
     * @throws IllegalStateException when topics of one kind differ
     */
    public static PartitionCounts counts(Admin admin) throws ExecutionException, InterruptedException {
        Map<String, TopicDescription> topics = admin.describeTopics(
                        Topics.ALL.stream().map(Topic::name).toList())
                .allTopicNames()
                .get();
        Map<Partitioning, Integer> counts = new EnumMap<>(Partitioning.class);
        for (Topic<?> topic : Topics.ALL) {
            TopicDescription found = Objects.requireNonNull(topics.get(topic.name()), topic.name());
            Integer before = counts.put(topic.partitioning(), found.partitions().size());
            if (before != null && before != found.partitions().size()) {
                throw new IllegalStateException("topics of one kind have different numbers of partitions, topic="
                        + topic.name() + " partitions=" + found.partitions().size() + " others=" + before);
            }
        }
        return new PartitionCounts(
                counts.getOrDefault(Partitioning.BY_JOB, 0),
                counts.getOrDefault(Partitioning.BY_DEVICE, 0),
                counts.getOrDefault(Partitioning.BY_GATEWAY, 0),
                counts.getOrDefault(Partitioning.BY_API_INSTANCE, 0));
    }

    private NewTopic describe(Topic<?> topic) {
        return new NewTopic(topic.name(), Optional.of(counts.of(topic.partitioning())), Optional.of(replication))
                .configs(topic.retention().topicConfig());
    }

    private List<String> drift(Set<String> present) throws ExecutionException, InterruptedException {
        Map<String, Integer> configured = Topics.ALL.stream()
                .filter(topic -> present.contains(topic.name()))
                .collect(Collectors.toMap(Topic::name, topic -> counts.of(topic.partitioning())));
        List<String> drift = new ArrayList<>();
        for (TopicDescription found :
                admin.describeTopics(configured.keySet()).allTopicNames().get().values()) {
            int wanted = configured.getOrDefault(found.name(), 0);
            if (found.partitions().size() != wanted) {
                drift.add("Topic " + found.name() + " has " + found.partitions().size() + " partitions, " + wanted
                        + " are configured.");
            }
        }
        return drift;
    }
}
