package io.muster.planner.batch;

import io.muster.records.NameValue;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Bounds texts of users in documents of jobs, tasks and pools. */
public final class BatchTexts {
    /** Bounds the characters of all variables of an environment, names and values together; and those of metadata. */
    private static final int LONGEST_PAIRS = 32 << 10;

    private static final int MOST_PAIRS = 1000;
    private static final int LONGEST_NAME = 1024;

    private BatchTexts() {}

    /** Returns why a name, or another text of one line, can't be as it is. */
    public static Optional<String> nameFault(@Nullable String name) {
        return name != null && name.length() > LONGEST_NAME
                ? Optional.of("It has at most " + LONGEST_NAME + " characters.")
                : Optional.empty();
    }

    /** Returns why there can't be those pairs. */
    public static Optional<String> pairsFault(List<NameValue> pairs) {
        long characters = pairs.stream()
                .mapToLong(pair -> pair.getName().length() + pair.getValue().length())
                .sum();
        return pairs.size() > MOST_PAIRS || characters > LONGEST_PAIRS
                ? Optional.of("At most " + MOST_PAIRS + " of them, with " + LONGEST_PAIRS + " characters together.")
                : Optional.empty();
    }
}
