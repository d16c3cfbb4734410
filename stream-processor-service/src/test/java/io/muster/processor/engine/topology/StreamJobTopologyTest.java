package io.muster.processor.engine.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.processor.engine.TimePolicy;
import io.muster.processor.format.InputFormat;
import io.muster.processor.format.OutputFormat;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.Ticks;
import io.muster.records.StreamJobProgress;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.topics.Topics;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the topology of a start: partitions by themselves and over the exchange. */
class StreamJobTopologyTest {
    private static final Instant NOW = Instant.parse("2026-11-21T10:03:00Z");

    private final RecordCodec<StreamJobProgress> codec =
            new Codecs(new InMemorySchemaRegistry()).of(Topics.STREAM_JOB_PROGRESS);
    private final AtomicLong until = new AtomicLong(Long.MAX_VALUE);
    private Arrivals arrivals = (_, _, _, now) -> OptionalLong.of(now);
    private @Nullable TopologyTestDriver driver;
    private TestInputTopic<String, String> in;
    private TestOutputTopic<String, String> out;

    private void start(String query, boolean exchange, Instant from) throws QueryException {
        start(query, exchange, from, new TimePolicy(5 * Ticks.SECOND, 0, false));
    }

    private void start(String query, boolean exchange, Instant from, TimePolicy policy) throws QueryException {
        start(query, exchange, from, policy, true);
    }

    private void start(String query, boolean exchange, Instant from, TimePolicy policy, boolean stopsAtErrors)
            throws QueryException {
        StreamJobSpec spec = new StreamJobSpec(
                "job",
                7,
                StreamQuery.parse(query, Set.of()),
                List.of(new StreamJobSpec.Input("telemetry", "in", new InputFormat.Json(), 1, false)),
                Map.of(
                        "output",
                        new StreamJobSpec.Output("out", new OutputFormat.Json(false, Optional.of("k")), stopsAtErrors)),
                policy,
                List.of(Ticks.of(from)),
                until::get,
                (_, _) -> {},
                exchange ? Optional.of("exchange") : Optional.empty(),
                1,
                () -> 50,
                codec,
                arrivals);
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test-" + UUID.randomUUID());
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
        properties.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, FailQuietly.class);
        driver = new TopologyTestDriver(StreamJobTopology.build(spec), properties, NOW);
        in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
        out = driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer());
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.close();
        }
    }

    private final Set<String> samples = new HashSet<>();

    /** Returns the latest counts of all tasks, summed. */
    private Map<String, Long> counts() {
        wait(Duration.ofSeconds(2)); // Those who only read tell of it once a second.
        Map<Integer, StreamJobProgress> latest = new HashMap<>();
        driver.createOutputTopic(Topics.STREAM_JOB_PROGRESS.name(), new StringDeserializer(), codec)
                .readValuesToList()
                .forEach(progress -> latest.put(progress.getTask(), progress));
        Map<String, Long> sums = new HashMap<>();
        latest.values().forEach(progress -> {
            progress.getCounts().forEach((name, count) -> sums.merge(name, count, Long::sum));
            samples.addAll(progress.getSamples());
        });
        return sums;
    }

    private void wait(Duration duration) {
        for (Duration left = duration; left.isPositive(); left = left.minusMillis(50)) {
            driver.advanceWallClockTime(Duration.ofMillis(50));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void letsNoSubstreamWaitForOthers(boolean exchange) throws QueryException {
        start(
                "SELECT k, COUNT(*) AS n FROM telemetry TIMESTAMP BY t OVER k GROUP BY k, TumblingWindow(second, 10)",
                exchange,
                NOW.minusSeconds(60));
        in.pipeInput("", "{\"k\":\"a\",\"t\":\"2026-11-21T10:02:58Z\"}", NOW);
        in.pipeInput("", "{\"k\":\"b\",\"t\":\"2026-11-21T10:02:59Z\"}", NOW);
        in.pipeInput("", "{\"k\":\"a\",\"t\":\"2026-11-21T10:03:01Z\"}", NOW);
        in.pipeInput("", "{\"k\":\"b\",\"t\":\"2026-11-21T10:02:57Z\"}", NOW.plusSeconds(1));
        wait(Duration.ofSeconds(1));
        assertThat(out.readValuesToList()).containsExactly("{\"k\":\"a\",\"n\":1}");
        wait(Duration.ofSeconds(16));
        assertThat(out.readValuesToList())
                .as("b's was out of order and moved; lateness, which is 5 s, ends the others' windows")
                .containsExactlyInAnyOrder("{\"k\":\"b\",\"n\":2}", "{\"k\":\"a\",\"n\":1}");
        assertThat(counts()).containsEntry("OutOfOrderEvents", 1L);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endsAWindowThoughNothingMoreComes(boolean exchange) throws QueryException {
        start("SELECT k, COUNT(*) AS n FROM telemetry GROUP BY k, TumblingWindow(second, 10)", exchange, NOW);
        in.pipeInput("", "{\"k\":\"a\"}\n{\"k\":\"b\"}", NOW.plusSeconds(1));
        in.pipeInput("", "[{\"k\":\"a\"}]", NOW.plusSeconds(10));
        in.pipeInput("", "no JSON", NOW.plusSeconds(10));
        wait(Duration.ofSeconds(10));
        assertThat(out.isEmpty()).isTrue();
        wait(Duration.ofSeconds(1));
        assertThat(out.readRecordsToList())
                .extracting(record -> record.key() + " " + record.value() + " " + record.getRecordTime())
                .containsExactly(
                        "a {\"k\":\"a\",\"n\":2} 2026-11-21T10:03:10Z", "b {\"k\":\"b\",\"n\":1} 2026-11-21T10:03:10Z");
        assertThat(counts())
                .containsAllEntriesOf(Map.of("InputEvents", 3L, "OutputEvents", 2L, "DeserializationErrors", 1L));
        assertThat(samples).singleElement().asString().startsWith("topic in, partition 0, offset 2: ");
    }

    /** Starts at 10:03 with windows of five minutes. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writesTheWholeFirstWindowThoughItBeganBeforeTheStart(boolean exchange) throws QueryException {
        start("SELECT COUNT(*) AS n FROM telemetry GROUP BY TumblingWindow(minute, 5)", exchange, NOW);
        for (String at : List.of("09:59:59", "10:00:00", "10:00:01", "10:04:00", "10:05:00", "10:05:01")) {
            in.pipeInput("", "{}", Instant.parse("2026-11-21T" + at + "Z"));
        }
        wait(Duration.ofSeconds(1));
        assertThat(out.readValuesToList()).containsExactly("{\"n\":3}");
    }

    /** Leaves results from an instant on to another start: this one writes those before, reports it, and no more. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endsResultsWhereAnotherQueryTakesOver(boolean exchange) throws QueryException {
        start("SELECT COUNT(*) AS n FROM telemetry GROUP BY TumblingWindow(second, 2)", exchange, NOW);
        in.pipeInput("", "{}", NOW.plusSeconds(1));
        until.set(Ticks.of(NOW.plusSeconds(3)));
        wait(Duration.ofMillis(100));
        in.pipeInput("", "{}", NOW.plusSeconds(3));
        in.pipeInput("", "{}", NOW.plusSeconds(5));
        in.pipeInput("", "{}", NOW.plusSeconds(7));
        wait(Duration.ofSeconds(8));
        assertThat(out.readValuesToList()).containsExactly("{\"n\":1}");
        assertThat(driver.createOutputTopic(Topics.STREAM_JOB_PROGRESS.name(), new StringDeserializer(), codec)
                        .readValuesToList())
                .filteredOn(progress -> progress.getTask() == 0)
                .last()
                .returns(Ticks.of(NOW.plusSeconds(3)), StreamJobProgress::getWatermarkTicks);
    }

    @Test
    void waitsForNoEmptyPartition() throws QueryException {
        start("SELECT 1 AS n FROM telemetry GROUP BY TumblingWindow(second, 1)", true, NOW);
        wait(Duration.ofSeconds(2));
        assertThat(out.isEmpty()).isTrue();
    }

    static Stream<KafkaFuture<ListOffsetsResultInfo>> answersOfATopicThatIsGone() {
        KafkaFutureImpl<ListOffsetsResultInfo> failed = new KafkaFutureImpl<>();
        failed.completeExceptionally(new UnknownTopicOrPartitionException("gone"));
        return Stream.of(failed, new KafkaFutureImpl<>());
    }

    /** Runs two jobs in one process; the topic of one was deleted. */
    @ParameterizedTest
    @MethodSource("answersOfATopicThatIsGone")
    void endsAWindowOverASilentPartitionThoughTheTopicOfAnotherJobIsGone(KafkaFuture<ListOffsetsResultInfo> gone)
            throws QueryException {
        TopicPartition silent = new TopicPartition("in", 0);
        TopicPartition lost = new TopicPartition("lost", 0);
        LogEnds.Known known =
                new LogEnds.Known(offsets(asked -> asked.equals(lost) ? gone : end(1), new AtomicInteger()));
        try (LogEnds other = new LogEnds(known, List.of(lost));
                LogEnds own = new LogEnds(known, List.of(silent))) {
            arrivals = own;
            countOnce(own, silent);
            assertThat(other.completeUntil("lost", 0, -1, Ticks.of(NOW))).isEmpty();
        }
        assertThat(out.readValuesToList()).containsExactly("{\"n\":1}");
    }

    /** Lets the client or its broker fail at any question. */
    @Test
    void endsAWindowThoughTheEndsOfLogsCannotAlwaysBeAsked() throws QueryException {
        TopicPartition silent = new TopicPartition("in", 0);
        AtomicInteger questions = new AtomicInteger();
        try (LogEnds own = new LogEnds(new LogEnds.Known(offsets(_ -> end(1), questions)), List.of(silent))) {
            arrivals = own;
            questions.set(-3);
            countOnce(own, silent);
        }
        assertThat(out.readValuesToList()).containsExactly("{\"n\":1}");
    }

    /** Sends one event, and then nothing over the end of its window. */
    private void countOnce(LogEnds own, TopicPartition silent) throws QueryException {
        start("SELECT COUNT(*) AS n FROM telemetry GROUP BY TumblingWindow(second, 10)", false, NOW);
        in.pipeInput("", "{}", NOW.plusSeconds(1));
        MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
        consumer.assign(List.of(silent));
        consumer.seek(silent, 1);
        own.read(consumer, ConsumerRecords.empty());
        wait(Duration.ofSeconds(12));
    }

    private static KafkaFuture<ListOffsetsResultInfo> end(long offset) {
        return KafkaFuture.completedFuture(new ListOffsetsResultInfo(offset, 0, Optional.empty()));
    }

    /** @param questions that were asked; those up to zero fail, by turns before and behind the network */
    private static Admin offsets(
            Function<TopicPartition, KafkaFuture<ListOffsetsResultInfo>> answers, AtomicInteger questions) {
        return (Admin) Proxy.newProxyInstance(
                StreamJobTopologyTest.class.getClassLoader(), new Class<?>[] {Admin.class}, (_, _, args) -> {
                    int question = questions.incrementAndGet();
                    if (question <= 0 && question % 2 == 0) {
                        throw new KafkaException("the client is odd");
                    }
                    KafkaFutureImpl<ListOffsetsResultInfo> away = new KafkaFutureImpl<>();
                    away.completeExceptionally(new TimeoutException("the broker is away"));
                    Map<TopicPartition, KafkaFuture<ListOffsetsResultInfo>> found = new HashMap<>();
                    ((Map<?, ?>) args[0])
                            .keySet()
                            .forEach(partition -> found.put(
                                    (TopicPartition) partition,
                                    question <= 0 ? away : answers.apply((TopicPartition) partition)));
                    return new ListOffsetsResult(found);
                });
    }

    @Test
    void waitsForEventsThatMayBeLate() throws QueryException {
        start("SELECT id, System.Timestamp() AS at FROM telemetry TIMESTAMP BY t", true, NOW.minusSeconds(60));
        in.pipeInput("", "{\"id\":1,\"t\":\"2026-11-21T10:02:58Z\"}", NOW);
        in.pipeInput("", "{\"id\":2,\"t\":\"2026-11-21T10:02:50Z\"}", NOW.plusMillis(1));
        in.pipeInput("", "{\"id\":3,\"t\":\"no time\"}", NOW.plusMillis(2));
        in.pipeInput("", "{\"id\":4,\"t\":\"2026-11-21T10:09:00Z\"}", NOW.plusMillis(3));
        wait(Duration.ofSeconds(3));
        assertThat(out.isEmpty()).isTrue();
        wait(Duration.ofMillis(200));
        assertThat(out.readValuesToList())
                .containsExactly(
                        "{\"id\":1,\"at\":\"2026-11-21T10:02:58.0000000Z\"}",
                        "{\"id\":2,\"at\":\"2026-11-21T10:02:58.0000000Z\"}");
        assertThat(counts())
                .containsEntry("LateInputEvents", 1L)
                .containsEntry("EarlyInputEvents", 1L)
                .containsEntry("ConversionErrors", 1L);
    }

    /** Follows field case 39: 10 s late, 5 s of disorder; rows come by their times, and C before B. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            false | TIMESTAMP BY t | A:20 D:35 C:37 B:40
            true  | TIMESTAMP BY t | C:37 B:40
            false | ''             | A:30 B:40 C:40 D:40
            true  | ''             | A:30 B:40 C:40 D:40
            """)
    void movesLateEventsBeforeThoseOutOfOrder(boolean drops, String timestamp, String rows) throws QueryException {
        start(
                "SELECT id, System.Timestamp() AS ts FROM telemetry " + timestamp,
                false,
                NOW.minusSeconds(60),
                new TimePolicy(10 * Ticks.SECOND, 5 * Ticks.SECOND, drops));
        for (String event : List.of("A 10 30", "B 40 40", "C 37 40", "D 33 40")) {
            String[] part = event.split(" ");
            in.pipeInput(
                    "",
                    "{\"id\":\"%s\",\"t\":\"2026-11-21T10:03:%sZ\"}".formatted(part[0], part[1]),
                    NOW.plusSeconds(Long.parseLong(part[2])));
        }
        wait(Duration.ofSeconds(60));
        assertThat(out.readValuesToList())
                .containsExactly(Stream.of(rows.split(" "))
                        .map(row -> row.split(":"))
                        .map(row -> "{\"id\":\"%s\",\"ts\":\"2026-11-21T10:03:%s.0000000Z\"}".formatted(row[0], row[1]))
                        .toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT CAST(v AS bigint) AS v FROM telemetry",
                "WITH s AS (SELECT * FROM telemetry) SELECT CAST(v AS bigint) AS v FROM s"
            })
    void failsTheJobWithThePositionOfACastThatFails(String query) throws QueryException {
        start(query, false, NOW);
        in.pipeInput("", "{\"v\":\"12\"}", NOW);
        in.pipeInput("", "{\"v\":\"twelve\"}", NOW.plusSeconds(1));
        assertThatThrownBy(() -> wait(Duration.ofSeconds(2)))
                .hasRootCauseInstanceOf(EvaluationException.class)
                .cause()
                .hasMessageStartingWith("topic in, partition 0, offset 1: twelve can't be cast to bigint");
        assertThat(out.readValuesToList()).containsExactly("{\"v\":12}");
    }

    /** Reads it, since events may be early. */
    @Test
    void evaluatesNoEventThatNoResultNeeds() throws QueryException {
        start("SELECT CAST(v AS bigint) AS v FROM telemetry", false, NOW);
        in.pipeInput("", "{\"v\":\"twelve\"}", NOW.minusSeconds(60));
        in.pipeInput("", "{\"v\":\"12\"}", NOW);
        wait(Duration.ofSeconds(2));
        assertThat(out.readValuesToList()).containsExactly("{\"v\":12}");
    }

    @Test
    void failsTheJobForAnEventBeforeTheStartThatAResultNeeds() throws QueryException {
        start("SELECT SUM(CAST(v AS bigint)) AS v FROM telemetry GROUP BY TumblingWindow(minute, 5)", false, NOW);
        in.pipeInput("", "{\"v\":\"twelve\"}", NOW.minusSeconds(60));
        in.pipeInput("", "{\"v\":\"12\"}", NOW);
        assertThatThrownBy(() -> wait(Duration.ofSeconds(2))).hasRootCauseInstanceOf(EvaluationException.class);
    }

    static Stream<Arguments> failuresBehindOtherRows() {
        String pair =
                "row [{\"k\":\"a\",\"v\":\"12\"},{\"k\":\"a\",\"v\":\"twelve\"}] of 2026-11-21T10:03:01.0000000Z: ";
        String event = "row {\"k\":\"a\",\"v\":\"twelve\"} of 2026-11-21T10:03:01.0000000Z: ";
        String joined = " FROM telemetry a JOIN telemetry b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 1 AND 5";
        return Stream.of(
                Arguments.of(
                        "WITH s AS (SELECT * FROM telemetry UNION SELECT 'b' AS k, '1' AS v FROM telemetry) SELECT CAST(v AS bigint) AS v FROM s",
                        "twelve",
                        event),
                Arguments.of("SELECT CAST(b.v AS bigint) AS v" + joined, "twelve", pair),
                Arguments.of("SELECT a.k" + joined + " AND b.v > 3", "twelve", pair),
                Arguments.of("SELECT SUM(b.v) AS s" + joined + " GROUP BY TumblingWindow(second, 10)", "twelve", pair),
                Arguments.of(
                        "SELECT k, SUM(v) AS s FROM telemetry GROUP BY k, SlidingWindow(second, 10)", "twelve", event),
                Arguments.of(
                        "SELECT k, COUNT(*) AS n, TopOne(v) OVER (ORDER BY EventEnqueuedUtcTime DESC) AS latest FROM telemetry"
                                + " GROUP BY k, TumblingWindow(second, 10) HAVING CAST(latest AS bigint) > 0",
                        "twelve",
                        "row [\"a\",1,\"twelve\"] of 2026-11-21T10:03:10.0000000Z: "),
                Arguments.of(
                        "SELECT SUM(576460752303423488 * v) AS s FROM telemetry GROUP BY HoppingWindow(second, 2, 1)",
                        "12",
                        "row [6917529027641081856] of 2026-11-21T10:03:01.0000000Z: "));
    }

    /** Counts from the first result on: there is no watermark before it. */
    @ParameterizedTest
    @MethodSource("failuresBehindOtherRows")
    void namesTheRowOfAFailureBehindOtherRows(String query, String second, String row) throws QueryException {
        start(query, false, NOW);
        in.pipeInput("", "{\"k\":\"a\",\"v\":\"12\"}", NOW);
        in.pipeInput("", "{\"k\":\"a\",\"v\":\"" + second + "\"}", NOW.plusSeconds(1));
        assertThatThrownBy(() -> wait(Duration.ofSeconds(12)))
                .hasRootCauseInstanceOf(EvaluationException.class)
                .cause()
                .hasMessageStartingWith(row);
    }

    private static final String LONG = "x".repeat(600_000);

    /** Uses the default of topics: records of a mebibyte. */
    @Test
    void failsTheJobForAResultLargerThanARecord() throws QueryException {
        start("SELECT k, x, x AS y FROM telemetry", false, NOW);
        in.pipeInput("", "{\"k\":\"a\",\"x\":\"" + LONG + "\"}", NOW);
        assertThatThrownBy(() -> wait(Duration.ofSeconds(1)))
                .hasRootCauseInstanceOf(IOException.class)
                .cause()
                .hasMessage("output output: a row of 1200024 bytes is longer than the 1000000 of a record"
                        + " (with outputErrorPolicy Drop such rows are dropped)");
    }

    @Test
    void dropsAResultLargerThanARecord() throws QueryException {
        start("SELECT k, x, x AS y FROM telemetry", false, NOW, new TimePolicy(5 * Ticks.SECOND, 0, false), false);
        in.pipeInput("", "{\"k\":\"a\",\"x\":\"" + LONG + "\"}", NOW);
        in.pipeInput("", "{\"k\":\"b\",\"x\":\"\"}", NOW);
        wait(Duration.ofSeconds(1));
        assertThat(out.readValuesToList()).containsExactly("{\"k\":\"b\",\"x\":\"\",\"y\":\"\"}");
        assertThat(counts()).containsEntry("ConversionErrors", 1L).containsEntry("OutputEvents", 1L);
        assertThat(samples)
                .containsExactly("output output: a row of 1200024 bytes is longer than the 1000000 of a record");
    }

    /** Saves a window's rows of one key as one record. */
    @Test
    void failsTheJobForStateLargerThanARecord() throws QueryException {
        start("SELECT COUNT(DISTINCT x) AS n FROM telemetry GROUP BY TumblingWindow(hour, 1)", false, NOW);
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 15; i++) {
                        in.pipeInput("", "{\"x\":\"" + i + LONG + "\"}", NOW.plusSeconds(i));
                        wait(Duration.ofSeconds(1));
                    }
                })
                .hasRootCauseInstanceOf(StreamJobFailure.class)
                .rootCause()
                .hasMessageMatching("The query remembers \\d+ bytes of one key, and 8323072 are the most:"
                        + " take shorter windows, or group by more");
    }
}
