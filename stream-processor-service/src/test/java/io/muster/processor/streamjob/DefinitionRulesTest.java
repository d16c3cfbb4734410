package io.muster.processor.streamjob;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.FleetTelemetry;
import io.muster.records.ReferenceFiles;
import io.muster.records.StreamEndpoint;
import io.muster.records.StreamFormat;
import io.muster.records.StreamFunction;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import io.muster.records.StreamTopic;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks definitions as any program may write them. Contract: stream-analytics, 4.1. */
class DefinitionRulesTest {
    private static final StreamFormat WIDE =
            StreamFormat.newBuilder().setDelimiter("||").build();

    private static StreamJobDefinition.Builder job() {
        return StreamJobDefinition.newBuilder();
    }

    private static StreamJobDefinition.Builder job(StreamInput.Builder input) {
        return job().setInputs(List.of(input.setName("i").build()));
    }

    private static StreamJobDefinition.Builder job(StreamOutput.Builder output) {
        return job().setOutputs(List.of(output.setName("o").build()));
    }

    private static StreamInput.Builder reads(Object source) {
        return StreamInput.newBuilder().setSource(source);
    }

    private static StreamOutput.Builder writes(Object target) {
        return StreamOutput.newBuilder().setTarget(target);
    }

    private static StreamJobDefinition.Builder function(int parameters) {
        return job().setFunctions(List.of(new StreamFunction("f", "", parameters)));
    }

    static List<Arguments> kept() {
        return List.of(
                Arguments.of(job()),
                Arguments.of(job().setStreamingUnits(1)),
                Arguments.of(job().setStreamingUnits(64)),
                Arguments.of(job().setLateArrivalSeconds(-1)),
                Arguments.of(job(reads(new StreamTopic("in")))),
                Arguments.of(job(reads(new StreamTopic("in")).setReference(true))),
                Arguments.of(job(reads(new FleetTelemetry()))),
                Arguments.of(job(reads(new ReferenceFiles("a/b.json", "", "")).setReference(true))),
                Arguments.of(job(StreamInput.newBuilder().setFault("There is none."))),
                Arguments.of(job(writes(new StreamTopic("out")))),
                Arguments.of(job(writes(new StreamEndpoint("https://example.com", "a", 1)))),
                Arguments.of(job(writes(new StreamEndpoint("https://example.com", "", 200)))),
                Arguments.of(job(StreamOutput.newBuilder().setFault("There is none."))),
                Arguments.of(function(0)),
                Arguments.of(function(255)));
    }

    @ParameterizedTest
    @MethodSource("kept")
    void takesDefinitionsWithinTheirBounds(StreamJobDefinition.Builder definition) {
        assertThat(DefinitionRules.broken(definition.build())).isEmpty();
    }

    static List<Arguments> broken() {
        return List.of(
                Arguments.of(job().setStreamingUnits(0), "streamingUnits is from 1 to 64."),
                Arguments.of(job().setStreamingUnits(65), "streamingUnits is from 1 to 64."),
                Arguments.of(job().setDisorderSeconds(-1), "disorderSeconds is at least 0."),
                Arguments.of(
                        job(StreamInput.newBuilder()),
                        "The input i has a source, or a fault that says why it has none."),
                Arguments.of(
                        job(reads(new FleetTelemetry()).setReference(true)),
                        "The input i is a reference if it reads files, and none if it reads the fleet's telemetry."),
                Arguments.of(
                        job(reads(new ReferenceFiles("a/b.json", "", ""))),
                        "The input i is a reference if it reads files, and none if it reads the fleet's telemetry."),
                Arguments.of(
                        job(reads(new StreamTopic("in")).setFormat(WIDE)),
                        "The delimiter of the input i is one character."),
                Arguments.of(
                        job(StreamOutput.newBuilder()),
                        "The output o has a target, or a fault that says why it has none."),
                Arguments.of(
                        job(writes(new StreamTopic("out")).setFormat(WIDE)),
                        "The delimiter of the output o is one character."),
                Arguments.of(
                        job(writes(new StreamEndpoint("https://example.com", "", 0))),
                        "mostRows of the output o is from 1 to 200."),
                Arguments.of(
                        job(writes(new StreamEndpoint("https://example.com", "", 201))),
                        "mostRows of the output o is from 1 to 200."),
                Arguments.of(
                        job(writes(new StreamEndpoint("http://a b", "c", 1))),
                        "The address of the output o is one such as https://example.com/alerts, not 'http://a b/c'."),
                Arguments.of(function(-1), "The function f has 0 to 255 parameters."),
                Arguments.of(function(256), "The function f has 0 to 255 parameters."));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void refusesDefinitionsBeyondTheirBounds(StreamJobDefinition.Builder definition, String why) {
        assertThat(DefinitionRules.broken(definition.build())).contains(why);
    }
}
