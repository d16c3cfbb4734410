package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.RestClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/** Reads events from and writes rows to all but topics in JSON: each on the real thing. */
class StreamSinksTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JOB = "sinks";
    private static final String SECOND = "from-avro";

    private final ConcurrentLinkedQueue<String> posted = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> ids = new ConcurrentLinkedQueue<>();
    private final AtomicInteger refused = new AtomicInteger();
    private volatile boolean open;

    private final String query = """
            WITH hot AS (
              SELECT r.deviceId, CAST(r.temperature AS float) AS temperature, p.room, l.most, System.Timestamp() AS at
              FROM readings r JOIN places p ON r.deviceId = p.deviceId JOIN limits l ON p.room = l.room
              WHERE CAST(r.temperature AS float) > CAST(l.most AS float))
            SELECT CONCAT('cool-', deviceId) AS jobId, CONCAT('deviceId = ''', deviceId, '''') AS queryCondition,
              'reboot' AS methodName INTO jobs FROM hot
            SELECT deviceId, 'beep' AS methodName, room AS payload INTO devices FROM hot
            SELECT deviceId, CONCAT('hot in the ', room) AS body INTO devices FROM hot
            SELECT deviceId, temperature INTO endpoint FROM hot
            SELECT deviceId, temperature, at INTO avro FROM hot""";

    @Test
    void writesRowsToDevicesJobsEndpointsAndTopics() throws Exception {
        RunningMuster muster = RunningMuster.get();
        String kafka = muster.standalone.options().kafka();
        StreamTopics.create(kafka, "sinks-readings", "sinks-places", "sinks-avro", "sinks-csv");
        new ConfluentSchemaRegistry(new RegistrySettings(
                        URI.create(muster.standalone.options().registry()), null, null, null))
                .register("sinks-avro-value", new Schema.Parser().parse("""
                        {"type":"record","name":"Hot","fields":[{"name":"deviceId","type":"string"},
                        {"name":"temperature","type":"double"},
                        {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}"""));
        Path limits = muster.standalone.options().data().resolve("reference/plant/limits.csv");
        Files.createDirectories(limits.getParent());
        Files.writeString(limits, "room,most\nkitchen,30\ncellar,20\n");
        List<String> devices = List.of("sink-1", "sink-2");
        muster.register(devices, "{\"sink\":true}");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        try (SimulatedFleet fleet = muster.connect(devices, Behaviour.PERFECT)) {
            await().until(() -> fleet.counters().connected() == devices.size());
            long methods = fleet.counters().methods();
            send(kafka, "sinks-places", Map.of("sink-1", "kitchen", "sink-2", "cellar"));
            put(muster.rest, JOB, job(server.getAddress().getPort()));
            put(muster.rest, SECOND, second());
            start(muster.rest, JOB);
            start(muster.rest, SECOND);
            read(kafka, "sinks-readings", "deviceId,temperature\nsink-1,29\nsink-1,31.5");
            read(kafka, "sinks-readings", "deviceId,temperature\nsink-2,19");
            read(kafka, "sinks-readings", "deviceId,temperature\nsink-2,21\nsink-9,99");
            assertThat(RunningMuster.completed(muster.rest, "cool-sink-1")
                            .path("succeededCount")
                            .asInt())
                    .isOne();
            assertThat(RunningMuster.completed(muster.rest, "cool-sink-2")
                            .path("succeededCount")
                            .asInt())
                    .isOne();
            await().untilAsserted(() -> assertThat(fleet.counters().methods() - methods)
                    .as("one of a job and one at once, each")
                    .isEqualTo(4));
            for (String device : devices) {
                await().untilAsserted(() -> assertThat(RunningMuster.ok(muster.rest
                                        .send("GET", "/devices/" + device, null)
                                        .join())
                                .path("cloudToDeviceMessageCount")
                                .asInt())
                        .isOne());
            }
            await().until(() -> state(muster.rest).path("jobState").asText().equals("Degraded"));
            assertThat(state(muster.rest).toString()).contains("it answers 5xx");
            open = true;
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(posted)
                            .containsExactlyInAnyOrder(
                                    "{\"deviceId\":\"sink-1\",\"temperature\":31.5}",
                                    "{\"deviceId\":\"sink-2\",\"temperature\":21.0}"));
            assertThat(refused).hasPositiveValue();
            assertThat(ids).doesNotHaveDuplicates().hasSize(2);
            await().until(() -> state(muster.rest).path("jobState").asText().equals("Running"));
            await().untilAsserted(() -> assertThat(StreamTopics.read(kafka, "sinks-csv"))
                    .extracting(ConsumerRecord::value)
                    .containsExactlyInAnyOrder("deviceId;n\nsink-1;31.5", "deviceId;n\nsink-2;21.0"));
            assertThat(state(muster.rest).at("/metrics/InputEvents").asInt()).isPositive();
        } finally {
            server.stop(0);
            muster.rest.sendStreamJob("DELETE", JOB, null).join();
            muster.rest.sendStreamJob("DELETE", SECOND, null).join();
        }
    }

    /** Takes each file as valid from the time in its path on, also one that comes while the job runs. */
    @Test
    void joinsTheVersionOfReferenceDataOfItsTime() throws Exception {
        RunningMuster muster = RunningMuster.get();
        String kafka = muster.standalone.options().kafka();
        StreamTopics.create(kafka, "versions-in", "versions-out");
        Path folder = muster.standalone.options().data().resolve("reference/versions");
        version(folder, Instant.parse("2026-01-01T00:00:00Z"), "k,v\na,1\ngone,1\n");
        ObjectNode body = JSON.createObjectNode();
        ObjectNode properties = body.putObject("properties");
        ArrayNode inputs = properties.putArray("inputs");
        StreamStartsTest.hub(inputs, "events", "versions-in").put("type", "Stream");
        reference(inputs, "limits", "versions", "{date}/{time}/limits.csv", "Csv");
        ((ObjectNode) inputs.at("/1/properties/datasource/properties"))
                .put("dateFormat", "yyyy-MM-dd")
                .put("timeFormat", "HH-mm-ss");
        StreamStartsTest.hub(properties.putArray("outputs"), "out", "versions-out");
        properties
                .putObject("transformation")
                .put("name", "T")
                .putObject("properties")
                .put(
                        "query",
                        "SELECT e.k, CAST(l.v AS bigint) AS v, System.Timestamp() AS at INTO out FROM events e JOIN limits l ON e.k = l.k");
        put(muster.rest, "versions", body);
        start(muster.rest, "versions");
        Instant then = Instant.now().plusSeconds(8).truncatedTo(ChronoUnit.SECONDS);
        version(folder, then, "k,v\na,2\n");
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            read(kafka, "versions-in", "{\"k\":\"a\"}\n{\"k\":\"gone\"}");
            return versions(kafka).stream().anyMatch(row -> row.path("v").asInt() == 2);
        });
        List<JsonNode> rows = versions(kafka);
        assertThat(rows).extracting(row -> row.path("k").asText()).contains("gone");
        assertThat(rows).allSatisfy(row -> {
            boolean isLater = !Instant.parse(row.path("at").asText()).isBefore(then);
            assertThat(row.path("v").asInt())
                    .as(row + ", valid from %s on", then)
                    .isEqualTo(isLater ? 2 : 1);
            assertThat(row.path("k").asText().equals("gone") && isLater).isFalse();
        });
        muster.rest.sendStreamJob("DELETE", "versions", null).join();
    }

    private static void version(Path folder, Instant from, String rows) throws IOException {
        Path file = folder.resolve(DateTimeFormatter.ofPattern("uuuu-MM-dd/HH-mm-ss", Locale.ROOT)
                        .withZone(ZoneOffset.UTC)
                        .format(from))
                .resolve("limits.csv");
        Files.createDirectories(file.getParent());
        Path written = Files.writeString(file.resolveSibling("unfinished"), rows);
        Files.move(written, file);
    }

    private static List<JsonNode> versions(String kafka) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        for (ConsumerRecord<String, String> record : StreamTopics.read(kafka, "versions-out")) {
            rows.add(JSON.readTree(record.value()));
        }
        return rows;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (!open) {
                refused.incrementAndGet();
                exchange.sendResponseHeaders(503, -1);
                return;
            }
            ids.addAll(Arrays.asList(
                    exchange.getRequestHeaders().getFirst("Muster-Result-Ids").split(",")));
            for (JsonNode row : JSON.readTree(body)) {
                posted.add(row.toString());
            }
            exchange.sendResponseHeaders(204, -1);
        }
    }

    private ObjectNode job(int port) {
        ObjectNode body = JSON.createObjectNode();
        ObjectNode properties = body.putObject("properties");
        ArrayNode inputs = properties.putArray("inputs");
        serialized(StreamStartsTest.hub(inputs, "readings", "sinks-readings").put("type", "Stream"), "Csv");
        reference(inputs, "places", "topics", "sinks-places", "Json");
        reference(inputs, "limits", "plant", "limits.csv", "Csv");
        ArrayNode outputs = properties.putArray("outputs");
        StreamStartsTest.hub(outputs, "jobs", "job-commands");
        StreamStartsTest.hub(outputs, "devices", "device-commands");
        serialized(StreamStartsTest.hub(outputs, "avro", "sinks-avro"), "Avro");
        outputs.addObject()
                .put("name", "endpoint")
                .putObject("properties")
                .putObject("datasource")
                .put("type", "Microsoft.AzureFunction")
                .putObject("properties")
                .put("functionAppName", "http://localhost:" + port)
                .put("functionName", "alerts");
        properties
                .putObject("transformation")
                .put("name", "T")
                .putObject("properties")
                .put("query", query);
        return body;
    }

    private static ObjectNode second() {
        ObjectNode body = JSON.createObjectNode();
        ObjectNode properties = body.putObject("properties");
        serialized(
                StreamStartsTest.hub(properties.putArray("inputs"), "hot", "sinks-avro")
                        .put("type", "Stream"),
                "Avro");
        serialized(StreamStartsTest.hub(properties.putArray("outputs"), "csv", "sinks-csv"), "Csv")
                .putObject("properties")
                .put("fieldDelimiter", ";");
        properties
                .putObject("transformation")
                .put("name", "T")
                .putObject("properties")
                .put("query", "SELECT deviceId, temperature AS n INTO csv FROM hot TIMESTAMP BY at");
        return body;
    }

    private static ObjectNode serialized(ObjectNode properties, String type) {
        return properties.putObject("serialization").put("type", type);
    }

    private static void reference(ArrayNode inputs, String name, String container, String path, String format) {
        ObjectNode properties =
                inputs.addObject().put("name", name).putObject("properties").put("type", "Reference");
        serialized(properties, format);
        properties
                .putObject("datasource")
                .put("type", "Microsoft.Storage/Blob")
                .putObject("properties")
                .put("container", container)
                .put("pathPattern", path);
    }

    private static void put(RestClient rest, String job, ObjectNode body) {
        RestClient.Answer answer =
                rest.sendStreamJob("PUT", job, body.toString()).join();
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(201);
    }

    private static void start(RestClient rest, String job) {
        assertThat(rest.sendStreamJob("POST", job + "/start", null).join().status())
                .isEqualTo(202);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> rest.sendStreamJob("GET", job, null)
                        .join()
                        .body()
                        .at("/properties/jobState")
                        .asText()
                        .equals("Running"));
    }

    private static JsonNode state(RestClient rest) {
        return RunningMuster.ok(rest.sendStreamJob("GET", JOB, null).join()).path("properties");
    }

    private static void send(String kafka, String topic, Map<String, String> rooms) {
        try (KafkaProducer<String, String> producer = producer(kafka)) {
            rooms.forEach((device, room) -> producer.send(new ProducerRecord<>(
                    topic, device, "{\"deviceId\":\"" + device + "\",\"room\":\"" + room + "\"}")));
        }
    }

    private static void read(String kafka, String topic, String csv) {
        try (KafkaProducer<String, String> producer = producer(kafka)) {
            producer.send(new ProducerRecord<>(topic, csv));
        }
    }

    private static KafkaProducer<String, String> producer(String kafka) {
        return new KafkaProducer<>(Map.of("bootstrap.servers", kafka), new StringSerializer(), new StringSerializer());
    }
}
