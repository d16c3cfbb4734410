package io.muster.api;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.api.access.Gate;
import io.muster.api.http.RestServer;
import io.muster.api.job.Views;
import io.muster.api.surface.iothub.MessageLife;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names in one sentence the file or port for which a start fails. */
class RestCertificateTest {
    private static final String CERTIFICATE = """
                -----BEGIN CERTIFICATE-----
                MIIBfDCCASOgAwIBAgIUIlY55ZQEF0BjMJaAjmE0YrPtPrQwCgYIKoZIzj0EAwIw
                FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyOTAwNDIwM1oXDTM2MTEyNjAw
                NDIwM1owFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
                AQcDQgAExYfMuyLasQkO/c3qGXWTDnwrUK0r1BKMp9TdXlHZyLdL/5jg9ETD4ql/
                2ln9y2JSPCj/pOiSq8ZK8t+V1BHpUaNTMFEwHQYDVR0OBBYEFCmXhhtgEC//eF7p
                kCdCKBwE0SpGMB8GA1UdIwQYMBaAFCmXhhtgEC//eF7pkCdCKBwE0SpGMA8GA1Ud
                EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgXDixT+CLzsgzBibgfMklOICZ
                EXTVdmPy0/7lRjFCwdkCIEHsukgHkM+GAZUwNlrc1qv40iH0xHh/sjmlyCyPB0oq
                -----END CERTIFICATE-----
                """;

    @TempDir
    private Path folder;

    private static RestServer start(int port, Optional<RestServer.Tls> tls) throws IOException {
        Views views = Views.empty();
        SharedAccessPolicies policies = SharedAccessPolicies.generate(new SecureRandom());
        return ApiSurfaces.serve(
                new RestServer.Options("127.0.0.1", port, tls, Map.of(), 1000, RestServer.Patience.USUAL),
                new ApiSurfaces.Options(
                        new MessageLife(Duration.ofHours(1)),
                        Optional.empty(),
                        TestApi.REACH,
                        TestApi.UPLOADS,
                        TestApi.CENTRAL),
                new Gate(HubHosts.of("localhost"), () -> policies, Optional.empty()),
                new RequestsDouble(views),
                _ -> {},
                views,
                new ComputeDouble(),
                new ComputeDouble().outputs,
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                InstantSource.system());
    }

    @Test
    void namesAnInvalidCertificateOrKey() throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "neither");
        Path certificate = Files.writeString(folder.resolve("certificate.pem"), CERTIFICATE);
        assertThatThrownBy(() -> start(0, Optional.of(new RestServer.Tls(text, text))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("can't be used")
                .hasMessageContaining(text.toString());
        assertThatThrownBy(() -> start(0, Optional.of(new RestServer.Tls(certificate, text))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("can't be used")
                .hasMessageContaining(text.toString());
    }

    @Test
    void namesAPortThatIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> start(taken.getLocalPort(), Optional.empty()))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "The REST port " + taken.getLocalPort() + " on 127.0.0.1 can't be opened: choose another.");
        }
    }
}
