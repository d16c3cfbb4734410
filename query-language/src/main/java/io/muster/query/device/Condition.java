package io.muster.query.device;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Holds a compiled {@code WHERE} part of a query. Immutable and thread-safe. Contract: iot-hub, 3.1 to 3.4. */
public final class Condition {
    /** Precedes a job's condition in IoT Hub's service; columns in errors count it. */
    public static final String PREFIX = "SELECT * FROM devices WHERE ";

    private final Source source;
    private final Expression expression;
    private final @Nullable Set<String> deviceIds;
    private final List<Equality> equalities;

    /**
     * Holds for every row that matches: the member on that path has that value.
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
     * Parses the condition of a job.
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

    /** Returns whether the row is selected: the value is true, and not merely defined. */
    public boolean matches(Row row) {
        return expression.evaluate(row) == Boolean.TRUE;
    }

    /** Returns the only devices that can match; empty where the condition doesn't name them, so that all must be searched. */
    public Optional<Set<String>> deviceIds() {
        return Optional.ofNullable(deviceIds);
    }

    /** Returns equalities that hold for every row that matches: an index may be asked for one of them. */
    public List<Equality> equalities() {
        return equalities;
    }
}
