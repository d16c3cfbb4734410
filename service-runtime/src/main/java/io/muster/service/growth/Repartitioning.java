package io.muster.service.growth;

import io.muster.codec.Codecs;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.KafkaConnection;
import io.muster.service.Provisioning;
import io.muster.service.Registries;
import io.muster.service.ServiceProgram;
import io.muster.service.Settings;
import io.muster.service.SettingsException;
import io.muster.service.coordinator.RecordNumbers;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.service.state.RowPlacement;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Partitioning;
import io.muster.topics.RecordSizes;
import io.muster.topics.Retention;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Gives topics more partitions, and moves what is kept by key to where its keys are then: the command that an operator runs while no service
 * does. Records that were read stay where they are. Described in docs/operate/growing.md and ADR 0016.
 */
public final class Repartitioning implements AutoCloseable {
    private static final String NAME = "repartitioning";

    /** Holds how many partitions are wanted, by the name of the topic. */
    private static final Map<String, Partitioning> KINDS = kinds();

    private final PartitionCounts wanted;
    private final Admin admin;
    private final LogReader reader;
    private final KafkaProducer<byte[], byte[]> producer;
    private final TableMover mover;
    private final QuiescenceCheck quiescence;

    private static Map<String, Partitioning> kinds() {
        Map<String, Partitioning> kinds = new HashMap<>();
        Topics.ALL.forEach(topic -> kinds.put(topic.name(), topic.partitioning()));
        Applications.TABLES.forEach(table -> kinds.put(table.topic(), table.partitioning()));
        return kinds;
    }

    /** Signals that nothing was altered. The message is a sentence that says what to do. */
    public static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        RefusedException(String message) {
            super(message);
        }
    }

    /** Connects to the brokers; nothing is moved yet. @throws KafkaException where the brokers can't be used */
    public Repartitioning(KafkaConnection kafka, RegistrySettings registry, PartitionCounts wanted) {
        this.wanted = wanted;
        this.admin = Admin.create(kafka.clientProperties());
        this.reader = new LogReader(admin, kafka.clientProperties());
        Map<String, Object> properties = new HashMap<>(kafka.clientProperties());
        properties.put("linger.ms", 20);
        properties.put("batch.size", 256 * 1024);
        properties.put("max.request.size", RecordSizes.LARGEST_REQUEST);
        this.producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        this.mover = new TableMover(admin, reader, producer);
        this.quiescence = new QuiescenceCheck(admin, reader, new Codecs(new ConfluentSchemaRegistry(registry)));
    }

    /**
     * Gives topics the partitions; where it was cut off before, goes on. A second call changes nothing and says nothing.
     *
     * @param say takes what was done, a sentence at a time
     * @throws RefusedException where it can't be done, or not now
     * @throws ExecutionException when the broker refuses or can't be reached; calling it again goes on
     */
    public void run(Consumer<String> say) throws RefusedException, ExecutionException, InterruptedException {
        Map<String, Integer> found = found();
        Map<Partitioning, Integer> before = new LinkedHashMap<>();
        for (Partitioning kind : List.of(Partitioning.BY_JOB, Partitioning.BY_DEVICE)) {
            int are = before(kind, found);
            requireMultiple(kind, are, found);
            if (are < wanted.of(kind)) {
                requireNumbers(kind, found.keySet());
                before.put(kind, are);
            }
        }
        if (!before.isEmpty()) {
            quiescence.require();
        }
        for (Map.Entry<Partitioning, Integer> kind : before.entrySet()) {
            move(kind.getKey(), kind.getValue(), found.keySet(), say);
        }
        for (Topic<?> topic : Topics.ALL) {
            boolean isTable = topic.retention() instanceof Retention.Compacted;
            if (!isTable && found.getOrDefault(topic.name(), Integer.MAX_VALUE) < wanted.of(topic.partitioning())) {
                mover.grow(topic.name(), wanted.of(topic.partitioning()));
                say.accept("Topic " + topic.name() + ": " + found.get(topic.name()) + " partitions became "
                        + wanted.of(topic.partitioning()) + ".");
            }
        }
        if (!before.isEmpty()) {
            for (String topic : quiescence.unread()) {
                say.accept("Somebody wrote to " + topic
                        + " meanwhile: records whose keys belong elsewhere now will be dead letters.");
            }
        }
    }

    /** Returns how many partitions each topic of ours has; those that are not there yet are missing. */
    private Map<String, Integer> found() throws ExecutionException, InterruptedException {
        Set<String> names = new TreeSet<>(Topics.ALL.stream().map(Topic::name).toList());
        Applications.TABLES.forEach(table -> names.add(table.topic()));
        names.retainAll(admin.listTopics().names().get());
        Map<String, Integer> found = new HashMap<>();
        admin.describeTopics(names)
                .allTopicNames()
                .get()
                .forEach((name, topic) -> found.put(name, topic.partitions().size()));
        return found;
    }

    /** Returns for how many partitions the state was made: the least that a topic has, or that the numbers name, which are moved last. */
    private int before(Partitioning kind, Map<String, Integer> found) throws ExecutionException, InterruptedException {
        int least = wanted.of(kind);
        for (Map.Entry<String, Integer> topic : found.entrySet()) {
            if (KINDS.get(topic.getKey()) == kind) {
                least = Math.min(least, topic.getValue());
            }
        }
        for (long partitions : numbers(kind, found.keySet(), RecordNumbers.PARTITIONS)) {
            least = (int) Math.min(least, partitions);
        }
        return least;
    }

    private void requireMultiple(Partitioning kind, int before, Map<String, Integer> found) throws RefusedException {
        int after = wanted.of(kind);
        for (Map.Entry<String, Integer> topic : found.entrySet()) {
            if (KINDS.get(topic.getKey()) == kind && topic.getValue() > after) {
                throw new RefusedException("Topic " + topic.getKey() + " has " + topic.getValue() + " partitions, and "
                        + after + " are configured: there can be more, and never fewer.");
            }
        }
        if (after % before != 0) {
            throw new RefusedException("Topics " + name(kind) + " have " + before + " partitions, and " + after
                    + " are configured: take a multiple of " + before + ", so that each is split.");
        }
    }

    /** Rejects state of a version that did not keep numbers: it would begin to count anew. */
    private static void requireNumbers(Partitioning kind, Set<String> present) throws RefusedException {
        for (Table table : Applications.TABLES) {
            boolean lacks = table.partitioning() == kind
                    && table.placement() == RowPlacement.NUMBERS
                    && !present.contains(table.topic());
            if (lacks
                    && Applications.TABLES.stream()
                            .anyMatch(other -> table.isWith(other) && present.contains(other.topic()))) {
                throw new RefusedException("There is no topic " + table.topic()
                        + ": start this version's planner and processor once before.");
            }
        }
    }

    private static String name(Partitioning kind) {
        return kind == Partitioning.BY_JOB ? "by job" : "by device";
    }

    private void move(Partitioning kind, int before, Set<String> present, Consumer<String> say)
            throws ExecutionException, InterruptedException {
        int after = wanted.of(kind);
        long base = base(kind, after, present);
        for (Table table : Applications.TABLES) {
            if (table.partitioning() == kind && present.contains(table.topic())) {
                if (table.placement() == RowPlacement.NUMBERS) {
                    mover.replace(table, after, numbers(base, after));
                } else {
                    long rows = mover.move(table, before, after);
                    say.accept("Table " + table.topic() + ": " + before + " partitions became " + after + ", of " + rows
                            + " rows.");
                }
            }
        }
    }

    private static Map<byte[], byte[]> numbers(long base, int partitions) {
        Map<byte[], byte[]> rows = new LinkedHashMap<>();
        rows.put(bytes(RecordNumbers.PARTITIONS), new LongSerializer().serialize("", (long) partitions));
        rows.put(bytes(RecordNumbers.BASE), new LongSerializer().serialize("", base));
        return rows;
    }

    private static byte[] bytes(String text) {
        return new StringSerializer().serialize("", text);
    }

    /** Returns a base above every number that was given: of the largest offset, in the last partition. */
    private long base(Partitioning kind, int after, Set<String> present)
            throws ExecutionException, InterruptedException {
        long end = 0;
        for (Topic<?> topic : Topics.ALL) {
            if (topic.partitioning() == kind && present.contains(topic.name())) {
                Collection<Long> ends =
                        reader.ends(reader.partitions(topic.name())).values();
                end = Math.max(
                        end, ends.stream().mapToLong(Long::longValue).max().orElse(0));
            }
        }
        long base = numbers(kind, present, RecordNumbers.BASE).stream()
                .mapToLong(Long::longValue)
                .max()
                .orElse(0);
        return base + (end + 1) * after;
    }

    /** Returns the values that partitions of those tables have under that name. */
    private List<Long> numbers(Partitioning kind, Set<String> present, String name)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> found = new HashMap<>();
        for (Table table : Applications.TABLES) {
            if (table.partitioning() == kind
                    && table.placement() == RowPlacement.NUMBERS
                    && present.contains(table.topic())) {
                List<TopicPartition> partitions = reader.partitions(table.topic());
                reader.read(partitions, reader.ends(partitions), record -> {
                    if (record.value() != null && name.equals(new String(record.key(), StandardCharsets.UTF_8))) {
                        found.put(
                                new TopicPartition(record.topic(), record.partition()),
                                new LongDeserializer().deserialize("", record.value()));
                    }
                });
            }
        }
        return List.copyOf(found.values());
    }

    /** Returns the topics that planner and processor have not read to their ends. */
    public List<String> unread() throws ExecutionException, InterruptedException {
        return quiescence.unread();
    }

    @Override
    public void close() {
        producer.close();
        reader.close();
        admin.close();
    }

    /** Reads {@code topics.partitions.*} as {@link Provisioning} does, and how to reach Kafka and the registry. Ends with status 1 where it can't be done now, and 2 where the settings are unusable. */
    public static void main(String[] args) throws InterruptedException {
        try {
            Settings settings = ServiceProgram.settings(args);
            KafkaConnection kafka = KafkaConnection.from(settings);
            RegistrySettings registry = Registries.from(settings);
            PartitionCounts counts = Provisioning.counts(settings);
            settings.rejectUnknown();
            try (Repartitioning repartitioning = new Repartitioning(kafka, registry, counts)) {
                repartitioning.run(System.out::println);
                System.out.println("All topics have the partitions that are configured.");
            }
        } catch (SettingsException | SchemaRegistryException e) {
            end(ServiceProgram.UNUSABLE, String.valueOf(e.getMessage()));
        } catch (RefusedException e) {
            end(ServiceProgram.FAILED, String.valueOf(e.getMessage()));
        } catch (ExecutionException | KafkaException e) {
            end(
                    ServiceProgram.FAILED,
                    "It was cut off, and goes on when it is started again: "
                            + Optional.ofNullable(e.getCause()).orElse(e));
        }
    }

    private static void end(int status, String why) {
        System.err.println(NAME + ": " + why);
        System.exit(status);
    }
}
