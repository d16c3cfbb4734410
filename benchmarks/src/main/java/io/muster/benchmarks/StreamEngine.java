package io.muster.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.codec.Codecs;
import io.muster.processor.engine.TimePolicy;
import io.muster.processor.engine.topology.LogEnds;
import io.muster.processor.engine.topology.StreamJobSpec;
import io.muster.processor.engine.topology.StreamJobTopology;
import io.muster.processor.format.InputFormat;
import io.muster.processor.format.OutputFormat;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.Ticks;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.StreamsApplication;
import io.muster.topics.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Runs one scenario until it is ended, in a process of its own. Arguments: which engine, the scenario, the broker, the topics of events, of
 * limits and of results, and how many partitions each has. Each engine has two threads and reads from the earliest record on.
 */
public final class StreamEngine {
    private static final int THREADS = 2;
    /** Commits as often as Kafka Streams does by default where records are processed exactly once. */
    private static final long COMMIT_MS = 100;

    private static final ObjectMapper JSON = new ObjectMapper();

    private record Task(
            StreamScenario scenario, String broker, String events, String limits, String results, int partitions) {}

    private StreamEngine() {}

    public static void main(String[] args) throws Exception {
        Task task = new Task(
                StreamScenario.valueOf(args[1]), args[2], args[3], args[4], args[5], Integer.parseInt(args[6]));
        switch (args[0]) {
            case "muster" -> muster(task, task.scenario().muster(), false);
            case "muster-merging" -> muster(task, task.scenario().merging(), true);
            case "by-hand" -> byHand(task);
            case "flink" -> flink(task, false);
            case "flink-checkpoints" -> flink(task, true);
            default -> throw new IllegalArgumentException("no such engine: " + args[0]);
        }
    }

    private static void muster(Task task, String text, boolean merges) throws Exception {
        StreamQuery query;
        try {
            query = StreamQuery.parse(text, Set.of());
        } catch (QueryException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
        String id = task.results();
        Admin admin = Admin.create(Map.of("bootstrap.servers", task.broker()));
        List<StreamJobSpec.Input> inputs = new ArrayList<>();
        List<TopicPartition> partitions = new ArrayList<>();
        for (String input : query.inputs().stream().sorted().toList()) {
            String topic = input.equals("events") ? task.events() : task.limits();
            inputs.add(new StreamJobSpec.Input(input, topic, new InputFormat.Json(), task.partitions(), false));
            IntStream.range(0, task.partitions()).forEach(i -> partitions.add(new TopicPartition(topic, i)));
        }
        int tasks = query.partitionKeys().isPresent() ? THREADS : 1;
        if (merges) {
            admin.createTopics(List.of(new NewTopic(id + "-exchange", Optional.of(tasks), Optional.of((short) 1))))
                    .all()
                    .get();
        }
        LogEnds ends = new LogEnds(new LogEnds.Known(admin), partitions);
        StreamJobSpec spec = new StreamJobSpec(
                id,
                1,
                query,
                inputs,
                Map.of(
                        "out",
                        new StreamJobSpec.Output(
                                task.results(), new OutputFormat.Json(false, Optional.of("deviceId")), true)),
                new TimePolicy(0, 0, false),
                List.of(Ticks.of(Instant.EPOCH)),
                () -> Long.MAX_VALUE,
                (_, _) -> {},
                merges ? Optional.of(id + "-exchange") : Optional.empty(),
                tasks,
                () -> COMMIT_MS,
                new Codecs(new InMemorySchemaRegistry()).of(Topics.STREAM_JOB_PROGRESS),
                ends);
        new KafkaStreams(StreamJobTopology.build(spec), properties(task), ends).start();
    }

    private static Properties properties(Task task) throws IOException {
        return StreamsApplication.properties(new StreamsApplication.Options(
                task.results(),
                new KafkaConnection(task.broker(), Map.of()),
                Files.createTempDirectory("stream-engine"),
                THREADS,
                1,
                Map.of(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest")));
    }

    /** Answers this one question with Kafka Streams' own windows, as a good programmer writes it. */
    private static void byHand(Task task) throws IOException {
        Properties properties = properties(task);
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, (int) COMMIT_MS);
        new KafkaStreams(topology(task), properties).start();
    }

    private record Sum(long count, double sum) {
        static Serde<Sum> serde() {
            return Serdes.serdeFrom(
                    (_, sum) -> ByteBuffer.allocate(16)
                            .putLong(sum.count)
                            .putDouble(sum.sum)
                            .array(),
                    (_, bytes) -> bytes == null
                            ? null
                            : new Sum(
                                    ByteBuffer.wrap(bytes).getLong(),
                                    ByteBuffer.wrap(bytes).getDouble(8)));
        }
    }

    private static Serde<JsonNode> json() {
        return Serdes.serdeFrom(
                (_, node) -> {
                    try {
                        return JSON.writeValueAsBytes(node);
                    } catch (JsonProcessingException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                (_, bytes) -> {
                    try {
                        return JSON.readTree(bytes);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    private static ObjectNode result(String device, double temperature, long at) {
        return JSON.createObjectNode()
                .put("deviceId", device)
                .put("temperature", temperature)
                .put("at", Instant.ofEpochMilli(at).toString());
    }

    private static Topology topology(Task task) {
        StreamsBuilder builder = new StreamsBuilder();
        Consumed<String, JsonNode> consumed = Consumed.with(Serdes.String(), json());
        KStream<String, JsonNode> events = builder.stream(task.events(), consumed);
        KStream<String, ? extends JsonNode> results = switch (task.scenario()) {
            case FILTER ->
                events.filter((_, event) -> event.path("temperature").asDouble() > 90)
                        .processValues(StampedResult::new);
            case TUMBLING -> windows(events, TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)));
            case HOPPING ->
                windows(
                        events,
                        TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(60)).advanceBy(Duration.ofSeconds(1)));
            case JOIN ->
                events.join(
                                builder.stream(task.limits(), consumed),
                                (event, limit) -> (JsonNode) ((ObjectNode) event)
                                        .put("most", limit.path("most").asDouble()),
                                JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ZERO)
                                        .before(Duration.ofMillis(999)),
                                StreamJoined.with(Serdes.String(), json(), json()))
                        .filter((_, row) -> row.path("temperature").asDouble()
                                > row.path("most").asDouble())
                        .processValues(StampedResult::new);
        };
        results.mapValues(node -> (JsonNode) node).to(task.results(), Produced.with(Serdes.String(), json()));
        return builder.build();
    }

    private static KStream<String, ObjectNode> windows(KStream<String, JsonNode> events, TimeWindows windows) {
        return events.groupByKey()
                .windowedBy(windows)
                .emitStrategy(EmitStrategy.onWindowClose())
                .aggregate(
                        () -> new Sum(0, 0),
                        (_, event, sum) -> new Sum(
                                sum.count + 1,
                                sum.sum + event.path("temperature").asDouble()),
                        Materialized.<String, Sum, WindowStore<Bytes, byte[]>>with(Serdes.String(), Sum.serde()))
                .toStream((window, _) -> window)
                .map((window, sum) -> KeyValue.pair(
                        window.key(),
                        result(
                                        window.key(),
                                        sum.sum / sum.count,
                                        window.window().end())
                                .put("n", sum.count)));
    }

    /** Stamps a row with its time, which Kafka Streams alone knows. */
    private static final class StampedResult implements FixedKeyProcessor<String, JsonNode, ObjectNode> {
        @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
        private FixedKeyProcessorContext<String, ObjectNode> context;

        @Override
        public void init(FixedKeyProcessorContext<String, ObjectNode> context) {
            this.context = context;
        }

        @Override
        public void process(FixedKeyRecord<String, JsonNode> record) {
            JsonNode value = record.value();
            ObjectNode result = result(record.key(), value.path("temperature").asDouble(), record.timestamp());
            if (value.has("most")) {
                result.set("most", value.get("most"));
            }
            context.forward(record.withValue(result));
        }
    }

    /**
     * Runs the scenario at least once: without checkpoints, so that all that could slow it is off; or with one as often as the others commit. Its exactly-once
     * sink does not run with this version of Kafka's client.
     */
    private static void flink(Task task, boolean checkpoints) {
        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        if (checkpoints) {
            tables.getConfig().set("execution.checkpointing.interval", COMMIT_MS + " ms");
        }
        tables.getConfig().set("parallelism.default", String.valueOf(THREADS));
        tables.getConfig().set("table.local-time-zone", "UTC");
        String from =
                " ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = '%s',"
                        + " 'properties.bootstrap.servers' = '%s', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json')";
        tables.executeSql("CREATE TABLE events (deviceId STRING, temperature DOUBLE,"
                + from.formatted(task.events(), task.broker()));
        tables.executeSql(
                "CREATE TABLE limits (deviceId STRING, most DOUBLE," + from.formatted(task.limits(), task.broker()));
        String columns = switch (task.scenario()) {
            case FILTER -> "deviceId STRING, temperature DOUBLE, `at` TIMESTAMP_LTZ(3)";
            case TUMBLING, HOPPING -> "deviceId STRING, n BIGINT, temperature DOUBLE, `at` TIMESTAMP(3)";
            case JOIN -> "deviceId STRING, temperature DOUBLE, most DOUBLE, `at` TIMESTAMP_LTZ(3)";
        };
        tables.executeSql(("CREATE TABLE results (%s) WITH ('connector' = 'kafka', 'topic' = '%s',"
                        + " 'properties.bootstrap.servers' = '%s', 'key.format' = 'raw', 'key.fields' = 'deviceId',"
                        + " 'value.format' = 'json', 'value.json.timestamp-format.standard' = 'ISO-8601')")
                .formatted(columns, task.results(), task.broker()));
        tables.executeSql("INSERT INTO results " + task.scenario().flink());
    }

    static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }
}
