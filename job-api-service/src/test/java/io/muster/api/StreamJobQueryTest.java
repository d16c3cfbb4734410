package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A query that can't be compiled is told to its writer at once. Contract: stream-analytics, 3. */
class StreamJobQueryTest {
    private static final String JOB =
            "/subscriptions/s/resourcegroups/g/providers/microsoft.streamanalytics/streamingjobs/job";
    private static final String NAMED =
            "{'properties':{'inputs':[{'name':'i','properties':{}}]," + "'outputs':[{'name':'o','properties':{}}]}}";

    @Test
    void theAnswerToAPutOfABadQueryNamesThePlaceAndTheRemedy() throws Exception {
        try (TestApi api = TestApi.start();
                HttpClient http = HttpClient.newHttpClient()) {
            sent(api, http, "PUT", "", NAMED);
            JsonNode written = sent(
                    api,
                    http,
                    "PUT",
                    "/transformations/T",
                    "{'properties':{'query':'SELECT k, COUNT(*) INTO o FROM i GROUP BY k'}}");
            JsonNode job = sent(api, http, "GET", "", null);
            for (JsonNode answer : new JsonNode[] {written, job}) {
                JsonNode told = answer.at("/properties/diagnostics/conditions/0");
                assertThat(told.path("code").asText()).isEqualTo("QueryCompilationError");
                assertThat(told.path("message").asText()).contains("Line 1:34 ", "add a window to GROUP BY");
            }
            JsonNode mended = sent(
                    api,
                    http,
                    "PUT",
                    "/transformations/T",
                    "{'properties':{'query':'SELECT k, COUNT(*) INTO o FROM i GROUP BY k, TumblingWindow(second, 1)'}}");
            assertThat(mended.at("/properties/diagnostics").isMissingNode()).isTrue();
        }
    }

    private static JsonNode sent(TestApi api, HttpClient http, String method, String path, @Nullable String body)
            throws Exception {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(URI.create(
                                "http://127.0.0.1:" + api.server.port() + JOB + path + "?api-version=2020-03-01"))
                        .header("Authorization", "Bearer " + api.token("iothubowner"))
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body == null
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 201);
        return TestApi.JSON.readTree(answer.body());
    }
}
