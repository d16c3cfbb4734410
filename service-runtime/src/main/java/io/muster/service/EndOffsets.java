package io.muster.service;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * Asks the brokers where partitions end, on a client of its own: a consumer's own question would keep its loop waiting for as long as the
 * brokers are silent.
 */
public interface EndOffsets extends AutoCloseable {
    /**
     * Asks, and returns at once.
     *
     * @return where what is committed ended at an instant after the call; fails with the {@code KafkaException} that the brokers gave, or when
     *     they have been silent for 5 s
     */
    CompletableFuture<Map<TopicPartition, Long>> ask(Collection<TopicPartition> partitions);

    @Override
    void close();

    /** Asks these brokers. */
    static EndOffsets of(KafkaConnection kafka) {
        Admin admin = Admin.create(kafka.clientProperties());
        return new EndOffsets() {
            private static final int LIMIT_MS = 5_000;

            @Override
            public CompletableFuture<Map<TopicPartition, Long>> ask(Collection<TopicPartition> partitions) {
                ListOffsetsOptions options = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
                options.timeoutMs(LIMIT_MS);
                return admin.listOffsets(
                                partitions.stream()
                                        .collect(Collectors.toMap(Function.identity(), _ -> OffsetSpec.latest())),
                                options)
                        .all()
                        .toCompletionStage()
                        .thenApply(found -> {
                            Map<TopicPartition, Long> ends = new HashMap<>();
                            found.forEach((partition, end) -> ends.put(partition, end.offset()));
                            return ends;
                        })
                        .toCompletableFuture();
            }

            @Override
            public void close() {
                admin.close(Duration.ZERO);
            }
        };
    }
}
