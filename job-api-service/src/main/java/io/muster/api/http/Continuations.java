package io.muster.api.http;

import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Makes tokens that say where a list goes on: opaque to clients, they hold a text. */
public final class Continuations {
    private Continuations() {}

    /** Returns a token. */
    public static String token(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the text that a token is made of. @throws ProblemException when it is no token */
    public static String text(String token) {
        try {
            return new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw foreign();
        }
    }

    /** Returns the refusal of a token that another list gave, or nobody. */
    public static ProblemException foreign() {
        return new ProblemException(
                Problem.argumentInvalid("The continuation token is not of this list: begin with its first page."));
    }
}
