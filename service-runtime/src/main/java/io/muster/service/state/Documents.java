package io.muster.service.state;

import io.muster.service.KafkaConnection;
import io.muster.service.LogScan;
import io.muster.topics.Topic;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Finds the latest documents of keys on a compacted topic. */
@FunctionalInterface
public interface Documents {
    /** Knows none: for topologies under test. */
    Documents NONE = (_, _, _) -> Map.of();

    /**
     * Reads the whole partition.
     *
     * @return the committed documents of those keys that have one
     * @throws org.apache.kafka.common.KafkaException where the brokers are away
     */
    Map<String, byte[]> latest(Topic<?> topic, int partition, Set<String> keys);

    /** Reads from the brokers, for at most a minute. */
    static Documents of(KafkaConnection kafka) {
        return (topic, partition, keys) -> {
            Map<String, Object> properties = kafka.clientProperties();
            properties.put("isolation.level", "read_committed");
            properties.put("enable.auto.commit", false);
            try (KafkaConsumer<String, byte[]> consumer =
                    new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer())) {
                return latest(consumer, new TopicPartition(topic.name(), partition), keys);
            }
        };
    }

    private static Map<String, byte[]> latest(
            KafkaConsumer<String, byte[]> consumer, TopicPartition partition, Set<String> keys) {
        Map<String, byte[]> found = new HashMap<>();
        LogScan.read(consumer, consumer.endOffsets(Set.of(partition)), Duration.ofMinutes(1), () -> false, record -> {
            if (record.key() != null && keys.contains(record.key())) {
                if (record.value() == null) {
                    found.remove(record.key());
                } else {
                    found.put(record.key(), record.value());
                }
            }
        });
        return found;
    }
}
