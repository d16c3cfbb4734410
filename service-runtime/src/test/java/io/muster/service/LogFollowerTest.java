package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.service.trouble.MemoryLog;
import io.muster.service.trouble.Trial;
import io.muster.service.trouble.Trouble;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fails each call of a follower in turn: it reads everything nevertheless, once, or ends its service. */
class LogFollowerTest {
    private static final String TOPIC = "followed";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int CALLS = 40;
    /** Lists what ends the follower itself; a reader's exception counts as the record's fault first. */
    private static final Set<Trouble> ENDING =
            EnumSet.of(Trouble.INTERRUPTED, Trouble.CLIENT_ODD, Trouble.OUT_OF_STACK);

    private final MemoryLog<String> log = new MemoryLog<>(TOPIC);
    private final Queue<String> taken = new ConcurrentLinkedQueue<>();
    private final Queue<String> fatal = new ConcurrentLinkedQueue<>();
    private final AtomicInteger polls = new AtomicInteger();
    private final AtomicLong nanoTime = new AtomicLong();
    private final Brokers brokers = new Brokers();

    /** Answers at once, or fails, or is silent. */
    private static final class Brokers implements EndOffsets {
        private final AtomicInteger asked = new AtomicInteger();
        private volatile Supplier<CompletableFuture<Map<TopicPartition, Long>>> answer =
                () -> CompletableFuture.completedFuture(Map.of(PARTITION, 0L));

        @Override
        public CompletableFuture<Map<TopicPartition, Long>> ask(Collection<TopicPartition> partitions) {
            asked.incrementAndGet();
            return answer.get();
        }

        @Override
        public void close() {}
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void add(MemoryLog<String> to, int count) {
        for (int i = 0; i < count; i++) {
            to.add(TOPIC, "k" + i, bytes("v" + i));
        }
    }

    private LogFollower follower(LogFollower.Reader reader, Duration firstPause) {
        return LogFollower.of(
                "test",
                new LogFollower.Source(log::consumer, () -> brokers, fatal::add, firstPause, nanoTime::get),
                Set.of(TOPIC),
                reader);
    }

    private LogFollower follower(LogFollower.Reader reader) {
        return follower(reader, Duration.ofMillis(1));
    }

    private LogFollower.Reader reader(java.util.function.Consumer<ConsumerRecord<String, byte[]>> before) {
        return new LogFollower.Reader() {
            @Override
            public void take(ConsumerRecord<String, byte[]> record) {
                before.accept(record);
                taken.add(record.key());
            }

            @Override
            public void polled() {
                polls.incrementAndGet();
            }
        };
    }

    /** Reads the topic, and takes each record once. */
    private static Trial.Loop loop(LogFollower follower, List<String> expected, Queue<String> taken) {
        follower.start();
        return new Trial.Loop() {
            @Override
            public boolean isReady() {
                return follower.ready();
            }

            @Override
            public boolean isDone() {
                List<String> now = List.copyOf(taken);
                assertThat(now).as("each once, in order").isEqualTo(expected.subList(0, now.size()));
                return now.size() == expected.size();
            }

            @Override
            public void close() {
                follower.close();
            }
        };
    }

    @Test
    void readsEverythingOnceOrEndsWhicheverCallFails() {
        new Trial(CALLS, ENDING).run((faults, end) -> {
            MemoryLog<String> topic = new MemoryLog<>(TOPIC);
            add(topic, 5);
            Queue<String> keys = new ConcurrentLinkedQueue<>();
            return loop(
                    LogFollower.of("test", faults.source(topic, end), Set.of(TOPIC), record -> keys.add(record.key())),
                    List.of("k0", "k1", "k2", "k3", "k4"),
                    keys);
        });
    }

    @Test
    void readsAPartitionFromNowOnOrEndsWhicheverCallFails() {
        new Trial(CALLS, ENDING).run((faults, end) -> {
            MemoryLog<String> topic = new MemoryLog<>(TOPIC);
            add(topic, 3);
            Queue<String> keys = new ConcurrentLinkedQueue<>();
            AtomicBoolean added = new AtomicBoolean();
            LogFollower.Reader reader = new LogFollower.Reader() {
                @Override
                public void take(ConsumerRecord<String, byte[]> record) {
                    keys.add(record.key());
                }

                @Override
                public void polled() {
                    if (added.compareAndSet(false, true)) {
                        topic.add(TOPIC, "new", bytes("v"));
                    }
                }
            };
            return loop(
                    LogFollower.fromNow("test", faults.source(topic, end), PARTITION, reader), List.of("new"), keys);
        });
    }

    @ParameterizedTest
    @EnumSource(
            names = {"BROKER_SLOW", "BROKER_GONE", "METADATA_MISSING", "UNAUTHORIZED", "BROKER_ODD", "REGISTRY_AWAY"})
    void takesARecordAgainWhileTheRegistryOrTheBrokerIsAway(Trouble trouble) {
        add(log, 3);
        AtomicInteger tries = new AtomicInteger();
        LogFollower.Reader reader = reader(record -> {
            if (record.offset() == 1 && tries.incrementAndGet() < 4) {
                throw (RuntimeException) trouble.make();
            }
        });
        try (LogFollower follower = follower(reader)) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
        }
        assertThat(taken).containsExactly("k0", "k1", "k2");
        assertThat(tries).hasValue(4);
    }

    @ParameterizedTest
    @EnumSource(
            names = {"BROKER_SLOW", "BROKER_GONE", "METADATA_MISSING", "UNAUTHORIZED", "BROKER_ODD", "REGISTRY_AWAY"})
    void isUnreadyWhileARecordCannotBeTakenForLongAndReadyAfterwards(Trouble trouble) {
        AtomicBoolean away = new AtomicBoolean(true);
        AtomicInteger tries = new AtomicInteger();
        LogFollower.Reader reader = reader(_ -> {
            tries.incrementAndGet();
            if (away.get()) {
                throw (RuntimeException) trouble.make();
            }
        });
        try (LogFollower follower = follower(reader)) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
            add(log, 1);
            soon().atMost(LIMIT).until(() -> tries.get() > 2);
            nanoTime.addAndGet(Duration.ofSeconds(14).toNanos());
            assertThat(follower.ready()).as("14 s behind the last poll").isTrue();
            nanoTime.addAndGet(Duration.ofSeconds(1).toNanos());
            assertThat(follower.ready()).as("15 s behind the last poll").isFalse();
            away.set(false);
            soon().atMost(LIMIT).until(follower::ready);
        }
        assertThat(taken).containsExactly("k0");
        assertThat(fatal).isEmpty();
    }

    /** Polls brokers that are away: the poll is empty, and the question where the log ends fails, or is never answered. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isUnreadyWhileNoBrokerAnswersAndReadsOn(boolean silent) {
        try (LogFollower follower = follower(reader(_ -> {}), Duration.ofMinutes(2))) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
            nanoTime.addAndGet(Duration.ofSeconds(14).toNanos());
            int poll = polls.get();
            soon().atMost(LIMIT).until(() -> polls.get() > poll + 3);
            nanoTime.addAndGet(Duration.ofSeconds(14).toNanos());
            assertThat(follower.ready()).as("it has asked since").isTrue();
            CompletableFuture<Map<TopicPartition, Long>> question = new CompletableFuture<>();
            brokers.answer = () -> silent ? question : CompletableFuture.failedFuture(new TimeoutException("away"));
            int before = brokers.asked.get();
            soon().atMost(LIMIT).until(() -> {
                // The question that was under way may have been answered at the time before.
                nanoTime.addAndGet(Duration.ofSeconds(6).toNanos());
                return brokers.asked.get() > before;
            });
            nanoTime.addAndGet(Duration.ofSeconds(16).toNanos());
            assertThat(follower.ready()).isFalse();
            int meanwhile = polls.get();
            soon().atMost(LIMIT).until(() -> polls.get() > meanwhile + 2);
            add(log, 1);
            soon().atMost(LIMIT).until(follower::ready);
            assertThat(taken).as("read though the question is not answered").containsExactly("k0");
            // The brokers answer before the time goes on: a question that failed in between would be the last one at a
            // clock that stands.
            brokers.answer = () -> CompletableFuture.completedFuture(Map.of());
            question.complete(Map.of());
            nanoTime.addAndGet(Duration.ofSeconds(16).toNanos());
            soon().atMost(LIMIT).until(follower::ready);
        }
        assertThat(fatal).isEmpty();
    }

    /** Is answered as soon as somebody has asked whether it is. */
    private static final class AnsweredMeanwhile extends CompletableFuture<Map<TopicPartition, Long>> {
        @Override
        public State state() {
            State before = super.state();
            complete(Map.of());
            return before;
        }
    }

    @Test
    void goesOnWhereTheAnswerComesWhileItAsksForIt() {
        try (LogFollower follower = follower(reader(_ -> {}), Duration.ofMinutes(2))) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
            brokers.answer = AnsweredMeanwhile::new;
            int before = brokers.asked.get();
            soon().atMost(LIMIT).until(() -> {
                nanoTime.addAndGet(Duration.ofSeconds(6).toNanos());
                return brokers.asked.get() > before + 2 || !fatal.isEmpty();
            });
        }
        assertThat(fatal).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"UNDECODABLE", "CLIENT_ODD"})
    void skipsARecordThatCannotBeTaken(Trouble fault) {
        add(log, 3);
        LogFollower.Reader reader = reader(record -> {
            if (record.offset() == 1) {
                throw (RuntimeException) fault.make();
            }
        });
        try (LogFollower follower = follower(reader)) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
        }
        assertThat(taken).containsExactly("k0", "k2");
        assertThat(fatal).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"INTERRUPTED", "OUT_OF_STACK"})
    void isUnreadyAndEndsTheProcessWhenItsReaderCannotGoOn(Trouble trouble) {
        add(log, 1);
        LogFollower.Reader reader = reader(_ -> {
            switch (trouble.make()) {
                case Error e -> throw e;
                case RuntimeException e -> throw e;
                case Throwable e -> throw new AssertionError(e);
            }
        });
        try (LogFollower follower = follower(reader)) {
            follower.start();
            soon().atMost(LIMIT).until(() -> !fatal.isEmpty());
            soon().atMost(LIMIT).until(() -> !follower.ready());
        }
        assertThat(fatal).singleElement().asString().contains("test can't go on");
    }

    /** Polls often: there are hundreds of waits. */
    private static ConditionFactory soon() {
        return await().pollInterval(Duration.ofMillis(2));
    }
}
