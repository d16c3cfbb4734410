package io.muster.benchmarks;

import io.muster.standalone.Standalone;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** Something that goes wrong with a process of a Muster. */
record Fault(Kind kind, String process, Duration after, Duration length) {
    private static final List<String> PROCESSES =
            List.of("planner", "planner", "processor", "gateway", "gateway", "api", "broker");
    private static final int LONGEST_WAIT_MS = 3000;
    private static final int LONGEST_PAUSE_MS = 8000;

    enum Kind {
        /** {@code SIGKILL}; it is started again. */
        KILL,
        /** {@code SIGTERM}; it is started again. */
        END,
        /** {@code SIGSTOP}, and {@code SIGCONT} later. */
        PAUSE
    }

    static Fault of(SplittableRandom random) {
        return new Fault(
                Kind.values()[random.nextInt(Kind.values().length)],
                PROCESSES.get(random.nextInt(PROCESSES.size())),
                Duration.ofMillis(random.nextInt(LONGEST_WAIT_MS)),
                Duration.ofMillis(random.nextInt(LONGEST_PAUSE_MS)));
    }

    /** Waits, does it, and returns when it is over; a process that ended may not be there again yet. */
    void happen(Standalone muster) throws InterruptedException, IOException {
        Thread.sleep(after);
        long pid = pid(muster);
        switch (kind) {
            case KILL -> signal("KILL", pid);
            case END -> signal("TERM", pid);
            case PAUSE -> {
                signal("STOP", pid);
                try {
                    Thread.sleep(length);
                } finally {
                    signal("CONT", pid);
                }
            }
        }
    }

    /** It may be about to start, after an earlier fault. */
    private long pid(Standalone muster) throws InterruptedException {
        while (true) {
            try {
                return muster.process(process).pid();
            } catch (IllegalStateException e) {
                Thread.sleep(100);
            }
        }
    }

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                .inheritIO()
                .start()
                .waitFor();
    }

    @Override
    public String toString() {
        return kind + " " + process + " after " + after.toMillis() + " ms"
                + (kind == Kind.PAUSE ? " for " + length.toMillis() + " ms" : "");
    }
}
