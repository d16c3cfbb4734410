package io.muster.benchmarks;

import io.muster.codec.Codecs;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveSchedule;
import io.muster.records.ScheduleCallEnded;
import io.muster.records.ScheduleCommand;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.ScheduleMissed;
import io.muster.records.ScheduleRefused;
import io.muster.records.ScheduleSaved;
import io.muster.records.Timing;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.Standalone;
import io.muster.topics.Topics;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Prints how many schedules that are due in one second fire a second: from that second to the last firing that a consumer of committed records has
 * read. Each firing orders a run of a WebJob, which its site refuses and reports, since there is none; the last line of a round says when all reports were in. The floor is the
 * records of the last round, written again by two plain transactional producers. Arguments: the folder standalone/target/muster, schedules, rounds. {@link FiringPeers} measures others.
 */
public final class FiringDriver implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final int SITES = 1000;
    private static final int SAVED_A_SECOND = 2500;
    private static final List<String> PROCESSES = List.of("broker", "planner", "processor", "api");

    private final Codecs codecs;
    private final String kafka;
    private final KafkaConsumer<String, byte[]> consumer;
    private final Map<Class<?>, Integer> seen = new HashMap<>();
    /** How late each firing of the round was decided, in milliseconds. */
    private final List<Long> late = new ArrayList<>();

    private FiringDriver(Standalone muster) {
        codecs = new Codecs(new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.options().registry()), null, null, null)));
        kafka = muster.options().kafka();
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka, "isolation.level", "read_committed", "max.poll.records", 5000),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = consumer.partitionsFor(Topics.SCHEDULE_EVENTS.name()).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    public static void main(String[] args) throws Exception {
        int schedules = Integer.parseInt(args[1]);
        int rounds = Integer.parseInt(args[2]);
        try (Standalone muster = Trial.start(args[0]);
                FiringDriver driver = new FiringDriver(muster)) {
            Instant first =
                    Instant.now().plusSeconds(10 + schedules / SAVED_A_SECOND).truncatedTo(ChronoUnit.SECONDS);
            driver.save(schedules, first, rounds);
            for (int round = 0; round < rounds; round++) {
                boolean isLast = round == rounds - 1;
                Instant due = first.plus(PERIOD.multipliedBy(round));
                while (Instant.now().isBefore(due.minusMillis(500))) {
                    Thread.sleep(50);
                }
                LogFloor floor = LogFloor.mark(muster.options().kafka());
                CpuUse cpu = CpuUse.mark(muster, PROCESSES);
                double seconds = driver.fired(schedules, round, due);
                System.out.printf(
                        "round %d: %d firings in %.2f s = %.0f/s; CPU a firing: %s%n",
                        round + 1, schedules, seconds, schedules / seconds, cpu.micros(schedules));
                driver.await((round + 1) * schedules, ScheduleCallEnded.class);
                double reported = Duration.between(due, Instant.now()).toMillis() / 1e3;
                System.out.printf(
                        "    all reported in %.2f s = %.0f/s; CPU a firing with its report: %s%n",
                        reported, schedules / reported, cpu.micros(schedules));
                if (isLast) {
                    Thread.sleep(POLL.multipliedBy(100));
                    System.out.println("    records: " + floor.counts());
                    LogFloor.Result result = floor.measure();
                    System.out.printf(
                            "    floor: %d records, %d bytes, %.2f s = %.0f firings/s; ratio %.2f%n",
                            result.records(),
                            result.bytes(),
                            result.seconds(),
                            schedules / result.seconds(),
                            result.seconds() / seconds);
                }
            }
        }
    }

    /** Writes the commands, and returns when all schedules are there. */
    private void save(int schedules, Instant first, int rounds) {
        long start = System.nanoTime();
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka, "linger.ms", 5),
                new StringSerializer(),
                new ByteArraySerializer())) {
            for (int number = 0; number < schedules; number++) {
                String id = "firing-" + number;
                ScheduleDefinition definition = ScheduleDefinition.newBuilder()
                        .setTiming(Timing.newBuilder()
                                .setStart(first)
                                .setRecurrence(new ElapsedRecurrence(PERIOD.toSeconds()))
                                .setCount((long) rounds)
                                .build())
                        .setAction(new RunSiteJob("site-" + number % SITES, "none", ""))
                        .build();
                producer.send(new ProducerRecord<>(
                        Topics.SCHEDULE_COMMANDS.name(),
                        id,
                        codecs.of(Topics.SCHEDULE_COMMANDS)
                                .encode(new ScheduleCommand(id, new SaveSchedule(definition)))));
            }
        }
        await(schedules, ScheduleSaved.class);
        if (!Instant.now().isBefore(first)) {
            throw new IllegalStateException(
                    "the schedules were due before all were there, saved in s=" + (System.nanoTime() - start) / 1e9);
        }
        System.out.printf(
                "%d schedules saved in %.1f s, by commands on the topic%n",
                schedules, (System.nanoTime() - start) / 1e9);
    }

    /** Returns the seconds from the due time to when the last firing was read */
    private double fired(int schedules, int round, Instant due) {
        late.clear();
        await((round + 1) * schedules, ScheduleFired.class);
        double seconds = Duration.between(due, Instant.now()).toMillis() / 1e3;
        late.sort(null);
        System.out.printf(
                "    decided behind the due time: median %d ms, last %d ms%n",
                late.get(late.size() / 2), late.getLast());
        return seconds;
    }

    /** Reads on until there were so many events of a kind, from the beginning. */
    private void await(int total, Class<?> kind) {
        long start = System.nanoTime();
        while (seen.getOrDefault(kind, 0) < total) {
            consumer.poll(POLL).forEach(record -> {
                ScheduleEvent event = codecs.of(Topics.SCHEDULE_EVENTS).decode(record.value());
                if (event.getEvent() instanceof ScheduleFired fired) {
                    late.add(Duration.between(fired.getDueAt(), event.getAt()).toMillis());
                }
                seen.merge(event.getEvent().getClass(), 1, Integer::sum);
                if (event.getEvent() instanceof ScheduleMissed || event.getEvent() instanceof ScheduleRefused) {
                    throw new IllegalStateException("not a firing: " + event);
                }
            });
            if (System.nanoTime() - start > LIMIT.toNanos()) {
                throw new IllegalStateException("events are missing, kind=" + kind + " seen=" + seen.get(kind));
            }
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
