package io.muster.query.device;

import io.muster.query.device.grammar.QueryLexer;
import io.muster.query.device.grammar.QueryParser;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.LazyObject;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

/**
 * Reads a member by its path: a top-level name in any case, then names in their own case and indexes of arrays. Contract: iot-hub, 3.1.
 *
 * @param steps {@code String} for a member, {@code Integer} for an index
 */
record Path(String top, List<Object> steps) implements Expression {
    private static final Map<String, String> TOP_NAMES = Stream.of(
                    "deviceId",
                    "moduleId",
                    "etag",
                    "deviceEtag",
                    "status",
                    "statusReason",
                    "statusUpdateTime",
                    "connectionState",
                    "lastActivityTime",
                    "cloudToDeviceMessageCount",
                    "authenticationType",
                    "x509Thumbprint",
                    "modelId",
                    "version",
                    "tags",
                    "properties",
                    "capabilities",
                    "deviceScope",
                    "parentScopes",
                    "jobId",
                    "jobType",
                    "startTimeUtc",
                    "endTimeUtc",
                    "createdDateTimeUtc",
                    "lastUpdatedDateTimeUtc",
                    "outcome",
                    "error")
            .collect(Collectors.toMap(name -> name.toLowerCase(Locale.ROOT), name -> name));
    /** Lists the members of rows of devices.jobs, which have none of twins: a condition on a twin's member would select nothing. Contract: iot-hub, 3.3. */
    private static final List<String> OF_DEVICE_JOBS = List.of(
            "jobId",
            "deviceId",
            "moduleId",
            "jobType",
            "status",
            "createdDateTimeUtc",
            "startTimeUtc",
            "endTimeUtc",
            "lastUpdatedDateTimeUtc",
            "outcome",
            "error");

    private static final Map<String, String> SYNONYMS =
            Map.of("id", "deviceId", "createdtimeutc", "createdDateTimeUtc");

    static Path of(QueryParser.PathContext path, Scope scope) {
        List<Object> steps = new ArrayList<>();
        steps.add(name(path.getStart()));
        for (QueryParser.StepContext step : path.step()) {
            steps.add(
                    step.name() == null
                            ? (Object) index(step)
                            : name(step.name().getStart()));
        }
        scope.strip(steps);
        String top = canonical((String) steps.removeFirst());
        if (scope.source() == Source.DEVICE_JOBS && !OF_DEVICE_JOBS.contains(top)) {
            throw Parsing.refuse(
                    path.getStart(), "A row of devices.jobs has no member '" + top + "'; it has " + OF_DEVICE_JOBS);
        }
        return new Path(top, List.copyOf(steps));
    }

    @Override
    public Object evaluate(Row row) {
        Object value = row.member(top);
        for (int i = 0; i < steps.size() && value != Values.UNDEFINED; i++) {
            value = step(value, steps.get(i));
        }
        return value instanceof LazyObject object ? object.whole() : value;
    }

    private static Object step(Object value, Object step) {
        if (step instanceof String name && value instanceof LazyObject object) {
            return object.member(name);
        }
        if (step instanceof String name && value instanceof Map<?, ?> object) {
            @Nullable Object member = object.get(name);
            return member != null ? member : object.containsKey(name) ? Values.NULL : Values.UNDEFINED;
        }
        if (step instanceof Integer index && value instanceof List<?> array && index < array.size()) {
            @Nullable Object element = array.get(index);
            return element == null ? Values.NULL : element;
        }
        return Values.UNDEFINED;
    }

    boolean isDeviceId() {
        return is("deviceId");
    }

    boolean is(String topName) {
        return top.equals(topName) && steps.isEmpty();
    }

    /** Returns the names; empty where the path has an index. */
    Optional<List<String>> names() {
        List<String> names = new ArrayList<>(List.of(top));
        for (Object step : steps) {
            if (!(step instanceof String name)) {
                return Optional.empty();
            }
            names.add(name);
        }
        return Optional.of(names);
    }

    /** Returns the last name, by which a column without an alias is called. */
    String lastName() {
        return steps.isEmpty() ? top : String.valueOf(steps.getLast());
    }

    private static String canonical(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return SYNONYMS.getOrDefault(lower, TOP_NAMES.getOrDefault(lower, name));
    }

    static String name(Token token) {
        String text = token.getText();
        return token.getType() == QueryLexer.QUOTED_NAME ? text.substring(2, text.length() - 2) : text;
    }

    private static Integer index(QueryParser.StepContext step) {
        Token token = step.INTEGER().getSymbol();
        try {
            return Integer.valueOf(token.getText());
        } catch (NumberFormatException e) {
            throw Parsing.refuse(
                    token,
                    "The index of an array is at most " + Integer.MAX_VALUE + ": write a smaller one than "
                            + token.getText());
        }
    }
}
