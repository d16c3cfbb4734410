package io.muster.gateway.kafka;

import io.muster.service.EndOffsets;
import io.muster.service.KafkaConnection;
import io.muster.topics.Namespace;
import io.muster.topics.RecordSizes;
import io.muster.topics.Topics;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Holds the clients over which a gateway reaches the brokers.
 *
 * @param producer waits for brokers that are away, without end
 * @param consumer assigned to the gateway's partition of the deliveries; for one thread at a time
 */
record LogClients(Producer<String, byte[]> producer, Consumer<String, byte[]> consumer, EndOffsets ends)
        implements AutoCloseable {
    private static final int POLLED = 200;

    /** Makes the clients of a gateway. Nothing is sent yet. */
    static LogClients of(KafkaConnection kafka, int ordinal) {
        return new LogClients(producer(kafka), consumer(kafka, ordinal), EndOffsets.of(kafka));
    }

    private static Producer<String, byte[]> producer(KafkaConnection kafka) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 1);
        properties.put(ProducerConfig.BATCH_SIZE_CONFIG, 64 * 1024);
        properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, RecordSizes.LARGEST_REQUEST);
        // Of two requests under way the second may be taken without the first, which is then refused for ever
        // (KAFKA-15591).
        properties.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        // The writer's own thread waits for a log that is away.
        properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Integer.MAX_VALUE);
        return new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer());
    }

    private static Consumer<String, byte[]> consumer(KafkaConnection kafka, int ordinal) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, Namespace.name("muster-gateway-" + ordinal));
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // Deliveries that were written before this run are for no connection of it: where the broker has lost the
        // offset of an earlier run, none of them is handed over twice.
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLLED);
        KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
        consumer.assign(List.of(new TopicPartition(Topics.DELIVERIES.name(), ordinal)));
        return consumer;
    }

    @Override
    public void close() {
        producer.close();
        consumer.close();
        ends.close();
    }
}
