package io.muster.processor.streamjob.topology;

import static io.muster.processor.streamjob.topology.Definitions.ALL;
import static io.muster.processor.streamjob.topology.Definitions.WITH_REFERENCE;
import static io.muster.processor.streamjob.topology.Definitions.endpoint;
import static io.muster.processor.streamjob.topology.Definitions.files;
import static io.muster.processor.streamjob.topology.Definitions.input;
import static io.muster.processor.streamjob.topology.Definitions.output;
import static io.muster.processor.streamjob.topology.Definitions.reference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.processor.function.FunctionProcess;
import io.muster.records.FleetTelemetry;
import io.muster.records.ReferenceFiles;
import io.muster.records.StreamFormat;
import io.muster.records.StreamFunction;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import io.muster.records.StreamSerialization;
import io.muster.records.StreamTopic;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compiles definitions that can be run, and refuses those that can't. Contract: stream-analytics, 4.1. */
class RunnableStreamJobTest {
    private static final StreamJobReach ANY = new StreamJobReach(
            Optional.empty(), StreamJobTopics.of("*"), EndpointAccess.of(""), new FunctionProcess.Places(1));

    private static StreamJobDefinition job(StreamInput input, StreamOutput output) {
        return Definitions.of(ALL, List.of(input), output);
    }

    private static StreamJobDefinition withReference(Object source) {
        return Definitions.of(WITH_REFERENCE, List.of(input("in"), reference(source)), output("out"));
    }

    private static RunnableStreamJob compile(StreamJobDefinition definition) throws StreamJobDefinitionException {
        return RunnableStreamJob.compile(definition, ANY);
    }

    private static void isRefused(StreamJobDefinition definition, String why) {
        assertThatThrownBy(() -> compile(definition))
                .isInstanceOf(StreamJobDefinitionException.class)
                .hasMessageContaining(why);
    }

    /** Expects rows of several partitions that are equal in a column, whatever it is called, but for PartitionId. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT a INTO o FROM i                                                                                       | false
            SELECT a INTO o FROM i PARTITION BY k                                                                        | false
            SELECT k, COUNT(*) AS n INTO o FROM i GROUP BY k, TumblingWindow(second, 1)                                  | true
            SELECT k, COUNT(*) AS n INTO o FROM i PARTITION BY k GROUP BY k, TumblingWindow(second, 1)                   | true
            SELECT PartitionId, COUNT(*) AS n INTO o FROM i PARTITION BY partitionid GROUP BY PartitionId, TumblingWindow(second, 1) | false
            SELECT LAG(a) OVER (PARTITION BY k LIMIT DURATION(day, 1)) AS b INTO o FROM i PARTITION BY k                 | true
            SELECT LAG(a) OVER (PARTITION BY k LIMIT DURATION(day, 1)) AS b INTO o FROM i PARTITION BY PartitionId       | false
            SELECT x.k INTO o FROM i x PARTITION BY k JOIN i y PARTITION BY k ON x.k = y.k AND DATEDIFF(second, x, y) BETWEEN 0 AND 5 | true
            SELECT x.k INTO o FROM i x PARTITION BY PartitionId JOIN i y ON x.PartitionId = y.PartitionId AND DATEDIFF(second, x, y) BETWEEN 0 AND 5 | true
            SELECT x.k INTO o FROM i x PARTITION BY PartitionId JOIN i y PARTITION BY PartitionId ON x.PartitionId = y.PartitionId AND DATEDIFF(second, x, y) BETWEEN 0 AND 5 | false
            """)
    void bringsRowsTogetherUnlessTheyStayInTheirPartition(String query, boolean merges) throws Exception {
        assertThat(compile(Definitions.of(query, List.of(input("in")), output("out")))
                        .merges())
                .isEqualTo(merges);
    }

    @Test
    void readsTopicsOfUsersAndTelemetryAndWritesCommands() throws Exception {
        assertThat(compile(job(input("in"), output("out"))).topicsWritten()).containsExactly("out");
        assertThat(compile(job(input(new FleetTelemetry()), output("out"))).topicsRead())
                .containsExactly("telemetry");
        assertThat(compile(job(input("telemetry"), output("device-commands"))).topicsWritten())
                .containsExactly("device-commands");
        assertThat(compile(withReference(new StreamTopic("rooms"))).isReference("rooms"))
                .isTrue();
    }

    @Test
    void findsPartsByTheirNamesInAnyCase() throws Exception {
        StreamJobDefinition definition = Definitions.of(
                "SELECT E.a INTO ALERTS FROM events E JOIN ROOMS R ON E.a = R.a",
                List.of(
                        StreamInput.newBuilder(input("in")).setName("Events").build(),
                        StreamInput.newBuilder(reference(files("rooms.json")))
                                .setName("Rooms")
                                .build()),
                StreamOutput.newBuilder(output("out")).setName("Alerts").build());
        RunnableStreamJob runnable = compile(definition);
        assertThat(runnable.inputs()).containsOnlyKeys("rooms", "events");
        assertThat(runnable.inputs().keySet()).first().as("the reference input").isEqualTo("rooms");
        assertThat(runnable.outputs()).containsOnlyKeys("alerts");
        assertThat(RunnableStreamJob.outputNames(definition)).containsExactly("alerts");
    }

    /** Keeps telemetry from being read in another format than its own. */
    @ParameterizedTest
    @EnumSource(
            value = StreamSerialization.class,
            names = {"CSV", "AVRO"})
    void readsTelemetryAsJsonOnly(StreamSerialization serialization) {
        for (Object source : List.of(new FleetTelemetry(), new StreamTopic("telemetry"))) {
            StreamInput input = StreamInput.newBuilder(input(source))
                    .setFormat(StreamFormat.newBuilder()
                            .setSerialization(serialization)
                            .build())
                    .build();
            isRefused(job(input, output("out")), "The fleet's telemetry is Json, not ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"muster-job-planner-devices-changelog", "devices", "kafkasql-journal", "__consumer_offsets"})
    void refusesTopicsOfMustersOwn(String topic) {
        isRefused(job(input(topic), output("out")), topic);
        isRefused(job(input("in"), output(topic)), topic);
        isRefused(withReference(new StreamTopic(topic)), topic);
    }

    @ParameterizedTest
    @CsvSource({
        "x/{date}, MMMMMM",
        "x/{date}, yyyyyyyyyyyy",
        "x/a\0b, yyyy/MM/dd",
        "x/{date}\0b, yyyy/MM/dd",
        "x/{date}{date}, yyyy/MM/dd",
        "x/{date}, ddMMdd",
    })
    void refusesReferenceDataThatCannotBeFound(String path, String dateFormat) {
        isRefused(withReference(new ReferenceFiles(path, dateFormat, "HH")), "");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example.com:99999",
                "http://example.com:0",
                "http://127.0.0.1:8080",
                "http://[::1]/",
                "http://169.254.169.254/latest",
                "ftp://example.com",
                "file:///etc/passwd",
            })
    void refusesEndpointsThatMayNotBeReached(String address) {
        isRefused(job(input("in"), output(endpoint(address))), "functionAppName is '" + address + "': ");
    }

    @Test
    void refusesAPartWithAFaultOnlyWhereTheQueryNamesIt() throws Exception {
        StreamInput wrong = StreamInput.newBuilder()
                .setName("wrong")
                .setFault("It has no datasource.")
                .build();
        List<StreamInput> inputs = List.of(input("in"), wrong);
        assertThat(compile(Definitions.of(ALL, inputs, output("out"))).inputs()).containsOnlyKeys("i");
        isRefused(Definitions.of("SELECT * INTO o FROM wrong", inputs, output("out")), "It has no datasource.");
        isRefused(
                job(
                        input("in"),
                        StreamOutput.newBuilder(output("out"))
                                .setFault("It is no output.")
                                .build()),
                "It is no output.");
    }

    @Test
    void refusesAJobWithoutAQuery() {
        isRefused(StreamJobDefinition.newBuilder().build(), "");
    }

    /** Throws nothing but refusals, whatever a record holds. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void runsOrRefusesEveryDefinition(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 3000; i++) {
            StreamJobDefinition definition = any(random);
            assertThatCode(() -> {
                        try {
                            compile(definition);
                        } catch (StreamJobDefinitionException e) {
                            assertThat(e.getMessage()).isNotBlank();
                        }
                    })
                    .as(definition.toString())
                    .doesNotThrowAnyException();
        }
    }

    private static StreamJobDefinition any(SplittableRandom random) {
        StreamFormat format = new StreamFormat(
                StreamSerialization.values()[random.nextInt(3)], mutated(random, ","), random.nextBoolean());
        Object[] sources = {
            null,
            new FleetTelemetry(),
            new StreamTopic(mutated(random, "in")),
            new ReferenceFiles(
                    mutated(random, "x/{date}/{time}"), mutated(random, "yyyy-MM-dd"), mutated(random, "HH-mm"))
        };
        StreamInput reference = StreamInput.newBuilder(reference(sources[random.nextInt(4)]))
                .setFormat(format)
                .build();
        Object[] targets = {
            null, new StreamTopic(mutated(random, "out")), endpoint(mutated(random, "https://example.com:80/a?b"))
        };
        return StreamJobDefinition.newBuilder(Definitions.of(
                        mutated(random, WITH_REFERENCE),
                        List.of(input("in"), reference),
                        output(targets[random.nextInt(3)])))
                .setFunctions(List.of(new StreamFunction(
                        mutated(random, "f"), mutated(random, "function f(a) { return a; }"), random.nextInt(-1, 2))))
                .setDisorderSeconds(random.nextInt(-1, 2))
                .setStreamingUnits(random.nextInt())
                .build();
    }

    private static String mutated(SplittableRandom random, String text) {
        StringBuilder mutated = new StringBuilder(text);
        for (int change = random.nextInt(3); change > 0; change--) {
            int at = random.nextInt(mutated.length() + 1);
            String put = new String[] {"", "\"", "{", "[", "M", "0", "\0", "-1", ":", " "}[random.nextInt(10)];
            mutated.replace(at, Math.min(mutated.length(), at + random.nextInt(3)), put);
        }
        return mutated.toString();
    }
}
