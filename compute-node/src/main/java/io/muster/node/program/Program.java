package io.muster.node.program;

import io.muster.node.program.ProgramListener.Stream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one program, until its first process has ended and all others that it started have been killed. One with a coordination command runs that first: where it exits with 0, what it left running goes on,
 * and the command itself begins by {@link #proceed}. Thread-safe.
 */
public final class Program {
    private static final Logger LOG = LoggerFactory.getLogger(Program.class);
    private static final int CHUNK = 8192;
    private static final int MOST_ROUNDS = 200;
    private static final Duration ROUND = Duration.ofMillis(10);
    private static final Duration LAST_OUTPUT = Duration.ofMillis(200);
    private static final long UNKNOWN = -1;
    private static final int TERMINATED = 143;
    /** Bounds the life of a program for which processes that it left behind are searched among those alone that were started behind it. */
    private static final Duration SHORT = Duration.ofSeconds(5);

    private final ProgramSpec spec;
    private final ProgramListener listener;
    private final Process process;
    private final Starter starter;
    private final Executor readers;
    private final ScheduledExecutorService timer;
    private final LongSupplier nanoTime;
    private final long user;
    private final AtomicReference<Exit.Cause> cause = new AtomicReference<>();
    private final AtomicLong allowedBytes;
    private final AtomicLong droppedBytes = new AtomicLong();
    private final AtomicLong activeAt;
    private final long startedAt = System.nanoTime();
    private final List<CompletableFuture<Void>> pumps = new ArrayList<>();
    private long ticks = UNKNOWN;
    private Runnable ended = () -> {};
    private @Nullable Process second;
    private boolean waits;
    private boolean ends;

    /** Starts the process of a command, which leads a session. */
    @FunctionalInterface
    interface Starter {
        Process start(List<String> command) throws IOException;
    }

    /** Makes one of a process that was just started, and that leads a session. @param starter starts the next one @param user as whom it runs */
    Program(
            ProgramSpec spec,
            ProgramListener listener,
            Process process,
            Starter starter,
            Executor readers,
            ScheduledExecutorService timer,
            LongSupplier nanoTime,
            long user) {
        this.spec = spec;
        this.listener = listener;
        this.process = process;
        this.starter = starter;
        this.readers = readers;
        this.timer = timer;
        this.nanoTime = nanoTime;
        this.user = user;
        this.allowedBytes = new AtomicLong(spec.limits().outputBytes().orElse(Long.MAX_VALUE));
        this.activeAt = new AtomicLong(nanoTime.getAsLong());
    }

    /** Begins to read its output, and to watch its end. @param ended runs before the listener hears of it */
    void follow(Runnable ended) {
        this.ended = ended;
        pump(process);
        spec.limits().wallClock().ifPresent(limit -> later(() -> end(Exit.Cause.WALL_CLOCK), limit));
        process.onExit().thenRun(() -> {
            if (!isToProceed()) {
                finish();
            }
        });
    }

    /** Returns whether its first process was its coordination command, which has done its work; it waits then. */
    private boolean isToProceed() {
        synchronized (this) {
            waits = !spec.coordination().isEmpty() && process.exitValue() == 0 && cause.get() == null;
            if (!waits) {
                return false;
            }
        }
        Thread.ofVirtual().name("coordination-of-" + spec.id()).start(listener::coordinated);
        return true;
    }

    /**
     * Begins its command, where it waits for that.
     *
     * @throws IOException where it can't be started: it waits on, until it is stopped
     */
    public synchronized void proceed() throws IOException {
        if (!waits || ends || cause.get() != null) {
            return;
        }
        Process begun = starter.start(spec.command());
        waits = false;
        second = begun;
        pump(begun);
        begun.onExit().thenRun(this::finish);
    }

    /** Kills what is left, and says that it has ended; once. */
    private void finish() {
        synchronized (this) {
            if (ends) {
                return;
            }
            ends = true;
        }
        Thread.ofVirtual().name("exit-of-" + spec.id()).start(() -> {
            try {
                killRest();
            } catch (RuntimeException e) {
                LOG.error("What a program left behind can't be found, attempt={}", spec.id(), e);
            } finally {
                processes().forEach(Program::reap);
            }
            ended.run();
            listener.exited(exit());
        });
    }

    /** Lists the processes that it was started by. */
    private synchronized List<Process> processes() {
        return second == null ? List.of(process) : List.of(process, second);
    }

    /** Returns its end; one that waited for its command has the code of a program that was terminated. */
    private synchronized Exit exit() {
        int code = waits ? TERMINATED : processes().getLast().exitValue();
        return new Exit(code, Optional.ofNullable(cause.get()).orElse(Exit.Cause.ITSELF), droppedBytes.get());
    }

    /** Returns the id of the first process, which is that of its session too. */
    public long pid() {
        return process.pid();
    }

    /** Returns what it was started by. */
    public ProgramSpec spec() {
        return spec;
    }

    /**
     * Asks it to end, and kills it where it has not after a time. Returns at once.
     *
     * @param shutdownFile is made for a program that watches for it; where there is none, the signal TERM asks
     */
    public void stop(Duration grace, Optional<Path> shutdownFile) {
        if (isWaiting()) {
            kill();
            return;
        }
        later(this::kill, grace);
        try {
            if (shutdownFile.isPresent()) {
                makeNew(shutdownFile.get());
            } else if (isLiving()) {
                signal(Signals.TERMINATE);
            }
        } catch (IOException e) {
            LOG.warn(
                    "A program can't be asked to end and is killed after its grace, attempt={} reason={}",
                    spec.id(),
                    e.toString());
        }
        cause.compareAndSet(null, Exit.Cause.STOPPED);
    }

    /** Makes an empty file. One that the program made itself, be it a link or a pipe, is left as it is: it is neither followed nor opened. */
    private static void makeNew(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            LOG.debug("A program has made the file itself that asks it to end, file={}", file);
        }
    }

    /** Kills it with all that it started. Returns at once. */
    public void kill() {
        end(Exit.Cause.STOPPED);
    }

    private void later(Runnable action, Duration delay) {
        timer.schedule(
                () -> {
                    if (isLiving()) {
                        action.run();
                    }
                },
                delay.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    private synchronized boolean isWaiting() {
        return waits && !ends;
    }

    private boolean isLiving() {
        return isWaiting() || processes().stream().anyMatch(Process::isAlive);
    }

    private void end(Exit.Cause why) {
        synchronized (this) {
            if (!isLiving()) {
                return;
            }
            cause.compareAndSet(null, why);
            if (!waits) {
                signal(Signals.KILL);
                return;
            }
        }
        finish();
    }

    /** Signals the processes of its groups, those too that are left of one whose first process has ended. */
    private void signal(int signal) {
        for (Process each : processes()) {
            if (each instanceof SpawnedProcess spawned) {
                spawned.signalGroup(signal);
            } else {
                Signals.toGroup(each.pid(), signal);
            }
        }
    }

    /** Ends it where it was idle for too long. @param ticksOfSessions of processes, by session */
    void checkIdle(Map<Long, Long> ticksOfSessions) {
        long used = processes().stream()
                .mapToLong(each -> ticksOfSessions.getOrDefault(each.pid(), 0L))
                .sum();
        long now = nanoTime.getAsLong();
        if (used != ticks) {
            ticks = used;
            activeAt.set(now);
        }
        Optional<Duration> limit = spec.limits().idle();
        if (limit.isPresent() && now - activeAt.get() > limit.get().toNanos()) {
            end(Exit.Cause.IDLE);
        }
    }

    private static void reap(Process process) {
        if (process instanceof SpawnedProcess spawned) {
            spawned.reap();
        }
    }

    private synchronized CompletableFuture<Void> output() {
        return CompletableFuture.allOf(pumps.toArray(CompletableFuture[]::new));
    }

    private void killRest() {
        signal(Signals.KILL);
        try {
            // One that left the group, and holds a pipe, would keep the output open.
            boolean through = isDoneSoon(output());
            boolean isShort = System.nanoTime() - startedAt < SHORT.toNanos();
            killStrays(through && isShort);
            if (!through && !isDoneSoon(output())) {
                killWriters();
            }
            output().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            LOG.error("The output of a program was not read to its end, attempt={}", spec.id(), e);
        }
    }

    private static boolean isDoneSoon(CompletableFuture<Void> pump) throws InterruptedException, ExecutionException {
        try {
            pump.get(LAST_OUTPUT.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    /** Kills what left the group, as far as it stayed in the session or kept its environment. @param isShort whether to search among later processes alone */
    private void killStrays(boolean isShort) {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            List<ProcessTable.Entry> all = isShort ? ProcessTable.readSince(pid()) : ProcessTable.read();
            List<ProcessTable.Entry> strays = all.stream()
                    .filter(entry -> !entry.isZombie())
                    .filter(entry -> processes().stream().anyMatch(each -> entry.session() == each.pid())
                            || spec.id().equals(ProcessTable.variable(entry.pid(), Programs.ATTEMPT)))
                    .toList();
            if (strays.isEmpty()) {
                return;
            }
            strays.forEach(stray -> ProcessHandle.of(stray.pid()).ifPresent(ProcessHandle::destroyForcibly));
            LockSupport.parkNanos(ROUND.toNanos());
        }
        LOG.warn("A program left processes behind that can't be killed, attempt={}", spec.id());
    }

    /** Kills what could still write to its output, though it left the session and cleared its environment: the output would never end. */
    private void killWriters() {
        for (Process each : processes()) {
            if (each instanceof SpawnedProcess spawned) {
                killWriters(spawned);
            }
        }
    }

    private void killWriters(SpawnedProcess spawned) {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            List<ProcessTable.Entry> writers = ProcessTable.writers(spawned.pipes(), user);
            if (writers.isEmpty()) {
                return;
            }
            writers.forEach(writer -> ProcessHandle.of(writer.pid()).ifPresent(ProcessHandle::destroyForcibly));
            LockSupport.parkNanos(ROUND.toNanos());
        }
        LOG.warn("A program left processes behind that hold its output and can't be killed, attempt={}", spec.id());
    }

    private synchronized void pump(Process from) {
        pumps.add(pump(Stream.OUT, from.getInputStream()));
        pumps.add(pump(Stream.ERR, from.getErrorStream()));
    }

    private CompletableFuture<Void> pump(Stream stream, InputStream from) {
        return CompletableFuture.runAsync(
                () -> {
                    byte[] chunk = new byte[CHUNK];
                    try (from) {
                        for (int n = from.read(chunk); n >= 0; n = from.read(chunk)) {
                            activeAt.set(nanoTime.getAsLong());
                            int handed = allow(n);
                            if (handed > 0) {
                                listener.output(stream, ByteBuffer.wrap(chunk, 0, handed));
                            }
                        }
                    } catch (IOException | UncheckedIOException e) {
                        LOG.warn(
                                "The output of a program can't be read, attempt={} reason={}", spec.id(), e.toString());
                    }
                },
                readers);
    }

    /** Takes of a chunk as much as its limit leaves. */
    private int allow(int bytes) {
        long left = allowedBytes.getAndUpdate(allowed -> Math.max(0, allowed - bytes));
        int handed = (int) Math.min(left, bytes);
        droppedBytes.addAndGet(bytes - handed);
        return handed;
    }
}
