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
    /** Bounds the objects that lie in each other below the section, which itself is none of them. */
    private static final int DEPTH = 10;

    private static final int LONGEST_SHOWN = 200;
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

    /** Returns the fault of a patch of this section, as one sentence that names its place; read-only members at its top are no fault. */
    Optional<String> fault(Map<String, Object> patch) {
        return Optional.ofNullable(faultIn(patch, 0, true, false))
                .map(fault -> fault.sentence().formatted(fault.shown(), words));
    }

    /**
     * Is a fault and its place.
     *
     * @param sentence with the place, and the section's words behind it, to be put in
     * @param path from the outermost value that was looked at, such as {@code a.list[3].b}; "" for that itself
     */
    private record Fault(String sentence, String path) {
        Fault within(String step) {
            return new Fault(sentence, path.isEmpty() || path.startsWith("[") ? step + path : step + '.' + path);
        }

        String shown() {
            return path.length() <= LONGEST_SHOWN ? path : path.substring(0, LONGEST_SHOWN) + "…";
        }
    }

    /** Returns the fault of an object. @param depth of the objects that lie in each other; arrays don't count. Rule: iot-hub contract, 5.2, by issue 21 */
    private static @Nullable Fault faultIn(Map<?, ?> object, int depth, boolean top, boolean inArray) {
        if (depth > DEPTH) {
            return new Fault("The value %s in the %s is nested deeper than " + DEPTH + " levels.", "");
        }
        for (Map.Entry<?, ?> member : object.entrySet()) {
            String key = (String) member.getKey();
            if (top && isReadOnly(key)) {
                continue;
            }
            @Nullable Fault fault = faultOfKey(key);
            if (fault == null) {
                fault = faultOfValue(member.getValue(), depth, inArray);
            }
            if (fault != null) {
                return fault.within(key);
            }
        }
        return null;
    }

    private static @Nullable Fault faultOfKey(String key) {
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if (Character.isISOControl(c) || c == '.' || c == '$' || c == ' ' || c == '#') {
                return new Fault(
                        "Property or Tag name has invalid characters: the name %s in the %s holds a control character, '.', '$', '#' or a blank.",
                        "");
            }
        }
        return key.length() > KEY_BYTES || utf8(key) > KEY_BYTES
                ? new Fault("The name %s in the %s is longer than " + KEY_BYTES + " bytes.", "")
                : null;
    }

    private static @Nullable Fault faultOfValue(@Nullable Object value, int depth, boolean inArray) {
        return switch (value) {
            case null ->
                inArray ? new Fault("The value %s in the %s is null, which values in arrays can't be.", "") : null;
            case Map<?, ?> object -> faultIn(object, depth + 1, false, inArray);
            case List<?> array -> faultOfArray(array, depth);
            case String text ->
                utf8(text) > STRING_BYTES
                        ? new Fault("The value of %s in the %s is longer than " + STRING_BYTES + " bytes.", "")
                        : null;
            case Double _ -> null;
            case Number number ->
                number.doubleValue() > LARGEST_INTEGER || number.doubleValue() < SMALLEST_INTEGER
                        ? new Fault("The integer %s in the %s is beyond 52 bits.", "")
                        : null;
            default -> null;
        };
    }

    private static @Nullable Fault faultOfArray(List<?> array, int depth) {
        for (int i = 0; i < array.size(); i++) {
            @Nullable Fault fault = faultOfValue(array.get(i), depth, true);
            if (fault != null) {
                return fault.within("[" + i + "]");
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
