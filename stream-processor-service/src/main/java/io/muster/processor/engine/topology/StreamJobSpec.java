package io.muster.processor.engine.topology;

import io.muster.codec.RecordCodec;
import io.muster.processor.engine.TimePolicy;
import io.muster.processor.format.InputFormat;
import io.muster.processor.format.OutputFormat;
import io.muster.query.stream.StreamQuery;
import io.muster.records.StreamJobProgress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * Holds one start of a stream job, with all that decides its results.
 *
 * @param streamJobId whose start it is
 * @param number of the start
 * @param inputs in the order in which {@code StreamTask.Upstream} counts them
 * @param outputs by name
 * @param from the output start time of each task, in ticks; the last is that of all further ones
 * @param until from when on another start writes the results, in ticks; {@link Long#MAX_VALUE} where none does. Asked now and then.
 * @param pace how many milliseconds are between two commits of a task, at least
 * @param reached takes how far each task is, in ticks; {@link Long#MAX_VALUE} when it is no more here
 * @param exchange the topic over which the partitions of the inputs come together; empty where each partition is by itself
 * @param tasks how many partitions the exchange has, and so how many tasks share the query; more than one only where rows of different tasks never meet
 */
public record StreamJobSpec(
        String streamJobId,
        long number,
        StreamQuery query,
        List<Input> inputs,
        Map<String, Output> outputs,
        TimePolicy policy,
        List<Long> from,
        LongSupplier until,
        BiConsumer<Integer, Long> reached,
        Optional<String> exchange,
        int tasks,
        LongSupplier pace,
        RecordCodec<StreamJobProgress> progress,
        Arrivals arrivals) {
    long from(int task) {
        return from.get(Math.min(task, from.size() - 1));
    }

    /**
     * Holds an input.
     *
     * @param name in lower case
     * @param partitions how many its topic has
     * @param isReference whether its rows are looked up
     */
    public record Input(String name, String topic, InputFormat format, int partitions, boolean isReference) {}

    /**
     * Describes an output: its topic, its format and its error policy.
     *
     * @param stopsAtErrors whether a row that it does not take fails the job; else the row is dropped
     */
    public record Output(String topic, OutputFormat format, boolean stopsAtErrors) {}
}
