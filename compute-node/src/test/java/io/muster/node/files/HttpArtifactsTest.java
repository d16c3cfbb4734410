package io.muster.node.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.muster.access.TrustedAuthorities;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fetches over TLS, with a certificate that the test makes. */
class HttpArtifactsTest {
    private static final String PASSWORD = "changeit";

    @TempDir
    private static Path folder;

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile int status = 200;
    private HttpsServer server;

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificate("own");
        certificate("other");
    }

    @BeforeEach
    void serve() throws Exception {
        SSLContext tls = SSLContext.getInstance("TLS");
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve("own.p12"))) {
            keys.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        tls.init(managers.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress("localhost", 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.createContext("/", exchange -> {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Authorization") + " "
                    + exchange.getRequestHeaders().getFirst("x-muster-device"));
            exchange.getResponseHeaders().add("Location", "https://localhost:1/elsewhere");
            byte[] body = "hello".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    /** Makes a key and its certificate, {@code NAME.p12} and {@code NAME.pem}. */
    private static void certificate(String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        keytool(
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost");
        keytool(
                "-exportcert",
                "-keystore",
                store.toString(),
                "-rfc",
                "-file",
                folder.resolve(name + ".pem").toString());
    }

    private static void keytool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-alias", "a", "-storetype", "PKCS12", "-storepass", PASSWORD));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private HttpArtifacts artifacts(String trusted) throws IOException {
        return new HttpArtifacts(
                URI.create("https://localhost:" + server.getAddress().getPort() + "/"),
                "node-1",
                () -> Optional.of("SharedAccessSignature x"),
                Optional.of(
                        TrustedAuthorities.tls(folder.resolve(trusted + ".pem")).getSocketFactory()));
    }

    @Test
    void showsItsTokenAndItsDevice() throws IOException {
        try (InputStream in = artifacts("own").open("abc")) {
            assertThat(in).hasContent("hello");
        }
        assertThat(requests).containsExactly("GET /compute/artifacts/abc SharedAccessSignature x node-1");
    }

    @Test
    void showsNothingToAnAddressThatItDoesNotTrust() throws Exception {
        HttpArtifacts artifacts = artifacts("other");
        assertThatExceptionOfType(SSLException.class).isThrownBy(() -> artifacts.open("abc"));
        assertThat(requests).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"404, true", "403, true", "401, true", "429, false", "500, false", "503, false", "302, false"})
    void distinguishesWhetherAskingAgainMayHelp(int answer, boolean isMissing) throws IOException {
        status = answer;
        HttpArtifacts artifacts = artifacts("own");
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> artifacts.open("abc"))
                .withMessageContaining(Integer.toString(answer))
                .matches(e -> e instanceof ArtifactSource.MissingArtifactException == isMissing);
        assertThat(requests).as("no other address is asked").hasSize(1);
    }

    @Test
    void fetchesNothingWithoutAKey() {
        HttpArtifacts artifacts =
                new HttpArtifacts(URI.create("https://localhost:1"), "node-1", Optional::empty, Optional.empty());
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> artifacts.open("abc"))
                .withMessageContaining("connection string");
    }
}
