package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
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

/** A program that is not ours: it has Kafka, Avro and the registry's address, and none of our classes. See docs/kafka-producers.md. */
class ForeignProducerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static RunningMuster muster;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
    }

    private static JsonNode registry(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(muster.standalone.options().registry() + path))
                .build();
        return JSON.readTree(HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body());
    }

    private static byte[] encode(int id, GenericRecord record) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(0);
        out.write(ByteBuffer.allocate(4).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    private static GenericRecord decode(byte[] bytes) throws Exception {
        int id = ByteBuffer.wrap(bytes, 1, 4).getInt();
        Schema schema = new Schema.Parser()
                .parse(registry("/schemas/ids/" + id).path("schema").asText());
        return new GenericDatumReader<GenericRecord>(schema, schema, GenericData.get())
                .read(null, DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));
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
    void aProgramOfOthersAsksForAJobAndReadsWhatBecameOfIt() throws Exception {
        JsonNode latest = registry("/subjects/job-commands-value/versions/latest");
        Schema command = new Schema.Parser().parse(latest.path("schema").asText());
        int id = latest.path("id").asInt();
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka(), "acks", "all"),
                new StringSerializer(),
                new ByteArraySerializer())) {
            send(
                    producer,
                    "foreign-1",
                    "request-1",
                    encode(id, createJob(command, "foreign-1", "deviceId = 'nobody'")));
            send(producer, "foreign-1", "request-2", encode(id, createJob(command, "foreign-1", "*")));
            send(producer, "foreign-1", "request-3", "this is no record".getBytes(StandardCharsets.UTF_8));
            send(
                    producer,
                    "foreign-2",
                    "request-4",
                    encode(id, createJob(command, "foreign-2", "deviceId = 'nobody'")));
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
        assertThat(refusal.get("refusal").toString()).contains("JOB_ALREADY_EXISTS");
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
