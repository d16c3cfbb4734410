package io.muster.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Signs requests as clients of Batch do, sends them to a {@link TestApi}, and checks that each answer is as the description of the API says. */
final class BatchClient {
    static final String VERSION = "api-version=2022-10-01.16.0";
    private static final String TYPE = "application/json; odata=minimalmetadata; charset=utf-8";

    private static final OpenApiDocument DOCUMENT = new OpenApiDocument();

    private final HttpClient http = HttpClient.newHttpClient();
    private final TestApi api;
    private final String policy;
    Instant signedAt = TestApi.NOW;

    BatchClient(TestApi api, String policy) {
        this.api = api;
        this.policy = policy;
    }

    record Answer(int status, JsonNode body, HttpResponse<byte[]> response) {
        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        String code() {
            return body.path("code").asText();
        }

        String message() {
            return body.at("/message/value").asText();
        }
    }

    String key() {
        return String.valueOf(api.policies.named(policy).orElseThrow().keys().primary());
    }

    Answer ask(String method, String path, @Nullable String body, String... headers) throws Exception {
        return send(method, path + (path.contains("?") ? "&" : "?") + VERSION, body, headers);
    }

    Answer send(String method, String path, @Nullable String body, String... headers) throws Exception {
        List<String> all = new ArrayList<>(List.of(headers));
        if (body != null) {
            all.addAll(List.of("Content-Type", TYPE));
        }
        all.addAll(List.of("ocp-date", DateTimeFormatter.RFC_1123_DATE_TIME.format(signedAt.atOffset(ZoneOffset.UTC))));
        String sent = body == null ? null : body.replace('\'', '"');
        all.addAll(List.of(
                "Authorization", "SharedKey myaccount:" + signature(key(), "myaccount", method, path, sent, all)));
        return raw(method, path, sent, all);
    }

    Answer raw(String method, String path, @Nullable String body, List<String> headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.server.port() + path))
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (!headers.isEmpty()) {
            request.headers(headers.toArray(String[]::new));
        }
        HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        JsonNode json = json(response);
        DOCUMENT.check(method, "/myaccount.batch.azure.com" + path, response.statusCode(), json);
        return new Answer(response.statusCode(), json, response);
    }

    private static JsonNode json(HttpResponse<byte[]> response) throws IOException {
        return response.body().length > 0
                        && response.headers()
                                .firstValue("Content-Type")
                                .orElse("")
                                .startsWith("application/json")
                ? TestApi.JSON.readTree(response.body())
                : TestApi.JSON.nullNode();
    }

    /** Returns a signature, made as {@code @azure/batch} makes it. @param headers names and values in turn */
    static String signature(
            String key, String account, String method, String target, @Nullable String body, List<String> headers)
            throws Exception {
        TreeMap<String, String> given = new TreeMap<>();
        for (int i = 0; i < headers.size(); i += 2) {
            given.put(headers.get(i).toLowerCase(Locale.ROOT), headers.get(i + 1));
        }
        StringBuilder text = new StringBuilder(method + "\n\n\n");
        text.append(
                body != null && !body.isEmpty()
                        ? Integer.toString(body.getBytes(StandardCharsets.UTF_8).length)
                        : method.equals("POST") ? "0" : "");
        for (String name : List.of(
                "content-md5",
                "content-type",
                "date",
                "if-modified-since",
                "if-match",
                "if-none-match",
                "if-unmodified-since",
                "range")) {
            text.append('\n').append(given.getOrDefault(name, ""));
        }
        text.append('\n');
        given.forEach((name, value) -> text.append(name.startsWith("ocp-") ? name + ":" + value + "\n" : ""));
        String[] parts = target.split("\\?", 2);
        text.append('/').append(account).append(parts[0]);
        TreeMap<String, String> query = new TreeMap<>();
        for (String parameter : (parts.length > 1 ? parts[1] : "").split("&")) {
            String[] pair = parameter.split("=", 2);
            if (pair.length == 2) {
                query.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
            }
        }
        query.forEach(
                (name, value) -> text.append('\n').append(name).append(':').append(value));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(Base64.getDecoder().decode(key), "HmacSHA256"));
        return Base64.getEncoder().encodeToString(mac.doFinal(text.toString().getBytes(StandardCharsets.UTF_8)));
    }
}
