package io.muster.api.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.jwk.JWKSet;
import io.muster.access.TrustedAuthorities;
import io.muster.api.access.PersonTokens;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the keys by which an OpenID provider signs, from its discovery document: at the start, when its keys are five minutes old,
 * and when a token names one that is not known, though not more than once in five seconds. While it does not answer, the keys that are
 * known stay in use. Thread-safe. Source: OpenID Connect Discovery 1.0, section 4.
 */
public final class OpenIdProvider implements PersonTokens.Keys {
    private static final Logger LOG = LoggerFactory.getLogger(OpenIdProvider.class);
    private static final String DISCOVERY = "/.well-known/openid-configuration";
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final Duration FRESH = Duration.ofMinutes(5);
    private static final Duration BETWEEN = Duration.ofSeconds(5);
    private static final long LARGEST_ANSWER = 1024 * 1024;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String issuer;
    private final InstantSource clock;
    private final HttpClient http;
    private @Nullable JWKSet known;
    private Instant askedAt = Instant.MIN;
    private boolean asking;

    /**
     * Names the provider, and the claims that its tokens must have.
     *
     * @param issuer as it stands in tokens; HTTPS, or on this machine
     * @param audience that tokens for us name
     * @param rolesClaim see {@link PersonTokens}
     * @param authorities in PEM, who may have signed the provider's certificate; empty for those that Java trusts
     */
    public record Options(String issuer, String audience, String rolesClaim, Optional<Path> authorities) {
        /** Rejects an issuer that is neither HTTPS nor on this machine. @throws IllegalArgumentException when the issuer is no such address */
        public Options {
            if (!isSafe(URI.create(issuer))) {
                throw new IllegalArgumentException("The OpenID provider is an https address, issuer=" + issuer);
            }
        }
    }

    /** Begins to ask for the keys. @throws IOException when the file of authorities can't be used */
    public OpenIdProvider(String issuer, Optional<Path> authorities, InstantSource clock) throws IOException {
        this.issuer = issuer;
        this.clock = clock;
        HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(LIMIT);
        if (authorities.isPresent()) {
            builder.sslContext(TrustedAuthorities.tls(authorities.get()));
        }
        this.http = builder.build();
        ask(clock.instant());
    }

    private static boolean isSafe(URI address) {
        boolean here = "http".equals(address.getScheme())
                && ("localhost".equals(address.getHost()) || "127.0.0.1".equals(address.getHost()));
        return address.getHost() != null && ("https".equals(address.getScheme()) || here);
    }

    @Override
    public synchronized JWKSet withId(@Nullable String keyId) {
        Instant now = clock.instant();
        boolean suffices = known != null && (keyId == null || known.getKeyByKeyId(keyId) != null);
        if (!asking && !now.isBefore(askedAt.plus(suffices ? FRESH : BETWEEN))) {
            ask(now);
        }
        if (known == null || (!suffices && asking)) {
            throw new ProblemException(Problem.unavailable(
                    "The keys of the OpenID provider " + issuer + " are not known yet: try again in a moment."));
        }
        return known;
    }

    private synchronized void ask(Instant now) {
        askedAt = now;
        asking = true;
        get(URI.create(issuer.replaceAll("/$", "") + DISCOVERY))
                .thenCompose(document -> get(keysOf(document)))
                .thenApply(OpenIdProvider::keys)
                .whenComplete(this::answered);
    }

    private synchronized void answered(@Nullable JWKSet keys, @Nullable Throwable failure) {
        asking = false;
        if (keys != null) {
            known = keys;
        } else if (failure != null) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            LOG.warn("The keys of the OpenID provider can't be read, issuer={} why={}", issuer, cause.toString());
        }
    }

    private CompletableFuture<byte[]> get(URI address) {
        HttpRequest request = HttpRequest.newBuilder(address).timeout(LIMIT).build();
        return http.sendAsync(
                        request,
                        HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), LARGEST_ANSWER))
                .thenApply(response -> {
                    if (response.statusCode() != 200) {
                        throw wrong(address + " answers " + response.statusCode(), null);
                    }
                    return response.body();
                });
    }

    private URI keysOf(byte[] document) {
        JsonNode parsed;
        try {
            parsed = JSON.readTree(document);
        } catch (IOException e) {
            throw wrong("The discovery document is no JSON", e);
        }
        if (!issuer.equals(parsed.path("issuer").asText())) {
            throw wrong("The discovery document is of another issuer: " + parsed.path("issuer"), null);
        }
        URI keys = URI.create(parsed.path("jwks_uri").asText());
        if (!isSafe(keys)) {
            throw wrong("The provider's keys are not at an https address: " + keys, null);
        }
        return keys;
    }

    private static JWKSet keys(byte[] document) {
        try {
            return JWKSet.load(new ByteArrayInputStream(document));
        } catch (IOException | ParseException e) {
            throw wrong("The provider's keys can't be read", e);
        }
    }

    private static CompletionException wrong(String what, @Nullable Throwable cause) {
        return new CompletionException(what, new IOException(what, cause));
    }
}
