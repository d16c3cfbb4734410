package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import io.muster.topics.Topics;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A broker or a registry that fails at each call in turn: everything is read nevertheless, once, and no thread ends. */
class LogFollowerTest {
    private static final String TOPIC = "followed";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int MOST_CALLS = 40;

    private final ConcurrentLinkedQueue<String> taken = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> fatal = new ConcurrentLinkedQueue<>();
    private final AtomicInteger turns = new AtomicInteger();
    private final AtomicLong nanoTime = new AtomicLong();
    private final Brokers brokers = new Brokers();

    /** Answer at once, or fail, or are silent. */
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

    static Stream<Supplier<RuntimeException>> troubles() {
        return Stream.of(
                () -> new TimeoutException("the broker is away"),
                () -> new DisconnectException("the broker went away"),
                () -> new TopicAuthorizationException(Set.of(TOPIC)),
                () -> new KafkaException("the broker is odd"),
                LogFollowerTest::registryTrouble);
    }

    /** Three records are there; calls are counted from the first, and the one with the number fails. */
    private static Consumer<String, byte[]> log(AtomicInteger calls, int failing, Supplier<RuntimeException> trouble) {
        MockConsumer<String, byte[]> consumer = new MockConsumer<>("earliest");
        consumer.updatePartitions(TOPIC, List.of(new PartitionInfo(TOPIC, 0, Node.noNode(), new Node[0], new Node[0])));
        consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
        consumer.updateEndOffsets(Map.of(PARTITION, 3L));
        consumer.schedulePollTask(() -> {
            for (int i = 0; i < 3; i++) {
                consumer.addRecord(new ConsumerRecord<>(TOPIC, 0, i, "k" + i, bytes("v" + i)));
            }
        });
        return interrupted(consumer, calls, failing, trouble);
    }

    @SuppressWarnings("unchecked")
    private static Consumer<String, byte[]> interrupted(
            Consumer<String, byte[]> consumer, AtomicInteger calls, int failing, Supplier<RuntimeException> trouble) {
        return (Consumer<String, byte[]>) Proxy.newProxyInstance(
                LogFollowerTest.class.getClassLoader(), new Class<?>[] {Consumer.class}, (_, method, args) -> {
                    boolean ends = method.getName().equals("wakeup")
                            || method.getName().equals("close");
                    if (!ends && calls.incrementAndGet() == failing) {
                        throw trouble.get();
                    }
                    try {
                        return method.invoke(consumer, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static RuntimeException registryTrouble() {
        return catchThrowableOfType(SchemaRegistryException.class, () -> new InMemorySchemaRegistry().byId(1));
    }

    private static RuntimeException undecodable() {
        return catchThrowableOfType(
                UndecodableRecordException.class,
                () -> new Codecs(new InMemorySchemaRegistry()).of(Topics.JOBS).decode(new byte[] {1}));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private LogFollower follower(Supplier<Consumer<String, byte[]>> clients, LogFollower.Reader reader) {
        return follower(clients, reader, Duration.ofMillis(1));
    }

    private LogFollower follower(
            Supplier<Consumer<String, byte[]>> clients, LogFollower.Reader reader, Duration firstPause) {
        return new LogFollower(
                "test", clients, () -> brokers, Set.of(TOPIC), null, reader, fatal::add, firstPause, nanoTime::get);
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
                turns.incrementAndGet();
            }
        };
    }

    @ParameterizedTest
    @MethodSource("troubles")
    void readsEverythingOnceWhicheverCallFails(Supplier<RuntimeException> trouble) {
        for (int failing = 1; failing <= MOST_CALLS; failing++) {
            taken.clear();
            turns.set(0);
            AtomicInteger calls = new AtomicInteger();
            int number = failing;
            try (LogFollower follower = follower(() -> log(calls, number, trouble), reader(_ -> {}))) {
                follower.start();
                soon().atMost(LIMIT).until(() -> taken.size() >= 3 && turns.get() > 0 && calls.get() > number);
                assertThat(follower.ready()).as("call %s", number).isTrue();
            }
            assertThat(taken).as("call %s", number).containsExactly("k0", "k1", "k2");
        }
        assertThat(fatal).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("troubles")
    void aRecordIsTakenAgainWhereTheRegistryOrTheBrokerIsAwayMeanwhile(Supplier<RuntimeException> trouble) {
        AtomicInteger tries = new AtomicInteger();
        LogFollower.Reader reader = reader(record -> {
            if (record.offset() == 1 && tries.incrementAndGet() < 4) {
                throw trouble.get();
            }
        });
        try (LogFollower follower = follower(() -> log(new AtomicInteger(), 0, trouble), reader)) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
        }
        assertThat(taken).containsExactly("k0", "k1", "k2");
        assertThat(tries).hasValue(4);
    }

    @ParameterizedTest
    @MethodSource("troubles")
    void isUnreadyWhereItHasStoodForLongAndReadyAgainBehindTheTrouble(Supplier<RuntimeException> trouble) {
        AtomicBoolean away = new AtomicBoolean(true);
        AtomicInteger tries = new AtomicInteger();
        MockConsumer<String, byte[]> log = new MockConsumer<>("earliest");
        log.updatePartitions(TOPIC, List.of(new PartitionInfo(TOPIC, 0, Node.noNode(), new Node[0], new Node[0])));
        log.updateBeginningOffsets(Map.of(PARTITION, 0L));
        log.updateEndOffsets(Map.of(PARTITION, 0L));
        LogFollower.Reader reader = reader(_ -> {
            tries.incrementAndGet();
            if (away.get()) {
                throw trouble.get();
            }
        });
        try (LogFollower follower = follower(() -> log, reader)) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
            log.schedulePollTask(() -> log.addRecord(new ConsumerRecord<>(TOPIC, 0, 0, "k0", bytes("v0"))));
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

    /** A poll of brokers that are away is empty, and nothing else; the question is one that fails, or that nobody answers. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isUnreadyWhereNoBrokerAnswersAndReadsOnMeanwhile(boolean silent) {
        MockConsumer<String, byte[]> log = new MockConsumer<>("earliest");
        log.updateBeginningOffsets(Map.of(PARTITION, 0L));
        log.updateEndOffsets(Map.of(PARTITION, 0L));
        log.updatePartitions(TOPIC, List.of(new PartitionInfo(TOPIC, 0, Node.noNode(), new Node[0], new Node[0])));
        try (LogFollower follower = follower(() -> log, reader(_ -> {}), Duration.ofMinutes(2))) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
            nanoTime.addAndGet(Duration.ofSeconds(14).toNanos());
            int turn = turns.get();
            soon().atMost(LIMIT).until(() -> turns.get() > turn + 3);
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
            int meanwhile = turns.get();
            soon().atMost(LIMIT).until(() -> turns.get() > meanwhile + 2);
            log.schedulePollTask(() -> log.addRecord(new ConsumerRecord<>(TOPIC, 0, 0, "k0", bytes("v0"))));
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

    static Stream<Supplier<RuntimeException>> faults() {
        return Stream.of(
                LogFollowerTest::undecodable,
                NullPointerException::new,
                () -> new IllegalArgumentException("Timestamp may not be negative"));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aRecordThatCannotBeTakenIsPassedBy(Supplier<RuntimeException> fault) {
        LogFollower.Reader reader = reader(record -> {
            if (record.offset() == 1) {
                throw fault.get();
            }
        });
        try (LogFollower follower = follower(() -> log(new AtomicInteger(), 0, KafkaException::new), reader)) {
            follower.start();
            soon().atMost(LIMIT).until(follower::ready);
        }
        assertThat(taken).containsExactly("k0", "k2");
        assertThat(fatal).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("troubles")
    void takesOfAPartitionWhatCameSinceWhicheverCallFails(Supplier<RuntimeException> trouble) {
        for (int failing = 1; failing <= MOST_CALLS; failing++) {
            taken.clear();
            MockConsumer<String, byte[]> consumer = new MockConsumer<>("earliest");
            consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
            consumer.updateEndOffsets(Map.of(PARTITION, 3L));
            AtomicInteger calls = new AtomicInteger();
            int number = failing;
            try (LogFollower follower = new LogFollower(
                    "test",
                    () -> interrupted(consumer, calls, number, trouble),
                    () -> brokers,
                    Set.of(TOPIC),
                    PARTITION,
                    reader(_ -> {}),
                    fatal::add,
                    Duration.ofMillis(1),
                    nanoTime::get)) {
                follower.start();
                soon().atMost(LIMIT).until(() -> follower.ready() && calls.get() > number);
                consumer.schedulePollTask(
                        () -> consumer.addRecord(new ConsumerRecord<>(TOPIC, 0, 3, "k3", bytes("v3"))));
                soon().atMost(LIMIT).until(() -> !taken.isEmpty());
            }
            assertThat(taken).as("call %s", number).containsExactly("k3");
        }
        assertThat(fatal).isEmpty();
    }

    @Test
    void isUnreadyAndEndsTheProcessWhereItCannotGoOn() {
        LogFollower.Reader reader = reader(_ -> {
            throw new StackOverflowError();
        });
        try (LogFollower follower = follower(() -> log(new AtomicInteger(), 0, KafkaException::new), reader)) {
            follower.start();
            soon().atMost(LIMIT).until(() -> !fatal.isEmpty());
            assertThat(follower.ready()).isFalse();
        }
        assertThat(fatal).singleElement().asString().contains("test can't go on", "StackOverflowError");
    }

    /** Polls often: there are hundreds of waits. */
    private static ConditionFactory soon() {
        return await().pollInterval(Duration.ofMillis(2));
    }
}
