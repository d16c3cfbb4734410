package io.muster.api.surface.streamanalytics;

import io.muster.query.kernel.QueryException;
import io.muster.query.stream.EvaluationException;
import io.muster.query.streamjob.JavaScriptFunction;
import io.muster.query.streamjob.JobQuery;
import io.muster.records.StreamFunction;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/** Compiles the query and the functions of a job before it runs; nothing of them is run here. Contract: stream-analytics, 4.2. */
final class QueryCheck {
    private QueryCheck() {}

    /** Returns why the query or a function can't be run; empty where both can. */
    static Optional<String> fault(StreamJobDefinition definition) {
        try {
            new JobQuery(
                            Objects.requireNonNullElse(definition.getQuery(), ""),
                            names(definition, input -> !input.getReference()),
                            names(definition, StreamInput::getReference),
                            definition.getOutputs().stream()
                                    .map(StreamOutput::getName)
                                    .toList(),
                            definition.getFunctions().stream()
                                    .map(QueryCheck::read)
                                    .toList(),
                            definition.getCompatibilityLevel())
                    .compile();
            return Optional.empty();
        } catch (QueryException | EvaluationException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static List<String> names(StreamJobDefinition definition, Predicate<StreamInput> of) {
        return definition.getInputs().stream()
                .filter(of)
                .map(StreamInput::getName)
                .toList();
    }

    /** Returns why a function can't be read; empty where it can. */
    static Optional<String> fault(StreamFunction function) {
        try {
            read(function);
            return Optional.empty();
        } catch (EvaluationException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static JavaScriptFunction read(StreamFunction function) {
        return JavaScriptFunction.parse(function.getName(), function.getScript(), function.getParameters());
    }
}
