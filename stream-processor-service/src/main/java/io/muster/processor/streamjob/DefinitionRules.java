package io.muster.processor.streamjob;

import io.muster.records.FleetTelemetry;
import io.muster.records.ReferenceFiles;
import io.muster.records.StreamEndpoint;
import io.muster.records.StreamFormat;
import io.muster.records.StreamFunction;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Holds definitions to their bounds, whichever program writes them. A definition beyond them is refused; one within them may still have faults,
 * which fail its start. Contract: stream-analytics, 4.1. ADR 0033.
 */
public final class DefinitionRules {
    public static final int MOST_UNITS = 64;
    private static final int MOST_ROWS = 200;
    private static final int MOST_PARAMETERS = 255;

    private DefinitionRules() {}

    /** Returns the first rule that the definition breaks, as a sentence; empty where it keeps all. */
    static Optional<String> broken(StreamJobDefinition definition) {
        if (!areUnits(definition.getStreamingUnits())) {
            return Optional.of(units());
        }
        if (definition.getDisorderSeconds() < 0) {
            return Optional.of("disorderSeconds is at least 0.");
        }
        return Stream.of(
                        definition.getInputs().stream().flatMap(input -> broken(input).stream()),
                        definition.getOutputs().stream().flatMap(output -> broken(output).stream()),
                        definition.getFunctions().stream().flatMap(function -> broken(function).stream()))
                .flatMap(all -> all)
                .findFirst();
    }

    static boolean areUnits(int units) {
        return units >= 1 && units <= MOST_UNITS;
    }

    static String units() {
        return "streamingUnits is from 1 to " + MOST_UNITS + ".";
    }

    private static Optional<String> broken(StreamInput input) {
        if (input.getSource() == null && input.getFault() == null) {
            return Optional.of("The input " + input.getName() + " has a source, or a fault that says why it has none.");
        }
        if (input.getFault() == null
                && (input.getReference()
                        ? input.getSource() instanceof FleetTelemetry
                        : input.getSource() instanceof ReferenceFiles)) {
            return Optional.of("The input " + input.getName()
                    + " is a reference if it reads files, and none if it reads the fleet's telemetry.");
        }
        return broken("input " + input.getName(), input.getFormat());
    }

    private static Optional<String> broken(StreamOutput output) {
        if (output.getTarget() == null && output.getFault() == null) {
            return Optional.of(
                    "The output " + output.getName() + " has a target, or a fault that says why it has none.");
        }
        if (output.getTarget() instanceof StreamEndpoint endpoint && output.getFault() == null) {
            if (endpoint.getMostRows() < 1 || endpoint.getMostRows() > MOST_ROWS) {
                return Optional.of("mostRows of the output " + output.getName() + " is from 1 to " + MOST_ROWS + ".");
            }
            try {
                new URI(address(endpoint));
            } catch (URISyntaxException _) {
                return Optional.of("The address of the output " + output.getName()
                        + " is one such as https://example.com/alerts, not '" + address(endpoint) + "'.");
            }
        }
        return broken("output " + output.getName(), output.getFormat());
    }

    private static Optional<String> broken(String part, StreamFormat format) {
        return format.getDelimiter().length() == 1
                ? Optional.empty()
                : Optional.of("The delimiter of the " + part + " is one character.");
    }

    private static Optional<String> broken(StreamFunction function) {
        return function.getParameters() < 0 || function.getParameters() > MOST_PARAMETERS
                ? Optional.of("The function " + function.getName() + " has 0 to " + MOST_PARAMETERS + " parameters.")
                : Optional.empty();
    }

    /** Returns the whole address of an endpoint. */
    public static String address(StreamEndpoint endpoint) {
        return endpoint.getFunction().isBlank()
                ? endpoint.getAddress()
                : endpoint.getAddress() + "/" + endpoint.getFunction();
    }
}
