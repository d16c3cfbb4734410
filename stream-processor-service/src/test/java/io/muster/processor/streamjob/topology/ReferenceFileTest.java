package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.muster.records.StreamFormat;
import io.muster.service.trouble.Faults;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Publishes newer reference data, whatever went wrong before. */
class ReferenceFileTest {
    private static final String TOPIC = "reference";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
    private static final Duration PAUSE = Duration.ofMillis(5);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int MOST_CALLS = 16;

    @TempDir
    Path root;

    private final List<MockProducer<byte[], byte[]>> producers = new CopyOnWriteArrayList<>();

    @SuppressWarnings("unchecked")
    private ReferenceFile follow(Faults faults) throws Exception {
        RunnableStreamJob.Input.OfFile file = new RunnableStreamJob.Input.OfFile(
                ReferencePath.of("p/{date}/l.json", "yyyy-MM-dd", "HH"),
                StreamFormat.newBuilder().build());
        ReferenceFile.Clients clients =
                new ReferenceFile.Clients(() -> (Consumer<byte[], byte[]>) faults.of(Consumer.class, reader()), () ->
                        (Producer<byte[], byte[]>) faults.of(Producer.class, writer()));
        ReferenceFile reference = ReferenceFile.publish(Optional.of(root), file, TOPIC, clients, PAUSE, () -> NOW);
        reference.follow();
        return reference;
    }

    private static MockConsumer<byte[], byte[]> reader() {
        MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
        consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
        consumer.updateEndOffsets(Map.of(PARTITION, 0L));
        return consumer;
    }

    private MockProducer<byte[], byte[]> writer() {
        MockProducer<byte[], byte[]> producer =
                new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        producers.add(producer);
        return producer;
    }

    private void write(String date) throws IOException {
        Path folder = Files.createDirectories(root.resolve("p").resolve(date));
        Files.writeString(folder.resolve("l.json"), "{\"day\":\"" + date + "\"}");
    }

    /** Returns the rows that are committed. */
    private List<String> published() {
        List<String> rows = new ArrayList<>();
        producers.forEach(producer ->
                producer.history().forEach(row -> rows.add(new String(row.value(), StandardCharsets.UTF_8))));
        return rows;
    }

    /** Makes the path to the folder longer than the system takes, so that nobody can read it. */
    @Test
    void reportsAFolderThatCannotBeReadAndTriesAgain() throws Exception {
        Path upper = root.resolve("p");
        Path lower = root.resolve("q");
        for (int i = 0; i < 9; i++) {
            upper = upper.resolve("u".repeat(240));
            lower = lower.resolve("l".repeat(240));
        }
        Files.createDirectories(upper);
        Files.createDirectories(lower);
        try (ReferenceFile reference = follow(new Faults(0, AssertionError::new))) {
            Files.move(root.resolve("q"), upper.resolve("q"));
            await().atMost(LIMIT)
                    .until(() -> reference
                            .trouble()
                            .filter(why -> why.contains("can't be read"))
                            .isPresent());
            Files.move(upper.resolve("q"), root.resolve("q"));
            write("2026-11-21");
            await().atMost(LIMIT).until(() -> reference.trouble().isEmpty());
        }
        assertThat(published()).containsExactly("{\"day\":\"2026-11-21\"}");
    }

    /** Refuses it at once: Kafka would refuse it at each try, without a word to the job's owner. */
    @Test
    void refusesARowThatIsLargerThanARecord() throws Exception {
        Path folder = Files.createDirectories(root.resolve("p").resolve("2026-11-20"));
        Files.writeString(folder.resolve("l.json"), "[{},{\"x\":\"" + "x".repeat(1_000_000) + "\"}]");
        assertThatThrownBy(() -> follow(new Faults(0, AssertionError::new)).close())
                .isInstanceOf(StreamJobDefinitionException.class)
                .hasMessage("The reference data p/2026-11-20/l.json have a row of more than 1000000 bytes: the row 2");
        assertThat(published()).isEmpty();
    }

    @Test
    void publishesNewerDataWhicheverCallFails() throws Exception {
        for (int failing = 1; failing <= MOST_CALLS; failing++) {
            producers.clear();
            int number = failing;
            try (ReferenceFile reference = follow(new Faults(failing, () -> new KafkaException("away")))) {
                write("2026-11-20");
                await("call " + number)
                        .atMost(LIMIT)
                        .until(() -> published().contains("{\"day\":\"2026-11-20\"}")
                                && reference.trouble().isEmpty());
                write("2026-11-21");
                await("call " + number)
                        .atMost(LIMIT)
                        .until(() -> published().contains("{\"day\":\"2026-11-21\"}")
                                && reference.trouble().isEmpty());
            }
            for (String date : List.of("2026-11-20", "2026-11-21")) {
                Files.delete(root.resolve("p").resolve(date).resolve("l.json"));
            }
        }
    }
}
