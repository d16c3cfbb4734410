package io.muster.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Holds two keys, either of which is good, so that one can be changed while the other is in use. Base64; never shown. */
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

    /** Returns the key to sign with: the first that can be used; empty where both are missing, blank or no base64. */
    public Optional<String> signing() {
        return usable().findFirst();
    }

    /** Returns those of the two that could have signed something. */
    List<byte[]> decoded() {
        return usable().map(Base64.getDecoder()::decode).toList();
    }

    /** Returns whether a text is one of the two. Takes the same time whether it is or not. */
    boolean contains(byte[] text) {
        boolean found = false;
        for (String key : usable().toList()) {
            found |= MessageDigest.isEqual(key.getBytes(StandardCharsets.UTF_8), text);
        }
        return found;
    }

    private Stream<String> usable() {
        return Stream.of(primary, secondary).filter(KeyPair::isUsable);
    }

    private static boolean isUsable(@Nullable String key) {
        try {
            return key != null && Base64.getDecoder().decode(key).length > 0;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return "KeyPair[…]";
    }
}
