package io.muster.node;

import io.muster.node.wire.ReportWriter;
import io.muster.node.work.Effect;
import io.muster.node.work.Input;
import io.muster.node.work.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Sends reports to pools, a message at a time: those that are made while one is under way go together. For the deciding thread. */
final class Reports {
    /** Bounds the reports of a message. The hub takes no more at once. */
    private static final int MOST = 100;

    /** Bounds the bytes of a message that has more than one report. */
    private static final int MOST_BYTES = 64 << 10;

    /** Sends a message over that connection, and no other. */
    interface Link {
        /** Sends a list of reports to a pool. The future ends when the hub has it, or fails. */
        CompletableFuture<Void> send(int connection, String poolId, byte[] json);
    }

    private final Link link;
    private final Consumer<Input> heard;
    private final List<Effect.Say> waiting = new ArrayList<>();
    private int underWay;

    /** Makes one. @param heard is told what became of each report, by any thread */
    Reports(Link link, Consumer<Input> heard) {
        this.link = link;
        this.heard = heard;
    }

    /** Takes a report; {@link #send} follows. */
    void add(Effect.Say say) {
        waiting.add(say);
    }

    /** Notes that {@link Input.Said} was heard; {@link #send} follows. */
    void said() {
        underWay--;
    }

    /** Returns whether nothing waits or is under way. */
    boolean isQuiet() {
        return waiting.isEmpty() && underWay == 0;
    }

    /** Sends what waits, unless something is under way. */
    void send() {
        if (waiting.isEmpty() || underWay > 0) {
            return;
        }
        Effect.Say first = waiting.getFirst();
        List<Report> reports = waiting.stream()
                .limit(MOST)
                .takeWhile(say ->
                        say.connection() == first.connection() && say.poolId().equals(first.poolId()))
                .map(Effect.Say::report)
                .toList();
        ReportWriter.Written written = ReportWriter.list(reports, MOST_BYTES);
        List<Effect.Say> sent = List.copyOf(waiting.subList(0, written.count()));
        waiting.subList(0, written.count()).clear();
        underWay = sent.size();
        link.send(first.connection(), first.poolId(), written.json())
                .whenComplete((_, error) -> sent.forEach(say ->
                        heard.accept(new Input.Said(say.connection(), say.poolId(), say.report(), error == null))));
    }
}
