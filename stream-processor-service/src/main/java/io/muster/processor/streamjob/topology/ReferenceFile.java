package io.muster.processor.streamjob.topology;

import io.muster.processor.format.InputFormat;
import io.muster.processor.format.JsonRecords;
import io.muster.query.stream.StreamQuery;
import io.muster.service.KafkaConnection;
import io.muster.service.LogScan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes files of reference data as a topic of one start, so that every instance and every replay sees the same. One file is valid since
 * ever; of several each from the time on that its path says, and all of it replaces the one before. Files that come while the start runs are
 * polled for.
 */
final class ReferenceFile implements AutoCloseable {
    /** Sets up its topic: the times of its records are those from which they are valid. */
    static final Map<String, String> SETTINGS = Map.of("message.timestamp.type", "CreateTime", "retention.ms", "-1");

    private static final Logger LOG = LoggerFactory.getLogger(ReferenceFile.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    /** Bounds a row, in bytes: 1 MiB with the rest of a record. */
    private static final int LARGEST_ROW = 1_000_000;

    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** Lets a file that is there so long before its time take effect exactly then. */
    private static final Duration AHEAD = Duration.ofMinutes(1);

    private final Optional<Path> folder;
    private final RunnableStreamJob.Input.OfFile file;
    private final String topic;
    private final Clients clients;
    private final Duration pause;
    private final InstantSource clock;
    private final @Nullable Thread following;
    private volatile Optional<Instant> latest = Optional.empty();
    private volatile Optional<String> trouble = Optional.empty();

    /** Makes clients of the topic, each closed after one use. */
    record Clients(
            Supplier<? extends Consumer<byte[], byte[]>> readers,
            Supplier<? extends Producer<byte[], byte[]>> writers) {
        private static Clients of(KafkaConnection kafka, String topic) {
            Map<String, Object> reading = kafka.clientProperties();
            reading.put("isolation.level", "read_committed");
            Map<String, Object> writing = kafka.clientProperties();
            writing.put("transactional.id", topic);
            return new Clients(
                    () -> new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
                    () -> new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer()));
        }
    }

    private ReferenceFile(
            Optional<Path> folder,
            RunnableStreamJob.Input.OfFile file,
            String topic,
            Clients clients,
            Duration pause,
            InstantSource clock) {
        this.folder = folder;
        this.file = file;
        this.topic = topic;
        this.clients = clients;
        this.pause = pause;
        this.clock = clock;
        this.following = file.path().hasVersions() ? Thread.ofVirtual().unstarted(this::pollFiles) : null;
    }

    static String topic(String applicationId, String input) {
        return applicationId + "-reference-" + java.util.UUID.nameUUIDFromBytes(input.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes the files that there are into the topic, unless that was done.
     *
     * @throws StreamJobDefinitionException where there is no such file, or it can't be read
     */
    static ReferenceFile publish(
            Optional<Path> folder,
            RunnableStreamJob.Input.OfFile file,
            String topic,
            KafkaConnection kafka,
            InstantSource clock)
            throws StreamJobDefinitionException {
        return publish(folder, file, topic, Clients.of(kafka, topic), INTERVAL, clock);
    }

    /** Writes as above. @param pause between two polls for newer files */
    static ReferenceFile publish(
            Optional<Path> folder,
            RunnableStreamJob.Input.OfFile file,
            String topic,
            Clients clients,
            Duration pause,
            InstantSource clock)
            throws StreamJobDefinitionException {
        ReferenceFile published = new ReferenceFile(folder, file, topic, clients, pause, clock);
        published.publishNewer();
        return published;
    }

    /** Starts to poll for newer files until it is closed, where more may come. */
    void follow() {
        if (following != null) {
            following.start();
        }
    }

    /** Returns why there may be newer reference data than are used, if that is so. */
    Optional<String> trouble() {
        return trouble;
    }

    private void pollFiles() {
        try {
            while (true) {
                Thread.sleep(pause);
                try {
                    publishNewer();
                    trouble = latest.isPresent()
                            ? Optional.empty()
                            : Optional.of("There are no reference data yet: " + file.path());
                } catch (StreamJobDefinitionException e) {
                    trouble = Optional.of(String.valueOf(e.getMessage()));
                } catch (RuntimeException | StackOverflowError e) {
                    // This thread is the only one that polls for newer data: it goes on, and the job says why it has
                    // none.
                    LOG.warn(
                            "Newer reference data can't be published and are tried again, topic={} reason={}",
                            topic,
                            e.toString());
                    trouble = Optional.of("Newer reference data " + file.path() + " can't be taken now: "
                            + e.getClass().getSimpleName() + ".");
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void publishNewer() throws StreamJobDefinitionException {
        SortedMap<Instant, Path> files = files().headMap(clock.instant().plus(AHEAD));
        if (files.isEmpty()
                || latest.filter(known -> !known.isBefore(files.lastKey())).isPresent()) {
            return;
        }
        latest = published(); // Another instance may have been faster.
        SortedMap<Instant, Path> further =
                latest.map(known -> files.tailMap(known.plusMillis(1))).orElse(files);
        if (further.isEmpty()) {
            return;
        }
        Optional<Path> before =
                files.headMap(further.firstKey()).values().stream().reduce((_, last) -> last);
        int rows = before.isEmpty() ? 0 : read(before.get()).size();
        try (Producer<byte[], byte[]> producer = clients.writers().get()) {
            producer.initTransactions();
            producer.beginTransaction();
            for (Map.Entry<Instant, Path> version : further.entrySet()) {
                rows = send(producer, version.getKey(), version.getValue(), rows);
            }
            producer.commitTransaction();
        }
        latest = Optional.of(further.lastKey());
    }

    /** Writes a version. @param before how many rows the version before has: those beyond the new ones are removed @return how many this one has */
    private int send(Producer<byte[], byte[]> producer, Instant from, Path path, int before)
            throws StreamJobDefinitionException {
        List<Map<String, Object>> rows = read(path);
        for (int i = 0; i < Math.max(rows.size(), before); i++) {
            byte @Nullable [] row = i < rows.size() ? JsonRecords.write(rows.get(i)) : null;
            if (row != null && row.length > LARGEST_ROW) {
                throw new StreamJobDefinitionException("The reference data " + root().relativize(path)
                        + " have a row of more than " + LARGEST_ROW + " bytes: the row " + (i + 1));
            }
            producer.send(new ProducerRecord<>(
                    topic, 0, from.toEpochMilli(), String.valueOf(i).getBytes(StandardCharsets.UTF_8), row));
        }
        return rows.size();
    }

    /** Returns from when on the latest version in the topic is valid. */
    private Optional<Instant> published() {
        TopicPartition partition = new TopicPartition(topic, 0);
        AtomicReference<Instant> last = new AtomicReference<>();
        try (Consumer<byte[], byte[]> consumer = clients.readers().get()) {
            LogScan.read(
                    consumer,
                    consumer.endOffsets(Set.of(partition)),
                    LIMIT,
                    () -> false,
                    record -> last.set(Instant.ofEpochMilli(record.timestamp())));
        }
        return Optional.ofNullable(last.get());
    }

    private Path root() throws StreamJobDefinitionException {
        return folder.orElseThrow(
                        () -> new StreamJobDefinitionException(
                                "There is no folder for reference data: set stream.reference.dir of the stream processor, or name a topic."))
                .toAbsolutePath()
                .normalize();
    }

    private SortedMap<Instant, Path> files() throws StreamJobDefinitionException {
        try {
            return file.path().files(root());
        } catch (IOException e) {
            throw unreadable(file.path().toString(), e);
        }
    }

    private static StreamJobDefinitionException unreadable(String path, IOException e) {
        return new StreamJobDefinitionException("The reference data " + path + " can't be read: " + e.getMessage());
    }

    private List<Map<String, Object>> read(Path path) throws StreamJobDefinitionException {
        if (!path.normalize().startsWith(root())) {
            throw new StreamJobDefinitionException("Reference data lie below the folder for them: " + file.path());
        }
        InputFormat format = switch (file.format().getSerialization()) {
            case JSON -> new InputFormat.Json();
            case CSV -> new InputFormat.Csv(file.format().getDelimiter().charAt(0));
            case AVRO -> throw new StreamJobDefinitionException("A file of reference data is Json or Csv.");
        };
        try {
            return format.read(Files.readAllBytes(path), new StreamQuery.Members(Set.of(), true), 0, 0)
                    .rows();
        } catch (IOException e) {
            throw unreadable(root().relativize(path).toString(), e);
        }
    }

    @Override
    public void close() {
        if (following != null) {
            following.interrupt();
        }
    }
}
