package io.muster.query.streamjob;

import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Holds the query of a stream job, and what the job has that it can name. Names are the same in any case. Contract: stream-analytics, 4.1 and
 * 4.5.
 *
 * @param text of the query
 * @param streams names of the inputs whose events it reads
 * @param references names of the inputs that it looks up
 * @param outputs names
 * @param functions of the job's user
 * @param level of compatibility
 */
public record JobQuery(
        String text,
        List<String> streams,
        List<String> references,
        List<String> outputs,
        List<JavaScriptFunction> functions,
        String level) {
    private static final String LEVEL_OF_LOWER_CASE = "1.0";

    public JobQuery {
        streams = List.copyOf(streams);
        references = List.copyOf(references);
        outputs = List.copyOf(outputs);
        functions = List.copyOf(functions);
    }

    /**
     * Compiles the query, and runs nothing of the functions.
     *
     * @param bodies how the functions are called
     * @throws QueryException where the query can't run
     * @throws EvaluationException where it names an input or an output that the job hasn't
     */
    public StreamQuery compile(Function<JavaScriptFunction, ScalarFunction.Body> bodies) throws QueryException {
        Map<String, ScalarFunction> callable = new HashMap<>();
        for (JavaScriptFunction function : functions) {
            callable.put(
                    lower(function.name()),
                    new ScalarFunction(function.parameters(), function.parameters(), bodies.apply(function)));
        }
        Set<String> lookedUp = references.stream().map(JobQuery::lower).collect(Collectors.toSet());
        StreamQuery query = StreamQuery.parse(text, lookedUp, callable, level.equals(LEVEL_OF_LOWER_CASE));
        rejectUnknown(
                "input",
                query.inputs().stream(),
                Stream.concat(streams.stream(), references.stream()).toList());
        rejectUnknown("output", query.outputs().stream().map(StreamQuery.Output::name), outputs);
        return query;
    }

    /**
     * Compiles the query where it isn't run: to see whether it can be.
     *
     * @throws QueryException where the query can't run
     * @throws EvaluationException where it names an input or an output that the job hasn't
     */
    public StreamQuery compile() throws QueryException {
        return compile(function -> _ -> {
            throw new IllegalStateException("UDF." + function.name() + " runs in the stream processor only");
        });
    }

    private static void rejectUnknown(String kind, Stream<String> named, Collection<String> names) {
        Set<String> known = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        known.addAll(names);
        named.filter(name -> !known.contains(name)).findFirst().ifPresent(name -> {
            throw new EvaluationException("The query names the " + kind + " '" + name + "', and the job has "
                    + (known.isEmpty() ? "none" : known) + ".");
        });
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
