package io.muster.standalone;

import io.muster.service.KafkaConnection;
import io.muster.service.Provisioning;
import io.muster.service.growth.Repartitioning;
import io.muster.service.registry.RegistrySettings;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.net.URI;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;

/** Prepares topics and schemas, before the services start. */
final class Preparation {
    private static final short ONE_BROKER = 1;

    private final KafkaConnection kafka;
    private final RegistrySettings registry;
    private final PartitionCounts found;
    private final PartitionCounts wanted;
    private final Consumer<String> say;

    /** Asks how many partitions topics have. */
    Preparation(Options options, Consumer<String> say) throws ExecutionException, InterruptedException {
        this.kafka = new KafkaConnection(options.kafka(), Map.of());
        this.registry = new RegistrySettings(URI.create(options.registry()), null, null, null);
        PartitionCounts asked = asked(options, PartitionCounts.SMALL);
        this.found = found(kafka, asked);
        this.wanted = asked(options, found);
        this.say = say;
    }

    /** Returns whether topics exist with fewer partitions than the options ask for. */
    boolean lacksPartitions() {
        return !wanted.equals(found);
    }

    /** Returns whether planner and processor have read everything. */
    boolean isAllRead() throws ExecutionException, InterruptedException {
        try (Repartitioning repartitioning = repartitioning()) {
            return repartitioning.unread().isEmpty();
        }
    }

    void grow() throws StandaloneException, ExecutionException, InterruptedException {
        try (Repartitioning repartitioning = repartitioning()) {
            repartitioning.run(say);
        } catch (Repartitioning.RefusedException e) {
            throw new StandaloneException(String.valueOf(e.getMessage()), e);
        }
    }

    void provision() throws ExecutionException, InterruptedException {
        Provisioning.run(kafka, registry, wanted, ONE_BROKER).drift().forEach(say);
    }

    private Repartitioning repartitioning() {
        return new Repartitioning(kafka, registry, wanted);
    }

    private static PartitionCounts asked(Options options, PartitionCounts otherwise) {
        return new PartitionCounts(
                options.jobPartitions().orElse(otherwise.jobs()),
                options.devicePartitions().orElse(otherwise.devices()),
                otherwise.gateways(),
                otherwise.apiInstances());
    }

    /** Returns the partitions of the topics that grow last, so that a move that was cut off is done again. @param otherwise before topics exist */
    private static PartitionCounts found(KafkaConnection kafka, PartitionCounts otherwise)
            throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(kafka.clientProperties())) {
            Set<String> present = admin.listTopics().names().get();
            if (!present.contains(Topics.DEVICE_COMMANDS.name())) {
                return otherwise;
            }
            return new PartitionCounts(
                    partitions(admin, Topics.JOB_COMMANDS),
                    partitions(admin, Topics.DEVICE_COMMANDS),
                    partitions(admin, Topics.DELIVERIES),
                    partitions(admin, Topics.REPLIES));
        }
    }

    private static int partitions(Admin admin, Topic<?> topic) throws ExecutionException, InterruptedException {
        TopicDescription found =
                admin.describeTopics(Set.of(topic.name())).allTopicNames().get().get(topic.name());
        return Objects.requireNonNull(found, topic.name()).partitions().size();
    }
}
