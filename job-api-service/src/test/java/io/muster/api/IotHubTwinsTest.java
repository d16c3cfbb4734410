package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.records.PatchTwin;
import io.muster.records.ReplaceTwin;
import io.muster.records.TwinPatch;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drives twins and methods as IoT Hub's clients do. Contract: iot-hub, 5. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IotHubTwinsTest {
    private TestApi api;
    private ApiClient client;

    @BeforeAll
    void start() throws IOException {
        api = TestApi.start();
        client = new ApiClient(api);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    @Test
    void writesTwinsWithMetadataAndVersions() throws Exception {
        client.ask("PUT", "/devices/twin-1", "{}");
        ApiClient.Answer twin = client.ask("GET", "/twins/twin-1", null);
        assertThat(twin.body().at("/properties/desired/$version").asLong()).isEqualTo(1);
        assertThat(twin.body().at("/properties/desired/$metadata").isObject()).isTrue();
        assertThat(twin.body().path("version").asLong()).isEqualTo(2);
        assertThat(twin.response().headers().firstValue("ETag").orElseThrow()).isEqualTo("\"AAAAAAAAAAI=\"");
        ApiClient.Answer patched = client.ask(
                "POST",
                "/twins/twin-1",
                "{\"tags\":{\"gone\":null},\"properties\":{\"desired\":{}},\"deviceId\":null,\"configurations\":null}",
                "X-HTTP-Method-Override",
                "PATCH");
        assertThat(patched.status()).isEqualTo(200);
        assertThat(api.planner.commands.getLast())
                .isInstanceOfSatisfying(
                        PatchTwin.class,
                        patch -> assertThat(patch.getPatch().getTags()).isEqualTo("{\"gone\":null}"));
    }

    /** Clears a section that is null, and removes a property that is null: the planner gets them as they arrive. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", textBlock = """
            PATCH | /twins/n           | {"tags":null}                                     | null        | -
            PATCH | /twins/n           | {"properties":{"desired":null}}                   | -           | null
            PATCH | /twins/n           | {"tags":null,"properties":{"desired":null}}       | null        | null
            PATCH | /twins/n           | {"tags":{"a":null},"properties":null}             | {"a":null}  | -
            PATCH | /twins/n           | {"tags":null,"properties":{"desired":{"b":null}}} | null        | {"b":null}
            POST  | /twins/n           | {"tags":null}                                     | null        | -
            PUT   | /twins/n           | {"tags":null}                                     | null        | -
            PUT   | /twins/n           | {"properties":{"desired":null}}                   | -           | null
            PUT   | /twins/n           | {"tags":{"a":1},"properties":{"desired":null}}    | {"a":1}     | null
            PUT   | /twins/n           | {"tags":{"a":null},"properties":{"desired":{"b":null}}} | {"a":null} | {"b":null}
            PATCH | /twins/n/modules/m | {"tags":null,"properties":{"desired":{}}}         | null        | {}
            PUT   | /twins/n/modules/m | {"tags":{},"properties":{"desired":null}}         | {}          | null
            """)
    void passesNullInATwinOnAsNull(
            String method, String path, String body, @Nullable String tags, @Nullable String desired) throws Exception {
        client.ask("PUT", "/devices/n", "{}");
        client.ask("PUT", "/devices/n/modules/m", "{}");
        ApiClient.Answer answer =
                client.ask(method, path, body, "X-HTTP-Method-Override", "PATCH", "If-Match", "\"e\"");
        assertThat(answer.status()).isEqualTo(200);
        TwinPatch wanted = new TwinPatch("e", tags, desired);
        assertThat(api.planner.commands.getLast())
                .isEqualTo(method.equals("PUT") ? new ReplaceTwin(wanted) : new PatchTwin(wanted));
    }

    @Test
    void answersAMethodByItsDeviceOrInFormB() throws Exception {
        client.ask("PUT", "/devices/m", "{}");
        assertThat(client.ask("POST", "/twins/m/methods", "{\"methodName\":\"a\",\"payload\":{\"x\":1}}")
                        .body()
                        .toString())
                .isEqualTo("{\"status\":200,\"payload\":{\"x\":1}}");
        ApiClient.Answer offline = client.ask("POST", "/twins/m/methods", "{\"methodName\":\"offline\"}");
        assertThat(offline.status()).isEqualTo(404);
        assertThat(offline.body().path("ExceptionMessage").asText()).isEmpty();
        assertThat(TestApi.JSON
                        .readTree(offline.body().path("Message").asText())
                        .path("errorCode")
                        .asInt())
                .isEqualTo(404103);
    }

    /** Names an unknown device as Node's client reads it, and numbers it as Java's does. Contract: iot-hub, 1.6 and 1.10. */
    @Test
    void namesAndNumbersAnUnknownDeviceOfAMethod() throws Exception {
        ApiClient.Answer answer = client.ask("POST", "/twins/nobody/methods", "{\"methodName\":\"a\"}");
        assertThat(answer.status()).isEqualTo(404);
        String[] message = answer.body().path("Message").asText().split(";", 2);
        assertThat(message[0]).isEqualTo("ErrorCode:DeviceNotFound");
        JsonNode form = TestApi.JSON.readTree(message[1]);
        assertThat(form.path("ExceptionMessage").asText()).isEmpty();
        assertThat(TestApi.JSON
                        .readTree(form.path("Message").asText())
                        .path("errorCode")
                        .asInt())
                .isEqualTo(404001);
    }

    /** Takes the whole twin that was read, and refuses what no twin has. */
    @Test
    void takesATwinBackAndRefusesOtherMembers() throws Exception {
        client.ask("PUT", "/devices/whole", "{}");
        String twin = client.ask("GET", "/twins/whole", null).body().toString();
        assertThat(client.ask("PATCH", "/twins/whole", twin).status()).isEqualTo(200);
        for (String body : List.of("{'Tags':{'a':1}}", "{'properties':{'floor':3}}", "{'reported':{}}")) {
            for (String method : List.of("PATCH", "PUT")) {
                ApiClient.Answer refused = client.ask(method, "/twins/whole", body.replace('\'', '"'));
                assertThat(refused.status()).as(body).isEqualTo(400);
                assertThat(refused.body().path("Message").asText())
                        .startsWith("ErrorCode:ArgumentInvalid;The member ")
                        .contains("did you mean");
            }
        }
    }
}
