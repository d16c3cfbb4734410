package io.muster.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import io.muster.gateway.connect.Authentication;
import io.muster.gateway.connect.Authenticator;
import io.muster.gateway.connect.Claim;
import io.muster.gateway.connect.DeviceAuthorities;
import io.muster.records.AuthenticationType;
import io.muster.records.ConnectionTerms;
import io.muster.records.Credentials;
import io.muster.records.DeviceStatus;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests certificates of devices. Contract: iot-hub, 1.1. */
class AuthenticatorTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
    private static final Issued ROOT = root("CN=Root");
    private static final Issued OTHER = root("CN=Other root");
    private static final Issued FACTORY = issue("CN=Factory", ROOT, true, Duration.ofDays(300));

    private record Issued(X509Certificate certificate, KeyPair keys) {}

    private static Issued root(String name) {
        KeyPair keys = keys();
        return sign(name, keys, name, keys, true, Duration.ofDays(3000));
    }

    private static Issued issue(String name, Issued issuer, boolean authority, Duration life) {
        return sign(
                name, keys(), issuer.certificate().getSubjectX500Principal().getName(), issuer.keys(), authority, life);
    }

    private static KeyPair keys() {
        try {
            return KeyPairGenerator.getInstance("EC").generateKeyPair();
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static Issued sign(
            String name, KeyPair keys, String issuer, KeyPair issuerKeys, boolean authority, Duration life) {
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    new X500Name(issuer),
                    BigInteger.ONE,
                    Date.from(NOW.minus(Duration.ofDays(100))),
                    Date.from(NOW.minus(Duration.ofDays(100)).plus(life)),
                    new X500Name(name),
                    keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            return new Issued(
                    new JcaX509CertificateConverter()
                            .getCertificate(builder.build(
                                    new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKeys.getPrivate()))),
                    keys);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Takes a module's own key and its device's, and a device's own alone. Contract: iot-hub, section 8. */
    @ParameterizedTest
    @CsvSource({"d/m, own, true", "d/m, device, true", "d/m, other, false", "d, own, true", "d, device, false"})
    void acceptsAModuleByItsKeyOrItsDevices(String id, String signer, boolean accepted) {
        Map<String, String> keys = new HashMap<>();
        for (String name : List.of("own", "device", "other")) {
            keys.put(
                    name, Base64.getEncoder().encodeToString((name + "-".repeat(32)).getBytes(StandardCharsets.UTF_8)));
        }
        Claim claim =
                Claim.of(id, "hub.test/" + id + "/?api-version=2021-04-12").orElseThrow();
        String resource = "hub.test/devices/" + id.replace("/", "/modules/");
        ConnectionTerms terms = ConnectionTerms.newBuilder()
                .setCorrelationId("c")
                .setEpoch(1)
                .setKnown(true)
                .setStatus(DeviceStatus.ENABLED)
                .setCredentials(sas(keys.get("own")))
                .setDeviceCredentials(id.contains("/") ? sas(keys.get("device")) : null)
                .build();
        Authentication verdict = new Authenticator(HubHosts.of("hub.test"), () -> new DeviceAuthorities(List.of()))
                .decide(
                        claim,
                        SharedAccessSignature.sign(resource, keys.get(signer), null, NOW.plusSeconds(600)),
                        List.of(),
                        terms,
                        SharedAccessPolicies.generate(new SecureRandom()),
                        NOW);
        assertThat(verdict instanceof Authentication.Accepted).isEqualTo(accepted);
    }

    private static Credentials sas(String key) {
        return Credentials.newBuilder()
                .setType(AuthenticationType.SAS)
                .setPrimaryKey(key)
                .setSecondaryKey(key)
                .build();
    }

    /** Lists who signed, the name in the certificate, whether the chain is complete → accepted. */
    @ParameterizedTest
    @CsvSource({
        "root, CN=d, whole, true",
        "root, 'CN=d,O=Plant', whole, true",
        "factory, CN=d, whole, true",
        "factory, CN=d, without root, true",
        "factory, CN=d, leaf only, false",
        "root, CN=e, whole, false",
        "root, O=d, whole, false",
        "other, CN=d, whole, false",
        "self, CN=d, whole, false",
        "expired, CN=d, whole, false",
        "a device, CN=d, whole, false",
        "none, CN=d, whole, false",
    })
    void acceptsTheCertificateOfARegisteredAuthorityForItsDeviceAlone(
            String signer, String name, String chain, boolean accepted) {
        Issued device = issue("CN=x", ROOT, false, Duration.ofDays(300));
        List<X509Certificate> shown = switch (signer) {
            case "root" ->
                List.of(issue(name, ROOT, false, Duration.ofDays(300)).certificate(), ROOT.certificate());
            case "factory" ->
                List.of(
                        issue(name, FACTORY, false, Duration.ofDays(300)).certificate(),
                        FACTORY.certificate(),
                        ROOT.certificate());
            case "other" ->
                List.of(issue(name, OTHER, false, Duration.ofDays(300)).certificate(), OTHER.certificate());
            case "self" -> List.of(root(name).certificate());
            case "expired" ->
                List.of(issue(name, ROOT, false, Duration.ofDays(50)).certificate());
            case "a device" ->
                List.of(issue(name, device, false, Duration.ofDays(300)).certificate(), device.certificate());
            default -> List.of();
        };
        List<X509Certificate> sent = switch (chain) {
            case "leaf only" -> shown.subList(0, 1);
            case "without root" -> shown.subList(0, shown.size() - 1);
            default -> shown;
        };
        Authenticator authenticator =
                new Authenticator(HubHosts.of("hub.test"), () -> new DeviceAuthorities(List.of(ROOT.certificate())));
        ConnectionTerms terms = ConnectionTerms.newBuilder()
                .setCorrelationId("c")
                .setEpoch(1)
                .setKnown(true)
                .setStatus(DeviceStatus.ENABLED)
                .setCredentials(Credentials.newBuilder()
                        .setType(AuthenticationType.CERTIFICATE_AUTHORITY)
                        .build())
                .build();
        Authentication verdict = authenticator.decide(
                Claim.of("d", "hub.test/d").orElseThrow(),
                null,
                sent,
                terms,
                SharedAccessPolicies.generate(new SecureRandom()),
                NOW);
        assertThat(verdict instanceof Authentication.Accepted).isEqualTo(accepted);
    }
}
