package io.muster.service.trouble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/** Fails each call of a loop in turn, by one trouble after the other. The loop goes on, or says that it isn't ready and ends its service. */
public final class Trial {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration OFTEN = Duration.ofMillis(2);

    /** Is a loop that runs. */
    public interface Loop extends AutoCloseable {
        /** Returns whether its service says that it is ready. */
        boolean isReady();

        /** Returns whether the loop has done all its work; fails where it did something that it may not. */
        boolean isDone();

        @Override
        void close();
    }

    /** Starts a loop on clients of its own. */
    @FunctionalInterface
    public interface Start {
        /** @param fatal takes the reason why the service ends */
        Loop start(Faults faults, Consumer<String> fatal);
    }

    private final int calls;
    private final Set<Trouble> ending;

    /**
     * Makes one.
     *
     * @param calls how many of the loop's calls fail in turn, from the first
     * @param ending after which a loop may end its service; after all else it goes on
     */
    public Trial(int calls, Set<Trouble> ending) {
        this.calls = calls;
        this.ending = Set.copyOf(ending);
    }

    /** Runs the loop as often as there are troubles and calls. */
    public void run(Start start) {
        for (Trouble trouble : EnumSet.allOf(Trouble.class)) {
            for (int failing = 1; failing <= calls; failing++) {
                runOnce(trouble, failing, start);
            }
        }
    }

    private void runOnce(Trouble trouble, int failing, Start start) {
        String name = trouble + " at call " + failing;
        Queue<String> fatal = new ConcurrentLinkedQueue<>();
        Faults faults = new Faults(failing, trouble::make);
        try (Loop loop = start.start(faults, fatal::add)) {
            await(name + ": it neither goes on nor ends")
                    .pollInterval(OFTEN)
                    .atMost(LIMIT)
                    .until(() -> !fatal.isEmpty() || (faults.areOver() && loop.isReady() && loop.isDone()));
            if (!fatal.isEmpty()) {
                assertThat(ending).as("%s: %s", name, fatal).contains(trouble);
                await(name + ": it ends under a health page that says ready")
                        .pollInterval(OFTEN)
                        .atMost(LIMIT)
                        .until(() -> !loop.isReady());
            }
        }
    }
}
