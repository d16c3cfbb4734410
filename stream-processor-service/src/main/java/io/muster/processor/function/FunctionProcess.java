package io.muster.processor.function;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.muster.query.kernel.ScalarFunction;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamValues;
import io.muster.query.streamjob.JavaScriptFunction;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.mozilla.javascript.Context;

/**
 * Runs the functions of one stream job in a process of their own. It begins at the first call and ends when there was none for a minute, or with this
 * process; it has a heap of its own, and a call that takes too long is ended from here. So a function can't take what others need.
 *
 *
 * <p>Thread-safe; calls wait for each other. A call whose process was lost, killed by somebody else, is made again once in a new one.
 */
public final class FunctionProcess {
    /** Bounds the memory that functions of a job have for all that they keep and make. */
    static final int HEAP_MEGABYTES = 64;

    /** Bounds the processor time of one call. Instructions end sooner, but the engine counts not all of its work in instructions. */
    static final Duration MOST_PROCESSOR_TIME = Duration.ofSeconds(10);

    private static final Duration TICK = Duration.ofMillis(250);
    private static final int IDLE_TICKS = 240;
    private static final int LONGEST_LAST_WORDS = 500;
    private static final int LONGEST_TICKS = 480;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(120);

    /** Bounds how long a job keeps a process that another one waits for; a call that is under way is waited for. */
    private static final Duration TURN = Duration.ofSeconds(1);

    /** Has Linux's out-of-memory killer end a process of functions first. */
    private static final String FIRST_TO_GO = "1000";

    private static final ScheduledExecutorService WATCH = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("functions").factory());

    private final Places places;
    private final List<JavaScriptFunction> functions = new ArrayList<>();
    private @Nullable Running running;

    /** Prepares to call functions; the first call starts the process. @param places of the processes of all jobs of this stream processor */
    public FunctionProcess(Places places) {
        this.places = places;
    }

    /**
     * Bounds how many processes of functions there are at once. A job that needs one when there are as many waits for its turn; one that has a
     * process gives it up between two calls when somebody waits, and gets another when its functions are called again. So busy jobs take turns
     * of about {@link #TURN}, and one that is idle gives way at once. Thread-safe. Decided in ADR 0019.
     */
    public static final class Places {
        private final int most;
        private final Semaphore free;

        /** Begins with all places free. @param most 1 or more */
        public Places(int most) {
            this.most = most;
            this.free = new Semaphore(most, true);
        }

        private void take() throws IOException {
            try {
                if (free.tryAcquire(LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("the wait for one was interrupted", e);
            }
            throw new IOException("all " + most + " have been busy for " + LONGEST_WAIT.toSeconds() + " seconds");
        }

        private void give() {
            free.release();
        }

        private boolean isWaitedFor() {
            return free.hasQueuedThreads();
        }
    }

    /** Adds a function; its body calls it, and throws an {@link EvaluationException} where it fails or exceeds a bound. */
    public synchronized ScalarFunction.Body add(JavaScriptFunction function) {
        int number = functions.size();
        functions.add(function);
        return arguments -> call(number, arguments);
    }

    private synchronized Object call(int number, Object[] arguments) {
        String name = "UDF." + functions.get(number).name();
        byte[] request;
        try {
            request = request(number, arguments);
        } catch (Wire.TooDeepException _) {
            throw new EvaluationException(name + " is given a value that is nested deeper than " + Wire.DEEPEST);
        }
        for (int tries = 2; ; tries--) {
            Running process = begun();
            try {
                return process.call(number, request);
            } catch (IOException e) {
                process.kill();
                running = null; // It may live for a moment yet.
                String reason = process.reason();
                if (reason != null) {
                    throw new EvaluationException(name + " " + reason);
                }
                if (tries == 1) {
                    throw new EvaluationException(name + " ended its process twice, the last time with status "
                            + process.status() + ": " + process.lastWords);
                }
            }
        }
    }

    private static byte[] request(int number, Object[] arguments) throws Wire.TooDeepException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeByte(FunctionWorker.CALL);
            out.writeInt(number);
            out.writeInt(arguments.length);
            for (Object argument : arguments) {
                Wire.write(argument, out);
            }
        } catch (Wire.TooDeepException e) {
            throw e;
        } catch (IOException e) {
            throw new AssertionError("memory can be written", e);
        }
        return bytes.toByteArray();
    }

    /** Returns the process for a call that begins now. */
    private Running begun() {
        Running known = running;
        if (known != null && known.begin()) {
            return known;
        }
        try {
            places.take();
            Running started = new Running();
            running = started;
            return started;
        } catch (IOException e) {
            throw new EvaluationException("The process for functions can't be started: " + e.getMessage());
        }
    }

    /** Returns the process that runs now; a test may end it. */
    synchronized @Nullable ProcessHandle handle() {
        return running == null ? null : running.process.toHandle();
    }

    private enum Use {
        IDLE,
        BUSY,
        GIVEN_UP
    }

    private final class Running {
        private final Process process;
        private final DataOutputStream out;
        private final DataInputStream in;
        private final Set<Integer> defined = new HashSet<>();
        private final ScheduledFuture<?> watch;
        private final long startedAt = System.nanoTime();
        /** Says that the process is in use: it is started for a call, so that nobody takes it for idle before. */
        private final AtomicReference<Use> use = new AtomicReference<>(Use.BUSY);

        /** Returns how many have begun. */
        private volatile long calls = 1;

        private volatile @Nullable String reason;
        private String lastWords = "";

        // Of the watch's thread.
        private long seen;
        private int ticks;
        private Duration processorTime = Duration.ZERO;

        private Running() throws IOException {
            ProcessBuilder builder = new ProcessBuilder(command());
            builder.environment().clear();
            try {
                process = builder.start();
            } catch (IOException e) {
                places.give();
                throw e;
            }
            process.onExit().thenRun(places::give);
            out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
            in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
            goFirst(process.pid());
            watch = WATCH.scheduleWithFixedDelay(this::watch, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
        }

        /** Returns whether a call may begin: not where the process has ended or was abandoned. */
        private boolean begin() {
            if (!process.isAlive() || !use.compareAndSet(Use.IDLE, Use.BUSY)) {
                return false;
            }
            calls = calls + 1;
            return true;
        }

        /** Ends the process where it is idle, and somebody else waits for its place. */
        private void giveWay() {
            if (places.isWaitedFor() && use.compareAndSet(Use.IDLE, Use.GIVEN_UP)) {
                process.destroyForcibly();
            }
        }

        private Object call(int number, byte[] request) throws IOException {
            try {
                if (defined.add(number)) {
                    JavaScriptFunction function = functions.get(number);
                    out.writeByte(FunctionWorker.DEFINE);
                    out.writeInt(number);
                    Wire.writeText(function.name(), out);
                    Wire.writeText(function.script(), out);
                    Wire.writeText(function.entry(), out);
                }
                out.write(request);
                out.flush();
                byte kind = in.readByte();
                // A character takes up to three bytes.
                Wire.Budget budget = new Wire.Budget(4 * FunctionWorker.LARGEST_RESULT);
                if (kind == FunctionWorker.RETURNED) {
                    return Wire.read(in, budget);
                }
                if (kind == FunctionWorker.FAILED) {
                    throw new EvaluationException(Wire.readText(in, budget));
                }
                throw new IOException("no answer: " + kind);
            } finally {
                use.set(Use.IDLE);
                if (System.nanoTime() - startedAt > TURN.toNanos()) {
                    giveWay();
                }
            }
        }

        private void watch() {
            if (calls != seen) {
                seen = calls;
                ticks = 0;
                processorTime = processorTime();
                return;
            }
            ticks++;
            boolean idle = use.get() != Use.BUSY;
            if (!process.isAlive()) {
                watch.cancel(false);
            } else if (idle) {
                giveWay();
                if (ticks > IDLE_TICKS) {
                    process.destroyForcibly();
                }
            } else if (processorTime().minus(processorTime).compareTo(MOST_PROCESSOR_TIME) > 0) {
                end("takes more than " + MOST_PROCESSOR_TIME.toSeconds() + " seconds of a processor");
            } else if (ticks > LONGEST_TICKS) {
                end("has not answered for " + TICK.multipliedBy(LONGEST_TICKS).toSeconds() + " seconds");
            }
        }

        private Duration processorTime() {
            return process.info().totalCpuDuration().orElse(Duration.ZERO);
        }

        private void end(String why) {
            reason = why;
            process.destroyForcibly();
        }

        private void kill() {
            watch.cancel(false);
            if (reason == null) {
                // It closed its output, or wrote what is no answer: it is given time to end by itself, and to say why.
                process.onExit().completeOnTimeout(process, 1, TimeUnit.SECONDS).join();
                lastWords = process.isAlive() ? "" : lastWords();
            }
            process.destroyForcibly();
        }

        /** Returns the bound that the function exceeded; null where the process was lost for another reason. */
        private @Nullable String reason() {
            return reason == null && status() == FunctionWorker.OUT_OF_MEMORY
                    ? "needs more than " + HEAP_MEGABYTES + " MiB of memory"
                    : reason;
        }

        /** Returns what the virtual machine said that has ended. */
        private String lastWords() {
            try (InputStream said = process.getErrorStream()) {
                return new String(said.readNBytes(LONGEST_LAST_WORDS), UTF_8).strip();
            } catch (IOException e) {
                return String.valueOf(e.getMessage());
            }
        }

        private int status() {
            return process.onExit().join().exitValue();
        }
    }

    private static void goFirst(long pid) {
        try {
            Files.writeString(Path.of("/proc", Long.toString(pid), "oom_score_adj"), FIRST_TO_GO);
        } catch (IOException _) {
            // Of Linux alone.
        }
    }

    private static List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP_MEGABYTES + "m",
                "-Xss1m",
                "-XX:+UseSerialGC",
                "-XX:MaxMetaspaceSize=" + HEAP_MEGABYTES + "m",
                "-XX:ReservedCodeCacheSize=32m",
                "-XX:MaxDirectMemorySize=1m",
                "-XX:+ExitOnOutOfMemoryError",
                // Its standard output is the way of answers.
                "-XX:+DisplayVMOutputToStderr",
                "-XX:-UsePerfData",
                "-XX:-CreateCoredumpOnCrash",
                "-Dfile.encoding=UTF-8",
                "-cp",
                Stream.of(FunctionWorker.class, StreamValues.class, Context.class)
                        .map(FunctionProcess::place)
                        .distinct()
                        .collect(Collectors.joining(File.pathSeparator)),
                FunctionWorker.class.getName());
    }

    private static String place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("a class path is no path: " + e.getMessage(), e);
        }
    }
}
