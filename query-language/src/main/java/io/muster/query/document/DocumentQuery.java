package io.muster.query.document;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/** Compiles the query of a stream job's document, with its reference inputs and functions. Contract: stream-analytics, 4.1 and 4.5. */
public final class DocumentQuery {
    private static final String JAVASCRIPT = "Microsoft.StreamAnalytics/JavascriptUdf";

    private DocumentQuery() {}

    /**
     * Compiles it, and runs nothing of its functions.
     *
     * @param properties of the document
     * @param bodies how its functions are called
     * @throws QueryException where the query can't run
     * @throws EvaluationException where a function can't be read, or it names an input or an output that the job hasn't
     */
    public static StreamQuery compile(JsonNode properties, Function<JavaScriptFunction, ScalarFunction.Body> bodies)
            throws QueryException {
        Map<String, ScalarFunction> functions = new HashMap<>();
        for (JavaScriptFunction function : functions(properties)) {
            functions.put(
                    lower(function.name()),
                    new ScalarFunction(function.parameters(), function.parameters(), bodies.apply(function)));
        }
        StreamQuery query = StreamQuery.parse(
                properties.at("/transformation/properties/query").asText(),
                references(properties),
                functions,
                properties.path("compatibilityLevel").asText().equals("1.0"));
        rejectUnknown("input", query.inputs().stream(), properties.path("inputs"));
        rejectUnknown("output", query.outputs().stream().map(StreamQuery.Output::name), properties.path("outputs"));
        return query;
    }

    private static void rejectUnknown(String kind, Stream<String> named, JsonNode list) {
        Set<String> known = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        list.forEach(one -> known.add(one.path("name").asText()));
        named.filter(name -> !known.contains(name)).findFirst().ifPresent(name -> {
            throw new EvaluationException("The query names the " + kind + " '" + name + "', and the job has "
                    + (known.isEmpty() ? "none" : known) + ".");
        });
    }

    /**
     * Compiles it where it isn't run: to see whether it can be.
     *
     * @param properties of the document
     * @throws QueryException where the query can't run
     * @throws EvaluationException where a function can't be read
     */
    public static StreamQuery compile(JsonNode properties) throws QueryException {
        return compile(properties, function -> _ -> {
            throw new IllegalStateException("UDF." + function.name() + " runs in the stream processor only");
        });
    }

    /** Returns the functions of users, as they are written. @throws EvaluationException where one can't be read */
    public static List<JavaScriptFunction> functions(JsonNode properties) {
        List<JavaScriptFunction> functions = new ArrayList<>();
        for (JsonNode function : properties.path("functions")) {
            functions.add(function(function.path("name").asText(), function.path("properties")));
        }
        return functions;
    }

    /** Returns the names of the reference inputs, in lower case. */
    public static Set<String> references(JsonNode properties) {
        Set<String> references = new TreeSet<>();
        for (JsonNode input : properties.path("inputs")) {
            if (input.at("/properties/type").asText().equalsIgnoreCase("Reference")) {
                references.add(lower(input.path("name").asText()));
            }
        }
        return references;
    }

    /**
     * Reads a function of a user, and does not run it.
     *
     * @param properties of it, as clients write them
     * @throws EvaluationException where it is none; the message says what to write
     */
    public static JavaScriptFunction function(String name, JsonNode properties) {
        JsonNode binding = properties.at("/properties/binding");
        if (!properties.path("type").asText().equalsIgnoreCase("Scalar")
                || !binding.path("type").asText().equalsIgnoreCase(JAVASCRIPT)) {
            throw new EvaluationException(
                    "The function " + name + " has the type Scalar and a binding of the type " + JAVASCRIPT + ".");
        }
        return JavaScriptFunction.parse(
                name,
                binding.at("/properties/script").asText(),
                properties.at("/properties/inputs").size());
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
