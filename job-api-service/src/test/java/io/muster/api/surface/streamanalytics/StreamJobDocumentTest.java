package io.muster.api.surface.streamanalytics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.ProblemException;
import io.muster.records.FleetTelemetry;
import io.muster.records.ReferenceFiles;
import io.muster.records.StreamEndpoint;
import io.muster.records.StreamFormat;
import io.muster.records.StreamFunction;
import io.muster.records.StreamInput;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobStatus;
import io.muster.records.StreamOutput;
import io.muster.records.StreamSerialization;
import io.muster.records.StreamTopic;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads definitions of documents, and shows documents of definitions. Contract: stream-analytics, 4.1. */
class StreamJobDocumentTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String QUERY = "SELECT a INTO o FROM i";
    private static final String SCRIPT = "function main(a) { return a; }";

    private static final StreamFormat CSV = new StreamFormat(StreamSerialization.CSV, ";", false);
    private static final StreamFormat ARRAY = new StreamFormat(StreamSerialization.JSON, ",", true);

    private static final String WHOLE = """
            {"location": "local", "tags": {"a": "b"}, "sku": {"name": "Standard"}, "properties": {
              "sku": {"name": "Standard"}, "eventsOutOfOrderPolicy": "Drop", "outputErrorPolicy": "Drop", "dataLocale": "en-US",
              "eventsOutOfOrderMaxDelayInSeconds": 7, "eventsLateArrivalMaxDelayInSeconds": 16, "compatibilityLevel": "1.0",
              "jobStorageAccount": {"accountName": "x", "accountKey": "secret"},
              "inputs": [{"name": "I", "properties": {"type": "Stream", "partitionKey": "k", "datasource":
                {"type": "Microsoft.ServiceBus/EventHub", "properties": {"serviceBusNamespace": "n", "eventHubName": "in",
                 "sharedAccessPolicyKey": "secret"}}, "serialization": {"type": "Csv", "properties": {"fieldDelimiter": ";"}}}}],
              "outputs": [{"name": "O", "properties": {"datasource": {"type": "Microsoft.AzureFunction", "properties":
                {"functionAppName": "https://example.com/", "functionName": "f", "maxBatchCount": 500}}}}],
              "functions": [{"name": "F", "properties": {"type": "Scalar", "properties": {"inputs": [{"dataType": "any"}],
                "binding": {"type": "Microsoft.StreamAnalytics/JavascriptUdf", "properties": {"script": "SCRIPT", "x": 1}}}}}],
              "transformation": {"name": "T", "properties": {"streamingUnits": 3, "validStreamingUnits": [1, 3], "query": "QUERY"}}
            }}""".replace("SCRIPT", SCRIPT).replace("QUERY", QUERY);

    private static StreamJobDocument put(String body) throws JsonProcessingException {
        return StreamJobDocument.put("/Jobs/J", (ObjectNode) JSON.readTree(body.replace('\'', '"')));
    }

    private static StreamJobDefinition read(String properties) throws JsonProcessingException {
        return put("{'properties':{" + properties + "}}").definition();
    }

    private static StreamInput input(String properties) throws JsonProcessingException {
        return read("'inputs':[{'name':'I','properties':{" + properties + "}}]")
                .getInputs()
                .getFirst();
    }

    private static StreamOutput output(String properties) throws JsonProcessingException {
        return read("'outputs':[{'name':'O','properties':{" + properties + "}}]")
                .getOutputs()
                .getFirst();
    }

    private static StreamJob job(StreamJobDefinition definition) {
        return StreamJob.newBuilder()
                .setStreamJobId("/jobs/j")
                .setDefinition(definition)
                .setRevision(1)
                .setCreatedAt(Instant.EPOCH)
                .setStatus(StreamJobStatus.CREATED)
                .build();
    }

    @Test
    void readsAllOfADefinition() throws Exception {
        StreamJobDefinition definition = put(WHOLE).definition();
        assertThat(StreamJobDefinition.newBuilder(definition).setDocument(null).build())
                .isEqualTo(StreamJobDefinition.newBuilder()
                        .setQuery(QUERY)
                        .setInputs(List.of(StreamInput.newBuilder()
                                .setName("I")
                                .setSource(new StreamTopic("in"))
                                .setFormat(CSV)
                                .build()))
                        .setOutputs(List.of(StreamOutput.newBuilder()
                                .setName("O")
                                .setTarget(new StreamEndpoint("https://example.com", "f", 200))
                                .build()))
                        .setFunctions(List.of(new StreamFunction("F", SCRIPT, 1)))
                        .setStreamingUnits(3)
                        .setLateArrivalSeconds(16)
                        .setDisorderSeconds(7)
                        .setDropsDisorder(true)
                        .setDropsRefusedRows(true)
                        .setCompatibilityLevel("1.0")
                        .build());
    }

    @Test
    void hasDefaultsForAnEmptyDocument() throws Exception {
        StreamJobDefinition definition = put("{}").definition();
        assertThat(StreamJobDefinition.newBuilder(definition).setDocument(null).build())
                .isEqualTo(StreamJobDefinition.newBuilder().build());
        assertThat(read("'transformation':{'name':'T'}").getQuery()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "64, 64", "65, 64", "2000000000, 64"})
    void keepsStreamingUnitsWithinTheirBounds(int wanted, int units) throws Exception {
        assertThat(read("'transformation':{'name':'T','properties':{'streamingUnits':" + wanted + "}}")
                        .getStreamingUnits())
                .isEqualTo(units);
    }

    /** Keeps headers of ids as short as every server takes them. */
    @ParameterizedTest
    @CsvSource({"1, 1", "100, 100", "200, 200", "201, 200", "2000000000, 200", "0, 1", "-5, 1"})
    void postsAsManyRowsAtOnceAsAHeaderHasRoomForIds(int wanted, int rows) throws Exception {
        assertThat(output("'datasource':{'type':'Microsoft.AzureFunction','properties':{'functionAppName':"
                                + "'https://example.com','maxBatchCount':" + wanted + "}}")
                        .getTarget())
                .isEqualTo(new StreamEndpoint("https://example.com", "", rows));
    }

    @ParameterizedTest
    @CsvSource({"-1, -1", "0, 0", "1814399, 1814399", "null, 5"})
    void readsHowLateEventsMayBe(String given, int seconds) throws Exception {
        assertThat(read("'eventsLateArrivalMaxDelayInSeconds':" + given).getLateArrivalSeconds())
                .isEqualTo(seconds);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'eventsLateArrivalMaxDelayInSeconds':-2       | eventsLateArrivalMaxDelayInSeconds",
                "'eventsLateArrivalMaxDelayInSeconds':1814400  | eventsLateArrivalMaxDelayInSeconds",
                "'eventsLateArrivalMaxDelayInSeconds':9e9      | eventsLateArrivalMaxDelayInSeconds",
                "'eventsLateArrivalMaxDelayInSeconds':'x'      | eventsLateArrivalMaxDelayInSeconds",
                "'eventsOutOfOrderMaxDelayInSeconds':-1        | eventsOutOfOrderMaxDelayInSeconds",
                "'eventsOutOfOrderPolicy':'x'                  | Adjust or Drop",
                "'outputErrorPolicy':5                         | outputErrorPolicy",
                "'outputErrorPolicy':'x'                       | Stop or Drop",
                "'compatibilityLevel':'9'                      | compatibilityLevel",
                "'inputs':[{'name':'..','properties':{}}]      | A name has",
                "'outputs':[{'name':'a/b','properties':{}}]    | A name has",
                "'outputs':[{'name':'a\\u0000','properties':{}}] | A name has",
            })
    void refusesASettingOrANameWithoutAMeaning(String properties, String message) {
        assertThatThrownBy(() -> put("{'properties':{" + properties.replace("\"", "\\\"") + "}}"))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining(message);
    }

    @Test
    void readsSourcesAndTargets() throws Exception {
        assertThat(input("'type':'Stream','datasource':{'type':'microsoft.devices/IOTHUBS'}")
                        .getSource())
                .isEqualTo(new FleetTelemetry());
        StreamInput topic = input(
                "'type':'reference','datasource':{'type':'Microsoft.Storage/Blob','properties':{'container':'Topics','pathPattern':'rooms'}}");
        assertThat(topic.getSource()).isEqualTo(new StreamTopic("rooms"));
        assertThat(topic.getReference()).isTrue();
        StreamInput files = input(
                "'type':'Reference','datasource':{'type':'Microsoft.Storage/Blob','properties':{'container':'a','pathPattern':'b/{date}.csv'}}");
        assertThat(files.getSource()).isEqualTo(new ReferenceFiles("a/b/{date}.csv", "yyyy/MM/dd", "HH"));
        StreamOutput keyed = output(
                "'datasource':{'type':'Microsoft.EventHub/EventHub','properties':{'eventHubName':'out','partitionKey':'k'}},"
                        + "'serialization':{'type':'json','properties':{'format':'Array'}}");
        assertThat(keyed.getTarget()).isEqualTo(new StreamTopic("out"));
        assertThat(keyed.getKeyColumn()).isEqualTo("k");
        assertThat(keyed.getFormat()).isEqualTo(ARRAY);
        for (StreamInput input : List.of(topic, files)) {
            assertThat(input.getFault()).isNull();
        }
        assertThat(keyed.getFault()).isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            'datasource':{'type':'Microsoft.ServiceBus/EventHub','properties':{'eventHubName':'in'}} | An input has the type Stream or Reference.
            'type':'Stream'                                                                  | The datasource of a stream is
            'type':'Stream','datasource':{'type':'Microsoft.ServiceBus/EventHub'}            | The datasource of a stream is
            'type':'Stream','datasource':{'type':'Microsoft.Storage/Blob','properties':{'container':'topics','pathPattern':'a'}} | The datasource of a stream is
            'type':'Reference','datasource':{'type':'Microsoft.Devices/IotHubs'}             | The datasource of a stream is
            'type':'Reference','datasource':{'type':'Microsoft.Storage/Blob'}                | Reference data have a container and a pathPattern
            'type':'Stream','serialization':{'type':'Parquet'}                               | The serialization is Json, Csv or Avro, not Parquet.
            'type':'Stream','serialization':{'properties':{'fieldDelimiter':';;'}}           | A fieldDelimiter is one character.
            """)
    void saysWhyAnInputCanNotBeRead(String properties, String fault) throws Exception {
        assertThat(input(properties).getFault()).startsWith(fault);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            'datasource':{'type':'Microsoft.PowerBI'}                                                                    | The datasource of an output is
            'datasource':{'type':'Microsoft.ServiceBus/EventHub','properties':{}}                                        | The datasource of an output is
            'datasource':{'type':'Microsoft.AzureFunction','properties':{'functionAppName':'http://a b'}}                | functionAppName is the address of the endpoint, such as https://example.com/alerts, not 'http://a b'.
            'datasource':{'type':'Microsoft.ServiceBus/EventHub','properties':{'eventHubName':'a'}},'serialization':{'type':'Xml'} | The serialization is Json, Csv or Avro, not Xml.
            """)
    void saysWhyAnOutputCanNotBeWritten(String properties, String fault) throws Exception {
        assertThat(output(properties).getFault()).startsWith(fault);
    }

    @Test
    void showsTheDocumentAgainAndHoldsItsTextsOnce() throws Exception {
        StreamJobDocument written = put(WHOLE);
        StreamJobDefinition definition = written.definition();
        assertThat(definition.getDocument()).doesNotContain(QUERY, SCRIPT, "secret");
        StreamJobDocument read = StreamJobDocument.of(job(definition));
        assertThat(read.json()).isEqualTo(written.json());
        assertThat(read.etag()).isEqualTo(written.etag());
        assertThat(read.definition()).isEqualTo(definition);
        assertThat(read.json()
                        .at("/properties/inputs/0/properties/datasource/properties/serviceBusNamespace")
                        .asText())
                .isEqualTo("n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "''", "7"})
    void showsAQueryThatIsNoneAsItWasWritten(String query) throws Exception {
        StreamJobDocument written =
                put("{'properties':{'transformation':{'name':'T','properties':{'query':" + query + "}}}}");
        assertThat(StreamJobDocument.of(job(written.definition())).json()).isEqualTo(written.json());
    }

    private static List<StreamJobDefinition> definitions() {
        StreamJobDefinition.Builder job = StreamJobDefinition.newBuilder();
        return List.of(
                job.build(),
                job.setQuery(QUERY)
                        .setInputs(List.of(
                                StreamInput.newBuilder()
                                        .setName("i")
                                        .setSource(new StreamTopic("in"))
                                        .setFormat(CSV)
                                        .build(),
                                StreamInput.newBuilder()
                                        .setName("t")
                                        .setSource(new FleetTelemetry())
                                        .build(),
                                StreamInput.newBuilder()
                                        .setName("r")
                                        .setReference(true)
                                        .setSource(new ReferenceFiles("a/{date}/b", "yyyy-MM-dd", "HH-mm"))
                                        .build()))
                        .setOutputs(List.of(
                                StreamOutput.newBuilder()
                                        .setName("o")
                                        .setTarget(new StreamTopic("out"))
                                        .setKeyColumn("k")
                                        .setFormat(ARRAY)
                                        .build(),
                                StreamOutput.newBuilder()
                                        .setName("avro")
                                        .setTarget(new StreamTopic("out"))
                                        .setFormat(new StreamFormat(StreamSerialization.AVRO, ",", false))
                                        .build(),
                                StreamOutput.newBuilder()
                                        .setName("e")
                                        .setTarget(new StreamEndpoint("https://example.com", "f", 7))
                                        .build()))
                        .setFunctions(List.of(new StreamFunction("f", SCRIPT, 2)))
                        .setStreamingUnits(3)
                        .setLateArrivalSeconds(-1)
                        .setDisorderSeconds(9)
                        .setDropsDisorder(true)
                        .setDropsRefusedRows(true)
                        .setCompatibilityLevel("1.0")
                        .build());
    }

    @Test
    void showsADefinitionWithoutADocumentAsOneThatMeansTheSame() {
        for (StreamJobDefinition definition : definitions()) {
            StreamJobDocument shown = StreamJobDocument.of(job(definition));
            assertThat(shown.json().path("name").asText()).isEqualTo("j");
            assertThat(StreamJobDefinition.newBuilder(shown.definition())
                            .setDocument(null)
                            .build())
                    .isEqualTo(definition);
        }
    }

    /** Takes any text as the document: programs that write records may write one. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[",
                "null",
                "[]",
                "7",
                "{}",
                "{'properties':[]}",
                "{'id':'/jobs/j','properties':{'inputs':{'a':1}}}",
                "{'id':'/jobs/j','properties':{'inputs':[1]}}",
                "{'id':'/jobs/j','properties':{'inputs':[{'name':'i'}]}}",
                "{'id':'/jobs/j','properties':{'transformation':7}}",
            })
    void showsTheDefinitionWhereTheDocumentIsNoResource(String document) {
        for (StreamJobDefinition definition : definitions()) {
            StreamJobDefinition strange = StreamJobDefinition.newBuilder(definition)
                    .setDocument(document.replace('\'', '"'))
                    .build();
            assertThat(StreamJobDocument.of(job(strange)).json())
                    .isEqualTo(StreamJobDocument.of(job(definition)).json());
        }
    }

    @Test
    void showsTheUnitsThatAJobWasScaledTo() throws Exception {
        StreamJob scaled = StreamJob.newBuilder(job(put(WHOLE).definition()))
                .setStreamingUnits(9)
                .build();
        assertThat(StreamJobDocument.of(scaled)
                        .json()
                        .at("/properties/transformation/properties/streamingUnits")
                        .asInt())
                .isEqualTo(9);
    }

    @Test
    void refusesAFunctionOfAnotherType() {
        assertThatThrownBy(() -> read("'functions':[{'name':'f','properties':{'type':'Aggregate'}}]"))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("The function f has the type Scalar");
    }

    /** Throws nothing but refusals, whatever a document holds. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void readsOrRefusesEveryDocument(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 2000; i++) {
            @Nullable ObjectNode body = mutated(random);
            if (body == null) {
                continue;
            }
            assertThatCode(() -> {
                        try {
                            StreamJobDefinition definition =
                                    StreamJobDocument.put("/jobs/j", body).definition();
                            assertThat(StreamJobDocument.of(job(definition)).definition())
                                    .isEqualTo(definition);
                        } catch (ProblemException e) {
                            assertThat(e.getMessage()).isNotBlank();
                        }
                    })
                    .as(body.toString())
                    .doesNotThrowAnyException();
        }
    }

    /** Returns a document with a few changes; null where it is no object any more. */
    private static @Nullable ObjectNode mutated(SplittableRandom random) {
        StringBuilder text = new StringBuilder(WHOLE);
        for (int change = random.nextInt(4); change >= 0; change--) {
            int at = random.nextInt(text.length());
            String put = new String[] {"", "7", "[]", "{}", "a", "null", "-1", " "}[random.nextInt(8)];
            text.replace(at, Math.min(text.length(), at + random.nextInt(4)), put);
        }
        try {
            return JSON.readTree(text.toString()) instanceof ObjectNode object ? object : null;
        } catch (JsonProcessingException _) {
            return null;
        }
    }
}
