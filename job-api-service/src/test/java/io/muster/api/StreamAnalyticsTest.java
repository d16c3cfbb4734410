package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drives stream jobs as resources of Azure Resource Manager. Contract: stream-analytics, 4; addresses, "Where each surface answers". */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StreamAnalyticsTest {
    private static final String VERSION = "api-version=2020-03-01";
    private static final String GROUP = "/subscriptions/s/resourcegroups/g/providers/microsoft.streamanalytics";
    private static final String NAMED =
            "{'properties':{'inputs':[{'name':'i','properties':{}}],'outputs':[{'name':'o','properties':{}}]}}";

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

    private ApiClient.Answer ask(String method, String path, @Nullable String body) throws Exception {
        return client.askOf(VERSION, method, path, body == null ? null : body.replace('\'', '"'));
    }

    private JsonNode done(String method, String path, @Nullable String body) throws Exception {
        ApiClient.Answer answer = ask(method, path, body);
        assertThat(answer.status()).as(answer.body().toString()).isBetween(200, 202);
        return answer.body();
    }

    @Test
    void answersAPutOfABadQueryWithThePlaceAndTheRemedy() throws Exception {
        String job = GROUP + "/streamingjobs/bad";
        done("PUT", job, NAMED);
        JsonNode written = done(
                "PUT",
                job + "/transformations/T",
                "{'properties':{'query':'SELECT k, COUNT(*) INTO o FROM i GROUP BY k'}}");
        for (JsonNode answer : new JsonNode[] {written, done("GET", job, null)}) {
            JsonNode condition = answer.at("/properties/diagnostics/conditions/0");
            assertThat(condition.path("code").asText()).isEqualTo("QueryCompilationError");
            assertThat(condition.path("message").asText()).contains("Line 1:34 ", "add a window to GROUP BY");
        }
        JsonNode mended = done(
                "PUT",
                job + "/transformations/T",
                "{'properties':{'query':'SELECT k, COUNT(*) INTO o FROM i GROUP BY k, TumblingWindow(second, 1)'}}");
        assertThat(mended.at("/properties/diagnostics").isMissingNode()).isTrue();
    }

    /** Takes names of subscriptions, groups and types in any case, and a job's own name in its own. */
    @Test
    void takesSegmentsOfAPathInAnyCase() throws Exception {
        done("PUT", "/subscriptions/s/resourceGroups/g/providers/Microsoft.StreamAnalytics/StreamingJobs/cased", NAMED);
        assertThat(done("GET", GROUP + "/streamingjobs/cased", null)
                        .path("name")
                        .asText())
                .isEqualTo("cased");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
                "/subscriptions/s/providers/Microsoft.Compute/virtualMachines",
                "/subscriptions/s/RESOURCEGROUPS/g/PROVIDERS/MICROSOFT.COMPUTE/virtualMachines/v",
            })
    void refusesUnknownProvidersInTheFormOfResourceManager(String path) throws Exception {
        ApiClient.Answer answer = ask("GET", path, null);
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.body().at("/error/code").asText()).isEqualTo("InvalidResourceType");
        assertThat(answer.body().at("/error/message").asText()).contains("microsoft.compute");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            GET    | /subscriptions/s/resourceGroups/g                     | api-version=2020-03-01 | 404 | -
            GET    | GROUP/streamingjobs/nobody                            | api-version=2020-03-01 | 404 | ResourceNotFound
            GET    | GROUP/streamingjobs/nobody                            | x=1                    | 400 | MissingApiVersionParameter
            GET    | GROUP/streamingjobs/nobody                            | api-version=2000-01-01 | 400 | InvalidApiVersionParameter
            PUT    | GROUP/streamingjobs/broken                            | api-version=2020-03-01 | 400 | -
            POST   | GROUP/streamingjobs/nobody/start                      | api-version=2020-03-01 | 404 | ResourceNotFound
            """)
    void answersErrorsInTheFormOfResourceManager(
            String method, String path, String version, int status, @Nullable String code) throws Exception {
        ApiClient.Answer answer =
                client.askOf(version, method, path.replace("GROUP", GROUP), method.equals("PUT") ? "{" : null);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
        assertThat(answer.body().at("/error/message").asText()).isNotBlank();
        if (code != null) {
            assertThat(answer.body().at("/error/code").asText()).isEqualTo(code);
        }
    }

    @Test
    void refusesCallersInTheFormOfResourceManager() throws Exception {
        ApiClient.Answer nobody = client.send("GET", GROUP + "/streamingjobs/x?" + VERSION, new byte[0]);
        assertThat(nobody.status()).isEqualTo(401);
        assertThat(nobody.body().at("/error/code").asText()).isNotBlank();
        ApiClient.Answer reader = client.send(
                "PUT",
                GROUP + "/streamingjobs/x?" + VERSION,
                new byte[0],
                "Authorization",
                client.token("registryRead", "localhost", TestApi.NOW.plusSeconds(60)));
        assertThat(reader.status()).isEqualTo(403);
        assertThat(reader.body().at("/error/code").asText()).isEqualTo("AuthorizationFailed");
        assertThat(reader.body().at("/error/message").asText()).contains("registryRead");
    }
}
