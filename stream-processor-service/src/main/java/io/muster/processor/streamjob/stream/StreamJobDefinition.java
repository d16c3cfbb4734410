package io.muster.processor.streamjob.stream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.processor.engine.TimePolicy;
import io.muster.query.QueryException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.Ticks;
import io.muster.topics.Topics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToIntFunction;

/**
 * What the document of a stream job says to run. Contract: stream-analytics, 4.1.
 *
 * @param inputs that the query reads, by name, and their topics
 * @param outputs by name
 * @param merges whether rows of different partitions have to do with each other, so that one task runs the query
 * @param units how many threads each instance has for it
 */
record StreamJobDefinition(
        StreamQuery query,
        Map<String, String> inputs,
        Map<String, Output> outputs,
        TimePolicy policy,
        boolean merges,
        int units) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long DEFAULT_LATE_SECONDS = 5;
    private static final Set<String> KAFKA = Set.of("microsoft.servicebus/eventhub", "microsoft.eventhub/eventhub");
    private static final String HUB = "microsoft.devices/iothubs";

    /** @param key the column that is the record's key */
    record Output(String topic, Optional<String> key) {}

    /** @throws StreamJobDefinitionException when it can't be run; the message says why */
    static StreamJobDefinition parse(String document) throws StreamJobDefinitionException {
        JsonNode properties;
        try {
            properties = JSON.readTree(document).path("properties");
        } catch (JsonProcessingException _) {
            throw new StreamJobDefinitionException("The document is no JSON.");
        }
        StreamQuery query;
        try {
            query = StreamQuery.parse(
                    properties.at("/transformation/properties/query").asText(), Set.of());
        } catch (QueryException e) {
            throw new StreamJobDefinitionException(e.getMessage());
        }
        Map<String, String> inputs = new LinkedHashMap<>();
        for (String name : new TreeSet<>(query.inputs())) {
            inputs.put(name, inputTopic(named(properties.path("inputs"), name, "input")));
        }
        Map<String, Output> outputs = new LinkedHashMap<>();
        for (StreamQuery.Output output : query.outputs()) {
            outputs.put(output.name(), output(named(properties.path("outputs"), output.name(), "output")));
        }
        return new StreamJobDefinition(
                query,
                inputs,
                outputs,
                policy(properties),
                merges(query),
                Math.max(
                        1,
                        properties
                                .at("/transformation/properties/streamingUnits")
                                .asInt(1)));
    }

    /** How many tasks run the query. @param partitions of a topic */
    int tasks(ToIntFunction<String> partitions) {
        return merges
                ? 1
                : Math.max(
                        1, inputs.values().stream().mapToInt(partitions).max().orElse(1));
    }

    private static JsonNode named(JsonNode list, String name, String kind) throws StreamJobDefinitionException {
        List<String> names = new ArrayList<>();
        for (JsonNode element : list) {
            if (element.path("name").asText().toLowerCase(Locale.ROOT).equals(name)) {
                return element.path("properties");
            }
            names.add(element.path("name").asText());
        }
        throw new StreamJobDefinitionException("The query names the " + kind + " '" + name + "', and the job has "
                + (names.isEmpty() ? "none" : names) + ".");
    }

    private static String inputTopic(JsonNode input) throws StreamJobDefinitionException {
        if (!input.path("type").asText().equalsIgnoreCase("Stream")) {
            throw new StreamJobDefinitionException("Only inputs of type Stream are there yet, no reference data.");
        }
        String topic = topic(input);
        if (!topic.equals(Topics.TELEMETRY.name())) {
            rejectOurs(topic, "read");
        }
        return topic;
    }

    /** Keys of devices stand in our topics, and answers to others: nobody reads or writes them by a query. */
    private static void rejectOurs(String topic, String what) throws StreamJobDefinitionException {
        if (topic.startsWith("__")
                || Topics.ALL.stream().anyMatch(ours -> ours.name().equals(topic))) {
            throw new StreamJobDefinitionException("The topic " + topic + " is Muster's own: " + what + " another.");
        }
    }

    private static Output output(JsonNode output) throws StreamJobDefinitionException {
        String topic = topic(output);
        rejectOurs(topic, "write");
        return new Output(
                topic,
                Optional.of(output.at("/datasource/properties/partitionKey").asText())
                        .filter(key -> !key.isBlank()));
    }

    private static String topic(JsonNode part) throws StreamJobDefinitionException {
        JsonNode serialization = part.path("serialization").path("type");
        if (!serialization.isMissingNode() && !serialization.asText().equalsIgnoreCase("Json")) {
            throw new StreamJobDefinitionException(
                    "Only the serialization Json is there yet, not " + serialization.asText() + ".");
        }
        String type = part.at("/datasource/type").asText().toLowerCase(Locale.ROOT);
        if (type.equals(HUB)) {
            return Topics.TELEMETRY.name();
        }
        String topic = part.at("/datasource/properties/eventHubName").asText();
        if (!KAFKA.contains(type) || topic.isBlank()) {
            throw new StreamJobDefinitionException(
                    "A datasource is Microsoft.ServiceBus/EventHub with the topic as eventHubName, or Microsoft.Devices/IotHubs for the"
                            + " fleet's telemetry.");
        }
        return topic;
    }

    private static TimePolicy policy(JsonNode properties) {
        JsonNode late = properties.path("eventsLateArrivalMaxDelayInSeconds");
        return new TimePolicy(
                (late.isNumber() ? late.asLong() : DEFAULT_LATE_SECONDS) * Ticks.SECOND,
                Math.max(0, properties.path("eventsOutOfOrderMaxDelayInSeconds").asLong(0)) * Ticks.SECOND,
                properties.path("eventsOutOfOrderPolicy").asText("Adjust").equalsIgnoreCase("Drop"));
    }

    /** Whether rows of different partitions have to do with each other. */
    private static boolean merges(StreamQuery query) {
        List<StreamQuery.Select> selects = new ArrayList<>();
        query.steps().forEach(step -> selects.addAll(step.selects()));
        query.outputs().forEach(output -> selects.add(output.select()));
        return selects.stream()
                .anyMatch(select -> !select.partitioned()
                        && (select.grouping().isPresent()
                                || !select.joins().isEmpty()
                                || !select.analytics().isEmpty()));
    }
}
