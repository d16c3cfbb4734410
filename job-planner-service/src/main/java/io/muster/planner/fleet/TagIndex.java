package io.muster.planner.fleet;

import io.muster.planner.json.Json;
import io.muster.query.device.Condition;
import io.muster.query.kernel.Values;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds devices by terms of their tags. A term is the path of a tag, NUL, its value; an entry of the index is a term, NUL, and a device id, so the
 * devices of one term stand in the order of their ids. Only single values are indexed, and no elements of arrays. Terms may fall together (long
 * texts, texts with NUL): a caller that looks one up evaluates each device that it finds.
 */
public final class TagIndex {
    private static final String TAGS = "tags";
    private static final int LONGEST_VALUE = 256;

    private TagIndex() {}

    /** Returns the terms of a section of tags, as it is stored. */
    public static Set<String> terms(String tags) {
        Set<String> terms = new TreeSet<>();
        collect("", Json.stored(tags), terms);
        return terms;
    }

    /** Returns a term that every matching device has; empty where the condition asks for no tag's value. */
    public static Optional<String> term(Condition condition) {
        return condition.equalities().stream()
                .filter(equality ->
                        equality.path().size() > 1 && equality.path().getFirst().equals(TAGS))
                .map(equality -> term(path(equality.path()), equality.value()))
                .findFirst();
    }

    /** Returns the entry of a device under a term. */
    public static String entry(String term, String deviceId) {
        return term + '\0' + deviceId;
    }

    /** Returns the device id in an entry. */
    public static String deviceId(String entry) {
        return entry.substring(entry.lastIndexOf('\0') + 1);
    }

    private static void collect(String path, Map<String, Object> object, Set<String> terms) {
        object.forEach((name, value) -> {
            String full = path + '.' + name;
            if (value instanceof Map<?, ?> nested) {
                @SuppressWarnings("unchecked") // An object's members are named by texts.
                Map<String, Object> members = (Map<String, Object>) nested;
                collect(full, members, terms);
            } else if (!(value instanceof List)) {
                terms.add(term(full, value));
            }
        });
    }

    private static String path(List<String> names) {
        return '.' + String.join(".", names.subList(1, names.size()));
    }

    private static String term(String path, @Nullable Object value) {
        String text = switch (value == null ? Values.NULL : Values.canonical(value)) {
            case String string -> 's' + string;
            case Boolean flag -> "b" + flag;
            case Number number -> "n" + number;
            default -> "z";
        };
        String bounded = text.length() > LONGEST_VALUE ? text.substring(0, LONGEST_VALUE) : text;
        return path + '\0' + bounded.replace('\0', ' ');
    }
}
