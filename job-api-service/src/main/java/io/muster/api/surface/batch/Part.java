package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads an object of a document, and refuses what it can't honour by its name. Contract: batch, 3.4.
 *
 * @param path of the object, with a dot behind it; empty for the root
 */
record Part(JsonBody body, String path) {
    private static final int LONGEST_SHOWN = 100;

    static Part of(JsonBody body) {
        return new Part(body, "");
    }

    /** Refuses members that are not honoured, and those that Batch doesn't have. @param missing why a member is not honoured, by its name */
    Part only(Members known, Map<String, String> missing) {
        missing.forEach((name, why) -> {
            if (body.member(name).filter(Part::isSaying).isPresent()) {
                throw wrong(name, why);
            }
        });
        body.rejectOthers(known.and(missing.keySet().toArray(String[]::new)));
        return this;
    }

    /** Returns whether a member says anything: clients send empty arrays and false for what they leave out. */
    private static boolean isSaying(JsonNode node) {
        return !(node.isContainerNode() && node.isEmpty()) && !(node.isBoolean() && !node.booleanValue());
    }

    /** Returns the refusal of a member's value. */
    ProblemException wrong(String name, String why) {
        String value = body.member(name)
                .map(node -> node.isTextual() ? node.textValue() : node.toString())
                .orElse("null");
        return invalid(path + name, value, why);
    }

    /** Returns the refusal of a member's value. @param member with its path */
    static ProblemException invalid(String member, @Nullable String value, String why) {
        return new ProblemException(problem(member, value, why));
    }

    static Problem problem(String member, @Nullable String value, String why) {
        Problem problem = new Problem(400, "InvalidPropertyValue", member + ": " + why).with("PropertyName", member);
        return (value == null ? problem : problem.with("PropertyValue", cut(value))).with("Reason", why);
    }

    private static String cut(String text) {
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "…";
    }

    /** Returns a text that must be there. */
    String needed(String name) {
        return body.text(name).orElseThrow(() -> missing(name));
    }

    /** Returns the refusal of an object without a member. */
    ProblemException missing(String name) {
        return new ProblemException(
                new Problem(400, "MissingRequiredProperty", "The member " + path + name + " is missing.")
                        .with("PropertyName", path + name));
    }

    @Nullable
    String text(String name) {
        return body.text(name).orElse(null);
    }

    Optional<Part> object(String name) {
        return body.object(name).map(part -> new Part(part, path + name + "."));
    }

    List<Part> objects(String name) {
        List<JsonBody> bodies = body.objects(name);
        return IntStream.range(0, bodies.size())
                .mapToObj(i -> new Part(bodies.get(i), path + name + "[" + i + "]."))
                .toList();
    }

    /** Returns a number within bounds; empty where it is missing. */
    Optional<Integer> number(String name, int least, int most) {
        Optional<Integer> number = body.number(name);
        if (number.isPresent() && (number.get() < least || number.get() > most)) {
            throw wrong(name, "Give a whole number from " + least + " to " + most + ".");
        }
        return number;
    }

    /** Returns a duration in milliseconds, -1 for no limit; empty where it is missing. */
    Optional<Long> duration(String name) {
        return body.text(name)
                .map(text -> Durations.millis(text)
                        .orElseThrow(() -> wrong(name, "Give a duration above nothing, such as PT15M or P1DT2H.")));
    }

    /** Returns a constant; empty where the member is missing. */
    <E extends Enum<E>> Optional<E> word(String name, Class<E> type) {
        return body.text(name)
                .map(text -> Words.constant(type, text)
                        .orElseThrow(() -> wrong(
                                name,
                                "Give one of "
                                        + Arrays.stream(type.getEnumConstants())
                                                .map(Words::of)
                                                .toList()
                                        + ".")));
    }
}
