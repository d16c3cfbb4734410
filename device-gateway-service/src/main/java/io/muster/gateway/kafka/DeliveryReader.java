package io.muster.gateway.kafka;

import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.Delivery;
import io.muster.records.MethodRequest;
import io.muster.records.MethodRequests;
import io.muster.records.MethodTarget;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.EndOffsets;
import io.muster.service.LastSuccess;
import io.muster.topics.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a gateway's deliveries, on a thread of its own. A poll is decoded, and then a batch of it is committed and handed over: a record that
 * can't be decoded for now was not committed, and a committed one is never handed over again (ADR 0003). The next batch is committed when this one is with its
 * connections, so a gateway that is killed leaves no more than one batch in doubt. Brokers or a registry that are away are waited
 * for, one record's fault is a dead letter, and anything else ends the process.
 */
final class DeliveryReader {
    /** Takes what is read. */
    interface Sink {
        /**
         * Hands a delivery over; of several method requests in a record each by itself.
         *
         * @param record that holds it
         * @param traceparent of the device job that it is part of, if that is followed
         * @param writtenAfter an instant of {@link System#nanoTime} at which it had not been written yet
         */
        void take(
                Delivery delivery,
                ConsumerRecord<String, byte[]> record,
                @Nullable String traceparent,
                long writtenAfter);

        /** Returns how many of the deliveries and dead letters are not where they belong yet. */
        int waiting();

        /** Dead-letters a record that can't be used. */
        void putAside(ConsumerRecord<String, byte[]> record, String reason);
    }

    /** Holds a record, and the deliveries in it or the reason why there are none. */
    private record Decoded(ConsumerRecord<String, byte[]> record, List<Traced> deliveries, String fault) {}

    private record Traced(Delivery delivery, @Nullable String traceparent) {}

    /** Holds the end of the deliveries, when that was asked. */
    private record End(long offset, long nanos, Instant at) {}

    /** Holds the question where they end, and when it was asked. */
    private record Question(CompletableFuture<Map<TopicPartition, Long>> answer, long nanos, Instant at) {}

    private static final Logger LOG = LoggerFactory.getLogger(DeliveryReader.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration RETRY = Duration.ofMillis(200);
    private static final Duration BREATH = Duration.ofMillis(1);
    private static final Duration BETWEEN_QUESTIONS = Duration.ofSeconds(1);
    /** Bounds the deliveries of a batch, unless its first record has more. */
    private static final int BATCH = 200;

    private final org.apache.kafka.clients.consumer.Consumer<String, byte[]> consumer;
    private final EndOffsets ends;
    private final TopicPartition mine;
    private final RecordCodec<Delivery> codec;
    private final Sink sink;
    private final InstantSource clock;
    private final LongSupplier nanoTime;
    private final Consumer<String> fatal;
    private final LastSuccess lastAnswer;
    /** Holds records that were polled and are not committed yet. */
    private final Deque<Decoded> polled = new ArrayDeque<>();

    private volatile boolean closed;
    private volatile boolean failed;
    private volatile Instant caughtUpAt = Instant.EPOCH;
    private End before;
    private End last;
    private long nextQuestion;
    private @Nullable Question question;
    private @Nullable Thread thread;

    /**
     * Reads by the given clocks.
     *
     * @param nanoTime {@link System#nanoTime}, or a test's
     * @param fatal ends the process: is called when deliveries can't be read any more, with the reason
     */
    DeliveryReader(
            org.apache.kafka.clients.consumer.Consumer<String, byte[]> consumer,
            EndOffsets ends,
            TopicPartition mine,
            RecordCodec<Delivery> codec,
            Sink sink,
            InstantSource clock,
            LongSupplier nanoTime,
            Consumer<String> fatal) {
        this.consumer = consumer;
        this.ends = ends;
        this.mine = mine;
        this.codec = codec;
        this.sink = sink;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.fatal = fatal;
        this.lastAnswer = new LastSuccess(nanoTime);
        // Before the first answer nobody knows when the records were written that are there already: long ago.
        this.before = new End(0, nanoTime.getAsLong() - Duration.ofDays(1).toNanos(), Instant.EPOCH);
        this.last = before;
        this.nextQuestion = nanoTime.getAsLong();
    }

    void start() {
        thread = Thread.ofPlatform().daemon().name("deliveries").start(this::run);
    }

    /** Returns whether deliveries are read: the brokers have answered lately, and the registry if it was needed. */
    boolean ready() {
        return !closed && !failed && lastAnswer.isRecent();
    }

    /** Returns an instant: all deliveries that were written before it are with their connections. 1970 before the first is known. */
    Instant caughtUpAt() {
        return caughtUpAt;
    }

    private void run() {
        boolean waits = false;
        try {
            while (!closed) {
                try {
                    pollOnce();
                    if (waits) {
                        LOG.info("Deliveries are read again");
                        waits = false;
                    }
                } catch (WakeupException e) {
                    LOG.debug("Woken up to end");
                } catch (RetriableException | SchemaRegistryException e) {
                    if (!waits) {
                        LOG.warn("Deliveries can't be read for now: {}", e.toString());
                        waits = true;
                    }
                    Thread.sleep(RETRY);
                }
            }
            consumer.close();
        } catch (Throwable e) {
            // An interruption too: nobody interrupts this thread, and a gateway without deliveries has to end.
            failed = true;
            fatal.accept("Deliveries can't be read any more: " + e);
        }
    }

    /**
     * Hands a batch over once the batch before is with its connections, and then asks where the deliveries end, if all up to the last known end were
     * with their connections. Nothing waits for the answer.
     */
    void pollOnce() throws InterruptedException {
        if (sink.waiting() > 0) {
            Thread.sleep(BREATH);
            return;
        }
        boolean reached = polled.isEmpty() && consumer.position(mine) >= last.offset();
        if (polled.isEmpty()) {
            poll();
        }
        if (!polled.isEmpty()) {
            handOverBatch();
            lastAnswer.note();
        }
        if (question != null) {
            learnEnd(question);
        } else if (reached) {
            askEnd();
        }
    }

    private void poll() {
        ConsumerRecords<String, byte[]> records = consumer.poll(POLL);
        try {
            records.forEach(record -> polled.add(decode(record)));
        } catch (RuntimeException e) {
            seekBackTo(records.iterator().next());
            throw e;
        }
    }

    /** Goes back to a record: nothing that was polled from it on was handed over. */
    private void seekBackTo(ConsumerRecord<?, ?> first) {
        polled.clear();
        consumer.seek(mine, first.offset());
    }

    private void handOverBatch() {
        List<Decoded> batch = new ArrayList<>();
        int deliveries = 0;
        while (!polled.isEmpty()
                && (batch.isEmpty() || deliveries + polled.peek().deliveries().size() <= BATCH)) {
            Decoded next = polled.remove();
            deliveries += next.deliveries().size();
            batch.add(next);
        }
        try {
            consumer.commitSync(
                    Map.of(mine, new OffsetAndMetadata(batch.getLast().record().offset() + 1)));
        } catch (RuntimeException e) {
            seekBackTo(batch.getFirst().record());
            throw e;
        }
        batch.forEach(this::handOver);
    }

    private Decoded decode(ConsumerRecord<String, byte[]> record) {
        byte @Nullable [] value = record.value();
        try {
            return value == null
                    ? new Decoded(record, List.of(), "a record here has a value")
                    : decoded(record, codec.decode(value));
        } catch (UndecodableRecordException e) {
            return new Decoded(record, List.of(), String.valueOf(e.getMessage()));
        }
    }

    private static Decoded decoded(ConsumerRecord<String, byte[]> record, Delivery delivery) {
        if (!(delivery.getDelivery() instanceof MethodRequests requests)) {
            return delivery.getDeviceId() == null
                    ? new Decoded(record, List.of(), "a delivery names its device")
                    : new Decoded(record, List.of(new Traced(delivery, traceparent(record))), "");
        }
        List<Traced> single = new ArrayList<>(requests.getTargets().size());
        for (MethodTarget target : requests.getTargets()) {
            MethodRequest request = new MethodRequest(
                    target.getEpoch(),
                    target.getDeliveryId(),
                    requests.getMethodName(),
                    requests.getPayload(),
                    target.getExpiresAt());
            single.add(
                    new Traced(new Delivery(target.getDeviceId(), delivery.getAt(), request), target.getTraceparent()));
        }
        return new Decoded(record, single, "");
    }

    private static @Nullable String traceparent(ConsumerRecord<?, ?> record) {
        @Nullable Header header = record.headers().lastHeader(Headers.TRACEPARENT);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    private void handOver(Decoded decoded) {
        if (!decoded.fault().isEmpty()) {
            sink.putAside(decoded.record(), decoded.fault());
        }
        int number = 0;
        for (Traced traced : decoded.deliveries()) {
            number++;
            try {
                sink.take(traced.delivery(), decoded.record(), traced.traceparent(), writtenAfter(decoded.record()));
            } catch (RuntimeException e) {
                String which = decoded.deliveries().size() == 1
                        ? ""
                        : "request " + number + " of " + decoded.deliveries().size() + ": ";
                sink.putAside(alone(decoded.record(), traced), which + "it can't be handed over: " + e);
            }
        }
    }

    /** Returns a record of that delivery only, where it stood. */
    private ConsumerRecord<String, byte[]> alone(ConsumerRecord<String, byte[]> record, Traced traced) {
        return new ConsumerRecord<>(
                record.topic(),
                record.partition(),
                record.offset(),
                traced.delivery().getDeviceId(),
                codec.encode(traced.delivery()));
    }

    private long writtenAfter(ConsumerRecord<?, ?> record) {
        return record.offset() >= last.offset() ? last.nanos() : before.nanos();
    }

    /**
     * Asks about once a second where the deliveries end, when all before the last such end are with their connections: the gateway had caught
     * up at that time.
     */
    private void askEnd() {
        long nanos = nanoTime.getAsLong();
        if (nanos - nextQuestion < 0) {
            return;
        }
        caughtUpAt = last.at();
        Instant at = clock.instant();
        question = new Question(ends.ask(List.of(mine)), nanos, at);
        nextQuestion = nanos + BETWEEN_QUESTIONS.toNanos();
    }

    private void learnEnd(Question asked) {
        switch (asked.answer().state()) {
            case RUNNING -> {}
            case SUCCESS -> {
                before = last;
                last = new End(Objects.requireNonNull(asked.answer().resultNow().get(mine)), asked.nanos(), asked.at());
                lastAnswer.note();
                question = null;
            }
            case FAILED -> {
                question = null;
                switch (asked.answer().exceptionNow()) {
                    case RetriableException e ->
                        LOG.warn("The brokers don't say where the deliveries end, for now: {}", e.toString());
                    case RuntimeException e -> throw e;
                    case Error e -> throw e;
                    case Throwable e -> throw new IllegalStateException(e);
                }
            }
            case CANCELLED -> throw new IllegalStateException("nobody cancels the question");
        }
    }

    /** Takes no more deliveries; those that were taken are with their connections when it returns, or the limit is over. */
    void stop(Duration limit) {
        closed = true;
        try {
            if (thread != null && !thread.join(limit)) {
                // Not earlier: a commit that is woken may have been made, and then nobody would hand its batch over.
                consumer.wakeup();
                thread.join(limit);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
