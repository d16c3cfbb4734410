package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.muster.records.Job;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Puts the real registry behind a proxy that speaks TLS and wants a name and a password, as registries in production do. */
class RegistryAccessTest {
    private static final String USER = "muster";
    private static final String PASSWORD = "pass:word";
    private static final String SUBJECT = "registry-access-value";
    private static final Schema SCHEMA = Job.getClassSchema();

    private static RunningMuster muster;
    private static HttpsServer proxy;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
        Path ca = muster.standalone.options().data().resolve("ca");
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store(ca.resolve("server.pem"), ca.resolve("server-key.pem")), new char[0]);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), null, null);
        proxy = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        proxy.setHttpsConfigurator(new HttpsConfigurator(tls));
        proxy.createContext("/", RegistryAccessTest::forward).setAuthenticator(new BasicAuthenticator("registry") {
            @Override
            public boolean checkCredentials(String user, String given) {
                return user.equals(USER) && given.equals(PASSWORD);
            }
        });
        proxy.start();
    }

    private static KeyStore store(Path certificate, Path key) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        byte[] encoded = Base64.getMimeDecoder().decode(Files.readString(key).replaceAll("-----[A-Z ]+-----", ""));
        try (InputStream in = Files.newInputStream(certificate)) {
            store.setKeyEntry(
                    "server",
                    KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(encoded)),
                    new char[0],
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(in)
                            .toArray(Certificate[]::new));
        }
        return store;
    }

    @AfterAll
    static void stop() {
        proxy.stop(0);
    }

    private static void forward(HttpExchange exchange) throws IOException {
        try (exchange) {
            URI real = URI.create(muster.standalone.options().registry());
            HttpRequest request = HttpRequest.newBuilder(real.resolve(exchange.getRequestURI()))
                    .method(
                            exchange.getRequestMethod(),
                            HttpRequest.BodyPublishers.ofByteArray(
                                    exchange.getRequestBody().readAllBytes()))
                    .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                    .build();
            HttpResponse<byte[]> answer =
                    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
            exchange.sendResponseHeaders(answer.statusCode(), answer.body().length);
            exchange.getResponseBody().write(answer.body());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static ConfluentSchemaRegistry registry(
            @Nullable String user, @Nullable String password, @Nullable Path caFile) {
        String path = URI.create(muster.standalone.options().registry()).getPath();
        return new ConfluentSchemaRegistry(new RegistrySettings(
                URI.create("https://localhost:" + proxy.getAddress().getPort() + path), user, password, caFile));
    }

    @Test
    void registersWithNameAndPasswordOverTls() {
        int id = registry(USER, PASSWORD, muster.standalone.caFile()).register(SUBJECT, SCHEMA);
        assertThat(registry(USER, PASSWORD, muster.standalone.caFile()).byId(id))
                .isEqualTo(SCHEMA);
    }

    @Test
    void reportsThatTheRegistryRefusesAWrongPassword() {
        assertThatThrownBy(() ->
                        registry(USER, "wrong", muster.standalone.caFile()).register(SUBJECT, SCHEMA))
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessageContaining("answered 401")
                .hasMessageNotContaining("wrong");
    }

    @Test
    void refusesARegistryWithAnUntrustedCertificate() {
        assertThatThrownBy(() -> registry(USER, PASSWORD, null).register(SUBJECT, SCHEMA))
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessageContaining("can't be reached");
    }

    @Test
    void namesARegistryThatIsAway() {
        URI nobody = URI.create("http://localhost:1/apis/ccompat/v7");
        assertThatThrownBy(() -> new ConfluentSchemaRegistry(new RegistrySettings(nobody, null, null, null))
                        .register(SUBJECT, SCHEMA))
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessageContaining("http://localhost:1")
                .hasMessageContaining("Start it, or correct its address");
    }
}
