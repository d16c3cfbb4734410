package io.muster.processor.statistics.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.records.DeviceJobCounts;
import io.muster.records.PartialTally;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.Route;
import io.muster.service.Traces;
import io.muster.service.UnusableStateException;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;

/** Begins a task over tallies that can't be read. */
class PartitionTalliesTest {
    private static final Instant AT = Instant.parse("2026-11-21T02:00:00Z");

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final MockProcessorContext<Route, byte[]> context = new MockProcessorContext<>();

    /** @param jobIds of the tallies; where one begins with "garbage", its tally has no schema */
    private KeyValueStore<String, PartialTally> restored(String... jobIds) {
        RecordCodec<PartialTally> codec = codecs.of(Topics.JOB_TALLIES);
        Serde<PartialTally> serde = Serdes.serdeFrom(
                (_, tally) -> tally.getJobId().startsWith("garbage") ? new byte[] {1, 2, 3} : codec.encode(tally),
                PartitionTallies.serde(codec).deserializer());
        KeyValueStore<String, PartialTally> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(PartitionTallies.STORE.name()), Serdes.String(), serde)
                .withLoggingDisabled()
                .build();
        store.init(context.getStateStoreContext(), store);
        context.addStateStore(store);
        for (String jobId : jobIds) {
            store.put(jobId, new PartialTally(jobId, 0, new DeviceJobCounts(1L, 0L, 0L, 1L, 0L, 0L), true, 1, AT, 7L));
        }
        return store;
    }

    private void begin() {
        new PartitionTallies(codecs, "dead-letters", PartitionCounts.SMALL, new SimpleMeterRegistry(), Traces.off())
                .init(context);
    }

    private static List<String> keys(KeyValueStore<String, PartialTally> store) {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<String, PartialTally> all = store.all()) {
            all.forEachRemaining(entry -> keys.add(entry.key));
        }
        return keys;
    }

    @Test
    void removesATallyThatCannotBeRead() {
        KeyValueStore<String, PartialTally> store = restored("a", "garbage");
        begin();
        assertThat(keys(store)).containsExactly("a");
    }

    /** Ends the task: the registry is another or was emptied, and is to be restored, with the tallies. */
    @Test
    void removesNoneWhereHardlyAnyCanBeRead() {
        KeyValueStore<String, PartialTally> store = restored("a", "garbage-1", "garbage-2");
        assertThatThrownBy(this::begin)
                .isInstanceOf(UnusableStateException.class)
                .hasMessageStartingWith("2 entries of the state can't be read")
                .hasMessageContaining("restore the schema registry");
        assertThat(keys(store)).containsExactly("a", "garbage-1", "garbage-2");
    }
}
