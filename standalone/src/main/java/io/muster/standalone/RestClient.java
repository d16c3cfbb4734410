package io.muster.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import io.muster.access.TrustedAuthorities;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Calls the public REST API with the policy iothubowner, as any program would. */
public final class RestClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "api-version=2021-04-12";
    private static final String CENTRAL_VERSION = "api-version=2022-07-31";
    private static final String BATCH_VERSION = "api-version=2024-07-01.20.0";
    private static final String STREAM_VERSION = "?api-version=2020-03-01";
    private static final String STREAM_JOBS =
            "/subscriptions/own/resourcegroups/plant/providers/Microsoft.StreamAnalytics/streamingjobs/";
    private static final Duration TOKEN_LIFE = Duration.ofHours(12);
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /** Holds an answer: its status, and its body if it has one. */
    public record Answer(int status, JsonNode body) {}

    private final HttpClient http;
    private final String root;
    private final String token;

    /**
     * Signs a token for the calls, and trusts the authorities of a file.
     *
     * @throws StandaloneException where the CA file can't be used, or the policy is not there or has no key
     */
    public RestClient(String root, Path caFile, SharedAccessPolicies policies) throws StandaloneException {
        this.http = http(caFile);
        this.root = root;
        this.token = SharedAccessSignature.sign(
                URI.create(root).getAuthority(),
                Credentials.key(policies, Credentials.OWNER),
                Credentials.OWNER,
                InstantSource.system().instant().plus(TOKEN_LIFE));
    }

    /** Sends a request with the token; completes with any answer, an error's included. @param body JSON text; null for none */
    public CompletableFuture<Answer> send(String method, String path, @Nullable String body) {
        return send(method, path + (path.contains("?") ? "&" : "?") + VERSION, body, token);
    }

    /**
     * Sends a request and waits for the answer.
     *
     * @throws StandaloneException when there is none
     */
    Answer call(String method, String path, @Nullable String body) throws StandaloneException, InterruptedException {
        try {
            return send(method, path, body).get();
        } catch (ExecutionException e) {
            throw unanswered(root, e);
        }
    }

    /** Says why there was no answer. */
    static StandaloneException unanswered(String root, ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new StandaloneException(
                "No Muster of this data folder answers at " + root + " (" + reason
                        + "). See ./muster status, or name another with --data DIR or --rest-port P.",
                e);
    }

    /** Sends a request to IoT Central's API; completes with any answer. @param path below {@code /api/} @param body JSON text; null for none */
    public CompletableFuture<Answer> sendCentral(String method, String path, @Nullable String body) {
        return sendCentral(method, path, body, token);
    }

    /** Sends a request to IoT Central's API. @param authorization an API token, say */
    public CompletableFuture<Answer> sendCentral(
            String method, String path, @Nullable String body, String authorization) {
        return send(method, "/api/" + path + (path.contains("?") ? "&" : "?") + CENTRAL_VERSION, body, authorization);
    }

    /** Sends a request to Batch's API; completes with any answer. @param path below that of an account @param body JSON text; null for none */
    public CompletableFuture<Answer> sendBatch(String method, String path, @Nullable String body) {
        return send(method, "/muster.batch.azure.com/" + path + "?" + BATCH_VERSION, body, token);
    }

    /** Sends a request about stream jobs. @param path below that of the group "plant" */
    public CompletableFuture<Answer> sendStreamJob(String method, String path, @Nullable String body) {
        return send(method, STREAM_JOBS + path + STREAM_VERSION, body, "Bearer " + token);
    }

    private CompletableFuture<Answer> send(String method, String path, @Nullable String body, String authorization) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(root + path))
                .timeout(TIMEOUT)
                .header("Authorization", authorization)
                .header("Content-Type", "application/json; charset=utf-8")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray()).thenApply(RestClient::answer);
    }

    private static Answer answer(HttpResponse<byte[]> response) {
        try {
            return new Answer(response.statusCode(), JSON.readTree(response.body()));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("The answer is not JSON.", e);
        }
    }

    /** Returns a client that trusts the development CA and nothing else. */
    static HttpClient http(Path caFile) throws StandaloneException {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(trusting(caFile))
                .build();
    }

    /** Returns TLS that trusts the development CA and nothing else. @throws StandaloneException when the file can't be used */
    public static SSLContext trusting(Path caFile) throws StandaloneException {
        try {
            return TrustedAuthorities.tls(caFile);
        } catch (IOException e) {
            throw new StandaloneException("The CA file " + caFile + " can't be used (" + e + ").", e);
        }
    }
}
