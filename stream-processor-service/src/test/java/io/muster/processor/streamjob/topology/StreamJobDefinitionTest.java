package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.processor.function.FunctionProcess;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents as users write them. Contract: stream-analytics, 4.1. */
class StreamJobDefinitionTest {
    private static final StreamJobReach ANY = new StreamJobReach(
            Optional.empty(), StreamJobTopics.of("*"), EndpointAccess.of(""), new FunctionProcess.Places(1));
    private static final String IN = hub("in");
    private static final String OUT = hub("out");

    private static String hub(String topic) {
        return "{'type':'Microsoft.ServiceBus/EventHub','properties':{'eventHubName':'" + topic + "'}}";
    }

    private static String blob(String properties) {
        return "{'type':'Microsoft.Storage/Blob','properties':{" + properties + "}}";
    }

    private static String endpoint(String properties) {
        return "{'type':'Microsoft.AzureFunction','properties':{" + properties + "}}";
    }

    private static String document(String input, String output) {
        return job(
                "SELECT * INTO o FROM i",
                "{'name':'i','properties':{'type':'Stream','datasource':" + input + "}}",
                output);
    }

    private static String withReference(String reference) {
        return job(
                "SELECT i.a, r.b INTO o FROM i JOIN r ON i.a = r.a",
                "{'name':'i','properties':{'type':'Stream','datasource':" + IN
                        + "}},{'name':'r','properties':{'type':'Reference','datasource':" + reference + "}}",
                OUT);
    }

    private static String job(String query, String inputs, String output) {
        return ("{'properties':{'inputs':[" + inputs + "],'outputs':[{'name':'o','properties':{'datasource':" + output
                        + "}}],'transformation':{'properties':{'query':'" + query + "'}}}}")
                .replace('\'', '"');
    }

    private static StreamJobDefinition parse(String document) throws StreamJobDefinitionException {
        return StreamJobDefinition.parse(document, ANY);
    }

    private static void isRefused(String document, String why) {
        assertThatThrownBy(() -> parse(document))
                .isInstanceOf(StreamJobDefinitionException.class)
                .hasMessageContaining(why);
    }

    /** Rows that are equal in a column may stand in several partitions, whatever it is called: they come together, but for PartitionId's. */
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
    void rowsComeTogetherUnlessTheyStayInTheirPartition(String query, boolean merges) throws Exception {
        assertThat(parse(job(query, "{'name':'i','properties':{'type':'Stream','datasource':" + IN + "}}", OUT))
                        .merges())
                .isEqualTo(merges);
    }

    @Test
    void topicsOfUsersAndTelemetryAreTakenAndCommandsWritten() throws Exception {
        assertThat(parse(document(IN, OUT)).topicsWritten()).containsExactly("out");
        assertThat(parse(document("{'type':'Microsoft.Devices/IotHubs'}", OUT)).topicsRead())
                .containsExactly("telemetry");
        assertThat(parse(document(hub("telemetry"), hub("device-commands"))).topicsWritten())
                .containsExactly("device-commands");
        assertThat(parse(withReference(blob("'container':'topics','pathPattern':'rooms'")))
                        .isReference("rooms"))
                .isTrue();
    }

    /** Telemetry has a format of its own: another would not be read as it is meant. */
    @ParameterizedTest
    @ValueSource(strings = {"Csv", "Avro"})
    void telemetryIsReadAsJsonOnly(String serialization) throws Exception {
        for (String source : List.of("{'type':'Microsoft.Devices/IotHubs'}", hub("telemetry"))) {
            String input = source + ",'serialization':{'type':'" + serialization + "'}";
            isRefused(document(input, OUT), "The fleet's telemetry is Json, not " + serialization);
        }
        assertThat(parse(document("{'type':'Microsoft.Devices/IotHubs'},'serialization':{'type':'Json'}", OUT))
                        .topicsRead())
                .containsExactly("telemetry");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"muster-job-planner-devices-changelog", "devices", "kafkasql-journal", "__consumer_offsets"})
    void noInputOutputOrReferenceDataIsATopicOfMustersOwn(String topic) {
        isRefused(document(hub(topic), OUT), topic);
        isRefused(document(IN, hub(topic)), topic);
        isRefused(withReference(blob("'container':'topics','pathPattern':'" + topic + "'")), topic);
        isRefused(withReference(hub(topic)), topic);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'container':'x','pathPattern':'{date}','dateFormat':'MMMMMM'",
                "'container':'x','pathPattern':'{date}','dateFormat':'yyyyyyyyyyyy'",
                "'container':'x','pathPattern':'a\\u0000b'",
                "'container':'x','pathPattern':'{date}\\u0000'",
                "'container':'x','pathPattern':'{date}{date}'",
                "'container':'x','pathPattern':'{date}','dateFormat':'ddMMdd'",
            })
    void referenceDataThatCannotBeFoundAreRefused(String properties) {
        isRefused(withReference(blob(properties)), "");
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
                "http://",
                "http://a b",
                "http://example.com\\r\\nHost: x",
            })
    void anEndpointThatCannotOrMayNotBeReachedIsRefused(String address) {
        isRefused(document(IN, endpoint("'functionAppName':'" + address + "'")), "functionAppName");
    }

    /** A header of ids is taken by every server. */
    @ParameterizedTest
    @CsvSource({"1, 1", "100, 100", "200, 200", "201, 200", "2000000000, 200", "0, 1", "-5, 1"})
    void aBatchHasAsManyRowsAsAHeaderHasRoomForIds(int wanted, int rows) throws Exception {
        StreamJobDefinition definition =
                parse(document(IN, endpoint("'functionAppName':'https://example.com','maxBatchCount':" + wanted)));
        assertThat(definition.outputs().get("o"))
                .isInstanceOfSatisfying(
                        StreamJobDefinition.Output.ToEndpoint.class,
                        to -> assertThat(to.most()).isEqualTo(rows));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[", "null", "[]", "7", "{'properties':[]}", "{'properties':{'inputs':{'a':1}}}"})
    void whatIsNoDocumentIsRefusedAndHasNoOutputsToForget(String document) {
        String json = document.replace('\'', '"');
        isRefused(json, "");
        assertThat(StreamJobDefinition.outputNames(json)).isEmpty();
    }

    @Test
    void namesOfOutputsAreFoundWhateverElseIsWrong() {
        assertThat(StreamJobDefinition.outputNames(
                        withReference(blob("'container':'x','pathPattern':'{date}','dateFormat':'MMMMMM'"))))
                .containsExactly("o");
    }

    /** Whatever a document holds: it can be run, or its refusal says why. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void nothingButARefusalComesOutOfAWrongDocument(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String[] right = {
            document(IN, OUT),
            document(IN, endpoint("'functionAppName':'https://example.com/a','maxBatchCount':10")),
            withReference(
                    blob("'container':'x','pathPattern':'{date}/{time}','dateFormat':'yyyy-MM-dd','timeFormat':'HH'"))
        };
        for (int i = 0; i < 3000; i++) {
            StringBuilder wrong = new StringBuilder(right[random.nextInt(right.length)]);
            for (int change = random.nextInt(3); change >= 0; change--) {
                int at = random.nextInt(wrong.length());
                String put = new String[] {"", "\"", "{", "[", "M", "0", "\0", "-1", ":", "null"}[random.nextInt(10)];
                wrong.replace(at, Math.min(wrong.length(), at + random.nextInt(4)), put);
            }
            String document = wrong.toString();
            assertThatCode(() -> {
                        try {
                            parse(document);
                        } catch (StreamJobDefinitionException e) {
                            assertThat(e.getMessage()).isNotBlank();
                        }
                    })
                    .as(document)
                    .doesNotThrowAnyException();
        }
    }
}
