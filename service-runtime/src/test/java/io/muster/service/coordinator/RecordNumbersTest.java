package io.muster.service.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.service.UnusableStateException;
import io.muster.service.state.Documents;
import io.muster.service.state.StoreSpec;
import io.muster.topics.Partitioning;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordNumbersTest {
    private record Position(String topic, int partition, long offset) implements RecordMetadata {}

    @TempDir
    private Path folder;

    private KeyValueStore<String, Long> store;

    @BeforeEach
    void open() {
        store = new StoreSpec.OfNumbers("numbers", Partitioning.BY_JOB)
                .builder(new StoreSpec.Context("test", null, Documents.NONE))
                .withLoggingDisabled()
                .build();
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
        var context = new MockProcessorContext<Void, Void>(
                properties, new org.apache.kafka.streams.processor.TaskId(0, 0), folder.toFile());
        store.init(context.getStateStoreContext(), store);
    }

    private static RecordMetadata at(int partition, long offset) {
        return new Position("t", partition, offset);
    }

    @Test
    void numbersRecordsUniquelyAndAscending() {
        RecordNumbers numbers = new RecordNumbers(store, 4);
        assertThat(numbers.of(at(3, 0))).isEqualTo(3);
        assertThat(numbers.of(at(0, 1))).isEqualTo(4);
        assertThat(numbers.of(at(3, 1))).isEqualTo(7);
    }

    @Test
    void goesOnFromTheBase() {
        store.put(RecordNumbers.PARTITIONS, 8L);
        store.put(RecordNumbers.BASE, 1000L);
        assertThat(new RecordNumbers(store, 8).of(at(7, 0))).isEqualTo(1007);
    }

    @Test
    void refusesStateThatDidNotMove() {
        new RecordNumbers(store, 4).of(at(0, 0));
        assertThat(new RecordNumbers(store, 4).of(at(0, 1))).isEqualTo(4);
        assertThatThrownBy(() -> new RecordNumbers(store, 8))
                .isInstanceOf(UnusableStateException.class)
                .hasMessage(
                        "The state was made for 4 partitions, and the topics have 8: the state is to be moved first."
                                + " See docs/operate/growing.md.");
    }
}
