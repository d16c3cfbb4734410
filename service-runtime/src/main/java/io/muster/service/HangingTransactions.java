package io.muster.service;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends transactions that hang. A broker that stood still can append what a transaction wrote after the transaction has ended: its coordinator knows
 * of nothing to end, and nobody who reads what is committed gets beyond it. Kafka leaves that to an operator ({@code kafka-transactions.sh}); here it
 * is done by the same rule: the partition has an open transaction whose coordinator says that it is over. A transaction of a living producer is never
 * touched. Nor is a transaction that no coordinator lists, since this service may not describe its transactional id: the log names it (ADR 0021).
 * Checks the topics that readers wait for: inputs and outputs of an application, and the topics of its state, which it would never finish to restore.
 * Runs on a thread of its own.
 */
public final class HangingTransactions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HangingTransactions.class);
    private static final Duration INTERVAL = Duration.ofSeconds(15);
    /** Exceeds the time by which coordinators and brokers differ when all is well. */
    private static final Duration OLD = Duration.ofSeconds(30);

    private static final Duration BETWEEN_WARNINGS = Duration.ofMinutes(10);

    private static final String ALL = "all";

    private static final Set<TransactionState> OVER =
            Set.of(TransactionState.COMPLETE_ABORT, TransactionState.COMPLETE_COMMIT, TransactionState.EMPTY);

    private final Admin admin;
    private final String prefix;
    private final Supplier<Set<String>> topics;
    private final Duration old;
    private final InstantSource clock;
    private final Counter ended;
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("hanging-transactions").factory());
    private Map<TopicPartition, Long> stuck = Map.of();
    /** Holds when each sentence was logged last, by the partition or {@link #ALL} and the sentence. */
    private final Map<String, Instant> warned = new HashMap<>();

    /**
     * Makes one.
     *
     * @param prefix of the ids of applications: checked is what their groups read, and topics whose names begin so
     * @param topics that are checked too
     * @param old how long ago a transaction must have written last
     */
    public HangingTransactions(
            KafkaConnection kafka,
            String prefix,
            Supplier<Set<String>> topics,
            Duration old,
            MeterRegistry meters,
            InstantSource clock) {
        this.admin = Admin.create(kafka.clientProperties());
        this.prefix = prefix;
        this.topics = topics;
        this.old = old;
        this.clock = clock;
        this.ended = Counter.builder("muster.transactions.hung")
                .description("Transactions that hung, and were ended")
                .register(meters);
    }

    /** Checks now and then, on a thread of its own. @param prefix and topics as in the constructor */
    public static HangingTransactions watch(
            KafkaConnection kafka, String prefix, Supplier<Set<String>> topics, MeterRegistry meters) {
        HangingTransactions watch = new HangingTransactions(kafka, prefix, topics, OLD, meters, InstantSource.system());
        watch.executor.scheduleWithFixedDelay(
                watch::checkQuietly, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        return watch;
    }

    private void checkQuietly() {
        try {
            check();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | RuntimeException e) {
            // An exception that got out would cancel the schedule silently.
            warn(ALL, "Hanging transactions can't be checked for, and nobody reads beyond one: {}", e.toString());
        }
    }

    /** Logs a sentence about a partition, or about all, now and then: the same holds every few seconds. */
    private void warn(String of, String message, Object... details) {
        Instant now = clock.instant();
        String said = of + message;
        Instant before = warned.get(said);
        if (before == null || before.plus(BETWEEN_WARNINGS).isBefore(now)) {
            warned.put(said, now);
            LOG.warn(message, details);
        }
    }

    /**
     * Ends what hangs where nothing was committed since it was called last. For one thread.
     *
     * @throws ExecutionException when the brokers can't be asked for partitions, or refuse
     */
    public void check() throws ExecutionException, InterruptedException {
        Set<TopicPartition> all = partitions();
        Map<TopicPartition, Long> decided = ends(all, IsolationLevel.READ_COMMITTED);
        Map<TopicPartition, Long> written = ends(all, IsolationLevel.READ_UNCOMMITTED);
        Map<TopicPartition, Long> before = stuck;
        stuck = new HashMap<>(decided);
        stuck.entrySet().removeIf(end -> end.getValue() >= written.getOrDefault(end.getKey(), 0L));
        List<TopicPartition> since = stuck.entrySet().stream()
                .filter(end -> end.getValue().equals(before.get(end.getKey())))
                .map(Map.Entry::getKey)
                .toList();
        for (TopicPartition partition : since) {
            try {
                endHanging(partition);
            } catch (ExecutionException e) {
                warn(partition, e);
            }
        }
    }

    /** Returns the partitions to check. */
    public Set<TopicPartition> partitions() throws ExecutionException, InterruptedException {
        Set<String> names = new HashSet<>(admin.listTopics().names().get());
        Set<String> more = topics.get();
        names.removeIf(name -> !name.startsWith(prefix) && !more.contains(name));
        Set<TopicPartition> all = new HashSet<>();
        admin.describeTopics(names)
                .allTopicNames()
                .get()
                .forEach((name, topic) -> topic.partitions()
                        .forEach(partition -> all.add(new TopicPartition(name, partition.partition()))));
        Map<String, ListConsumerGroupOffsetsSpec> groups = admin.listGroups().all().get().stream()
                .map(GroupListing::groupId)
                .filter(group -> group.startsWith(prefix))
                .collect(Collectors.toMap(of -> of, _ -> new ListConsumerGroupOffsetsSpec()));
        admin.listConsumerGroupOffsets(groups).all().get().values().forEach(read -> all.addAll(read.keySet()));
        return all;
    }

    /** Returns the ends of partitions, without those that can't be asked, such as one without a leader. */
    private Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions, IsolationLevel isolation)
            throws InterruptedException {
        ListOffsetsResult asked = admin.listOffsets(
                partitions.stream().collect(Collectors.toMap(of -> of, _ -> OffsetSpec.latest())),
                new ListOffsetsOptions(isolation));
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (TopicPartition partition : partitions) {
            try {
                ends.put(partition, asked.partitionResult(partition).get().offset());
            } catch (ExecutionException e) {
                warn(partition, e);
            }
        }
        return ends;
    }

    private void warn(TopicPartition partition, ExecutionException e) {
        warn(
                partition.toString(),
                "Hanging transactions can't be checked for in a partition, and nobody reads beyond one, partition={} reason={}",
                partition,
                String.valueOf(e.getCause()));
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
            decide(partition, producer, known);
        }
    }

    /** Aborts the transaction where it hangs, and warns where nobody knows it. @param known what coordinators know of the producer */
    void decide(TopicPartition partition, ProducerState producer, Collection<TransactionListing> known)
            throws InterruptedException {
        switch (verdict(producer, known, clock.millis() - old.toMillis())) {
            case LIVES -> {}
            case UNKNOWN ->
                warn(
                        partition.toString(),
                        "An open transaction is not known to any coordinator that answers us, and nobody reads beyond it. It is left alone:"
                                + " where its producer is yours and gone, abort it with kafka-transactions.sh, partition={} producer={}",
                        partition,
                        producer);
            case HANGS -> end(partition, producer, known);
        }
    }

    private void end(TopicPartition partition, ProducerState producer, Collection<TransactionListing> known)
            throws InterruptedException {
        try {
            admin.abortTransaction(new AbortTransactionSpec(
                            partition,
                            producer.producerId(),
                            (short) producer.producerEpoch(),
                            producer.coordinatorEpoch().orElse(0)))
                    .all()
                    .get();
            ended.increment();
            boolean committed = known.stream().anyMatch(listing -> listing.state() == TransactionState.COMPLETE_COMMIT);
            LOG.warn(
                    "A transaction that hung was ended{}, partition={} producer={}",
                    committed ? "; it may have been committed, and what it wrote here is lost then" : "",
                    partition,
                    producer);
        } catch (ExecutionException e) {
            LOG.error(
                    "A transaction hangs, and nobody reads beyond it: abort it with kafka-transactions.sh, partition={} producer={} reason={}",
                    partition,
                    producer,
                    String.valueOf(e.getCause()));
        }
    }

    /** Says what is known of a producer's open transaction. */
    enum Verdict {
        /** Means that it is going on, or wrote a moment ago, or there is none. */
        LIVES,
        /** Means that its coordinator says that it is over. */
        HANGS,
        /** Means that no coordinator lists it: brokers list only transactions whose ids may be described. */
        UNKNOWN
    }

    /**
     * Decides whether the open transaction of a producer hangs, which only its coordinator's answer proves.
     *
     * @param known what coordinators know of the producer; before in milliseconds: it must have written last before that
     */
    static Verdict verdict(ProducerState producer, Collection<TransactionListing> known, long before) {
        if (producer.currentTransactionStartOffset().isEmpty() || producer.lastTimestamp() >= before) {
            return Verdict.LIVES;
        }
        if (known.isEmpty()) {
            return Verdict.UNKNOWN;
        }
        return known.stream().allMatch(listing -> OVER.contains(listing.state())) ? Verdict.HANGS : Verdict.LIVES;
    }

    @Override
    public void close() {
        executor.shutdownNow();
        admin.close(Duration.ZERO);
    }
}
