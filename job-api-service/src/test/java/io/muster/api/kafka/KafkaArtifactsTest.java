package io.muster.api.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.api.artifact.Unreferenced;
import io.muster.api.job.Views;
import io.muster.api.json.ProblemException;
import io.muster.codec.Codecs;
import io.muster.records.Artifact;
import io.muster.records.PoolEvents;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskPlace;
import io.muster.records.TaskPlaced;
import io.muster.records.TaskToken;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.topics.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps artifacts on a log in memory, and reads them from what was written there. */
class KafkaArtifactsTest {
    private static final String HASH = "ab".repeat(32);

    private static final String OTHER = "ef".repeat(32);

    private static final long MOST = 4L << 20;

    @TempDir
    Path folder;

    private Instant now = Instant.parse("2026-11-30T04:00:00Z");

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final MockProducer<String, byte[]> log =
            new MockProducer<>(true, null, new StringSerializer(), new ByteArraySerializer());
    private final KafkaArtifacts artifacts = new KafkaArtifacts(log, this::consumer, codecs, MOST, () -> now);

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
                if (offset >= position) {
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
                .extracting(ProducerRecord::topic)
                .containsExactly(
                        Topics.ARTIFACT_INDEX.name(),
                        Topics.ARTIFACTS.name(),
                        Topics.ARTIFACTS.name(),
                        Topics.ARTIFACT_INDEX.name());
        assertThat(log.history().get(1).key()).startsWith(HASH + "@").endsWith("/0");
        assertThat(log.history().get(3).key())
                .isEqualTo(log.history().get(0).key())
                .startsWith(HASH + "@");
        assertThat(log.history())
                .extracting(ProducerRecord::partition)
                .containsOnly(log.history().getFirst().partition());
    }

    /** Plays two instances that do not know of each other: each has a copy of its own, and the end of one leaves the other. */
    @Test
    void isReadFromTheOtherCopyWhereOneIsDeleted() throws IOException {
        Path file = file(KafkaArtifacts.CHUNK + 1);
        Artifact first = artifacts.keep(file, HASH);
        Artifact second = new KafkaArtifacts(log, this::consumer, codecs, MOST, () -> now).keep(file, HASH);
        artifacts.read(second);
        artifacts.delete(first);
        assertThat(artifacts.find(HASH)).contains(second);
        assertThat(read(second, 0)).isEqualTo(Files.readAllBytes(file));
    }

    private ArtifactSweeper sweeper(Views views) {
        return new ArtifactSweeper(artifacts, views, () -> true, () -> now);
    }

    private void later(Duration duration) {
        now = now.plus(duration);
    }

    private static Site site(long revision, WebJob... jobs) {
        return Site.newBuilder()
                .setSite("plant")
                .setRevision(revision)
                .setWebJobs(List.of(jobs))
                .build();
    }

    private static WebJob job(String sha256, WebJobRun... runs) {
        return WebJob.newBuilder()
                .setKind(WebJobKind.TRIGGERED)
                .setName("purge")
                .setFiles(WebJobFiles.newBuilder()
                        .setSha256(sha256)
                        .setBytes(1)
                        .setScript("run.sh")
                        .setHost(ScriptHost.BASH)
                        .build())
                .setSettings("{}")
                .setChangedAt(Instant.EPOCH)
                .setRuns(List.of(runs))
                .build();
    }

    private static WebJobRun run(String sha256, @Nullable Instant endedAt) {
        return WebJobRun.newBuilder()
                .setId("1")
                .setStatus(endedAt == null ? WebJobRunStatus.RUNNING : WebJobRunStatus.SUCCESS)
                .setTrigger("x")
                .setPoolId("default")
                .setTaskId("t")
                .setScript("run.sh")
                .setHost(ScriptHost.BASH)
                .setBegunAt(Instant.EPOCH)
                .setEndedAt(endedAt)
                .setSha256(sha256)
                .build();
    }

    @Test
    void freesTheBytesOfAJobThatIsReplacedWhenItsLastRunHasEnded() throws IOException {
        Views views = Views.empty();
        ArtifactSweeper sweeper = sweeper(views);
        artifacts.keep(file(2 << 20), HASH);
        views.sites().put(site(1, job(HASH)));
        sweeper.sweep();
        assertThat(artifacts.find(HASH).orElseThrow().getCondemned()).isFalse();
        artifacts.keep(file(1 << 20), OTHER);
        views.sites().put(site(2, job(OTHER, run(HASH, null))));
        for (int i = 0; i < 3; i++) {
            sweeper.sweep();
            later(Unreferenced.GRACE);
        }
        assertThat(artifacts.find(HASH)).as("its run goes on").isPresent();
        assertThat(artifacts.bytes()).isEqualTo(3 << 20);
        views.sites().put(site(3, job(OTHER, run(HASH, now))));
        sweeper.sweep();
        sweeper.sweep();
        later(Unreferenced.GRACE.minusSeconds(1));
        sweeper.sweep();
        assertThat(artifacts.find(HASH)).as("within the grace").isPresent();
        later(Duration.ofSeconds(1));
        sweeper.sweep();
        assertThat(artifacts.find(HASH)).isEmpty();
        assertThat(artifacts.find(OTHER)).isPresent();
        assertThat(artifacts.bytes()).isEqualTo(1 << 20);
        assertThat(log.history().stream().filter(record -> record.value() == null))
                .extracting(ProducerRecord::topic)
                .as("tombstones of its four chunks, and its index behind them")
                .containsExactly(
                        Topics.ARTIFACTS.name(),
                        Topics.ARTIFACTS.name(),
                        Topics.ARTIFACTS.name(),
                        Topics.ARTIFACTS.name(),
                        Topics.ARTIFACT_INDEX.name());
        artifacts.keep(file(3 << 20), HASH);
    }

    @Test
    void freesTheBytesOfAJobThatIsDeletedAndKeepsThoseOfATaskThatIsPlaced() throws IOException {
        Views views = Views.empty();
        ArtifactSweeper sweeper = sweeper(views);
        artifacts.keep(file(10), HASH);
        artifacts.keep(file(10), OTHER);
        views.sites().put(site(1, job(HASH), job(OTHER)));
        views.sites().put(site(2));
        views.pools().read(new PoolEvents("default", now, List.of(placed(OTHER))));
        for (int i = 0; i < 3; i++) {
            sweeper.sweep();
            later(Unreferenced.GRACE);
        }
        assertThat(artifacts.find(HASH)).isEmpty();
        assertThat(artifacts.find(OTHER)).isPresent();
    }

    private static TaskPlaced placed(String sha256) {
        return new TaskPlaced(
                new TaskToken("t", 1L),
                new TaskAttempt(0, 0, 0),
                List.of(new TaskPlace("node-1", 1L)),
                List.of(sha256),
                1);
    }

    /** Uploads what was condemned a moment before: the reference to it comes behind its deletion. */
    @Test
    void keepsWhatIsUploadedAgainWhileItsFormerCopyIsDeleted() throws IOException {
        Views views = Views.empty();
        ArtifactSweeper sweeper = sweeper(views);
        Path file = file(KafkaArtifacts.CHUNK + 1);
        artifacts.keep(file, HASH);
        sweeper.sweep();
        sweeper.sweep();
        later(Unreferenced.GRACE);
        Artifact again = artifacts.keep(file, HASH);
        sweeper.sweep();
        views.sites().put(site(1, job(HASH)));
        assertThat(artifacts.find(HASH)).map(Unreferenced::key).contains(Unreferenced.key(again));
        assertThat(artifacts.bytes()).isEqualTo(KafkaArtifacts.CHUNK + 1);
        assertThat(read(again, 0)).isEqualTo(Files.readAllBytes(file));
    }

    @Test
    void deletesNothingWhileASiteCannotBeRead() throws IOException {
        Views views = Views.empty();
        ArtifactSweeper sweeper = sweeper(views);
        artifacts.keep(file(10), HASH);
        views.sites().unreadable("plant");
        for (int i = 0; i < 3; i++) {
            sweeper.sweep();
            later(Unreferenced.GRACE);
        }
        assertThat(artifacts.find(HASH)).map(Artifact::getCondemned).contains(false);
    }

    @Test
    void deletesWhatAnUploadLeavesThatDoesNotEnd() throws IOException {
        ArtifactSweeper sweeper = sweeper(Views.empty());
        artifacts.read(new Artifact(HASH, 10L, 0, List.of(), KafkaArtifacts.CHUNK, "1", true));
        assertThat(artifacts.find(HASH)).isEmpty();
        sweeper.sweep();
        later(Unreferenced.GRACE);
        sweeper.sweep();
        assertThat(artifacts.bytes()).isZero();
        assertThat(log.history()).extracting(ProducerRecord::key).containsExactly(HASH + "@1/0", HASH + "@1");
    }

    /** Reads the index behind what was written here: the copy was gone until its second record was read, too. */
    @Test
    void isThereWhileItsOwnBeginIsReadBack() throws IOException {
        Artifact artifact = artifacts.keep(file(10), HASH);
        artifacts.read(Artifact.newBuilder(artifact)
                .setOffsets(List.of())
                .setCondemned(true)
                .build());
        assertThat(artifacts.find(HASH)).contains(artifact);
        assertThat(artifacts.bytes()).isEqualTo(10);
    }

    @Test
    void isNotThereBeforeAllOfItIs() {
        artifacts.read(new Artifact(HASH, 10L, 0, List.of(), KafkaArtifacts.CHUNK, "copy", true));
        assertThat(artifacts.find(HASH)).isEmpty();
    }

    @Test
    void isNotThereWhereTheLogRefusesIt() throws IOException {
        Path file = file(10);
        log.sendException = new org.apache.kafka.common.errors.TimeoutException("no broker");
        assertThatThrownBy(() -> artifacts.keep(file, HASH)).isInstanceOf(ProblemException.class);
        assertThat(artifacts.find(HASH)).isEmpty();
    }
}
