package io.muster.api.compute;

import io.muster.records.TaskOutput;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Puts the chunks of one attempt in order. A chunk may be there before an earlier one, which its node sends again, and may come twice. One that is early waits until what is missing
 * has come, or until nothing more can: then it is shown behind the gap. For one thread.
 */
public final class ChunkOrder {
    /** Bounds what waits: more than a node sends before it has heard of the first of it. */
    private static final long MOST_BYTES = 1 << 20;

    private final NavigableMap<Long, TaskOutput> chunks = new TreeMap<>();
    private long bytes;

    /** Takes a chunk. */
    public void add(TaskOutput chunk) {
        TaskOutput known = chunks.get(chunk.getOffset());
        if (known == null || known.getOutput().remaining() < chunk.getOutput().remaining()) {
            bytes += chunk.getOutput().remaining()
                    - (known == null ? 0 : known.getOutput().remaining());
            chunks.put(chunk.getOffset(), chunk);
        }
    }

    /**
     * Takes out the chunk to be shown next, of which a part may have been shown.
     *
     * @param seen how many bytes of the attempt were shown
     * @return empty where what comes next is missing
     */
    public Optional<TaskOutput> next(long seen) {
        return chunks.isEmpty() || (chunks.firstKey() > seen && bytes <= MOST_BYTES) ? Optional.empty() : rest();
    }

    /** Takes out the first chunk, whatever is missing before it; empty where there is none. */
    public Optional<TaskOutput> rest() {
        Optional<TaskOutput> first =
                Optional.ofNullable(chunks.pollFirstEntry()).map(Map.Entry::getValue);
        first.ifPresent(chunk -> bytes -= chunk.getOutput().remaining());
        return first;
    }
}
