package io.muster.processor.streamjob.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.StreamPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class StreamPositionsTest {
    private static final TopicPartition PARTITION = new TopicPartition("in", 0);

    /** A topic into which a record arrives right after it was asked which one was the first. */
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

    /** Found by a fault run: the first window lacked what arrived while the job started. */
    @Test
    void passesByNothingThatArrivesMeanwhile() {
        List<StreamPosition> positions =
                StreamPositions.positions(new Filling(), List.of(PARTITION), 0, new ArrayList<>());
        assertThat(positions).extracting(StreamPosition::getOffset).containsExactly(0L);
    }
}
