package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.SharedAccessSignature;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** Runs schedules with Azure's own client: collections, jobs, calls of an HTTP server with retries and error actions, a queue, and what is refused. */
class SchedulerClientTest {
    private static final String QUEUE = "orders";
    private static final int LIMIT_SECONDS = 300;

    @Test
    void npmAzureArmScheduler() throws Exception {
        RunningMuster muster = RunningMuster.get();
        String kafka = muster.standalone.options().kafka();
        StreamTopics.create(kafka, "queue-" + QUEUE);
        String host = "localhost:" + muster.standalone.options().restPort();
        String token = SharedAccessSignature.sign(
                host, muster.key("iothubowner"), "iothubowner", Instant.now().plusSeconds(3600));
        Path log = Path.of("target/scheduler.log");
        ProcessBuilder builder = new ProcessBuilder("node", "scheduler.js", "https://" + host, token, QUEUE)
                .directory(NodeModules.installed().toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment()
                .put("NODE_EXTRA_CA_CERTS", muster.standalone.caFile().toString());
        Process node = builder.start();
        assertThat(node.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(Files.readString(log)).contains("the schedules fire");

        List<ConsumerRecord<String, String>> records = queue(kafka);
        assertThat(records).hasSize(1);
        assertThat(records.getFirst().value()).isEqualTo("hello");
        assertThat(records.getFirst().headers().lastHeader("Muster-Firing-Id").value())
                .asString()
                .contains("/jobs/queue/");
    }

    private static List<ConsumerRecord<String, String>> queue(String kafka) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka), new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor("queue-" + QUEUE).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long end = consumer.endOffsets(partitions).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            List<ConsumerRecord<String, String>> records = new ArrayList<>();
            while (records.size() < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            }
            return records;
        }
    }
}
