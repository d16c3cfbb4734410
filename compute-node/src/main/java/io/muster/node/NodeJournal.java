package io.muster.node;

import io.muster.device.journal.Journal;
import io.muster.node.wire.Kept;
import io.muster.node.wire.KeptJson;
import io.muster.node.work.AttemptKey;
import io.muster.node.work.Effect;
import io.muster.node.work.Ending;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps on disk which attempts were taken, which were launched, and how they ended, until they are forgotten. For one thread. */
final class NodeJournal implements Closeable {
    private static final String NAME = "journal";
    /** Holds many times what a node may hold. */
    private static final long LIMIT = 16 << 20;

    private static final String CUT_OFF = "The end of its output may be missing, since the node was started anew.";

    private final Journal journal;
    private final Map<AttemptKey, List<Long>> numbers = new HashMap<>();
    private final Map<AttemptKey, Ending> left = new LinkedHashMap<>();

    private NodeJournal(Journal journal) throws IOException {
        this.journal = journal;
        Optional<Journal.Entry> next = journal.after(0);
        while (next.isPresent()) {
            Kept kept = KeptJson.read(next.get().body());
            numbers.computeIfAbsent(kept.key(), _ -> new ArrayList<>())
                    .add(next.get().number());
            left.put(
                    kept.key(),
                    switch (kept) {
                        case Kept.Taken _ -> Ending.returned();
                        case Kept.Launched _ -> Ending.ofEarlierRun();
                        case Kept.Ended(AttemptKey _, Ending ending) -> withoutItsLastOutput(ending);
                    });
            next = journal.after(next.get().number());
        }
    }

    private static Ending withoutItsLastOutput(Ending ending) {
        return ending.detail().isEmpty() && ending.cause() != Ending.Cause.RETURNED
                ? new Ending(ending.code(), ending.cause(), CUT_OFF)
                : ending;
    }

    /** Returns whether another process has that of a node's folder. */
    static boolean isOpen(Path own) throws IOException {
        return Journal.isOpen(own.resolve(NAME));
    }

    /** Opens that of a node's folder, or makes it. @throws IOException when it can't be used, or another process has it */
    static NodeJournal open(Path own) throws IOException {
        Journal journal = Journal.open(own.resolve(NAME), LIMIT);
        try {
            return new NodeJournal(journal);
        } catch (IOException e) {
            journal.close();
            throw e;
        }
    }

    /** Returns how those attempts ended that an earlier run had taken and not forgotten. */
    Map<AttemptKey, Ending> left() {
        return left;
    }

    /** Keeps what is to be remembered, with one wait for the disk. */
    void keep(List<Effect> effects) throws IOException {
        List<Kept> entries = new ArrayList<>();
        for (Effect effect : effects) {
            switch (effect) {
                case Effect.KeepStart(AttemptKey key) -> entries.add(new Kept.Taken(key));
                case Effect.KeepLaunch(AttemptKey key) -> entries.add(new Kept.Launched(key));
                case Effect.KeepEnding(AttemptKey key, Ending ending) -> entries.add(new Kept.Ended(key, ending));
                default -> {
                    // Nothing of it is kept.
                }
            }
        }
        if (entries.isEmpty()) {
            return;
        }
        long number = journal.append(entries.stream().map(KeptJson::bytes).toList());
        for (Kept entry : entries) {
            numbers.computeIfAbsent(entry.key(), _ -> new ArrayList<>()).add(number);
            number++;
        }
    }

    void forget(AttemptKey key) throws IOException {
        List<Long> all = numbers.remove(key);
        if (all != null) {
            for (long number : all) {
                journal.acknowledge(number);
            }
        }
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
