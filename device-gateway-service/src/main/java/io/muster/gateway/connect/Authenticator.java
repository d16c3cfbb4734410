package io.muster.gateway.connect;

import io.muster.access.HubHosts;
import io.muster.access.KeyPair;
import io.muster.access.Right;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import io.muster.access.SharedAccessSignature;
import io.muster.records.AuthenticationType;
import io.muster.records.ConnectionTerms;
import io.muster.records.Credentials;
import io.muster.records.DeviceStatus;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import org.jspecify.annotations.Nullable;

/** Authenticates a device at its CONNECT, by what it shows and what the fleet knows of it. Contract: iot-hub, 1.1. */
public final class Authenticator {
    private static final int SHA1_DIGITS = 40;

    private final HubHosts hosts;
    private final Supplier<DeviceAuthorities> authorities;

    /** Authenticates devices of the hub that has these names. @param authorities that may sign certificates of devices; asked at each CONNECT */
    public Authenticator(HubHosts hosts, Supplier<DeviceAuthorities> authorities) {
        this.hosts = hosts;
        this.authorities = authorities;
    }

    /** Returns whether the hub that the device asks for is this one. */
    public boolean serves(Claim claim) {
        return hosts.include(claim.host());
    }

    /**
     * Decides.
     *
     * @param password the token; null for none
     * @param chain the client's certificates, its own first; none where it showed none
     */
    public Authentication decide(
            Claim claim,
            @Nullable String password,
            List<X509Certificate> chain,
            ConnectionTerms terms,
            SharedAccessPolicies policies,
            Instant now) {
        Credentials credentials = terms.getCredentials();
        if (!terms.getKnown() || credentials == null) {
            return new Authentication.Refused("unknown device");
        }
        if (terms.getStatus() != DeviceStatus.ENABLED) {
            return new Authentication.Refused("device disabled");
        }
        if (password != null && !password.isEmpty()) {
            return token(claim, password, terms, policies, now);
        }
        return isProven(claim, chain, credentials, now)
                ? new Authentication.Accepted(Optional.empty())
                : new Authentication.Refused("no credentials");
    }

    private boolean isProven(Claim claim, List<X509Certificate> chain, Credentials credentials, Instant now) {
        if (chain.isEmpty()) {
            return false;
        }
        return switch (credentials.getType()) {
            case SELF_SIGNED ->
                hasThumbprint(chain.getFirst(), credentials.getPrimaryThumbprint())
                        || hasThumbprint(chain.getFirst(), credentials.getSecondaryThumbprint());
            case CERTIFICATE_AUTHORITY ->
                claim.id().text().equals(commonName(chain.getFirst()))
                        && authorities.get().hasSigned(chain, now);
            case SAS, NONE -> false;
        };
    }

    private static @Nullable String commonName(X509Certificate certificate) {
        try {
            return new LdapName(certificate.getSubjectX500Principal().getName())
                    .getRdns().stream()
                            .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
                            .map(rdn -> String.valueOf(rdn.getValue()))
                            .findFirst()
                            .orElse(null);
        } catch (InvalidNameException e) {
            return null;
        }
    }

    private Authentication token(
            Claim claim, String password, ConnectionTerms terms, SharedAccessPolicies policies, Instant now) {
        Optional<SharedAccessSignature> parsed = SharedAccessSignature.parse(password);
        if (parsed.isEmpty()) {
            return new Authentication.Refused("no shared access signature");
        }
        SharedAccessSignature token = parsed.get();
        // Without the skew that requests have: the connection ends with its token, so it would end at once.
        if (!token.expiry().isAfter(now)) {
            return new Authentication.Refused("token expired");
        }
        if (!token.covers(hosts, claim.resource())) {
            return new Authentication.Refused("token of another resource");
        }
        boolean signed = token.keyName().isEmpty()
                ? isSignedWith(terms.getCredentials(), token) || isSignedWith(terms.getDeviceCredentials(), token)
                : policies.named(token.keyName().get())
                        .filter(policy -> policy.rights().contains(Right.DEVICE_CONNECT))
                        .map(SharedAccessPolicy::keys)
                        .filter(token::isSignedWith)
                        .isPresent();
        return signed
                ? new Authentication.Accepted(Optional.of(token.expiry()))
                : new Authentication.Refused("wrong signature");
    }

    private static boolean isSignedWith(@Nullable Credentials credentials, SharedAccessSignature token) {
        return credentials != null
                && credentials.getType() == AuthenticationType.SAS
                && token.isSignedWith(new KeyPair(credentials.getPrimaryKey(), credentials.getSecondaryKey()));
    }

    private static boolean hasThumbprint(X509Certificate certificate, @Nullable String thumbprint) {
        if (thumbprint == null) {
            return false;
        }
        try {
            String algorithm = thumbprint.length() == SHA1_DIGITS ? "SHA-1" : "SHA-256";
            byte[] digest = MessageDigest.getInstance(algorithm).digest(certificate.getEncoded());
            return MessageDigest.isEqual(digest, HexFormat.of().parseHex(thumbprint));
        } catch (NoSuchAlgorithmException | CertificateEncodingException | IllegalArgumentException e) {
            return false;
        }
    }
}
