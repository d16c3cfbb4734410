package io.muster.api.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.muster.api.json.ProblemException;
import java.text.ParseException;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks tokens of an OpenID provider: JSON Web Tokens that it signed, for us, with a role. Thread-safe. Source: RFC 7519, RFC 9068 and
 * OpenID Connect Core; a token that names several roles counts by the highest.
 */
public final class PersonTokens {
    /** Lists the algorithms of a provider's own keys, and none of a shared secret. */
    private static final Set<JWSAlgorithm> ALGORITHMS = Stream.of(JWSAlgorithm.Family.RSA, JWSAlgorithm.Family.EC)
            .flatMap(Collection::stream)
            .collect(Collectors.toUnmodifiableSet());

    private static final int MOST_CHARACTERS = 16 * 1024;

    private final String issuer;
    private final String audience;
    private final List<String> rolesClaim;
    private final Keys keys;

    /** Returns the provider's keys as they are now. */
    @FunctionalInterface
    public interface Keys {
        /**
         * Returns the keys that the provider signs with; does not block.
         *
         * @param keyId that a token names, null if it names none: where it is unknown, the provider is asked
         * @throws ProblemException while the provider is being asked, or does not answer and never did
         */
        JWKSet withId(@Nullable String keyId);
    }

    /** Accepts tokens of one issuer that name the audience. @param rolesClaim where the roles stand in a token: names of members, with dots between them */
    public PersonTokens(String issuer, String audience, String rolesClaim, Keys keys) {
        this.issuer = issuer;
        this.audience = audience;
        this.rolesClaim = List.of(rolesClaim.split("\\."));
        this.keys = keys;
    }

    /** Returns whether a text has the form of such a token, valid or not. */
    static boolean hasForm(String token) {
        return token.startsWith("eyJ") && token.indexOf('.') > 0;
    }

    /** Returns the person whose token it is. @throws ProblemException when it is not right */
    Caller.Person check(String token, Instant now) {
        SignedJWT parsed = parse(token);
        return person(claims(parsed, keys.withId(parsed.getHeader().getKeyID()), now));
    }

    private static SignedJWT parse(String token) {
        try {
            if (token.length() <= MOST_CHARACTERS) {
                return SignedJWT.parse(token);
            }
        } catch (ParseException e) {
            // Refused below.
        }
        throw Gate.refuse("The token is not a JSON Web Token that the provider signed: get one from the provider.");
    }

    private JWTClaimsSet claims(SignedJWT token, JWKSet known, Instant now) {
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, new ImmutableJWKSet<>(known)));
        processor.setJWTClaimsSetVerifier(
                new DefaultJWTClaimsVerifier<>(
                        audience, new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("sub", "exp")) {
                    @Override
                    protected Date currentTime() {
                        return Date.from(now);
                    }
                });
        try {
            return processor.process(token, null);
        } catch (BadJOSEException | JOSEException e) {
            throw Gate.refuse("The token of " + issuer + " is not right: " + e.getMessage() + ".");
        }
    }

    private Caller.Person person(JWTClaimsSet claims) {
        Role role = roles(claims)
                .flatMap(word -> Role.of(word).stream())
                .max(Comparator.naturalOrder())
                .orElseThrow(() -> Gate.refuse("The token names no role of Muster in " + String.join(".", rolesClaim)
                        + ": give the person muster.read, muster.operate or muster.administer."));
        String subject = claims.getSubject();
        return new Caller.Person(
                subject,
                text(claims.getClaim("preferred_username"))
                        .or(() -> text(claims.getClaim("email")))
                        .orElse(subject),
                role);
    }

    private Stream<String> roles(JWTClaimsSet claims) {
        @Nullable Object value = claims.getClaims();
        for (String name : rolesClaim) {
            value = value instanceof Map<?, ?> members ? members.get(name) : null;
        }
        return switch (value) {
            case String words -> Stream.of(words.split(" "));
            case Collection<?> words -> words.stream().map(String::valueOf);
            case null, default -> Stream.empty();
        };
    }

    private static Optional<String> text(@Nullable Object claim) {
        return claim instanceof String text && !text.isBlank() ? Optional.of(text) : Optional.empty();
    }
}
