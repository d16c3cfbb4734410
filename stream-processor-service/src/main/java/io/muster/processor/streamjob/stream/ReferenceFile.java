package io.muster.processor.streamjob.stream;

import io.muster.processor.engine.Event;
import io.muster.processor.format.InputFormat;
import io.muster.processor.format.JsonRecords;
import io.muster.query.stream.StreamQuery;
import io.muster.service.KafkaConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A file of reference data, as a topic of one start: so every instance and every replay sees the same, valid since ever. */
final class ReferenceFile {
    /** Of its topic: its records are as old as time. */
    static final Map<String, String> SETTINGS = Map.of("message.timestamp.type", "CreateTime", "retention.ms", "-1");

    private ReferenceFile() {}

    static String topic(String applicationId, String input) {
        return applicationId + "-reference-" + java.util.UUID.nameUUIDFromBytes(input.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes the file into the topic at once, unless that was done.
     *
     * @throws StreamJobDefinitionException where there is no such file, or it can't be read
     */
    static void publish(
            Optional<Path> folder, StreamJobDefinition.Input.OfFile file, String topic, KafkaConnection kafka)
            throws StreamJobDefinitionException {
        TopicPartition partition = new TopicPartition(topic, 0);
        Map<String, Object> reading = kafka.clientProperties();
        reading.put("isolation.level", "read_committed");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            if (consumer.endOffsets(Set.of(partition)).getOrDefault(partition, 0L) > 0) {
                return;
            }
        }
        List<Event> rows = read(folder, file);
        Map<String, Object> writing = kafka.clientProperties();
        writing.put("transactional.id", topic);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            for (int i = 0; i < rows.size(); i++) {
                producer.send(new ProducerRecord<>(
                        topic,
                        0,
                        0L,
                        String.valueOf(i).getBytes(StandardCharsets.UTF_8),
                        JsonRecords.write(rows.get(i).record())));
            }
            producer.commitTransaction();
        }
    }

    private static List<Event> read(Optional<Path> folder, StreamJobDefinition.Input.OfFile file)
            throws StreamJobDefinitionException {
        if (folder.isEmpty()) {
            throw new StreamJobDefinitionException(
                    "There is no folder for reference data: set stream.reference.dir of the stream processor, or name a topic.");
        }
        Path root = folder.get().toAbsolutePath().normalize();
        Path path = root.resolve(file.path()).normalize();
        if (!path.startsWith(root)) {
            throw new StreamJobDefinitionException("Reference data lie below the folder for them: " + file.path());
        }
        InputFormat format = switch (file.format().serialization()) {
            case JSON -> new InputFormat.Json();
            case CSV -> new InputFormat.Csv(file.format().delimiter());
            case AVRO -> throw new StreamJobDefinitionException("A file of reference data is Json or Csv.");
        };
        try {
            return format.read(Files.readAllBytes(path), new StreamQuery.Members(Set.of(), true), 0, 0);
        } catch (IOException e) {
            throw new StreamJobDefinitionException(
                    "The reference data " + file.path() + " can't be read: " + e.getMessage());
        }
    }
}
