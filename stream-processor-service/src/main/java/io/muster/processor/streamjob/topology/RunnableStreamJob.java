package io.muster.processor.streamjob.topology;

import io.muster.processor.engine.TimePolicy;
import io.muster.processor.function.FunctionProcess;
import io.muster.processor.streamjob.DefinitionRules;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.Ticks;
import io.muster.query.streamjob.JavaScriptFunction;
import io.muster.query.streamjob.JobQuery;
import io.muster.records.FleetTelemetry;
import io.muster.records.ReferenceFiles;
import io.muster.records.StreamEndpoint;
import io.muster.records.StreamFormat;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import io.muster.records.StreamSerialization;
import io.muster.records.StreamTopic;
import io.muster.topics.Topics;
import java.net.URI;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Holds a definition of a stream job with its query compiled, and with what the query names found: made once a start. Contract:
 * stream-analytics, 4.1.
 *
 * @param inputs that the query reads, by name: first those that are looked up, so that at one instant they come first
 * @param outputs by name
 * @param merges whether rows of different partitions have to do with each other, so that they come together first
 * @param units how many threads each instance has for it
 */
record RunnableStreamJob(
        StreamQuery query,
        Map<String, Input> inputs,
        Map<String, Output> outputs,
        TimePolicy policy,
        boolean merges,
        int units) {
    /** Says where events come from. */
    sealed interface Input {
        StreamFormat format();

        /** Reads a topic. @param isReference whether its rows are looked up */
        record OfTopic(String topic, StreamFormat format, boolean isReference) implements Input {}

        /** Looks up rows of a file below the folder for reference data, or of several, one after another. */
        record OfFile(ReferencePath path, StreamFormat format) implements Input {}
    }

    /** Says where rows go. */
    sealed interface Output {
        boolean stopsAtErrors();

        /** Writes a topic. @param key the column that is the record's key */
        record ToTopic(String topic, StreamFormat format, Optional<String> key, boolean stopsAtErrors)
                implements Output {}

        /** Posts to an HTTP endpoint. @param most rows in one request */
        record ToEndpoint(URI uri, int most, boolean stopsAtErrors) implements Output {}
    }

    /**
     * Compiles the query of a definition, and finds what it names.
     *
     * @param reach what it may name
     * @throws StreamJobDefinitionException when it can't be run; the message says why
     */
    static RunnableStreamJob compile(StreamJobDefinition definition, StreamJobReach reach)
            throws StreamJobDefinitionException {
        try {
            return compiled(definition, reach);
        } catch (RuntimeException | StackOverflowError e) {
            throw new StreamJobDefinitionException("The definition can't be run: " + e);
        }
    }

    private static RunnableStreamJob compiled(StreamJobDefinition definition, StreamJobReach reach)
            throws StreamJobDefinitionException {
        StreamQuery query;
        try {
            query = query(definition).compile(new FunctionProcess(reach.functions())::add);
        } catch (QueryException | EvaluationException e) {
            throw new StreamJobDefinitionException(String.valueOf(e.getMessage()));
        }
        Map<String, StreamInput> given = byName(definition.getInputs(), StreamInput::getName);
        Map<String, Input> inputs = new LinkedHashMap<>();
        List<String> names = query.inputs().stream()
                .sorted(Comparator.comparing(
                                (String name) -> !known(given, name).getReference())
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        for (String name : names) {
            inputs.put(name, input(known(given, name), reach));
        }
        Map<String, StreamOutput> targets = byName(definition.getOutputs(), StreamOutput::getName);
        Map<String, Output> outputs = new LinkedHashMap<>();
        for (StreamQuery.Output output : query.outputs()) {
            outputs.put(output.name(), output(known(targets, output.name()), reach, !definition.getDropsRefusedRows()));
        }
        return new RunnableStreamJob(
                query,
                inputs,
                outputs,
                new TimePolicy(
                        definition.getLateArrivalSeconds() * Ticks.SECOND,
                        definition.getDisorderSeconds() * Ticks.SECOND,
                        definition.getDropsDisorder()),
                merges(query),
                definition.getStreamingUnits());
    }

    private static JobQuery query(StreamJobDefinition definition) {
        return new JobQuery(
                Objects.requireNonNullElse(definition.getQuery(), ""),
                names(definition, input -> !input.getReference()),
                names(definition, StreamInput::getReference),
                definition.getOutputs().stream().map(StreamOutput::getName).toList(),
                definition.getFunctions().stream()
                        .map(function -> JavaScriptFunction.parse(
                                function.getName(), function.getScript(), function.getParameters()))
                        .toList(),
                definition.getCompatibilityLevel());
    }

    private static List<String> names(StreamJobDefinition definition, Predicate<StreamInput> of) {
        return definition.getInputs().stream()
                .filter(of)
                .map(StreamInput::getName)
                .toList();
    }

    /** Returns parts by their names as queries write them; of several of a name the first. */
    private static <T> Map<String, T> byName(List<T> parts, Function<T, String> name) {
        return parts.stream()
                .collect(Collectors.toMap(part -> lower(name.apply(part)), part -> part, (first, _) -> first));
    }

    /** Returns a part that the query names: one that the job hasn't was refused with the query. */
    private static <T> T known(Map<String, T> parts, String name) {
        return Objects.requireNonNull(parts.get(name), name);
    }

    /** Returns the names of a definition's outputs as a query writes them, whatever else is wrong with it. */
    static Set<String> outputNames(StreamJobDefinition definition) {
        return definition.getOutputs().stream()
                .map(output -> lower(output.getName()))
                .collect(Collectors.toSet());
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** Returns the topics that it reads, but for those that are made for a start. */
    Set<String> topicsRead() {
        Set<String> topics = new TreeSet<>();
        for (Input input : inputs.values()) {
            if (input instanceof Input.OfTopic topic) {
                topics.add(topic.topic());
            }
        }
        return topics;
    }

    /** Returns the topics that it writes, but for those that are made for an endpoint. */
    Set<String> topicsWritten() {
        Set<String> topics = new TreeSet<>();
        for (Output output : outputs.values()) {
            if (output instanceof Output.ToTopic topic) {
                topics.add(topic.topic());
            }
        }
        return topics;
    }

    /** Returns whether all of a topic is read: it is looked up. */
    boolean isReference(String topic) {
        return inputs.values().stream()
                .anyMatch(input -> input instanceof Input.OfTopic of
                        && of.isReference()
                        && of.topic().equals(topic));
    }

    /** Returns how many tasks run the query. @param partitions of a topic @param wanted of a query whose rows come together, if they can be shared */
    int tasks(ToIntFunction<String> partitions, int wanted) {
        return merges
                ? query.partitionKeys().isPresent() ? wanted : 1
                : Math.max(1, topicsRead().stream().mapToInt(partitions).max().orElse(1));
    }

    private static Input input(StreamInput input, StreamJobReach reach) throws StreamJobDefinitionException {
        reject(Optional.ofNullable(input.getFault()));
        return switch (input.getSource()) {
            case FleetTelemetry _ -> topic(Topics.TELEMETRY.name(), input, reach);
            case StreamTopic topic -> topic(topic.getName(), input, reach);
            case ReferenceFiles files ->
                new Input.OfFile(
                        ReferencePath.of(files.getPath(), files.getDateFormat(), files.getTimeFormat()),
                        input.getFormat());
            case null, default ->
                throw new StreamJobDefinitionException("The input " + input.getName() + " has no source.");
        };
    }

    private static Input topic(String topic, StreamInput input, StreamJobReach reach)
            throws StreamJobDefinitionException {
        reject(reach.topics().refusesRead(topic));
        StreamSerialization serialization = input.getFormat().getSerialization();
        if (topic.equals(Topics.TELEMETRY.name()) && serialization != StreamSerialization.JSON) {
            throw new StreamJobDefinitionException("The fleet's telemetry is Json, not "
                    + (serialization == StreamSerialization.CSV ? "Csv" : "Avro")
                    + ": write Json as the serialization, or none.");
        }
        return new Input.OfTopic(topic, input.getFormat(), input.getReference());
    }

    private static void reject(Optional<String> refusal) throws StreamJobDefinitionException {
        if (refusal.isPresent()) {
            throw new StreamJobDefinitionException(refusal.get());
        }
    }

    private static Output output(StreamOutput output, StreamJobReach reach, boolean stops)
            throws StreamJobDefinitionException {
        reject(Optional.ofNullable(output.getFault()));
        return switch (output.getTarget()) {
            case StreamEndpoint endpoint -> {
                URI uri = URI.create(DefinitionRules.address(endpoint));
                reject(reach.endpoints()
                        .refuses(uri)
                        .map(refusal -> "functionAppName is '" + endpoint.getAddress() + "': " + refusal));
                yield new Output.ToEndpoint(uri, endpoint.getMostRows(), stops);
            }
            case StreamTopic topic -> {
                reject(reach.topics().refusesWrite(topic.getName()));
                yield new Output.ToTopic(
                        topic.getName(), output.getFormat(), Optional.ofNullable(output.getKeyColumn()), stops);
            }
            case null, default ->
                throw new StreamJobDefinitionException("The output " + output.getName() + " has no target.");
        };
    }

    /** Returns whether rows are joined in their partition: those of one number in each topic belong together, so topics have as many. */
    boolean joinsPartitions() {
        return !merges && selects(query).anyMatch(select -> !select.joins().isEmpty());
    }

    private static Stream<StreamQuery.Select> selects(StreamQuery query) {
        return Stream.concat(
                query.steps().stream().flatMap(step -> step.selects().stream()),
                query.outputs().stream().map(StreamQuery.Output::select));
    }

    /** Returns whether rows of different partitions have to do with each other. */
    private static boolean merges(StreamQuery query) {
        return selects(query)
                .anyMatch(select -> (!select.partitioned()
                                && (select.grouping().isPresent()
                                        || !select.joins().isEmpty()
                                        || !select.analytics().isEmpty()))
                        || select.joins().stream().anyMatch(join -> join.kind() == StreamQuery.Join.Kind.REFERENCE));
    }
}
