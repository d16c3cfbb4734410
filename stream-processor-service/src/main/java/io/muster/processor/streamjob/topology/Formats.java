package io.muster.processor.streamjob.topology;

import io.muster.codec.Codecs;
import io.muster.processor.format.InputFormat;
import io.muster.processor.format.OutputFormat;
import io.muster.registry.SchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import io.muster.topics.Topics;
import java.time.Duration;

/** Chooses how the topics of a stream job are read and written. */
final class Formats {
    private static final Duration MESSAGE_LIFE = Duration.ofHours(1);

    private Formats() {}

    static InputFormat of(RunnableStreamJob.Input.OfTopic input, Codecs codecs) {
        if (input.topic().equals(Topics.TELEMETRY.name())) {
            return new InputFormat.DeviceTelemetry(codecs.of(Topics.TELEMETRY));
        }
        return switch (input.format().getSerialization()) {
            case JSON -> new InputFormat.Json();
            case CSV -> new InputFormat.Csv(input.format().getDelimiter().charAt(0));
            case AVRO -> new InputFormat.Avro(codecs.registry());
        };
    }

    /** Chooses how the rows of an output are written. @throws StreamJobDefinitionException where the registry has no schema for what is written */
    static OutputFormat of(RunnableStreamJob.Output.ToTopic output, Codecs codecs) throws StreamJobDefinitionException {
        if (output.topic().equals(Topics.DEVICE_COMMANDS.name())) {
            return new OutputFormat.ToDevices(codecs.of(Topics.DEVICE_COMMANDS), MESSAGE_LIFE);
        }
        if (output.topic().equals(Topics.JOB_COMMANDS.name())) {
            return new OutputFormat.ToJobs(codecs.of(Topics.JOB_COMMANDS));
        }
        return switch (output.format().getSerialization()) {
            case JSON -> new OutputFormat.Json(output.format().getArray(), output.key());
            case CSV -> new OutputFormat.Csv(output.format().getDelimiter().charAt(0), output.key());
            case AVRO -> {
                SchemaRegistry.Registered schema = latest(codecs.registry(), output.topic() + "-value");
                yield new OutputFormat.Avro(schema.id(), schema.schema(), output.key());
            }
        };
    }

    private static SchemaRegistry.Registered latest(SchemaRegistry registry, String subject)
            throws StreamJobDefinitionException {
        try {
            return registry.latest(subject);
        } catch (SchemaRegistryException e) {
            if (e.isUnknownSchema()) {
                throw new StreamJobDefinitionException("The schema registry has no subject " + subject
                        + ": register the schema of the results first.");
            }
            throw e;
        }
    }
}
