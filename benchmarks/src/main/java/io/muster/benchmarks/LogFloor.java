package io.muster.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Counts what a job wrote, and measures how fast plain transactional producers write the same again. */
final class LogFloor {
    private static final int PRODUCERS = 2;
    private static final int COMMIT_MS = 20;

    private final String bootstrap;
    private final Map<TopicPartition, Long> before;

    /** Keeps the lengths of one record and its partition. */
    private record Written(int partition, int keyBytes, int valueBytes) {}

    /** Counts what a job wrote, and the seconds in which plain producers write as much. @param records of the job on all topics, without markers */
    record Result(long records, long bytes, double seconds) {}

    private LogFloor(String bootstrap, Map<TopicPartition, Long> before) {
        this.bootstrap = bootstrap;
        this.before = before;
    }

    /** Remembers where every topic ends now. */
    static LogFloor mark(String bootstrap) throws ExecutionException, InterruptedException {
        return new LogFloor(bootstrap, ends(bootstrap));
    }

    private static Map<TopicPartition, Long> ends(String bootstrap) throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
                KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap)) {
            List<TopicPartition> partitions =
                    admin.describeTopics(admin.listTopics().names().get()).allTopicNames().get().values().stream()
                            .flatMap(topic -> topic.partitions().stream()
                                    .map(info -> new TopicPartition(topic.name(), info.partition())))
                            .toList();
            return consumer.endOffsets(partitions);
        }
    }

    /** Returns how many records each topic got since, without markers. */
    SortedMap<String, Long> counts() throws ExecutionException, InterruptedException {
        SortedMap<String, Long> counts = new TreeMap<>();
        read(ends(bootstrap)).forEach((topic, records) -> counts.put(topic, (long) records.size()));
        return counts;
    }

    /** Reads what was written since, and writes it again. */
    Result measure() throws ExecutionException, InterruptedException {
        Map<String, List<Written>> written = read(ends(bootstrap));
        prepare(written);
        List<Thread> threads = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < PRODUCERS; i++) {
            int share = i;
            threads.add(Thread.ofPlatform().start(() -> write(written, share)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        long records = written.values().stream().mapToLong(List::size).sum();
        long bytes = written.values().stream()
                .flatMap(List::stream)
                .mapToLong(record -> record.keyBytes() + record.valueBytes())
                .sum();
        return new Result(records, bytes, seconds);
    }

    private Map<String, List<Written>> read(Map<TopicPartition, Long> after) {
        Map<TopicPartition, Long> grown = after.entrySet().stream()
                .filter(end -> end.getValue() > before.getOrDefault(end.getKey(), 0L))
                .filter(end -> !end.getKey().topic().startsWith("__"))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        Map<String, List<Written>> written = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap)) {
            consumer.assign(grown.keySet());
            grown.keySet().forEach(partition -> consumer.seek(partition, before.getOrDefault(partition, 0L)));
            while (grown.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200))
                        .forEach(record -> written.computeIfAbsent(record.topic(), _ -> new ArrayList<>())
                                .add(new Written(
                                        record.partition(),
                                        Math.max(0, record.serializedKeySize()),
                                        Math.max(0, record.serializedValueSize()))));
            }
        }
        return written;
    }

    private void prepare(Map<String, List<Written>> written) throws ExecutionException, InterruptedException {
        List<NewTopic> topics = written.entrySet().stream()
                .map(entry -> new NewTopic(
                        "floor-" + entry.getKey(),
                        Optional.of(1
                                + entry.getValue().stream()
                                        .mapToInt(Written::partition)
                                        .max()
                                        .orElse(0)),
                        Optional.of((short) 1)))
                .toList();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(topics).all().get();
        }
    }

    /** Writes as one of the producers: the partitions of its share, committed as often as the planner commits. */
    private void write(Map<String, List<Written>> written, int share) {
        Map<String, Object> properties = Map.of(
                "bootstrap.servers",
                bootstrap,
                "transactional.id",
                "floor-" + share,
                "linger.ms",
                2,
                "batch.size",
                128 * 1024);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            long committed = System.nanoTime();
            for (Map.Entry<String, List<Written>> topic : written.entrySet()) {
                for (Written record : topic.getValue()) {
                    if (record.partition() % PRODUCERS == share) {
                        producer.send(new ProducerRecord<>(
                                "floor-" + topic.getKey(),
                                record.partition(),
                                new byte[record.keyBytes()],
                                new byte[record.valueBytes()]));
                        if (System.nanoTime() - committed > COMMIT_MS * 1_000_000L) {
                            producer.commitTransaction();
                            producer.beginTransaction();
                            committed = System.nanoTime();
                        }
                    }
                }
            }
            producer.commitTransaction();
        }
    }

    private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap) {
        return new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }
}
