package io.muster.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.codec.RecordCodec;
import io.muster.records.CloseConnection;
import io.muster.records.Delivery;
import io.muster.registry.ConfluentSchemaRegistry;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.RegistrySettings;
import io.muster.registry.SchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.EndOffsets;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each call of the loop fails by each kind of exception, at its first time and at a later one. */
class DeliveryReaderTest {
    private static final int DELIVERIES = 10;
    private static final int FOREIGN_SCHEMA = 77;
    private static final List<String> CALLS = List.of("poll", "commitSync", "position", "endOffsets", "registry");

    private final PartitionDouble partition = new PartitionDouble();
    private final List<Long> taken = new CopyOnWriteArrayList<>();
    private final List<Long> aside = new CopyOnWriteArrayList<>();
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final RecordCodec<Delivery> codec = new RecordCodec<>(new Registry(), "deliveries-value", Delivery.class);
    private final DeliveryReader reader = new DeliveryReader(
            partition.consumer(),
            partition.ends(),
            PartitionDouble.PARTITION,
            codec,
            new Sink(),
            InstantSource.system(),
            System::nanoTime,
            ends::add);

    /** Knows the schema of one gateway and that of a newer planner, which it has to ask for. */
    private final class Registry implements SchemaRegistry {
        private final InMemorySchemaRegistry known = new InMemorySchemaRegistry();

        @Override
        public int register(String subject, Schema schema) {
            return known.register(subject, schema);
        }

        @Override
        public Schema byId(int id) {
            try {
                partition.reach("registry");
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
            return id == FOREIGN_SCHEMA ? Delivery.getClassSchema() : known.byId(id);
        }

        @Override
        public Registered latest(String subject) {
            return known.latest(subject);
        }
    }

    private final class Sink implements DeliveryReader.Sink {
        @Override
        public void take(Delivery delivery, ConsumerRecord<String, byte[]> record, long writtenAfter) {
            assertThat(partition.committed()).as("committed before").isGreaterThan(record.offset());
            reach("take");
            taken.add(record.offset());
        }

        @Override
        public int waiting() {
            reach("waiting");
            return 0;
        }

        @Override
        public void putAside(ConsumerRecord<String, byte[]> record, String reason) {
            aside.add(record.offset());
        }

        private void reach(String call) {
            try {
                partition.reach(call);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
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
        IntStream.range(0, DELIVERIES).forEach(number -> partition.add(delivery(number)));
        reader.start();
        return offsets(DELIVERIES);
    }

    private static List<Long> offsets(int count) {
        return IntStream.range(0, count).mapToObj(Long::valueOf).toList();
    }

    /** A real one, of a registry that nobody runs. */
    private static SchemaRegistryException registryAway() {
        try {
            new ConfluentSchemaRegistry(new RegistrySettings(URI.create("http://127.0.0.1:1"), null, null, null))
                    .byId(1);
            throw new AssertionError("somebody is there");
        } catch (SchemaRegistryException e) {
            return e;
        }
    }

    static Stream<Arguments> whatPasses() {
        SchemaRegistryException registryAway = registryAway();
        return CALLS.stream()
                .flatMap(call -> IntStream.of(0, 1)
                        .boxed()
                        .flatMap(after -> call.equals("registry")
                                ? Stream.of(Arguments.of(call, 0, registryAway))
                                : Stream.of(
                                        Arguments.of(call, after, new TimeoutException("away")),
                                        Arguments.of(call, after, new DisconnectException("gone")),
                                        Arguments.of(call, after, registryAway))));
    }

    static Stream<Arguments> whatDoesNot() {
        List<Throwable> kinds = List.of(
                new GroupAuthorizationException("not yours"),
                new KafkaException("broken"),
                new IllegalStateException("closed"),
                new NullPointerException(),
                new StackOverflowError(),
                new OutOfMemoryError());
        return Stream.concat(CALLS.stream(), Stream.of("waiting"))
                .flatMap(call -> kinds.stream().map(kind -> Arguments.of(call, call.equals("registry") ? 0 : 1, kind)));
    }

    @ParameterizedTest
    @MethodSource("whatPasses")
    void retriesWhileBrokersOrRegistryAreAwayAndDeliversOnce(String call, int after, Throwable fault) {
        partition.fail(call, after, fault);
        List<Long> all = start();
        await().untilAsserted(() -> assertThat(taken).hasSameSizeAs(all));
        await().until(reader::ready);
        assertThat(taken).containsExactlyElementsOf(all);
        assertThat(ends).isEmpty();
        assertThat(aside).isEmpty();
        await().untilAsserted(
                        () -> assertThat(reader.caughtUpAt()).as("it goes on").isAfter(Instant.EPOCH));
    }

    @ParameterizedTest
    @MethodSource("whatDoesNot")
    void endsTheProcessForAnythingElse(String call, int after, Throwable fault) {
        partition.fail(call, after, fault);
        List<Long> all = start();
        await().untilAsserted(() -> assertThat(ends)
                .singleElement()
                .asString()
                .contains(fault.getClass().getName()));
        assertThat(reader.ready()).isFalse();
        assertThat(taken).isEqualTo(all.subList(0, taken.size()));
        assertThat(partition.committed())
                .as("what was committed was handed over")
                .isEqualTo(taken.size());
    }

    @Test
    void deliversThoughTheEndOffsetIsUnknown() {
        for (int i = 0; i < 100; i++) {
            partition.fail("endOffsets", 0, new TimeoutException("slow"));
        }
        List<Long> all = start();
        await().atMost(Duration.ofSeconds(3))
                .untilAsserted(() -> assertThat(taken).hasSameSizeAs(all));
        assertThat(reader.caughtUpAt()).isEqualTo(Instant.EPOCH);
    }

    /** Brokers that are silent, or answer late: nothing waits for them, and what was written before the question was asked is known then. */
    @Test
    void handsEachBatchOverWhileTheBrokersAreSilent() throws InterruptedException {
        AtomicLong nanos = new AtomicLong();
        List<CompletableFuture<Map<TopicPartition, Long>>> questions = new ArrayList<>();
        Instant start = Instant.parse("2001-02-03T04:05:06Z");
        DeliveryReader slow = new DeliveryReader(
                partition.consumer(),
                new EndOffsets() {
                    @Override
                    public CompletableFuture<Map<TopicPartition, Long>> ask(Collection<TopicPartition> partitions) {
                        questions.add(new CompletableFuture<>());
                        return questions.getLast();
                    }

                    @Override
                    public void close() {}
                },
                PartitionDouble.PARTITION,
                codec,
                new Sink(),
                () -> start.plusNanos(nanos.get()),
                nanos::get,
                ends::add);
        for (int i = 1; i <= 100; i++) {
            partition.add(delivery(0));
            slow.pollOnce();
            assertThat(taken).hasSize(i);
            nanos.addAndGet(Duration.ofMillis(100).toNanos());
        }
        assertThat(questions).as("one question at a time").hasSize(1);
        assertThat(slow.caughtUpAt()).isEqualTo(Instant.EPOCH);
        questions.getFirst().complete(Map.of(PartitionDouble.PARTITION, 100L));
        slow.pollOnce();
        slow.pollOnce();
        assertThat(questions).hasSize(2);
        assertThat(slow.caughtUpAt())
                .as("when it was asked, not when it was answered")
                .isEqualTo(start);
    }

    @Test
    void deadLettersAFailingDeliveryAndEndsTheProcessAtAnError() {
        partition.fail("take", 4, new IllegalStateException("not for a connection"));
        List<Long> all = new ArrayList<>(start());
        all.remove(4);
        await().untilAsserted(() -> assertThat(taken).containsExactlyElementsOf(all));
        assertThat(aside).containsExactly(4L);
        assertThat(ends).isEmpty();
        partition.fail("take", 0, new OutOfMemoryError());
        partition.add(delivery(0));
        await().untilAsserted(() -> assertThat(ends).hasSize(1));
        assertThat(reader.ready()).isFalse();
    }

    /** Fifty deliveries a second, each of which keeps its connection's thread busy: no poll is empty, and none finds all handed over. */
    @Test
    void overestimatesNoAgeInAnUnbrokenStreamOfDeliveries() throws InterruptedException {
        Instant start = Instant.parse("2001-02-03T04:05:06Z");
        AtomicLong nanos = new AtomicLong();
        AtomicInteger busy = new AtomicInteger();
        List<Duration> ages = new ArrayList<>();
        DeliveryReader steady = new DeliveryReader(
                partition.consumer(),
                partition.ends(),
                PartitionDouble.PARTITION,
                codec,
                new DeliveryReader.Sink() {
                    @Override
                    public void take(Delivery delivery, ConsumerRecord<String, byte[]> record, long writtenAfter) {
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
            partition.add(delivery(0));
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

    /** Writers of Kafka may write anything. */
    @ParameterizedTest
    @MethodSource("seeds")
    void deadLettersPoisonAndDeliversItsNeighbours(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Long> right = new ArrayList<>();
        int records = 500;
        for (int number = 0; number < records; number++) {
            byte[] value = delivery(random.nextInt(DELIVERIES));
            switch (random.nextInt(5)) {
                case 0 -> partition.add(null);
                case 1 -> partition.add(new byte[random.nextInt(8)]);
                case 2 -> {
                    value[4] = (byte) 99; // No schema has that number.
                    partition.add(value);
                }
                case 3 -> {
                    byte[] noise = new byte[5 + random.nextInt(300)];
                    random.nextBytes(noise);
                    System.arraycopy(value, 0, noise, 0, 5);
                    partition.add(noise);
                }
                default -> {
                    right.add((long) number);
                    partition.add(value);
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
