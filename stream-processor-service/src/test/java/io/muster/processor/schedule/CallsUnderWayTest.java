package io.muster.processor.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Tests what is committed, and which calls may not begin any more. */
class CallsUnderWayTest {
    private static final TopicPartition KEPT = new TopicPartition("calls", 0);
    private static final TopicPartition GIVEN = new TopicPartition("calls", 1);

    private final CallsUnderWay under = new CallsUnderWay();

    private AtomicBoolean add(TopicPartition of, long offset, Future<?> work) {
        AtomicBoolean dropped = new AtomicBoolean();
        under.add(new ConsumerRecord<>(of.topic(), of.partition(), offset, "s", new byte[0]), work, dropped);
        return dropped;
    }

    @Test
    void dropsTheCallsOfAPartitionThatIsGivenAwayAndNoOthers() {
        AtomicBoolean kept = add(KEPT, 3, new CompletableFuture<>());
        AtomicBoolean given = add(GIVEN, 5, new CompletableFuture<>());
        under.forget(List.of(GIVEN));
        assertThat(given).isTrue();
        assertThat(kept).isFalse();
        assertThat(under.count()).isEqualTo(1);
    }

    @Test
    void dropsTheCallsOfAPartitionThatIsReadAgainBehindAFailure() {
        AtomicBoolean kept = add(KEPT, 3, new CompletableFuture<>());
        add(GIVEN, 5, CompletableFuture.failedFuture(new IllegalStateException("broken")));
        AtomicBoolean behind = add(GIVEN, 6, new CompletableFuture<>());
        assertThatThrownBy(under::requireNoFailure).hasMessageContaining("broken");
        assertThat(behind).isTrue();
        assertThat(kept).isFalse();
    }

    @Test
    void commitsUpToTheFirstCallThatIsNotDone() {
        add(KEPT, 3, CompletableFuture.completedFuture(null));
        add(KEPT, 4, new CompletableFuture<>());
        add(KEPT, 5, CompletableFuture.completedFuture(null));
        assertThat(under.done()).containsEntry(KEPT, new OffsetAndMetadata(4));
    }
}
