package io.muster.planner.fleet;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Names the sections of a twin, and checks their content. Rules: iot-hub contract, 5.2. */
enum Section {
    TAGS("tags", 8 * 1024),
    DESIRED("desired properties", 32 * 1024),
    REPORTED("reported properties", 32 * 1024);

    /** Bounds the characters of a section's JSON: four times the largest size, for names and punctuation. */
    static final int LONGEST_TEXT = 128 * 1024;

    private static final int KEY_BYTES = 1024;
    private static final int STRING_BYTES = 4096;
    /** Bounds the objects and arrays that lie in each other below the section, which itself is none of them. */
    private static final int DEPTH = 10;

    private static final double LARGEST_INTEGER = 4503599627370495.0;
    private static final double SMALLEST_INTEGER = -4503599627370496.0;
    private static final int NUMBER_SIZE = 8;
    private static final int BOOLEAN_SIZE = 4;

    private final String words;
    private final int sizeLimit;

    Section(String words, int sizeLimit) {
        this.words = words;
        this.sizeLimit = sizeLimit;
    }

    String words() {
        return words;
    }

    int sizeLimit() {
        return sizeLimit;
    }

    /** Returns the fault of a patch of this section, as one sentence; read-only members at its top are no fault. */
    Optional<String> fault(Map<String, Object> patch) {
        return Optional.ofNullable(faultIn(patch, 0, true));
    }

    private @Nullable String faultIn(Map<?, ?> object, int depth, boolean top) {
        if (depth > DEPTH) {
            return "The " + words + " are nested deeper than " + DEPTH + " levels.";
        }
        for (Map.Entry<?, ?> member : object.entrySet()) {
            String key = (String) member.getKey();
            if (top && isReadOnly(key)) {
                continue;
            }
            @Nullable String fault = faultOfKey(key);
            if (fault == null) {
                fault = faultOfValue(key, member.getValue(), depth);
            }
            if (fault != null) {
                return fault;
            }
        }
        return null;
    }

    private @Nullable String faultOfKey(String key) {
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if (Character.isISOControl(c) || c == '.' || c == '$' || c == ' ' || c == '#') {
                return "Property or Tag name has invalid characters: a name in the " + words
                        + " holds no control character, '.', '$', '#' or blank.";
            }
        }
        if (key.isEmpty()) {
            return "A name in the " + words + " is empty.";
        }
        if (key.length() > KEY_BYTES || utf8(key) > KEY_BYTES) {
            return "A name in the " + words + " is longer than " + KEY_BYTES + " bytes.";
        }
        return null;
    }

    private @Nullable String faultOfValue(String key, @Nullable Object value, int depth) {
        return switch (value) {
            case null -> null;
            case Map<?, ?> object -> faultIn(object, depth + 1, false);
            case List<?> array -> faultOfArray(key, array, depth + 1);
            case String text ->
                utf8(text) > STRING_BYTES
                        ? "The value of " + key + " in the " + words + " is longer than " + STRING_BYTES + " bytes."
                        : null;
            case Double _ -> null;
            case Number number ->
                number.doubleValue() > LARGEST_INTEGER || number.doubleValue() < SMALLEST_INTEGER
                        ? "The integer " + key + " in the " + words + " is beyond 52 bits."
                        : null;
            default -> null;
        };
    }

    private @Nullable String faultOfArray(String key, List<?> array, int depth) {
        if (depth > DEPTH) {
            return "The " + words + " are nested deeper than " + DEPTH + " levels.";
        }
        for (Object element : array) {
            if (element == null) {
                return "The array " + key + " in the " + words + " holds a null.";
            }
            @Nullable String fault = faultOfValue(key, element, depth);
            if (fault != null) {
                return fault;
            }
        }
        return null;
    }

    /** Returns the size that counts against the limit: keys and values, not punctuation. */
    static int size(@Nullable Object value) {
        return switch (value) {
            case Map<?, ?> object -> {
                int sum = 0;
                for (Map.Entry<?, ?> member : object.entrySet()) {
                    sum += utf8((String) member.getKey()) + size(member.getValue());
                }
                yield sum;
            }
            case List<?> array -> {
                int sum = 0;
                for (Object element : array) {
                    sum += size(element);
                }
                yield sum;
            }
            case String text -> lengthWithoutControls(text);
            case Number _ -> NUMBER_SIZE;
            case Boolean _ -> BOOLEAN_SIZE;
            case null, default -> 0;
        };
    }

    static boolean isReadOnly(String key) {
        return key.equals("$metadata") || key.equals("$version");
    }

    private static int lengthWithoutControls(String text) {
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            if (!Character.isISOControl(text.charAt(i))) {
                length++;
            }
        }
        return length;
    }

    private static int utf8(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return text.getBytes(StandardCharsets.UTF_8).length;
            }
        }
        return text.length();
    }
}
