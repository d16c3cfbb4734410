package io.muster.api.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.api.json.ProblemException;
import io.muster.codec.Codecs;
import io.muster.records.Artifact;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.topics.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps artifacts on a log in memory, and reads them from what was written there. */
class KafkaArtifactsTest {
    private static final String HASH = "ab".repeat(32);

    private static final long MOST = 4L << 20;

    @TempDir
    Path folder;

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final MockProducer<String, byte[]> log =
            new MockProducer<>(true, null, new StringSerializer(), new ByteArraySerializer());
    private final KafkaArtifacts artifacts = new KafkaArtifacts(log, this::consumer, codecs, MOST);
    /** Bounds the offsets that were compacted away. */
    private long compactedBefore;

    private MockConsumer<String, byte[]> consumer() {
        MockConsumer<String, byte[]> consumer = new MockConsumer<>("earliest");
        List<ProducerRecord<String, byte[]>> chunks = log.history().stream()
                .filter(record -> record.topic().equals(Topics.ARTIFACTS.name()))
                .toList();
        TopicPartition partition =
                new TopicPartition(Topics.ARTIFACTS.name(), chunks.getFirst().partition());
        consumer.schedulePollTask(() -> {
            consumer.updateBeginningOffsets(Map.of(partition, 0L));
            long position = consumer.position(partition);
            for (int offset = 0; offset < chunks.size(); offset++) {
                if (offset >= position && offset >= compactedBefore) {
                    consumer.addRecord(new ConsumerRecord<>(
                            partition.topic(),
                            partition.partition(),
                            offset,
                            chunks.get(offset).key(),
                            chunks.get(offset).value()));
                }
            }
        });
        return consumer;
    }

    private Path file(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        new Random(7).nextBytes(content);
        return Files.write(folder.resolve("file"), content);
    }

    private byte[] read(Artifact artifact, long from) throws IOException {
        try (InputStream in = artifacts.open(artifact, from)) {
            return in.readAllBytes();
        }
    }

    @Test
    void refusesWhatExceedsTheRoomOfAll() throws IOException {
        artifacts.keep(file(3 << 20), HASH);
        int written = log.history().size();
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> artifacts.keep(file((1 << 20) + 1), "cd".repeat(32)))
                .satisfies(error -> {
                    assertThat(error.problem().status()).isEqualTo(413);
                    assertThat(error.problem().message()).contains("artifacts.total.mib");
                });
        assertThat(log.history()).as("nothing of it is written").hasSize(written);
        artifacts.keep(file(3 << 20), HASH);
        assertThat(artifacts.keep(file(1 << 20), "ef".repeat(32)).getBytes())
                .as("what was refused takes no room")
                .isEqualTo(1 << 20);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, KafkaArtifacts.CHUNK, KafkaArtifacts.CHUNK + 1, 3 * KafkaArtifacts.CHUNK - 1})
    void isReadAsItWasWritten(int bytes) throws IOException {
        Path file = file(bytes);
        Artifact artifact = artifacts.keep(file, HASH);
        assertThat(artifact.getBytes()).isEqualTo(bytes);
        assertThat(read(artifact, 0)).isEqualTo(Files.readAllBytes(file));
    }

    @Test
    void isReadFromTheMiddle() throws IOException {
        Path file = file(2 * KafkaArtifacts.CHUNK + 10);
        Artifact artifact = artifacts.keep(file, HASH);
        byte[] all = Files.readAllBytes(file);
        for (int from : new int[] {1, KafkaArtifacts.CHUNK, KafkaArtifacts.CHUNK + 7, all.length - 1, all.length}) {
            assertThat(read(artifact, from)).as("from %s", from).isEqualTo(Arrays.copyOfRange(all, from, all.length));
        }
    }

    @Test
    void isWrittenOnceAndTheIndexBehindTheChunks() throws IOException {
        artifacts.keep(file(KafkaArtifacts.CHUNK + 1), HASH);
        artifacts.keep(file(KafkaArtifacts.CHUNK + 1), HASH);
        assertThat(log.history())
                .extracting(ProducerRecord::topic, ProducerRecord::key)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(Topics.ARTIFACTS.name(), HASH + "/0"),
                        org.assertj.core.groups.Tuple.tuple(Topics.ARTIFACTS.name(), HASH + "/1"),
                        org.assertj.core.groups.Tuple.tuple(Topics.ARTIFACT_INDEX.name(), HASH));
        assertThat(log.history())
                .extracting(ProducerRecord::partition)
                .containsOnly(log.history().getFirst().partition());
    }

    /** Plays another instance that did not know of the first copy. */
    @Test
    void isReadFromTheLaterCopyWhereTheFirstWasCompactedAway() throws IOException {
        Path file = file(KafkaArtifacts.CHUNK + 1);
        Artifact first = artifacts.keep(file, HASH);
        new KafkaArtifacts(log, this::consumer, codecs, MOST).keep(file, HASH);
        compactedBefore = 2;
        assertThat(first.getOffsets()).containsExactly(0L, 1L);
        assertThat(read(first, 0)).isEqualTo(Files.readAllBytes(file));
    }

    @Test
    void isNotThereWhereTheLogRefusesIt() throws IOException {
        Path file = file(10);
        log.sendException = new org.apache.kafka.common.errors.TimeoutException("no broker");
        assertThatThrownBy(() -> artifacts.keep(file, HASH)).isInstanceOf(ProblemException.class);
        assertThat(artifacts.find(HASH)).isEmpty();
    }
}
