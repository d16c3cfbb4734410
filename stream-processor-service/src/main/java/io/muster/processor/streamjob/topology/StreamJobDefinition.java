package io.muster.processor.streamjob.topology;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.processor.engine.TimePolicy;
import io.muster.processor.function.FunctionProcess;
import io.muster.processor.streamjob.StreamJobDecider;
import io.muster.query.document.DocumentQuery;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.Ticks;
import io.muster.topics.Topics;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * Says what to run, as the document of a stream job has it. Contract: stream-analytics, 4.1.
 *
 * @param inputs that the query reads, by name: first those that are looked up, so that at one instant they come first
 * @param outputs by name
 * @param merges whether rows of different partitions have to do with each other, so that they come together first
 * @param units how many threads each instance has for it
 */
record StreamJobDefinition(
        StreamQuery query,
        Map<String, Input> inputs,
        Map<String, Output> outputs,
        TimePolicy policy,
        boolean merges,
        int units) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long DEFAULT_LATE_SECONDS = 5;
    private static final int DEFAULT_BATCH = 100;

    /** More would make a header of ids that servers refuse: they take 8 KB of headers, and an id has 36 letters. */
    private static final int MOST_IN_BATCH = 200;

    private static final Set<String> KAFKA = Set.of("microsoft.servicebus/eventhub", "microsoft.eventhub/eventhub");
    private static final String HUB = "microsoft.devices/iothubs";
    private static final String BLOB = "microsoft.storage/blob";
    private static final String FUNCTION = "microsoft.azurefunction";
    private static final String REFERENCE = "Reference";
    private static final String TOPICS = "topics";
    private static final String DATASOURCE = "/datasource/properties";

    enum Serialization {
        JSON,
        CSV,
        AVRO
    }

    /** @param array whether a row stands in an array, in JSON */
    record Format(Serialization serialization, char delimiter, boolean array) {}

    /** Where events come from. */
    sealed interface Input {
        Format format();

        /** A topic. @param isReference whether its rows are looked up */
        record OfTopic(String topic, Format format, boolean isReference) implements Input {}

        /** A file of reference data, below the folder for them, or one after another. */
        record OfFile(ReferencePath path, Format format) implements Input {}
    }

    /** Where rows go. */
    sealed interface Output {
        boolean stopsAtErrors();

        /** @param key the column that is the record's key */
        record ToTopic(String topic, Format format, Optional<String> key, boolean stopsAtErrors) implements Output {}

        /** An HTTP endpoint. @param most rows in one request */
        record ToEndpoint(URI uri, int most, boolean stopsAtErrors) implements Output {}
    }

    /**
     * Reads a document.
     *
     * @param reach what it may name
     * @throws StreamJobDefinitionException when it can't be run; the message says why
     */
    static StreamJobDefinition parse(String document, StreamJobReach reach) throws StreamJobDefinitionException {
        try {
            return read(document, reach);
        } catch (RuntimeException | StackOverflowError e) {
            throw new StreamJobDefinitionException("The document can't be run: " + e);
        }
    }

    private static StreamJobDefinition read(String document, StreamJobReach reach) throws StreamJobDefinitionException {
        JsonNode properties;
        try {
            properties = JSON.readTree(document).path("properties");
        } catch (JsonProcessingException _) {
            throw new StreamJobDefinitionException("The document is no JSON.");
        }
        StreamQuery query;
        try {
            query = DocumentQuery.compile(properties, new FunctionProcess(reach.functions())::add);
        } catch (QueryException | EvaluationException e) {
            throw new StreamJobDefinitionException(String.valueOf(e.getMessage()));
        }
        Set<String> references = DocumentQuery.references(properties);
        Map<String, Input> inputs = new LinkedHashMap<>();
        List<String> names = query.inputs().stream()
                .sorted(Comparator.comparing((String name) -> !references.contains(name))
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        for (String name : names) {
            inputs.put(name, input(named(properties.path("inputs"), name, "input"), reach));
        }
        boolean stops = !properties.path("outputErrorPolicy").asText().equalsIgnoreCase("Drop");
        Map<String, Output> outputs = new LinkedHashMap<>();
        for (StreamQuery.Output output : query.outputs()) {
            outputs.put(
                    output.name(), output(named(properties.path("outputs"), output.name(), "output"), reach, stops));
        }
        return new StreamJobDefinition(
                query,
                inputs,
                outputs,
                policy(properties),
                merges(query),
                Math.clamp(
                        properties
                                .at("/transformation/properties/streamingUnits")
                                .asInt(1),
                        1,
                        StreamJobDecider.MOST_UNITS));
    }

    /** Returns the names of a document's outputs as a query writes them, whatever else is wrong with it. */
    static Set<String> outputNames(String document) {
        Set<String> names = new TreeSet<>();
        try {
            for (JsonNode output : JSON.readTree(document).path("properties").path("outputs")) {
                names.add(lower(output.path("name").asText()));
            }
        } catch (JsonProcessingException _) {
            return Set.of();
        }
        return names;
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** The topics that it reads, but for those that are made for a start. */
    Set<String> topicsRead() {
        Set<String> topics = new TreeSet<>();
        for (Input input : inputs.values()) {
            if (input instanceof Input.OfTopic topic) {
                topics.add(topic.topic());
            }
        }
        return topics;
    }

    /** The topics that it writes, but for those that are made for an endpoint. */
    Set<String> topicsWritten() {
        Set<String> topics = new TreeSet<>();
        for (Output output : outputs.values()) {
            if (output instanceof Output.ToTopic topic) {
                topics.add(topic.topic());
            }
        }
        return topics;
    }

    /** Whether all of a topic is read: it is looked up. */
    boolean isReference(String topic) {
        return inputs.values().stream()
                .anyMatch(input -> input instanceof Input.OfTopic of
                        && of.isReference()
                        && of.topic().equals(topic));
    }

    /** How many tasks run the query. @param partitions of a topic @param wanted of a query whose rows come together, if they can be shared */
    int tasks(ToIntFunction<String> partitions, int wanted) {
        return merges
                ? query.partitionKeys().isPresent() ? wanted : 1
                : Math.max(1, topicsRead().stream().mapToInt(partitions).max().orElse(1));
    }

    private static JsonNode named(JsonNode list, String name, String kind) throws StreamJobDefinitionException {
        List<String> names = new ArrayList<>();
        for (JsonNode element : list) {
            if (lower(element.path("name").asText()).equals(name)) {
                return element.path("properties");
            }
            names.add(element.path("name").asText());
        }
        throw new StreamJobDefinitionException("The query names the " + kind + " '" + name + "', and the job has "
                + (names.isEmpty() ? "none" : names) + ".");
    }

    private static Input input(JsonNode input, StreamJobReach reach) throws StreamJobDefinitionException {
        Format format = format(input);
        boolean isReference = input.path("type").asText().equalsIgnoreCase(REFERENCE);
        if (!isReference && !input.path("type").asText().equalsIgnoreCase("Stream")) {
            throw new StreamJobDefinitionException("An input has the type Stream or Reference.");
        }
        String type = input.at("/datasource/type").asText().toLowerCase(Locale.ROOT);
        JsonNode source = input.at(DATASOURCE);
        if (isReference && type.equals(BLOB)) {
            String container = source.path("container").asText();
            String path = source.path("pathPattern").asText();
            if (container.isBlank() || path.isBlank()) {
                throw new StreamJobDefinitionException(
                        "Reference data have a container and a pathPattern: 'topics' and a compacted topic, or a folder and a file in it.");
            }
            if (!container.equalsIgnoreCase(TOPICS)) {
                ReferencePath files = ReferencePath.of(
                        container + "/" + path,
                        source.path("dateFormat").asText("yyyy/MM/dd"),
                        source.path("timeFormat").asText("HH"));
                return new Input.OfFile(files, format);
            }
            reject(reach.topics().refusesRead(path));
            return new Input.OfTopic(path, format, true);
        }
        String topic = type.equals(HUB) && !isReference
                ? Topics.TELEMETRY.name()
                : KAFKA.contains(type) ? source.path("eventHubName").asText() : "";
        if (topic.isBlank()) {
            throw new StreamJobDefinitionException(
                    "The datasource of a stream is Microsoft.ServiceBus/EventHub with the topic as eventHubName, or Microsoft.Devices/IotHubs"
                            + " for the fleet's telemetry; that of reference data Microsoft.Storage/Blob.");
        }
        reject(reach.topics().refusesRead(topic));
        if (topic.equals(Topics.TELEMETRY.name()) && format.serialization() != Serialization.JSON) {
            throw new StreamJobDefinitionException("The fleet's telemetry is Json, not "
                    + input.at("/serialization/type").asText()
                    + ": write Json as the serialization, or none.");
        }
        return new Input.OfTopic(topic, format, isReference);
    }

    private static Format format(JsonNode part) throws StreamJobDefinitionException {
        JsonNode serialization = part.path("serialization");
        JsonNode properties = serialization.path("properties");
        String delimiter = properties.path("fieldDelimiter").asText(",");
        String name = serialization.path("type").asText("Json").toUpperCase(Locale.ROOT);
        if (Arrays.stream(Serialization.values())
                .noneMatch(known -> known.name().equals(name))) {
            throw new StreamJobDefinitionException("The serialization is Json, Csv or Avro, not "
                    + serialization.path("type").asText() + ".");
        }
        if (delimiter.length() != 1) {
            throw new StreamJobDefinitionException("A fieldDelimiter is one character.");
        }
        return new Format(
                Serialization.valueOf(name),
                delimiter.charAt(0),
                properties.path("format").asText().equalsIgnoreCase("Array"));
    }

    private static void reject(Optional<String> refusal) throws StreamJobDefinitionException {
        if (refusal.isPresent()) {
            throw new StreamJobDefinitionException(refusal.get());
        }
    }

    private static Output output(JsonNode output, StreamJobReach reach, boolean stops)
            throws StreamJobDefinitionException {
        String type = output.at("/datasource/type").asText().toLowerCase(Locale.ROOT);
        JsonNode target = output.at(DATASOURCE);
        if (type.equals(FUNCTION)) {
            return new Output.ToEndpoint(
                    endpoint(target, reach),
                    Math.clamp(target.path("maxBatchCount").asInt(DEFAULT_BATCH), 1, MOST_IN_BATCH),
                    stops);
        }
        String topic = target.path("eventHubName").asText();
        if (!KAFKA.contains(type) || topic.isBlank()) {
            throw new StreamJobDefinitionException(
                    "The datasource of an output is Microsoft.ServiceBus/EventHub with the topic as eventHubName, or Microsoft.AzureFunction"
                            + " with an address as functionAppName.");
        }
        reject(reach.topics().refusesWrite(topic));
        return new Output.ToTopic(
                topic,
                format(output),
                Optional.of(target.path("partitionKey").asText()).filter(key -> !key.isBlank()),
                stops);
    }

    private static URI endpoint(JsonNode target, StreamJobReach reach) throws StreamJobDefinitionException {
        String address = target.path("functionAppName").asText().replaceAll("/+$", "");
        String function = target.path("functionName").asText();
        URI uri;
        try {
            uri = new URI(function.isBlank() ? address : address + "/" + function);
        } catch (URISyntaxException _) {
            throw new StreamJobDefinitionException(
                    "functionAppName is the address of the endpoint, such as https://example.com/alerts, not '"
                            + address + "'.");
        }
        Optional<String> refusal = reach.endpoints().refuses(uri);
        if (refusal.isPresent()) {
            throw new StreamJobDefinitionException("functionAppName is '" + address + "': " + refusal.get());
        }
        return uri;
    }

    private static TimePolicy policy(JsonNode properties) {
        JsonNode late = properties.path("eventsLateArrivalMaxDelayInSeconds");
        return new TimePolicy(
                (late.isNumber() ? late.asLong() : DEFAULT_LATE_SECONDS) * Ticks.SECOND,
                Math.max(0, properties.path("eventsOutOfOrderMaxDelayInSeconds").asLong(0)) * Ticks.SECOND,
                properties.path("eventsOutOfOrderPolicy").asText("Adjust").equalsIgnoreCase("Drop"));
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
