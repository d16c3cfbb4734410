package io.muster.node.program;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * Starts programs as leaders of sessions, without the two programs that run before them otherwise: a helper of the JDK, and setsid(1). The program has no open
 * file but input, output and errors, no blocked signal, and no ignored one. It takes glibc 2.34 or a library with the same functions. Thread-safe. Source: posix_spawn(3), pipe(2), waitid(2).
 */
final class PosixSpawn {
    private static final int CLOSE_ON_EXEC = 0x80000;
    private static final int READ_ONLY = 0;
    private static final short FLAGS = 0x80 | 0x08 | 0x04;
    private static final int INTERRUPTED = 4;
    private static final int NO_PROGRAM = 8;
    private static final int P_PID = 1;
    private static final int EXITED = 4;
    private static final int NO_REAPING = 0x01000000;
    private static final int BY_ITSELF = 1;
    /** Is where siginfo_t has si_code, on machines of 64 bits. */
    private static final long CODE_AT = 8;

    private static final long STATUS_AT = 24;
    /** Is more than any of the library's structures takes: those of 64 bits have 80, 128 and 336 bytes. */
    private static final long ROOM = 1024;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final List<String> NAMES = List.of(
            "posix_spawn_file_actions_addchdir_np", "posix_spawn_file_actions_addclosefrom_np", "pipe2", "waitid");
    private static final boolean FOUND = ADDRESS.byteSize() == Long.BYTES
            && NAMES.stream().allMatch(name -> LINKER.defaultLookup().find(name).isPresent());

    /** Holds the functions, as constants: calls by others are interpreted. Is there only where the library has them. */
    private static final class Library {
        private static final MethodHandle PIPE = handle("pipe2", ADDRESS, JAVA_INT);
        private static final MethodHandle CLOSE = handle("close", JAVA_INT);
        private static final MethodHandle SPAWN =
                handle("posix_spawn", ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
        private static final MethodHandle INIT_ACTIONS = handle("posix_spawn_file_actions_init", ADDRESS);
        private static final MethodHandle DESTROY_ACTIONS = handle("posix_spawn_file_actions_destroy", ADDRESS);
        private static final MethodHandle ADD_OPEN =
                handle("posix_spawn_file_actions_addopen", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
        private static final MethodHandle ADD_DUP =
                handle("posix_spawn_file_actions_adddup2", ADDRESS, JAVA_INT, JAVA_INT);
        private static final MethodHandle ADD_DIRECTORY =
                handle("posix_spawn_file_actions_addchdir_np", ADDRESS, ADDRESS);
        private static final MethodHandle ADD_CLOSE_FROM =
                handle("posix_spawn_file_actions_addclosefrom_np", ADDRESS, JAVA_INT);
        private static final MethodHandle INIT_ATTRIBUTES = handle("posix_spawnattr_init", ADDRESS);
        private static final MethodHandle SET_FLAGS = handle("posix_spawnattr_setflags", ADDRESS, JAVA_SHORT);
        private static final MethodHandle SET_MASK = handle("posix_spawnattr_setsigmask", ADDRESS, ADDRESS);
        private static final MethodHandle SET_DEFAULTS = handle("posix_spawnattr_setsigdefault", ADDRESS, ADDRESS);
        private static final MethodHandle NO_SIGNALS = handle("sigemptyset", ADDRESS);
        private static final MethodHandle ALL_SIGNALS = handle("sigfillset", ADDRESS);

        /** Has the program lead a session, with no signal blocked and none ignored. Read by many threads, and never changed. */
        private static final MemorySegment ATTRIBUTES = attributes();

        private static MemorySegment attributes() {
            try {
                MemorySegment attributes = Arena.global().allocate(ROOM, Long.BYTES);
                MemorySegment signals = Arena.global().allocate(ROOM, Long.BYTES);
                require((int) INIT_ATTRIBUTES.invokeExact(attributes));
                require((int) NO_SIGNALS.invokeExact(signals));
                require((int) SET_MASK.invokeExact(attributes, signals));
                require((int) ALL_SIGNALS.invokeExact(signals));
                require((int) SET_DEFAULTS.invokeExact(attributes, signals));
                require((int) SET_FLAGS.invokeExact(attributes, FLAGS));
                return attributes;
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("posix_spawnattr_init(3) can't be called", e);
            }
        }
    }

    private static final class Waiting {
        private static final StructLayout STATE = Linker.Option.captureStateLayout();
        private static final VarHandle ERROR = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
        private static final MethodHandle WAIT = LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("waitid"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT),
                Linker.Option.captureCallState("errno"));
    }

    private PosixSpawn() {}

    private static MethodHandle handle(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    /**
     * Starts a program, whose input is empty.
     *
     * @param launch the program is found by the PATH of its environment
     * @param waiters runs what waits for the program's end
     * @return nothing where the library lacks what it takes, or the program can't be started so
     * @throws IOException where this process may open no more files
     */
    static Optional<SpawnedProcess> start(Launch launch, Executor waiters) throws IOException {
        Optional<Path> program = SearchPath.find(
                launch.environment().getOrDefault("PATH", ""), launch.command().getFirst(), launch.directory());
        if (!FOUND || program.isEmpty() || launch.command().stream().anyMatch(word -> word.indexOf('\0') >= 0)) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            return start(arena, program.get(), launch, waiters);
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("posix_spawn(3) can't be called", e);
        }
    }

    private static Optional<SpawnedProcess> start(Arena arena, Path program, Launch launch, Executor waiters)
            throws Throwable {
        try (Pipe out = new Pipe(arena);
                Pipe err = new Pipe(arena)) {
            InputStream fromOut = out.open();
            InputStream fromErr = err.open();
            MemorySegment actions = arena.allocate(ROOM, Long.BYTES);
            require((int) Library.INIT_ACTIONS.invokeExact(actions));
            try {
                describe(arena, actions, launch.directory(), out, err);
                MemorySegment pid = arena.allocate(JAVA_INT);
                int error = (int) Library.SPAWN.invokeExact(
                        pid,
                        arena.allocateFrom(program.toString()),
                        actions,
                        Library.ATTRIBUTES,
                        texts(arena, launch.command()),
                        texts(
                                arena,
                                launch.environment().entrySet().stream()
                                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                                        .toList()));
                if (error != 0) {
                    fromOut.close();
                    fromErr.close();
                    return error == NO_PROGRAM ? start(byShell(program, launch), waiters) : Optional.empty();
                }
                SpawnedProcess process =
                        new SpawnedProcess(pid.get(JAVA_INT, 0), fromOut, fromErr, Set.of(out.name(), err.name()));
                waiters.execute(() -> process.exited(await(process.pid(), EXITED | NO_REAPING)));
                return Optional.of(process);
            } finally {
                require((int) Library.DESTROY_ACTIONS.invokeExact(actions));
            }
        }
    }

    /** Returns how a file is started that names no interpreter, as execvp(3) does it. */
    private static Launch byShell(Path program, Launch launch) throws IOException {
        List<String> command = new ArrayList<>(List.of(SystemTools.require("sh"), program.toString()));
        command.addAll(launch.command().subList(1, launch.command().size()));
        return new Launch(command, launch.environment(), launch.directory());
    }

    private static void describe(Arena arena, MemorySegment actions, Path directory, Pipe out, Pipe err)
            throws Throwable {
        require((int) Library.ADD_OPEN.invokeExact(actions, 0, arena.allocateFrom("/dev/null"), READ_ONLY, 0));
        require((int) Library.ADD_DUP.invokeExact(actions, out.written(), 1));
        require((int) Library.ADD_DUP.invokeExact(actions, err.written(), 2));
        require((int) Library.ADD_DIRECTORY.invokeExact(actions, arena.allocateFrom(directory.toString())));
        require((int) Library.ADD_CLOSE_FROM.invokeExact(actions, 3));
    }

    private static MemorySegment texts(Arena arena, List<String> texts) {
        MemorySegment all = arena.allocate(ADDRESS, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            all.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
        }
        all.setAtIndex(ADDRESS, texts.size(), MemorySegment.NULL);
        return all;
    }

    private static void require(int answer) {
        if (answer != 0) {
            throw new IllegalStateException("a call of the C library failed, error=" + answer);
        }
    }

    /** Reaps a child of this process, once it has ended. */
    static void reap(long pid) {
        await(pid, EXITED);
    }

    /** Waits for the end of a child of this process. @return its code; 128 and the number of the signal where one ended it */
    private static int await(long pid, int options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Waiting.STATE);
            MemorySegment info = arena.allocate(ROOM, Long.BYTES);
            int child = Math.toIntExact(pid);
            while ((int) Waiting.WAIT.invokeExact(state, P_PID, child, info, options) != 0) {
                if ((int) Waiting.ERROR.get(state, 0L) != INTERRUPTED) {
                    throw new IllegalStateException("A program's end can't be waited for, pid=" + pid);
                }
            }
            int status = info.get(JAVA_INT, STATUS_AT);
            return info.get(JAVA_INT, CODE_AT) == BY_ITSELF ? status : 128 + status;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("waitid(2) can't be called", e);
        }
    }

    /** Is a pipe, both of whose ends this process closes when the program has them. */
    private static final class Pipe implements AutoCloseable {
        private final MemorySegment ends;

        Pipe(Arena arena) throws Throwable {
            ends = arena.allocate(JAVA_INT, 2);
            if ((int) Library.PIPE.invokeExact(ends, CLOSE_ON_EXEC) != 0) {
                throw new IOException("This process may open no more files.");
            }
            if (written() <= 2 || read() <= 2) {
                close();
                throw new IOException("This process was started without input, output or errors.");
            }
        }

        int read() {
            return ends.getAtIndex(JAVA_INT, 0);
        }

        int written() {
            return ends.getAtIndex(JAVA_INT, 1);
        }

        /** Opens its end to read once more. */
        InputStream open() throws IOException {
            return new FileInputStream("/proc/self/fd/" + read());
        }

        /** Returns its name on this machine, as {@code /proc} has it. */
        String name() throws IOException {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + read())).toString();
        }

        @Override
        public void close() throws IOException {
            try {
                if ((int) Library.CLOSE.invokeExact(read()) != 0 | (int) Library.CLOSE.invokeExact(written()) != 0) {
                    throw new IOException("A pipe can't be closed.");
                }
            } catch (IOException | RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("close(2) can't be called", e);
            }
        }
    }
}
