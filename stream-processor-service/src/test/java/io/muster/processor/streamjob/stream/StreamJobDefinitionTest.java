package io.muster.processor.streamjob.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.topics.StreamJobTopics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents as users write them. Contract: stream-analytics, 4.1. */
class StreamJobDefinitionTest {
    private static final StreamJobTopics ANY = StreamJobTopics.of("*");
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
        return job("SELECT * INTO o FROM i", "{'name':'i','properties':{'type':'Stream','datasource':" + input + "}}", output);
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

    @ParameterizedTest
    @ValueSource(strings = {"muster-job-planner-devices-changelog", "devices", "kafkasql-journal", "__consumer_offsets"})
    void noInputOutputOrReferenceDataIsATopicOfMustersOwn(String topic) {
        isRefused(document(hub(topic), OUT), topic);
        isRefused(document(IN, hub(topic)), topic);
        isRefused(withReference(blob("'container':'topics','pathPattern':'" + topic + "'")), topic);
        isRefused(withReference(hub(topic)), topic);
    }
}
