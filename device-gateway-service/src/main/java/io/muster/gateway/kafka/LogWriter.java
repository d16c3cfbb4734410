package io.muster.gateway.kafka;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodReport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to the log without blocking its callers. A record that was taken is written, however long the log is away, in the order of taking; reports
 * of methods go together ({@link ReportLanes}), and before any report of their partition that was taken later. It waits in memory that is bounded.
 * Where the memory is full, records are refused at once; telemetry and new connections are refused from half of it on, so that answers have the other
 * half. Thread-safe.
 */
final class LogWriter implements AutoCloseable {
    /** Bounds what may wait. */
    static final long MOST_BYTES = 64L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);
    private static final int RECORD_OVERHEAD = 200;

    /** Bounds how many of the queue are worked on before held reports are sent, though the queue is never empty. */
    private static final int TURN = 100;

    /** Does a part of the sender's work. */
    private sealed interface Task {}

    /** Holds a record, and who waits for its acknowledgement. */
    private record Taken(ProducerRecord<String, byte[]> record, long bytes, CompletableFuture<Void> written)
            implements Task {}

    private record Report(ReportLanes.Part part) implements Task {}

    /** Notes that the brokers have, or have refused, reports of the partition. */
    private record Ended(int partition) implements Task {}

    /** Makes a record of reports of devices of one partition. */
    interface Batches {
        ProducerRecord<String, byte[]> record(int partition, List<MethodReport> reports);
    }

    private final Producer<String, byte[]> producer;
    private final Consumer<String> fatal;
    private final Batches batches;
    private final BlockingQueue<Task> queue = new LinkedBlockingQueue<>();
    private final AtomicLong unwritten = new AtomicLong();
    private final AtomicBoolean full = new AtomicBoolean();
    private final Counter refused;
    private final Thread sender;
    private volatile boolean closed;

    /** Begins to write, on a thread of its own. @param fatal ends the process: is called when no record can be written any more, with the reason */
    LogWriter(Producer<String, byte[]> producer, Batches batches, MeterRegistry meters, Consumer<String> fatal) {
        this.producer = producer;
        this.batches = batches;
        this.fatal = fatal;
        Gauge.builder("muster.gateway.unwritten.bytes", unwritten, AtomicLong::get)
                .description("Bytes that wait in memory for the log")
                .register(meters);
        this.refused = Counter.builder("muster.gateway.unwritten.refused")
                .description("Records that were refused because the memory for waiting records was full")
                .register(meters);
        this.sender = Thread.ofPlatform().daemon().name("log-writer").start(this::send);
    }

    /** Takes a record; the future ends when the brokers have acknowledged it, or fails. */
    CompletableFuture<Void> write(ProducerRecord<String, byte[]> record) {
        return take(record, MOST_BYTES);
    }

    /** Takes a report of a method for that partition of the reports. */
    CompletableFuture<Void> write(int partition, MethodReport report) {
        long bytes = payload(report) + report.getDeviceId().length() + RECORD_OVERHEAD;
        CompletableFuture<Void> written = new CompletableFuture<>();
        return take(new Report(new ReportLanes.Part(partition, report, bytes, written)), bytes, written, MOST_BYTES);
    }

    private static int payload(MethodReport report) {
        return report.getReport() instanceof MethodAnswered answered
                ? answered.getPayload().remaining()
                : 0;
    }

    /** Writes as {@link #write} does, but only while there is much room. */
    CompletableFuture<Void> writeWithRoom(ProducerRecord<String, byte[]> record) {
        return take(record, MOST_BYTES / 2);
    }

    /** Returns whether so much waits that devices must wait before they send more. */
    boolean saturated() {
        return unwritten.get() > MOST_BYTES / 2;
    }

    private CompletableFuture<Void> take(ProducerRecord<String, byte[]> record, long limit) {
        byte[] value = record.value();
        long bytes = (value == null ? 0 : value.length) + RECORD_OVERHEAD;
        CompletableFuture<Void> written = new CompletableFuture<>();
        return take(new Taken(record, bytes, written), bytes, written, limit);
    }

    private CompletableFuture<Void> take(Task task, long bytes, CompletableFuture<Void> written, long limit) {
        if (closed || unwritten.addAndGet(bytes) > limit) {
            return refuse(bytes);
        }
        queue.add(task);
        return written;
    }

    private CompletableFuture<Void> refuse(long bytes) {
        if (closed) {
            return CompletableFuture.failedFuture(new IllegalStateException("the gateway ends"));
        }
        unwritten.addAndGet(-bytes);
        refused.increment();
        if (full.compareAndSet(false, true)) {
            LOG.warn(
                    "The log takes nothing and {} MiB wait for it: telemetry and new connections are refused, and from {} MiB on everything",
                    unwritten.get() >> 20,
                    MOST_BYTES >> 20);
        }
        return CompletableFuture.failedFuture(new IllegalStateException("too much waits for the log"));
    }

    private void send() {
        ReportLanes lanes = new ReportLanes(this::send);
        try {
            int turn = 0;
            while (true) {
                @Nullable Task next = queue.poll();
                if (next == null || ++turn == TURN) {
                    long wait = lanes.sendIdle(System.nanoTime());
                    turn = 0;
                    next = next == null ? queue.poll(wait, TimeUnit.NANOSECONDS) : next;
                }
                if (next != null) {
                    work(next, lanes);
                }
            }
        } catch (InterruptedException | InterruptException e) {
            LOG.debug("The writer ends");
        } catch (Throwable e) {
            fatal.accept("Nothing can be written to the log: " + e);
        }
    }

    private void work(Task task, ReportLanes lanes) {
        switch (task) {
            case Report report -> lanes.add(report.part());
            case Ended ended -> lanes.ended(ended.partition());
            case Taken taken -> {
                // Reports name their partition, nothing else does.
                Integer partition = taken.record().partition();
                if (partition != null) {
                    lanes.send(partition);
                }
                producer.send(taken.record(), (_, error) -> {
                    ended(taken.bytes(), taken.written(), error);
                    failed(taken.record(), error);
                });
            }
        }
    }

    private void send(int partition, List<ReportLanes.Part> parts) {
        ProducerRecord<String, byte[]> record = batches.record(
                partition, parts.stream().map(ReportLanes.Part::report).toList());
        producer.send(record, (_, error) -> {
            parts.forEach(part -> ended(part.bytes(), part.written(), error));
            failed(record, error);
            queue.add(new Ended(partition));
        });
    }

    private void ended(long bytes, CompletableFuture<Void> written, @Nullable Exception error) {
        long left = unwritten.addAndGet(-bytes);
        // Not at the first record that is taken: a log that is slow takes one now and then.
        if (left < MOST_BYTES / 4 && full.compareAndSet(true, false)) {
            LOG.info("The log takes records again");
        }
        if (error == null) {
            written.complete(null);
        } else {
            written.completeExceptionally(error);
        }
    }

    private void failed(ProducerRecord<?, ?> record, @Nullable Exception error) {
        if (error != null && !closed && !(error instanceof RecordTooLargeException)) {
            // The producer repeats every failure that can pass: this one does not pass.
            fatal.accept("Nothing can be written to " + record.topic() + ": " + error);
        }
    }

    /** Writes what was taken, as far as the log takes it in that time. */
    void close(Duration limit) {
        closed = true;
        long end = System.nanoTime() + limit.toNanos();
        try {
            while (unwritten.get() > 0 && System.nanoTime() < end) {
                Thread.sleep(1);
            }
            sender.interrupt();
            sender.join(limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        producer.close(Duration.ZERO);
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }
}
