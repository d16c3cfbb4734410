package io.muster.topics;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/**
 * Creates the topics of the catalogue that are missing. Of one that is there it only raises the size of records, where an earlier version set less:
 * records of today would not fit.
 */
public final class TopicProvisioner {
    private final Admin admin;
    private final PartitionCounts counts;
    private final short replication;

    /** Provisions one cluster by the partition counts of its launch. @param replication how many brokers hold each record */
    public TopicProvisioner(Admin admin, PartitionCounts counts, short replication) {
        this.admin = admin;
        this.counts = counts;
        this.replication = replication;
    }

    /**
     * Lists what was created and what differs.
     *
     * @param created names of topics that were missing
     * @param drift topics that differ from the configuration, one sentence each; they were left so
     */
    public record Report(List<String> created, List<String> drift) {}

    /**
     * Creates what is missing; a second call changes nothing.
     *
     * @throws ExecutionException when the broker refuses or can't be reached
     */
    public Report provision() throws ExecutionException, InterruptedException {
        Set<String> present = admin.listTopics().names().get();
        List<NewTopic> missing = Topics.ALL.stream()
                .filter(topic -> !present.contains(topic.name()))
                .map(this::describe)
                .toList();
        List<String> created = new ArrayList<>();
        for (Map.Entry<String, KafkaFuture<Void>> creation :
                admin.createTopics(missing).values().entrySet()) {
            try {
                creation.getValue().get();
                created.add(creation.getKey());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
        }
        created.sort(Comparator.naturalOrder());
        Map<String, Integer> sizes = new TreeMap<>();
        Topics.ALL.stream()
                .filter(topic -> present.contains(topic.name()))
                .forEach(topic -> sizes.put(topic.name(), topic.size()));
        try {
            raiseRecordSizes(admin, sizes);
        } catch (ExecutionException e) {
            // Somebody else may alter topics, such as Strimzi's operator: a value that is too low is reported as drift.
            if (!(e.getCause() instanceof AuthorizationException)) {
                throw e;
            }
        }
        return new Report(created, drift(present));
    }

    /**
     * Raises the size of records of topics that take less; others are left as they are.
     *
     * @param sizes bytes by the name of a topic that is there
     * @throws ExecutionException when the broker refuses or can't be reached
     */
    public static void raiseRecordSizes(Admin admin, Map<String, Integer> sizes)
            throws ExecutionException, InterruptedException {
        String setting = TopicConfig.MAX_MESSAGE_BYTES_CONFIG;
        Map<ConfigResource, Config> found = admin.describeConfigs(sizes.keySet().stream()
                        .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                        .toList())
                .all()
                .get();
        Map<ConfigResource, Collection<AlterConfigOp>> raised = new HashMap<>();
        found.forEach((topic, config) -> {
            int size = sizes.getOrDefault(topic.name(), 0);
            @Nullable ConfigEntry is = config.get(setting);
            if (is != null && Long.parseLong(is.value()) < size) {
                raised.put(
                        topic,
                        List.of(new AlterConfigOp(
                                new ConfigEntry(setting, Integer.toString(size)), AlterConfigOp.OpType.SET)));
            }
        });
        if (!raised.isEmpty()) {
            admin.incrementalAlterConfigs(raised).all().get();
        }
    }

    /**
     * Returns how many partitions the topics have, as they are.
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
                .configs(config(topic));
    }

    /** Returns the configuration of a topic: an acknowledged record is on all brokers but one, which may be away. */
    private Map<String, String> config(Topic<?> topic) {
        Map<String, String> config = new TreeMap<>(topic.config());
        config.put("min.insync.replicas", Integer.toString(Math.max(1, replication - 1)));
        return config;
    }

    private List<String> drift(Set<String> present) throws ExecutionException, InterruptedException {
        List<Topic<?>> topics = Topics.ALL.stream()
                .filter(topic -> present.contains(topic.name()))
                .toList();
        Map<String, TopicDescription> found = admin.describeTopics(
                        topics.stream().map(Topic::name).toList())
                .allTopicNames()
                .get();
        Map<ConfigResource, Config> configs = admin.describeConfigs(
                        topics.stream().map(TopicProvisioner::resource).toList())
                .all()
                .get();
        List<String> drift = new ArrayList<>();
        for (Topic<?> topic : topics) {
            TopicDescription description = Objects.requireNonNull(found.get(topic.name()));
            Config config = Objects.requireNonNull(configs.get(resource(topic)));
            int brokers = description.partitions().stream()
                    .mapToInt(partition -> partition.replicas().size())
                    .min()
                    .orElse(0);
            differ(drift, topic, "partitions", description.partitions().size(), counts.of(topic.partitioning()));
            differ(drift, topic, "replicas", brokers, replication);
            config(topic).forEach((name, wanted) -> {
                @Nullable ConfigEntry entry = config.get(name);
                differ(drift, topic, name, entry == null ? "no value" : entry.value(), wanted);
            });
        }
        return drift;
    }

    private static ConfigResource resource(Topic<?> topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
    }

    private static void differ(List<String> drift, Topic<?> topic, String what, Object found, Object wanted) {
        if (!String.valueOf(found).equals(String.valueOf(wanted))) {
            drift.add("Topic " + topic.name() + ": " + what + " is " + found + ", and " + wanted + " is configured.");
        }
    }
}
