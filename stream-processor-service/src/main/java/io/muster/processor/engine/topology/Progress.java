package io.muster.processor.engine.topology;

import io.muster.records.StreamJobProgress;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.streams.processor.api.Record;

/** Makes records of how far a task of a start is: a record that goes with its results in one transaction. */
final class Progress {
    private Progress() {}

    /** Makes the record of a task's progress. @param task its partition; of a task that only gives events their time, the partition subtracted from -1 */
    static Record<byte[], byte[]> of(
            StreamJobSpec spec, int task, long watermark, long lastResult, Diagnostics diagnostics) {
        StreamJobProgress progress = StreamJobProgress.newBuilder()
                .setStreamJobId(spec.streamJobId())
                .setStartNumber(spec.number())
                .setTask(task)
                .setWatermarkTicks(watermark)
                .setLastOutputTicks(lastResult == Long.MIN_VALUE ? null : lastResult)
                .setCounts(diagnostics.counts())
                .setSamples(diagnostics.samples())
                .build();
        byte[] key = (spec.streamJobId() + " " + task).getBytes(StandardCharsets.UTF_8);
        return new Record<>(key, spec.progress().encode(progress), 0);
    }
}
