package io.muster.service;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends transactions that hang. A broker that stood still can append what a transaction wrote after the transaction has ended: its
 * coordinator knows of nothing to end, and nobody who reads what is committed gets beyond it. Kafka leaves that to an operator
 * ({@code kafka-transactions.sh}); here it is done for the partitions that an application reads, by the same rule: the partition has an open
 * transaction whose coordinator says that it is over. One of a producer that lives is never touched. Runs on a thread of its own.
 */
public final class HangingTransactions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HangingTransactions.class);
    private static final Duration LOOK = Duration.ofSeconds(15);
    /** Longer than coordinators and brokers differ when all is well. */
    private static final Duration OLD = Duration.ofSeconds(30);

    private static final Set<TransactionState> OVER =
            Set.of(TransactionState.COMPLETE_ABORT, TransactionState.COMPLETE_COMMIT, TransactionState.EMPTY);

    private final Admin admin;
    private final String group;
    private final Duration old;
    private final InstantSource clock;
    private final Counter ended;
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("hanging-transactions").factory());
    private Map<TopicPartition, Long> stuck = Map.of();

    /** @param group whose partitions are looked at; old how long ago a transaction must have written last */
    public HangingTransactions(
            KafkaConnection kafka, String group, Duration old, MeterRegistry meters, InstantSource clock) {
        this.admin = Admin.create(kafka.clientProperties());
        this.group = group;
        this.old = old;
        this.clock = clock;
        this.ended = Counter.builder("muster.transactions.hung")
                .description("Transactions that hung, and were ended")
                .register(meters);
    }

    /** Looks now and then. */
    static HangingTransactions watch(KafkaConnection kafka, String group, MeterRegistry meters) {
        HangingTransactions watch = new HangingTransactions(kafka, group, OLD, meters, InstantSource.system());
        watch.executor.scheduleWithFixedDelay(
                watch::lookQuietly, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
        return watch;
    }

    private void lookQuietly() {
        try {
            look();
        } catch (ExecutionException | KafkaException e) {
            LOG.debug("Transactions can't be looked at for now: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Ends what hangs where nothing was committed since it was called last. For one thread.
     *
     * @throws ExecutionException when the brokers can't be asked, or refuse
     */
    public void look() throws ExecutionException, InterruptedException {
        Set<TopicPartition> read = admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get()
                .keySet();
        Map<TopicPartition, Long> decided = ends(read, IsolationLevel.READ_COMMITTED);
        Map<TopicPartition, Long> written = ends(read, IsolationLevel.READ_UNCOMMITTED);
        Map<TopicPartition, Long> before = stuck;
        stuck = new HashMap<>(decided);
        stuck.entrySet().removeIf(end -> end.getValue() >= written.getOrDefault(end.getKey(), 0L));
        List<TopicPartition> since = stuck.entrySet().stream()
                .filter(end -> end.getValue().equals(before.get(end.getKey())))
                .map(Map.Entry::getKey)
                .toList();
        for (TopicPartition partition : since) {
            endHanging(partition);
        }
    }

    private Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions, IsolationLevel isolation)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> ends = new HashMap<>();
        admin.listOffsets(
                        partitions.stream().collect(Collectors.toMap(of -> of, _ -> OffsetSpec.latest())),
                        new ListOffsetsOptions(isolation))
                .all()
                .get()
                .forEach((partition, end) -> ends.put(partition, end.offset()));
        return ends;
    }

    private void endHanging(TopicPartition partition) throws ExecutionException, InterruptedException {
        for (ProducerState producer : admin.describeProducers(List.of(partition))
                .partitionResult(partition)
                .get()
                .activeProducers()) {
            Collection<TransactionListing> known = admin.listTransactions(
                            new ListTransactionsOptions().filterProducerIds(Set.of(producer.producerId())))
                    .all()
                    .get();
            if (hangs(producer, known, clock.millis() - old.toMillis())) {
                end(partition, producer);
            }
        }
    }

    private void end(TopicPartition partition, ProducerState producer) throws InterruptedException {
        try {
            admin.abortTransaction(new AbortTransactionSpec(
                            partition,
                            producer.producerId(),
                            (short) producer.producerEpoch(),
                            producer.coordinatorEpoch().orElse(0)))
                    .all()
                    .get();
            ended.increment();
            LOG.warn("A transaction that hung was ended, partition={} producer={}", partition, producer);
        } catch (ExecutionException e) {
            LOG.error(
                    "A transaction hangs, and nobody reads beyond it: abort it with kafka-transactions.sh, partition={} producer={} reason={}",
                    partition,
                    producer,
                    String.valueOf(e.getCause()));
        }
    }

    /** @param known what coordinators know of the producer; before in milliseconds: it must have written last before that */
    static boolean hangs(ProducerState producer, Collection<TransactionListing> known, long before) {
        return producer.currentTransactionStartOffset().isPresent()
                && producer.lastTimestamp() < before
                && known.stream().allMatch(listing -> OVER.contains(listing.state()));
    }

    @Override
    public void close() {
        executor.shutdownNow();
        admin.close(Duration.ZERO);
    }
}
