package io.muster.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A process that is kept running: one that dies is started again, later each time. Its output goes to a log of its own. */
final class Child {
    private static final Duration SHORTEST_BACKOFF = Duration.ofMillis(500);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(15);
    private static final Duration STEADY = Duration.ofSeconds(30);
    private static final Duration END_LIMIT = Duration.ofSeconds(20);
    private static final int UNUSABLE = 2;
    private static final int ENDS_BEFORE_TROUBLE = 2;

    private final String name;
    private final List<String> command;
    private final Path log;
    private final ScheduledExecutorService timer;
    private final Consumer<String> say;
    private volatile boolean ending;
    private @Nullable Process process;
    private Instant startedAt = Instant.EPOCH;
    private Duration backoff = SHORTEST_BACKOFF;
    private int ends;

    Child(String name, List<String> command, Path log, ScheduledExecutorService timer, Consumer<String> say) {
        this.name = name;
        this.command = List.copyOf(command);
        this.log = log;
        this.timer = timer;
        this.say = say;
    }

    String name() {
        return name;
    }

    synchronized void start() throws IOException {
        if (ending) {
            return;
        }
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        startedAt = process.info().startInstant().orElse(Instant.EPOCH);
        process.onExit().thenAccept(this::exited);
    }

    private synchronized void exited(Process ended) {
        if (ending || ended != process) {
            return;
        }
        ends++;
        boolean wasSteady = ended.info().startInstant().isEmpty()
                && Duration.between(startedAt, java.time.InstantSource.system().instant())
                                .compareTo(STEADY)
                        > 0;
        backoff = wasSteady ? SHORTEST_BACKOFF : backoff;
        say.accept("The " + name + " ended with status " + ended.exitValue() + " and is started again in "
                + backoff.toMillis() + " ms (log: " + log + ").");
        timer.schedule(this::again, backoff.toMillis(), TimeUnit.MILLISECONDS);
        Duration next = backoff.multipliedBy(2);
        backoff = next.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : next;
    }

    private void again() {
        try {
            start();
            say.accept("The " + name + " was started again.");
        } catch (IOException e) {
            say.accept("The " + name + " can't be started (" + e + ").");
        }
    }

    /** Why it can't start, if it can't: its own sentence where it refused its settings, else that it ends again and again. */
    synchronized Optional<String> trouble() {
        if (process == null || process.isAlive()) {
            return Optional.empty();
        }
        if (process.exitValue() == UNUSABLE) {
            return Optional.of(lastLine());
        }
        return ends < ENDS_BEFORE_TROUBLE
                ? Optional.empty()
                : Optional.of("The " + name + " ends whenever it is started, with status " + process.exitValue()
                        + ": see its log, " + log
                        + ". If its data are damaged, start with --fresh to begin anew, which deletes them.");
    }

    private String lastLine() {
        try {
            List<String> lines = Files.readAllLines(log);
            return lines.isEmpty() ? "The " + name + " refuses to start and says nothing." : lines.getLast();
        } catch (IOException e) {
            return "The " + name + " refuses to start; see " + log + ".";
        }
    }

    synchronized Optional<ProcessHandle> handle() {
        return Optional.ofNullable(process).map(Process::toHandle).filter(ProcessHandle::isAlive);
    }

    /** It may end now, and is not started again. */
    synchronized void abandon() {
        ending = true;
    }

    /** Tells it to end and waits; one that does not is killed. */
    void end() {
        @Nullable Process last;
        synchronized (this) {
            ending = true;
            last = process;
        }
        if (last != null && last.isAlive()) {
            last.destroy();
            try {
                if (!last.waitFor(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                    last.destroyForcibly().waitFor();
                }
            } catch (InterruptedException e) {
                last.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
