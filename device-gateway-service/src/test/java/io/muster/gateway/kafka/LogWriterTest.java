package io.muster.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogWriterTest {
    private static final int MIB = 1 << 20;
    private static final int MOST = (int) (LogWriter.MOST_BYTES / MIB);

    /** What the log was asked to take, and who is to be told. */
    private record Sent(ProducerRecord<String, byte[]> record, Callback callback) {}

    private final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final CountDownLatch back = new CountDownLatch(1);
    private volatile boolean away;
    private volatile @Nullable Throwable fault;
    private final LogWriter writer = new LogWriter(producer(), meters, ends::add);

    /** A log in memory: takes nothing while it is away, and its callers wait. */
    @SuppressWarnings("unchecked")
    private Producer<String, byte[]> producer() {
        return (Producer<String, byte[]>) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Producer.class}, (_, method, arguments) -> {
                    if (method.getName().equals("send")) {
                        if (fault != null) {
                            throw fault;
                        }
                        if (away) {
                            awaitIt();
                        }
                        sent.add(new Sent((ProducerRecord<String, byte[]>) arguments[0], (Callback) arguments[1]));
                    }
                    return null;
                });
    }

    private void awaitIt() {
        try {
            back.await();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    @AfterEach
    void stop() {
        back.countDown();
        writer.close();
    }

    private static ProducerRecord<String, byte[]> record(int bytes) {
        return new ProducerRecord<>("device-reports", "d", new byte[bytes]);
    }

    private double unwritten() {
        return meters.get("muster.gateway.unwritten.bytes").gauge().value();
    }

    @Test
    void keepsWhatItTookInOrderHoweverLongTheLogIsAway() throws InterruptedException {
        away = true;
        List<ProducerRecord<String, byte[]>> records = new ArrayList<>();
        List<CompletableFuture<Void>> written = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            ProducerRecord<String, byte[]> record = record(i % 100);
            records.add(record);
            written.add(writer.write(record));
        }
        assertThat(written).noneMatch(CompletableFuture::isDone);
        back.countDown();
        for (ProducerRecord<String, byte[]> record : records) {
            Sent next = sent.take();
            assertThat(next.record()).isSameAs(record);
            next.callback().onCompletion(null, null);
        }
        assertThat(written).allMatch(future -> future.isDone() && !future.isCompletedExceptionally());
        assertThat(unwritten()).isZero();
        assertThat(ends).isEmpty();
    }

    @Test
    void hasRoomForAnswersWhereTelemetryIsRefusedAndReportsWhenItIsFull() throws InterruptedException {
        int telemetry = 0;
        while (!writer.writeWithRoom(record(MIB)).isCompletedExceptionally()) {
            telemetry++;
        }
        int answers = 0;
        while (!writer.write(record(MIB)).isCompletedExceptionally()) {
            answers++;
        }
        assertThat(telemetry).isBetween(MOST / 2 - 1, MOST / 2);
        assertThat(telemetry + answers).isBetween(MOST - 1, MOST);
        assertThat(writer.saturated()).isTrue();
        assertThat(unwritten()).isLessThanOrEqualTo(LogWriter.MOST_BYTES);
        assertThat(meters.get("muster.gateway.unwritten.refused").counter().count())
                .isEqualTo(2);
        for (int i = 0; i < telemetry + answers; i++) {
            sent.take().callback().onCompletion(null, null);
        }
        assertThat(writer.saturated()).isFalse();
        assertThat(writer.writeWithRoom(record(MIB))).isNotCompletedExceptionally();
    }

    @Test
    void aRecordThatIsTooLargeFailsAlone() throws InterruptedException {
        CompletableFuture<Void> large = writer.write(record(1));
        sent.take().callback().onCompletion(null, new RecordTooLargeException("large"));
        assertThat(large).isCompletedExceptionally();
        assertThat(ends).isEmpty();
        writer.write(record(1));
        assertThat(sent.take()).isNotNull();
    }

    @Test
    void aFailureThatIsNotOneRecordsEndsTheProcess() throws InterruptedException {
        CompletableFuture<Void> refused = writer.write(record(1));
        sent.take().callback().onCompletion(null, new TopicAuthorizationException("not yours"));
        assertThat(refused).isCompletedExceptionally();
        assertThat(ends).singleElement().asString().contains("device-reports").contains("not yours");
    }

    @ParameterizedTest
    @ValueSource(classes = {KafkaException.class, IllegalStateException.class, OutOfMemoryError.class})
    void aWriterThatCannotWriteEndsTheProcess(Class<? extends Throwable> kind) throws ReflectiveOperationException {
        fault = kind.getConstructor(String.class).newInstance("broken");
        writer.write(record(1));
        await().untilAsserted(() -> assertThat(ends).hasSize(1));
    }

    @Test
    void refusesWhatComesWhenItEnds() {
        away = true;
        writer.write(record(1));
        writer.close(Duration.ofMillis(10));
        assertThat(writer.write(record(1))).isCompletedExceptionally();
        assertThat(ends).isEmpty();
    }
}
