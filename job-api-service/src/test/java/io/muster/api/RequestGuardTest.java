package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.muster.api.access.Throttles;
import io.muster.api.http.RestServer;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.DevicePage;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sends over raw sockets, without a token, whatever anybody who reaches the port can send: it is bounded, and answered as a client reads it. */
class RequestGuardTest {
    private static final String END = "\r\n\r\n";
    private static final Pattern LENGTH = Pattern.compile("(?i)content-length: (\\d+)");
    private TestApi api;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
    }

    @AfterEach
    void stop() {
        api.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "GET /twins/a\\b HTTP/1.1^Host: h                                                    | 400 |"
                        + " IotHubFormatError",
                "GET /twins/%zz HTTP/1.1^Host: h                                                     | 400 |"
                        + " IotHubFormatError",
                "GET /twins/{a} HTTP/1.1^Host: h                                                     | 400 |"
                        + " IotHubFormatError",
                "GET /twins/a^^ HTTP/1.1^Host: h                                                     | 400 |"
                        + " IotHubFormatError",
                "GET //twins/a HTTP/1.1^Host: h                                                      | 400 |"
                        + " IotHubFormatError",
                "GET /twins/a/#? HTTP/1.1^Host: h                                                    | 400 |"
                        + " IotHubFormatError",
                "GET twins HTTP/1.1^Host: h                                                          | 400 |"
                        + " IotHubFormatError",
                "GET ?x=1 HTTP/1.1^Host: h                                                           | 400 |"
                        + " IotHubFormatError",
                "GET http://h/twins/a HTTP/1.1^Host: h                                               | 400 |"
                        + " IotHubFormatError",
                "CONNECT 127.0.0.1:22 HTTP/1.1^Host: h                                               | 400 |"
                        + " IotHubFormatError",
                "GET /twins/a HTTP/9.9^Host: h                                                       | 400 |"
                        + " IotHubFormatError",
                "GET /twins/a HTTP/1.1                                                               | 400 |"
                        + " IotHubFormatError",
                "GET /twins/a HTTP/1.1^Host: h^Host: i                                               | 400 |"
                        + " IotHubFormatError",
                "GET /twins/a HTTP/1.1^Host: h^Authorization: a^Authorization: b                     | 400 |"
                        + " IotHubFormatError",
                "POST /devices/query HTTP/1.1^Host: h^Content-Encoding: gzip                         | 415 |"
                        + " UnsupportedMediaType",
                "POST /devices/query HTTP/1.1^Host: h^Content-Encoding: identity^Content-Encoding: br | 415 |"
                        + " UnsupportedMediaType",
                "PUT /twins/a HTTP/1.1^Host: h^Transfer-Encoding: xchunked                           | 400 |"
                        + " IotHubFormatError",
                "PUT /twins/a HTTP/1.1^Host: h^Transfer-Encoding: gzip, chunked                      | 400 |"
                        + " IotHubFormatError",
                "PUT /twins/a HTTP/1.0^Transfer-Encoding: chunked                                    | 400 |"
                        + " IotHubFormatError",
                "PUT /twins/a HTTP/1.1^Host: h^Content-Length: 1^Content-Length: 2                   | 400 |"
                        + " IotHubFormatError",
                "no request at all                                                                   | 400 |"
                        + " IotHubFormatError",
                "BREW /twins/a HTTP/1.1^Host: h                                                      | 405 |"
                        + " MethodNotAllowed",
                "TRACE /twins/a HTTP/1.1^Host: h                                                     | 405 |"
                        + " MethodNotAllowed",
                "GET /twins/a HTTP/1.1^Host: h^Connection: close                                     | 401 |"
                        + " IotHubUnauthorizedAccess",
                "GET /twins/a HTTP/1.0                                                               | 401 |"
                        + " IotHubUnauthorizedAccess",
            })
    void refusesBadRequestsInTheContractsForm(String request, int status, String code) throws IOException {
        String answer = api.exchange(
                request.strip().replace("^^", "\0").replace("^", "\r\n").replace("\0", "^") + END);
        assertThat(answer).startsWith("HTTP/1.").contains(" " + status + " ");
        assertThat(TestApi.body(answer).path("Message").asText()).startsWith("ErrorCode:" + code + ";");
        assertThat(answer.toLowerCase())
                .contains("iothub-errorcode: " + code.toLowerCase())
                .contains("x-content-type-options: nosniff")
                .contains("frame-ancestors 'none'");
    }

    @Test
    void refusesLongRequestLinesAndManyHeaders() throws IOException {
        assertThat(api.exchange("GET /twins/" + "a".repeat(5000) + " HTTP/1.1\r\nHost: h" + END))
                .contains(" 414 ", "ErrorCode:RequestUriTooLong;");
        String headers = IntStream.range(0, 500)
                .mapToObj(i -> "X-" + i + ": " + "v".repeat(100))
                .collect(Collectors.joining("\r\n"));
        assertThat(api.exchange("GET /twins/a HTTP/1.1\r\nHost: h\r\n" + headers + END))
                .contains(" 431 ", "ErrorCode:RequestHeaderFieldsTooLarge;");
        assertThat(api.exchange("GET /subscriptions/" + "a".repeat(5000) + " HTTP/1.1\r\nHost: h" + END))
                .contains(" 414 ", "{\"error\":{\"code\":");
        assertThat(api.exchange("GET /subscriptions/{a} HTTP/1.1\r\nHost: h" + END))
                .contains("{\"error\":{\"code\":");
    }

    @Test
    void asksNobodyFromWhichPageARequestComes() throws IOException {
        for (String path : List.of("/devices/nobody?api-version=2021-04-12", "/live/jobs")) {
            assertThat(api.exchange("GET " + path
                            + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: https://evil.example\r\nAuthorization: "
                            + api.token("iothubowner") + END))
                    .startsWith(path.startsWith("/live") ? "HTTP/1.1 200" : "HTTP/1.1 404")
                    .doesNotContainIgnoringCase("access-control-allow");
        }
    }

    /** Serves clients that name other types than the answer's, as IoT Hub does: none of them gets a fault of ours. */
    @ParameterizedTest
    @CsvSource({
        "/openapi.yaml, 200",
        "/live/sign-in.js, 200",
        "/live/jobs, 200",
        "/devices/nobody, 404",
        "/jobs/v2/nothing, 404",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.StreamAnalytics/streamingjobs?api-version=2020-03-01, 200",
        "/SUBSCRIPTIONS/s/resourceGroups/g/providers/Microsoft.StreamAnalytics/streamingjobs?api-version=2020-03-01, 200",
        "/site.scm.azurewebsites.net/api/webjobs, 200"
    })
    void answersWhateverTypesAClientAccepts(String path, int status) throws IOException {
        for (String accept :
                List.of("text/html", "text/plain, image/*", "application/xml;q=0.5", "nonsense", ",", "")) {
            assertThat(api.exchange("GET " + path + (path.contains("?") ? "" : "?api-version=2021-04-12")
                            + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: " + accept
                            + "\r\nAuthorization: " + api.token("iothubowner") + END))
                    .as(accept)
                    .startsWith("HTTP/1.1 " + status);
        }
    }

    @Test
    void keepsInventedMethodsAndTokensOutOfMetricsAndTheAuditLog() throws IOException {
        api.audit.clear();
        for (int i = 0; i < 50; i++) {
            api.exchange("M" + i + "ADEUP /x HTTP/1.1\r\nHost: h" + END);
        }
        assertThat(api.meters.scrape()).contains("method=\"other\"").doesNotContain("ADEUP");
        assertThat(api.audit).isEmpty();
    }

    @Test
    void auditsRefusedRequestsOfOneAddressUpToALimit() throws IOException {
        api.audit.clear();
        String request = "DELETE /devices/" + "x".repeat(3000) + " HTTP/1.1\r\nHost: h\r\nx-ms-client-request-id: "
                + "y".repeat(3000) + "\r\n\r\n";
        try (Socket socket = api.connect()) {
            for (int i = 0; i < 199; i++) {
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                readOne(socket);
            }
        }
        assertThat(api.audit).hasSizeBetween(1, 60);
        assertThat(api.audit)
                .allMatch(entry -> entry.getPath().length() < 600
                        && String.valueOf(entry.getClientRequestId()).length() < 600);
        assertThat(api.meters.get("muster.api.audit.unkept").counter().count()).isGreaterThan(100);
    }

    private static void readOne(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf(END) < 0) {
            int next = socket.getInputStream().read();
            assertThat(next).as("more than " + head).isNotNegative();
            head.append((char) next);
        }
        String length = head.substring(head.indexOf("content-length: ") + 16).split("\r")[0];
        socket.getInputStream().readNBytes(Integer.parseInt(length));
    }

    @Test
    void closesSlowAndIdleConnections() throws IOException {
        RestServer.Patience little = new RestServer.Patience(Duration.ofMillis(500), Duration.ofSeconds(1));
        try (TestApi impatient = TestApi.start(1000, little)) {
            List<Socket> slow = new ArrayList<>();
            for (String part : List.of(
                    "",
                    "GET /twins/a HT",
                    "GET /twins/a HTTP/1.1\r\nHost: h\r\nX-Slow: ",
                    "PUT /devices/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{",
                    "PUT /devices/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
                    "GET /openapi.yaml HTTP/1.1\r\nHost: h\r\n\r\nPUT /devices/a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{")) {
                Socket socket = impatient.connect();
                socket.getOutputStream().write(part.getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }
            for (Socket socket : slow) {
                TestApi.readAll(socket);
                socket.close();
            }
            // Bytes that come one by one don't help.
            try (Socket socket = impatient.connect()) {
                await().atMost(Duration.ofSeconds(20)).until(() -> {
                    try {
                        socket.getOutputStream().write('a');
                        return false;
                    } catch (IOException e) {
                        return true;
                    }
                });
            }
            // One that the machine lets wait for half a second is closed too.
            await("an answer, and the end of a connection that asks for nothing more")
                    .until(() -> impatient
                            .exchange("GET /twins/a HTTP/1.1\r\nHost: h" + END)
                            .contains(" 401 "));
        }
    }

    /** Closes a connection that asks for more than it reads: a request of forty bytes has an answer of fifty kilobytes, and needs no token. */
    @Test
    void closesAConnectionThatAsksForMoreThanItReads() throws IOException {
        String many = "GET /openapi.yaml HTTP/1.1\r\nHost: h\r\n\r\n".repeat(1000);
        try (TestApi own = TestApi.start();
                Socket socket = own.connect()) {
            socket.getOutputStream().write(many.getBytes(StandardCharsets.US_ASCII));
            TestApi.readAll(socket);
            double answered = own.meters.find("muster.api.answers").counters().stream()
                    .mapToDouble(Counter::count)
                    .sum();
            assertThat(answered).as("those that were written at once, and four").isBetween(1.0, 20.0);
            assertThat(own.exchange("GET /twins/a HTTP/1.1\r\nHost: h\r\nConnection: close" + END))
                    .contains(" 401 ");
        }
    }

    @Test
    void answersSeveralRequestsInOnePacketInTheirOrder() throws IOException {
        String answers =
                api.exchange("GET /twins/a HTTP/1.1\r\nHost: h\r\n\r\nGET /openapi.yaml HTTP/1.1\r\nHost: h\r\n\r\n"
                        + "GET /twins/a HTTP/1.1\r\nHost: h\r\nConnection: close" + END);
        assertThat(answers).containsSubsequence(" 401 ", " 200 ", " 401 ");
    }

    /** Keeps no large answer that nobody reads; one that is read slowly goes on. */
    @Test
    void dropsAnAnswerThatNobodyReads() throws Exception {
        RestServer.Patience little = new RestServer.Patience(Duration.ofSeconds(20), Duration.ofSeconds(4));
        try (TestApi impatient = TestApi.start(1000, little)) {
            String tags = "{\"x\":\"" + "x".repeat(20_000) + "\"}";
            impatient.planner.partitions = _ -> List.of(new DevicePage(
                    0,
                    1,
                    IntStream.range(0, 1000)
                            .mapToObj(i -> RequestsDouble.twinOf("d" + i, tags))
                            .toList(),
                    false));
            String body = "{\"query\":\"SELECT * FROM devices\"}";
            byte[] request =
                    ("POST /devices/query?api-version=2021-04-12 HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                                    + impatient.token("iothubowner")
                                    + "\r\nx-ms-max-item-count: 1000\r\nContent-Length: "
                                    + body.length() + END + body)
                            .getBytes(StandardCharsets.US_ASCII);
            try (Socket reads = impatient.connect()) {
                reads.setReceiveBufferSize(32 * 1024);
                reads.getOutputStream().write(request);
                InputStream in = reads.getInputStream();
                StringBuilder headers = new StringBuilder();
                while (headers.indexOf(END) < 0) {
                    headers.append((char) in.read());
                }
                Matcher length = LENGTH.matcher(headers);
                assertThat(length.find()).isTrue();
                int left = Integer.parseInt(length.group(1));
                assertThat(left).isGreaterThan(15_000_000);
                // For longer than a connection may stand still.
                Instant end = Instant.now().plus(Duration.ofSeconds(6));
                while (Instant.now().isBefore(end)) {
                    left -= in.readNBytes(Math.min(left, 40_000)).length;
                    LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
                }
                assertThat(left).as("it takes its time").isPositive();
                assertThat(in.readNBytes(left).length).isEqualTo(left);
            }
            try (Socket stands = impatient.connect()) {
                stands.setReceiveBufferSize(4096);
                stands.getOutputStream().write(request);
                await().atMost(Duration.ofSeconds(20)).until(() -> {
                    try {
                        // Bytes to a connection that was closed bring its end.
                        stands.getOutputStream().write(' ');
                        return false;
                    } catch (IOException e) {
                        return true;
                    }
                });
            }
        }
    }

    @Test
    void logsNoBodyThatEndsEarly() throws IOException {
        try (TestApi api = TestApi.start()) {
            try (Socket socket = api.connect()) {
                String request =
                        "POST /devices/query?api-version=2021-04-12 HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                                + api.token("iothubowner") + "\r\nContent-Length: 100\r\n\r\n{\"q";
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            }
            await().until(() -> answers(api).anyMatch(line -> line.contains("POST")));
            assertThat(answers(api)).noneMatch(line -> line.contains("status=\"500\""));
        }
    }

    private static Stream<String> answers(TestApi api) {
        return api.meters.scrape().lines().filter(line -> line.startsWith("muster_api_answers_total{"));
    }

    @Test
    void limitsConnectionsOfAnAddress() throws IOException {
        try (TestApi small = TestApi.start(3, RestServer.Patience.USUAL)) {
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                sockets.add(small.connect());
            }
            List<Socket> ended = new ArrayList<>();
            // Which of them it is is decided by the order in which the server's threads take them.
            await().until(() -> {
                for (Socket socket : sockets) {
                    if (!ended.contains(socket) && isEnded(socket)) {
                        ended.add(socket);
                    }
                }
                return !ended.isEmpty();
            });
            sockets.removeAll(ended);
            assertThat(small.meters.scrape()).contains("muster_api_connections_refused_total " + ended.size() + ".0");
            sockets.removeLast().close();
            String request = "GET /twins/a HTTP/1.1\r\nHost: h\r\nConnection: close" + END;
            await().until(() -> small.exchange(request).contains(" 401 "));
            assertThat(sockets).hasSize(2).noneMatch(RequestGuardTest::isEnded);
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    private static boolean isEnded(Socket socket) {
        try {
            socket.setSoTimeout(50);
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true; // It was reset.
        }
    }

    static Stream<String> spellings() {
        return Stream.of("", "/", "//", "///");
    }

    /** Refuses a policy in any spelling of a path what it may not do in the normal form. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            POST   | /devices/a/messages/devicebound | service           | 404
            POST   | /devices/a/messages/devicebound | registryReadWrite | 401
            POST   | /devices/a/messages/devicebound | registryRead      | 401
            POST   | /devices/query                  | service           | 400
            POST   | /devices/query                  | registryRead      | 400
            POST   | /devices/query                  | device            | 401
            DELETE | /devices/a/commands             | registryReadWrite | 401
            DELETE | /devices/a/commands             | service           | 404
            GET    | /devices/a                      | service           | 401
            GET    | /devices/a                      | registryRead      | 404
            PUT    | /devices/a                      | registryRead      | 401
            DELETE | /devices/a                      | service           | 401
            GET    | /twins/a                        | registryReadWrite | 401
            GET    | /twins/a                        | service           | 404
            POST   | /twins/a/methods                | registryReadWrite | 401
            POST   | /twins/a/methods                | service           | 400
            GET    | /jobs/v2/a                      | registryRead      | 401
            GET    | /jobs/v2/a                      | service           | 404
            POST   | /jobs/v2/a/cancel               | registryReadWrite | 404
            POST   | /jobs/v2/a/cancel               | device            | 401
            GET    | /statistics/devices             | service           | 401
            GET    | /statistics/devices             | registryRead      | 200
            PUT    | /devices/query                  | service           | 401
            PUT    | /devices/query                  | registryRead      | 401
            GET    | /devices/query                  | service           | 401
            GET    | /devices/query                  | registryRead      | 404
            DELETE | /devices/query                  | service           | 401
            DELETE | /devices/query                  | registryReadWrite | 404
            GET    | /devices/commands               | service           | 401
            PUT    | /devices/a/modules/commands     | service           | 401
            GET    | /twins/methods                  | service           | 404
            """)
    void checksRightsByTheNormalFormOfThePath(String method, String path, String policy, int status)
            throws IOException {
        for (String slashes : spellings().toList()) {
            assertThat(api.ask(method, path + slashes, policy, "{}"))
                    .as(path + slashes)
                    .startsWith("HTTP/1.1 " + status + " ");
        }
        // Other spellings lead nowhere, for anybody.
        for (String other : List.of(
                path.replace("/devices", "/Devices").replace("/twins", "/TWINS").replace("/jobs", "/JOBS"),
                path.replaceFirst("/", "/./"),
                path.replaceFirst("/", "/x/../"),
                path + ";a=b",
                path.replaceFirst("/([a-z])", "/%64"))) {
            assertThat(api.ask(method, other, policy, "{}"))
                    .as(other)
                    .doesNotContain(" 200 ")
                    .doesNotContain(" 500 ");
        }
    }

    /** Limits by the route, though a device is called as a part of a route is. */
    @Test
    void throttlesRequestsByTheirRoute() throws IOException {
        Throttles.Kind[] limited = {Throttles.Kind.QUERIES, Throttles.Kind.METHODS, Throttles.Kind.MESSAGES};
        try (TestApi busy = TestApi.start(Stream.of(limited).collect(Collectors.toMap(kind -> kind, _ -> 1)))) {
            for (String path : List.of(
                    "/devices/query",
                    "/devices/commands",
                    "/devices/a/modules/commands",
                    "/twins/methods",
                    "/twins/a/modules/methods")) {
                for (int i = 0; i < 3; i++) {
                    assertThat(busy.ask("GET", path, "iothubowner", ""))
                            .as(path)
                            .startsWith("HTTP/1.1 404 ");
                }
            }
            for (String path : List.of("/devices/query", "/twins/methods/methods", "/devices/a/messages/devicebound")) {
                assertThat(busy.ask("POST", path, "iothubowner", "{}")).as(path).doesNotContain(" 429 ");
                assertThat(busy.ask("POST", path, "iothubowner", "{}")).as(path).startsWith("HTTP/1.1 429 ");
            }
        }
    }

    @Test
    void auditsADeviceThatIsCalledQuery() throws IOException {
        api.audit.clear();
        assertThat(api.ask("PUT", "/devices/query", "service", "{}")).startsWith("HTTP/1.1 401 ");
        assertThat(api.ask("PUT", "/devices/query", "iothubowner", "{}")).startsWith("HTTP/1.1 200 ");
        assertThat(api.ask("POST", "/devices/query", "service", "{\"query\":\"SELECT * FROM devices\"}"))
                .startsWith("HTTP/1.1 200 ");
        assertThat(api.ask("DELETE", "/devices/query", "iothubowner", "")).startsWith("HTTP/1.1 204 ");
        assertThat(api.audit)
                .extracting(entry ->
                        entry.getPolicy() + " " + entry.getMethod() + " " + entry.getPath() + " " + entry.getStatus())
                .containsExactly(
                        "service PUT /devices/query 401",
                        "iothubowner PUT /devices/query 200",
                        "iothubowner DELETE /devices/query 204");
    }

    /** Answers in form A, since form B is for callers of methods alone. */
    @Test
    void failsInTheFormOfTwinsForADeviceThatIsCalledMethods() throws IOException {
        try (TestApi late = TestApi.start()) {
            late.planner.onSend = _ -> {
                throw new ProblemException(Problem.gatewayTimeout("It took too long."));
            };
            assertThat(late.ask("GET", "/twins/methods", "service", ""))
                    .contains(" 504 ", "\"ErrorCode:GatewayTimeout;It took too long.\"");
            assertThat(late.ask("POST", "/twins/methods/methods", "service", "{\"methodName\":\"m\"}"))
                    .contains(" 504 ", "\\\"errorCode\\\":504101");
        }
    }

    /** Passes the number on to the planner, which refuses it. */
    @ParameterizedTest
    @ValueSource(strings = {"connectTimeoutInSeconds", "responseTimeoutInSeconds"})
    void passesANegativeTimeoutOfAMethodOn(String member) throws IOException {
        assertThat(api.ask("POST", "/twins/a/methods", "service", "{\"methodName\":\"m\",\"" + member + "\":-100}"))
                .doesNotContain(" 504 ");
    }
}
