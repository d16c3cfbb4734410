package io.muster.api.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.api.compute.TaskOutputs;
import io.muster.codec.Codecs;
import io.muster.records.OutputStream;
import io.muster.records.TaskOutput;
import io.muster.records.TaskToken;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.coordinator.KeyPartition;
import io.muster.topics.Topics;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

/** Reads output of one task from a log in memory that holds that of others too. */
class KafkaTaskOutputsTest {
    private static final String TOPIC = Topics.TASK_OUTPUT.name();
    private static final int PARTITIONS = 4;
    /** Counts the records that one poll brings, as a consumer's default has it. */
    private static final int STEP = 500;

    private static final Instant BEGUN = Instant.parse("2026-11-21T03:00:00Z");
    private static final String KEY = "default/t";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, KeyPartition.of(KEY, PARTITIONS));

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final List<ConsumerRecord<String, byte[]>> log = new ArrayList<>();
    private long beginning;
    private boolean away;
    private int closed;

    /** Finds offsets by time, which {@link MockConsumer} does not. */
    private final class LogConsumer extends MockConsumer<String, byte[]> {
        LogConsumer() {
            super("earliest");
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> times) {
            Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
            times.forEach((partition, time) -> found.put(
                    partition,
                    log.stream()
                            .filter(record -> record.offset() >= beginning && record.timestamp() >= time)
                            .findFirst()
                            .map(record -> new OffsetAndTimestamp(record.offset(), record.timestamp()))
                            .orElse(null)));
            return found;
        }

        @Override
        public synchronized void close() {
            closed++;
            super.close();
        }
    }

    private MockConsumer<String, byte[]> consumer() {
        if (away) {
            throw new org.apache.kafka.common.KafkaException("no broker");
        }
        MockConsumer<String, byte[]> consumer = new LogConsumer();
        List<PartitionInfo> partitions = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            partitions.add(new PartitionInfo(TOPIC, i, Node.noNode(), new Node[0], new Node[0]));
        }
        consumer.updatePartitions(TOPIC, partitions);
        consumer.updateBeginningOffsets(Map.of(PARTITION, beginning));
        grow(consumer);
        return consumer;
    }

    private void write(String key, Instant at, String text) {
        TaskOutput output = TaskOutput.newBuilder()
                .setPoolId("default")
                .setNodeId("node-1")
                .setToken(new TaskToken(key.substring(key.indexOf('/') + 1), 1L))
                .setStream(OutputStream.OUT)
                .setOffset(0)
                .setAt(at)
                .setOutput(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)))
                .build();
        write(key, at, codecs.of(Topics.TASK_OUTPUT).encode(output));
    }

    private void write(String key, Instant at, byte[] value) {
        log.add(new ConsumerRecord<>(
                TOPIC,
                PARTITION.partition(),
                log.size(),
                at.toEpochMilli(),
                TimestampType.CREATE_TIME,
                key.length(),
                value.length,
                key,
                value,
                new RecordHeaders(),
                Optional.empty()));
    }

    private List<String> read(Optional<Instant> until) throws IOException {
        List<String> read = new ArrayList<>();
        try (TaskOutputs.Reader reader =
                new KafkaTaskOutputs(this::consumer, codecs).open("default", "t", BEGUN, until)) {
            while (!reader.isAtEnd()) {
                reader.next().ifPresent(next -> read.add(text(next)));
            }
        }
        assertThat(closed).isEqualTo(1);
        return read;
    }

    @Test
    void readsWhatOneTaskWrote() throws IOException {
        write(KEY, BEGUN.plusSeconds(1), "a");
        write("default/u", BEGUN.plusSeconds(2), "of another");
        write(KEY, BEGUN.plusSeconds(3), new byte[] {1, 2, 3});
        write(KEY, BEGUN.plusSeconds(4), "b");
        assertThat(read(Optional.empty())).containsExactly("a", "b");
    }

    @Test
    void followsWhatATaskStillWrites() throws IOException {
        MockConsumer<String, byte[]> consumer = consumer();
        try (TaskOutputs.Reader reader = new KafkaTaskOutputs(() -> consumer, codecs).follow("default", "t", BEGUN)) {
            assertThat(reader.next()).isEmpty();
            assertThat(reader.isAtEnd()).isTrue();
            for (String text : List.of("a", "b")) {
                write("default/u", BEGUN.plusSeconds(1), "of another");
                write(KEY, BEGUN.plusSeconds(2), text);
                grow(consumer);
                assertThat(reader.next().map(KafkaTaskOutputsTest::text)).contains(text);
                assertThat(reader.next()).isEmpty();
            }
        }
        assertThat(closed).isEqualTo(1);
    }

    /** Plays a partition that others fill: reading it to the next chunk of a task took as long as it is, and nobody could end that. */
    @Test
    void takesBoundedStepsThroughWhatOthersWrite() throws IOException {
        write(KEY, BEGUN.plusSeconds(1), "a");
        for (int i = 0; i < 5_000; i++) {
            write("default/u", BEGUN.plusSeconds(2), "of another");
        }
        write(KEY, BEGUN.plusSeconds(3), "b");
        List<String> read = new ArrayList<>();
        List<Long> positions = new ArrayList<>();
        try (TaskOutputs.Reader reader = reader()) {
            while (!reader.isAtEnd()) {
                reader.next().ifPresent(next -> read.add(text(next)));
                positions.add(reader.position());
            }
        }
        assertThat(read).containsExactly("a", "b");
        assertThat(positions).startsWith(0L).isSorted().hasSizeGreaterThan(5_000 / STEP);
    }

    /** A job that writes little, among others that write much, was sought through all of that each time its log was read. */
    @Test
    void readsWhatOthersWroteOnceAndNotAgain() throws IOException {
        write(KEY, BEGUN.plusSeconds(1), "a");
        for (int i = 0; i < 5_000; i++) {
            write("default/u", BEGUN.plusSeconds(2), "of another");
        }
        write(KEY, BEGUN.plusSeconds(3), "b");
        for (int i = 0; i < 5_000; i++) {
            write("default/u", BEGUN.plusSeconds(4), "of another");
        }
        KafkaTaskOutputs outputs = new KafkaTaskOutputs(this::consumer, codecs);
        assertThat(steps(outputs, 2)).as("it is broken off").hasSizeLessThan(5);
        assertThat(steps(outputs, Integer.MAX_VALUE)).contains("a", "b").hasSizeGreaterThan(10_000 / STEP);
        assertThat(steps(outputs, Integer.MAX_VALUE)).contains("a", "b").hasSizeLessThan(8);
        write(KEY, BEGUN.plusSeconds(5), "c");
        assertThat(steps(outputs, Integer.MAX_VALUE)).contains("a", "b", "c").hasSizeLessThan(9);
        log.subList(2, log.size()).clear();
        assertThat(steps(outputs, Integer.MAX_VALUE))
                .as("another log of that name")
                .contains("a");
    }

    /** Reads in so many steps at most, and lists what each brought: nothing, or a chunk. */
    private List<String> steps(KafkaTaskOutputs outputs, int most) throws IOException {
        List<String> steps = new ArrayList<>();
        try (TaskOutputs.Reader reader = outputs.open("default", "t", BEGUN, Optional.empty())) {
            while (!reader.isAtEnd() && steps.size() < most) {
                steps.add(reader.next().map(KafkaTaskOutputsTest::text).orElse(""));
            }
        }
        return steps;
    }

    @Test
    void saysSinceWhenOutputIsKept() throws IOException {
        write(KEY, BEGUN.plusSeconds(1), "a");
        write(KEY, BEGUN.plusSeconds(300), "b");
        assertThat(keptSince(BEGUN)).as("nothing has expired").isEmpty();
        beginning = 1;
        assertThat(keptSince(BEGUN)).contains(BEGUN.plusSeconds(300));
        assertThat(keptSince(BEGUN.plusSeconds(400))).as("it began later").isEmpty();
        beginning = 2;
        assertThat(keptSince(BEGUN)).as("the log is empty").isPresent();
    }

    private Optional<Instant> keptSince(Instant since) throws IOException {
        try (TaskOutputs.Reader reader =
                new KafkaTaskOutputs(this::consumer, codecs).open("default", "t", since, Optional.empty())) {
            return reader.keptSince();
        }
    }

    private TaskOutputs.Reader reader() throws IOException {
        return new KafkaTaskOutputs(this::consumer, codecs).open("default", "t", BEGUN, Optional.empty());
    }

    @Test
    void goesOnWhereAnotherReaderWas() throws IOException {
        write(KEY, BEGUN.minusSeconds(3600), "long before");
        write(KEY, BEGUN.plusSeconds(1), "a");
        write("default/u", BEGUN.plusSeconds(2), "of another");
        write(KEY, BEGUN.plusSeconds(3), "b");
        assertThat(readFrom(0)).as("what lies before its time").contains(List.of("a", "b"));
        assertThat(readFrom(1)).contains(List.of("a", "b"));
        assertThat(readFrom(2)).contains(List.of("b"));
        assertThat(readFrom(4)).contains(List.of());
        assertThat(readFrom(5)).as("no position of this log").isEmpty();
    }

    private Optional<List<String>> readFrom(long position) throws IOException {
        List<String> read = new ArrayList<>();
        try (TaskOutputs.Reader reader = reader()) {
            if (!reader.goTo(position)) {
                return Optional.empty();
            }
            while (!reader.isAtEnd()) {
                reader.next().ifPresent(next -> read.add(text(next)));
            }
            return Optional.of(read);
        }
    }

    private void grow(MockConsumer<String, byte[]> consumer) {
        consumer.updateEndOffsets(Map.of(PARTITION, (long) log.size()));
        consumer.schedulePollTask(() -> {
            long position = consumer.position(PARTITION);
            log.stream()
                    .filter(record -> record.offset() >= position)
                    .limit(STEP)
                    .forEach(consumer::addRecord);
            if (position + STEP < log.size()) {
                grow(consumer);
            }
        });
    }

    private static String text(TaskOutput output) {
        return StandardCharsets.UTF_8.decode(output.getOutput().duplicate()).toString();
    }

    @Test
    void readsTheRangeOfItsTimeAlone() throws IOException {
        write(KEY, BEGUN.minusSeconds(3600), "long before");
        write(KEY, BEGUN.minusSeconds(30), "by a clock that is behind");
        write(KEY, BEGUN.plusSeconds(1), "a");
        write(KEY, BEGUN.plusSeconds(69), "on its way when it ended");
        write(KEY, BEGUN.plusSeconds(71), "too late");
        write(KEY, BEGUN.plusSeconds(2), "behind that");
        assertThat(read(Optional.of(BEGUN.plusSeconds(10))))
                .containsExactly("by a clock that is behind", "a", "on its way when it ended");
    }

    @Test
    void readsNothingWhereNothingWasWritten() throws IOException {
        assertThat(read(Optional.empty())).isEmpty();
        closed = 0;
        write(KEY, BEGUN.minusSeconds(3600), "expired");
        assertThat(read(Optional.empty())).isEmpty();
    }

    @Test
    void saysWhereItCannotBeRead() {
        KafkaTaskOutputs outputs = new KafkaTaskOutputs(this::consumer, codecs);
        away = true;
        assertThatThrownBy(() -> outputs.open("default", "t", BEGUN, Optional.empty()))
                .isInstanceOf(IOException.class);
    }

    /** Ends at once: a consumer's end waits for the fetch that is under way, which a broker holds while it finds nothing. */
    @Test
    void endsAReaderWithoutWaitingForOutputThatIsStillToCome() {
        assertThat(KafkaTaskOutputs.properties(Map.of())).containsEntry("fetch.max.wait.ms", 5);
    }
}
