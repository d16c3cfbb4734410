package io.muster.processor.engine.stream;

import io.muster.codec.RecordCodec;
import io.muster.processor.engine.TimePolicy;
import io.muster.query.stream.StreamQuery;
import io.muster.records.StreamJobProgress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One start of a stream job, with all that decides its results.
 *
 * @param streamJobId whose start it is
 * @param number of the start
 * @param inputs in the order in which {@code StreamTask.Upstream} counts them
 * @param outputs by name
 * @param from the output start time, in ticks
 * @param exchange the topic of one partition over which the partitions of the inputs come together; empty where each partition is by itself
 */
public record StreamJobSpec(
        String streamJobId,
        long number,
        StreamQuery query,
        List<Input> inputs,
        Map<String, Output> outputs,
        TimePolicy policy,
        long from,
        Optional<String> exchange,
        RecordCodec<StreamJobProgress> progress,
        Arrivals arrivals) {
    /**
     * An input.
     *
     * @param name in lower case
     * @param partitions how many its topic has
     */
    public record Input(String name, String topic, InputFormat format, int partitions) {}

    /** @param key the column whose value is the record's key */
    public record Output(String topic, Optional<String> key) {}
}
