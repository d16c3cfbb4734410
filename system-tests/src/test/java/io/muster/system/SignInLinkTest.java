package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.TrustedAuthorities;
import io.muster.standalone.SignInLink;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Signs a browser in to the page of jobs by the link that ./muster prints, once. */
class SignInLinkTest {
    @Test
    void signsABrowserInOnce() throws Exception {
        RunningMuster muster = RunningMuster.get();
        String rest = muster.standalone.options().rest();
        String link = SignInLink.of(rest, muster.policies, Instant.now());
        try (HttpClient http = HttpClient.newBuilder()
                .sslContext(TrustedAuthorities.tls(muster.standalone.caFile()))
                .build()) {
            assertThat(get(http, rest + "/live/jobs", "none=none").statusCode()).isEqualTo(401);
            HttpResponse<String> signedIn = get(http, link, "none=none");
            assertThat(signedIn.statusCode()).isEqualTo(303);
            assertThat(signedIn.headers().firstValue("Strict-Transport-Security"))
                    .as("a browser would demand TLS of every other program on localhost too")
                    .isEmpty();
            String cookie =
                    signedIn.headers().firstValue("Set-Cookie").orElseThrow().split(";")[0];
            HttpResponse<String> page = get(http, rest + "/", cookie);
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.body()).contains("<title>Muster: jobs");
            assertThat(get(http, rest + "/live/jobs", cookie).statusCode()).isEqualTo(200);
            assertThat(get(http, link, "none=none").statusCode()).isEqualTo(401);
        }
    }

    private static HttpResponse<String> get(HttpClient http, String address, String cookie) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create(address))
                        .header("Cookie", cookie)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
