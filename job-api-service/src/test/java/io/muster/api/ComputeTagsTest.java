package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.SharedAccessPolicies;
import io.muster.records.CreateDevice;
import io.muster.records.GetDevice;
import io.muster.records.ReplaceTwin;
import io.muster.records.TwinPatch;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests who makes nodes of devices, and moves them, by tags: none who may not run code on nodes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ComputeTagsTest {
    private static final Map<String, String> POLICIES = Map.of(
            "connecting", "ServiceConnect",
            "jobs", "Jobs",
            "coder", "ServiceConnect,Compute",
            "registrar", "ServiceConnect,RegistryWrite",
            "owner", "RegistryRead,RegistryWrite,ServiceConnect,DeviceConnect,Jobs,Compute,Streams");

    private TestApi api;

    @BeforeAll
    void start() throws IOException {
        String key = Base64.getEncoder().encodeToString(new byte[32]) + "\n";
        api = TestApi.start(SharedAccessPolicies.parse(POLICIES.entrySet().stream()
                .map(policy -> policy.getKey() + ".rights=" + policy.getValue() + "\n" + policy.getKey()
                        + ".primaryKey=" + key + policy.getKey() + ".secondaryKey=\n")
                .collect(Collectors.joining())));
        api.ask("PUT", "/devices/d", "owner", "{}");
    }

    @AfterAll
    void stop() {
        api.close();
    }

    @BeforeEach
    void reset() {
        api.planner.commands.clear();
        twin("{\"site\":\"A\"}");
    }

    private void twin(String tags) {
        api.planner.devices.put("d", RequestsDouble.twinOf("d", tags));
    }

    /** Returns the commands that change something. */
    private List<Object> changes() {
        return api.planner.commands.stream()
                .filter(command -> !(command instanceof GetDevice))
                .toList();
    }

    private static String status(String response) {
        return response.substring("HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 3);
    }

    private static String job(String tags) {
        return "{\"jobId\":\"j\",\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"*\",\"updateTwin\":{\"etag\":\"*\",\"tags\":"
                + tags + "}}";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            PATCH | /twins/d   | connecting | {"tags":{"compute":{"pool":"default"}}}
            PATCH | /twins/d   | connecting | {"tags":{"a":1,"compute":{"drain":true}}}
            PATCH | /twins/d   | connecting | {"tags":{"compute":null}}
            PATCH | /twins/d   | connecting | {"tags":{"\\u0063ompute":{"spare":true}}}
            PUT   | /twins/d   | connecting | {"tags":{"compute":{"spare":true}}}
            """)
    void refusesAChangeOfATwinBeforeAnythingIsWritten(String method, String path, String policy, String body)
            throws Exception {
        String answer = api.ask(method, path, policy, body);
        assertThat(status(answer)).isEqualTo("401");
        assertThat(answer).contains("IotHubUnauthorizedAccess").contains("Compute or RegistryWrite");
        assertThat(changes()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"schedule\":{\"recurrence\":{\"frequency\":\"Hour\"}}"})
    void refusesAJobThatWritesThemWhenItIsMade(String schedule) throws Exception {
        String body = job("{\"compute\":{\"pool\":\"default\"}}");
        for (String policy : List.of("jobs", "connecting")) {
            String answer = api.ask("PUT", "/jobs/v2/j", policy, body.substring(0, body.length() - 1) + schedule + "}");
            assertThat(status(answer)).as(policy).isEqualTo("401");
            assertThat(answer).contains("IotHubUnauthorizedAccess");
        }
        assertThat(changes()).isEmpty();
    }

    @Test
    void letsThoseWhoMayRunCodeOrRegisterDevicesWriteThem() throws Exception {
        for (String policy : List.of("coder", "registrar", "owner")) {
            assertThat(status(api.ask("PATCH", "/twins/d", policy, "{\"tags\":{\"compute\":{\"pool\":\"p\"}}}")))
                    .as(policy)
                    .isEqualTo("200");
        }
        assertThat(status(api.ask("PUT", "/jobs/v2/j", "registrar", job("{\"compute\":{\"drain\":true}}"))))
                .isEqualTo("200");
    }

    @Test
    void letsAnybodyWriteOtherTags() throws Exception {
        assertThat(status(api.ask("PATCH", "/twins/d", "connecting", "{\"tags\":{\"a\":{\"compute\":1}}}")))
                .isEqualTo("200");
        assertThat(status(api.ask("PUT", "/twins/d", "connecting", "{\"tags\":{\"a\":1}}")))
                .isEqualTo("200");
        assertThat(status(api.ask("PATCH", "/twins/d", "connecting", "{\"tags\":null}")))
                .isEqualTo("200");
        assertThat(status(api.ask("PUT", "/jobs/v2/j", "jobs", job("{\"a\":1}"))))
                .isEqualTo("200");
    }

    @Test
    void takesNoNodeFromItsPoolWhereAllTagsAreReplaced() throws Exception {
        twin("{\"compute\":{\"pool\":\"default\"}}");
        assertThat(status(api.ask("PUT", "/twins/d", "connecting", "{\"tags\":{\"a\":1}}")))
                .isEqualTo("401");
        assertThat(status(api.ask("PUT", "/twins/d", "connecting", "{\"tags\":null}")))
                .isEqualTo("401");
        assertThat(status(api.ask("PATCH", "/twins/d", "connecting", "{\"tags\":null}")))
                .isEqualTo("401");
        assertThat(changes()).isEmpty();
        assertThat(status(api.ask(
                        "PUT", "/twins/d", "connecting", "{\"tags\":{\"a\":1,\"compute\":{\"pool\":\"default\"}}}")))
                .isEqualTo("200");
        assertThat(changes())
                .as("only while the tags are those that were compared")
                .containsExactly(new ReplaceTwin(
                        new TwinPatch("AAAAAAAAAAI=", "{\"a\":1,\"compute\":{\"pool\":\"default\"}}", null)));
    }

    @Test
    void takesRegistryWriteToImportThem() throws Exception {
        String body = "[{\"id\":\"new\",\"importMode\":\"create\",\"tags\":{\"compute\":{\"spare\":true}}}]";
        assertThat(status(api.ask("POST", "/devices", "coder", body))).isEqualTo("401");
        assertThat(changes()).isEmpty();
        assertThat(status(api.ask("POST", "/devices", "registrar", body))).isEqualTo("200");
        assertThat(changes()).singleElement().isInstanceOf(CreateDevice.class);
    }
}
