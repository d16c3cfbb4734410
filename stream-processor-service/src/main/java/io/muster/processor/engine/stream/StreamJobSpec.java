package io.muster.processor.engine.stream;

import io.muster.processor.engine.TimePolicy;
import io.muster.query.stream.StreamQuery;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One start of a stream job, with all that decides its results.
 *
 * @param applicationId its own: state, group and internal topics begin empty with it
 * @param inputs in the order in which {@code StreamTask.Upstream} counts them
 * @param outputs by name
 * @param from the output start time, in ticks
 * @param exchange the topic of one partition over which the partitions of the inputs come together; empty where each partition is by itself
 */
public record StreamJobSpec(
        String applicationId,
        StreamQuery query,
        List<Input> inputs,
        Map<String, Output> outputs,
        TimePolicy policy,
        long from,
        Optional<String> exchange) {
    /**
     * An input.
     *
     * @param name in lower case
     * @param partitions how many its topic has
     * @param emptySince of partitions behind whose first offset there was nothing, when that was seen, in ticks
     */
    public record Input(String name, String topic, InputFormat format, int partitions, Map<Integer, Long> emptySince) {}

    /** @param key the column whose value is the record's key */
    public record Output(String topic, Optional<String> key) {}
}
