package io.muster.system;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/** Makes wrong input of right input. The seed decides all of it. For one thread. */
final class Mutations {
    private static final int MOST = 4;
    private static final List<String> WORDS = List.of(
            "",
            "\"",
            "'",
            "\\",
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            ",",
            ".",
            "*",
            "/",
            "?",
            "#",
            "+",
            "-1",
            "0",
            "1e999",
            "NaN",
            "9223372036854775808",
            "null",
            "true",
            "\u0000",
            "\ud83d\ude00",
            "%00",
            "..",
            "$",
            "SELECT",
            "FROM",
            "WHERE",
            "NOT",
            "OVER",
            "BETWEEN",
            "IN",
            "AND");

    private final SplittableRandom random;

    Mutations(long seed) {
        this.random = new SplittableRandom(seed);
    }

    SplittableRandom random() {
        return random;
    }

    <T> T oneOf(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    String of(String right) {
        return new String(of(right.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    byte[] of(byte[] right) {
        byte[] wrong = right;
        for (int i = random.nextInt(MOST); i >= 0; i--) {
            wrong = once(wrong);
        }
        return wrong;
    }

    private byte[] once(byte[] from) {
        int at = from.length == 0 ? 0 : random.nextInt(from.length);
        int end = at + (from.length == at ? 0 : random.nextInt(Math.min(16, from.length - at) + 1));
        ByteArrayOutputStream to = new ByteArrayOutputStream(from.length + 32);
        to.write(from, 0, at);
        switch (random.nextInt(6)) {
            case 0 -> to.write(random.nextInt(256)); // In front of what is there.
            case 1 -> at = end; // Without a part.
            case 2 -> to.writeBytes(oneOf(WORDS).getBytes(StandardCharsets.UTF_8));
            case 3 -> to.write(from, at, end - at); // Twice.
            case 4 -> {
                to.writeBytes(oneOf(WORDS).getBytes(StandardCharsets.UTF_8));
                at = end;
            }
            default -> {
                if (at < from.length) {
                    to.write(from[at] ^ (1 << random.nextInt(8)));
                    at++;
                }
            }
        }
        to.write(from, at, from.length - at);
        return to.toByteArray();
    }
}
