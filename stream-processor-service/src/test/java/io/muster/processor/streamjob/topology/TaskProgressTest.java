package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.query.stream.Ticks;
import io.muster.records.OutputStartMode;
import io.muster.records.StreamJobProgress;
import io.muster.records.StreamJobStart;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** Decides when another start may take over. */
class TaskProgressTest {
    private static final Instant OVER = Instant.parse("2026-11-21T10:00:00Z");

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final TaskProgress progress = new TaskProgress(codecs);

    private void tell(String job, long start, int task, Instant watermark) {
        StreamJobProgress reported =
                new StreamJobProgress(job, start, task, Ticks.of(watermark), null, Map.of(), List.of());
        progress.take(new ConsumerRecord<>(
                Topics.STREAM_JOB_PROGRESS.name(),
                0,
                0,
                job + " " + task,
                codecs.of(Topics.STREAM_JOB_PROGRESS).encode(reported)));
    }

    private boolean isBeyond(long number) {
        return progress.isBeyond(
                "j",
                StreamJobStart.newBuilder()
                        .setNumber(number)
                        .setMode(OutputStartMode.JOB_START_TIME)
                        .setAt(OVER)
                        .setFromTicksByTask(List.of(1L, 1L))
                        .build(),
                OVER);
    }

    @Test
    void isBeyondAnInstantOnceEveryTaskOfTheStartIs() {
        assertThat(isBeyond(7)).isFalse();
        tell("j", 7, 0, OVER);
        tell("other", 7, 1, OVER);
        tell("j", 6, 1, OVER);
        tell("j", 7, -1, OVER);
        assertThat(isBeyond(7)).as("task 1 has reported an earlier start only").isFalse();
        tell("j", 7, 1, OVER.minusMillis(1));
        assertThat(isBeyond(7)).as("task 1 is not there yet").isFalse();
        tell("j", 7, 1, OVER.plusSeconds(1));
        assertThat(isBeyond(7)).isTrue();
        assertThat(isBeyond(8)).isFalse();
        progress.take(new ConsumerRecord<>(Topics.STREAM_JOB_PROGRESS.name(), 0, 0, "j 1", null));
        assertThat(isBeyond(7)).as("the job was deleted").isFalse();
    }
}
