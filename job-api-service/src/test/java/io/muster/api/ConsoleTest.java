package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Role;
import io.muster.api.json.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shows the page of jobs to nobody who isn't signed in. Decided in ADR 0023. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleTest {
    private static final Pattern COOKIE = Pattern.compile("(?i)set-cookie: muster-session=([\\w-]+);([^\r]*)");
    private TestApi api;

    @BeforeAll
    void start() throws IOException {
        api = TestApi.start();
    }

    @BeforeEach
    void now() {
        api.clock.set(TestApi.NOW);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    @Test
    void showsTheDescriptionWithoutAToken() throws IOException {
        assertThat(get("/openapi.yaml"))
                .startsWith("HTTP/1.1 200 ")
                .contains("/jobs/v2/{id}/cancel:", "/twins/{id}/methods:");
    }

    private String link(String policy, String resource, Instant expiry) {
        String token = SharedAccessSignature.sign(
                resource,
                String.valueOf(api.policies.named(policy).orElseThrow().keys().primary()),
                policy,
                expiry);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(token.getBytes(StandardCharsets.UTF_8));
    }

    private String get(String path, String... headers) throws IOException {
        String host = List.of(headers).stream().anyMatch(header -> header.startsWith("Host:"))
                ? ""
                : "Host: localhost:8443\r\n";
        StringBuilder all = new StringBuilder();
        for (String header : headers) {
            all.append(header).append("\r\n");
        }
        return api.exchange("GET " + path + " HTTP/1.1\r\n" + host + all + "Connection: close\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/live/jobs", "/live/page.js", "/live/jobs/", "/live/anything"})
    void showsNothingToWhoIsNotSignedIn(String path) throws IOException {
        assertThat(get(path)).startsWith("HTTP/1.1 401 ").containsIgnoringCase("www-authenticate: Bearer");
        assertThat(get(path, "Cookie: muster-session=" + "A".repeat(43))).startsWith("HTTP/1.1 401 ");
        assertThat(get(path, "Authorization: " + api.token("device"))).startsWith("HTTP/1.1 401 ");
        assertThat(get(path, "Authorization: " + api.token("registryRead"))).startsWith("HTTP/1.1 401 ");
    }

    @Test
    void showsABrowserHowToSignIn() throws IOException {
        assertThat(get("/", "Accept: text/html,*/*"))
                .startsWith("HTTP/1.1 401 ")
                .containsIgnoringCase("www-authenticate: Bearer")
                .contains("./muster link", "frame-ancestors 'none'");
        assertThat(get("/live/sign-in.js")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void showsJobsToATokenAsEverywhere() throws IOException {
        assertThat(get("/live/jobs", "Authorization: " + api.token("service"))).startsWith("HTTP/1.1 200 ");
        assertThat(get("/live/jobs", "Authorization: Bearer " + api.token("iothubowner")))
                .startsWith("HTTP/1.1 200 ");
        assertThat(get("/live/page.js", "Authorization: " + api.token("service")))
                .as("the page says why a job stands")
                .contains("job.statusMessage", "job.failureReason");
    }

    @Test
    void signsInOnceByALinkUntilTheSessionEnds() throws IOException {
        String link = link("service", "localhost/sign-in", TestApi.NOW.plusSeconds(600));
        api.audit.clear();
        String first = get("/?sign-in=" + link);
        assertThat(first).startsWith("HTTP/1.1 303 ").containsIgnoringCase("location: /\r\n");
        Matcher cookie = COOKIE.matcher(first);
        assertThat(cookie.find()).isTrue();
        assertThat(cookie.group(2)).contains("HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=28800");
        assertThat(api.audit)
                .singleElement()
                .satisfies(entry -> assertThat(entry.getPolicy()).isEqualTo("service"));

        String show = "Cookie: muster-session=" + cookie.group(1);
        assertThat(get("/", show)).startsWith("HTTP/1.1 200 ").contains("<title>Muster: jobs");
        assertThat(get("/live/jobs", show)).startsWith("HTTP/1.1 200 ").endsWith("[]");
        assertThat(get("/jobs/v2/query?api-version=2021-04-12", show))
                .as("a session is for the page alone")
                .startsWith("HTTP/1.1 401 ");
        assertThat(get("/?sign-in=" + link)).as("used").startsWith("HTTP/1.1 401 ");
        String token = new String(Base64.getUrlDecoder().decode(link), StandardCharsets.UTF_8);
        String[] parts = token.substring(token.indexOf(' ') + 1).split("&");
        for (String otherwise : List.of(
                token + "&x=1",
                "SharedAccessSignature  " + String.join("&", List.of(parts).reversed()),
                token.replace("skn=service", "skn=servic%65"),
                token.replace("SharedAccess", "sharedaccess"))) {
            assertThat(get("/?sign-in="
                            + Base64.getUrlEncoder().encodeToString(otherwise.getBytes(StandardCharsets.UTF_8))))
                    .as("used, and written otherwise: " + otherwise.replaceAll("sig=[^&]*", "sig=…"))
                    .startsWith("HTTP/1.1 401 ");
        }

        api.clock.set(TestApi.NOW.plus(Gate.SESSION_LIFE).plusSeconds(1));
        assertThat(get("/live/jobs", show)).startsWith("HTTP/1.1 401 ");
    }

    @Test
    void takesNoOtherTokenAsALink() throws IOException {
        Instant now = TestApi.NOW.plusSeconds(300);
        api.clock.set(now);
        Instant soon = now.plusSeconds(500);
        for (String link : List.of(
                link("service", "localhost", soon),
                link("service", "localhost/jobs", soon),
                link("service", "elsewhere/sign-in", soon),
                link("device", "localhost/sign-in", soon),
                link("service", "localhost/sign-in", now.minusSeconds(1)),
                link("service", "localhost/sign-in", now.plusSeconds(601)),
                "bm8gdG9rZW4",
                "%25%25",
                "")) {
            String answer = get("/?sign-in=" + link);
            assertThat(answer).as(link).startsWith("HTTP/1.1 401 ").doesNotContainIgnoringCase("set-cookie");
        }
    }

    @Test
    void refusesALinkThatIsOlderThanTheProcess() throws IOException {
        assertThat(get("/?sign-in=" + link("service", "localhost/sign-in", TestApi.NOW.plusSeconds(599))))
                .startsWith("HTTP/1.1 401 ");
    }

    @Test
    void exchangesATokenForASession() throws IOException {
        String answer = api.exchange("POST /live/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Length: 0\r\nAuthorization: Bearer " + api.token("service") + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 204 ");
        Matcher cookie = COOKIE.matcher(answer);
        assertThat(cookie.find()).isTrue();
        assertThat(get("/live/jobs", "Cookie: muster-session=" + cookie.group(1)))
                .startsWith("HTTP/1.1 200 ");
        assertThat(api.exchange("POST /live/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        + "Content-Length: 0\r\nCookie: muster-session=" + cookie.group(1) + "\r\n\r\n"))
                .as("a session makes no other")
                .startsWith("HTTP/1.1 401 ");
    }

    /** Keeps a browser signed in that an ingress sends to another instance. */
    @Test
    void knowsASessionInEveryInstance() throws IOException {
        String session = session();
        try (TestApi other = TestApi.start(api.policies)) {
            assertThat(other.exchange("GET /live/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + session
                            + "\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ");
        }
        try (TestApi renewed = TestApi.start()) {
            assertThat(renewed.exchange("GET /live/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + session
                            + "\r\n\r\n"))
                    .as("the keys of its policy are others")
                    .startsWith("HTTP/1.1 401 ");
        }
    }

    private String session() throws IOException {
        Matcher cookie = COOKIE.matcher(api.exchange("POST /live/session HTTP/1.1\r\nHost: localhost\r\n"
                + "Connection: close\r\nContent-Length: 0\r\nAuthorization: Bearer " + api.token("service")
                + "\r\n\r\n"));
        assertThat(cookie.find()).isTrue();
        return "Cookie: muster-session=" + cookie.group(1);
    }

    /** Rejects a session in place of another token. */
    @Test
    void takesASessionForNothingElse() throws IOException {
        String token =
                new String(Base64.getUrlDecoder().decode(session().replaceAll(".*=", "")), StandardCharsets.UTF_8);
        for (String path :
                List.of("/live/jobs", "/jobs/v2/query?api-version=2021-04-12", "/twins/a?api-version=2021-04-12")) {
            assertThat(get(path, "Authorization: " + token)).as(path).startsWith("HTTP/1.1 401 ");
        }
        for (String other : List.of(
                link("service", "localhost", TestApi.NOW.plusSeconds(600)),
                link("device", "localhost/session", TestApi.NOW.plusSeconds(600)),
                link("service", "localhost/sign-in", TestApi.NOW.plusSeconds(600)))) {
            assertThat(get("/live/jobs", "Cookie: muster-session=" + other)).startsWith("HTTP/1.1 401 ");
        }
    }

    @Test
    void refusesAHostThatIsNotOurs() throws IOException {
        String token = "Authorization: " + api.token("service");
        assertThat(get("/live/jobs", "Host: evil.example", token)).startsWith("HTTP/1.1 421 ");
        for (String host : List.of("localhost", "LOCALHOST:1", "127.0.0.1:8443", "[::1]:8443")) {
            assertThat(get("/live/jobs", "Host: " + host, token)).as(host).startsWith("HTTP/1.1 200 ");
        }
    }

    private static final String KEY = Base64.getEncoder().encodeToString("a key".getBytes(StandardCharsets.UTF_8));

    /** Signs with a key that is in use: a blank one was taken out of use, and one that is no base64 is a mistake in the file. */
    @ParameterizedTest
    @ValueSource(strings = {"", "no base64"})
    void signsASessionWithTheKeyThatIsInUse(String primary) throws IOException {
        SharedAccessPolicies policies = SharedAccessPolicies.parse("service.rights=ServiceConnect\nservice.primaryKey="
                + primary + "\nservice.secondaryKey=" + KEY + "\n");
        String token = SharedAccessSignature.sign("localhost", KEY, "service", TestApi.NOW.plusSeconds(60));
        try (TestApi half = TestApi.start(policies)) {
            String answer = half.exchange("POST /live/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + "Content-Length: 0\r\nAuthorization: Bearer " + token + "\r\n\r\n");
            assertThat(answer).startsWith("HTTP/1.1 204 ");
            Matcher cookie = COOKIE.matcher(answer);
            assertThat(cookie.find()).isTrue();
            assertThat(half.exchange("GET /live/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: "
                            + "muster-session=" + cookie.group(1) + "\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void signsAPersonsSessionByAPolicyThatHasAKey() throws IOException {
        String unusable = "a.rights=ServiceConnect\na.primaryKey=\na.secondaryKey=no base64\n";
        Caller person = new Caller.Person("p", "Pat", Role.READ);
        Gate gate = gate(unusable + "b.rights=ServiceConnect\nb.primaryKey=" + KEY + "\nb.secondaryKey=\n");
        assertThat(gate.signedIn(gate.session(person, TestApi.NOW), TestApi.NOW))
                .isPresent();
        Gate closed = gate(unusable);
        assertThatThrownBy(() -> closed.session(person, TestApi.NOW))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("No policy has ServiceConnect");
    }

    private static Gate gate(String policies) throws IOException {
        SharedAccessPolicies read = SharedAccessPolicies.parse(policies);
        return new Gate(HubHosts.of("localhost"), () -> read, Optional.empty());
    }
}
