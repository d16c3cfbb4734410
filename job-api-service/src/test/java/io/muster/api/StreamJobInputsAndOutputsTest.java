package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shows nothing of places that a stream job may not reach by the test of an input or output. Contract: stream-analytics, 4.1. */
class StreamJobInputsAndOutputsTest {
    private static final String JOB =
            "/subscriptions/s/resourcegroups/g/providers/microsoft.streamanalytics/streamingjobs/job";
    private final HttpClient http = HttpClient.newHttpClient();

    private TestApi api;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
        client = new ApiClient(api);
    }

    @AfterEach
    void stop() {
        api.close();
        http.close();
    }

    private void write(String kind, String datasource) throws Exception {
        put("{\"properties\":{\"" + kind + "\":[{\"name\":\"it\",\"properties\":{\"datasource\":" + datasource
                + "}}]}}");
    }

    private void put(String document) throws Exception {
        ApiClient.Answer answer = client.askOf("api-version=2020-03-01", "PUT", JOB, document);
        assertThat(answer.status()).as(answer.body().toString()).isBetween(200, 201);
    }

    private JsonNode tested(String kind, String datasource) throws Exception {
        write(kind, datasource);
        return asked("POST", "/" + kind + "/it/test");
    }

    private JsonNode asked(String method, String path) throws Exception {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(URI.create(
                                "http://127.0.0.1:" + api.server.port() + JOB + path + "?api-version=2020-03-01"))
                        .header("Authorization", "Bearer " + api.token("iothubowner"))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return TestApi.JSON.readTree(answer.body());
    }

    @Test
    void findsAChildByTheNameThatItsPathEncodes() throws Exception {
        put("{\"properties\":{\"inputs\":[{\"name\":\"my input\",\"properties\":{}}]}}");
        assertThat(asked("GET", "/inputs/my%20input").path("name").asText()).isEqualTo("my input");
        asked("DELETE", "/inputs/my%20input");
        assertThat(client.askOf("api-version=2020-03-01", "GET", JOB + "/inputs/my%20input", null)
                        .status())
                .isEqualTo(404);
        assertThat(client.askOf("api-version=2020-03-01", "PUT", JOB + "/inputs/%00", "{\"properties\":{}}")
                        .status())
                .isEqualTo(400);
    }

    /** Gives the same answer for an endpoint that answers and for one that does not, and connects to neither. */
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost", "[::1]", "2130706433", "0"})
    void doesNotReachEndpointsOnLoopbackWhetherTheyAnswerOrNot(String host) throws Exception {
        try (ServerSocket open = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            open.setSoTimeout(1);
            for (int port : new int[] {open.getLocalPort(), 1}) {
                JsonNode answer = tested(
                        "outputs",
                        "{\"type\":\"Microsoft.AzureFunction\",\"properties\":{\"functionAppName\":\"http://" + host
                                + ":" + port + "\"}}");
                assertThat(answer.path("status").asText()).isEqualTo("TestFailed");
                assertThat(answer.at("/error/code").asText()).isEqualTo("EndpointNotReached");
                assertThat(answer.at("/error/message").asText()).contains("endpoints.allow");
            }
            assertThatThrownBy(open::accept).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "inputs, devices",
        "inputs, muster-job-planner-devices-changelog",
        "inputs, kafkasql-journal",
        "outputs, muster-job-planner-devices-changelog",
        "outputs, telemetry",
        "outputs, __consumer_offsets"
    })
    void refusesTopicsOfMustersOwnWhetherTheyAreThereOrNot(String kind, String topic) throws Exception {
        JsonNode answer = tested(
                kind,
                "{\"type\":\"Microsoft.ServiceBus/EventHub\",\"properties\":{\"eventHubName\":\"" + topic + "\"}}");
        assertThat(answer.path("status").asText()).isEqualTo("TestFailed");
        assertThat(answer.at("/error/code").asText()).isEqualTo("TopicNotAllowed");
    }

    /** Refuses the topic when the input or output is written, and not only when the job starts. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            inputs  | Microsoft.ServiceBus/EventHub | eventHubName    | devices           | TopicNotAllowed
            outputs | Microsoft.ServiceBus/EventHub | eventHubName    | telemetry         | TopicNotAllowed
            outputs | Microsoft.ServiceBus/EventHub | eventHubName    | plant-b.telemetry | TopicNotAllowed
            outputs | Microsoft.AzureFunction       | functionAppName | http://127.0.0.1  | EndpointNotReached
            outputs | Microsoft.AzureFunction       | functionAppName | no address        | EndpointNotReached
            outputs | Microsoft.ServiceBus/EventHub | eventHubName    | orders            | -
            inputs  | Microsoft.Devices/IotHubs     | eventHubName    | devices           | -
            """)
    void diagnosesTopicsAndEndpointsThatAreNotAllowed(
            String kind, String type, String member, String named, String code) throws Exception {
        write(kind, "{\"type\":\"" + type + "\",\"properties\":{\"" + member + "\":\"" + named + "\"}}");
        for (String path : List.of("", "/" + kind + "/it")) {
            JsonNode condition = asked("GET", path).at("/properties/diagnostics/conditions/0");
            assertThat(condition.path("code").asText("-")).as(path).isEqualTo(code);
            if (!code.equals("-")) {
                assertThat(condition.path("message").asText()).contains(named);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            inputs  | {"type":"Microsoft.Storage/Blob","properties":{"container":"c","pathPattern":"p.json"}} | is read by the stream processor
            inputs  | {"type":"Microsoft.Sql/Server/Database"}                                                | An input has the type Stream or Reference.
            outputs | {"type":"Microsoft.PowerBI"}                                                            | The datasource of an output is
            """)
    void saysWhyADatasourceCanNotBeTested(String kind, String datasource, String why) throws Exception {
        JsonNode answer = tested(kind, datasource);
        assertThat(answer.path("status").asText()).isEqualTo("TestFailed");
        assertThat(answer.at("/error/code").asText()).isEqualTo("NotTestable");
        assertThat(answer.at("/error/message").asText()).contains(why);
    }
}
