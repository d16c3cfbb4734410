package io.muster.access;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
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

    /** Those of the two that could have signed something: a key that is missing, empty or no base64 has not. */
    List<byte[]> decoded() {
        List<byte[]> keys = new ArrayList<>(2);
        for (String key : Arrays.asList(primary, secondary)) {
            if (key != null && !key.isEmpty()) {
                try {
                    keys.add(Base64.getDecoder().decode(key));
                } catch (IllegalArgumentException e) {
                    continue;
                }
            }
        }
        return keys;
    }

    @Override
    public String toString() {
        return "KeyPair[…]";
    }
}
