package io.muster.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodReport;
import io.muster.topics.RecordSizes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class LogWriterTest {
    private static final int MIB = 1 << 20;
    private static final int MOST = (int) (LogWriter.MOST_BYTES / MIB);

    private final LogDouble log = new LogDouble();
    private final BlockingQueue<LogDouble.Sent> sent = log.sent();
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final LogWriter writer = new LogWriter(log.producer(), LogDouble::batch, meters, ends::add);

    @AfterEach
    void stop() {
        log.comeBack();
        writer.close();
    }

    private static ProducerRecord<String, byte[]> record(int bytes) {
        return new ProducerRecord<>("device-reports", "d", new byte[bytes]);
    }

    private double unwritten() {
        return meters.get("muster.gateway.unwritten.bytes").gauge().value();
    }

    @Test
    void writesInOrderAfterTheLogWasAway() throws InterruptedException {
        log.goAway();
        List<ProducerRecord<String, byte[]>> records = new ArrayList<>();
        List<CompletableFuture<Void>> written = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            ProducerRecord<String, byte[]> record = record(i % 100);
            records.add(record);
            written.add(writer.write(record));
        }
        assertThat(written).noneMatch(CompletableFuture::isDone);
        log.comeBack();
        for (ProducerRecord<String, byte[]> record : records) {
            LogDouble.Sent next = sent.take();
            assertThat(next.record()).isSameAs(record);
            next.callback().onCompletion(null, null);
        }
        assertThat(written).allMatch(future -> future.isDone() && !future.isCompletedExceptionally());
        assertThat(unwritten()).isZero();
        assertThat(ends).isEmpty();
    }

    @Test
    void reservesRoomForAnswersAndReportsWhenItIsFull() throws InterruptedException {
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

    /** Takes one record for each that is refused. */
    @Test
    void logsOnceWhenItIsFullAndOnceWhenThereIsRoom() throws InterruptedException {
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        Logger logger = (Logger) LoggerFactory.getLogger(LogWriter.class);
        logger.addAppender(lines);
        try {
            while (!writer.write(record(MIB)).isCompletedExceptionally()) {
                // Until it is full.
            }
            for (int i = 0; i < 20; i++) {
                sent.take().callback().onCompletion(null, null);
                writer.write(record(MIB));
                assertThat(writer.write(record(MIB))).isCompletedExceptionally();
            }
            assertThat(lines.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN);
            while (unwritten() > 0) {
                sent.take().callback().onCompletion(null, null);
            }
            assertThat(lines.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN, Level.INFO);
        } finally {
            logger.detachAppender(lines);
        }
    }

    @Test
    void failsOnlyTheRecordThatIsTooLarge() throws InterruptedException {
        CompletableFuture<Void> large = writer.write(record(1));
        sent.take().callback().onCompletion(null, new RecordTooLargeException("large"));
        assertThat(large).isCompletedExceptionally();
        assertThat(ends).isEmpty();
        writer.write(record(1));
        assertThat(sent.take()).isNotNull();
    }

    @Test
    void endsTheProcessAtAFailureOfTheWholeLog() throws InterruptedException {
        CompletableFuture<Void> refused = writer.write(record(1));
        sent.take().callback().onCompletion(null, new TopicAuthorizationException("not yours"));
        assertThat(refused).isCompletedExceptionally();
        assertThat(ends).singleElement().asString().contains("device-reports").contains("not yours");
    }

    @ParameterizedTest
    @ValueSource(classes = {KafkaException.class, IllegalStateException.class, OutOfMemoryError.class})
    void endsTheProcessWhereTheWriterFails(Class<? extends Throwable> kind) throws ReflectiveOperationException {
        log.fail(kind.getConstructor(String.class).newInstance("broken"));
        writer.write(record(1));
        await().untilAsserted(() -> assertThat(ends).hasSize(1));
    }

    @Test
    void refusesRecordsWhenItEnds() {
        log.goAway();
        writer.write(record(1));
        writer.close(Duration.ofMillis(10));
        assertThat(writer.write(record(1))).isCompletedExceptionally();
        assertThat(ends).isEmpty();
    }

    private CompletableFuture<Void> report(int partition, String deviceId, int bytes) {
        return writer.write(
                partition, new MethodReport(deviceId, new MethodAnswered("id", 200, ByteBuffer.allocate(bytes))));
    }

    private static String text(LogDouble.Sent sent) {
        return new String(sent.record().value(), StandardCharsets.UTF_8);
    }

    @Test
    void sendsALoneReportAtOnceAndTogetherWhatComesUntilItIsAcknowledged() throws InterruptedException {
        CompletableFuture<Void> lone = report(0, "a", 1);
        LogDouble.Sent first = sent.take();
        assertThat(text(first)).isEqualTo("a");
        List<CompletableFuture<Void>> others = List.of(report(0, "b", 1), report(0, "c", 1));
        report(1, "other", 1);
        assertThat(text(sent.take())).as("another partition").isEqualTo("other");
        assertThat(sent).isEmpty();
        first.callback().onCompletion(null, null);
        assertThat(lone).isCompleted();
        LogDouble.Sent second = sent.take();
        assertThat(text(second)).isEqualTo("b c");
        assertThat(second.record().partition()).isZero();
        assertThat(others).noneMatch(CompletableFuture::isDone);
        second.callback().onCompletion(null, null);
        assertThat(others).allMatch(CompletableFuture::isDone);
    }

    /** Writes a heartbeat behind the reports before it: it says that these are written. */
    @Test
    void writesALaterReportOfThePartitionBehindThoseThatAreHeld() throws InterruptedException {
        report(0, "a", 1);
        sent.take();
        report(0, "b", 1);
        writer.write(new ProducerRecord<>("device-reports", 0, null, "beat".getBytes(StandardCharsets.UTF_8)));
        assertThat(text(sent.take())).isEqualTo("b");
        assertThat(text(sent.take())).isEqualTo("beat");
    }

    @Test
    void sendsAFullRecordThoughOneIsUnderWay() throws InterruptedException {
        report(0, "first", 1);
        sent.take();
        for (int i = 0; i <= ReportLanes.MOST; i++) {
            report(0, "d", 1);
        }
        assertThat(text(sent.take()).split(" ")).hasSize(ReportLanes.MOST);
        report(0, "large", RecordSizes.BATCH / 2);
        report(0, "larger", RecordSizes.BATCH);
        assertThat(text(sent.take())).isEqualTo("d large");
        assertThat(sent).isEmpty();
    }

    @Test
    void refusesReportsWhenItIsFull() {
        log.goAway();
        int taken = 0;
        while (!report(0, "d", MIB).isCompletedExceptionally()) {
            taken++;
        }
        assertThat(taken).isBetween(MOST - 1, MOST);
        assertThat(unwritten()).isLessThanOrEqualTo(LogWriter.MOST_BYTES);
    }
}
