package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.SharedAccessPolicies;
import java.io.ByteArrayInputStream;
import java.io.IOException;
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

/** Asks a Batch account that has nothing: who may, at which addresses, and how it refuses. Contract: batch, 3.4; addresses. */
class BatchAccountTest {
    /** Is "a key" in base64, with which the signatures below were made by the npm client @azure/batch 10.2.0. */
    private static final String KEY = "YSBrZXk=";

    private static final String ODATA = "application/json; odata=minimalmetadata; charset=utf-8";
    private TestApi api;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start(SharedAccessPolicies.parse(policy("owner", "Compute,Jobs", KEY)
                + policy("operator", "Jobs", "b3BlcmF0b3I=")
                + policy("reader", "RegistryRead", "cmVhZGVy")));
    }

    private static String policy(String name, String rights, String key) {
        return name + ".rights=" + rights + "\n" + name + ".primaryKey=" + key + "\n" + name + ".secondaryKey=\n";
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private BatchClient.Answer raw(String method, String path, String body, String... headers) throws Exception {
        return new BatchClient(api, "owner").raw(method, path, body, List.of(headers));
    }

    @Test
    void refusesAnOldSignature() throws Exception {
        BatchClient client = new BatchClient(api, "owner");
        client.signedAt = TestApi.NOW.minusSeconds(14 * 60);
        assertThat(client.ask("GET", "/applications", null).code()).isEqualTo("NotSupported");
        client.signedAt = TestApi.NOW.minusSeconds(16 * 60);
        assertThat(client.ask("GET", "/applications", null).code()).isEqualTo("AuthenticationFailed");
    }

    @Test
    void knowsSignaturesOfTheNpmClient() throws Exception {
        assertThat(raw(
                                "POST",
                                "/jobs?api-version=2022-10-01.16.0&timeout=30",
                                "{\"id\":\"é\"}",
                                "ocp-date",
                                "Sat, 21 Nov 2026 02:25:15 GMT",
                                "Content-Type",
                                ODATA,
                                "Authorization",
                                "SharedKey myaccount:Zys57dOuXwWlagp7wXIy1Aq+RW5Kz9+Zmu042BXddpc=")
                        .status())
                .isNotEqualTo(403);
        assertThat(raw(
                                "GET",
                                "/jobs/My%20Job/tasks?$filter=state%20eq%20%27active%27&api-version=2022-10-01.16.0&$select=id",
                                null,
                                "ocp-date",
                                "Sat, 21 Nov 2026 02:25:15 GMT",
                                "If-Match",
                                "\"1\"",
                                "Authorization",
                                "SharedKey myaccount:2SprUTHfpBus1Q/PHp2tKuFt6bPKoV8lGkzqkoLi0Dk=")
                        .status())
                .isNotEqualTo(403);
        assertThat(raw(
                                "POST",
                                "/pools/p/stopresize?api-version=2022-10-01.16.0",
                                null,
                                "ocp-date",
                                "Sat, 21 Nov 2026 02:25:15 GMT",
                                "Authorization",
                                "SharedKey myaccount:nV3l7PO9GceKF7n/WRQmG+CgBVJGO08wT0gH+P0Ns9g=")
                        .status())
                .isNotEqualTo(403);
        assertThat(raw(
                                "DELETE",
                                "/myaccount.batch.azure.com/jobs/j?api-version=2022-10-01.16.0",
                                null,
                                "ocp-date",
                                "Sat, 21 Nov 2026 02:25:15 GMT",
                                "Authorization",
                                "SharedKey myaccount:shSHTcYrR5iSb/mtujLxMY+XT5hUjXB4LSsUtyI+7KU=")
                        .status())
                .isNotEqualTo(403);
    }

    @Test
    void refusesASignatureThatNamesNoDate() throws Exception {
        assertThat(raw(
                                "DELETE",
                                "/myaccount.batch.azure.com/jobs/j?api-version=2022-10-01.16.0",
                                null,
                                "Authorization",
                                "SharedKey myaccount:shSHTcYrR5iSb/mtujLxMY+XT5hUjXB4LSsUtyI+7KU=")
                        .code())
                .isEqualTo("AuthenticationFailed");
    }

    @ParameterizedTest
    @CsvSource({
        "'',                                                                        401, Unauthorized",
        "SharedKey,                                                                 401, Unauthorized",
        "SharedKey myaccount:short,                                                 403, AuthenticationFailed",
        "SharedKey myaccount:nV3l7PO9GceKF7n/WRQmG+CgBVJGO08wT0gH+P0Ns9g=,          403, AuthenticationFailed",
        "SharedKey otheraccount:shSHTcYrR5iSb/mtujLxMY+XT5hUjXB4LSsUtyI+7KU=,       403, AuthenticationFailed"
    })
    void refusesOtherSignatures(String authorization, int status, String code) throws Exception {
        BatchClient.Answer answer = raw(
                "DELETE",
                "/myaccount.batch.azure.com/jobs/j?api-version=2022-10-01.16.0",
                null,
                "ocp-date",
                "Sat, 21 Nov 2026 02:25:15 GMT",
                "Authorization",
                authorization);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.code()).isEqualTo(code);
    }

    /** A header of the client's own would choose the path that is signed. */
    @Test
    void ignoresAPathThatTheClientClaimsToHaveSent() throws Exception {
        BatchClient client = new BatchClient(api, "owner");
        List<String> headers = List.of("ocp-date", "Sat, 21 Nov 2026 02:25:15 GMT");
        String signature = BatchClient.signature(KEY, "myaccount", "GET", "/a?" + BatchClient.VERSION, null, headers);
        BatchClient.Answer answer = client.raw(
                "GET",
                "/b?" + BatchClient.VERSION,
                null,
                List.of(
                        headers.get(0),
                        headers.get(1),
                        "muster-sent-path",
                        "/a",
                        "Authorization",
                        "SharedKey myaccount:" + signature));
        assertThat(answer.code()).isEqualTo("AuthenticationFailed");
    }

    @Test
    void refusesABodyInChunksSinceASignatureIsOfItsLength() throws Exception {
        List<String> headers = List.of("ocp-date", "Sat, 21 Nov 2026 02:25:15 GMT");
        String target = "/jobs?" + BatchClient.VERSION;
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.server.port() + target))
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[] {'{', '}'})))
                .headers(headers.get(0), headers.get(1))
                .header(
                        "Authorization",
                        "SharedKey myaccount:" + BatchClient.signature(KEY, "myaccount", "POST", target, null, headers))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(411);
        assertThat(answer.body()).contains("MissingContentLengthHeader");
    }

    @ParameterizedTest
    @CsvSource({"/applications", "/Applications", "/myaccount.batch.azure.com/applications", "/devices"})
    void isReachedByItsSignatureWhateverThePath(String path) throws Exception {
        BatchClient.Answer answer = new BatchClient(api, "owner").ask("GET", path, null);
        assertThat(answer.status()).isEqualTo(path.equals("/devices") ? 404 : 501);
        assertThat(answer.body().path("odata.metadata").asText()).contains("errors/@Element");
        assertThat(answer.header("Content-Type")).isEqualTo(ODATA);
    }

    @Test
    void writesAnErrorAsClientsReadIt() throws Exception {
        BatchClient.Answer answer = new BatchClient(api, "owner")
                .ask("GET", "/applications", null, "client-request-id", "mine", "return-client-request-id", "true");
        assertThat(answer.code()).isEqualTo("NotSupported");
        assertThat(answer.body().at("/message/lang").asText()).isEqualTo("en-us");
        assertThat(answer.message())
                .isEqualTo(
                        "Application packages are not kept here: give tasks resourceFiles.\nRequestId:%s\nTime:2026-11-21T02:25:15Z",
                        answer.header("request-id"));
        assertThat(answer.header("client-request-id")).isEqualTo("mine");
        assertThat(new BatchClient(api, "owner")
                        .ask("GET", "/applications", null, "client-request-id", "mine")
                        .header("client-request-id"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'',                         MissingRequiredQueryParameter",
        "?api-version=2021-04-12,    InvalidQueryParameterValue",
        "?api-version=2024-07-01.20.0, ''"
    })
    void knowsVersions(String query, String code) throws Exception {
        assertThat(new BatchClient(api, "owner")
                        .send("GET", "/jobs" + query, null)
                        .code())
                .isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource({
        "owner,    GET,    /jobs/j,          200",
        "operator, GET,    /jobs/j,          200",
        "reader,   GET,    /jobs/j,          403",
        "operator, POST,   /jobs,            403",
        "operator, POST,   /jobs/j/tasks,    403",
        "operator, PATCH,  /jobs/j,          403",
        "operator, POST,   /pools,           403",
        "operator, PATCH,  /jobs/terminate,  403",
        "operator, PUT,    /jobs/disable,    403",
        "operator, POST,   /jobs/j/tasks/terminate, 403",
        "operator, POST,   /jobs/j/terminate, 200",
        "operator, POST,   /jobs/j/tasks/t/terminate, 200",
        "operator, DELETE, /jobs/j,          200"
    })
    void isForPoliciesWithTheRight(String policy, String method, String path, int status) throws Exception {
        BatchClient.Answer answer = new BatchClient(api, policy).ask(method, path, method.equals("GET") ? null : "{}");
        if (status == 403) {
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.code()).isEqualTo("AuthorizationFailed");
        } else {
            assertThat(answer.status()).isNotEqualTo(403);
        }
    }

    @Test
    void takesASignatureOfTheHubAtItsAddress() throws Exception {
        assertThat(raw(
                                "GET",
                                "/myaccount.batch.azure.com/applications?" + BatchClient.VERSION,
                                null,
                                "Authorization",
                                "Bearer " + api.token("owner"))
                        .code())
                .isEqualTo("NotSupported");
    }
}
