package io.muster.gateway.connect;

import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Holds the authorities that may sign certificates of devices. Immutable and thread-safe. Contract: iot-hub, 1.1. */
public final class DeviceAuthorities {
    private final Set<X509Certificate> authorities;

    public DeviceAuthorities(Collection<X509Certificate> authorities) {
        this.authorities = Set.copyOf(authorities);
    }

    /** Reads certificates in PEM. @throws CertificateException when there is something else */
    public static DeviceAuthorities read(InputStream in) throws CertificateException {
        return new DeviceAuthorities(CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                .map(X509Certificate.class::cast)
                .toList());
    }

    /** Returns whether the chain, the device's own certificate first, ends with one of them and holds at that instant. */
    boolean hasSigned(List<X509Certificate> chain, Instant now) {
        List<X509Certificate> path = chain.stream()
                .filter(certificate -> !authorities.contains(certificate))
                .toList();
        if (path.isEmpty() || authorities.isEmpty()) {
            return false;
        }
        try {
            PKIXParameters rules = new PKIXParameters(authorities.stream()
                    .map(authority -> new TrustAnchor(authority, null))
                    .collect(Collectors.toSet()));
            rules.setRevocationEnabled(false);
            rules.setDate(Date.from(now));
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), rules);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return authorities.stream()
                .map(authority -> authority.getSubjectX500Principal().getName())
                .sorted()
                .collect(Collectors.joining("; ", "[", "]"));
    }
}
