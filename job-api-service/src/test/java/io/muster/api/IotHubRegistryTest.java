package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.records.CreateDevice;
import io.muster.records.ReplaceTwin;
import io.muster.records.TwinPatch;
import io.muster.records.UpdateDevice;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Tests identities, modules and their numbers. Contract: iot-hub, 2. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IotHubRegistryTest {
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
    void createsAnIdentityWithKeysAndReadsItAsClientsNeedIt() throws Exception {
        ApiClient.Answer created = client.ask(
                "PUT",
                "/devices/pump-7",
                "{\"deviceId\":\"pump-7\",\"status\":\"Enabled\",\"etag\":\"\",\"authentication\":{\"type\":\"sas\","
                        + "\"symmetricKey\":{\"primaryKey\":\"\",\"secondaryKey\":\"\"}}}");
        assertThat(created.status()).isEqualTo(200);
        assertThat(created.response().headers().firstValue("Content-Type")).contains("application/json; charset=utf-8");
        assertThat(created.response().headers().firstValue("x-ms-request-id")).isPresent();
        assertThat(created.body().at("/authentication/symmetricKey/primaryKey").asText())
                .hasSize(44);
        assertThat(created.body().path("connectionState").asText()).isEqualTo("Disconnected");
        assertThat(created.body().path("connectionStateUpdatedTime").asText()).isEqualTo("0001-01-01T00:00:00Z");
        assertThat(client.ask("PUT", "/devices/pump-7", "{}").status()).isEqualTo(409);
        for (String condition : new String[] {"\"*\"", "*", "\"abc\"", "abc"}) {
            client.ask("PUT", "/devices/pump-7", "{}", "If-Match", condition);
            assertThat(api.planner.commands.getLast())
                    .isInstanceOfSatisfying(
                            UpdateDevice.class,
                            update -> assertThat(update.getIfMatch()).isEqualTo(condition.replace("\"", "")));
        }
        assertThat(client.ask("GET", "/devices/?top=5", null).body().isArray()).isTrue();
        assertThat(client.ask("GET", "/devices", null).body().isArray()).isTrue();
        assertThat(client.ask("DELETE", "/devices/pump-7", null, "If-Match", "*")
                        .status())
                .isEqualTo(204);
    }

    private static String leaf(String scope) {
        return "{\"deviceScope\":\"" + scope + "\"}";
    }

    @Test
    void givesAnEdgeDeviceAScopeAndItsChildrenAPlaceInIt() throws Exception {
        JsonNode edge = client.ask("PUT", "/devices/edge", "{\"capabilities\":{\"iotEdge\":true}}")
                .body();
        String scope = edge.path("deviceScope").asText();
        assertThat(scope)
                .isEqualTo(
                        "ms-azure-iot-edge://edge-" + edge.path("generationId").asText());
        assertThat(edge.path("parentScopes")).isEmpty();
        for (String body : new String[] {leaf(scope), "{\"parentScopes\":[\"" + scope + "\"]}"}) {
            ApiClient.Answer made = client.ask("PUT", "/devices/leaf", body);
            assertThat(made.body().path("deviceScope").asText()).isEqualTo(scope);
            assertThat(made.body().path("parentScopes").toString()).isEqualTo("[\"" + scope + "\"]");
            assertThat(client.ask("GET", "/twins/leaf", null)
                            .body()
                            .path("deviceScope")
                            .asText())
                    .isEqualTo(scope);
            client.ask("DELETE", "/devices/leaf", null);
        }
        JsonNode below = client.ask(
                        "PUT",
                        "/devices/below",
                        "{\"capabilities\":{\"iotEdge\":true},\"parentScopes\":[\"" + scope + "\"]}")
                .body();
        assertThat(below.path("deviceScope").asText()).startsWith("ms-azure-iot-edge://below-");
        assertThat(below.path("parentScopes").toString()).isEqualTo("[\"" + scope + "\"]");
        assertThat(client.ask("PUT", "/devices/below", below.toString(), "If-Match", "*")
                        .status())
                .as("the whole document sent back")
                .isEqualTo(200);
    }

    @Test
    void refusesScopesOfWhichThereIsNoEdgeDevice() throws Exception {
        JsonNode edge = client.ask("PUT", "/devices/edge-2", "{\"capabilities\":{\"iotEdge\":true}}")
                .body();
        String scope = edge.path("deviceScope").asText();
        client.ask("PUT", "/devices/plain", "{}");
        client.ask("PUT", "/devices/child", leaf(scope));
        List<String> wrong = List.of(
                leaf("nonsense"),
                leaf("ms-azure-iot-edge://nobody-1"),
                leaf("ms-azure-iot-edge://plain-1"),
                leaf("ms-azure-iot-edge://child-1"),
                leaf("ms-azure-iot-edge://edge-2-77"),
                "{\"parentScopes\":[\"" + scope + "\",\"ms-azure-iot-edge://edge-2-77\"]}",
                "{\"deviceScope\":\"" + scope + "\",\"parentScopes\":[\"ms-azure-iot-edge://edge-2-77\"]}",
                "{\"capabilities\":{\"iotEdge\":true},\"deviceScope\":\"" + scope + "\"}",
                "{\"parentScopes\":[7]}");
        int before = api.planner.commands.size();
        for (String body : wrong) {
            ApiClient.Answer refused = client.ask("PUT", "/devices/child", body, "If-Match", "*");
            assertThat(refused.status()).as(body).isEqualTo(400);
            ApiClient.Answer bulk = client.ask(
                    "POST",
                    "/devices",
                    "[" + body.replaceFirst("\\{", "{\"id\":\"child\",\"importMode\":\"update\",") + "]");
            assertThat(bulk.status()).as(body).isEqualTo(400);
            assertThat(bulk.body().at("/errors/0/errorCode").asText()).isEqualTo("ArgumentInvalid");
        }
        assertThat(api.planner.commands.subList(before, api.planner.commands.size()))
                .as("nothing is changed")
                .doesNotHaveAnyElementsOfTypes(UpdateDevice.class);
    }

    @Test
    void createsManyDevicesAtOnce() throws Exception {
        client.ask("PUT", "/devices/bulk-there", "{}");
        ApiClient.Answer done = client.ask(
                "POST",
                "/devices",
                "[{\"id\":\"bulk-1\",\"importMode\":\"create\",\"tags\":{\"a\":1}},{\"id\":\"bulk-there\",\"importMode\":\"Update\","
                        + "\"status\":\"disabled\",\"properties\":{\"desired\":{\"b\":2}}}]");
        assertThat(done.status()).isEqualTo(200);
        assertThat(done.body()).hasToString("{\"isSuccessful\":true,\"errors\":[],\"warnings\":[]}");
        assertThat(api.planner.commands.subList(api.planner.commands.size() - 3, api.planner.commands.size()))
                .hasExactlyElementsOfTypes(CreateDevice.class, UpdateDevice.class, ReplaceTwin.class);

        done = client.ask(
                "POST",
                "/devices",
                "[{\"id\":\"bulk-there\",\"importMode\":\"updateTwin\",\"tags\":{\"x\":1},\"properties\":{\"desired\":null}}]");
        assertThat(done.status()).isEqualTo(200);
        ReplaceTwin cleared = (ReplaceTwin) api.planner.commands.getLast();
        assertThat(cleared.getReplacement())
                .as("a section that is null is cleared, as by PUT /twins/{id}")
                .isEqualTo(new TwinPatch("*", "{\"x\":1}", "null"));

        client.ask("PUT", "/devices/bulk-gone", "{}");
        done = client.ask("POST", "/devices", "[{\"id\":\"bulk-gone\",\"importMode\":\"delete\"}]");
        assertThat(done.body()).hasToString("{\"isSuccessful\":true,\"errors\":[],\"warnings\":[]}");
        assertThat(client.ask("GET", "/devices/bulk-gone", null).status()).isEqualTo(404);

        ApiClient.Answer partly = client.ask(
                "POST",
                "/devices",
                "[{\"id\":\"bulk-1\",\"importMode\":\"create\"},{\"id\":\"bulk-2\"},{\"id\":\"bulk-3\",\"importMode\":\"rename\"},"
                        + "{\"id\":\"bulk-4\",\"importMode\":\"delete\"},{\"id\":\"bulk-5\"},{\"id\":\"bulk-5\"},"
                        + "{\"id\":\"bulk-1\",\"importMode\":\"updateTwin\"}]");
        assertThat(partly.status()).isEqualTo(400);
        assertThat(partly.body().path("isSuccessful").asBoolean()).isFalse();
        assertThat(partly.body().path("errors").findValuesAsText("errorCode"))
                .containsExactly(
                        "DeviceDefinedMultipleTimes",
                        "ArgumentInvalid",
                        "DeviceNotFound",
                        "DeviceDefinedMultipleTimes",
                        "DeviceDefinedMultipleTimes",
                        "DeviceDefinedMultipleTimes");
        assertThat(client.ask("GET", "/devices/bulk-2", null).status()).isEqualTo(200);

        assertThat(client.ask("POST", "/devices", "{}").status()).isEqualTo(400);
        assertThat(client.ask("POST", "/devices", "[]").status()).isEqualTo(400);
        assertThat(client.ask("POST", "/devices", "[1]").status()).isEqualTo(400);
        assertThat(client.ask("POST", "/devices", "[{}]").status()).isEqualTo(400);
        String many = IntStream.range(0, 101)
                .mapToObj(i -> "{\"id\":\"m" + i + "\"}")
                .collect(Collectors.joining(",", "[", "]"));
        assertThat(client.ask("POST", "/devices", many).status()).isEqualTo(413);
    }

    @Test
    void sumsStatisticsOverPartitions() throws Exception {
        assertThat(client.ask("GET", "/statistics/devices", null).body())
                .hasToString(
                        "{\"totalDeviceCount\":7,\"enabledDeviceCount\":6,\"enableDeviceCount\":6,\"disabledDeviceCount\":1}");
        assertThat(client.ask("GET", "/statistics/service", null).body()).hasToString("{\"connectedDeviceCount\":1}");
    }

    @Test
    void servesModulesAtTheRoutesOfDevices() throws Exception {
        client.ask("PUT", "/devices/with-modules", "{}");
        ApiClient.Answer created =
                client.ask("PUT", "/devices/with-modules/modules/m", "{\"moduleId\":\"m\",\"managedBy\":\"me\"}");
        assertThat(created.status()).isEqualTo(200);
        assertThat(created.body().path("deviceId").asText()).isEqualTo("with-modules");
        assertThat(created.body().path("moduleId").asText()).isEqualTo("m");
        assertThat(created.body().path("managedBy").asText()).isEqualTo("me");
        assertThat(created.body().has("authentication")).isTrue();
        for (String path : List.of("/devices/with-modules/modules/m", "/twins/with-modules/modules/m")) {
            ApiClient.Answer read = client.ask("GET", path, null);
            assertThat(read.body().path("deviceId").asText()).isEqualTo("with-modules");
            assertThat(read.body().path("moduleId").asText()).isEqualTo("m");
        }
        assertThat(client.ask("PATCH", "/twins/with-modules/modules/m", "{\"tags\":{}}")
                        .status())
                .isEqualTo(200);
        assertThat(client.ask("PUT", "/twins/with-modules/modules/m", "{\"tags\":{}}")
                        .status())
                .isEqualTo(200);
        assertThat(client.ask(
                                "POST",
                                "/twins/with-modules/modules/m",
                                "{\"tags\":{}}",
                                "X-HTTP-Method-Override",
                                "PATCH")
                        .status())
                .isEqualTo(200);
        assertThat(client.ask(
                                "POST",
                                "/twins/with-modules/modules/m/methods",
                                "{\"methodName\":\"reboot\",\"payload\":5}")
                        .body()
                        .toString())
                .isEqualTo("{\"status\":200,\"payload\":5}");
        assertThat(client.ask("DELETE", "/devices/with-modules/modules/m", null).status())
                .isEqualTo(204);
        assertThat(client.ask("PUT", "/devices/with-modules/modules/m", "{\"moduleId\":\"n\"}")
                        .status())
                .isEqualTo(400);
        assertThat(client.ask("GET", "/devices/a%2Fb", null).status()).isEqualTo(400);
        assertThat(client.ask("GET", "/twins/a/modules/b%2Fc", null).status()).isEqualTo(400);
    }
}
