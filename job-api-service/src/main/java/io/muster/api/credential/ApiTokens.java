package io.muster.api.credential;

import io.muster.api.access.Caller;
import io.muster.api.access.Role;
import io.muster.api.job.CatalogView;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.ApiToken;
import io.muster.records.CatalogItem;
import io.muster.records.TokenRole;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes API tokens and recognizes them. A token is a text of a random secret, an id and an end; the SHA-256 of the whole text is kept, so that none of its parts can be changed.
 * Thread-safe. Contract: iot-central, 1.1.
 */
public final class ApiTokens {
    /** Names the list of tokens in the catalog. */
    public static final String LIST = "apiTokens/";

    /** Matches an API token: its end has milliseconds, by which it differs from a policy's token. */
    private static final Pattern FORM = Pattern.compile(
            "SharedAccessSignature sr=[^&]{1,255}&sig=[^&]{1,255}&skn=([A-Za-z0-9_-]{1,255})&se=\\d{13,15}");

    private static final String BEARER = "Bearer ";
    private static final int SECRET_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final CatalogView catalog;

    /** Recognizes the tokens of a catalog. */
    public ApiTokens(CatalogView catalog) {
        this.catalog = catalog;
    }

    /** Draws a token. @param app the name of the application, as the client reached it */
    public static String draw(String app, String id, Instant expiresAt) {
        byte[] secret = new byte[SECRET_BYTES];
        RANDOM.nextBytes(secret);
        return "SharedAccessSignature sr=" + encoded(app) + "&sig="
                + encoded(Base64.getEncoder().encodeToString(secret)) + "&skn=" + id + "&se="
                + expiresAt.toEpochMilli();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Returns what is kept of a token: its SHA-256 in hexadecimal. */
    public static String hash(String token) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Returns who holds a token.
     *
     * @param authorization the token, behind the word Bearer or not
     * @return empty where it is no API token at all
     * @throws ProblemException (401) where it is one that was never made, was revoked or has expired
     */
    public Optional<Caller> holder(@Nullable String authorization, Instant now) {
        if (authorization == null) {
            return Optional.empty();
        }
        String token = authorization.startsWith(BEARER) ? authorization.substring(BEARER.length()) : authorization;
        Matcher form = FORM.matcher(token);
        if (!form.matches()) {
            return Optional.empty();
        }
        CatalogItem item = catalog.get(LIST + form.group(1)).orElseThrow(ApiTokens::unknown);
        ApiToken known = (ApiToken) item.getContent();
        boolean isIt = MessageDigest.isEqual(
                known.getHash().getBytes(StandardCharsets.US_ASCII), hash(token).getBytes(StandardCharsets.US_ASCII));
        if (!isIt || !known.getExpiresAt().isAfter(now)) {
            throw unknown();
        }
        return Optional.of(
                new Caller.Token(form.group(1), role(known.getRole()), Optional.ofNullable(item.getOrganization())));
    }

    private static ProblemException unknown() {
        return new ProblemException(
                Problem.unauthorized("The API token is unknown, was revoked or has expired: make another."));
    }

    private static Role role(TokenRole role) {
        return switch (role) {
            case READ -> Role.READ;
            case OPERATE -> Role.OPERATE;
            case ADMINISTER -> Role.ADMINISTER;
        };
    }
}
