package io.muster.service;

import io.muster.topics.RecordSizes;
import io.muster.topics.TopicProvisioner;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyDescription;

/**
 * Makes the topics of state of an application that is being upgraded. Kafka Streams lets the leader of a group make them; while instances are
 * replaced one by one the leader may be of the version before, which doesn't know a new store, and an instance that has the store waits in vain.
 */
public final class Changelogs {
    private static final String SUFFIX = "-changelog";

    private static final Map<String, String> CONFIG = Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_COMPACT,
            TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
            "CreateTime",
            TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
            Integer.toString(RecordSizes.LARGEST));

    private Changelogs() {}

    /** Returns the name that Kafka Streams gives the topic of a store's state. */
    public static String name(String application, String store) {
        return application + "-" + store + SUFFIX;
    }

    /** Returns the store's name, where the topic is of that application's state. */
    public static Optional<String> store(String application, String topic) {
        return topic.startsWith(application + "-") && topic.endsWith(SUFFIX)
                ? Optional.of(topic.substring(application.length() + 1, topic.length() - SUFFIX.length()))
                : Optional.empty();
    }

    /**
     * Makes those that lack where there are others, and raises the size of records where an earlier version set none; an application that starts for the first time makes its own. All stores of the topology have
     * a topic.
     *
     * @param replication -1 for the brokers' default
     */
    static void createMissing(Admin admin, String application, Topology topology, int replication)
            throws ExecutionException, InterruptedException {
        Set<String> present = admin.listTopics().names().get();
        Map<String, Set<String>> sources = new HashMap<>();
        for (TopologyDescription.Subtopology part : topology.describe().subtopologies()) {
            Set<String> topics = new TreeSet<>();
            List<String> changelogs = new ArrayList<>();
            for (TopologyDescription.Node node : part.nodes()) {
                if (node instanceof TopologyDescription.Source source) {
                    topics.addAll(source.topicSet());
                } else if (node instanceof TopologyDescription.Processor processor) {
                    processor.stores().forEach(store -> changelogs.add(name(application, store)));
                }
            }
            changelogs.forEach(changelog -> sources.put(changelog, topics));
        }
        if (present.stream().noneMatch(sources::containsKey)) {
            return;
        }
        TopicProvisioner.raiseRecordSizes(
                admin,
                sources.keySet().stream()
                        .filter(present::contains)
                        .collect(Collectors.toMap(Function.identity(), _ -> RecordSizes.LARGEST)));
        List<NewTopic> missing = new ArrayList<>();
        for (Map.Entry<String, Set<String>> changelog : sources.entrySet()) {
            if (!present.contains(changelog.getKey())) {
                missing.add(new NewTopic(
                                changelog.getKey(),
                                Optional.of(partitions(admin, changelog.getValue())),
                                replication < 0 ? Optional.empty() : Optional.of((short) replication))
                        .configs(CONFIG));
            }
        }
        for (KafkaFuture<Void> made : admin.createTopics(missing).values().values()) {
            try {
                made.get();
            } catch (ExecutionException e) {
                // Another instance was faster, with the same.
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
        }
    }

    private static int partitions(Admin admin, Set<String> topics) throws ExecutionException, InterruptedException {
        int most = 1;
        for (TopicDescription topic :
                admin.describeTopics(topics).allTopicNames().get().values()) {
            most = Math.max(most, topic.partitions().size());
        }
        return most;
    }
}
