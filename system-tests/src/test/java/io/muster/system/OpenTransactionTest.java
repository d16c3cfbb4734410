package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.service.HangingTransactions;
import io.muster.service.KafkaConnection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/** Leaves transactions alone that are long and do not hang. */
class OpenTransactionTest {
    @Test
    void leavesATransactionOfALivingProducer() throws Exception {
        String kafka = RunningMuster.get().standalone.options().kafka();
        StreamTopics.create(kafka, "open-in", "open-out");
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka));
                KafkaProducer<String, String> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka, "transactional.id", "open"),
                        new StringSerializer(),
                        new StringSerializer());
                HangingTransactions watch = new HangingTransactions(
                        new KafkaConnection(kafka, Map.of()),
                        "open-readers",
                        () -> Set.of("open-out", "not-there"),
                        Duration.ofSeconds(-10), // However short ago it wrote.
                        meters,
                        InstantSource.system())) {
            admin.alterConsumerGroupOffsets(
                            "open-readers", Map.of(new TopicPartition("open-in", 0), new OffsetAndMetadata(0)))
                    .all()
                    .get();
            producer.initTransactions();
            for (int time = 0; time < 2; time++) {
                producer.beginTransaction();
                producer.send(new ProducerRecord<>("open-in", 0, "k", "v")).get();
                watch.check();
                watch.check();
                watch.check();
                producer.commitTransaction();
            }
            StreamTopics.create(kafka, "open-readers-store-changelog");
            assertThat(watch.partitions())
                    .extracting(TopicPartition::topic)
                    .containsOnly("open-in", "open-out", "open-readers-store-changelog");
            assertThat(meters.counter("muster.transactions.hung").count()).isZero();
        }
    }
}
