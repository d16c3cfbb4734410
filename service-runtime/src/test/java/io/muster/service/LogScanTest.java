package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogScanTest {
    private static final TopicPartition A = new TopicPartition("t", 0);
    private static final TopicPartition B = new TopicPartition("t", 1);
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final MockConsumer<String, String> consumer = new MockConsumer<>("earliest");
    private final List<String> read = new ArrayList<>();

    @BeforeEach
    void fill() {
        consumer.updateBeginningOffsets(Map.of(A, 0L, B, 3L));
        consumer.schedulePollTask(() -> {
            consumer.addRecord(new ConsumerRecord<>("t", 0, 0, "a0", ""));
            consumer.addRecord(new ConsumerRecord<>("t", 0, 1, "a1", ""));
            consumer.addRecord(new ConsumerRecord<>("t", 0, 2, "a2", ""));
            consumer.addRecord(new ConsumerRecord<>("t", 1, 3, "b3", ""));
        });
    }

    @Test
    void readsEachPartitionFromItsBeginningToItsEnd() {
        LogScan.read(consumer, Map.of(A, 2L, B, 4L), LIMIT, () -> false, record -> read.add(record.key()));
        assertThat(read).containsExactlyInAnyOrder("a0", "a1", "b3");
    }

    @Test
    void readsNothingOfAPartitionThatIsEmpty() {
        consumer.updateBeginningOffsets(Map.of(A, 0L, B, 4L));
        LogScan.read(consumer, Map.of(B, 4L), LIMIT, () -> false, record -> read.add(record.key()));
        assertThat(read).isEmpty();
    }

    @Test
    void endsAtItsLimit() {
        assertThatThrownBy(() -> LogScan.read(
                        consumer,
                        Map.of(A, 9L, B, 4L),
                        Duration.ofMillis(20),
                        () -> false,
                        record -> read.add(record.key())))
                .isInstanceOf(TimeoutException.class)
                .hasMessageContaining("t-0");
    }

    @Test
    void endsWhereNobodyWantsTheAnswer() {
        assertThatThrownBy(() -> LogScan.read(
                        consumer,
                        Map.of(A, 9L, B, 4L),
                        LIMIT,
                        () -> read.size() == 4,
                        record -> read.add(record.key())))
                .isInstanceOf(TimeoutException.class);
        assertThat(read).hasSize(4);
    }

    @Test
    void passesOnABrokersFailure() {
        consumer.setPollException(new KafkaException("the broker is odd"));
        assertThatThrownBy(() -> LogScan.read(consumer, Map.of(A, 9L, B, 4L), LIMIT, () -> false, record -> {}))
                .hasMessage("the broker is odd");
    }
}
