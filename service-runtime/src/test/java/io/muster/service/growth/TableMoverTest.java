package io.muster.service.growth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.service.state.RowPlacement;
import io.muster.topics.Partitioning;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DeleteRecordsResult;
import org.apache.kafka.clients.admin.DeletedRecords;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.apache.kafka.common.serialization.ByteArraySerializer;
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

    /** Drives the mover itself, at brokers that refuse twice. */
    @Test
    void deletesAgainWhereTheBrokersHaveNotAppliedThePolicy() throws Exception {
        TopicPartition partition = new TopicPartition("twins", 3);
        List<RecordsToDelete> wanted = new ArrayList<>();
        Admin brokers = (Admin) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Admin.class}, (_, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("deleteRecords");
                    wanted.add(((Map<TopicPartition, RecordsToDelete>) arguments[0]).get(partition));
                    KafkaFutureImpl<DeletedRecords> answer = new KafkaFutureImpl<>();
                    if (asked.incrementAndGet() < 3) {
                        answer.completeExceptionally(new PolicyViolationException("not yet"));
                    } else {
                        answer.complete(new DeletedRecords(8));
                    }
                    return new DeleteRecordsResult(Map.of(partition, answer));
                });
        TableMover mover = new TableMover(
                brokers, null, new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer()));
        mover.deleteBefore(
                new Table("twins", Partitioning.BY_DEVICE, RowPlacement.BY_KEY, null), Map.of(partition, 7L));
        assertThat(wanted).hasSize(3).allMatch(RecordsToDelete.beforeOffset(7)::equals);
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
    void passesOnAPermanentFailure() {
        assertThatThrownBy(() -> TableMover.untilPolicyHolds("twins", Duration.ofMinutes(1), () -> {
                    asked.incrementAndGet();
                    return refused(new TopicAuthorizationException("no"));
                }))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(TopicAuthorizationException.class);
        assertThat(asked).hasValue(1);
    }
}
