package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.codec.Codecs;
import io.muster.processor.function.FunctionProcess;
import io.muster.processor.streamjob.StreamJobDecider;
import io.muster.query.stream.Ticks;
import io.muster.records.OutputStartMode;
import io.muster.records.StreamInput;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobProgress;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStatus;
import io.muster.records.StreamPosition;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.service.trouble.Faults;
import io.muster.topics.StreamJobTopics;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class StreamPositionsTest {
    private static final TopicPartition PARTITION = new TopicPartition("in", 0);
    private static final Instant AT = Instant.parse("2026-11-21T10:00:00Z");
    private static final long MARK = Ticks.of(AT.plusSeconds(60));
    private static final StreamJobReach REACH = new StreamJobReach(
            Optional.empty(), StreamJobTopics.of("*"), EndpointAccess.of(""), new FunctionProcess.Places(1));
    private static final StreamJobDefinition DEFINITION =
            Definitions.of(Definitions.ALL, List.of(Definitions.input("in")), Definitions.output("out"));

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final StreamJobStart start = StreamJobStart.newBuilder()
            .setNumber(9)
            .setMode(OutputStartMode.LAST_OUTPUT_EVENT_TIME)
            .setAt(AT)
            .build();
    private final StreamJob job = StreamJob.newBuilder()
            .setStreamJobId("j")
            .setDefinition(DEFINITION)
            .setRevision(1)
            .setCreatedAt(AT)
            .setStatus(StreamJobStatus.STARTING)
            .setCurrent(start)
            .setEarlier(List.of(StreamJobStart.newBuilder(start)
                    .setNumber(7)
                    .setFromTicks(Ticks.of(AT))
                    .build()))
            .build();

    /** Stands for a topic into which a record arrives right after the question for the first one. */
    private static final class Filling extends MockConsumer<byte[], byte[]> {
        private Filling() {
            super("earliest");
            updateBeginningOffsets(Map.of(PARTITION, 0L));
            updateEndOffsets(Map.of(PARTITION, 0L));
        }

        @Override
        public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
                Map<TopicPartition, Long> times, Duration timeout) {
            updateEndOffsets(Map.of(PARTITION, 1L));
            Map<TopicPartition, OffsetAndTimestamp> none = new HashMap<>();
            none.put(PARTITION, null);
            return none;
        }
    }

    /** Goes on where the last results ended, or tries again, whichever call fails; no client is left. */
    @Test
    @SuppressWarnings("unchecked")
    void startsAtTheLastOutputOrTriesAgainWhicheverCallFails() throws Exception {
        RunnableStreamJob runnable = RunnableStreamJob.compile(DEFINITION, REACH);
        boolean failed = true;
        for (int failing = 1; failed; failing++) {
            Faults faults = new Faults(failing, () -> new KafkaException("away"));
            List<MockConsumer<String, byte[]>> made = new ArrayList<>();
            StreamPositions positions = new StreamPositions(codecs, _ -> {
                MockConsumer<String, byte[]> log = log();
                made.add(log);
                return faults.of(Consumer.class, log);
            });
            try {
                assertThat(positions.find(job, start, runnable, 1, () -> false).getFromTicks())
                        .isEqualTo(MARK);
                failed = false;
            } catch (KafkaException _) {
                assertThat(faults.calls()).isGreaterThanOrEqualTo(failing);
            }
            assertThat(made).isNotEmpty().allMatch(MockConsumer::closed);
        }
    }

    @Test
    void refusesATopicOfMorePartitionsThanAJobReads() throws Exception {
        RunnableStreamJob runnable = RunnableStreamJob.compile(DEFINITION, REACH);
        StreamPositions positions = new StreamPositions(codecs, _ -> {
            MockConsumer<String, byte[]> log = log();
            log.updatePartitions(
                    "in",
                    IntStream.rangeClosed(0, StreamJobDecider.MOST_PARTITIONS)
                            .mapToObj(partition -> partition("in", partition))
                            .toList());
            return log;
        });
        assertThatThrownBy(() -> positions.find(job, start, runnable, 1, () -> false))
                .isInstanceOf(StreamJobDefinitionException.class)
                .hasMessageContaining("10001 partitions");
    }

    /** Refuses the start: task 1 would have partition 1 of each, with other keys, and pairs would be missing. */
    @Test
    void refusesAJoinByPartitionOfTopicsWithDifferentNumbersOfPartitions() throws Exception {
        RunnableStreamJob runnable = RunnableStreamJob.compile(
                Definitions.of(
                        "SELECT i.k INTO o FROM i PARTITION BY PartitionId JOIN j PARTITION BY PartitionId"
                                + " ON i.PartitionId = j.PartitionId AND i.k = j.k AND DATEDIFF(second, i, j) BETWEEN 0 AND 5",
                        List.of(
                                Definitions.input("in"),
                                StreamInput.newBuilder(Definitions.input("more"))
                                        .setName("j")
                                        .build()),
                        Definitions.output("out")),
                REACH);
        StreamPositions positions = new StreamPositions(codecs, _ -> {
            MockConsumer<String, byte[]> log = log();
            log.updatePartitions("more", List.of(partition("more", 0), partition("more", 1)));
            return log;
        });
        assertThatThrownBy(() -> positions.find(job, start, runnable, 1, () -> false))
                .isInstanceOf(StreamJobDefinitionException.class)
                .hasMessageContaining("{in=1, more=2}: leave PARTITION BY out");
    }

    /** Returns a log with a topic to read, one to write, and the progress of an earlier start. */
    private MockConsumer<String, byte[]> log() {
        TopicPartition progress = new TopicPartition(Topics.STREAM_JOB_PROGRESS.name(), 0);
        MockConsumer<String, byte[]> log = new MockConsumer<>("earliest") {
            @Override
            public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
                    Map<TopicPartition, Long> times, Duration timeout) {
                return Map.of();
            }
        };
        for (String topic : List.of("in", "out", progress.topic())) {
            log.updatePartitions(topic, List.of(partition(topic, 0)));
        }
        log.updateBeginningOffsets(Map.of(PARTITION, 0L, progress, 0L));
        log.updateEndOffsets(Map.of(PARTITION, 0L, progress, 1L));
        log.schedulePollTask(() -> log.addRecord(new ConsumerRecord<>(
                progress.topic(),
                0,
                0,
                "j 0",
                codecs.of(Topics.STREAM_JOB_PROGRESS)
                        .encode(new StreamJobProgress("j", 7L, 0, MARK, MARK, Map.of(), List.of())))));
        return log;
    }

    private static PartitionInfo partition(String topic, int partition) {
        return new PartitionInfo(topic, partition, Node.noNode(), new Node[0], new Node[0]);
    }

    /** Keeps records that arrive while the job starts: a fault run found them missing in the first window. */
    @Test
    void skipsNoRecordThatArrivesMeanwhile() {
        List<StreamPosition> positions =
                StreamPositions.positions(new Filling(), List.of(PARTITION), 0, new ArrayList<>());
        assertThat(positions).extracting(StreamPosition::getOffset).containsExactly(0L);
    }
}
