package io.muster.node;

import io.muster.node.output.AttemptOutput;
import io.muster.node.program.Exit;
import io.muster.node.program.Limits;
import io.muster.node.program.Program;
import io.muster.node.program.ProgramListener;
import io.muster.node.program.ProgramSpec;
import io.muster.node.program.Programs;
import io.muster.node.program.SearchPath;
import io.muster.node.work.AttemptKey;
import io.muster.node.work.Ending;
import io.muster.node.work.TaskProgram;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Is an attempt of a task on this machine, from its folder to its program's end. Thread-safe. */
final class Attempt {
    /** Bounds a program's grace where the node ends. */
    static final Duration LONGEST_GRACE_AT_END = Duration.ofSeconds(10);

    private final AttemptKey key;
    private final String name;
    private final TaskProgram program;
    private final AttemptOutput output;
    private final CompletableFuture<Void> announced = new CompletableFuture<>();
    private final CompletableFuture<Void> settled = new CompletableFuture<>();
    private final CompletableFuture<Void> released = new CompletableFuture<>();
    private volatile TaskFolders.@Nullable Place place;
    private volatile @Nullable Program running;
    /** Says why the command was not started behind the coordination command. */
    private volatile @Nullable String notStarted;

    private @Nullable Thread preparation;
    private boolean cancelled;

    Attempt(AttemptKey key, String name, TaskProgram program, AttemptOutput output) {
        this.key = key;
        this.name = name;
        this.program = program;
        this.output = output;
    }

    AttemptKey key() {
        return key;
    }

    String name() {
        return name;
    }

    AttemptOutput output() {
        return output;
    }

    /** Fetches its files. @return nothing, or a sentence that says why it can't be started */
    Optional<String> prepare(TaskFolders folders) throws InterruptedException {
        synchronized (this) {
            if (cancelled) {
                throw new InterruptedException("cancelled");
            }
            preparation = Thread.currentThread();
        }
        try {
            place = folders.make(key, name, program);
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.of(sentence(e));
        } finally {
            synchronized (this) {
                preparation = null;
            }
        }
    }

    /** Ends a preparation that is under way, or that comes. */
    synchronized void cancel() {
        cancelled = true;
        Thread thread = preparation;
        if (thread != null) {
            thread.interrupt();
        }
    }

    /** Says that its preparation has ended, or that there will be none. */
    void settled() {
        settled.complete(null);
    }

    /** Runs something once its preparation has ended. */
    void whenSettled(Runnable task) {
        settled.thenRun(task);
    }

    /** Lets its folder go, in which nobody works any more. @param taskIsOver whether no other attempt of its task comes */
    void release(TaskFolders folders, boolean taskIsOver) throws IOException {
        TaskFolders.Place where = place;
        Optional<Duration> retention = program.retention();
        if (where == null || retention.isEmpty()) {
            folders.release(name);
        } else if (where.isNew() && running == null) {
            folders.drop(key);
        } else {
            folders.keep(where, name, key, retention.get(), taskIsOver);
        }
    }

    /** Says that its folder is another attempt's to use. */
    void released() {
        released.complete(null);
    }

    /** Runs something once its folder is another attempt's to use. */
    void whenReleased(Runnable task) {
        released.thenRun(task);
    }

    private static String sentence(Exception e) {
        return e instanceof FileSystemException || e.getMessage() == null
                ? e.toString()
                : String.valueOf(e.getMessage());
    }

    /** Hears what becomes of the program. */
    interface Listener {
        void coordinated();

        void ended(Ending ending);
    }

    /** Starts the program. @param listener is not called before {@link #announce} @return nothing, or a sentence that says why it was not started */
    Optional<String> launch(Programs programs, Interpreters interpreters, Listener listener) {
        TaskFolders.Place where = place;
        if (where == null) {
            return Optional.of("It was not prepared.");
        }
        List<String> first = interpreters.resolve(program.first(), path(where));
        Optional<String> missing = missing(first, where);
        if (missing.isPresent()) {
            return missing;
        }
        Limits limits = new Limits(
                program.wallClock(),
                program.idle(),
                program.outputBytes(),
                program.memoryBytes(),
                program.processors());
        try {
            running = programs.start(
                    new ProgramSpec(
                            name,
                            program.coordination().isEmpty() ? List.of() : first,
                            interpreters.resolve(program.command(), path(where)),
                            where.environment(),
                            where.working(),
                            limits),
                    new Heard(listener));
            return Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.of(sentence(e));
        }
    }

    private static String path(TaskFolders.Place where) {
        return where.environment().getOrDefault("PATH", "");
    }

    private static Optional<String> missing(List<String> command, TaskFolders.Place where) {
        return SearchPath.find(path(where), command.getFirst(), where.working()).isPresent()
                ? Optional.empty()
                : Optional.of("The node has no program " + command.getFirst() + ".");
    }

    /** Has its command begin, behind the coordination command; where it can't, the attempt ends as one that was not started. */
    void proceed(Interpreters interpreters) {
        Program now = running;
        TaskFolders.Place where = place;
        if (now == null || where == null) {
            return;
        }
        Optional<String> trouble = missing(interpreters.resolve(program.command(), path(where)), where);
        if (trouble.isEmpty()) {
            try {
                now.proceed();
            } catch (IOException | IllegalArgumentException e) {
                trouble = Optional.of(sentence(e));
            }
        }
        trouble.ifPresent(sentence -> {
            notStarted = sentence;
            now.kill();
        });
    }

    /** Lets the end be reported, now that the start was. */
    void announce() {
        announced.complete(null);
    }

    /** Has it end. @param longest bounds the grace */
    void stop(Duration longest) {
        Program now = running;
        TaskFolders.Place where = place;
        if (now != null && where != null) {
            Duration grace = program.grace().compareTo(longest) < 0 ? program.grace() : longest;
            now.stop(grace, program.watchesShutdownFile() ? Optional.of(where.shutdownFile()) : Optional.empty());
        }
    }

    void kill() {
        Program now = running;
        if (now != null) {
            now.kill();
        }
    }

    private final class Heard implements ProgramListener {
        private final Listener listener;

        Heard(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void output(Stream stream, ByteBuffer bytes) {
            output.write(
                    switch (stream) {
                        case OUT -> io.muster.node.output.Stream.OUT;
                        case ERR -> io.muster.node.output.Stream.ERR;
                    },
                    bytes);
        }

        @Override
        public void coordinated() {
            announced.join();
            listener.coordinated();
        }

        @Override
        public void exited(Exit exit) {
            announced.join();
            String trouble = notStarted;
            if (trouble != null) {
                listener.ended(Ending.notStarted(trouble));
                output.end();
                return;
            }
            listener.ended(new Ending(
                    exit.code(),
                    switch (exit.cause()) {
                        case ITSELF -> Ending.Cause.ITSELF;
                        case WALL_CLOCK -> Ending.Cause.WALL_CLOCK;
                        case IDLE -> Ending.Cause.IDLE;
                        case STOPPED -> Ending.Cause.STOPPED;
                    },
                    exit.droppedBytes() == 0
                            ? ""
                            : exit.droppedBytes() + " bytes of output beyond the limit outputBytes were dropped."));
            output.end();
        }
    }
}
