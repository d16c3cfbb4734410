package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.standalone.RestClient;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares starts of stream jobs with a computation over the same records: from each way of saying when, over partitions by themselves, over
 * all in one task and shared by three, with one query replaced by another, while the processor is killed at instants that a seed chooses.
 */
class StreamStartsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private RestClient rest;
    private String kafka;

    private record Job(String name, String out, int units, String query, StreamTopics.Computation computation) {}

    private static final String TUMBLING = "SELECT k, COUNT(*) AS n, System.Timestamp() AS at INTO out FROM events"
            + " GROUP BY k, TumblingWindow(second, 1)";
    private static final String HOPPING = "SELECT k, COUNT(*) AS n, System.Timestamp() AS at INTO out FROM events"
            + " GROUP BY k, HoppingWindow(second, 5, 1)";
    private static final String FILTER =
            "SELECT i AS k, 1 AS n, System.Timestamp() AS at INTO out FROM events WHERE events.k = 'a'";

    private static void filter(ConsumerRecord<String, String> event, JsonNode value, SortedMap<String, Long> results) {
        if (value.path("k").asText().equals("a")) {
            results.merge(
                    StreamTopics.text(event.timestamp()) + " " + value.path("i").asText(), 1L, Long::sum);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = 11)
    void writesTheResultsOfAComputation(long seed) throws Exception {
        RunningMuster muster = RunningMuster.get();
        rest = muster.rest;
        kafka = muster.standalone.options().kafka();
        String in = "starts-in-" + seed;
        Random random = new Random(seed);
        List<Job> jobs = List.of(
                new Job("now", "starts-now-" + seed, 3, TUMBLING, StreamTopics.windows(1000, 1000, false)),
                new Job("past", "starts-past-" + seed, 1, HOPPING, StreamTopics.windows(5000, 1000, false)),
                new Job(
                        "future",
                        "starts-future-" + seed,
                        1,
                        StreamTopics.BY_PARTITION,
                        StreamTopics.windows(1000, 1000, true)),
                new Job(
                        "last",
                        "starts-last-" + seed,
                        1,
                        StreamTopics.BY_PARTITION,
                        StreamTopics.windows(1000, 1000, true)),
                new Job("filter", "starts-filter-" + seed, 1, FILTER, StreamStartsTest::filter));
        StreamTopics.create(kafka, in);
        for (Job job : jobs) {
            StreamTopics.create(kafka, job.out());
        }
        AutoCloseable events = StreamTopics.feed(kafka, in, seed);
        await().until(() -> StreamTopics.read(kafka, in).size() > 1000);
        Instant now =
                Instant.ofEpochMilli(StreamTopics.read(kafka, in).getLast().timestamp());
        Map<String, String> starts = Map.of(
                "now", "{}",
                "past", custom(now.minusMillis(2500)),
                "future", custom(now.plusSeconds(12)),
                "last", "{\"outputStartMode\":\"JobStartTime\"}",
                "filter", custom(now.minusSeconds(3)));
        for (Job job : jobs) {
            put(job, in, seed);
            ask(job, seed, "start", starts.get(job.name()));
        }
        for (Job job : jobs) {
            awaitState(job, seed, "Running");
        }
        assertThat(StreamTopics.setting(kafka, "muster-stream-\\d+-exchange", "retention.ms"))
                .as("records between tasks do not grow old, whatever their time")
                .isNotEmpty()
                .containsOnly("-1");
        for (int i = 0; i < 2; i++) {
            muster.killProcessor(random, 4000);
            if (i == 0) {
                Job last = jobs.get(3);
                awaitResults(last, 1);
                ask(last, seed, "stop", null);
                awaitState(last, seed, "Stopped");
                ask(last, seed, "start", "{\"outputStartMode\":\"LastOutputEventTime\"}");
            }
        }
        Map<Job, Period> periods = new LinkedHashMap<>();
        for (Job job : jobs) {
            Instant end = Instant.now().plusSeconds(3);
            awaitResultsBeyond(job, end);
            String first = job.name().equals("last")
                    ? StreamTopics.results(kafka, job.out()).firstKey()
                    : StreamTopics.text(
                            Instant.parse(get(job, seed).path("outputStartTime").asText())
                                    .toEpochMilli());
            Period period = new Period(first, StreamTopics.text(end.toEpochMilli()));
            // One task may be there before another.
            await().atMost(Duration.ofSeconds(90))
                    .pollInterval(Duration.ofSeconds(1))
                    .untilAsserted(() -> assertComputed(job, in, period));
            periods.put(job, period);
            ask(job, seed, "stop", null);
            awaitState(job, seed, "Stopped");
        }
        events.close();
        for (Job job : jobs) {
            assertComputed(job, in, periods.get(job));
            assertThat(StreamTopics.computed(kafka, in, job.computation()))
                    .as("%s: nothing made up, to the end", job.name())
                    .containsAllEntriesOf(StreamTopics.results(kafka, job.out()));
            rest.sendStreamJob("DELETE", job.name() + "-" + seed, null).join();
        }
    }

    /** Lasts from the output start time to an instant that every task has passed. */
    private record Period(String first, String end) {}

    private void assertComputed(Job job, String in, Period period) throws IOException {
        SortedMap<String, Long> written = StreamTopics.results(kafka, job.out());
        assertThat(written.firstKey()).as(job.name()).isGreaterThanOrEqualTo(period.first());
        assertThat(written.headMap(period.end()))
                .as("%s: %s", job.name(), period)
                .hasSizeGreaterThan(10)
                .isEqualTo(StreamTopics.computed(kafka, in, job.computation()).subMap(period.first(), period.end()));
    }

    @Test
    void replacesAQueryWhileItRuns() throws Exception {
        RunningMuster muster = RunningMuster.get();
        rest = muster.rest;
        kafka = muster.standalone.options().kafka();
        String in = "replace-in";
        StreamTopics.create(kafka, in, "replace-out");
        AutoCloseable events = StreamTopics.feed(kafka, in, 5);
        Job job =
                new Job("replace", "replace-out", 1, StreamTopics.BY_PARTITION, StreamTopics.windows(1000, 1000, true));
        put(job, in, 5);
        ask(job, 5, "start", "{}");
        awaitResults(job, 10);
        assertThat(rest.sendStreamJob("POST", "replace-5/replace", "{\"query\":\"SELECT\"}")
                        .join()
                        .status())
                .isEqualTo(400);
        String second = StreamTopics.BY_PARTITION.replace("COUNT(*) AS n", "COUNT(*) + 1000 AS n");
        assertThat(rest.sendStreamJob("POST", "replace-5/replace", "{\"query\":\"" + second + "\"}")
                        .join()
                        .status())
                .isEqualTo(202);
        awaitRow(job, row -> row.path("n").asLong() > 1000);
        ask(job, 5, "scale", "{\"streamingUnits\":2}");
        awaitState(job, 5, "Running");
        assertThat(get(job, 5).at("/transformation/properties/query").isMissingNode())
                .isTrue();
        JsonNode transformation = rest.sendStreamJob("GET", "replace-5/transformations/T", null)
                .join()
                .body()
                .path("properties");
        assertThat(transformation.path("query").asText()).isEqualTo(second);
        assertThat(transformation.path("streamingUnits").asInt()).isEqualTo(2);
        Instant beyond = Instant.now().plusSeconds(3);
        awaitRow(job, row -> Instant.parse(row.path("at").asText()).isAfter(beyond));
        String end = StreamTopics.text(beyond.toEpochMilli());
        await().atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> assertReplaced(job, in, end));
        assertThat(rest.sendStreamJob("DELETE", "replace-5", null).join().status())
                .isEqualTo(202);
        await().until(() -> rest.sendStreamJob("GET", "replace-5", null).join().status() == 404);
        events.close();
        assertReplaced(job, in, end);
    }

    /** Requires that each result is of one of the two queries, those of the second behind those of the first, and that none is missing before an instant. */
    private void assertReplaced(Job job, String in, String end) throws IOException {
        SortedMap<String, Long> first = new TreeMap<>();
        SortedMap<String, Long> then = new TreeMap<>();
        for (ConsumerRecord<String, String> record : StreamTopics.read(kafka, job.out())) {
            JsonNode row = JSON.readTree(record.value());
            String result = row.path("at").asText() + " " + row.path("k").asText();
            long n = row.path("n").asLong();
            assertThat((n > 1000 ? then : first).put(result, n % 1000)).isNull();
        }
        assertThat(first.lastKey().substring(0, StreamTopics.TIME_LENGTH))
                .isLessThan(then.firstKey().substring(0, StreamTopics.TIME_LENGTH));
        SortedMap<String, Long> computed = StreamTopics.computed(kafka, in, job.computation());
        SortedMap<String, Long> both = new TreeMap<>(first);
        both.putAll(then);
        assertThat(both.headMap(end)).isEqualTo(computed.subMap(both.firstKey(), end));
    }

    private static String custom(Instant at) {
        return "{\"outputStartMode\":\"CustomTime\",\"outputStartTime\":\"" + at + "\"}";
    }

    private void put(Job job, String in, long seed) {
        RestClient.Answer answer = rest.sendStreamJob(
                        "PUT", job.name() + "-" + seed, document(in, job.out(), job.units(), job.query()))
                .join();
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(201);
    }

    static String document(String in, String out, int units, String query) {
        ObjectNode body = JSON.createObjectNode();
        ObjectNode properties = body.putObject("properties");
        hub(properties.putArray("inputs"), "events", in).put("type", "Stream");
        hub(properties.putArray("outputs"), "out", out);
        ObjectNode transformation = properties.putObject("transformation").put("name", "T");
        transformation.putObject("properties").put("streamingUnits", units).put("query", query);
        return body.toString();
    }

    static ObjectNode hub(ArrayNode list, String name, String topic) {
        ObjectNode properties = list.addObject().put("name", name).putObject("properties");
        ObjectNode source = properties.putObject("datasource").put("type", "Microsoft.ServiceBus/EventHub");
        source.putObject("properties").put("eventHubName", topic);
        properties.putObject("serialization").put("type", "Json");
        return properties;
    }

    private void ask(Job job, long seed, String action, String body) {
        RestClient.Answer answer = rest.sendStreamJob("POST", job.name() + "-" + seed + "/" + action, body)
                .join();
        assertThat(answer.status()).as(answer.body().toString()).isBetween(200, 202);
    }

    private JsonNode get(Job job, long seed) {
        return RunningMuster.ok(
                        rest.sendStreamJob("GET", job.name() + "-" + seed, null).join())
                .path("properties");
    }

    private void awaitState(Job job, long seed, String state) {
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() ->
                        assertThat(get(job, seed).path("jobState").asText()).isEqualTo(state));
    }

    private void awaitResults(Job job, int count) {
        await().atMost(Duration.ofSeconds(90))
                .until(() -> StreamTopics.read(kafka, job.out()).size() >= count);
    }

    private void awaitResultsBeyond(Job job, Instant instant) {
        awaitRow(job, row -> Instant.parse(row.path("at").asText()).isAfter(instant));
    }

    private void awaitRow(Job job, Predicate<JsonNode> wanted) {
        await().atMost(Duration.ofSeconds(90)).until(() -> {
            Collection<ConsumerRecord<String, String>> rows = StreamTopics.read(kafka, job.out());
            for (ConsumerRecord<String, String> row : rows) {
                if (wanted.test(JSON.readTree(row.value()))) {
                    return true;
                }
            }
            return false;
        });
    }
}
