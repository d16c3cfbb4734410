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
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes the log of a run as server-sent events while the run goes on: lines as they come, and {@code end} with the run's status behind the last one. Their ids say
 * how many bytes of the log a reader has then, and from where it goes on; one comes alone where others have written much between the lines. That
 * place stays before a line whose end is still to come. A piece may be empty: nothing came for a moment. For one thread at a time. Source: HTML, 9.2.
 */
final class LiveLog implements Pieces {
    private static final int STEPS_OF_A_HEARTBEAT = 20;
    private static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] NOTHING = {};
    /** Ends the log of a run whose job was deleted while it went on: nobody says any more what becomes of it. */
    private static final String DELETED = "Deleted";

    private enum Stage {
        BEGIN,
        OUTPUT,
        DONE
    }

    private final TaskOutputs outputs;
    private final Supplier<Optional<WebJobRun>> now;
    private final Duration between;
    private final InstantSource clock;
    private final RunLog log;
    private WebJobRun run;
    private Stage stage = Stage.BEGIN;
    private TaskOutputs.@Nullable Reader output;
    private long skip;
    /** Is the id of what comes next. */
    private EventId id;

    private String sentId = "";
    private int quiet;

    /**
     * Makes one.
     *
     * @param run as it is known
     * @param now returns the run as it is now; empty where it was removed
     * @param from the event that the reader has; one of another log shows lines of this one alone
     * @param between is waited where nothing came
     * @param clock says until when a run waits that was not started
     */
    LiveLog(
            TaskOutputs outputs,
            WebJobRun run,
            Supplier<Optional<WebJobRun>> now,
            EventId from,
            Duration between,
            InstantSource clock) {
        this.outputs = outputs;
        this.run = run;
        this.now = now;
        this.between = between;
        this.clock = clock;
        this.log = new RunLog(run, Integer.MAX_VALUE, Optional.empty());
        this.skip = from.bytes();
        this.id = from;
    }

    @Override
    public byte @Nullable [] next() throws IOException {
        return switch (stage) {
            case BEGIN -> {
                stage = Stage.OUTPUT;
                log.begin(clock.instant());
                yield lines("retry: 1000\n");
            }
            case OUTPUT -> output();
            case DONE -> null;
        };
    }

    private byte[] output() throws IOException {
        Optional<WebJobRun> found = now.get();
        run = found.orElse(run);
        log.update(run, clock.instant());
        // The run is read before its output: all output of a run that has ended is there.
        Optional<Instant> since = RunLog.since(run);
        boolean isAtEnd = since.isEmpty() || step(since.get());
        if (isAtEnd && (run.getEndedAt() != null || found.isEmpty())) {
            stage = Stage.DONE;
            log.end();
            return end(run.getEndedAt() == null ? DELETED : Statuses.ofRun(run.getStatus()));
        }
        byte[] lines = lines("");
        if (lines.length > 0) {
            return lines;
        }
        if (isAtEnd) {
            pause();
        }
        quiet++;
        return quiet % STEPS_OF_A_HEARTBEAT == 0 ? heartbeat() : NOTHING;
    }

    /** Takes a chunk, or passes over some of others. @return whether there is no more now */
    private boolean step(Instant since) throws IOException {
        TaskOutputs.@Nullable Reader reader = output;
        if (reader == null) {
            reader = open(since);
            output = reader;
            goOn(reader);
        }
        Optional<TaskOutput> chunk = reader.next();
        chunk.ifPresent(log::take);
        RunLog.Mark mark = log.mark();
        boolean isKnown = id.place().map(EventId.Place::mark).equals(Optional.of(mark));
        if (log.isBetweenLines() || !isKnown) {
            id = new EventId(id.bytes(), Optional.of(new EventId.Place(reader.position(), mark)));
        }
        return chunk.isEmpty() && reader.isAtEnd();
    }

    /** Goes on at the place that the reader's event names, else from the start of the output. */
    private void goOn(TaskOutputs.Reader reader) {
        Optional<EventId.Place> place = id.place().filter(at -> reader.goTo(at.offset()));
        place.ifPresent(at -> {
            log.goOn(at.mark());
            skip = id.bytes() - at.mark().length();
        });
        id = new EventId(id.bytes(), place);
    }

    /** Keeps the connection, and tells the reader from where it goes on where that has moved. */
    private byte[] heartbeat() {
        if (id.toString().equals(sentId)) {
            return HEARTBEAT;
        }
        sentId = id.toString();
        return ("id: " + id + "\n\n").getBytes(StandardCharsets.UTF_8);
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

    private byte[] end(String status) {
        String lines = new String(lines(""), StandardCharsets.UTF_8);
        return (lines + "event: end\nid: " + id + "\ndata: " + status + "\n\n").getBytes(StandardCharsets.UTF_8);
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
        id = new EventId(id.bytes() + written.length - skipped, id.place());
        sentId = id.toString();
        StringBuilder event = new StringBuilder(head).append("id: ").append(sentId);
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
