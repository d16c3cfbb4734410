package io.muster.api.surface.webjobs;

import io.muster.api.compute.TaskOutputs;
import io.muster.api.http.Pieces;
import io.muster.records.TaskOutput;
import io.muster.records.WebJobRun;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes a run's log piece by piece, or a range of it. For one thread. */
final class RunLogPieces implements Pieces {
    private final RunLog log;
    private final Optional<TaskOutputs.Reader> output;
    private final long to;
    private long skip;
    private long sent;
    private boolean begun;
    private boolean ended;

    private RunLogPieces(RunLog log, Optional<TaskOutputs.Reader> output, long from, long to) {
        this.log = log;
        this.output = output;
        this.skip = from;
        this.sent = from;
        this.to = to;
    }

    /**
     * Opens a log.
     *
     * @param mostLines of the program
     * @param from the first byte
     * @param to behind the last byte
     */
    static RunLogPieces open(TaskOutputs outputs, WebJobRun run, int mostLines, long from, long to) throws IOException {
        Optional<TaskOutputs.Reader> output = run.getStartedAt() == null
                ? Optional.empty()
                : Optional.of(outputs.open(
                        run.getPoolId(), run.getTaskId(), run.getStartedAt(), Optional.ofNullable(run.getEndedAt())));
        return new RunLogPieces(new RunLog(run, mostLines), output, from, to);
    }

    /** Returns how many bytes the log has. */
    static long length(TaskOutputs outputs, WebJobRun run, int mostLines) throws IOException {
        long length = 0;
        try (RunLogPieces pieces = open(outputs, run, mostLines, 0, Long.MAX_VALUE)) {
            for (byte[] piece = pieces.next(); piece != null; piece = pieces.next()) {
                length += piece.length;
            }
        }
        return length;
    }

    @Override
    public byte @Nullable [] next() throws IOException {
        while (sent < to) {
            byte[] piece = written();
            if (piece == null) {
                return null;
            }
            int skipped = (int) Math.min(skip, piece.length);
            skip -= skipped;
            int length = (int) Math.min(piece.length - skipped, to - sent);
            if (length > 0) {
                sent += length;
                return Arrays.copyOfRange(piece, skipped, skipped + length);
            }
        }
        return null;
    }

    /** Returns what is written next, which may be nothing; null at the end. */
    private byte @Nullable [] written() throws IOException {
        if (!begun) {
            begun = true;
            log.begin();
            return log.drain();
        }
        if (ended) {
            return null;
        }
        Optional<TaskOutput> chunk = output.isPresent() ? output.get().next() : Optional.empty();
        if (chunk.isPresent()) {
            log.take(chunk.get());
        } else {
            ended = true;
            log.end();
        }
        return log.drain();
    }

    @Override
    public void close() {
        output.ifPresent(TaskOutputs.Reader::close);
    }
}
