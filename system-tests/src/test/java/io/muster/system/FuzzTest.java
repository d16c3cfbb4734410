package io.muster.system;

import static io.muster.system.RunningMuster.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.SharedAccessSignature;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.codec.PoisonRecords;
import io.muster.processor.format.InputFormat;
import io.muster.query.device.Condition;
import io.muster.query.device.Query;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.StreamQuery;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.RestClient;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sends wrong input of every kind to every port of a Muster of its own: it is refused, and nothing else happens. Each seed makes so many cases;
 * a seed that has found something stays.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FuzzTest {
    private static final List<String> SERVICES = List.of("planner", "processor", "gateway", "api");
    private static final int TEXTS = 20_000;
    private static final int REQUESTS = 1000;
    private static final int CONNECTIONS = 300;
    private static final int RECORDS = 2000;
    private static final int POISON = 500;

    private static RunningMuster muster;
    private static SimulatedFleet fleet;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.ownInstance();
        List<String> devices = SimulatedFleet.deviceIds("fuzz-", 20);
        muster.register(devices, "{\"fuzz\":true}");
        fleet = muster.connect(devices, Behaviour.PERFECT);
        await().atMost(Duration.ofSeconds(30)).until(() -> fleet.counters().connected() == 20);
        RunningMuster.schedule(muster.rest, "fuzz", "tags.fuzz = true", 10);
        RunningMuster.completed(muster.rest, "fuzz");
    }

    @AfterAll
    static void stop() {
        fleet.close();
        muster.standalone.close();
    }

    @ParameterizedTest
    @Order(1)
    @ValueSource(longs = {1, 2, 3})
    void queries(long seed) {
        Mutations mutations = new Mutations(seed);
        List<String> stream = List.of(
                "SELECT k, COUNT(*) AS n, SUM(v) FROM t TIMESTAMP BY x OVER k GROUP BY k, TumblingWindow(second, 10) HAVING n > 1",
                "WITH s AS (SELECT a.k, LAG(a.v, 2) OVER (PARTITION BY k LIMIT DURATION(minute, 5)) AS l FROM t a) SELECT * INTO o FROM s",
                "SELECT a.k FROM t a LEFT JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN -5 AND 10 WHERE a.v LIKE 'x%_[a-c]'",
                "SELECT CASE WHEN v > 1.5e3 THEN 'a' ELSE CAST(v AS nvarchar(max)) END AS c, e.ArrayValue FROM t CROSS APPLY GetArrayElements(l) AS e");
        List<String> device = List.of(
                "SELECT * FROM devices WHERE tags.site = 'A' AND properties.reported.v > 1 OR NOT is_defined(tags.x.y)",
                "SELECT deviceId, COUNT() AS n FROM devices GROUP BY tags.site",
                "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j' AND devices.jobs.status IN ['completed', 'failed']");
        for (int i = 0; i < TEXTS / 3; i++) {
            String text = mutations.of(mutations.oneOf(stream));
            onlyRefused(text, () -> StreamQuery.parse(text, Set.of("r")));
            String asked = mutations.of(mutations.oneOf(device));
            onlyRefused(asked, () -> Query.parse(asked));
            String condition = mutations.of("tags.site = 'A' AND properties.reported.v > 1 OR deviceId IN ['a', 'b']");
            onlyRefused(condition, () -> Condition.parse(condition));
        }
    }

    private interface Parse {
        Object parse() throws QueryException;
    }

    private static void onlyRefused(String text, Parse parse) {
        try {
            assertThat(parse.parse()).isNotNull();
        } catch (QueryException e) {
            assertThat(e.getMessage()).as(text).isNotBlank();
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError("of " + text, e);
        }
    }

    @ParameterizedTest
    @Order(2)
    @ValueSource(longs = {1, 2, 3})
    void survivesDamagedEventsOfStreamJobs(long seed) {
        Mutations mutations = new Mutations(seed);
        StreamQuery.Members all = new StreamQuery.Members(Set.of("IoTHub"), true);
        byte[] json =
                "{\"a\":1,\"b\":[1.5,{\"c\":\"x\u00e9\"}],\"d\":null}\n[{\"a\":true}]".getBytes(StandardCharsets.UTF_8);
        byte[] csv = "a,b,\"c d\"\n1,\"x,\"\"y\",\n2,,z".getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < TEXTS / 2; i++) {
            read(new InputFormat.Json(), mutations.of(json), all);
            read(new InputFormat.Csv(','), mutations.of(csv), all);
        }
    }

    private static void read(InputFormat format, byte[] record, StreamQuery.Members members) {
        try {
            assertThat(format.read(record, members, 0, 1)).isNotNull();
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError("of " + new String(record, StandardCharsets.ISO_8859_1), e);
        }
    }

    private record Request(String method, String path, String body) {}

    private static final List<Request> ASKED = List.of(
            new Request(
                    "PUT",
                    "/devices/x",
                    "{\"deviceId\":\"x\",\"status\":\"enabled\",\"authentication\":{\"type\":\"sas\"}}"),
            new Request(
                    "PATCH",
                    "/twins/fuzz-000001",
                    "{\"tags\":{\"a\":{\"b\":[1,2]}},\"properties\":{\"desired\":{\"c\":null}}}"),
            new Request(
                    "PUT",
                    "/jobs/v2/j",
                    "{\"type\":\"scheduleDeviceMethod\",\"cloudToDeviceMethod\":{\"methodName\":\"m\",\"payload\":1,"
                            + "\"responseTimeoutInSeconds\":5},\"queryCondition\":\"tags.none = 1\",\"startTime\":\"2026-11-21T00:00:00Z\",\"maxExecutionTimeInSeconds\":60}"),
            new Request("POST", "/devices/query", "{\"query\":\"SELECT * FROM devices WHERE tags.fuzz = true\"}"),
            new Request(
                    "POST",
                    "/twins/fuzz-000002/methods",
                    "{\"methodName\":\"m\",\"payload\":{},\"responseTimeoutInSeconds\":5}"),
            new Request("POST", "/devices/fuzz-000003/messages/devicebound", "{\"a\":1}"),
            new Request("POST", "/jobs/v2/j/cancel", "{}"),
            new Request("DELETE", "/devices/x", "{}"),
            new Request("GET", "/jobs/v2/query?jobType=scheduleDeviceMethod", "{}"));

    @ParameterizedTest
    @Order(3)
    @ValueSource(longs = {1, 2})
    void survivesDamagedRequests(long seed) throws InterruptedException {
        Mutations mutations = new Mutations(seed);
        List<CompletableFuture<Void>> answers = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            Request right = mutations.oneOf(ASKED);
            String path = mutations.random().nextInt(3) > 0
                    ? right.path()
                    : "/"
                            + URLEncoder.encode(mutations.of(right.path().substring(1)), StandardCharsets.UTF_8)
                                    .replace("%2F", "/")
                                    .replace("%3F", "?")
                                    .replace("%3D", "=");
            String body = right.method().equals("GET") ? null : mutations.of(right.body());
            answers.add(muster.rest
                    .send(right.method(), path, body)
                    .thenAccept(answer -> assertThat(answer.status())
                            .as("%s %s %s gives %s", right.method(), path, body, answer.body())
                            .isLessThan(500)));
            if (answers.size() == 50) {
                answers.forEach(CompletableFuture::join);
                answers.clear();
            }
        }
        answers.forEach(CompletableFuture::join);
        isWell("requests-" + seed);
    }

    @ParameterizedTest
    @Order(4)
    @ValueSource(longs = {1, 2})
    void survivesDamagedPackets(long seed) throws Exception {
        Mutations mutations = new Mutations(seed);
        for (int i = 0; i < CONNECTIONS; i++) {
            byte[] connect = connect("fuzz-000004");
            byte[] more = more("fuzz-000004");
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes(mutations.random().nextInt(4) == 0 ? mutations.of(connect) : connect);
            all.writeBytes(mutations.of(more));
            try (Socket socket = RestClient.trusting(muster.standalone.caFile())
                    .getSocketFactory()
                    .createSocket("localhost", muster.standalone.options().mqttPort())) {
                socket.setSoTimeout(50);
                socket.getOutputStream().write(all.toByteArray());
                socket.getInputStream().readNBytes(200);
            } catch (IOException e) {
                assertThat(e).as("it closes, or says nothing").isNotNull();
            }
        }
        isWell("packets-" + seed);
    }

    private static byte[] connect(String deviceId) throws IOException {
        String host = "localhost";
        String token = SharedAccessSignature.sign(
                host + "/devices/" + deviceId,
                muster.key("device"),
                "device",
                Instant.now().plusSeconds(600));
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(content);
        out.writeUTF("MQTT");
        out.write(new byte[] {4, (byte) 0xC0, 0, 60});
        out.writeUTF(deviceId);
        out.writeUTF(host + "/" + deviceId + "/?api-version=2021-04-12");
        out.writeUTF(token);
        return packet(0x10, content.toByteArray());
    }

    private static byte[] more(String deviceId) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteArrayOutputStream subscribe = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(subscribe);
        out.writeShort(1);
        for (String filter : List.of(
                "$iothub/methods/POST/#", "$iothub/twin/res/#", "devices/" + deviceId + "/messages/devicebound/#")) {
            out.writeUTF(filter);
            out.write(1);
        }
        all.writeBytes(packet(0x82, subscribe.toByteArray()));
        for (String topic : List.of(
                "$iothub/twin/GET/?$rid=1",
                "$iothub/twin/PATCH/properties/reported/?$rid=2",
                "$iothub/methods/res/200/?$rid=abc",
                "devices/" + deviceId + "/messages/events/a=b&%24.ct=application%2Fjson")) {
            ByteArrayOutputStream publish = new ByteArrayOutputStream();
            DataOutputStream of = new DataOutputStream(publish);
            of.writeUTF(topic);
            of.writeShort(7);
            of.writeBytes("{\"a\":1}");
            all.writeBytes(packet(0x32, publish.toByteArray()));
        }
        return all.toByteArray();
    }

    private static byte[] packet(int type, byte[] content) {
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.write(type);
        int left = content.length;
        do {
            int digit = left % 128;
            left /= 128;
            packet.write(left > 0 ? digit | 0x80 : digit);
        } while (left > 0);
        packet.writeBytes(content);
        return packet.toByteArray();
    }

    /** Writes records as others may: earlier ones, changed. */
    @ParameterizedTest
    @Order(5)
    @ValueSource(longs = {1, 2})
    void survivesChangedRecords(long seed) throws Exception {
        Mutations mutations = new Mutations(seed);
        String kafka = muster.standalone.options().kafka();
        List<ConsumerRecord<byte[], byte[]>> right = new ArrayList<>();
        for (String topic :
                List.of(Topics.JOB_COMMANDS.name(), Topics.DEVICE_COMMANDS.name(), Topics.STREAM_JOB_COMMANDS.name())) {
            StreamTopics.read(kafka, topic, new ByteArrayDeserializer()).stream()
                    .filter(record -> record.value() != null)
                    .limit(200)
                    .forEach(right::add);
        }
        assertThat(right).hasSizeGreaterThan(20);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < RECORDS; i++) {
                ConsumerRecord<byte[], byte[]> of = mutations.oneOf(right);
                boolean keyToo = mutations.random().nextInt(4) == 0 && of.key() != null;
                producer.send(new ProducerRecord<>(
                        of.topic(), keyToo ? mutations.of(of.key()) : of.key(), mutations.of(of.value())));
            }
            producer.flush();
        }
        isWell("records-" + seed);
    }

    /**
     * Writes records that no service of ours writes into every topic of the catalogue, under keys that are right and wrong, in any partition, with
     * any time: no process ends or stops being ready, nothing is logged as a stack trace, and a job counts as it should.
     */
    @ParameterizedTest
    @Order(6)
    @ValueSource(longs = {1})
    void survivesPoisonInEveryTopic(long seed) throws Exception {
        Map<String, Long> pids = pids();
        Map<String, Long> traces = stackTraces();
        SplittableRandom random = new SplittableRandom(seed);
        PoisonRecords poison = new PoisonRecords(
                new ConfluentSchemaRegistry(new RegistrySettings(
                        URI.create(muster.standalone.options().registry()), null, null, null)),
                seed);
        Map<String, Integer> taken = new HashMap<>();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                // A record that the broker refuses takes its batch with it: each is one of its own.
                Map.of("bootstrap.servers", muster.standalone.options().kafka(), "batch.size", 0),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (Topic<?> topic : Topics.ALL) {
                int partitions = producer.partitionsFor(topic.name()).size();
                for (int i = 0; i < POISON; i++) {
                    PoisonRecords.Poison record = poison.next(topic);
                    long[] times = {0, System.currentTimeMillis(), Long.MAX_VALUE};
                    producer.send(
                            new ProducerRecord<>(
                                    topic.name(),
                                    random.nextInt(4) == 0 ? random.nextInt(partitions) : null,
                                    random.nextInt(4) == 0 ? times[random.nextInt(times.length)] : null,
                                    record.key() == null ? null : record.key().getBytes(StandardCharsets.UTF_8),
                                    record.value()),
                            // Brokers refuse records of compacted topics without a key, and some times.
                            (_, error) -> taken.merge(topic.name(), error == null ? 1 : 0, Integer::sum));
                }
                producer.flush();
            }
        }
        assertThat(taken)
                .hasSize(Topics.ALL.size())
                .allSatisfy((topic, count) -> assertThat(count).as(topic).isGreaterThan(POISON / 2));
        isWell("after-poison-" + seed);
        List<String> devices = SimulatedFleet.deviceIds("sound-" + seed + "-", 10);
        muster.register(devices, "{\"sound\":" + seed + "}");
        try (SimulatedFleet sound = muster.connect(devices, Behaviour.PERFECT)) {
            await().atMost(Duration.ofSeconds(30)).until(() -> sound.counters().connected() == 10);
            RunningMuster.schedule(muster.rest, "sound-" + seed, "tags.sound = " + seed, 20);
            JsonNode statistics = RunningMuster.completed(muster.rest, "sound-" + seed);
            assertThat(statistics.path("deviceCount").asInt()).isEqualTo(10);
            assertThat(statistics.path("succeededCount").asInt()).isEqualTo(10);
        }
        assertThat(pids()).as("the processes of before").isEqualTo(pids);
        for (String service : SERVICES) {
            assertThat(Operations.isReady(
                            URI.create(muster.standalone.operations(service)).getPort()))
                    .as(service)
                    .isTrue();
        }
        assertThat(stackTraces()).isEqualTo(traces);
    }

    /** Refuses no largest request: a record that is larger than its topic takes would end the service that has to write it, again and again. */
    @Test
    @Order(7)
    void servesTheLargestRequests() throws Exception {
        Map<String, Long> pids = pids();
        String none = "\"\",".repeat(80_000) + "\"\"";
        String names = IntStream.range(0, 11_000)
                .mapToObj(i -> "\"" + Integer.toString(i, 36) + "\":\"\"")
                .collect(Collectors.joining(","));
        String text = "x".repeat(1_048_000);
        muster.register(List.of("large"), "{\"large\":1}");
        for (String name : List.of("a", "b", "c", "d", "e")) {
            refused("PATCH", "/twins/large", "{\"properties\":{\"desired\":{\"" + name + "\":[" + none + "]}}}", 413);
        }
        for (int module = 0; module < 12; module++) {
            String id = "/devices/large/modules/m" + module;
            ok(muster.rest
                    .send("PUT", id, "{\"deviceId\":\"large\",\"moduleId\":\"m" + module + "\"}")
                    .join());
            ok(muster.rest
                    .send("PATCH", "/twins/large/modules/m" + module, "{\"properties\":{\"desired\":{" + names + "}}}")
                    .join());
        }
        RestClient.Answer modules =
                muster.rest.send("GET", "/devices/large/modules", null).join();
        assertThat(modules.status()).as(modules.body().toString()).isIn(200, 413);
        refused("PUT", "/devices/large-2", "{\"deviceId\":\"large-2\",\"statusReason\":\"" + text + "\"}", 400);
        refused(
                "PUT",
                "/jobs/v2/large",
                "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{\"a\":1}},\"queryCondition\":\"" + text
                        + "\"}",
                400);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka(), "max.request.size", 10 << 20),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            Map<String, Integer> taken = new ConcurrentHashMap<>();
            for (Topic<?> topic : Topics.ALL) {
                int room = 1000;
                byte[] value =
                        new byte[Integer.parseInt(topic.config().getOrDefault("max.message.bytes", "1048588")) - room];
                producer.send(
                        new ProducerRecord<>(topic.name(), "large".getBytes(StandardCharsets.UTF_8), value),
                        (_, error) -> taken.put(topic.name(), error == null ? 1 : 0));
            }
            producer.flush();
            assertThat(taken)
                    .hasSize(Topics.ALL.size())
                    .allSatisfy((topic, count) -> assertThat(count).as(topic).isOne());
        }
        isWell("large-1");
        isWell("large-2");
        assertThat(pids()).isEqualTo(pids);
        muster.rest.send("DELETE", "/devices/large", null).join();
    }

    private static void refused(String method, String path, String body, int status) {
        RestClient.Answer answer = muster.rest.send(method, path, body).join();
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
    }

    private static Map<String, Long> pids() {
        Map<String, Long> pids = new HashMap<>();
        for (String service : SERVICES) {
            pids.put(service, muster.standalone.process(service).pid());
        }
        return pids;
    }

    /** Counts the lines of stack traces in the log of each service. */
    private static Map<String, Long> stackTraces() throws IOException {
        Map<String, Long> traces = new HashMap<>();
        for (String service : SERVICES) {
            Path log = muster.standalone.options().data().resolve("logs").resolve(service + ".log");
            try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
                traces.put(
                        service, lines.filter(line -> line.startsWith("\tat ")).count());
            }
        }
        return traces;
    }

    /** Requires that the processes are those of before, that none of their threads has failed, and that they serve. */
    private static void isWell(String id) throws InterruptedException {
        RunningMuster.schedule(muster.rest, id, "tags.fuzz = true AND deviceId != 'fuzz-000004'", 20);
        assertThat(RunningMuster.completed(muster.rest, id)
                        .path("succeededCount")
                        .asInt())
                .isGreaterThanOrEqualTo(15);
        for (String service : SERVICES) {
            assertThat(Operations.scrape(muster.standalone.operations(service)).lines())
                    .as(service)
                    .noneMatch(line ->
                            line.startsWith("kafka_stream_failed_stream_threads_total") && !line.endsWith(" 0.0"));
        }
    }
}
