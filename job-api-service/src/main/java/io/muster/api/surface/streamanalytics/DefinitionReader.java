package io.muster.api.surface.streamanalytics;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.api.json.ProblemException;
import io.muster.records.FleetTelemetry;
import io.muster.records.ReferenceFiles;
import io.muster.records.StreamEndpoint;
import io.muster.records.StreamFormat;
import io.muster.records.StreamFunction;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import io.muster.records.StreamSerialization;
import io.muster.records.StreamTopic;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the definition of a stream job out of its document: the only place that knows what members of documents mean. A part that can't run
 * is read too, with its fault. ADR 0033. Contract: stream-analytics, 4.1.
 */
final class DefinitionReader {
    static final String JAVASCRIPT = "Microsoft.StreamAnalytics/JavascriptUdf";
    static final String TOPICS = "topics";

    private static final String HUB = "microsoft.devices/iothubs";
    private static final String BLOB = "microsoft.storage/blob";
    private static final String SERVICE_BUS = "microsoft.servicebus/eventhub";
    private static final String EVENT_HUB = "microsoft.eventhub/eventhub";
    private static final String FUNCTION = "microsoft.azurefunction";
    private static final int MOST_UNITS = 64;
    private static final int DEFAULT_LATE_SECONDS = 5;
    private static final int DEFAULT_ROWS = 100;

    /** Bounds the rows of a request: more ids would make a header that servers refuse, at 8 KB; an id has 36 letters. */
    private static final int MOST_ROWS = 200;

    private DefinitionReader() {}

    /**
     * Reads a document.
     *
     * @return the definition, without the document
     * @throws ProblemException where one of the functions can't be read
     */
    static StreamJobDefinition read(JsonNode document) {
        JsonNode properties = document.path("properties");
        JsonNode transformation = properties.path(ChildKind.TRANSFORMATIONS.member());
        List<StreamInput> inputs = new ArrayList<>();
        properties
                .path(ChildKind.INPUTS.member())
                .forEach(input -> inputs.add(input(name(input), input.path("properties"))));
        List<StreamOutput> outputs = new ArrayList<>();
        properties
                .path(ChildKind.OUTPUTS.member())
                .forEach(output -> outputs.add(output(name(output), output.path("properties"))));
        List<StreamFunction> functions = new ArrayList<>();
        properties
                .path(ChildKind.FUNCTIONS.member())
                .forEach(function -> functions.add(function(name(function), function.path("properties"))));
        return StreamJobDefinition.newBuilder()
                .setQuery(transformation.isObject() ? text(transformation.path("properties"), "query", "") : null)
                .setInputs(inputs)
                .setOutputs(outputs)
                .setFunctions(functions)
                .setStreamingUnits(Math.clamp(
                        transformation.at("/properties/streamingUnits").asInt(1), 1, MOST_UNITS))
                .setLateArrivalSeconds(lateArrival(properties.path("eventsLateArrivalMaxDelayInSeconds")))
                .setDisorderSeconds(Math.clamp(
                        properties.path("eventsOutOfOrderMaxDelayInSeconds").asLong(0), 0, Integer.MAX_VALUE))
                .setDropsDisorder(is(properties, "eventsOutOfOrderPolicy", "Drop"))
                .setDropsRefusedRows(is(properties, "outputErrorPolicy", "Drop"))
                .setCompatibilityLevel(text(properties, "compatibilityLevel", "1.2"))
                .build();
    }

    private static String name(JsonNode child) {
        return text(child, "name", "");
    }

    private static String text(JsonNode object, String member, String otherwise) {
        return object.path(member).asText(otherwise);
    }

    private static boolean is(JsonNode object, String member, String value) {
        return text(object, member, "").equalsIgnoreCase(value);
    }

    private static int lateArrival(JsonNode seconds) {
        return seconds.isNumber() ? Math.clamp(seconds.asLong(), -1, Integer.MAX_VALUE) : DEFAULT_LATE_SECONDS;
    }

    private static StreamInput input(String name, JsonNode input) {
        String type = type(input);
        @Nullable Object source = source(type, input.at("/datasource/properties"));
        boolean isReference = is(input, "type", "Reference");
        return StreamInput.newBuilder()
                .setName(name)
                .setReference(isReference)
                .setSource(source)
                .setFormat(format(input))
                .setFault(formatFault(input)
                        .or(() -> isReference || is(input, "type", "Stream")
                                ? sourceFault(type, source, isReference)
                                : Optional.of("An input has the type Stream or Reference."))
                        .orElse(null))
                .build();
    }

    private static String type(JsonNode part) {
        return part.at("/datasource/type").asText("").toLowerCase(Locale.ROOT);
    }

    private static @Nullable Object source(String type, JsonNode source) {
        return switch (type) {
            case HUB -> new FleetTelemetry();
            case SERVICE_BUS, EVENT_HUB -> topic(text(source, "eventHubName", ""));
            case BLOB -> blob(text(source, "container", ""), text(source, "pathPattern", ""), source);
            default -> null;
        };
    }

    private static @Nullable StreamTopic topic(String name) {
        return name.isBlank() ? null : new StreamTopic(name);
    }

    private static @Nullable Object blob(String container, String path, JsonNode source) {
        if (container.isBlank() || path.isBlank()) {
            return null;
        }
        return container.equalsIgnoreCase(TOPICS)
                ? new StreamTopic(path)
                : new ReferenceFiles(
                        container + "/" + path,
                        text(source, "dateFormat", "yyyy/MM/dd"),
                        text(source, "timeFormat", "HH"));
    }

    private static Optional<String> sourceFault(String type, @Nullable Object source, boolean isReference) {
        if (isReference && type.equals(BLOB) && source == null) {
            return Optional.of(
                    "Reference data have a container and a pathPattern: 'topics' and a compacted topic, or a folder and a file in it.");
        }
        return source == null || type.equals(isReference ? HUB : BLOB)
                ? Optional.of(
                        "The datasource of a stream is Microsoft.ServiceBus/EventHub with the topic as eventHubName, or Microsoft.Devices/IotHubs"
                                + " for the fleet's telemetry; that of reference data Microsoft.Storage/Blob.")
                : Optional.empty();
    }

    private static Optional<StreamSerialization> serialization(JsonNode part) {
        String name = part.at("/serialization/type").asText("Json");
        return Arrays.stream(StreamSerialization.values())
                .filter(known -> known.name().equalsIgnoreCase(name))
                .findFirst();
    }

    private static String delimiter(JsonNode part) {
        return part.at("/serialization/properties/fieldDelimiter").asText(",");
    }

    private static StreamFormat format(JsonNode part) {
        return new StreamFormat(
                serialization(part).orElse(StreamSerialization.JSON),
                delimiter(part).length() == 1 ? delimiter(part) : ",",
                is(part.at("/serialization/properties"), "format", "Array"));
    }

    private static Optional<String> formatFault(JsonNode part) {
        if (serialization(part).isEmpty()) {
            return Optional.of("The serialization is Json, Csv or Avro, not "
                    + part.at("/serialization/type").asText() + ".");
        }
        return delimiter(part).length() == 1 ? Optional.empty() : Optional.of("A fieldDelimiter is one character.");
    }

    private static StreamOutput output(String name, JsonNode output) {
        JsonNode properties = output.at("/datasource/properties");
        StreamOutput.Builder read = StreamOutput.newBuilder().setName(name).setFormat(format(output));
        switch (type(output)) {
            case FUNCTION -> {
                StreamEndpoint endpoint = new StreamEndpoint(
                        text(properties, "functionAppName", "").replaceAll("/+$", ""),
                        text(properties, "functionName", ""),
                        Math.clamp(properties.path("maxBatchCount").asInt(DEFAULT_ROWS), 1, MOST_ROWS));
                read.setTarget(endpoint).setFault(addressFault(endpoint));
            }
            case SERVICE_BUS, EVENT_HUB -> {
                String key = text(properties, "partitionKey", "");
                @Nullable StreamTopic topic = topic(text(properties, "eventHubName", ""));
                read.setTarget(topic)
                        .setKeyColumn(key.isBlank() ? null : key)
                        .setFault(
                                topic == null ? noTarget() : formatFault(output).orElse(null));
            }
            default -> read.setFault(noTarget());
        }
        return read.build();
    }

    private static String noTarget() {
        return "The datasource of an output is Microsoft.ServiceBus/EventHub with the topic as eventHubName, or Microsoft.AzureFunction"
                + " with an address as functionAppName.";
    }

    private static @Nullable String addressFault(StreamEndpoint endpoint) {
        try {
            new URI(
                    endpoint.getFunction().isBlank()
                            ? endpoint.getAddress()
                            : endpoint.getAddress() + "/" + endpoint.getFunction());
            return null;
        } catch (URISyntaxException _) {
            return "functionAppName is the address of the endpoint, such as https://example.com/alerts, not '"
                    + endpoint.getAddress() + "'.";
        }
    }

    private static StreamFunction function(String name, JsonNode function) {
        JsonNode binding = function.at("/properties/binding");
        if (!is(function, "type", "Scalar") || !is(binding, "type", JAVASCRIPT)) {
            throw StreamJobDocument.bad(
                    "The function " + name + " has the type Scalar and a binding of the type " + JAVASCRIPT + ".");
        }
        StreamFunction read = new StreamFunction(
                name,
                text(binding.path("properties"), "script", ""),
                function.at("/properties/inputs").size());
        QueryCheck.fault(read).ifPresent(fault -> {
            throw StreamJobDocument.bad(fault);
        });
        return read;
    }
}
