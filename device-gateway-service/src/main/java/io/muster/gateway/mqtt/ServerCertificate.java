package io.muster.gateway.mqtt;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** Holds the certificate that the gateway shows to devices. */
record ServerCertificate(X509Certificate certificate, SslContext tls) {
    /**
     * Reads both.
     *
     * @param chain the certificate and those that lead to its authority, in PEM
     * @param key in PEM
     * @throws IOException when they can't be used; the message says which
     */
    static ServerCertificate load(Path chain, Path key) throws IOException {
        try (InputStream in = Files.newInputStream(chain)) {
            X509Certificate certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            return new ServerCertificate(certificate, tls(chain, key));
        } catch (CertificateException | IllegalArgumentException e) {
            throw new IOException("The MQTT certificate or key can't be used: " + chain, e);
        }
    }

    /** Takes any certificate of a client, or none: the fleet knows its thumbprint, or it proves nothing. */
    private static SslContext tls(Path chain, Path key) throws IOException {
        return SslContextBuilder.forServer(chain.toFile(), key.toFile())
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2")
                .clientAuth(ClientAuth.OPTIONAL)
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .build();
    }

    @Override
    public String toString() {
        return certificate.getSubjectX500Principal().getName() + ", valid until "
                + certificate.getNotAfter().toInstant();
    }
}
