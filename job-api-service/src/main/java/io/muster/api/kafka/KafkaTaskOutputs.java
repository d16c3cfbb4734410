package io.muster.api.kafka;

import io.muster.api.compute.TaskOutputs;
import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.TaskOutput;
import io.muster.service.coordinator.KeyPartition;
import io.muster.topics.Topics;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;

/** Reads output from its topic: of the partition of a task's key the range of its time, and of that what has its key. Thread-safe. */
public final class KafkaTaskOutputs implements TaskOutputs {
    private static final int FETCHED = 1 << 20;
    private static final Duration POLL = Duration.ofMillis(500);
    private static final int EMPTY_POLLS = 20;
    /**
     * Bounds how long the broker holds a fetch that finds nothing. A consumer fetches ahead, and its end waits for that: by default each reader would
     * take half a second longer, though it reads nothing that is still to come.
     */
    private static final int FETCH_WAIT_MS = 5;

    /** Widens the range of time: clocks of gateways differ, and output may be on its way when its task has ended. */
    private static final Duration SLACK = Duration.ofMinutes(1);

    private final Supplier<Consumer<String, byte[]>> consumers;
    private final Codecs codecs;
    private final Gaps gaps = new Gaps();

    /** Makes one. @param properties of a Kafka client */
    public KafkaTaskOutputs(Map<String, Object> properties, Codecs codecs) {
        this(() -> consumer(properties), codecs);
    }

    /** Makes one. @param consumers makes one for each reader, which closes it */
    KafkaTaskOutputs(Supplier<Consumer<String, byte[]>> consumers, Codecs codecs) {
        this.consumers = consumers;
        this.codecs = codecs;
        codecs.of(Topics.TASK_OUTPUT);
    }

    private static Consumer<String, byte[]> consumer(Map<String, Object> of) {
        return new KafkaConsumer<>(properties(of), new StringDeserializer(), new ByteArrayDeserializer());
    }

    /** Returns the properties of a reader's consumer. */
    static Map<String, Object> properties(Map<String, Object> of) {
        Map<String, Object> properties = new HashMap<>(of);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCHED);
        properties.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCHED);
        properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MS);
        properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 10_000);
        return properties;
    }

    @Override
    public Reader open(String poolId, String taskId, Instant since, Optional<Instant> until) throws IOException {
        return reader(consumer -> new RangeReader(consumer, key(poolId, taskId), since, until, false));
    }

    @Override
    public Reader follow(String poolId, String taskId, Instant since) throws IOException {
        return reader(consumer -> new RangeReader(consumer, key(poolId, taskId), since, Optional.empty(), true));
    }

    private static String key(String poolId, String taskId) {
        return poolId + "/" + taskId;
    }

    private Reader reader(Function<Consumer<String, byte[]>, Reader> of) throws IOException {
        try {
            Consumer<String, byte[]> consumer = consumers.get();
            try {
                return of.apply(consumer);
            } catch (RuntimeException e) {
                consumer.close();
                throw e;
            }
        } catch (KafkaException e) {
            throw new IOException("The output can't be read.", e);
        }
    }

    private final class RangeReader implements Reader {
        private final Consumer<String, byte[]> consumer;
        private final String key;
        private final TopicPartition partition;
        private final long latest;
        private final boolean follows;
        private final long first;
        private final Optional<Instant> keptSince;
        private final Queue<ConsumerRecord<String, byte[]>> fetched = new ArrayDeque<>();
        private long position;
        private long end;
        private boolean done;
        private int empty;
        /** Is behind the last record of the task, or where this began. */
        private long gapFrom;

        RangeReader(
                Consumer<String, byte[]> consumer,
                String key,
                Instant since,
                Optional<Instant> until,
                boolean follows) {
            this.consumer = consumer;
            this.key = key;
            this.follows = follows;
            String topic = Topics.TASK_OUTPUT.name();
            this.partition = new TopicPartition(
                    topic, KeyPartition.of(key, consumer.partitionsFor(topic).size()));
            this.latest = until.map(ended -> ended.plus(SLACK).toEpochMilli()).orElse(Long.MAX_VALUE);
            consumer.assign(List.of(partition));
            this.end = endNow();
            @Nullable
            OffsetAndTimestamp found = consumer.offsetsForTimes(
                            Map.of(partition, since.minus(SLACK).toEpochMilli()))
                    .get(partition);
            this.first = found == null ? end : found.offset();
            this.keptSince = first > beginning()
                    ? Optional.empty()
                    : Optional.of(
                            found == null ? until.orElse(since).plus(SLACK) : Instant.ofEpochMilli(found.timestamp()));
            begin(first);
        }

        /** Returns where the log begins of which something has expired; before its first offset where nothing has. */
        private long beginning() {
            long at = consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
            return at == 0 ? -1 : at;
        }

        @Override
        public Optional<Instant> keptSince() {
            return keptSince;
        }

        private void begin(long at) {
            position = at;
            gapFrom = at;
            consumer.seek(partition, at);
        }

        @Override
        public boolean goTo(long at) {
            if (at > end) {
                return false;
            }
            // What lay before the first one is expired.
            begin(Math.max(first, at));
            return true;
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public boolean isAtEnd() {
            return done;
        }

        private long endNow() {
            return consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
        }

        @Override
        public Optional<TaskOutput> next() throws IOException {
            if (fetched.isEmpty() && (follows || !done)) {
                fetch();
            }
            while (!done && !fetched.isEmpty()) {
                ConsumerRecord<String, byte[]> record = fetched.remove();
                position = record.offset();
                if (!follows && (record.offset() >= end || record.timestamp() > latest)) {
                    done = true;
                } else if (key.equals(record.key()) && record.value() != null) {
                    gaps.add(key, gapFrom, position);
                    gapFrom = position + 1;
                    Optional<TaskOutput> output = decode(record.value());
                    if (output.isPresent()) {
                        return output;
                    }
                }
                position++;
            }
            return Optional.empty();
        }

        /** Polls once, unless the end is reached; one that follows asks where the log ends now before it says so. */
        private void fetch() throws IOException {
            try {
                long at = consumer.position(partition);
                if (follows && at >= end) {
                    end = endNow();
                }
                done = at >= end;
                if (done) {
                    return;
                }
                passOver(at);
                consumer.poll(POLL).forEach(fetched::add);
            } catch (KafkaException e) {
                throw new IOException("The output can't be read.", e);
            }
            empty = fetched.isEmpty() ? empty + 1 : 0;
            if (empty == EMPTY_POLLS) {
                throw new IOException("The output can't be read: nothing came for a while.");
            }
        }

        /** Goes on behind what is known to be of others alone. A log that ends before that is another one. */
        private void passOver(long at) {
            gaps.add(key, gapFrom, at);
            long behind = gaps.behind(key, at);
            if (behind > end) {
                gaps.forget(key);
            } else if (behind > at) {
                position = behind;
                consumer.seek(partition, behind);
            }
        }

        private Optional<TaskOutput> decode(byte[] value) {
            try {
                return Optional.of(codecs.of(Topics.TASK_OUTPUT).decode(value));
            } catch (UndecodableRecordException e) {
                return Optional.empty();
            }
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
