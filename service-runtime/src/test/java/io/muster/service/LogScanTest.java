package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.service.trouble.Faults;
import io.muster.service.trouble.MemoryLog;
import io.muster.service.trouble.Trouble;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LogScanTest {
    private static final TopicPartition A = new TopicPartition("t", 0);
    private static final TopicPartition B = new TopicPartition("t", 1);
    private static final Duration LIMIT = Duration.ofMinutes(1);
    /** Counts the calls of a scan of three polls: it assigns, seeks, and asks for the position before each poll and at the end. */
    private static final int CALLS = 9;

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

    /** Fails each call of a scan in turn: its caller learns of it, and a second scan by the same consumer reads everything. */
    @ParameterizedTest
    @EnumSource
    void passesOnEachFailureAndReadsEverythingOnceWhenItIsRunAgain(Trouble trouble) {
        MemoryLog<String> log = new MemoryLog<>("t");
        for (int i = 0; i < 5; i++) {
            log.add("t", "k" + i, new byte[0]);
        }
        for (int failing = 1; failing <= CALLS; failing++) {
            Faults faults = new Faults(failing, trouble::make);
            Consumer<String, byte[]> counted = faults.of(Consumer.class, log.consumer());
            assertThatThrownBy(() -> LogScan.read(counted, Map.of(A, 5L), LIMIT, () -> false, _ -> {}))
                    .as("call %s", failing)
                    .isExactlyInstanceOf(trouble.make().getClass());
            assertThat(Thread.interrupted()).isEqualTo(trouble == Trouble.INTERRUPTED);
            LogScan.read(counted, Map.of(A, 5L), LIMIT, () -> false, record -> read.add(record.key()));
            assertThat(read).as("after call %s", failing).containsExactly("k0", "k1", "k2", "k3", "k4");
            read.clear();
        }
    }
}
