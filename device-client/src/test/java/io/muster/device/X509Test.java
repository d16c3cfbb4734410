package io.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connects over TLS. */
class X509Test {
    @TempDir
    private Path folder;

    private Path hubCertificate;
    private Path hubKey;

    @BeforeEach
    void make() throws Exception {
        hubCertificate = folder.resolve("hub.pem");
        hubKey = folder.resolve("hub-key.pem");
        make("CN=localhost", hubCertificate, hubKey);
    }

    private static X509Certificate make(String name, Path certificateFile, Path keyFile) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair keys = generator.generateKeyPair();
        Instant now = Instant.now();
        X500Principal subject = new X500Principal(name);
        X509Certificate certificate = new JcaX509CertificateConverter()
                .getCertificate(new JcaX509v3CertificateBuilder(
                                subject,
                                BigInteger.ONE,
                                Date.from(now.minus(Duration.ofDays(1))),
                                Date.from(now.plus(Duration.ofDays(1))),
                                subject,
                                keys.getPublic())
                        .addExtension(
                                Extension.subjectAlternativeName,
                                false,
                                new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")))
                        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
        pem(certificateFile, certificate);
        pem(keyFile, new JcaPKCS8Generator(keys.getPrivate(), null));
        return certificate;
    }

    private static void pem(Path file, Object content) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(content);
        }
        Files.writeString(file, text.toString());
    }

    private UnkindHub hub() throws IOException {
        return new UnkindHub(SslContextBuilder.forServer(hubCertificate.toFile(), hubKey.toFile())
                .clientAuth(ClientAuth.OPTIONAL)
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .build());
    }

    private static DeviceConnector connector(UnkindHub hub, Path caFile) throws IOException {
        return DeviceConnector.start(
                new HubAddress("localhost", hub.port(), "hub.test", caFile),
                DeviceConnector.Settings.usual(1000, "test", InstantSource.system()));
    }

    @Test
    void showsItsCertificateAndNoPassword() throws Exception {
        Path certificate = folder.resolve("d.pem");
        Path key = folder.resolve("d-key.pem");
        X509Certificate own = make("CN=d", certificate, key);
        try (UnkindHub hub = hub();
                DeviceConnector connector = connector(hub, hubCertificate)) {
            DeviceClient device =
                    connector.connect("d", new Credentials.Certificate(certificate, key), new RecordedProgram());
            await().until(device::isConnected);
            assertThat(hub.link().certificate()).isEqualTo(own);
            assertThat(hub.connects.getFirst().variableHeader().hasPassword()).isFalse();
        }
    }

    @Test
    void sendsNothingToAHubThatItDoesNotTrust() throws Exception {
        Path other = folder.resolve("other.pem");
        make("CN=localhost", other, folder.resolve("other-key.pem"));
        RecordedProgram program = new RecordedProgram();
        try (UnkindHub hub = hub();
                DeviceConnector connector = connector(hub, other)) {
            connector.connect("d", new Credentials.Tokens((_, _) -> "secret", Duration.ofHours(1)), program);
            await().until(() -> program.ends.size() >= 2);
            assertThat(hub.log).isEmpty();
        }
    }
}
