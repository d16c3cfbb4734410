package io.muster.api.compute;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.OutputStream;
import io.muster.records.TaskOutput;
import io.muster.records.TaskToken;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChunkOrderTest {
    private final ChunkOrder order = new ChunkOrder();
    private long seen;

    private static TaskOutput chunk(long offset, int bytes) {
        return new TaskOutput(
                "p", "n", new TaskToken("t", 1L), OutputStream.OUT, offset, Instant.EPOCH, ByteBuffer.allocate(bytes));
    }

    private List<Long> ready() {
        List<Long> offsets = new ArrayList<>();
        for (Optional<TaskOutput> next = order.next(seen); next.isPresent(); next = order.next(seen)) {
            offsets.add(next.get().getOffset());
            seen = Math.max(
                    seen, next.get().getOffset() + next.get().getOutput().remaining());
        }
        return offsets;
    }

    @Test
    void hasAChunkWaitForWhatIsMissingBeforeIt() {
        order.add(chunk(0, 10));
        assertThat(ready()).containsExactly(0L);
        order.add(chunk(30, 10));
        order.add(chunk(20, 10));
        assertThat(ready()).isEmpty();
        order.add(chunk(10, 10));
        assertThat(ready()).containsExactly(10L, 20L, 30L);
        assertThat(order.rest()).isEmpty();
    }

    @Test
    void bringsWhatIsBehindAGapAtTheEnd() {
        order.add(chunk(30, 10));
        order.add(chunk(10, 10));
        assertThat(ready()).isEmpty();
        assertThat(order.rest().map(TaskOutput::getOffset)).contains(10L);
        assertThat(order.rest()).isPresent();
        assertThat(order.rest()).isEmpty();
    }

    @Test
    void keepsNoMoreThanANodeSendsAhead() {
        for (int i = 1; i <= 17; i++) {
            order.add(chunk(i * 100_000L, 64 * 1024));
        }
        assertThat(ready()).as("the gap stays").containsExactly(100_000L);
    }

    @Test
    void takesTheLongerOfTwoChunksAtOnePlace() {
        order.add(chunk(0, 10));
        order.add(chunk(0, 20));
        order.add(chunk(0, 5));
        assertThat(ready()).containsExactly(0L);
        assertThat(seen).isEqualTo(20);
    }
}
