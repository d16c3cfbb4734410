package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import io.muster.api.access.Gate;
import io.muster.api.http.GatewayTunnels;
import io.muster.api.http.RestServer;
import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import io.muster.records.AuditEntry;
import io.muster.records.CloudMessage;
import io.muster.records.CreateDevice;
import io.muster.records.CreateJob;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceJobPage;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DevicePage;
import io.muster.records.GroupPage;
import io.muster.records.Job;
import io.muster.records.JobStatistics;
import io.muster.records.OperationType;
import io.muster.records.PartialAggregate;
import io.muster.records.PartialGroup;
import io.muster.records.PatchTwin;
import io.muster.records.PauseJob;
import io.muster.records.ReplaceTwin;
import io.muster.records.ResumeJob;
import io.muster.records.SendMessage;
import io.muster.records.TwinPatch;
import io.muster.records.UpdateDevice;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The real server, with the planner played by a double. Contract: iot-hub, sections 0 and 1. */
class RestTest {
    private static final Queue<AuditEntry> AUDIT = new ConcurrentLinkedQueue<>();
    private static final PrometheusMeterRegistry METERS = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private static final Instant NOW = Instant.parse("2026-11-21T02:25:15.423Z");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "api-version=2021-04-12";
    private static final SharedAccessPolicies POLICIES = SharedAccessPolicies.generate(new SecureRandom());
    private static final JobView JOBS = new JobView();
    private static final StreamJobView STREAM_JOBS = new StreamJobView();
    private static final OpenApiDocument DOCUMENT = new OpenApiDocument();
    private static final RequestsDouble PLANNER = new RequestsDouble(JOBS, STREAM_JOBS);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int PROXY_HEADER = 28;
    private static final ServerSocket GATEWAY = listening();
    private static RestServer server;

    /** Plays the gateway. */
    private static ServerSocket listening() {
        try {
            return new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record Answer(int status, JsonNode body, HttpResponse<byte[]> response) {}

    @BeforeAll
    static void start() throws Exception {
        server = RestServer.start(
                new RestServer.Options(
                        "127.0.0.1",
                        0,
                        Optional.empty(),
                        Map.of(),
                        Duration.ofHours(1),
                        1000,
                        RestServer.Patience.USUAL,
                        Optional.of(new GatewayTunnels.Options("127.0.0.1", GATEWAY.getLocalPort(), Optional.empty())),
                        TestApi.REACH),
                new Gate(HubHosts.of("localhost"), () -> POLICIES, Optional.empty()),
                PLANNER,
                AUDIT::add,
                JOBS,
                STREAM_JOBS,
                METERS,
                InstantSource.fixed(NOW));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String token(String policy, String resource, Instant expiry) {
        return SharedAccessSignature.sign(
                resource,
                String.valueOf(POLICIES.named(policy).orElseThrow().keys().primary()),
                policy,
                expiry);
    }

    private static Answer send(String method, String pathAndQuery, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + pathAndQuery))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<byte[]> response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        String type = response.headers().firstValue("Content-Type").orElse("");
        JsonNode json = type.startsWith("application/json") ? JSON.readTree(response.body()) : JSON.nullNode();
        DOCUMENT.check(method, pathAndQuery, response.statusCode(), json);
        return new Answer(response.statusCode(), json, response);
    }

    private static Answer ask(String method, String path, @Nullable String body, String... headers) throws Exception {
        String[] all = new String[headers.length + 2];
        all[0] = "Authorization";
        all[1] = token("iothubowner", "localhost", NOW.plusSeconds(60));
        System.arraycopy(headers, 0, all, 2, headers.length);
        byte[] bytes = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
        return send(method, path + (path.contains("?") ? "&" : "?") + VERSION, bytes, all);
    }

    @Test
    void anIdentityIsCreatedWithKeysAndReadAsClientsNeedIt() throws Exception {
        Answer created = ask(
                "PUT",
                "/devices/pump-7",
                "{\"deviceId\":\"pump-7\",\"status\":\"Enabled\",\"etag\":\"\",\"authentication\":{\"type\":\"sas\","
                        + "\"symmetricKey\":{\"primaryKey\":\"\",\"secondaryKey\":\"\"}}}");
        assertThat(created.status()).isEqualTo(200);
        assertThat(created.response().headers().firstValue("Content-Type")).contains("application/json; charset=utf-8");
        assertThat(created.response().headers().firstValue("x-ms-request-id")).isPresent();
        assertThat(created.body().at("/authentication/symmetricKey/primaryKey").asText())
                .hasSize(44);
        assertThat(created.body().path("connectionState").asText()).isEqualTo("Disconnected");
        assertThat(created.body().path("connectionStateUpdatedTime").asText()).isEqualTo("0001-01-01T00:00:00Z");
        assertThat(ask("PUT", "/devices/pump-7", "{}").status()).isEqualTo(409);
        for (String condition : new String[] {"\"*\"", "*", "\"abc\"", "abc"}) {
            ask("PUT", "/devices/pump-7", "{}", "If-Match", condition);
            assertThat(PLANNER.commands.getLast())
                    .isInstanceOfSatisfying(
                            UpdateDevice.class,
                            update -> assertThat(update.getIfMatch()).isEqualTo(condition.replace("\"", "")));
        }
        assertThat(ask("GET", "/devices/?top=5", null).body().isArray()).isTrue();
        assertThat(ask("GET", "/devices", null).body().isArray()).isTrue();
        assertThat(ask("DELETE", "/devices/pump-7", null, "If-Match", "*").status())
                .isEqualTo(204);
    }

    @Test
    void manyDevicesAtOnce() throws Exception {
        ask("PUT", "/devices/bulk-there", "{}");
        Answer done = ask(
                "POST",
                "/devices",
                "[{\"id\":\"bulk-1\",\"importMode\":\"create\",\"tags\":{\"a\":1}},{\"id\":\"bulk-there\",\"importMode\":\"Update\","
                        + "\"status\":\"disabled\",\"properties\":{\"desired\":{\"b\":2}}}]");
        assertThat(done.status()).isEqualTo(200);
        assertThat(done.body()).hasToString("{\"isSuccessful\":true,\"errors\":[],\"warnings\":[]}");
        assertThat(PLANNER.commands.subList(PLANNER.commands.size() - 3, PLANNER.commands.size()))
                .hasExactlyElementsOfTypes(CreateDevice.class, UpdateDevice.class, ReplaceTwin.class);

        done = ask(
                "POST",
                "/devices",
                "[{\"id\":\"bulk-there\",\"importMode\":\"updateTwin\",\"tags\":{\"x\":1},\"properties\":{\"desired\":null}}]");
        assertThat(done.status()).isEqualTo(200);
        ReplaceTwin cleared = (ReplaceTwin) PLANNER.commands.getLast();
        assertThat(cleared.getReplacement())
                .as("a section that is null is cleared, as by PUT /twins/{id}")
                .isEqualTo(new TwinPatch("*", "{\"x\":1}", "null"));

        Answer partly = ask(
                "POST",
                "/devices",
                "[{\"id\":\"bulk-1\",\"importMode\":\"create\"},{\"id\":\"bulk-2\"},{\"id\":\"bulk-3\",\"importMode\":\"rename\"},"
                        + "{\"id\":\"bulk-4\",\"importMode\":\"delete\"},{\"id\":\"bulk-5\"},{\"id\":\"bulk-5\"},"
                        + "{\"id\":\"bulk-1\",\"importMode\":\"updateTwin\"}]");
        assertThat(partly.status()).isEqualTo(400);
        assertThat(partly.body().path("isSuccessful").asBoolean()).isFalse();
        assertThat(partly.body().path("errors").findValuesAsText("errorCode"))
                .containsExactly(
                        "DeviceDefinedMultipleTimes",
                        "ArgumentInvalid",
                        "DeviceNotFound",
                        "DeviceDefinedMultipleTimes",
                        "DeviceDefinedMultipleTimes",
                        "DeviceDefinedMultipleTimes");
        assertThat(ask("GET", "/devices/bulk-2", null).status()).isEqualTo(200);

        assertThat(ask("POST", "/devices", "{}").status()).isEqualTo(400);
        assertThat(ask("POST", "/devices", "[]").status()).isEqualTo(400);
        assertThat(ask("POST", "/devices", "[1]").status()).isEqualTo(400);
        assertThat(ask("POST", "/devices", "[{}]").status()).isEqualTo(400);
        String many = IntStream.range(0, 101)
                .mapToObj(i -> "{\"id\":\"m" + i + "\"}")
                .collect(Collectors.joining(",", "[", "]"));
        assertThat(ask("POST", "/devices", many).status()).isEqualTo(413);
    }

    @Test
    void statisticsAreSumsOverPartitions() throws Exception {
        assertThat(ask("GET", "/statistics/devices", null).body())
                .hasToString(
                        "{\"totalDeviceCount\":7,\"enabledDeviceCount\":6,\"enableDeviceCount\":6,\"disabledDeviceCount\":1}");
        assertThat(ask("GET", "/statistics/service", null).body()).hasToString("{\"connectedDeviceCount\":1}");
    }

    @Test
    void aTwinHasMetadataAndVersions() throws Exception {
        ask("PUT", "/devices/twin-1", "{}");
        Answer twin = ask("GET", "/twins/twin-1", null);
        assertThat(twin.body().at("/properties/desired/$version").asLong()).isEqualTo(1);
        assertThat(twin.body().at("/properties/desired/$metadata").isObject()).isTrue();
        assertThat(twin.body().path("version").asLong()).isEqualTo(2);
        assertThat(twin.response().headers().firstValue("ETag").orElseThrow()).isEqualTo("\"AAAAAAAAAAI=\"");
        Answer patched = ask(
                "POST",
                "/twins/twin-1",
                "{\"tags\":{\"gone\":null},\"properties\":{\"desired\":{}},\"deviceId\":null,\"configurations\":null}",
                "X-HTTP-Method-Override",
                "PATCH");
        assertThat(patched.status()).isEqualTo(200);
        assertThat(PLANNER.commands.getLast())
                .isInstanceOfSatisfying(
                        PatchTwin.class,
                        patch -> assertThat(patch.getPatch().getTags()).isEqualTo("{\"gone\":null}"));
    }

    /** A section that is null is cleared, and a property that is null is removed: what arrives is what the planner is asked for. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", textBlock = """
            PATCH | /twins/n           | {"tags":null}                                     | null        | -
            PATCH | /twins/n           | {"properties":{"desired":null}}                   | -           | null
            PATCH | /twins/n           | {"tags":null,"properties":{"desired":null}}       | null        | null
            PATCH | /twins/n           | {"tags":{"a":null},"properties":null}             | {"a":null}  | -
            PATCH | /twins/n           | {"tags":null,"properties":{"desired":{"b":null}}} | null        | {"b":null}
            POST  | /twins/n           | {"tags":null}                                     | null        | -
            PUT   | /twins/n           | {"tags":null}                                     | null        | -
            PUT   | /twins/n           | {"properties":{"desired":null}}                   | -           | null
            PUT   | /twins/n           | {"tags":{"a":1},"properties":{"desired":null}}    | {"a":1}     | null
            PUT   | /twins/n           | {"tags":{"a":null},"properties":{"desired":{"b":null}}} | {"a":null} | {"b":null}
            PATCH | /twins/n/modules/m | {"tags":null,"properties":{"desired":{}}}         | null        | {}
            PUT   | /twins/n/modules/m | {"tags":{},"properties":{"desired":null}}         | {}          | null
            """)
    void nullInATwinArrivesAsNull(
            String method, String path, String body, @Nullable String tags, @Nullable String desired) throws Exception {
        ask("PUT", "/devices/n", "{}");
        ask("PUT", "/devices/n/modules/m", "{}");
        Answer answer = ask(method, path, body, "X-HTTP-Method-Override", "PATCH", "If-Match", "\"e\"");
        assertThat(answer.status()).isEqualTo(200);
        TwinPatch wanted = new TwinPatch("e", tags, desired);
        assertThat(PLANNER.commands.getLast())
                .isEqualTo(method.equals("PUT") ? new ReplaceTwin(wanted) : new PatchTwin(wanted));
    }

    @Test
    void aMethodIsAnsweredByItsDeviceOrInFormB() throws Exception {
        ask("PUT", "/devices/m", "{}");
        assertThat(ask("POST", "/twins/m/methods", "{\"methodName\":\"a\",\"payload\":{\"x\":1}}")
                        .body()
                        .toString())
                .isEqualTo("{\"status\":200,\"payload\":{\"x\":1}}");
        Answer offline = ask("POST", "/twins/m/methods", "{\"methodName\":\"offline\"}");
        assertThat(offline.status()).isEqualTo(404);
        assertThat(offline.body().path("ExceptionMessage").asText()).isEmpty();
        assertThat(JSON.readTree(offline.body().path("Message").asText())
                        .path("errorCode")
                        .asInt())
                .isEqualTo(404103);
        assertThat(ask("POST", "/twins/nobody/methods", "{\"methodName\":\"a\"}")
                        .body()
                        .path("Message")
                        .asText())
                .startsWith("ErrorCode:DeviceNotFound;");
    }

    /** Bodies as Node and Java send them. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'jobId':'ID','type':'scheduleDeviceMethod','cloudToDeviceMethod':{'methodName':'reboot','payload':null,'responseTimeoutInSeconds':30},'startTime':'2026-11-21T02:25:16.408Z','maxExecutionTimeInSeconds':120,'queryCondition':'*'}",
                "{'jobId':'ID','type':'scheduleUpdateTwin','cloudToDeviceMethod':null,'updateTwin':{'etag':'*','deviceId':null,'tags':{'x':1},'properties':{'desired':{'y':2}},'version':null},'startTime':null,'queryCondition':'*'}",
                "{'type':'scheduleTwinUpdate','updateTwin':{'tags':{'x':1}},'startTime':'2026-11-21T03:25:16+01:00','queryCondition':'*'}",
                "{'type':'scheduleDirectRequest','cloudToDeviceMethod':{'methodName':'reboot','timeoutInSeconds':9},'deviceIds':['a','b']}"
            })
    void aJobIsTakenInEveryFormThatClientsSend(String body) throws Exception {
        String id = "job-" + Integer.toHexString(body.hashCode());
        Answer created = ask("PUT", "/jobs/v2/" + id, body.replace('\'', '"').replace("ID", id));
        assertThat(created.status()).as(created.body().toString()).isEqualTo(200);
        assertThat(created.body().path("jobId").asText()).isEqualTo(id);
        assertThat(created.body().path("type").asText()).isIn("scheduleDeviceMethod", "scheduleUpdateTwin");
        assertThat(created.body().path("status").asText()).isEqualTo("queued");
        created.body()
                .fields()
                .forEachRemaining(
                        member -> assertThat(member.getValue().isNull()).isFalse());
        assertThat(created.body().has("cloudToDeviceMethod"))
                .isNotEqualTo(created.body().has("updateTwin"));
        assertThat(PLANNER.commands.getLast()).isInstanceOf(CreateJob.class);
    }

    @Test
    void modulesHaveTheRoutesOfDevices() throws Exception {
        ask("PUT", "/devices/with-modules", "{}");
        Answer created = ask("PUT", "/devices/with-modules/modules/m", "{\"moduleId\":\"m\",\"managedBy\":\"me\"}");
        assertThat(created.status()).isEqualTo(200);
        assertThat(created.body().path("deviceId").asText()).isEqualTo("with-modules");
        assertThat(created.body().path("moduleId").asText()).isEqualTo("m");
        assertThat(created.body().path("managedBy").asText()).isEqualTo("me");
        assertThat(created.body().has("authentication")).isTrue();
        for (String path : List.of("/devices/with-modules/modules/m", "/twins/with-modules/modules/m")) {
            Answer read = ask("GET", path, null);
            assertThat(read.body().path("deviceId").asText()).isEqualTo("with-modules");
            assertThat(read.body().path("moduleId").asText()).isEqualTo("m");
        }
        assertThat(ask("PATCH", "/twins/with-modules/modules/m", "{\"tags\":{}}")
                        .status())
                .isEqualTo(200);
        assertThat(ask("PUT", "/twins/with-modules/modules/m", "{\"tags\":{}}").status())
                .isEqualTo(200);
        assertThat(ask("POST", "/twins/with-modules/modules/m", "{\"tags\":{}}", "X-HTTP-Method-Override", "PATCH")
                        .status())
                .isEqualTo(200);
        assertThat(ask("POST", "/twins/with-modules/modules/m/methods", "{\"methodName\":\"reboot\",\"payload\":5}")
                        .body()
                        .toString())
                .isEqualTo("{\"status\":200,\"payload\":5}");
        assertThat(ask("DELETE", "/devices/with-modules/modules/m", null).status())
                .isEqualTo(204);
        assertThat(ask("PUT", "/devices/with-modules/modules/m", "{\"moduleId\":\"n\"}")
                        .status())
                .isEqualTo(400);
        assertThat(ask("GET", "/devices/a%2Fb", null).status()).isEqualTo(400);
        assertThat(ask("GET", "/twins/a/modules/b%2Fc", null).status()).isEqualTo(400);
    }

    @Test
    void aMessageIsItsBodyAndItsHeaders() throws Exception {
        ask("PUT", "/devices/gets-messages", "{}");
        Answer sent = ask(
                "POST",
                "/devices/gets-messages/messages/devicebound",
                "not JSON",
                "iothub-messageid",
                "m-1",
                "iothub-app-Color",
                "blue",
                "iothub-expiry",
                "2026-11-21T02:30:00Z");
        assertThat(sent.body().toString()).isEqualTo("{\"messageId\":\"m-1\",\"queued\":1}");
        CloudMessage message = ((SendMessage) PLANNER.commands.getLast()).getMessage();
        assertThat(message.getProperties())
                .isEqualTo(Map.of("$.mid", "m-1", "Color", "blue", "$.exp", "2026-11-21T02:30:00Z"));
        assertThat(message.getExpiresAt()).isEqualTo(Instant.parse("2026-11-21T02:30:00Z"));
        assertThat(StandardCharsets.UTF_8.decode(message.getBody()).toString()).isEqualTo("not JSON");
        assertThat(ask("DELETE", "/devices/gets-messages/commands", null).body().toString())
                .isEqualTo("{\"totalMessagesPurged\":1,\"deviceId\":\"gets-messages\",\"moduleId\":null}");
        assertThat(ask("POST", "/devices/gets-messages/messages/devicebound", "x", "iothub-expiry", "soon")
                        .status())
                .isEqualTo(400);
        assertThat(ask("POST", "/devices/nobody/messages/devicebound", "x").status())
                .isEqualTo(404);
    }

    /** What a device hears over its WebSocket, and that it ended. */
    private static final class Heard implements WebSocket.Listener {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final CompletableFuture<Void> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] part = new byte[data.remaining()];
            data.get(part);
            synchronized (bytes) {
                bytes.writeBytes(part);
                bytes.notifyAll();
            }
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closed.complete(null);
            return CompletableFuture.completedFuture(null);
        }

        private String await(int length) throws InterruptedException {
            synchronized (bytes) {
                while (bytes.size() < length) {
                    bytes.wait(10_000);
                }
                return bytes.toString(StandardCharsets.UTF_8);
            }
        }
    }

    private static WebSocket webSocket(Heard heard) throws Exception {
        return HTTP.newWebSocketBuilder()
                .subprotocols("mqtt")
                .buildAsync(
                        URI.create("ws://127.0.0.1:" + server.port() + "/$iothub/websocket?iothub-no-client-cert=true"),
                        heard)
                .get(10, TimeUnit.SECONDS);
    }

    /** The header of the PROXY protocol, version 2, for IPv4: signature, version and command, family, length, addresses and ports. */
    private static String proxyHeader(Socket gateway) throws IOException {
        return new String(gateway.getInputStream().readNBytes(PROXY_HEADER), StandardCharsets.ISO_8859_1);
    }

    @Test
    void aWebSocketIsPassedOnToTheGatewayAndBack() throws Exception {
        Heard heard = new Heard();
        WebSocket device = webSocket(heard);
        assertThat(device.getSubprotocol()).isEqualTo("mqtt");
        String large = "x".repeat(300_000);
        device.sendBinary(ByteBuffer.wrap("hello ".getBytes(StandardCharsets.UTF_8)), true)
                .get(10, TimeUnit.SECONDS);
        device.sendBinary(ByteBuffer.wrap(large.getBytes(StandardCharsets.UTF_8)), true)
                .get(10, TimeUnit.SECONDS);
        try (Socket gateway = GATEWAY.accept()) {
            gateway.setSoTimeout(10_000);
            assertThat(proxyHeader(gateway)).startsWith("\r\n\r\n\0\r\nQUIT\n\u0021\u0011\0\u000c\u007f\0\0\u0001");
            byte[] got = gateway.getInputStream().readNBytes(6 + large.length());
            assertThat(new String(got, StandardCharsets.UTF_8)).isEqualTo("hello " + large);
            gateway.getOutputStream().write(got);
            assertThat(heard.await(got.length)).isEqualTo("hello " + large);
        }
        heard.closed.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aWebSocketForAnotherProtocolIsRefused() {
        assertThatThrownBy(() -> HTTP.newWebSocketBuilder()
                        .subprotocols("AMQPWSB10")
                        .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/$iothub/websocket"), new Heard())
                        .get(10, TimeUnit.SECONDS))
                .hasCauseInstanceOf(WebSocketHandshakeException.class)
                .cause()
                .satisfies(refused -> assertThat(((WebSocketHandshakeException) refused)
                                .getResponse()
                                .statusCode())
                        .isEqualTo(400));
    }

    /** Whoever reaches the port may send it: it is answered, nothing is logged, and the connection ends. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^Sec-WebSocket-Version: 13                                 | 400
            POST /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^Sec-WebSocket-Version: 13^KEY                             | 400
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY                                                       | 426
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 12                             | 426
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: x                              | 426
            GET  /%24iothub/websocket  | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 12                             | 426
            GET  /$iothub/websocket/   | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 12                             | 426
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^Sec-WebSocket-Key: x^Sec-WebSocket-Version: 13            | 400
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: close^KEY^Sec-WebSocket-Version: 13                               | 400
            GET  /$iothub/websocket    | Connection: close                                                                                | 400
            GET  /$iothub/websocket    | Upgrade: websocket^Upgrade: h2c^Connection: Upgrade^KEY^Sec-WebSocket-Version: 13                | 400
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 13^Sec-WebSocket-Protocol: ;;; | 400
            GET  /devices/x            | Upgrade: websocket^Connection: Upgrade,close^KEY^Sec-WebSocket-Version: 13^TOKEN                 | 404
            GET  /                     | Upgrade: websocket^Connection: Upgrade,close^KEY^Sec-WebSocket-Version: 13                       | 401
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 13^Sec-WebSocket-Extensions: ;;;,,= | 101
            """)
    void whatIsNoHandshakeIsRefused(String line, String headers, int status) throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        root.addAppender(log);
        String[] words = line.split(" +");
        String request = words[0] + " " + words[1] + "?" + VERSION + " HTTP/1.1^Host: localhost^" + headers + "^^";
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(request.replace("KEY", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
                            .replace(
                                    "TOKEN", "Authorization: " + token("iothubowner", "localhost", NOW.plusSeconds(60)))
                            .replace("^", "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String first = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
            assertThat(first).startsWith("HTTP/1.1 " + status + " ");
            if (status == 101) {
                GATEWAY.accept().close();
            }
        } finally {
            root.detachAppender(log);
        }
        assertThat(log.list)
                .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":NaN}", "{\"a\":", "[1,2", "{'a':1}", "{\"a\":01}"})
    void textThatIsNoJsonIsToldInWordsOfItsOwn(String body) throws Exception {
        Answer answer = ask("POST", "/devices/query", body);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body().path("Message").asText())
                .startsWith("ErrorCode:IotHubFormatError;The body is not JSON: ")
                .doesNotContain("Source:", "Feature");
    }

    @Test
    void theGatewayLearnsThatTheDeviceIsGone() throws Exception {
        WebSocket device = webSocket(new Heard());
        try (Socket gateway = GATEWAY.accept()) {
            gateway.setSoTimeout(10_000);
            proxyHeader(gateway);
            device.sendClose(WebSocket.NORMAL_CLOSURE, "").get(10, TimeUnit.SECONDS);
            assertThat(gateway.getInputStream().read()).isEqualTo(-1);
        }
    }

    /** Two partitions, each in pages of at most three rows: what lies behind the shortest page is not known yet. */
    private static List<Object> twoPartitions(RequestsDouble.Asked asked) {
        List<Object> pages = new ArrayList<>();
        for (List<String> part : List.of(List.of("a", "c", "e", "g", "h"), List.of("b", "d", "f"))) {
            List<String> rest = part.stream()
                    .filter(id -> asked.after() == null || id.compareTo(asked.after()) > 0)
                    .toList();
            List<String> page = rest.subList(0, Math.min(rest.size(), Math.min(3, asked.limit())));
            pages.add(new DevicePage(
                    pages.size(),
                    2,
                    page.stream()
                            .map(id -> RequestsDouble.twinOf(id, "{\"n\":\"" + id + "\"}"))
                            .toList(),
                    page.size() < rest.size()));
        }
        return pages;
    }

    private static String all(String query, int size) throws Exception {
        List<String> pages = new ArrayList<>();
        String token = "";
        do {
            String body = "{\"query\":\"" + query + "\"}";
            String items = Integer.toString(size);
            Answer page = token.isEmpty()
                    ? ask("POST", "/devices/query", body, "x-ms-max-item-count", items)
                    : ask("POST", "/devices/query", body, "x-ms-max-item-count", items, "x-ms-continuation", token);
            assertThat(page.response().statusCode()).as(page.body().toString()).isEqualTo(200);
            StringBuilder rows = new StringBuilder();
            page.body()
                    .forEach(row -> rows.append(
                            row.has("deviceId") ? row.path("deviceId").asText() : row.toString()));
            pages.add(rows.toString());
            token = page.response().headers().firstValue("x-ms-continuation").orElse("");
        } while (!token.isEmpty());
        return String.join(" ", pages);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT * FROM devices           | 100 | abcde fgh
            SELECT * FROM devices           | 8   | abcde fgh
            SELECT * FROM devices           | 2   | ab cd ef gh
            SELECT * FROM devices           | 1   | a b c d e f g h
            SELECT TOP 3 * FROM devices     | 2   | ab c
            SELECT TOP 2 * FROM devices     | 2   | ab
            SELECT TOP 8 * FROM devices     | 100 | abcde fgh
            SELECT TOP 0 * FROM devices     | 2   | ''
            SELECT deviceId FROM devices    | 4   | abcd efgh
            """)
    void rowsOfAllPartitionsComeInOrderAndTheLastPageHasNoToken(String query, int size, String pages) throws Exception {
        PLANNER.partitions = RestTest::twoPartitions;
        assertThat(all(query, size)).isEqualTo(pages);
    }

    @Test
    void columnsAreMembersOfTheDocument() throws Exception {
        PLANNER.partitions = _ -> List.of(new DevicePage(
                0, 1, List.of(RequestsDouble.twinOf("a", "{\"o\":{\"b\":[1,null,{\"c\":2.5}]},\"t\":null}")), false));
        Answer answer = ask(
                "POST",
                "/devices/query",
                "{\"query\":\"SELECT deviceId, tags.o AS o, tags.o.b[2].c, tags.t, tags.x, version, connectionState FROM devices\"}");
        assertThat(answer.body().toString())
                .isEqualTo("[{\"deviceId\":\"a\",\"o\":{\"b\":[1,null,{\"c\":2.5}]},\"c\":2.5,\"t\":null,"
                        + "\"version\":2,\"connectionState\":\"Disconnected\"}]");
        assertThat(answer.response().headers().firstValue("x-ms-item-type")).contains("raw");
    }

    @Test
    void groupsOfAllPartitionsAreSummedAndPaged() throws Exception {
        PartialAggregate two = new PartialAggregate(2L, 2L, 6.0, "1", "5");
        PartialAggregate one = new PartialAggregate(1L, 1L, 0.5, "0.5", "0.5");
        PLANNER.partitions = _ -> List.of(
                new GroupPage(
                        0,
                        List.of(
                                new PartialGroup(List.of("\"A\""), List.of(two, two, two)),
                                new PartialGroup(Arrays.asList((String) null), List.of(one, one, one)))),
                new GroupPage(1, List.of(new PartialGroup(List.of("\"A\""), List.of(one, one, one)))));
        String query = "SELECT tags.s, COUNT() AS n, AVG(tags.v) AS a, MIN(tags.v) AS m FROM devices GROUP BY tags.s";
        assertThat(all(query, 10))
                .isEqualTo("{\"n\":1,\"a\":0.5,\"m\":0.5}{\"s\":\"A\",\"n\":3,\"a\":2.1666666666666665,\"m\":0.5}");
        assertThat(all(query, 1))
                .isEqualTo("{\"n\":1,\"a\":0.5,\"m\":0.5} {\"s\":\"A\",\"n\":3,\"a\":2.1666666666666665,\"m\":0.5}");
    }

    @Test
    void deviceJobsReadAsClientsWantThem() throws Exception {
        DeviceJob.Builder job = DeviceJob.newBuilder()
                .setJobId("j")
                .setDeviceId("a")
                .setOperation(OperationType.METHOD)
                .setStatus(DeviceJobStatus.COMPLETED)
                .setCreatedAt(NOW)
                .setStartedAt(NOW)
                .setEndedAt(NOW)
                .setUpdatedAt(NOW)
                .setMethodStatus(200)
                .setMethodPayload("{\"ok\":true}");
        DeviceJob failed = DeviceJob.newBuilder()
                .setJobId("j")
                .setDeviceId("b")
                .setOperation(OperationType.TWIN)
                .setStatus(DeviceJobStatus.FAILED)
                .setCreatedAt(NOW)
                .setUpdatedAt(NOW)
                .setErrorCode("PreconditionFailed")
                .setErrorDescription("The etag differs.")
                .build();
        PLANNER.partitions = _ -> List.of(new DeviceJobPage(0, List.of(job.build(), failed), false));
        Answer answer = ask("POST", "/devices/query", "{\"query\":\"SELECT * FROM devices.jobs\"}");
        assertThat(answer.response().headers().firstValue("x-ms-item-type")).contains("deviceJob");
        assertThat(answer.body().get(0).toString())
                .isEqualTo(
                        "{\"deviceId\":\"a\",\"jobId\":\"j\",\"jobType\":\"scheduleDeviceMethod\",\"status\":\"completed\","
                                + "\"createdDateTimeUtc\":\"2026-11-21T02:25:15.4230000Z\",\"startTimeUtc\":\"2026-11-21T02:25:15.4230000Z\","
                                + "\"endTimeUtc\":\"2026-11-21T02:25:15.4230000Z\",\"lastUpdatedDateTimeUtc\":\"2026-11-21T02:25:15.4230000Z\","
                                + "\"outcome\":{\"deviceMethodResponse\":{\"status\":200,\"payload\":{\"ok\":true}}},"
                                + "\"cloudToDeviceMethod\":{\"status\":200,\"payload\":{\"ok\":true}}}");
        assertThat(answer.body().get(1).path("error").toString())
                .isEqualTo("{\"code\":\"PreconditionFailed\",\"description\":\"The etag differs.\"}");
        assertThat(answer.body().get(1).has("outcome")).isFalse();
    }

    @Test
    void aTokenIsForItsQueryOnly() throws Exception {
        PLANNER.partitions = RestTest::twoPartitions;
        String token = ask(
                        "POST", "/devices/query", "{\"query\":\"SELECT * FROM devices\"}", "x-ms-max-item-count", "1")
                .response()
                .headers()
                .firstValue("x-ms-continuation")
                .orElseThrow();
        for (String foreign : List.of(token, "%%%", "AAAA")) {
            Answer refused = ask(
                    "POST",
                    "/devices/query",
                    "{\"query\":\"SELECT deviceId FROM devices\"}",
                    "x-ms-continuation",
                    foreign);
            assertThat(refused.response().statusCode()).isEqualTo(400);
            assertThat(refused.body().path("Message").asText()).startsWith("ErrorCode:ArgumentInvalid;");
        }
    }

    @Test
    void whatAJobCanDoBeyondIotHubIsShownAsItWasGiven() throws Exception {
        String policy =
                "\"retries\":[{\"on\":\"noAnswer\",\"times\":3,\"backoffInSeconds\":5,\"longestBackoffInSeconds\":60,\"jitter\":0.1}],"
                        + "\"rollout\":{\"devicesPerMinute\":100,\"growth\":{\"factor\":1.5,\"afterSucceeded\":50,\"mostPerMinute\":1000}},"
                        + "\"batches\":{\"percent\":10,\"successPercent\":90},"
                        + "\"abort\":{\"failurePercent\":20,\"afterEnded\":10},"
                        + "\"windows\":[{\"start\":\"22:00\",\"end\":\"06:30\",\"days\":[\"monday\",\"sunday\"],\"timeZone\":\"Europe/Paris\"}],"
                        + "\"continuous\":true,\"priority\":7";
        Answer created = ask(
                "PUT",
                "/jobs/v2/with-policy",
                "{\"type\":\"scheduleDeviceMethod\",\"cloudToDeviceMethod\":{\"methodName\":\"x\"},\"queryCondition\":\"*\","
                        + policy + "}");
        assertThat(created.body().toString()).contains(policy);
        assertThat(created.body().has("statusMessage")).isFalse();
        Job paused = Job.newBuilder(JOBS.get("with-policy").orElseThrow().job())
                .setPaused(true)
                .setRevision(2)
                .build();
        JOBS.put(paused);
        Answer read = ask("GET", "/jobs/v2/with-policy", null);
        assertThat(read.body().path("status").asText()).isEqualTo("queued");
        assertThat(read.body().path("statusMessage").asText()).startsWith("Paused");
        ask("POST", "/jobs/v2/with-policy/pause", null);
        assertThat(PLANNER.commands.getLast()).isEqualTo(new PauseJob());
        ask("POST", "/jobs/v2/with-policy/resume", "{}");
        assertThat(PLANNER.commands.getLast()).isEqualTo(new ResumeJob());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'retries':[{'on':'odd'}]",
                "'retries':{}",
                "'rollout':{}",
                "'rollout':{'devicesPerMinute':1.5}",
                "'rollout':{'devicesPerMinute':1,'growth':{'factor':'x'}}",
                "'batches':[]",
                "'abort':{}",
                "'windows':[{'start':'25:00','end':'06:00'}]",
                "'windows':[{'start':'22:00','end':'06:00','days':['someday']}]",
                "'windows':[{'start':'22:00','end':'06:00','days':'monday'}]",
                "'continuous':'yes'",
                "'priority':'high'",
            })
    void aPolicyOfWrongTypesIsRefused(String policy) throws Exception {
        Answer refused = ask(
                "PUT",
                "/jobs/v2/wrong-policy",
                ("{'type':'scheduleUpdateTwin','updateTwin':{'tags':{}},'queryCondition':'*'," + policy + "}")
                        .replace('\'', '"'));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().path("Message").asText()).startsWith("ErrorCode:ArgumentInvalid;The member ");
    }

    /** Twenty jobs of 120 KB are two megabytes: no page has all of them, whatever was asked for, and all of them come. */
    @Test
    void pagesOfJobsAreBoundedByTheirLengthToo() throws Exception {
        for (int i = 0; i < 20; i++) {
            ask(
                    "PUT",
                    "/jobs/v2/long-" + i,
                    "{\"type\":\"scheduleDeviceMethod\",\"cloudToDeviceMethod\":{\"methodName\":\"m\",\"payload\":\""
                            + "x".repeat(120_000) + "\"},\"queryCondition\":\"*\"}");
        }
        List<String> ids = new ArrayList<>();
        String token = "";
        do {
            Answer page = token.isEmpty()
                    ? ask("GET", "/jobs/v2/query", null, "x-ms-max-item-count", "1000")
                    : ask("GET", "/jobs/v2/query", null, "x-ms-max-item-count", "1000", "x-ms-continuation", token);
            assertThat(page.body().toString().length()).isLessThan(1_500_000);
            page.body().forEach(job -> ids.add(job.path("jobId").asText()));
            token = page.response().headers().firstValue("x-ms-continuation").orElse("");
        } while (!token.isEmpty());
        assertThat(ids)
                .doesNotHaveDuplicates()
                .filteredOn(id -> id.startsWith("long-"))
                .hasSize(20);
    }

    @Test
    void pagesOfJobsEndWithoutAToken() throws Exception {
        for (String id : new String[] {"page-1", "page-2", "page-3"}) {
            ask(
                    "PUT",
                    "/jobs/v2/" + id,
                    "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{}},\"queryCondition\":\"*\"}");
        }
        JOBS.put(new JobStatistics("page-1", new DeviceJobCounts(3L, 1L, 0L, 2L, 0L, 0L), 1, 1, NOW, 1L, List.of()));
        int seen = 0;
        String token = "";
        do {
            Answer page = token.isEmpty()
                    ? ask("GET", "/jobs/v2/query?jobType=scheduleUpdateTwin", null, "x-ms-max-item-count", "1")
                    : ask(
                            "GET",
                            "/jobs/v2/query?jobType=scheduleUpdateTwin",
                            null,
                            "x-ms-max-item-count",
                            "1",
                            "x-ms-continuation",
                            token);
            assertThat(page.body()).hasSize(1);
            seen++;
            token = page.response().headers().firstValue("x-ms-continuation").orElse("");
        } while (!token.isEmpty());
        assertThat(seen).isGreaterThanOrEqualTo(3);
        assertThat(ask("GET", "/jobs/v2/page-1", null)
                        .body()
                        .path("deviceJobStatistics")
                        .toString())
                .isEqualTo(
                        "{\"deviceCount\":3,\"failedCount\":0,\"succeededCount\":2,\"runningCount\":0,\"pendingCount\":1}");
        assertThat(ask("GET", "/jobs/v2/query?jobStatus=completed", null).body())
                .isEmpty();
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
    void whatIsWrongIsSaidInTheContractsForm(String method, String path, @Nullable String body, int status, String code)
            throws Exception {
        Answer answer = ask(method, path, body == null ? null : body.replace('\'', '"'));
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
        assertThat(answer.body().path("Message").asText()).startsWith("ErrorCode:" + code + ";");
        assertThat(answer.response().headers().firstValue("iothub-errorcode")).contains(code);
    }

    @Test
    void tokensAndVersionsAreChecked() throws Exception {
        Instant later = NOW.plusSeconds(60);
        String path = "/devices/x?" + VERSION;
        assertThat(send("GET", path, new byte[0]).status()).isEqualTo(401);
        assertThat(send("GET", path, new byte[0], "Authorization", "Bearer x").status())
                .isEqualTo(401);
        assertThat(send(
                                "GET",
                                path,
                                new byte[0],
                                "Authorization",
                                token("iothubowner", "localhost", NOW.minusSeconds(600)))
                        .status())
                .isEqualTo(401);
        assertThat(send("GET", path, new byte[0], "Authorization", token("iothubowner", "elsewhere", later))
                        .status())
                .isEqualTo(401);
        assertThat(send("GET", path, new byte[0], "Authorization", token("device", "localhost", later))
                        .status())
                .isEqualTo(401);
        assertThat(send("GET", path, new byte[0], "Authorization", token("registryRead", "localhost", later))
                        .status())
                .isEqualTo(404);
        assertThat(send("DELETE", path, new byte[0], "Authorization", token("registryRead", "localhost", later))
                        .status())
                .isEqualTo(401);
        assertThat(send("GET", "/devices/x", new byte[0], "Authorization", token("iothubowner", "localhost", later))
                        .body()
                        .path("Message")
                        .asText())
                .startsWith("ErrorCode:InvalidProtocolVersion;");
    }

    @Test
    void whoAskedForWhatIsKept() throws Exception {
        AUDIT.clear();
        ask("GET", "/devices/audited", null);
        ask("POST", "/devices/query", "{\"query\":\"SELECT * FROM devices\"}");
        ask("PUT", "/devices/audited", "no JSON", "x-ms-client-request-id", "mine");
        send("DELETE", "/devices/audited?" + VERSION, new byte[0], "Authorization", "wrong");
        assertThat(AUDIT)
                .extracting(entry -> entry.getPolicy() + " " + entry.getMethod() + " " + entry.getPath() + " "
                        + entry.getStatus() + " " + entry.getCode() + " " + entry.getClientRequestId() + " "
                        + entry.getRemoteAddress())
                .containsExactly(
                        "iothubowner PUT /devices/audited 400 IotHubFormatError mine 127.0.0.1",
                        "null DELETE /devices/audited 401 IotHubUnauthorizedAccess null 127.0.0.1");
    }

    @Test
    void theDescriptionIsShownWithoutAToken() throws Exception {
        assertThat(METERS.scrape()).contains("muster_api_answers_total");
        String openApi =
                new String(send("GET", "/openapi.yaml", new byte[0]).response().body(), StandardCharsets.UTF_8);
        assertThat(openApi).contains("/jobs/v2/{id}/cancel:", "/twins/{id}/methods:");
    }

    /** A misspelt policy is never dropped: the job would run unpaced on the whole fleet. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            'rolout':{'devicesPerMinute':1}                                   | rolout | rollout
            'Rollout':{'devicesPerMinute':1}                                  | Rollout | rollout
            'retrys':[]                                                       | retrys | retries
            'window':[]                                                       | window | windows
            'abort_':{'failurePercent':5}                                     | abort_ | abort
            'maxExecutionTimeInSecond':5                                      | maxExecutionTimeInSecond | maxExecutionTimeInSeconds
            'starttime':'2031-01-01T00:00:00Z'                                | starttime | startTime
            'rollout':{'devicesPerMinut':60}                                  | rollout.devicesPerMinut | devicesPerMinute
            'rollout':{'devicesPerMinute':6,'grow':{}}                        | rollout.grow | growth
            'rollout':{'devicesPerMinute':6,'growth':{'factr':2}}             | rollout.growth.factr | factor
            'retries':[{'on':'noAnswer','time':3}]                            | retries[0].time | times
            'batches':{'percnt':10}                                           | batches.percnt | percent
            'abort':{'failurePercent':20,'afterEnd':50}                       | abort.afterEnd | afterEnded
            'windows':[{'start':'22:00','end':'06:00','timezone':'UTC'}]      | windows[0].timezone | timeZone
            'updateTwin':{'tags':{'a':1},'properties':{'floor':3}}            | updateTwin.properties.floor | desired
            'updateTwin':{'tags':{'a':1},'properties':{'reported':{'a':1}}}   | updateTwin.properties.reported | desired
            'updateTwin':{'tags':{'a':1},'properties':{'reported':5}}         | updateTwin.properties.reported | desired
            'updateTwin':{'tag':{'a':1}}                                      | updateTwin.tag | tags
            'updateTwin':{'desired':{'a':1}}                                  | updateTwin.desired | updateTwin.properties.desired
            """)
    void anUnknownMemberOfAJobIsRefusedAndTheNearestNamed(String member, String unknown, String nearest)
            throws Exception {
        String twin = member.contains("updateTwin") ? "" : "'updateTwin':{'tags':{}},";
        int before = PLANNER.commands.size();
        Answer refused = ask(
                "PUT",
                "/jobs/v2/misspelt",
                ("{'type':'scheduleUpdateTwin'," + twin + "'queryCondition':'*'," + member + "}").replace('\'', '"'));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().path("Message").asText())
                .isEqualTo("ErrorCode:ArgumentInvalid;The member " + unknown + " is unknown: did you mean " + nearest
                        + "?");
        assertThat(PLANNER.commands).hasSize(before);
    }

    /** As Java's client sends it. */
    @Test
    void anEmptySectionOfReportedPropertiesInAJobIsPassedOver() throws Exception {
        Answer answer = ask(
                "PUT",
                "/jobs/v2/java",
                "{\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"*\",\"updateTwin\":{\"deviceId\":null,\"etag\":\"*\","
                        + "\"tags\":{\"a\":1},\"properties\":{\"desired\":{},\"reported\":{}}}}");
        assertThat(answer.status()).isEqualTo(200);
    }

    @Test
    void anUnknownMemberOfAMethodInAJobIsRefused() throws Exception {
        Answer refused = ask(
                "PUT",
                "/jobs/v2/misspelt",
                "{\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"*\","
                        + "\"cloudToDeviceMethod\":{\"methodName\":\"m\",\"responseTimeoutInSecond\":3}}");
        assertThat(refused.body().path("Message").asText())
                .contains("cloudToDeviceMethod.responseTimeoutInSecond", "responseTimeoutInSeconds");
    }

    @Test
    void aJobsDocumentCanBeSentAsItWasRead() throws Exception {
        ask(
                "PUT",
                "/jobs/v2/read-1",
                "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{\"a\":1}},\"queryCondition\":\"*\"}");
        JOBS.put(new JobStatistics("read-1", new DeviceJobCounts(3L, 1L, 0L, 2L, 0L, 0L), 1, 1, NOW, 1L, List.of()));
        String read = ask("GET", "/jobs/v2/read-1", null).body().toString();
        Answer again = ask("PUT", "/jobs/v2/read-2", read.replace("read-1", "read-2"));
        assertThat(again.status()).as(again.body().toString()).isEqualTo(200);
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
    void aDateBeyondTheCalendarIsRefused(String date) throws Exception {
        String job = "{'type':'scheduleUpdateTwin','updateTwin':{'tags':{}},'queryCondition':'*','startTime':'" + date
                + "'}";
        Answer refused = ask("PUT", "/jobs/v2/dated", job.replace('\'', '"'));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().path("Message").asText()).startsWith("ErrorCode:ArgumentInvalid;startTime ");
        assertThat(ask("POST", "/devices/d/messages/devicebound", "x", "iothub-expiry", date)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void aBodyBeyondTheLimitIsRefused() throws Exception {
        Answer answer = ask("PUT", "/devices/big", "{\"statusReason\":\"" + "x".repeat(2_000_000) + "\"}");
        assertThat(answer.status()).isEqualTo(413);
    }

    /** Whatever the body, the answer is a success or one of the contract's errors, and what is refused is not sent on. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void damagedBodiesAreRefused(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        String good =
                "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{\"a\":[1,{\"b\":null}]}},\"queryCondition\":\"*\",\"maxExecutionTimeInSeconds\":60}";
        for (int round = 0; round < 150; round++) {
            byte[] body = good.getBytes(StandardCharsets.UTF_8);
            for (int hit = 0; hit < 1 + random.nextInt(5); hit++) {
                body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            }
            int before = PLANNER.commands.size();
            Answer answer = send(
                    "PUT",
                    "/jobs/v2/fuzz-" + seed + "-" + round + "?" + VERSION,
                    body,
                    "Authorization",
                    token("iothubowner", "localhost", NOW.plusSeconds(60)));
            assertThat(answer.status()).isIn(200, 400);
            assertThat(PLANNER.commands.size() - before).isEqualTo(answer.status() == 200 ? 1 : 0);
            if (answer.status() == 400) {
                assertThat(answer.body().path("Message").asText()).startsWith("ErrorCode:");
            }
        }
    }

    @Test
    void mappingTouchesNothingOfTheWorld() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAnyPackage("io.muster.api.json", "io.muster.api.access", "io.muster.api.job")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka..",
                        "io.micronaut..",
                        "io.netty..",
                        "io.muster.codec..",
                        "io.muster.service..",
                        "java.net..")
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("io.muster.api"));
    }
}
