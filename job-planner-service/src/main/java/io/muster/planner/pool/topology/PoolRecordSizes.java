package io.muster.planner.pool.topology;

import io.muster.records.NodeJoined;
import io.muster.records.StartAttempt;
import io.muster.records.TaskPlaced;
import io.muster.records.TaskProgram;
import io.muster.records.TaskQueued;
import java.util.Collection;
import java.util.List;

/** Estimates what events of pools and orders to nodes take in a record: no less than they do where texts of users are long. */
final class PoolRecordSizes {
    private static final int MOST_BYTES_A_LETTER = 3;
    /** Is about what an event or an order takes beside long texts of users. */
    private static final int USUAL = 512;

    private static final int BESIDE_A_TEXT = 5;

    private PoolRecordSizes() {}

    /** Returns the bytes of an event or an order. */
    static int of(Object each) {
        return switch (each) {
            case StartAttempt start -> USUAL + of(start.getProgram());
            case TaskQueued queued -> USUAL + of(queued.getTask().getProgram());
            case TaskPlaced placed -> USUAL * (1 + placed.getMembers().size()) + of(placed.getFiles());
            case NodeJoined joined -> USUAL + of(joined.getCapabilities());
            default -> USUAL;
        };
    }

    private static int of(TaskProgram program) {
        int files = program.getFiles().stream()
                .mapToInt(file -> of(List.of(file.getPath(), file.getSha256())))
                .sum();
        return files
                + of(program.getCommand())
                + of(program.getEnvironment().keySet())
                + of(program.getEnvironment().values())
                + of(program.getNodeEnvironment().keySet());
    }

    private static int of(Collection<String> texts) {
        return texts.stream()
                .mapToInt(text -> text.length() * MOST_BYTES_A_LETTER + BESIDE_A_TEXT)
                .sum();
    }
}
