package io.muster.service;

import io.muster.registry.SchemaRegistryException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows whole topics from their beginning, or a partition from now on, on a thread of its own, and hands each record over in the order of
 * its partition. A record that can't be taken is logged and skipped. While the broker or the registry is away, the same record is tried
 * again. Any other failure ends the process: otherwise nobody would follow, under a health page that says that all is well.
 */
public final class LogFollower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogFollower.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final Duration BETWEEN_QUESTIONS = Duration.ofSeconds(5);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

    /** Takes records, all on the follower's thread. */
    @FunctionalInterface
    public interface Reader {
        /**
         * Takes a record, which may have no key and no value.
         *
         * @throws KafkaException where the broker is away: the record comes again
         * @throws SchemaRegistryException where the registry is away: the record comes again
         * @throws RuntimeException where the record makes no sense: it is skipped
         */
        void take(ConsumerRecord<String, byte[]> record);

        /** Notes the end of a poll, as soon as everything was read that was there at the start. */
        default void polled() {}
    }

    /**
     * Says where followers read and how they end.
     *
     * @param consumers makes the consumer of a follower
     * @param brokers makes the client that asks the brokers now and then
     * @param fatal ends the process: is called when a follower can't go on, with the reason
     * @param firstPause before a call is tried again that has failed
     * @param nanoTime {@link System#nanoTime}, or a test's
     */
    public record Source(
            Supplier<Consumer<String, byte[]>> consumers,
            Supplier<EndOffsets> brokers,
            java.util.function.Consumer<String> fatal,
            Duration firstPause,
            LongSupplier nanoTime) {
        /** Returns what is committed on these brokers; where a follower can't go on, the process ends. */
        public static Source of(KafkaConnection kafka) {
            Map<String, Object> properties = kafka.clientProperties();
            properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
            properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
            properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
            return new Source(
                    () -> new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer()),
                    () -> EndOffsets.of(kafka),
                    ServiceProgram::fail,
                    FIRST_PAUSE,
                    System::nanoTime);
        }
    }

    private final String name;
    private final Source source;
    private final Set<String> topics;
    private final @Nullable TopicPartition only;
    private final Reader reader;
    private final LastSuccess lastAnswer;
    private final Thread thread;
    private final Deque<ConsumerRecord<String, byte[]>> pending = new ArrayDeque<>();
    private @Nullable Map<TopicPartition, Long> ends;
    private long nextQuestion;
    private @Nullable EndOffsets asked;
    private @Nullable CompletableFuture<?> question;
    private volatile @Nullable Consumer<String, byte[]> consumer;
    private volatile boolean caughtUp;
    private volatile boolean closed;

    /** Follows the topics from their beginning. @param name of the thread */
    public static LogFollower of(String name, Source source, Set<String> topics, Reader reader) {
        return new LogFollower(name, source, topics, null, reader);
    }

    /** Follows the partition from when it is {@link #ready}. @param name of the thread */
    public static LogFollower fromNow(String name, Source source, TopicPartition partition, Reader reader) {
        return new LogFollower(name, source, Set.of(partition.topic()), partition, reader);
    }

    /** Prepares to follow; {@link #start} begins. @param only the partition that is followed from now on; null for all of the topics from their beginning */
    private LogFollower(String name, Source source, Set<String> topics, @Nullable TopicPartition only, Reader reader) {
        this.name = name;
        this.source = source;
        this.topics = Set.copyOf(topics);
        this.only = only;
        this.reader = reader;
        this.lastAnswer = new LastSuccess(source.nanoTime());
        this.nextQuestion = source.nanoTime().getAsLong();
        this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
    }

    /** Starts the thread, and returns at once. */
    public LogFollower start() {
        thread.start();
        return this;
    }

    /** Returns whether it lives, has read all that was there at the start, and brokers and registry have answered within 15 s. */
    public boolean ready() {
        return caughtUp && lastAnswer.isRecent() && thread.isAlive() && !closed;
    }

    private void run() {
        try {
            Duration pause = source.firstPause();
            while (!closed) {
                try {
                    pollOnce();
                    pause = source.firstPause();
                } catch (WakeupException e) {
                    LOG.debug("Woken up to end");
                } catch (KafkaException | SchemaRegistryException e) {
                    LOG.warn("A log follower waits, follower={} topics={} reason={}", name, topics, e.toString());
                    Thread.sleep(pause);
                    pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
                }
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            LOG.error("A log follower can't go on, follower={} topics={}", name, topics, e);
            source.fatal().accept(name + " can't go on: " + e);
        } finally {
            closeQuietly();
        }
    }

    private void pollOnce() {
        Consumer<String, byte[]> client = client();
        Map<TopicPartition, Long> goal = begin(client);
        if (pending.isEmpty()) {
            client.poll(POLL).forEach(pending::add);
        }
        while (!pending.isEmpty()) {
            take(pending.element());
            pending.remove();
            lastAnswer.note();
        }
        caughtUp =
                caughtUp || goal.entrySet().stream().allMatch(end -> client.position(end.getKey()) >= end.getValue());
        if (caughtUp) {
            reader.polled();
        }
        ask(goal.keySet());
    }

    /** Asks the brokers something now and then, since a poll says nothing of brokers that are away. Nothing waits for the answer. */
    private void ask(Set<TopicPartition> partitions) {
        CompletableFuture<?> pendingQuestion = question;
        if (pendingQuestion != null) {
            // The state is read once: an answer may come in between.
            switch (pendingQuestion.state()) {
                case RUNNING -> {
                    return;
                }
                case SUCCESS -> lastAnswer.note();
                case FAILED, CANCELLED ->
                    LOG.warn(
                            "The brokers don't answer, follower={} topics={} reason={}",
                            name,
                            topics,
                            pendingQuestion.isCancelled() ? "cancelled" : pendingQuestion.exceptionNow());
            }
            question = null;
            nextQuestion = source.nanoTime().getAsLong() + BETWEEN_QUESTIONS.toNanos();
        } else if (!lastAnswer.isWithin(BETWEEN_QUESTIONS) && source.nanoTime().getAsLong() - nextQuestion >= 0) {
            EndOffsets of = asked == null ? source.brokers().get() : asked;
            asked = of;
            question = of.ask(partitions);
        }
    }

    private Consumer<String, byte[]> client() {
        Consumer<String, byte[]> client = consumer;
        if (client == null) {
            client = source.consumers().get();
            consumer = client;
        }
        return client;
    }

    /** Begins to read. @return where the partitions ended at the start */
    private Map<TopicPartition, Long> begin(Consumer<String, byte[]> client) {
        @Nullable Map<TopicPartition, Long> known = ends;
        if (known == null) {
            List<TopicPartition> partitions = only == null ? partitions(client) : List.of(only);
            client.assign(partitions);
            known = client.endOffsets(partitions);
            lastAnswer.note();
            if (only == null) {
                client.seekToBeginning(partitions);
            } else {
                known.forEach(client::seek);
            }
            ends = known;
        }
        return known;
    }

    private List<TopicPartition> partitions(Consumer<String, byte[]> client) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : topics) {
            @Nullable List<PartitionInfo> found = client.partitionsFor(topic);
            if (found == null || found.isEmpty()) {
                throw new KafkaException("There is no topic " + topic + ".");
            }
            found.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        }
        return partitions;
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        try {
            reader.take(record);
        } catch (RuntimeException e) {
            LOG.warn(
                    "A record can't be taken and is skipped, topic={} partition={} offset={} reason={}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    RecordFailure.reason(e));
        }
    }

    private void closeQuietly() {
        Consumer<String, byte[]> client = consumer;
        if (client != null) {
            try {
                client.close();
            } catch (KafkaException e) {
                LOG.debug("A consumer is left to the broker", e);
            }
        }
        if (asked != null) {
            asked.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        Consumer<String, byte[]> client = consumer;
        if (client != null) {
            client.wakeup();
        }
        if (thread.getState() == Thread.State.NEW) {
            return; // It was never started.
        }
        try {
            thread.join(CLOSE_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
