package io.muster.api.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import io.muster.api.job.Views;
import io.muster.codec.Codecs;
import io.muster.records.CancelJob;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatus;
import io.muster.records.Reply;
import io.muster.records.TwinPatch;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.SchemaRegistry;
import io.muster.service.RecordFailure;
import io.muster.service.trouble.Faults;
import io.muster.service.trouble.MemoryLog;
import io.muster.service.trouble.Trial;
import io.muster.service.trouble.Trouble;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads records of the topics that are viewed, good and bad ones, from brokers and a registry that fail at each call in turn. */
class ListenerTest {
    private static final List<Topic<?>> VIEWED = List.of(
            Topics.JOBS,
            Topics.JOB_STATISTICS,
            Topics.STREAM_JOBS,
            Topics.SCHEDULES,
            Topics.COLLECTIONS,
            Topics.CATALOG,
            Topics.BATCH_JOBS,
            Topics.BATCH_POOLS,
            Topics.STREAM_JOB_PROGRESS);
    private static final Instant NOW = Instant.parse("2026-11-21T02:25:15Z");

    private static final int CALLS = 40;
    private static final Set<Trouble> ENDING =
            EnumSet.of(Trouble.INTERRUPTED, Trouble.CLIENT_ODD, Trouble.OUT_OF_STACK);

    private final InMemorySchemaRegistry registry = new InMemorySchemaRegistry();
    private final Codecs codecs = new Codecs(registry);
    private final Views views = Views.empty();
    private final JobView jobs = views.jobs();
    private final StreamJobView streamJobs = views.streamJobs();

    private void take(Topic<?> topic, String key, byte[] value) {
        Listener.take(new ConsumerRecord<>(topic.name(), 0, 0, key, value), codecs, views);
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

    /** Fails views and replies together: the clients of both are counted as one. */
    @Test
    void showsTheJobAndHearsTheReplyOrEndsWhicheverCallFails() {
        new Trial(CALLS, ENDING).run((faults, fatal) -> loop(codecs, faults, fatal));
    }

    @ParameterizedTest
    @EnumSource(names = {"REGISTRY_AWAY", "SCHEMA_UNKNOWN"})
    void showsTheJobWheneverTheRegistryHasBeenAway(Trouble trouble) {
        for (int failing = 1; failing <= VIEWED.size(); failing++) {
            Faults faults = new Faults(failing, trouble::make);
            Codecs away = new Codecs(faults.of(SchemaRegistry.class, registry));
            try (Trial.Loop loop = loop(away, new Faults(0, AssertionError::new), Assertions::fail)) {
                await().until(() -> loop.isReady() && loop.isDone());
            }
        }
    }

    private Trial.Loop loop(Codecs reading, Faults faults, Consumer<String> fatal) {
        MemoryLog<String> log = new MemoryLog<>(Stream.concat(VIEWED.stream(), Stream.of(Topics.REPLIES))
                .map(Topic::name)
                .toArray(String[]::new));
        log.add(Topics.JOBS.name(), "j", job());
        Views seen = Views.empty();
        RequestsOverDoubles requests = new RequestsOverDoubles(codecs, seen, new Faults(0, AssertionError::new));
        Listener listener = new Listener(faults.source(log, fatal), reading, 0, requests.requests(), seen);
        listener.start();
        return new Trial.Loop() {
            private @Nullable CompletableFuture<Job> asked;

            @Override
            public boolean isReady() {
                return listener.ready();
            }

            @Override
            public boolean isDone() {
                if (asked == null) {
                    asked = requests.requests().job("k", new CancelJob());
                    await().until(() -> asked.isDone() || !requests.written().isEmpty());
                    requests.written().forEach(id -> log.add(Topics.REPLIES.name(), id, reply(id)));
                }
                if (asked.isCompletedExceptionally()) {
                    asked = null; // Replies were not heard just then: a client tries again.
                }
                return asked != null && asked.isDone() && seen.jobs().get("j").isPresent();
            }

            @Override
            public void close() {
                listener.close();
                requests.requests().close();
            }
        };
    }

    private byte[] reply(String requestId) {
        return codecs.of(Topics.REPLIES)
                .encode(new Reply(requestId, codecs.of(Topics.JOBS).decode(job())));
    }

    /** Skips records that fail by their own fault; the follower would try all others for ever. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void takesEachRecordOrFailsAsOfARecord(long seed) {
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
