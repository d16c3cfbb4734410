package io.muster.processor.streamjob.topology;

import io.muster.codec.Codecs;
import io.muster.query.stream.Ticks;
import io.muster.records.StreamJobProgress;
import io.muster.records.StreamJobStart;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** Keeps the latest progress of each task that writes results, by the log. Thread-safe. */
final class TaskProgress {
    private final Codecs codecs;
    private final Map<String, StreamJobProgress> latest = new ConcurrentHashMap<>();

    TaskProgress(Codecs codecs) {
        this.codecs = codecs;
    }

    /** Takes a record of {@link Topics#STREAM_JOB_PROGRESS}. @throws RuntimeException where it is none */
    void take(ConsumerRecord<String, byte[]> record) {
        if (record.key() == null) {
            throw new IllegalArgumentException("the key is a stream job id, a blank and a task");
        }
        if (record.value() == null) {
            latest.remove(record.key());
            return;
        }
        StreamJobProgress progress = codecs.of(Topics.STREAM_JOB_PROGRESS).decode(record.value());
        if (progress.getTask() >= 0) { // Those below zero only read.
            latest.put(record.key(), progress);
        }
    }

    /** Returns whether every task of the start has written all results before the instant. */
    boolean isBeyond(String streamJobId, StreamJobStart start, Instant instant) {
        return IntStream.range(0, StreamJobRun.tasks(start)).allMatch(task -> {
            @Nullable StreamJobProgress progress = latest.get(streamJobId + " " + task);
            return progress != null
                    && progress.getStartNumber() == start.getNumber()
                    && progress.getWatermarkTicks() >= Ticks.of(instant);
        });
    }
}
