package io.muster.api.credential;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Holds the user and the password of the scheme Basic: a policy's name, or a dollar and a site's name, and the policy's key. Contract: addresses, "Who may".
 *
 * @param user as it was given
 */
public record PolicyPassword(String user, String key) {
    private static final String SCHEME = "Basic ";
    private static final String OF_SITE = "$";

    /** Returns whether a header Authorization is of this scheme, right or not. */
    public static boolean hasScheme(@Nullable String authorization) {
        return authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    }

    /** Returns what a header Authorization of this scheme holds; empty where it makes no sense. */
    public static Optional<PolicyPassword> parse(String authorization) {
        String text;
        try {
            text = new String(
                    Base64.getDecoder()
                            .decode(authorization.substring(SCHEME.length()).strip()),
                    StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        int colon = text.indexOf(':');
        return colon < 0
                ? Optional.empty()
                : Optional.of(new PolicyPassword(text.substring(0, colon), text.substring(colon + 1)));
    }

    /** Returns the site that the user is of, in lower case; empty where it is a policy's. */
    public Optional<String> site() {
        return user.startsWith(OF_SITE)
                ? Optional.of(user.substring(OF_SITE.length()).toLowerCase(Locale.ROOT))
                : Optional.empty();
    }

    /** Returns the policy that the user is; empty where it is a site's. */
    public Optional<String> policy() {
        return user.startsWith(OF_SITE) ? Optional.empty() : Optional.of(user);
    }
}
