package io.muster.api.surface.streamanalytics;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.FleetTelemetry;
import io.muster.records.ReferenceFiles;
import io.muster.records.StreamEndpoint;
import io.muster.records.StreamFormat;
import io.muster.records.StreamFunction;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import io.muster.records.StreamTopic;
import org.jspecify.annotations.Nullable;

/** Writes a document that means a definition: of a job that a program put on the topic of commands, without a document. ADR 0033. */
final class DefinitionWriter {
    /** Bounds those of a function; its coordinator refuses more. */
    private static final int MOST_PARAMETERS = 255;

    private DefinitionWriter() {}

    /** Writes the document of a job. @param path of the job */
    static ObjectNode write(String path, StreamJobDefinition definition) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("id", path);
        document.put("name", path.substring(path.lastIndexOf('/') + 1));
        ObjectNode properties = document.putObject("properties");
        properties.put("eventsOutOfOrderPolicy", definition.getDropsDisorder() ? "Drop" : "Adjust");
        properties.put("eventsOutOfOrderMaxDelayInSeconds", definition.getDisorderSeconds());
        properties.put("eventsLateArrivalMaxDelayInSeconds", definition.getLateArrivalSeconds());
        properties.put("outputErrorPolicy", definition.getDropsRefusedRows() ? "Drop" : "Stop");
        properties.put("compatibilityLevel", definition.getCompatibilityLevel());
        ArrayNode inputs = properties.putArray(ChildKind.INPUTS.member());
        definition.getInputs().forEach(input -> write(input, child(inputs, input.getName())));
        ArrayNode outputs = properties.putArray(ChildKind.OUTPUTS.member());
        definition.getOutputs().forEach(output -> write(output, child(outputs, output.getName())));
        ArrayNode functions = properties.putArray(ChildKind.FUNCTIONS.member());
        definition.getFunctions().forEach(function -> write(function, child(functions, function.getName())));
        if (definition.getQuery() != null) {
            properties
                    .putObject(ChildKind.TRANSFORMATIONS.member())
                    .put("name", "query")
                    .putObject("properties")
                    .put("streamingUnits", definition.getStreamingUnits())
                    .put("query", definition.getQuery());
        }
        return document;
    }

    private static ObjectNode child(ArrayNode list, String name) {
        return list.addObject().put("name", name).putObject("properties");
    }

    private static void write(StreamInput input, ObjectNode properties) {
        properties.put("type", input.getReference() ? "Reference" : "Stream");
        writeDatasource(input.getSource(), properties);
        write(input.getFormat(), properties);
    }

    private static void write(StreamOutput output, ObjectNode properties) {
        writeDatasource(output.getTarget(), properties);
        if (output.getKeyColumn() != null && properties.at("/datasource/properties") instanceof ObjectNode topic) {
            topic.put("partitionKey", output.getKeyColumn());
        }
        write(output.getFormat(), properties);
    }

    private static void writeDatasource(@Nullable Object datasource, ObjectNode properties) {
        switch (datasource) {
            case StreamTopic topic ->
                datasource(properties, "Microsoft.ServiceBus/EventHub").put("eventHubName", topic.getName());
            case FleetTelemetry _ -> datasource(properties, "Microsoft.Devices/IotHubs");
            case ReferenceFiles files -> {
                int folder = files.getPath().indexOf('/');
                datasource(properties, "Microsoft.Storage/Blob")
                        .put("container", folder < 0 ? "." : files.getPath().substring(0, folder))
                        .put("pathPattern", files.getPath().substring(folder + 1))
                        .put("dateFormat", files.getDateFormat())
                        .put("timeFormat", files.getTimeFormat());
            }
            case StreamEndpoint endpoint -> {
                ObjectNode of = datasource(properties, "Microsoft.AzureFunction")
                        .put("functionAppName", endpoint.getAddress())
                        .put("maxBatchCount", endpoint.getMostRows());
                if (!endpoint.getFunction().isEmpty()) {
                    of.put("functionName", endpoint.getFunction());
                }
            }
            case null, default -> {}
        }
    }

    private static ObjectNode datasource(ObjectNode properties, String type) {
        return properties.putObject("datasource").put("type", type).putObject("properties");
    }

    private static void write(StreamFormat format, ObjectNode properties) {
        ObjectNode serialization = properties.putObject("serialization");
        switch (format.getSerialization()) {
            case JSON ->
                serialization
                        .put("type", "Json")
                        .putObject("properties")
                        .put("encoding", "UTF8")
                        .put("format", format.getArray() ? "Array" : "LineSeparated");
            case CSV ->
                serialization
                        .put("type", "Csv")
                        .putObject("properties")
                        .put("encoding", "UTF8")
                        .put("fieldDelimiter", format.getDelimiter());
            case AVRO -> serialization.put("type", "Avro").putObject("properties");
        }
    }

    private static void write(StreamFunction function, ObjectNode properties) {
        ObjectNode scalar = properties.put("type", "Scalar").putObject("properties");
        ArrayNode inputs = scalar.putArray("inputs");
        for (int i = 0; i < Math.min(function.getParameters(), MOST_PARAMETERS); i++) {
            inputs.addObject().put("dataType", "any");
        }
        scalar.putObject("output").put("dataType", "any");
        scalar.putObject("binding")
                .put("type", DefinitionReader.JAVASCRIPT)
                .putObject("properties")
                .put("script", function.getScript());
    }
}
