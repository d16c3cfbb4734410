package io.muster.api.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.muster.api.job.Refusal;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Views;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.codec.Codecs;
import io.muster.records.AnswerTooLarge;
import io.muster.records.CancelJob;
import io.muster.records.DeviceCounts;
import io.muster.records.DeviceView;
import io.muster.records.GetDevice;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobRefused;
import io.muster.records.JobStatus;
import io.muster.records.Reply;
import io.muster.records.TwinPatch;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.SchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.SettingsException;
import io.muster.service.trouble.Faults;
import io.muster.service.trouble.Trouble;
import io.muster.topics.Headers;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Asks the core over a log in memory: each request has its own answer, and none waits for ever. */
class KafkaRequestsTest {
    private static final Faults NONE = new Faults(0, AssertionError::new);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final int SENDING = 14;

    private final Codecs codecs = new Codecs(new InMemorySchemaRegistry());
    private final Views views = Views.empty();
    private RequestsOverDoubles doubles = new RequestsOverDoubles(codecs, views, NONE);

    @AfterEach
    void close() {
        doubles.requests().close();
    }

    private static Job job(String id) {
        return Job.newBuilder()
                .setDefinition(new JobDefinition(id, new TwinPatch(null, "{}", null), "*", null, 60, null))
                .setJobNumber(1)
                .setStatus(JobStatus.CANCELLED)
                .setCreatedAt(Instant.EPOCH)
                .setRevision(2)
                .build();
    }

    private List<String> written(int count) {
        await().until(() -> doubles.written().size() >= count);
        return doubles.written();
    }

    private void reply(String requestId, Object outcome) {
        doubles.requests().receive(new Reply(requestId, outcome));
    }

    private static <T> T get(CompletableFuture<T> asked) throws Exception {
        return asked.get(20, TimeUnit.SECONDS);
    }

    private static Problem problem(CompletableFuture<?> asked) {
        Throwable failure = catchThrowable(() -> get(asked));
        assertThat(failure).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(ProblemException.class);
        return ((ProblemException) failure.getCause()).problem();
    }

    @Test
    void answersEachRequestWithItsOwnReply() throws Exception {
        doubles.requests().heardBy(() -> true);
        CompletableFuture<Job> first = doubles.requests().job("a", new CancelJob());
        written(1);
        CompletableFuture<Job> second = doubles.requests().job("b", new CancelJob());
        List<String> ids = written(2);
        reply(ids.get(1), job("b"));
        assertThat(get(second)).isEqualTo(job("b"));
        assertThat(first).isNotDone();
        reply("of another", job("c"));
        reply(ids.get(0), job("a"));
        assertThat(get(first)).isEqualTo(job("a"));
        assertThat(views.jobs().get("a")).as("a caller reads its own writes").isPresent();
        ProducerRecord<String, byte[]> record = doubles.records().getFirst();
        assertThat(record.topic()).isEqualTo(Topics.JOB_COMMANDS.name());
        assertThat(record.key()).isEqualTo("a");
        assertThat(record.headers().lastHeader(Headers.REPLY_TO).value())
                .asString()
                .isEqualTo("0");
    }

    @Test
    void failsWithTheReasonOfARefusal() {
        doubles.requests().heardBy(() -> true);
        CompletableFuture<Job> asked = doubles.requests().job("a", new CancelJob());
        reply(written(1).getFirst(), new JobRefused(JobRefusalReason.ENDED, "The job has ended."));
        assertThatThrownBy(() -> get(asked))
                .cause()
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal())
                                .isEqualTo(new Refusal.OfJob(JobRefusalReason.ENDED, "The job has ended.")));
    }

    @Test
    void failsWithTheSizeOfAnAnswerThatIsTooLarge() {
        doubles.requests().heardBy(() -> true);
        CompletableFuture<Job> asked = doubles.requests().job("a", new CancelJob());
        reply(written(1).getFirst(), new AnswerTooLarge(9_000_000, 8_000_000));
        assertThatThrownBy(() -> get(asked))
                .cause()
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "The answer has 9000000 bytes, 8000000 at most. If the request has pages, ask for smaller ones.");
    }

    @Test
    void waitsForTheReplyOfEachPartition() throws Exception {
        doubles.requests().heardBy(() -> true);
        CompletableFuture<List<DeviceCounts>> asked = doubles.requests().counts();
        List<String> ids = written(RequestsOverDoubles.DEVICE_PARTITIONS);
        assertThat(doubles.records()).extracting(ProducerRecord::partition).containsExactly(0, 1);
        reply(ids.getFirst(), new DeviceCounts(0, 1L, 1L, 0L));
        assertThatThrownBy(() -> asked.get(SHORT.toMillis(), TimeUnit.MILLISECONDS))
                .as("one of two replies")
                .isInstanceOf(TimeoutException.class);
        reply(ids.getFirst(), new DeviceCounts(1, 2L, 2L, 0L));
        assertThat(get(asked)).hasSize(2);
    }

    @Test
    void asksNothingWhileRepliesAreNotHeard() {
        assertThat(problem(doubles.requests().job("a", new CancelJob()))).satisfies(KafkaRequestsTest::isUnavailable);
        assertThat(doubles.records()).isEmpty();
    }

    @Test
    void saysThatItMayStillHappenWhereNoReplyComes() {
        doubles.requests().heardBy(() -> true);
        CompletableFuture<DeviceView> asked = doubles.requests().device("d", new GetDevice(), DeviceView.class, SHORT);
        assertThat(problem(asked).status()).isEqualTo(504);
    }

    @Test
    void rejectsAnInstanceWithoutAPartitionOfReplies() {
        assertThatThrownBy(() -> new RequestsOverDoubles(codecs, views, NONE, 1))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("api.instance is 0 to 0");
    }

    /** Fails a request whose writing fails, and keeps the next from nothing. */
    @ParameterizedTest
    @EnumSource
    void failsAtOnceAndAnswersTheNextWhereTheLogFails(Trouble trouble) throws Exception {
        doubles.requests().close();
        doubles = new RequestsOverDoubles(codecs, views, new Faults(SENDING, trouble::make));
        doubles.requests().heardBy(() -> true);
        assertThatThrownBy(() -> doubles.requests().job("a", new CancelJob()).get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class);
        CompletableFuture<Job> next = doubles.requests().job("a", new CancelJob());
        reply(written(1).getFirst(), job("a"));
        assertThat(get(next)).isEqualTo(job("a"));
    }

    @Test
    void failsToStartWhileTheRegistryIsAway() {
        for (int failing = 1; failing <= 11; failing++) {
            Faults faults = new Faults(failing, Trouble.REGISTRY_AWAY::make);
            Codecs away = new Codecs(faults.of(SchemaRegistry.class, new InMemorySchemaRegistry()));
            assertThatThrownBy(() -> new RequestsOverDoubles(away, views, NONE))
                    .isInstanceOf(SchemaRegistryException.class);
        }
    }

    private static void isUnavailable(Problem problem) {
        assertThat(problem.status()).isEqualTo(503);
    }
}
