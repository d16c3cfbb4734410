package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.api.access.Gate;
import io.muster.api.access.PersonTokens;
import io.muster.api.http.OpenIdProvider;
import io.muster.api.http.RestServer;
import io.muster.api.job.Views;
import io.muster.api.surface.iothub.MessageLife;
import io.muster.records.AuditEntry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests tokens of people against the real server, with an OpenID provider of this test, which can do wrong. */
class PeopleTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "?api-version=2021-04-12";
    private static final String STREAM_JOBS = "/subscriptions/s/providers/Microsoft.StreamAnalytics/streamingjobs";
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final RSAKey FIRST = key("first");
    private static final RSAKey SECOND = key("second");

    private final Queue<AuditEntry> audit = new ConcurrentLinkedQueue<>();
    private volatile Instant now = Instant.parse("2026-11-21T02:25:15Z");
    private volatile JWKSet keys = new JWKSet(FIRST);
    private volatile int status = 200;
    private HttpServer provider;
    private String issuer;
    private RestServer server;

    private static RSAKey key(String id) {
        try {
            return new RSAKeyGenerator(2048).keyID(id).generate();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void start() throws Exception {
        provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer = "http://localhost:" + provider.getAddress().getPort() + "/realms/plant";
        provider.createContext(
                "/realms/plant/.well-known/openid-configuration",
                exchange -> answer(exchange, "{\"issuer\":\"" + issuer + "\",\"jwks_uri\":\"" + issuer + "/keys\"}"));
        provider.createContext("/realms/plant/keys", exchange -> answer(exchange, keys.toString()));
        provider.start();
        startServer();
        String token = signed(claims("muster.read").build(), FIRST);
        await().until(() -> read(token).statusCode() == 200);
    }

    private void startServer() throws Exception {
        Views views = Views.empty();
        server = ApiSurfaces.serve(
                new RestServer.Options("127.0.0.1", 0, Optional.empty(), Map.of(), 1000, RestServer.Patience.USUAL),
                new ApiSurfaces.Options(
                        new MessageLife(Duration.ofHours(1)),
                        Optional.empty(),
                        TestApi.REACH,
                        TestApi.UPLOADS,
                        TestApi.CENTRAL),
                new Gate(
                        HubHosts.of("localhost"),
                        () -> SharedAccessPolicies.generate(new SecureRandom()),
                        Optional.of(new PersonTokens(
                                issuer,
                                "muster",
                                "realm_access.roles",
                                new OpenIdProvider(issuer, Optional.empty(), () -> now)))),
                new RequestsDouble(views),
                audit::add,
                views,
                new ComputeDouble(),
                new ComputeDouble().outputs,
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                () -> now);
    }

    private void answer(HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        try (exchange) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @AfterEach
    void stop() {
        server.close();
        provider.stop(0);
    }

    private JWTClaimsSet.Builder claims(String... roles) {
        return new JWTClaimsSet.Builder()
                .issuer(issuer)
                .audience(List.of("account", "muster"))
                .subject("6f1c")
                .claim("preferred_username", "ada")
                .claim("realm_access", Map.of("roles", List.of(roles)))
                .expirationTime(Date.from(now.plusSeconds(300)));
    }

    private static String signed(JWTClaimsSet claims, RSAKey key) throws JOSEException {
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .keyID(key.getKeyID())
                        .type(new JOSEObjectType("at+jwt"))
                        .build(),
                claims);
        token.sign(new RSASSASigner(key));
        return token.serialize();
    }

    private HttpResponse<String> send(String method, String path, String body, String token) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .header("Authorization", "Bearer " + token)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> read(String token) throws Exception {
        return send("GET", "/jobs/v2/query" + VERSION, "", token);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "GET,    /devices/pump,                        muster.read",
                "GET,    /twins/pump,                          muster.read",
                "POST,   /devices/query,                       muster.read",
                "GET,    /jobs/v2/j,                           muster.read",
                "PUT,    /jobs/v2/j,                           muster.operate",
                "POST,   /jobs/v2/j/cancel,                    muster.operate",
                "PATCH,  /twins/pump,                          muster.operate",
                "POST,   /twins/pump/methods,                  muster.operate",
                "POST,   /devices/pump/messages/devicebound,   muster.operate",
                "PUT,    /devices/pump,                        muster.administer",
                "PUT,    /devices/pump/modules/m,              muster.administer",
                "POST,   /devices,                             muster.administer",
                "DELETE, /devices/pump,                        muster.administer",
                "GET,    /devices/query,                       muster.read",
                "PUT,    /devices/query,                       muster.administer",
                "DELETE, /devices/query,                       muster.administer"
            })
    void allowsARoleItsOwnRightsAndThoseOfLowerOnes(String method, String path, String needed) throws Exception {
        List<String> inOrder = List.of("muster.read", "muster.operate", "muster.administer");
        for (String role : inOrder) {
            HttpResponse<String> answer = send(
                    method,
                    path + VERSION,
                    "{}",
                    signed(claims("offline_access", role).build(), FIRST));
            boolean allowed = inOrder.indexOf(role) >= inOrder.indexOf(needed);
            assertThat(answer.statusCode() != 401)
                    .as(role + ": " + answer.body())
                    .isEqualTo(allowed);
            if (!allowed) {
                assertThat(answer.body()).contains("The role " + role + " does not allow this: it takes " + needed);
            }
        }
    }

    @Test
    void showsKeysOfDevicesToAdministratorsOnly() throws Exception {
        String administrator = signed(claims("muster.administer").build(), FIRST);
        String reader = signed(claims("muster.read").build(), FIRST);
        assertThat(send("PUT", "/devices/pump" + VERSION, "{}", administrator).statusCode())
                .isEqualTo(200);
        for (String path : List.of("/devices/pump", "/devices")) {
            assertThat(primaryKey(send("GET", path + VERSION, "", administrator)))
                    .hasSize(44);
            assertThat(primaryKey(send("GET", path + VERSION, "", reader))).isEqualTo("null");
        }
    }

    private static String primaryKey(HttpResponse<String> answer) throws IOException {
        JsonNode body = JSON.readTree(answer.body());
        return (body.isArray() ? body.path(0) : body)
                .at("/authentication/symmetricKey/primaryKey")
                .asText();
    }

    @Test
    void keepsPersonsInTheAuditLog() throws Exception {
        send(
                "DELETE",
                "/devices/pump" + VERSION,
                "",
                signed(claims("muster.administer").build(), FIRST));
        send(
                "DELETE",
                "/devices/pump" + VERSION,
                "",
                signed(claims("muster.read").build(), FIRST));
        assertThat(audit)
                .extracting(entry -> entry.getPolicy() + " " + entry.getSubject() + " " + entry.getPerson() + " "
                        + entry.getStatus())
                .containsExactly("null 6f1c ada 404", "null 6f1c ada 401");
    }

    @Test
    void refusesInTheFormOfStreamJobs() throws Exception {
        HttpResponse<String> listed = send(
                "GET",
                STREAM_JOBS + "?api-version=2020-03-01",
                "",
                signed(claims("muster.read").build(), FIRST));
        assertThat(listed.statusCode()).isEqualTo(200);
        HttpResponse<String> refused =
                send("GET", STREAM_JOBS + "?api-version=2020-03-01", "", signed(claims().build(), FIRST));
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(JSON.readTree(refused.body()).at("/error/message").asText())
                .isEqualTo("The token names no role of Muster in realm_access.roles: give the person muster.read,"
                        + " muster.operate or muster.administer.");
    }

    @Test
    void refusesAWrongToken() throws Exception {
        Map<String, UnaryOperator<JWTClaimsSet.Builder>> wrong = Map.of(
                "iss", claims -> claims.issuer("http://localhost/other"),
                "aud", claims -> claims.audience("other"),
                "sub", claims -> claims.subject(null),
                "Expired", claims -> claims.expirationTime(Date.from(now.minusSeconds(61))),
                "exp", claims -> claims.expirationTime(null),
                "before", claims -> claims.notBeforeTime(Date.from(now.plusSeconds(61))));
        for (var one : wrong.entrySet()) {
            HttpResponse<String> answer =
                    read(signed(one.getValue().apply(claims("muster.read")).build(), FIRST));
            assertThat(answer.statusCode()).as(one.getKey()).isEqualTo(401);
            assertThat(answer.body())
                    .contains("ErrorCode:IotHubUnauthorizedAccess")
                    .contains(one.getKey());
        }
        JWTClaimsSet right = claims("muster.administer").build();
        SignedJWT bySharedSecret = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), right);
        bySharedSecret.sign(new MACSigner(FIRST.toRSAPublicKey().getEncoded()));
        RSAKey impostor = new RSAKeyGenerator(2048).keyID("first").generate();
        String token = signed(right, FIRST);
        for (String forged : List.of(
                bySharedSecret.serialize(),
                signed(right, impostor),
                new PlainJWT(right).serialize(),
                token.substring(0, token.length() - 4),
                "eyJ." + "a".repeat(20_000),
                "eyJhbGciOiJSUzI1NiJ9..",
                "eyJ.")) {
            HttpResponse<String> answer = read(forged);
            assertThat(answer.statusCode()).as(forged).isEqualTo(401);
            assertThat(answer.body()).contains("The token");
        }
        assertThat(read(token).statusCode()).isEqualTo(200);
    }

    @Test
    void fetchesANewKeyOfTheProviderAndKeepsTheOldOnesWhileItIsAway() throws Exception {
        String second = signed(claims("muster.read").build(), SECOND);
        keys = new JWKSet(List.of(FIRST, SECOND));
        assertThat(read(second).statusCode()).as("asked a moment ago").isEqualTo(401);
        now = now.plusSeconds(5);
        await().until(() -> {
            HttpResponse<String> answer = read(second);
            assertThat(answer.statusCode()).isIn(200, 503);
            assertThat(answer.headers().firstValue("Retry-After").isPresent()).isEqualTo(answer.statusCode() == 503);
            return answer.statusCode() == 200;
        });
        status = 503;
        now = now.plusSeconds(300);
        String later = signed(claims("muster.read").build(), SECOND);
        for (int i = 0; i < 3; i++) {
            assertThat(read(later).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void saysThatTheProviderNeverAnswered() throws Exception {
        server.close();
        status = 500;
        startServer();
        HttpResponse<String> answer = read(signed(claims("muster.read").build(), FIRST));
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("The keys of the OpenID provider " + issuer + " are not known yet");
        status = 200;
        await().untilAsserted(() -> {
            now = now.plusSeconds(5);
            assertThat(read(signed(claims("muster.read").build(), FIRST)).statusCode())
                    .isEqualTo(200);
        });
    }
}
