package io.muster.api.surface.batch;

import io.muster.api.compute.ChunkOrder;
import io.muster.api.compute.TaskOutputs;
import io.muster.api.http.ByteRange;
import io.muster.api.http.Pieces;
import io.muster.records.BatchTask;
import io.muster.records.OutputStream;
import io.muster.records.TaskOutput;
import io.muster.records.TaskToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes what the last attempt of a task wrote to one of its streams on its node, or a range of that: on the primary's where it ran on several. Chunks that come twice count once. For one thread. */
final class FilePieces implements Pieces {
    private static final byte[] NOTHING = {};

    private final TaskOutputs.Reader reader;
    private final ChunkOrder order = new ChunkOrder();
    private final TaskToken token;
    private final @Nullable String nodeId;
    private final OutputStream stream;
    private final long to;
    private long skip;
    private long sent;
    /** Counts the bytes of both streams: chunks are told by their offsets. */
    private long seen;

    /** Is when the last piece was written. */
    private Instant at;

    private FilePieces(TaskOutputs.Reader reader, BatchTask task, OutputStream stream, ByteRange range) {
        this.reader = reader;
        this.token = Objects.requireNonNull(task.getToken());
        this.nodeId = task.getNodeId();
        this.at = Objects.requireNonNull(task.getStartedAt());
        this.stream = stream;
        this.skip = range.from();
        this.sent = range.from();
        this.to = range.to();
    }

    /** Opens a file. @param task that has begun */
    static FilePieces open(TaskOutputs outputs, BatchTask task, OutputStream stream, ByteRange range)
            throws IOException {
        return new FilePieces(
                outputs.open(
                        Objects.requireNonNull(task.getPoolId()),
                        Objects.requireNonNull(task.getToken()).getTaskId(),
                        Objects.requireNonNull(task.getStartedAt()),
                        Optional.ofNullable(task.getEndedAt())),
                task,
                stream,
                range);
    }

    /** Holds a file's length, and when it was written last: of a task that has ended, its end. */
    record Facts(long length, Instant at) {}

    /** Reads a whole file for its length. */
    static Facts facts(TaskOutputs outputs, BatchTask task, OutputStream stream, InstantSource clock)
            throws IOException {
        try (FilePieces pieces = open(outputs, task, stream, new ByteRange(0, Long.MAX_VALUE))) {
            long length = pieces.length(clock, "read the file whole when its task has ended.");
            return new Facts(length, Optional.ofNullable(task.getEndedAt()).orElse(pieces.at));
        }
    }

    @Override
    public byte @Nullable [] next() throws IOException {
        if (sent >= to) {
            return null;
        }
        Optional<TaskOutput> ready = order.next(seen == 0 && reader.keptSince().isPresent() ? Long.MAX_VALUE : seen);
        if (ready.isPresent()) {
            return sent(ready.get());
        }
        Optional<TaskOutput> chunk = reader.next();
        if (chunk.isPresent()) {
            if (chunk.get().getToken().equals(token) && chunk.get().getNodeId().equals(nodeId)) {
                order.add(chunk.get());
            }
            return NOTHING;
        }
        return reader.isAtEnd() ? order.rest().map(this::sent).orElse(null) : NOTHING;
    }

    private byte[] sent(TaskOutput chunk) {
        byte[] piece = taken(chunk);
        sent += piece.length;
        return piece;
    }

    /** Returns what of a chunk belongs to the file's range, and has not come yet. */
    private byte[] taken(TaskOutput chunk) {
        ByteBuffer bytes = chunk.getOutput().duplicate();
        long end = chunk.getOffset() + bytes.remaining();
        if (end <= seen) {
            return NOTHING;
        }
        bytes.position(bytes.position() + (int) Math.max(0, seen - chunk.getOffset()));
        seen = end;
        if (chunk.getStream() != stream) {
            return NOTHING;
        }
        at = chunk.getAt();
        int skipped = (int) Math.min(skip, bytes.remaining());
        skip -= skipped;
        bytes.position(bytes.position() + skipped);
        byte[] piece = new byte[(int) Math.min(bytes.remaining(), to - sent)];
        bytes.get(piece);
        return piece;
    }

    @Override
    public void close() {
        reader.close();
    }
}
