package io.muster.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.muster.codec.RecordCodec;
import io.muster.records.CloseConnection;
import io.muster.records.Delivery;
import io.muster.records.MethodRequest;
import io.muster.records.MethodRequests;
import io.muster.records.MethodTarget;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.SchemaRegistry;
import io.muster.service.EndOffsets;
import io.muster.service.trouble.Faults;
import io.muster.service.trouble.MemoryLog;
import io.muster.service.trouble.Trial;
import io.muster.service.trouble.Trouble;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Fails each call of the loop by each kind of exception: each delivery is handed over once, behind its commit, or the gateway ends. */
class DeliveryReaderTest {
    private static final String TOPIC = "deliveries";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final int DELIVERIES = 6;
    private static final int FOREIGN_SCHEMA = 77;
    private static final int CALLS = 12;
    private static final Set<Trouble> ENDING = EnumSet.of(
            Trouble.UNAUTHORIZED,
            Trouble.BROKER_ODD,
            Trouble.UNDECODABLE,
            Trouble.INTERRUPTED,
            Trouble.CLIENT_ODD,
            Trouble.OUT_OF_STACK);
    private static final Faults NONE = new Faults(0, AssertionError::new);

    private final MemoryLog<String> log = new MemoryLog<>(TOPIC);
    private final List<Long> taken = new CopyOnWriteArrayList<>();
    private final List<Delivery> deliveries = new CopyOnWriteArrayList<>();
    private final List<String> traces = new CopyOnWriteArrayList<>();
    private final List<String> reasons = new CopyOnWriteArrayList<>();
    private final List<Long> aside = new CopyOnWriteArrayList<>();
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final RecordCodec<Delivery> codec = codec(NONE);
    private final Consumer<String, byte[]> consumer = consumer(log);
    private final Queue<Throwable> refusals = new ConcurrentLinkedQueue<>();
    private DeliveryReader reader = new DeliveryReader(
            consumer, log.ends(), PARTITION, codec, new Sink(), InstantSource.system(), System::nanoTime, ends::add);

    /** Knows the schema of one gateway, and has to ask for that of a newer planner. */
    private static RecordCodec<Delivery> codec(Faults faults) {
        InMemorySchemaRegistry known = new InMemorySchemaRegistry();
        SchemaRegistry registry = faults.of(SchemaRegistry.class, new SchemaRegistry() {
            @Override
            public int register(String subject, Schema schema) {
                return known.register(subject, schema);
            }

            @Override
            public Schema byId(int id) {
                return id == FOREIGN_SCHEMA ? Delivery.getClassSchema() : known.byId(id);
            }

            @Override
            public Registered latest(String subject) {
                return known.latest(subject);
            }
        });
        return new RecordCodec<>(registry, TOPIC + "-value", Delivery.class);
    }

    private static Consumer<String, byte[]> consumer(MemoryLog<String> log) {
        Consumer<String, byte[]> consumer = log.consumer();
        consumer.assign(List.of(PARTITION));
        return consumer;
    }

    private final class Sink implements DeliveryReader.Sink {
        @Override
        public void take(
                Delivery delivery,
                ConsumerRecord<String, byte[]> record,
                @Nullable String traceparent,
                long writtenAfter) {
            assertThat(log.committed(TOPIC)).as("committed before").isGreaterThan(record.offset());
            switch (refusals.poll()) {
                case null -> {
                    taken.add(record.offset());
                    deliveries.add(delivery);
                    traces.add(String.valueOf(traceparent));
                }
                case Error e -> throw e;
                case RuntimeException e -> throw e;
                case Throwable e -> throw new AssertionError(e);
            }
        }

        @Override
        public int waiting() {
            return 0;
        }

        @Override
        public void putAside(ConsumerRecord<String, byte[]> record, String reason) {
            aside.add(record.offset());
            reasons.add(reason);
        }
    }

    @AfterEach
    void stop() {
        reader.stop(Duration.ofSeconds(10));
    }

    private byte[] delivery(int number) {
        byte[] value = codec.encode(new Delivery("d" + number, Instant.EPOCH, new CloseConnection((long) number, "")));
        if (number >= DELIVERIES / 2) {
            value[4] = FOREIGN_SCHEMA;
        }
        return value;
    }

    private List<Long> start() {
        IntStream.range(0, DELIVERIES).forEach(number -> log.add(TOPIC, "d", delivery(number)));
        reader.start();
        return offsets(DELIVERIES);
    }

    private static List<Long> offsets(int count) {
        return IntStream.range(0, count).mapToObj(Long::valueOf).toList();
    }

    @Test
    void deliversOnceOrEndsWhicheverCallFails() {
        new Trial(CALLS, ENDING).run((faults, fatal) -> {
            AtomicLong clock = new AtomicLong();
            return loop(topic -> new DeliveryReader(
                    faults.of(Consumer.class, consumer(topic.log())),
                    faults.of(EndOffsets.class, topic.log().ends()),
                    PARTITION,
                    codec(NONE),
                    topic,
                    InstantSource.system(),
                    () -> clock.addAndGet(Duration.ofSeconds(1).toNanos()),
                    fatal));
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"REGISTRY_AWAY", "BROKER_SLOW", "BROKER_GONE"})
    void deliversOnceWhereTheRegistryWasAway(Trouble trouble) {
        Faults faults = new Faults(2, trouble::make);
        List<String> fatal = new CopyOnWriteArrayList<>();
        try (Trial.Loop loop = loop(topic -> new DeliveryReader(
                consumer(topic.log()),
                topic.log().ends(),
                PARTITION,
                codec(faults),
                topic,
                InstantSource.system(),
                System::nanoTime,
                fatal::add))) {
            await().until(() -> faults.areOver() && loop.isReady() && loop.isDone());
        }
        assertThat(fatal).isEmpty();
    }

    /** Holds a log of its own and takes each of its deliveries once, behind the commit. */
    private record Deliveries(MemoryLog<String> log, List<Long> offsets) implements DeliveryReader.Sink {
        @Override
        public void take(
                Delivery delivery,
                ConsumerRecord<String, byte[]> record,
                @Nullable String traceparent,
                long writtenAfter) {
            assertThat(log.committed(TOPIC)).as("committed before").isGreaterThan(record.offset());
            offsets.add(record.offset());
        }

        @Override
        public int waiting() {
            return 0;
        }

        @Override
        public void putAside(ConsumerRecord<String, byte[]> record, String reason) {
            throw new AssertionError(reason);
        }
    }

    private Trial.Loop loop(Function<Deliveries, DeliveryReader> maker) {
        Deliveries deliveries = new Deliveries(new MemoryLog<>(TOPIC), new CopyOnWriteArrayList<>());
        IntStream.range(0, DELIVERIES).forEach(number -> deliveries.log().add(TOPIC, "d", delivery(number)));
        DeliveryReader made = maker.apply(deliveries);
        made.start();
        return new Trial.Loop() {
            @Override
            public boolean isReady() {
                return made.ready();
            }

            @Override
            public boolean isDone() {
                List<Long> now = List.copyOf(deliveries.offsets());
                assertThat(now).as("each once, in order").isEqualTo(offsets(now.size()));
                return now.size() == DELIVERIES && made.caughtUpAt().isAfter(Instant.EPOCH);
            }

            @Override
            public void close() {
                made.stop(Duration.ofSeconds(10));
                assertThat(deliveries.log().committed(TOPIC))
                        .as("each committed record was handed over")
                        .isEqualTo(deliveries.offsets().size());
            }
        };
    }

    @Test
    void deliversThoughTheEndOffsetIsUnknown() {
        reader = new DeliveryReader(
                consumer,
                new EndOffsets() {
                    @Override
                    public CompletableFuture<Map<TopicPartition, Long>> ask(Collection<TopicPartition> partitions) {
                        return CompletableFuture.failedFuture(new TimeoutException("slow"));
                    }

                    @Override
                    public void close() {}
                },
                PARTITION,
                codec,
                new Sink(),
                InstantSource.system(),
                System::nanoTime,
                ends::add);
        List<Long> all = start();
        await().atMost(Duration.ofSeconds(3))
                .untilAsserted(() -> assertThat(taken).hasSameSizeAs(all));
        assertThat(reader.caughtUpAt()).isEqualTo(Instant.EPOCH);
    }

    /** Waits for no broker that is silent or answers late; then the records are known that were written before the question was asked. */
    @Test
    void handsEachBatchOverWhileTheBrokersAreSilent() throws InterruptedException {
        AtomicLong nanos = new AtomicLong();
        List<CompletableFuture<Map<TopicPartition, Long>>> questions = new ArrayList<>();
        Instant start = Instant.parse("2001-02-03T04:05:06Z");
        DeliveryReader slow = new DeliveryReader(
                consumer,
                new EndOffsets() {
                    @Override
                    public CompletableFuture<Map<TopicPartition, Long>> ask(Collection<TopicPartition> partitions) {
                        questions.add(new CompletableFuture<>());
                        return questions.getLast();
                    }

                    @Override
                    public void close() {}
                },
                PARTITION,
                codec,
                new Sink(),
                () -> start.plusNanos(nanos.get()),
                nanos::get,
                ends::add);
        for (int i = 1; i <= 100; i++) {
            log.add(TOPIC, "d", delivery(0));
            slow.pollOnce();
            assertThat(taken).hasSize(i);
            nanos.addAndGet(Duration.ofMillis(100).toNanos());
        }
        assertThat(questions).as("one question at a time").hasSize(1);
        assertThat(slow.caughtUpAt()).isEqualTo(Instant.EPOCH);
        questions.getFirst().complete(Map.of(PARTITION, 100L));
        slow.pollOnce();
        slow.pollOnce();
        assertThat(questions).hasSize(2);
        assertThat(slow.caughtUpAt())
                .as("when it was asked, not when it was answered")
                .isEqualTo(start);
    }

    @Test
    void deadLettersAFailingDeliveryAndEndsTheProcessAtAnError() {
        refusals.add(new IllegalStateException("not for a connection"));
        List<Long> all = new ArrayList<>(start());
        all.removeFirst();
        await().untilAsserted(() -> assertThat(taken).containsExactlyElementsOf(all));
        assertThat(aside).containsExactly(0L);
        assertThat(ends).isEmpty();
        refusals.add(new OutOfMemoryError());
        log.add(TOPIC, "d", delivery(0));
        await().untilAsserted(() -> assertThat(ends).hasSize(1));
        assertThat(reader.ready()).isFalse();
    }

    /** Delivers fifty a second, each of which keeps its connection's thread busy: no poll is empty, and none finds all handed over. */
    @Test
    void overestimatesNoAgeInAnUnbrokenStreamOfDeliveries() throws InterruptedException {
        Instant start = Instant.parse("2001-02-03T04:05:06Z");
        AtomicLong nanos = new AtomicLong();
        AtomicInteger busy = new AtomicInteger();
        List<Duration> ages = new ArrayList<>();
        DeliveryReader steady = new DeliveryReader(
                consumer,
                log.ends(),
                PARTITION,
                codec,
                new DeliveryReader.Sink() {
                    @Override
                    public void take(
                            Delivery delivery,
                            ConsumerRecord<String, byte[]> record,
                            @Nullable String traceparent,
                            long writtenAfter) {
                        ages.add(Duration.ofNanos(nanos.get() - writtenAfter));
                        busy.incrementAndGet();
                    }

                    @Override
                    public int waiting() {
                        return busy.get();
                    }

                    @Override
                    public void putAside(ConsumerRecord<String, byte[]> record, String reason) {
                        throw new AssertionError(reason);
                    }
                },
                () -> start.plusNanos(nanos.get()),
                nanos::get,
                ends::add);
        int each = 20;
        int most = 30_000;
        for (int millis = 0; millis < most; millis += each) {
            log.add(TOPIC, "d", delivery(0));
            steady.pollOnce();
            nanos.addAndGet(Duration.ofMillis(each / 2).toNanos());
            steady.pollOnce();
            busy.set(0);
            nanos.addAndGet(Duration.ofMillis(each / 2).toNanos());
        }
        assertThat(ages).hasSize(most / each);
        assertThat(ages.subList(most / each / 10, most / each))
                .allSatisfy(age -> assertThat(age).isLessThanOrEqualTo(Duration.ofMillis(2 * 1000 + 3 * each)));
        assertThat(steady.caughtUpAt()).isAfter(start.plusMillis(most - 3 * 1000));
    }

    private static MethodTarget target(int number, @Nullable String traceparent) {
        return new MethodTarget("d" + number, 7L, "id" + number, Instant.EPOCH, traceparent);
    }

    private void add(int from, int to) {
        List<MethodTarget> targets = IntStream.range(from, to)
                .mapToObj(number -> target(number, number == 1 ? "trace" : null))
                .toList();
        log.add(
                TOPIC,
                "job",
                codec.encode(new Delivery(null, Instant.EPOCH, new MethodRequests("reboot", "{}", targets))));
    }

    @Test
    void handsOverEachMethodRequestOfARecordInOrder() throws InterruptedException {
        add(0, 3);
        reader.pollOnce();
        assertThat(deliveries)
                .containsExactlyElementsOf(IntStream.range(0, 3)
                        .mapToObj(number -> new Delivery(
                                "d" + number,
                                Instant.EPOCH,
                                new MethodRequest(7L, "id" + number, "reboot", "{}", Instant.EPOCH)))
                        .toList());
        assertThat(traces).containsExactly("null", "trace", "null");
    }

    @Test
    void deadLettersAloneTheMethodRequestThatFails() throws InterruptedException {
        refusals.add(new IllegalStateException("not for a connection"));
        add(0, 3);
        reader.pollOnce();
        assertThat(deliveries).extracting(Delivery::getDeviceId).containsExactly("d1", "d2");
        assertThat(reasons).singleElement().asString().startsWith("request 1 of 3: it can't be handed over: ");
    }

    /** Commits small batches, since a gateway that is killed leaves one in doubt. */
    @Test
    void commitsOneBatchOfRequestsAtATime() throws InterruptedException {
        add(0, 150);
        add(150, 200);
        add(200, 201);
        add(201, 501);
        reader.pollOnce();
        assertThat(deliveries).hasSize(200);
        assertThat(log.committed(TOPIC)).isEqualTo(2);
        reader.pollOnce();
        assertThat(deliveries).hasSize(201);
        assertThat(log.committed(TOPIC)).isEqualTo(3);
        reader.pollOnce();
        assertThat(deliveries).hasSize(501);
        assertThat(log.committed(TOPIC)).isEqualTo(4);
        assertThat(deliveries).extracting(Delivery::getDeviceId).doesNotHaveDuplicates();
    }

    @Test
    @SuppressWarnings("unchecked")
    void readsAgainWhatItHadPolledWhereACommitFails() throws InterruptedException {
        AtomicBoolean away = new AtomicBoolean();
        reader = new DeliveryReader(
                (Consumer<String, byte[]>) Proxy.newProxyInstance(
                        getClass().getClassLoader(), new Class<?>[] {Consumer.class}, (_, method, arguments) -> {
                            if (method.getName().equals("commitSync") && away.getAndSet(false)) {
                                throw new TimeoutException("away");
                            }
                            return method.invoke(consumer, arguments);
                        }),
                log.ends(),
                PARTITION,
                codec,
                new Sink(),
                InstantSource.system(),
                System::nanoTime,
                ends::add);
        add(0, 200);
        add(200, 300);
        reader.pollOnce();
        assertThat(deliveries).hasSize(200);
        away.set(true);
        assertThatThrownBy(reader::pollOnce).isInstanceOf(TimeoutException.class);
        reader.pollOnce();
        assertThat(deliveries).extracting(Delivery::getDeviceId).hasSize(300).doesNotHaveDuplicates();
    }

    @Test
    void deadLettersADeliveryThatNamesNoDevice() throws InterruptedException {
        log.add(TOPIC, "d", codec.encode(new Delivery(null, Instant.EPOCH, new CloseConnection(1L, ""))));
        reader.pollOnce();
        assertThat(reasons).containsExactly("a delivery names its device");
    }

    /** Reads whatever a writer of Kafka may write. */
    @ParameterizedTest
    @MethodSource("seeds")
    void deadLettersPoisonAndDeliversItsNeighbours(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Long> right = new ArrayList<>();
        int records = 500;
        for (int number = 0; number < records; number++) {
            byte[] value = delivery(random.nextInt(DELIVERIES));
            switch (random.nextInt(5)) {
                case 0 -> log.add(TOPIC, "d", null);
                case 1 -> log.add(TOPIC, "d", new byte[random.nextInt(8)]);
                case 2 -> {
                    value[4] = (byte) 99; // No schema has that number.
                    log.add(TOPIC, "d", value);
                }
                case 3 -> {
                    byte[] noise = new byte[5 + random.nextInt(300)];
                    random.nextBytes(noise);
                    System.arraycopy(value, 0, noise, 0, 5);
                    log.add(TOPIC, "d", noise);
                }
                default -> {
                    right.add((long) number);
                    log.add(TOPIC, "d", value);
                }
            }
        }
        reader.start();
        await().untilAsserted(() -> assertThat(taken.size() + aside.size()).isEqualTo(records));
        assertThat(taken).containsAll(right);
        assertThat(ends).isEmpty();
        assertThat(reader.ready()).isTrue();
    }

    static List<Long> seeds() {
        return List.of(1L, 2L, 3L);
    }
}
