package io.muster.service;

import io.muster.registry.SchemaRegistryException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * Follows whole topics from their beginning, or a partition from now on, on a thread of its own, and hands each record over in the order of its partition. A record that
 * can't be taken is named in the log and passed by. While the broker or the registry is away, the same record is tried again. Whatever else
 * happens ends the process: nobody else would follow, and health would say that all is well.
 */
public final class LogFollower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogFollower.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final Duration BETWEEN_QUESTIONS = Duration.ofSeconds(5);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

    /** Takes records, all on the follower's thread. */
    @FunctionalInterface
    public interface Reader {
        /**
         * Takes a record, which may have no key and no value.
         *
         * @throws KafkaException where the broker is away: the record comes again
         * @throws SchemaRegistryException where the registry is away: the record comes again
         * @throws RuntimeException where the record makes no sense: it is passed by
         */
        void take(ConsumerRecord<String, byte[]> record);

        /** Is called behind each poll, as soon as everything was read that was there at the start. */
        default void turn() {}
    }

    private final String name;
    private final Supplier<? extends Consumer<String, byte[]>> clients;
    private final Set<String> topics;
    private final @Nullable TopicPartition only;
    private final Reader reader;
    private final java.util.function.Consumer<String> fatal;
    private final Duration firstPause;
    private final LongSupplier nanoTime;
    private final LastSuccess lastAnswer;
    private final Thread thread;
    private final Deque<ConsumerRecord<String, byte[]>> pending = new ArrayDeque<>();
    private @Nullable Map<TopicPartition, Long> ends;
    private long nextQuestion;
    private volatile @Nullable Consumer<String, byte[]> consumer;
    private volatile boolean caughtUp;
    private volatile boolean closed;

    /** Follows what is committed in the topics; where it can't go on, the process ends. @param name of the thread */
    public static LogFollower of(String name, KafkaConnection kafka, Set<String> topics, Reader reader) {
        return new LogFollower(
                name, clients(kafka), topics, null, reader, ServiceProgram::fail, FIRST_PAUSE, System::nanoTime);
    }

    /**
     * Follows what is committed in a partition from when it is {@link #ready}; where it can't go on, the process ends.
     *
     * @param name of the thread
     */
    public static LogFollower fromNow(String name, KafkaConnection kafka, TopicPartition partition, Reader reader) {
        return new LogFollower(
                name,
                clients(kafka),
                Set.of(partition.topic()),
                partition,
                reader,
                ServiceProgram::fail,
                FIRST_PAUSE,
                System::nanoTime);
    }

    private static Supplier<Consumer<String, byte[]>> clients(KafkaConnection kafka) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        return () -> new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
    }

    /**
     * Makes one.
     *
     * @param only the partition that is followed from now on; null for all of the topics from their beginning
     * @param nanoTime {@link System#nanoTime}, or a test's
     */
    LogFollower(
            String name,
            Supplier<? extends Consumer<String, byte[]>> clients,
            Set<String> topics,
            @Nullable TopicPartition only,
            Reader reader,
            java.util.function.Consumer<String> fatal,
            Duration firstPause,
            LongSupplier nanoTime) {
        this.name = name;
        this.clients = clients;
        this.topics = Set.copyOf(topics);
        this.only = only;
        this.reader = reader;
        this.fatal = fatal;
        this.firstPause = firstPause;
        this.nanoTime = nanoTime;
        this.lastAnswer = new LastSuccess(nanoTime);
        this.nextQuestion = nanoTime.getAsLong();
        this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
    }

    /** Returns at once. */
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
            Duration pause = firstPause;
            while (!closed) {
                try {
                    step();
                    pause = firstPause;
                } catch (WakeupException e) {
                    LOG.debug("Woken to end");
                } catch (KafkaException | SchemaRegistryException e) {
                    LOG.warn("{} waits, topics={} reason={}", name, topics, e.toString());
                    Thread.sleep(pause);
                    pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            LOG.error("{} can't go on, topics={}", name, topics, e);
            fatal.accept(name + " can't go on: " + e);
        } finally {
            closeQuietly();
        }
    }

    private void step() {
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
            reader.turn();
        }
        if (!lastAnswer.isWithin(BETWEEN_QUESTIONS)) {
            ask(client, goal.keySet());
        }
    }

    /**
     * Asks the brokers something now and then, since a poll says nothing of brokers that are away. One that is not answered keeps nobody from
     * reading: behind it polls go on for as long.
     */
    private void ask(Consumer<String, byte[]> client, Set<TopicPartition> partitions) {
        if (nanoTime.getAsLong() - nextQuestion < 0) {
            return;
        }
        try {
            client.endOffsets(partitions, ANSWER_LIMIT);
            lastAnswer.note();
        } catch (WakeupException e) {
            throw e;
        } catch (KafkaException e) {
            LOG.warn("{} hears nothing of the brokers, topics={} reason={}", name, topics, e.toString());
        }
        nextQuestion = nanoTime.getAsLong() + BETWEEN_QUESTIONS.toNanos();
    }

    private Consumer<String, byte[]> client() {
        Consumer<String, byte[]> client = consumer;
        if (client == null) {
            client = clients.get();
            consumer = client;
        }
        return client;
    }

    /** @return where the partitions ended at the start */
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
                    "A record is passed by, topic={} partition={} offset={} reason={}",
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
