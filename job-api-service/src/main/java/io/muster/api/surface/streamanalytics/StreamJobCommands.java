package io.muster.api.surface.streamanalytics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.StreamJobView;
import io.muster.api.json.Dates;
import io.muster.api.json.Members;
import io.muster.api.json.ProblemException;
import io.muster.records.OutputStartMode;
import io.muster.records.ReplaceStreamJob;
import io.muster.records.ScaleStreamJob;
import io.muster.records.StartStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the bodies of a job's actions as commands, and refuses those that can't do what they ask for. Contract: stream-analytics, 4.2. */
final class StreamJobCommands {
    static final Map<OutputStartMode, String> MODES = Map.of(
            OutputStartMode.JOB_START_TIME, "JobStartTime",
            OutputStartMode.CUSTOM_TIME, "CustomTime",
            OutputStartMode.LAST_OUTPUT_EVENT_TIME, "LastOutputEventTime");

    private static final Members OF_START = Members.of("outputStartMode", "outputStartTime");
    private static final Members OF_SCALE = Members.of("streamingUnits");
    private static final Members OF_REPLACEMENT = Members.of("query", "inputs", "outputs", "functions", "takeOverTime");

    private StreamJobCommands() {}

    /** Reads the body of an action that starts a job. @throws ProblemException where the job can't start; the message says what to do */
    static StartStreamJob start(@Nullable JsonNode body, StreamJobView.Entry entry) {
        if (body != null) {
            OF_START.rejectOthers(body, "");
        }
        rejectIncomplete(entry.job().getDefinition());
        String mode = body == null ? "" : body.path("outputStartMode").asText("");
        JsonNode time = body == null ? JsonNodeFactory.instance.missingNode() : body.path("outputStartTime");
        OutputStartMode found = mode.isEmpty() ? OutputStartMode.JOB_START_TIME : mode(mode);
        if (found == OutputStartMode.CUSTOM_TIME && !time.isTextual()) {
            throw StreamJobDocument.bad("With CustomTime, say outputStartTime.");
        }
        if (found == OutputStartMode.LAST_OUTPUT_EVENT_TIME
                && entry.lastOutput().isEmpty()) {
            throw StreamJobDocument.bad(
                    "The job has never written a result: start it with JobStartTime, or with CustomTime.");
        }
        return new StartStreamJob(
                found, found == OutputStartMode.CUSTOM_TIME ? Dates.parse("outputStartTime", time.asText()) : null);
    }

    /** Reads the body of an action that scales a job. @throws ProblemException when the body names no number of streaming units from 1 */
    static ScaleStreamJob scale(ObjectNode body) {
        OF_SCALE.rejectOthers(body, "");
        int units = body.path("streamingUnits").asInt(0);
        if (units < 1) {
            throw StreamJobDocument.bad("Say streamingUnits, a number from 1.");
        }
        return new ScaleStreamJob(units);
    }

    /**
     * Makes another definition for a job that runs: the known one with another query, and inputs, outputs and functions where they are given.
     *
     * @throws ProblemException where it could not take over
     */
    static ReplaceStreamJob replace(ObjectNode body, StreamJob job) {
        OF_REPLACEMENT.rejectOthers(body, "");
        StreamJobDefinition definition =
                StreamJobDocument.of(job).withQuery(body).definition();
        rejectIncomplete(definition);
        JsonNode at = body.path("takeOverTime");
        return new ReplaceStreamJob(definition, null, at.isTextual() ? Dates.parse("takeOverTime", at.asText()) : null);
    }

    private static OutputStartMode mode(String name) {
        return MODES.entrySet().stream()
                .filter(known -> known.getValue().equalsIgnoreCase(name))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> StreamJobDocument.bad(
                        "outputStartMode is JobStartTime, CustomTime or LastOutputEventTime, and not " + name + "."));
    }

    private static void rejectIncomplete(StreamJobDefinition definition) {
        if (definition.getInputs().isEmpty()) {
            throw StreamJobDocument.bad("The job has no inputs: a job that starts has at least one.");
        }
        if (definition.getOutputs().isEmpty()) {
            throw StreamJobDocument.bad("The job has no outputs: a job that starts has at least one.");
        }
        if (definition.getQuery() == null || definition.getQuery().isBlank()) {
            throw StreamJobDocument.bad("The job has no transformation with a query.");
        }
        QueryCheck.fault(definition).ifPresent(fault -> {
            throw StreamJobDocument.bad(fault);
        });
    }
}
