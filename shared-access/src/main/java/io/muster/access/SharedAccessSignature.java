package io.muster.access;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Is a token: says who may do something under a resource, until when. The signature covers the resource's text as it stands in the token, so
 * that text is kept raw. Immutable; never shows its signature.
 */
public final class SharedAccessSignature {
    private static final String SCHEME = "SharedAccessSignature ";
    private static final String HMAC = "HmacSHA256";
    private static final int LONGEST = 4096;
    private static final Duration SKEW = Duration.ofMinutes(5);

    private final String rawResource;
    private final String signature;
    private final String rawExpiry;
    private final Instant expiry;
    private final @Nullable String keyName;

    private SharedAccessSignature(
            String rawResource, String signature, String rawExpiry, Instant expiry, @Nullable String keyName) {
        this.rawResource = rawResource;
        this.signature = signature;
        this.rawExpiry = rawExpiry;
        this.expiry = expiry;
        this.keyName = keyName;
    }

    /** Parses a token; its parts may come in any order. Empty when the text is no such token, or holds what would break a line of a log. */
    public static Optional<SharedAccessSignature> parse(String text) {
        if (text.length() > LONGEST
                || !text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                || text.chars().anyMatch(Character::isISOControl)) {
            return Optional.empty();
        }
        Map<String, String> parts = new HashMap<>();
        for (String part : text.substring(SCHEME.length()).strip().split("&")) {
            int equals = part.indexOf('=');
            if (equals < 1 || parts.put(part.substring(0, equals), part.substring(equals + 1)) != null) {
                return Optional.empty();
            }
        }
        String resource = parts.get("sr");
        String signature = parts.get("sig");
        String expiry = parts.get("se");
        if (resource == null || signature == null || expiry == null || !expiry.matches("\\d{1,12}")) {
            return Optional.empty();
        }
        try {
            String keyName = parts.get("skn");
            return Optional.of(new SharedAccessSignature(
                    resource,
                    decode(signature),
                    expiry,
                    Instant.ofEpochSecond(Long.parseLong(expiry)),
                    keyName == null || keyName.isEmpty() ? null : decode(keyName)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Makes a token as clients do.
     *
     * @param resource host, or host and path, not encoded
     * @param key base64
     * @param keyName the policy's name; null for a device's own key
     * @throws IllegalArgumentException when the key is no base64, or empty
     */
    public static String sign(String resource, String key, @Nullable String keyName, Instant expiry) {
        String raw = encode(resource);
        String seconds = Long.toString(expiry.getEpochSecond());
        String signature = encode(
                Base64.getEncoder().encodeToString(hmac(Base64.getDecoder().decode(key), raw + "\n" + seconds)));
        String token = SCHEME + "sr=" + raw + "&sig=" + signature + "&se=" + seconds;
        return keyName == null ? token : token + "&skn=" + encode(keyName);
    }

    /** Returns the policy that it names; empty when it is signed with a device's own key. */
    public Optional<String> keyName() {
        return Optional.ofNullable(keyName);
    }

    public Instant expiry() {
        return expiry;
    }

    /** Returns the signature in base64: the same for all texts of one token, which may have its parts in another order and be escaped otherwise. Not to be shown. */
    public String signature() {
        return signature;
    }

    /** Returns whether it is expired; clocks may differ by five minutes. */
    public boolean isExpired(Instant now) {
        return expiry.plus(SKEW).isBefore(now);
    }

    /** Returns whether either key made it. Takes the same time whether it did or not. */
    public boolean isSignedWith(KeyPair keys) {
        return isSigned(rawResource + "\n" + rawExpiry, signature, keys);
    }

    /** Returns whether a signature in base64 is of a text, and made with one of the keys. Takes the same time whether it is or not. */
    static boolean isSigned(String text, String signature, KeyPair keys) {
        byte[] given = signature.getBytes(StandardCharsets.UTF_8);
        boolean matches = false;
        for (byte[] key : keys.decoded()) {
            String made = Base64.getEncoder().encodeToString(hmac(key, text));
            matches |= MessageDigest.isEqual(made.getBytes(StandardCharsets.UTF_8), given);
        }
        return matches;
    }

    /**
     * Returns whether it covers a resource, segment by segment: {@code /a/b} covers {@code /a/b/c} and not {@code /a/bc}.
     *
     * @param path begins with a slash
     */
    public boolean covers(HubHosts hosts, String path) {
        String resource;
        try {
            resource = decode(rawResource);
        } catch (IllegalArgumentException e) {
            return false;
        }
        int slash = resource.indexOf('/');
        String host = slash < 0 ? resource : resource.substring(0, slash);
        String scope = slash < 0 ? "" : resource.substring(slash).replaceAll("/+$", "");
        return hosts.include(host) && (path.equals(scope) || path.startsWith(scope + "/"));
    }

    @Override
    public String toString() {
        return "SharedAccessSignature[sr=" + rawResource + ", se=" + rawExpiry + ", skn=" + keyName + "]";
    }

    /** Encodes as paths are: a space is {@code %20}. */
    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Decodes; a plus stays a plus: tokens encode as paths do, and the Java client leaves its key name raw. */
    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalArgumentException("a key that no HMAC can use", e);
        }
    }
}
