package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericData;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryEncoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.avro.shaded.org.apache.avro.io.EncoderFactory;
import org.apache.flink.formats.avro.registry.confluent.ConfluentSchemaRegistryCoder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Runs a program that is not ours: it has Kafka, Avro and Confluent's own registry client, as Flink brings them along, and none of our
 * classes. See docs/kafka-producers.md.
 */
class ForeignProducerTest {
    private static final int CACHED = 100;
    private static RunningMuster muster;
    private static SchemaRegistryClient client;
    private static ConfluentSchemaRegistryCoder registry;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
        client = new CachedSchemaRegistryClient(muster.standalone.options().registry(), CACHED);
        registry = new ConfluentSchemaRegistryCoder("job-commands-value", client);
    }

    private static byte[] encode(GenericRecord record) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        registry.writeSchema(record.getSchema(), out);
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    private static GenericRecord decode(byte[] bytes) throws Exception {
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        Schema schema = registry.readSchema(in);
        GenericRecord record = new GenericDatumReader<GenericRecord>(schema)
                .read(null, DecoderFactory.get().directBinaryDecoder(in, null));
        assertThat(in.available()).as("bytes behind the record").isZero();
        return record;
    }

    private static Schema branch(Schema union, String name) {
        return union.getTypes().stream()
                .filter(type -> type.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static GenericRecord createJob(Schema command, String jobId, String condition) {
        Schema create = branch(command.getField("command").schema(), "CreateJob");
        Schema definition = create.getField("definition").schema();
        GenericRecord patch =
                new GenericData.Record(branch(definition.getField("operation").schema(), "TwinPatch"));
        patch.put("tags", "{\"foreign\":true}");
        GenericRecord job = new GenericData.Record(definition);
        job.put("jobId", jobId);
        job.put("operation", patch);
        job.put("queryCondition", condition);
        job.put("maxExecutionSeconds", 60);
        GenericRecord created = new GenericData.Record(create);
        created.put("definition", job);
        GenericRecord record = new GenericData.Record(command);
        record.put("jobId", jobId);
        record.put("command", created);
        return record;
    }

    @Test
    void letsAForeignProgramAskForAJobAndReadItsOutcome() throws Exception {
        Schema command = new Schema.Parser()
                .parse(client.getLatestSchemaMetadata("job-commands-value").getSchema());
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka(), "acks", "all"),
                new StringSerializer(),
                new ByteArraySerializer())) {
            send(producer, "foreign-1", "request-1", encode(createJob(command, "foreign-1", "deviceId = 'nobody'")));
            send(producer, "foreign-1", "request-2", encode(createJob(command, "foreign-1", "*")));
            send(producer, "foreign-1", "request-3", "this is no record".getBytes(StandardCharsets.UTF_8));
            send(producer, "foreign-2", "request-4", encode(createJob(command, "foreign-2", "deviceId = 'nobody'")));
        }
        List<ConsumerRecord<String, byte[]>> events = new ArrayList<>();
        List<ConsumerRecord<String, byte[]>> refusals = new ArrayList<>();
        List<ConsumerRecord<String, byte[]>> letters = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        muster.standalone.options().kafka(),
                        "isolation.level",
                        "read_committed",
                        "auto.offset.reset",
                        "earliest"),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : List.of("job-events", "job-refusals", "dead-letters")) {
                consumer.partitionsFor(topic)
                        .forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> {
                    switch (record.topic()) {
                        case "job-events" -> events.add(record);
                        case "job-refusals" -> refusals.add(record);
                        default -> letters.add(record);
                    }
                });
                return answered(events, "request-1")
                        && answered(events, "request-4")
                        && answered(refusals, "request-2")
                        && !letters.isEmpty();
            });
        }
        GenericRecord refusal = decode(refusals.getLast().value());
        assertThat(refusal.get("refusal").toString()).contains("ALREADY_EXISTS");
        assertThat(decode(letters.getLast().value()))
                .satisfies(letter -> assertThat(letter.get("topic")).hasToString("job-commands"))
                .satisfies(letter -> assertThat(letter.get("reason").toString()).contains("Confluent wire format"));
        await().until(() -> muster.rest
                .send("GET", "/jobs/v2/foreign-2", null)
                .join()
                .body()
                .path("status")
                .asText()
                .equals("completed"));
    }

    @Test
    void letsAConfluentClientReadEveryTopic() throws Exception {
        muster.register(List.of("read-by-others"), "{\"read\":true}");
        muster.rest
                .send(
                        "PUT",
                        "/jobs/v2/read-by-others",
                        "{\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"tags.read = true\","
                                + "\"updateTwin\":{\"properties\":{\"desired\":{\"a\":1}}}}")
                .join();
        Set<String> awaited = new TreeSet<>(Set.of(
                "job-commands",
                "job-events",
                "jobs",
                "device-commands",
                "devices",
                "device-reports",
                "expansions",
                "device-job-events",
                "job-tallies",
                "job-statistics",
                "replies"));
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka()),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(awaited.stream()
                    .flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList());
            consumer.seekToBeginning(consumer.assignment());
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    if (record.value() != null && record.value()[0] == 0) {
                        assertThat(decode(record.value()).getSchema().getNamespace())
                                .isEqualTo("io.muster.records");
                        awaited.remove(record.topic());
                    }
                }
                return awaited.isEmpty();
            });
        }
    }

    private static void send(KafkaProducer<String, byte[]> producer, String key, String requestId, byte[] value)
            throws Exception {
        ProducerRecord<String, byte[]> record = new ProducerRecord<>("job-commands", key, value);
        record.headers().add("request-id", requestId.getBytes(StandardCharsets.UTF_8));
        producer.send(record).get();
    }

    private static boolean answered(List<ConsumerRecord<String, byte[]>> records, String requestId) {
        return records.stream()
                .map(record -> record.headers().lastHeader("request-id"))
                .anyMatch(header ->
                        header != null && new String(header.value(), StandardCharsets.UTF_8).equals(requestId));
    }
}
