package io.muster.api.surface.batch;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Reads and writes constants as Batch's clients name them: in lower case and without underscores; read in any case. Contract: batch, 3.4. */
final class Words {
    private Words() {}

    static String of(Enum<?> constant) {
        return constant.name().replace("_", "").toLowerCase(Locale.ROOT);
    }

    /** Returns the constant of a word; empty where there is none. */
    static <E extends Enum<E>> Optional<E> constant(Class<E> type, String word) {
        return Arrays.stream(type.getEnumConstants())
                .filter(one -> of(one).equalsIgnoreCase(word))
                .findFirst();
    }
}
