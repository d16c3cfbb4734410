package io.muster.service.growth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.junit.jupiter.api.Test;

class TableMoverTest {
    private final AtomicInteger asked = new AtomicInteger();

    private static KafkaFuture<Void> refused(RuntimeException reason) {
        KafkaFutureImpl<Void> future = new KafkaFutureImpl<>();
        future.completeExceptionally(reason);
        return future;
    }

    @Test
    void asksAgainWhileABrokerHasNotAppliedThePolicy() throws Exception {
        TableMover.untilPolicyHolds(
                "twins",
                Duration.ofMinutes(1),
                () -> asked.incrementAndGet() < 4
                        ? refused(new PolicyViolationException("not yet"))
                        : KafkaFuture.completedFuture(null));
        assertThat(asked).hasValue(4);
    }

    @Test
    void saysWhatToDoWhereThePolicyIsNeverApplied() {
        assertThatThrownBy(() -> TableMover.untilPolicyHolds(
                        "twins", Duration.ZERO, () -> refused(new PolicyViolationException("never"))))
                .isInstanceOf(KafkaException.class)
                .hasMessageContaining("keeps twins from having records deleted")
                .hasMessageContaining("start this again");
    }

    @Test
    void passesOnWhatAnotherTryWouldNotMend() {
        assertThatThrownBy(() -> TableMover.untilPolicyHolds("twins", Duration.ofMinutes(1), () -> {
                    asked.incrementAndGet();
                    return refused(new TopicAuthorizationException("no"));
                }))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(TopicAuthorizationException.class);
        assertThat(asked).hasValue(1);
    }
}
