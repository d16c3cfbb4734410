package io.muster.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one process running: one that dies is started again, later each time. Its output goes to a log of its own. A terminal's Ctrl-C and its
 * end reach the whole process group; the process ignores both, so that it ends in its turn, by {@link #end}. Thread-safe; calls nobody while it
 * holds its lock.
 */
final class Child {
    private static final Duration SHORTEST_BACKOFF = Duration.ofMillis(500);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(15);
    private static final Duration STEADY = Duration.ofSeconds(30);
    /** Bounds an end, before the process is killed: longer than the minute that a service gives itself ({@code ServiceProgram}), as in the chart and in Compose. */
    static final Duration END_LIMIT = Duration.ofSeconds(75);
    /** Ignores a terminal's signals: a JVM leaves those ignored that were ignored when it began. */
    private static final List<String> IGNORING_THE_TERMINAL =
            List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh");

    private static final int UNUSABLE = 2;
    private static final int ENDS_BEFORE_TROUBLE = 4;

    private final String name;
    private final List<String> command;
    private final Path log;
    private final ScheduledExecutorService timer;
    private final Consumer<String> say;
    private volatile boolean ending;
    private volatile @Nullable Process process;
    private Instant startedAt = Instant.EPOCH;
    private Duration backoff = SHORTEST_BACKOFF;
    private int ends;

    /** Prepares a process, which {@link #start} starts. @param say takes what happens to it, a sentence at a time, and may ask any child anything */
    Child(String name, List<String> command, Path log, ScheduledExecutorService timer, Consumer<String> say) {
        this.name = name;
        this.command =
                Stream.concat(IGNORING_THE_TERMINAL.stream(), command.stream()).toList();
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
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        process = started;
        startedAt = now();
        started.onExit().thenAccept(this::exited);
    }

    private void exited(Process ended) {
        Duration delay;
        synchronized (this) {
            if (ending || ended != process) {
                return;
            }
            ends++;
            if (Duration.between(startedAt, now()).compareTo(STEADY) > 0) {
                backoff = SHORTEST_BACKOFF;
            }
            delay = againLater();
        }
        say.accept("The " + name + " ended with status " + ended.exitValue() + " and is started again in "
                + delay.toMillis() + " ms (log: " + log + ").");
    }

    /** Schedules the next start. @return after how long; the next time later */
    private synchronized Duration againLater() {
        Duration delay = backoff;
        Duration next = backoff.multipliedBy(2);
        backoff = next.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : next;
        timer.schedule(this::again, delay.toMillis(), TimeUnit.MILLISECONDS);
        return delay;
    }

    private void again() {
        try {
            start();
        } catch (IOException e) {
            Duration delay = againLater();
            say.accept(
                    "The " + name + " can't be started (" + e + "); it is tried again in " + delay.toMillis() + " ms.");
            return;
        }
        if (!ending) {
            say.accept("The " + name + " was started again.");
        }
    }

    /** Returns why the process can't start, if it can't: its own sentence about its settings, or else how often it ended. */
    synchronized Optional<String> trouble() {
        Process last = process;
        if (last == null || last.isAlive()) {
            return Optional.empty();
        }
        if (last.exitValue() == UNUSABLE) {
            return Optional.of(lastLine().orElse("The " + name + " refuses to start; see " + log + "."));
        }
        return ends < ENDS_BEFORE_TROUBLE
                ? Optional.empty()
                : Optional.of("The " + name + " ends whenever it is started, with status " + last.exitValue()
                        + ": see its log, " + log
                        + ". If its data are damaged, start with --fresh to delete them and begin anew.");
    }

    /** Returns the last line that it wrote, if any. */
    Optional<String> lastLine() {
        try {
            return Files.readAllLines(log).stream()
                    .filter(line -> !line.isBlank())
                    .reduce((_, later) -> later);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Returns the process as it runs now. Takes no lock. */
    Optional<ProcessHandle> handle() {
        return Optional.ofNullable(process).map(Process::toHandle).filter(ProcessHandle::isAlive);
    }

    /** Lets it end: it is not started again. */
    synchronized void abandon() {
        ending = true;
    }

    /** Ends the process, also on a thread that is interrupted; kills it after {@link #END_LIMIT}. */
    void end() {
        end(END_LIMIT);
    }

    void end(Duration limit) {
        @Nullable Process last;
        synchronized (this) {
            ending = true;
            last = process;
        }
        if (last != null) {
            end(last.toHandle(), limit);
        }
    }

    /** Ends a process, and kills it after the limit. */
    static void end(ProcessHandle process, Duration limit) {
        if (process.isAlive()) {
            process.destroy();
            awaitEnd(process, limit);
        }
    }

    /** Keeps an interrupt for the caller: were the wait cut short, all children would be killed at once, the broker too. */
    private static void awaitEnd(ProcessHandle process, Duration limit) {
        long until = System.nanoTime() + limit.toNanos();
        boolean interrupted = false;
        while (process.isAlive()) {
            try {
                process.onExit().get(until - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                process.destroyForcibly();
                process.onExit().join();
            } catch (ExecutionException e) {
                throw new IllegalStateException("a process can't be waited for", e);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Instant now() {
        return InstantSource.system().instant();
    }
}
