package io.muster.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecurityHeadersTest {
    @ParameterizedTest
    @CsvSource({
        "true, hub.example, true",
        "true, hub.example:8443, true",
        "true, , true",
        "true, localhost, false",
        "true, LOCALHOST:8443, false",
        "true, 127.0.0.1:8443, false",
        "true, [::1], false",
        "false, hub.example, false",
    })
    void asksForTlsWhereTheNameIsTheHubsAlone(boolean secure, String host, boolean strict) {
        Map<String, String> headers = new HashMap<>();
        SecurityHeaders.each(secure, host, headers::put);
        assertThat(headers).containsKeys("X-Content-Type-Options", "Content-Security-Policy");
        assertThat(headers.containsKey("Strict-Transport-Security")).isEqualTo(strict);
    }
}
