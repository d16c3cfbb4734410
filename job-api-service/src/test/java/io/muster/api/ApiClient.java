package io.muster.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.SharedAccessSignature;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Asks a {@link TestApi} over HTTP, and checks that each answer is as the description of the API says. */
final class ApiClient {
    static final String VERSION = "api-version=2021-04-12";

    private static final OpenApiDocument DOCUMENT = new OpenApiDocument();

    private final HttpClient http = HttpClient.newHttpClient();
    private final TestApi api;

    ApiClient(TestApi api) {
        this.api = api;
    }

    /** @param body JSON's null where the answer is no JSON */
    record Answer(int status, JsonNode body, HttpResponse<byte[]> response) {}

    String token(String policy, String resource, Instant expiry) {
        return SharedAccessSignature.sign(
                resource,
                String.valueOf(api.policies.named(policy).orElseThrow().keys().primary()),
                policy,
                expiry);
    }

    Answer send(String method, String pathAndQuery, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + api.server.port() + pathAndQuery))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        String type = response.headers().firstValue("Content-Type").orElse("");
        JsonNode json =
                type.startsWith("application/json") ? TestApi.JSON.readTree(response.body()) : TestApi.JSON.nullNode();
        DOCUMENT.check(method, pathAndQuery, response.statusCode(), json);
        return new Answer(response.statusCode(), json, response);
    }

    /** Asks IoT Hub's API as its owner. */
    Answer ask(String method, String path, @Nullable String body, String... headers) throws Exception {
        return askOf(VERSION, method, path, body, headers);
    }

    /** @param version the parameter of the query that names it */
    Answer askOf(String version, String method, String path, @Nullable String body, String... headers)
            throws Exception {
        String[] all = new String[headers.length + 2];
        all[0] = "Authorization";
        all[1] = token("iothubowner", "localhost", TestApi.NOW.plusSeconds(60));
        System.arraycopy(headers, 0, all, 2, headers.length);
        byte[] bytes = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
        return send(method, path + (path.contains("?") ? "&" : "?") + version, bytes, all);
    }
}
