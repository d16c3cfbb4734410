package io.muster.api.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import io.muster.api.job.Views;
import io.muster.codec.Codecs;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatus;
import io.muster.records.TwinPatch;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.RecordFailure;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records of the topics that are viewed, good and bad ones. What a failing broker or registry does is LogFollowerTest's. */
class ListenerTest {
    private static final List<Topic<?>> VIEWED =
            List.of(Topics.JOBS, Topics.JOB_STATISTICS, Topics.STREAM_JOBS, Topics.STREAM_JOB_PROGRESS);
    private static final Instant NOW = Instant.parse("2026-11-21T02:25:15Z");

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final Views views = Views.empty();
    private final JobView jobs = views.jobs();
    private final StreamJobView streamJobs = views.streamJobs();

    private void take(Topic<?> topic, String key, byte[] value) {
        Listener.take(new ConsumerRecord<>(topic.name(), 0, 0, key, value), codecs, jobs, streamJobs);
    }

    private byte[] job() {
        return codecs.of(Topics.JOBS)
                .encode(Job.newBuilder()
                        .setDefinition(new JobDefinition("j", new TwinPatch(null, "{}", null), "*", null, 60, null))
                        .setJobNumber(1)
                        .setStatus(JobStatus.QUEUED)
                        .setCreatedAt(NOW)
                        .setRevision(1)
                        .build());
    }

    /** Whatever a record holds: it is taken, or fails as a record does, which is passed by; the next is taken. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void noRecordIsTakenForATroubleOfTheBrokerOrTheRegistry(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (Topic<?> topic : VIEWED) {
            for (int i = 0; i < 500; i++) {
                byte[] value = random.nextInt(10) == 0 ? null : damaged(random);
                String key = random.nextInt(10) == 0 ? null : "k" + i;
                try {
                    take(topic, key, value);
                } catch (RuntimeException e) {
                    assertThat(RecordFailure.isOfRecord(e))
                            .as("else the follower would try it for ever: %s %s", topic.name(), e)
                            .isTrue();
                }
            }
        }
        take(Topics.JOBS, "j", job());
        assertThat(jobs.get("j")).isPresent();
        take(Topics.JOBS, "j", null);
        assertThat(jobs.get("j")).isEmpty();
    }

    private byte[] damaged(SplittableRandom random) {
        byte[] value = switch (random.nextInt(3)) {
            case 0 -> job();
            case 1 -> "poison".getBytes(StandardCharsets.UTF_8);
            default -> new byte[random.nextInt(40)];
        };
        for (int hit = 0; value.length > 0 && hit < 1 + random.nextInt(6); hit++) {
            value[random.nextInt(value.length)] = (byte) random.nextInt(256);
        }
        return value;
    }
}
