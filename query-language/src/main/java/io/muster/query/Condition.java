package io.muster.query;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The {@code WHERE} part of a query, compiled. Immutable and thread-safe. Contract: iot-hub, 3.1 to 3.4.
 */
public final class Condition {
    /** The text that IoT Hub's service puts before a job's condition; columns in errors count it. */
    public static final String PREFIX = "SELECT * FROM devices WHERE ";

    private final Source source;
    private final Expression expression;
    private final @Nullable Set<String> deviceIds;
    private final List<Equality> equalities;

    /**
     * A row matches only if the member on that path has that value.
     *
     * @param path names, the top-level one in its canonical spelling
     * @param value {@code String}, {@code Number}, {@code Boolean}, or {@link Values#NULL}
     */
    public record Equality(List<String> path, Object value) {}

    Condition(Source source, Expression expression, @Nullable Set<String> deviceIds, List<Equality> equalities) {
        this.source = source;
        this.expression = expression;
        this.deviceIds = deviceIds;
        this.equalities = equalities;
    }

    /**
     * The condition of a job.
     *
     * @throws QueryException when the text is no condition; the message says where and why
     */
    public static Condition parse(String text) throws QueryException {
        try {
            return Parsing.parse(text, Query.DIALECT, parser -> Compiler.condition(parser.condition()));
        } catch (QueryException e) {
            throw e.behind(PREFIX.length());
        }
    }

    /** Returns the twins that it is about. */
    public Source source() {
        return source;
    }

    /** Whether the row is selected: the value is true, and not merely defined. */
    public boolean matches(Row row) {
        return expression.evaluate(row) == Boolean.TRUE;
    }

    /** If present, no device outside the set can match: it may be looked up instead of searched for. */
    public Optional<Set<String>> deviceIds() {
        return Optional.ofNullable(deviceIds);
    }

    /** Each of them holds for every row that matches: an index may look one of them up. */
    public List<Equality> equalities() {
        return equalities;
    }
}
