package io.muster.api.surface.webjobs;

import io.muster.api.compute.TaskOutputs;
import io.muster.api.http.Pieces;
import io.muster.records.TaskOutput;
import io.muster.records.WebJobRun;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes the log of a run as server-sent events while the run goes on: lines as they come, under the number of the log's bytes that a reader has
 * then, and {@code end} with the run's status behind the last one. A piece may be empty: nothing came for a moment. For one thread at a time.
 * Source: HTML, 9.2.
 */
final class LiveLog implements Pieces {
    private static final int POLLS_OF_A_HEARTBEAT = 20;
    private static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] NOTHING = {};

    private enum Stage {
        BEGIN,
        OUTPUT,
        DONE
    }

    private final TaskOutputs outputs;
    private final Supplier<Optional<WebJobRun>> now;
    private final Duration between;
    private final RunLog log;
    private WebJobRun run;
    private Stage stage = Stage.BEGIN;
    private TaskOutputs.@Nullable Reader output;
    private long skip;
    private long position;
    private int quiet;

    /**
     * Makes one.
     *
     * @param run as it is known
     * @param now returns the run as it is now; empty where it was removed
     * @param from the bytes of the log that the reader has
     * @param between is waited where nothing came
     */
    LiveLog(TaskOutputs outputs, WebJobRun run, Supplier<Optional<WebJobRun>> now, long from, Duration between) {
        this.outputs = outputs;
        this.run = run;
        this.now = now;
        this.between = between;
        this.log = new RunLog(run, Integer.MAX_VALUE);
        this.skip = from;
        this.position = from;
    }

    @Override
    public byte @Nullable [] next() throws IOException {
        return switch (stage) {
            case BEGIN -> {
                stage = Stage.OUTPUT;
                log.begin();
                yield lines("retry: 1000\n");
            }
            case OUTPUT -> output();
            case DONE -> null;
        };
    }

    private byte[] output() throws IOException {
        Optional<WebJobRun> found = now.get();
        run = found.orElse(run);
        log.update(run);
        // The run is read before its output: all output of a run that has ended is there.
        Optional<TaskOutput> chunk = chunk();
        if (chunk.isPresent()) {
            log.take(chunk.get());
            return lines("");
        }
        if (run.getEndedAt() != null || found.isEmpty()) {
            stage = Stage.DONE;
            log.end();
            return end();
        }
        byte[] lines = lines("");
        if (lines.length > 0) {
            return lines;
        }
        pause();
        quiet++;
        return quiet % POLLS_OF_A_HEARTBEAT == 0 ? HEARTBEAT : NOTHING;
    }

    private Optional<TaskOutput> chunk() throws IOException {
        Optional<Instant> since = RunLog.since(run);
        if (since.isEmpty()) {
            return Optional.empty();
        }
        TaskOutputs.@Nullable Reader reader = output;
        if (reader == null) {
            reader = open(since.get());
            output = reader;
        }
        return reader.next();
    }

    private TaskOutputs.Reader open(Instant since) throws IOException {
        return run.getEndedAt() == null
                ? outputs.follow(run.getPoolId(), run.getTaskId(), since)
                : outputs.open(run.getPoolId(), run.getTaskId(), since, Optional.of(run.getEndedAt()));
    }

    private void pause() throws IOException {
        try {
            Thread.sleep(between);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("The reader was interrupted.");
        }
    }

    private byte[] end() {
        String lines = new String(lines(""), StandardCharsets.UTF_8);
        return (lines + "event: end\nid: " + position + "\ndata: " + Statuses.ofRun(run.getStatus()) + "\n\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Returns what was written as an event; nothing where the reader has it. */
    private byte[] lines(String head) {
        byte[] written = log.drain();
        int skipped = (int) Math.min(skip, written.length);
        skip -= skipped;
        if (skipped == written.length) {
            return head.getBytes(StandardCharsets.UTF_8);
        }
        quiet = 0;
        position += written.length - skipped;
        StringBuilder event = new StringBuilder(head).append("id: ").append(position);
        // A line of its own for each end of a line that a reader of events knows: what a program writes stays data.
        new String(Arrays.copyOfRange(written, skipped, written.length), StandardCharsets.UTF_8)
                .lines()
                .forEach(line -> event.append("\ndata: ").append(line));
        return event.append("\n\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        if (output != null) {
            output.close();
        }
    }
}
