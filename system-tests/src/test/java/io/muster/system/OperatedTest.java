package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.TrustedAuthorities;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.standalone.Ports;
import io.muster.standalone.RestClient;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Runs Muster with what an operator puts beside it: an OpenID provider (npm's certified one) and a collector of traces. The program is started as
 * {@code ./muster up} starts it, with its settings in the environment.
 */
class OperatedTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SECRET = UUID.randomUUID().toString();
    private static final String DEVICE = "operated-1";
    private static final Queue<Traced> SPANS = new ConcurrentLinkedQueue<>();
    private static final HttpClient PLAIN = HttpClient.newHttpClient();

    private static Path data;
    private static HttpServer collector;
    private static Process provider;
    private static MusterProgram muster;
    private static String issuer;
    private static String restAddress;
    private static int mqttPort;
    private static SharedAccessPolicies policies;

    private record Traced(String service, Span span) {
        String job() {
            return attribute("muster.job.id");
        }

        String attribute(String name) {
            return span.getAttributesList().stream()
                    .filter(attribute -> attribute.getKey().equals(name))
                    .map(attribute -> attribute.getValue().getStringValue())
                    .findFirst()
                    .orElse("");
        }
    }

    @BeforeAll
    static void start() throws Exception {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", OperatedTest::collect);
        collector.start();
        int providerPort = Ports.free();
        issuer = "http://localhost:" + providerPort;
        provider = new ProcessBuilder("node", "people.mjs", Integer.toString(providerPort), SECRET)
                .directory(NodeModules.installed().toFile())
                .redirectErrorStream(true)
                .redirectOutput(new File("target/people.log"))
                .start();
        Map<String, String> environment = new HashMap<>(tracesAsThePageSays());
        environment.put("MUSTER_OIDC_ISSUER", issuer);
        environment.put("MUSTER_OIDC_AUDIENCE", "urn:muster");
        muster = MusterProgram.start("operated", environment);
        muster.awaitReady();
        data = muster.data();
        restAddress = muster.restAddress();
        mqttPort = muster.mqttPort();
        policies = SharedAccessPolicies.load(data.resolve("policies.properties"));
        await().until(() -> Files.readString(Path.of("target/people.log")).contains("listens"));
    }

    /** Returns the settings of the page's command, with the port of the collector that is here. */
    private static Map<String, String> tracesAsThePageSays() throws IOException {
        Matcher command = Pattern.compile("(?m)^((?:MUSTER_\\w+=\\S+ )+)\\./muster up$")
                .matcher(Files.readString(Path.of("../docs/operate/traces.md")));
        assertThat(command.find()).isTrue();
        return Stream.of(command.group(1)
                        .replace(":4318/", ":" + collector.getAddress().getPort() + "/")
                        .split(" "))
                .map(setting -> setting.split("=", 2))
                .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1]));
    }

    private static void collect(HttpExchange exchange) throws IOException {
        try (exchange) {
            ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(exchange.getRequestBody());
            request.getResourceSpansList()
                    .forEach(resource -> resource.getScopeSpansList()
                            .forEach(scope -> scope.getSpansList()
                                    .forEach(span -> SPANS.add(new Traced(
                                            resource.getResource().getAttributesList().stream()
                                                    .filter(attribute ->
                                                            attribute.getKey().equals("service.name"))
                                                    .findFirst()
                                                    .orElseThrow()
                                                    .getValue()
                                                    .getStringValue(),
                                            span)))));
            exchange.sendResponseHeaders(200, -1);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        muster.end();
        provider.destroy();
        collector.stop(0);
    }

    @Test
    void allowsAPersonWhatTheRoleAllows() throws Exception {
        try (HttpClient http = HttpClient.newBuilder()
                .sslContext(TrustedAuthorities.tls(data.resolve("ca/ca.pem")))
                .build()) {
            String administrator = token("administer");
            assertThat(send(http, "PUT", "/devices/of-ada", "{}", administrator))
                    .isEqualTo(200);
            assertThat(send(http, "GET", "/devices/of-ada", "", token("read"))).isEqualTo(200);
            assertThat(send(http, "PUT", "/devices/of-ada", "{}", token("operate")))
                    .isEqualTo(401);
            assertThat(send(http, "PATCH", "/twins/of-ada", "{\"tags\":{\"by\":\"operator\"}}", token("operate")))
                    .isEqualTo(200);
            assertThat(send(http, "PATCH", "/twins/of-ada", "{}", token("read")))
                    .isEqualTo(401);
            assertThat(send(http, "GET", "/devices/of-ada", "", token("nothing")))
                    .isEqualTo(401);
        }
    }

    private static int send(HttpClient http, String method, String path, String body, String token) throws Exception {
        return http.send(
                        HttpRequest.newBuilder(URI.create(restAddress + path + "?api-version=2021-04-12"))
                                .method(method, HttpRequest.BodyPublishers.ofString(body))
                                .header("Authorization", "Bearer " + token)
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    private static String token(String client) throws Exception {
        String credentials =
                Base64.getEncoder().encodeToString((client + ":" + SECRET).getBytes(StandardCharsets.UTF_8));
        String form =
                "grant_type=client_credentials&resource=" + URLEncoder.encode("urn:muster", StandardCharsets.UTF_8);
        HttpResponse<String> answer = PLAIN.send(
                HttpRequest.newBuilder(URI.create(issuer + "/token"))
                        .header("Authorization", "Basic " + credentials)
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(form))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        JsonNode body = JSON.readTree(answer.body());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return body.path("access_token").asText();
    }

    @Test
    void tracesADeviceJobThroughTheServicesAndOverMqtt() throws Exception {
        RestClient rest = new RestClient(restAddress, data.resolve("ca/ca.pem"), policies);
        RunningMuster.ok(rest.send("PUT", "/devices/" + DEVICE, "{}").join());
        RunningMuster.schedule(rest, "traced", "deviceId = '" + DEVICE + "'", 10);
        String key = Objects.requireNonNull(
                policies.named("device").orElseThrow().keys().primary());
        Target target = Target.byPolicy("localhost", mqttPort, "localhost", data.resolve("ca/ca.pem"), "device", key);
        try (SimulatedFleet fleet =
                SimulatedFleet.start(target, Behaviour.PERFECT, List.of(DEVICE), 10, InstantSource.system())) {
            RunningMuster.completed(rest, "traced");
            assertThat(fleet.counters().connected()).isEqualTo(1);
        }
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            Traced root = SPANS.stream()
                    .filter(one ->
                            one.job().equals("traced") && one.span().getName().equals("device job"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no device job among " + SPANS.size()));
            assertThat(root.span().getParentSpanId().isEmpty()).isTrue();
            assertThat(SPANS.stream()
                            .filter(one ->
                                    one.span().getTraceId().equals(root.span().getTraceId()))
                            .filter(one -> one.span()
                                    .getParentSpanId()
                                    .equals(root.span().getSpanId()))
                            .map(one -> one.service() + " " + one.span().getName()))
                    .containsExactlyInAnyOrder(
                            "job-planner-service queued",
                            "job-planner-service running",
                            "device-gateway-service deliver",
                            "stream-processor-service count",
                            "stream-processor-service count",
                            "stream-processor-service count");
            assertThat(root.attribute("muster.device.job.status")).isEqualTo("COMPLETED");
            assertThat(root.attribute("muster.device.id")).isEqualTo(DEVICE);
        });
    }
}
