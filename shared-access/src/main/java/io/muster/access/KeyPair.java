package io.muster.access;

import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Two keys, either of which is good, so that one can be changed while the other is in use. Base64; never shown. */
public record KeyPair(@Nullable String primary, @Nullable String secondary) {
    private static final int BYTES = 32;

    public static KeyPair generate(SecureRandom random) {
        return new KeyPair(key(random), key(random));
    }

    private static String key(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }

    @Override
    public String toString() {
        return "KeyPair[…]";
    }
}
