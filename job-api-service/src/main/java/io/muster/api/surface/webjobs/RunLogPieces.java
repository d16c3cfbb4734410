package io.muster.api.surface.webjobs;

import io.muster.api.compute.TaskOutputs;
import io.muster.api.http.Pieces;
import io.muster.records.TaskOutput;
import io.muster.records.WebJobRun;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes the log of runs piece by piece, or a range of it. Those of several nodes are merged by time. For one thread. */
final class RunLogPieces implements Pieces {
    private final List<Source> sources;
    private final long to;
    private long skip;
    private long sent;

    private RunLogPieces(List<Source> sources, long from, long to) {
        this.sources = sources;
        this.skip = from;
        this.sent = from;
        this.to = to;
    }

    /**
     * Opens a log.
     *
     * @param mostLines of each program
     * @param from the first byte
     * @param to behind the last byte
     * @param now until which runs wait that were not started
     */
    static RunLogPieces open(TaskOutputs outputs, List<WebJobRun> runs, int mostLines, long from, long to, Instant now)
            throws IOException {
        List<Source> sources = new ArrayList<>();
        try {
            for (WebJobRun run : runs) {
                sources.add(new Source(run, mostLines, output(outputs, run), now));
            }
        } catch (IOException | RuntimeException e) {
            sources.forEach(Source::close);
            throw e;
        }
        return new RunLogPieces(sources, from, to);
    }

    private static Optional<TaskOutputs.Reader> output(TaskOutputs outputs, WebJobRun run) throws IOException {
        Optional<Instant> since = RunLog.since(run);
        return since.isEmpty()
                ? Optional.empty()
                : Optional.of(outputs.open(
                        run.getPoolId(), run.getTaskId(), since.get(), Optional.ofNullable(run.getEndedAt())));
    }

    @Override
    public byte @Nullable [] next() throws IOException {
        Optional<Source> earliest =
                sources.stream().filter(source -> !source.isDone()).min(Comparator.comparing(source -> source.nextAt));
        if (sent >= to || earliest.isEmpty()) {
            return null;
        }
        byte[] piece = earliest.get().advance();
        int skipped = (int) Math.min(skip, piece.length);
        skip -= skipped;
        int length = (int) Math.min(piece.length - skipped, to - sent);
        sent += length;
        return Arrays.copyOfRange(piece, skipped, skipped + length);
    }

    @Override
    public void close() {
        sources.forEach(Source::close);
    }

    /** Writes the log of one run. */
    private static final class Source {
        private enum Stage {
            BEGIN,
            OUTPUT,
            END,
            DONE
        }

        private final WebJobRun run;
        private final RunLog log;
        private final Instant now;
        private final Optional<TaskOutputs.Reader> output;
        private Stage stage = Stage.BEGIN;
        private Optional<TaskOutput> chunk = Optional.empty();
        /** Is the time of the piece that comes next. */
        private Instant nextAt;

        Source(WebJobRun run, int mostLines, Optional<TaskOutputs.Reader> output, Instant now) {
            this.run = run;
            this.now = now;
            this.log = new RunLog(run, mostLines, output.flatMap(TaskOutputs.Reader::keptSince));
            this.output = output;
            this.nextAt = run.getBegunAt();
        }

        boolean isDone() {
            return stage == Stage.DONE;
        }

        /** Returns the next piece, which may be empty. */
        byte[] advance() throws IOException {
            switch (stage) {
                case BEGIN -> {
                    log.begin(now);
                    fetch();
                }
                case OUTPUT -> {
                    chunk.ifPresent(log::take);
                    fetch();
                }
                case END -> {
                    log.end();
                    stage = Stage.DONE;
                }
                case DONE -> {
                    // Nothing is left.
                }
            }
            return log.drain();
        }

        private void fetch() throws IOException {
            boolean goesOn = output.isPresent() && !log.isFull();
            chunk = goesOn ? output.get().next() : Optional.empty();
            if (chunk.isPresent()) {
                stage = Stage.OUTPUT;
                nextAt = chunk.get().getAt();
            } else if (goesOn && !output.get().isAtEnd()) {
                stage = Stage.OUTPUT;
            } else {
                stage = Stage.END;
                nextAt = Optional.ofNullable(run.getEndedAt()).orElse(Instant.MAX);
            }
        }

        void close() {
            output.ifPresent(TaskOutputs.Reader::close);
        }
    }
}
