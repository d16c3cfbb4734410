package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.TrustedAuthorities;
import io.muster.codec.Codecs;
import io.muster.records.Artifact;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveSchedule;
import io.muster.records.ScheduleCommand;
import io.muster.records.ScheduleDefinition;
import io.muster.records.Timing;
import io.muster.registry.SchemaRegistry;
import io.muster.service.Changelogs;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Upgrades a Muster that has a site with a script, and a schedule: their records are written again as the oldest version wrote them that had all of their members, on
 * their topics and in the planner's state, and the services start on these. Both fire then, and the script is fetched and runs.
 */
@Tag("waits")
class FormerRecordsTest {
    private static final String SITE = "former";
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final Path HISTORY = Path.of("../schemas/src/test/resources/history");
    private static final byte MAGIC = 0;
    private static final int PREFIX = 5;

    private static RunningMuster muster;
    private static SchemaRegistry registry;
    private static Codecs codecs;
    private static HttpClient http;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.ownInstance(1);
        registry = new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.standalone.options().registry()), null, null, null));
        codecs = new Codecs(registry);
        http = HttpClient.newBuilder()
                .sslContext(TrustedAuthorities.tls(muster.standalone.caFile()))
                .build();
    }

    @AfterAll
    static void stop() {
        muster.standalone.close();
    }

    @Test
    void firesAndRunsWhatAFormerVersionHasSaved() throws Exception {
        Instant due = Instant.now().plusSeconds(60);
        LocalDateTime time = LocalDateTime.ofInstant(due, ZoneOffset.UTC);
        upload("by-cron", "echo \"I am $WEBJOBS_NAME\"\n");
        upload("by-schedule", "echo \"I am $WEBJOBS_NAME\"\n");
        String cron =
                "%d %d %d %d * *".formatted(time.getSecond(), time.getMinute(), time.getHour(), time.getDayOfMonth());
        assertThat(ask("PUT", "/api/triggeredwebjobs/by-cron/settings", "{\"schedule\":\"" + cron + "\"}")
                        .statusCode())
                .isEqualTo(200);
        save("former-schedule", due, new RunSiteJob(SITE, "by-schedule", ""));
        for (Topic<?> topic : new Topic<?>[] {Topics.SITES, Topics.SCHEDULES, Topics.ARTIFACT_INDEX}) {
            await(topic.name()).atMost(LIMIT).until(() -> !latest(topic.name()).isEmpty());
        }
        rewrite(Topics.SITES, Topics.SITES.name(), Changelogs.name("muster-job-planner", "sites"));
        rewrite(Topics.SCHEDULES, Topics.SCHEDULES.name(), Changelogs.name("muster-job-planner", "schedules"));
        rewriteArtifacts();
        assertThat(Instant.now()).as("nothing has fired yet").isBefore(due);
        muster.restart("planner");
        muster.restart("api");
        for (String name : new String[] {"by-cron", "by-schedule"}) {
            await(name)
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(200))
                    .ignoreExceptions()
                    .until(() -> latestRun(name).path("status").asText().equals("Success"));
            assertThat(ask("GET", log(name), "").body()).contains("INFO] I am " + name);
        }
        assertThat(latestRun("by-cron").path("trigger").asText()).isEqualTo("Schedule - " + cron);
    }

    private static JsonNode latestRun(String name) throws Exception {
        return new ObjectMapper()
                .readTree(ask("GET", "/api/triggeredwebjobs/" + name, "").body())
                .path("latest_run");
    }

    private static String log(String name) throws Exception {
        return "/vfs/data/jobs/triggered/" + name + "/"
                + latestRun(name).path("id").asText() + "/output_log.txt";
    }

    private static void upload(String name, String script) throws Exception {
        HttpResponse<String> answer = ask("PUT", "/api/triggeredwebjobs/" + name, script);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static HttpResponse<String> ask(String method, String path, String body) throws Exception {
        String credentials = "iothubowner:" + muster.key("iothubowner");
        return http.send(
                HttpRequest.newBuilder(URI.create("https://localhost:"
                                + muster.standalone.options().restPort() + "/" + SITE + ".scm.azurewebsites.net"
                                + path))
                        .header(
                                "Authorization",
                                "Basic "
                                        + Base64.getEncoder()
                                                .encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
                        .header("Content-Disposition", "attachment; filename=run.sh")
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static void save(String id, Instant due, Object action) {
        ScheduleDefinition definition = ScheduleDefinition.newBuilder()
                .setTiming(Timing.newBuilder().setStart(due).build())
                .setAction(action)
                .build();
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            producer.send(new ProducerRecord<>(
                    Topics.SCHEDULE_COMMANDS.name(),
                    id.getBytes(StandardCharsets.UTF_8),
                    codecs.of(Topics.SCHEDULE_COMMANDS).encode(new ScheduleCommand(id, new SaveSchedule(definition)))));
        }
    }

    private static KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** Returns the latest record of each key. */
    private static Map<String, ConsumerRecord<byte[], byte[]>> latest(String topic) {
        Map<String, ConsumerRecord<byte[], byte[]>> latest = new HashMap<>();
        StreamTopics.read(muster.standalone.options().kafka(), topic, new ByteArrayDeserializer())
                .forEach(record -> latest.put(new String(record.key(), StandardCharsets.UTF_8), record));
        latest.values().removeIf(record -> record.value() == null);
        return latest;
    }

    /** Writes the records of topics anew, as a former version wrote those of this one. */
    private static void rewrite(Topic<?> of, String... topics) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            for (String topic : topics) {
                Map<String, ConsumerRecord<byte[], byte[]>> records = latest(topic);
                assertThat(records).as(topic).isNotEmpty();
                for (ConsumerRecord<byte[], byte[]> record : records.values()) {
                    producer.send(new ProducerRecord<>(
                                    topic, record.partition(), record.key(), former(of.name(), record.value())))
                            .get();
                }
            }
        }
    }

    /** Writes artifacts as the version did that had one copy of each: under keys without a copy. */
    private static void rewriteArtifacts() throws Exception {
        Map<String, ConsumerRecord<byte[], byte[]>> chunks = latest(Topics.ARTIFACTS.name());
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            for (Map.Entry<String, ConsumerRecord<byte[], byte[]>> of :
                    latest(Topics.ARTIFACT_INDEX.name()).entrySet()) {
                Artifact artifact =
                        codecs.of(Topics.ARTIFACT_INDEX).decode(of.getValue().value());
                List<Long> offsets = new ArrayList<>();
                for (int number = 0; number < artifact.getOffsets().size(); number++) {
                    ConsumerRecord<byte[], byte[]> chunk =
                            Objects.requireNonNull(chunks.get(of.getKey() + "/" + number));
                    offsets.add(producer.send(record(chunk, artifact.getSha256() + "/" + number, chunk.value()))
                            .get()
                            .offset());
                }
                byte[] index = codecs.of(Topics.ARTIFACT_INDEX)
                        .encode(Artifact.newBuilder(artifact)
                                .setOffsets(offsets)
                                .build());
                producer.send(record(of.getValue(), artifact.getSha256(), former(Topics.ARTIFACT_INDEX.name(), index)))
                        .get();
                producer.send(record(of.getValue(), of.getKey(), null)).get();
            }
        }
    }

    private static ProducerRecord<byte[], byte[]> record(
            ConsumerRecord<byte[], byte[]> before, String key, byte @Nullable [] value) {
        return new ProducerRecord<>(before.topic(), before.partition(), key.getBytes(StandardCharsets.UTF_8), value);
    }

    /** Returns a record as the oldest version of its schema has it whose members it all has; that is not the present one. */
    private static byte[] former(String topic, byte[] value) throws IOException {
        Schema present = registry.byId(ByteBuffer.wrap(value, 1, Integer.BYTES).getInt());
        Path folder = HISTORY.resolve(topic + "-value");
        int versions = Math.toIntExact(Files.list(folder).count());
        for (int version = 1; version < versions; version++) {
            Schema former = new Schema.Parser()
                    .parse(folder.resolve("v" + version + ".avsc").toFile());
            try {
                GenericRecord document = new GenericDatumReader<GenericRecord>(present, former)
                        .read(null, DecoderFactory.get().binaryDecoder(value, PREFIX, value.length - PREFIX, null));
                return encoded(topic, former, document);
            } catch (AvroTypeException e) {
                // It has a member that the present one lacks.
            }
        }
        throw new AssertionError("no former version could have written this record of " + topic);
    }

    private static byte[] encoded(String topic, Schema schema, GenericRecord document) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(MAGIC);
        // By a subject of its own: the topic's takes no older one behind a newer.
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                .putInt(registry.register("former-" + topic + "-value", schema))
                .array());
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(schema).write(document, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }
}
