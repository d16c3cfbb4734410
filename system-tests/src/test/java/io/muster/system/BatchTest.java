package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs tasks of Batch's jobs on compute nodes, driven by the unmodified client of npm, and reads their events as a foreign program does. */
class BatchTest {
    private static RunningMuster muster;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.ownInstance(2, 2);
    }

    @AfterAll
    static void stop() {
        muster.standalone.close();
    }

    private static void drive(String script, String last) throws Exception {
        String credentials = new ObjectMapper()
                .createObjectNode()
                .put(
                        "batchUrl",
                        "https://localhost:" + muster.standalone.options().restPort())
                .put("account", "muster")
                .put("key", muster.key("iothubowner"))
                .toString();
        Path said = Path.of("target/" + script + ".txt").toAbsolutePath();
        ProcessBuilder builder = new ProcessBuilder("node", script, credentials)
                .directory(NodeModules.installed().toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment()
                .put("NODE_EXTRA_CA_CERTS", muster.standalone.caFile().toString());
        Process client = builder.start();
        boolean ended = client.waitFor(8, TimeUnit.MINUTES);
        client.destroyForcibly();
        assertThat(ended).as(Files.readString(said)).isTrue();
        assertThat(Files.readString(said)).contains(last);
    }

    @Test
    void npmAzureBatch() throws Exception {
        drive("batch.js", "the tasks run");
    }

    @Test
    void npmAzureBatchPools() throws Exception {
        drive("batch-pools.js", "the pools run");
        assertThat(events("Lyon"))
                .containsExactly(
                        "PoolCreateEvent",
                        "PoolResizeStartEvent",
                        "PoolResizeCompleteEvent",
                        "PoolResizeStartEvent",
                        "PoolResizeCompleteEvent",
                        "PoolDeleteStartEvent",
                        "PoolDeleteCompleteEvent");
    }

    /** Returns the types of the events of a pool. */
    private static List<String> events(String key) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka(), "isolation.level", "read_committed"),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor("task-events").stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<String> types = new ArrayList<>();
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    if (record.key().equals(key)) {
                        types.add(new String(
                                record.headers().lastHeader("ce-type").value(), StandardCharsets.UTF_8));
                    }
                }
            }
            return types;
        }
    }
}
