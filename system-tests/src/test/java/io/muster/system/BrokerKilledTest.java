package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Kills the only broker: everything that was committed is there afterwards. All of Muster is built on that. */
class BrokerKilledTest {
    private static final List<String> TOPICS = List.of("whole-a", "whole-b", "whole-c", "whole-d");
    private static final int PRODUCERS = 16;
    private static final Duration AFTER = Duration.ofSeconds(3);

    private final Queue<String> committed = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    /** Commits every other transaction; goes on anew where one fails. */
    private void commit(String kafka, int producerId) {
        int number = 0;
        while (!over) {
            try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                    Map.of("bootstrap.servers", kafka, "transactional.id", "whole-" + producerId, "linger.ms", 0),
                    new StringSerializer(),
                    new StringSerializer())) {
                producer.initTransactions();
                while (!over) {
                    String name = producerId + "-" + number++;
                    producer.beginTransaction();
                    TOPICS.forEach(topic -> producer.send(new ProducerRecord<>(topic, name)));
                    producer.commitTransaction();
                    committed.add(name);
                    // The mark of the next would do for one that was forgotten, if it were the same.
                    producer.beginTransaction();
                    TOPICS.forEach(topic -> producer.send(new ProducerRecord<>(topic, "aborted")));
                    producer.abortTransaction();
                }
            } catch (KafkaException e) {
                // The next number is another transaction.
            }
        }
    }

    @Test
    void tearsNoTransaction() throws Exception {
        RunningMuster muster = RunningMuster.ownInstance();
        try {
            Assumptions.assumeTrue(muster.ownsBroker());
            String kafka = muster.standalone.options().kafka();
            StreamTopics.create(kafka, TOPICS.toArray(String[]::new));
            List<Thread> producers = new ArrayList<>();
            for (int i = 0; i < PRODUCERS; i++) {
                int id = i;
                producers.add(Thread.ofPlatform().start(() -> commit(kafka, id)));
            }
            Random seed = new Random(3);
            for (int kill = 0; kill < 2; kill++) {
                int before = committed.size();
                await().atMost(Duration.ofMinutes(2)).until(() -> committed.size() > before + 500);
                Thread.sleep(seed.nextInt(200)); // The instant; nothing is waited for.
                muster.standalone.process("broker").destroyForcibly();
            }
            int before = committed.size();
            await().atMost(Duration.ofMinutes(2)).until(() -> committed.size() > before + 500);
            over = true;
            for (Thread producer : producers) {
                producer.join(AFTER.plusMinutes(2));
            }
            Map<String, Integer> read = new HashMap<>();
            for (String topic : TOPICS) {
                for (ConsumerRecord<?, String> record : StreamTopics.read(kafka, topic, new StringDeserializer())) {
                    read.merge(record.value(), 1, Integer::sum);
                }
            }
            assertThat(Files.readString(muster.standalone.log("broker")))
                    .as("committed offsets are not taken for those of a topic that is gone")
                    .doesNotContain("likely deleted");
            assertThat(read).doesNotContainKey("aborted");
            assertThat(read.values()).as("each is in all topics, or in none").containsOnly(TOPICS.size());
            assertThat(read.keySet()).containsAll(committed);
        } finally {
            over = true;
            muster.standalone.close();
        }
    }
}
