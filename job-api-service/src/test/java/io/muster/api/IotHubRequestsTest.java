package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.SendMessage;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests requests of any kind: tokens, versions, errors in the contract's form, the audit. Contract: iot-hub, 1. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IotHubRequestsTest {
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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "PUT    | /jobs/v2/x        | {bad                                                             | 400 | IotHubFormatError",
                "PUT    | /jobs/v2/x        | []                                                               | 400 | IotHubFormatError",
                "PUT    | /jobs/v2/x        | {} {}                                                            | 400 | IotHubFormatError",
                "PUT    | /jobs/v2/x        | {}                                                               | 400 | ArgumentNull",
                "PUT    | /jobs/v2/x        | {'type':'other'}                                                 | 400 | GenericBadRequest",
                "PUT    | /jobs/v2/x        | {'type':'scheduleDeviceMethod'}                                  | 400 | ArgumentNull",
                "PUT    | /jobs/v2/x        | {'type':'scheduleUpdateTwin','updateTwin':{'tags':{}}}           | 400 | ArgumentNull",
                "PUT    | /jobs/v2/x        | {'type':'scheduleUpdateTwin','updateTwin':{'tags':1},'queryCondition':'*'} | 400 | ArgumentInvalid",
                "PUT    | /jobs/v2/x        | {'type':'scheduleUpdateTwin','updateTwin':{'other':1},'queryCondition':'*'} | 400 | ArgumentInvalid",
                "PUT    | /jobs/v2/x        | {'type':'scheduleUpdateTwin','updateTwin':{'tags':{}},'queryCondition':'*','startTime':'soon'} | 400 | ArgumentInvalid",
                "PUT    | /jobs/v2/x        | {'type':'scheduleUpdateTwin','updateTwin':{'tags':{}},'queryCondition':'*','maxExecutionTimeInSeconds':1.5} | 400 | ArgumentInvalid",
                "PUT    | /jobs/v2/x        | {'jobId':'y','type':'scheduleUpdateTwin'}                        | 400 | ArgumentInvalid",
                "GET    | /jobs/v2/query?pageSize=0 |                                                          | 400 | ArgumentInvalid",
                "GET    | /jobs/v2/query?jobStatus=odd |                                                       | 400 | ArgumentInvalid",
                "GET    | /jobs/v2/query?continuationToken=AAAA |                                              | 400 | ArgumentInvalid",
                "PUT    | /jobs/v2/both | {'type':'scheduleUpdateTwin','updateTwin':{'tags':{'a':1}},'queryCondition':'*','deviceIds':['d']} | 400 | ArgumentInvalid",
                "PUT    | /jobs/v2/both | {'type':'scheduleUpdateTwin','updateTwin':{'tags':{'a':1}},'queryCondition':'1=0','queryCondition':'*'} | 400 | IotHubFormatError",
                "PATCH  | /twins/d          | {'tags':{'a':1,'a':2}}                                           | 400 | IotHubFormatError",
                "PUT    | /jobs/v2/both | {\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"*\",\"cloudToDeviceMethod\":{\"methodName\":\"m\"},\"updateTwin\":{\"tags\":{\"a\":1}}} | 400 | ArgumentInvalid",
                "PUT    | /jobs/v2/both | {\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"*\",\"cloudToDeviceMethod\":{\"methodName\":\"m\"},\"updateTwin\":{\"tags\":{\"a\":1}}} | 400 | ArgumentInvalid",
                "GET    | /jobs/v2/query?continuationToken=%2F%2F |                                            | 400 | ArgumentInvalid",
                "GET    | /jobs/v2/nope     |                                                                  | 404 | JobNotFound",
                "POST   | /jobs/v2/nope/cancel | {}                                                            | 404 | JobNotFound",
                "PUT    | /devices/d        | {'deviceId':'e'}                                                 | 400 | ArgumentInvalid",
                "PUT    | /devices/d        | {'status':7}                                                     | 400 | ArgumentInvalid",
                "PUT    | /devices/d        | {'authentication':{'type':'magic'}}                              | 400 | ArgumentInvalid",
                "GET    | /devices?top=0    |                                                                  | 400 | ArgumentInvalid",
                "GET    | /devices?top=many |                                                                  | 400 | ArgumentInvalid",
                "GET    | /twins/nobody     |                                                                  | 404 | DeviceNotFound",
                "PATCH  | /twins/d          | {'desired':{'a':1}}                                              | 400 | ArgumentInvalid",
                "POST   | /twins/d          | {}                                                               | 400 | ArgumentInvalid",
                "POST   | /twins/d/methods  | {}                                                               | 400 | ArgumentNull",
                "POST   | /devices/query    | {}                                                               | 400 | ArgumentNull",
                "POST   | /devices/query    | {'query':'SELECT'}                                               | 400 | ArgumentInvalid",
                "POST   | /devices/query    | {'query':'SELECT * FROM devices ORDER BY deviceId'}              | 400 | ArgumentInvalid",
                "POST   | /devices/query    | {'query':5}                                                      | 400 | ArgumentInvalid",
                "GET    | /nothing          |                                                                  | 404 | NotFound",
                "DELETE | /jobs/v2/x        |                                                                  | 405 | MethodNotAllowed"
            })
    void answersErrorsInTheEnvelopeOfIotHub(String method, String path, @Nullable String body, int status, String code)
            throws Exception {
        ApiClient.Answer answer = client.ask(method, path, body == null ? null : body.replace('\'', '"'));
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
        assertThat(answer.body().path("Message").asText()).startsWith("ErrorCode:" + code + ";");
        assertThat(answer.response().headers().firstValue("iothub-errorcode")).contains(code);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            iothubowner | localhost | -600 | The token has expired.
            iothubowner | elsewhere |   60 | The token is for another host or resource.
            device      | localhost |   60 | The policy device does not allow this.
            """)
    void saysWhyItRefusesAToken(String policy, String resource, int life, String sentence) throws Exception {
        refusesWith(client.token(policy, resource, TestApi.NOW.plusSeconds(life)), sentence);
    }

    @Test
    void saysWhyItRefusesWhatIsNoTokenOfThisHub() throws Exception {
        String token = client.token("iothubowner", "localhost", TestApi.NOW.plusSeconds(60));
        refusesWith("Bearer x", "Give a shared access signature in the header Authorization.");
        refusesWith(
                token.replace("skn=iothubowner", "skn=nobody"),
                "The token names no policy of this hub, or neither of the policy's keys signed it.");
    }

    private void refusesWith(String authorization, String sentence) throws Exception {
        ApiClient.Answer answer =
                client.send("GET", "/devices/x?" + ApiClient.VERSION, new byte[0], "Authorization", authorization);
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.body().path("Message").asText()).isEqualTo("ErrorCode:IotHubUnauthorizedAccess;" + sentence);
    }

    @Test
    void checksTokensAndVersions() throws Exception {
        Instant later = TestApi.NOW.plusSeconds(60);
        String path = "/devices/x?" + ApiClient.VERSION;
        assertThat(client.send("GET", path, new byte[0]).status()).isEqualTo(401);
        assertThat(client.send("GET", path, new byte[0], "Authorization", "Bearer x")
                        .status())
                .isEqualTo(401);
        assertThat(client.send(
                                "GET",
                                path,
                                new byte[0],
                                "Authorization",
                                client.token("iothubowner", "localhost", TestApi.NOW.minusSeconds(600)))
                        .status())
                .isEqualTo(401);
        assertThat(client.send(
                                "GET",
                                path,
                                new byte[0],
                                "Authorization",
                                client.token("iothubowner", "elsewhere", later))
                        .status())
                .isEqualTo(401);
        assertThat(client.send("GET", path, new byte[0], "Authorization", client.token("device", "localhost", later))
                        .status())
                .isEqualTo(401);
        assertThat(client.send(
                                "GET",
                                path,
                                new byte[0],
                                "Authorization",
                                client.token("registryRead", "localhost", later))
                        .status())
                .isEqualTo(404);
        assertThat(client.send(
                                "DELETE",
                                path,
                                new byte[0],
                                "Authorization",
                                client.token("registryRead", "localhost", later))
                        .status())
                .isEqualTo(401);
        assertThat(client.send(
                                "GET",
                                "/devices/x",
                                new byte[0],
                                "Authorization",
                                client.token("iothubowner", "localhost", later))
                        .body()
                        .path("Message")
                        .asText())
                .startsWith("ErrorCode:InvalidProtocolVersion;");
    }

    @Test
    void keepsEachChangeInTheAuditLog() throws Exception {
        api.audit.clear();
        client.ask("GET", "/devices/audited", null);
        client.ask("POST", "/devices/query", "{\"query\":\"SELECT * FROM devices\"}");
        client.ask("PUT", "/devices/audited", "no JSON", "x-ms-client-request-id", "mine");
        client.send("DELETE", "/devices/audited?" + ApiClient.VERSION, new byte[0], "Authorization", "wrong");
        assertThat(api.audit)
                .extracting(entry -> entry.getPolicy() + " " + entry.getMethod() + " " + entry.getPath() + " "
                        + entry.getStatus() + " " + entry.getCode() + " " + entry.getClientRequestId() + " "
                        + entry.getRemoteAddress())
                .containsExactly(
                        "iothubowner PUT /devices/audited 400 IotHubFormatError mine 127.0.0.1",
                        "null DELETE /devices/audited 401 IotHubUnauthorizedAccess null 127.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "+999999999-12-31T23:59:59Z",
                "-999999999-01-01T00:00:00Z",
                "+292278994-08-17T07:12:55Z",
                "-0001-01-01T00:00:00Z",
                "0000-12-31T23:59:59Z",
                "9999-12-31T23:59:59-01:00",
                "2026-02-30T00:00:00Z"
            })
    void refusesADateBeyondTheCalendar(String date) throws Exception {
        String job = "{'type':'scheduleUpdateTwin','updateTwin':{'tags':{}},'queryCondition':'*','startTime':'" + date
                + "'}";
        ApiClient.Answer refused = client.ask("PUT", "/jobs/v2/dated", job.replace('\'', '"'));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().path("Message").asText()).startsWith("ErrorCode:ArgumentInvalid;startTime ");
        assertThat(client.ask("POST", "/devices/d/messages/devicebound", "x", "iothub-expiry", date)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void takesAMessageWithoutABody() throws Exception {
        client.ask("PUT", "/devices/empty", "{}");
        assertThat(client.ask("POST", "/devices/empty/messages/devicebound", "").status())
                .isEqualTo(200);
        assertThat(api.planner.commands.getLast())
                .isInstanceOfSatisfying(
                        SendMessage.class,
                        sent -> assertThat(sent.getMessage().getBody().remaining())
                                .isZero());
    }

    @Test
    void refusesABodyBeyondTheLimit() throws Exception {
        ApiClient.Answer answer =
                client.ask("PUT", "/devices/big", "{\"statusReason\":\"" + "x".repeat(2_000_000) + "\"}");
        assertThat(answer.status()).isEqualTo(413);
    }

    /** Sends bodies in chunks, whose length no header says. */
    @ParameterizedTest
    @CsvSource({
        "/devices/big, ErrorCode",
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.StreamAnalytics/streamingjobs/big, error"
    })
    void refusesChunksBeyondTheLimit(String path, String form) throws Exception {
        String head = "PUT " + path + "?api-version=" + (form.equals("error") ? "2020-03-01" : "2021-04-12")
                + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nAuthorization: "
                + api.token("iothubowner") + "\r\n\r\n";
        String chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
        assertThat(api.exchange(head + chunk.repeat(17) + "0\r\n\r\n")).contains(" 413 ", form);
    }

    @Test
    void refusesABodyThatIsNotWhole() throws Exception {
        assertThat(api.exchange("PUT /devices/d?api-version=2021-04-12 HTTP/1.1\r\nHost: localhost\r\n"
                        + "Connection: close\r\nTransfer-Encoding: chunked\r\nAuthorization: "
                        + api.token("iothubowner")
                        + "\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"))
                .contains(" 400 ", "was not whole");
    }

    @Test
    void answersAPathThatNoSurfaceKnows() throws Exception {
        String head = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: " + api.token("iothubowner")
                + "\r\n\r\n";
        assertThat(api.exchange("GET /nothere" + head)).contains(" 404 ", "ErrorCode:NotFound;");
        assertThat(api.exchange("GET /devices/d" + head)).contains(" 400 ", "InvalidProtocolVersion");
    }
}
