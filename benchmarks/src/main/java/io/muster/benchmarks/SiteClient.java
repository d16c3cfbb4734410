package io.muster.benchmarks;

import io.muster.access.SharedAccessPolicies;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Calls Kudu's surface of a site with the key of the policy iothubowner, as curl would. */
record SiteClient(HttpClient http, String root, String authorization) {
    private static final String POLICY = "iothubowner";

    static SiteClient of(Standalone muster, String site) throws Exception {
        SharedAccessPolicies policies = muster.policies();
        String password =
                String.valueOf(policies.named(POLICY).orElseThrow().keys().primary());
        return new SiteClient(
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .sslContext(RestClient.trusting(muster.caFile()))
                        .build(),
                muster.options().rest() + "/" + site + ".scm.azurewebsites.net",
                "Basic "
                        + Base64.getEncoder()
                                .encodeToString((POLICY + ":" + password).getBytes(StandardCharsets.UTF_8)));
    }

    HttpResponse<byte[]> send(String method, String path, HttpRequest.BodyPublisher body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(root + path))
                .header("Authorization", authorization)
                .method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    /** Uploads a triggered job. @throws IllegalStateException where it is refused */
    void upload(String job, String fileName, String contentType, HttpRequest.BodyPublisher body)
            throws IOException, InterruptedException {
        require(
                200,
                send(
                        "PUT",
                        "/api/triggeredwebjobs/" + job,
                        body,
                        "Content-Disposition",
                        "attachment; filename=" + fileName,
                        "Content-Type",
                        contentType));
    }

    /** Begins a run. @return its id */
    String run(String job) throws IOException, InterruptedException {
        HttpResponse<byte[]> answer = require(
                202, send("POST", "/api/triggeredwebjobs/" + job + "/run", HttpRequest.BodyPublishers.noBody()));
        String location = answer.headers().firstValue("Location").orElseThrow();
        return location.substring(location.lastIndexOf('/') + 1);
    }

    /** Returns when the run has that status. */
    void await(String job, String run, String status) throws IOException, InterruptedException {
        while (true) {
            HttpResponse<byte[]> answer = send(
                    "GET", "/api/triggeredwebjobs/" + job + "/history/" + run, HttpRequest.BodyPublishers.noBody());
            String text = new String(answer.body(), StandardCharsets.UTF_8);
            if (text.contains("\"status\":\"" + status + "\"")) {
                return;
            }
            if (text.contains("\"status\":\"Failed\"") || text.contains("\"status\":\"Aborted\"")) {
                throw new IllegalStateException("the run failed: " + text);
            }
            Thread.sleep(20);
        }
    }

    private static HttpResponse<byte[]> require(int status, HttpResponse<byte[]> answer) {
        if (answer.statusCode() != status) {
            throw new IllegalStateException("answered with another status: " + answer + " "
                    + new String(answer.body(), StandardCharsets.UTF_8));
        }
        return answer;
    }
}
