package io.muster.processor.streamjob.topology;

import io.muster.records.ReferenceFiles;
import io.muster.records.StreamEndpoint;
import io.muster.records.StreamInput;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamOutput;
import io.muster.records.StreamTopic;
import java.util.List;

/** Makes definitions of stream jobs for tests: the input {@code i}, the output {@code o}. */
final class Definitions {
    static final String ALL = "SELECT * INTO o FROM i";
    static final String WITH_REFERENCE = "SELECT i.a, r.b INTO o FROM i JOIN r ON i.a = r.a";

    private Definitions() {}

    static StreamJobDefinition of(String query, List<StreamInput> inputs, StreamOutput output) {
        return StreamJobDefinition.newBuilder()
                .setQuery(query)
                .setInputs(inputs)
                .setOutputs(List.of(output))
                .build();
    }

    static StreamInput input(Object source) {
        return StreamInput.newBuilder().setName("i").setSource(source).build();
    }

    static StreamInput input(String topic) {
        return input(new StreamTopic(topic));
    }

    /** Returns the input {@code r}, which is looked up. */
    static StreamInput reference(Object source) {
        return StreamInput.newBuilder(input(source))
                .setName("r")
                .setReference(true)
                .build();
    }

    static ReferenceFiles files(String path) {
        return ReferenceFiles.newBuilder().setPath(path).build();
    }

    static StreamOutput output(Object target) {
        return StreamOutput.newBuilder().setName("o").setTarget(target).build();
    }

    static StreamOutput output(String topic) {
        return output(new StreamTopic(topic));
    }

    static StreamEndpoint endpoint(String address) {
        return StreamEndpoint.newBuilder().setAddress(address).build();
    }
}
