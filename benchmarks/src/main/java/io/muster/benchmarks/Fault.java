package io.muster.benchmarks;

import io.muster.standalone.Standalone;
import java.io.IOException;
import java.io.OutputStream;
import java.net.NetworkInterface;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Describes a fault of a process of a Muster, or with what all of them stand on. */
record Fault(Kind kind, String process, Duration after, Duration length, Duration skew) {
    private static final List<String> PROCESSES =
            List.of("planner", "planner", "processor", "gateway", "gateway", "api", "broker", "node-1");
    /** Names the processes whose clocks may differ; those of broker and processor are to agree, see docs/stream-jobs.md. */
    private static final List<String> SKEWED = List.of("planner", "gateway", "api");

    private static final int MOST_SKEW_SECONDS = 60;

    /** Names the folder in which each process has a file that says how wrong its clock is; see {@code faults.sh}. */
    private static final Optional<Path> CLOCKS =
            Optional.ofNullable(System.getenv("FAULTS_CLOCKS")).map(Path::of);

    private static final int LONGEST_WAIT_MS = 3000;
    private static final int LONGEST_PAUSE_MS = 8000;
    private static final long LARGEST_DISK = 16L << 30;
    private static final int BLOCK = 1 << 20;

    enum Kind {
        /** Sends {@code SIGKILL}; the process is started again. */
        KILL,
        /** Sends {@code SIGTERM}; the process is started again. */
        END,
        /** Sends {@code SIGSTOP}, and {@code SIGCONT} later. */
        PAUSE,
        /** Cuts the network that everything uses, for a while. Only in a network namespace of its own. */
        CUT,
        /** Fills the file system with all data, for a while. Only where it is small and in memory. */
        FILL,
        /** Skews the clock of a process by up to a minute, for a while. Only where its clock can be set. */
        SKEW;

        boolean ofOneProcess() {
            return this == KILL || this == END || this == PAUSE || this == SKEW;
        }
    }

    /** Returns what can be done here without harm to anything else: see {@code faults.sh}. @param data the folder with all data */
    static List<Kind> possible(Path data) throws IOException {
        List<Kind> kinds = new ArrayList<>(List.of(Kind.KILL, Kind.END, Kind.PAUSE));
        if (Collections.list(NetworkInterface.getNetworkInterfaces()).size() == 1) {
            // Loopback alone: a namespace of its own.
            kinds.add(Kind.CUT);
        }
        FileStore disk = Files.getFileStore(data);
        if (disk.type().equals("tmpfs") && disk.getTotalSpace() <= LARGEST_DISK) {
            kinds.add(Kind.FILL);
        }
        if (CLOCKS.isPresent()) {
            kinds.add(Kind.SKEW);
        }
        return kinds;
    }

    /** Lets processes that are started from now on read their clocks from files: java is what {@code faults.sh} has made. */
    static void setClocks() throws IOException, InterruptedException {
        if (CLOCKS.isPresent()) {
            run(
                    "mount",
                    "--bind",
                    System.getenv("FAULTS_JAVA"),
                    ProcessHandle.current().info().command().orElseThrow());
        }
    }

    static Fault of(SplittableRandom random, List<Kind> kinds) {
        Kind kind = kinds.get(random.nextInt(kinds.size()));
        List<String> processes = kind == Kind.SKEW ? SKEWED : PROCESSES;
        return new Fault(
                kind,
                processes.get(random.nextInt(processes.size())),
                Duration.ofMillis(random.nextInt(LONGEST_WAIT_MS)),
                Duration.ofMillis(random.nextInt(LONGEST_PAUSE_MS)),
                kind == Kind.SKEW
                        ? Duration.ofSeconds(random.nextInt(-MOST_SKEW_SECONDS, MOST_SKEW_SECONDS + 1))
                        : Duration.ZERO);
    }

    /** Waits, does it, and returns when it is over; a process that ended may not be there again yet. */
    void happen(Standalone muster) throws InterruptedException, IOException {
        Thread.sleep(after);
        switch (kind) {
            case KILL -> signal("KILL", pid(muster));
            case END -> signal("TERM", pid(muster));
            case PAUSE -> {
                long pid = pid(muster);
                signal("STOP", pid);
                try {
                    Thread.sleep(length);
                } finally {
                    signal("CONT", pid);
                }
            }
            case CUT -> {
                run("ip", "link", "set", "lo", "down");
                try {
                    Thread.sleep(length);
                } finally {
                    run("ip", "link", "set", "lo", "up");
                }
            }
            case SKEW -> {
                Path clock = CLOCKS.orElseThrow().resolve(process);
                Files.writeString(clock, "%+d".formatted(skew.toSeconds()));
                try {
                    Thread.sleep(length);
                } finally {
                    Files.writeString(clock, "+0");
                }
            }
            case FILL -> {
                Path filler = muster.options().data().resolve("filler");
                try {
                    fill(filler);
                    Thread.sleep(length);
                } finally {
                    Files.deleteIfExists(filler);
                }
            }
        }
    }

    /** Returns when nothing more can be written. */
    private static void fill(Path filler) throws IOException {
        FileStore disk = Files.getFileStore(filler.getParent());
        byte[] block = new byte[BLOCK];
        try (OutputStream out = Files.newOutputStream(filler)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException e) {
            if (disk.getUsableSpace() > BLOCK) {
                throw e;
            }
        }
    }

    /** Waits for the process, which may be about to start after an earlier fault. */
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
        run("kill", "-" + name, Long.toString(pid));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    @Override
    public String toString() {
        return kind + (kind.ofOneProcess() ? " " + process : "")
                + (kind == Kind.SKEW ? " by " + skew.toSeconds() + " s" : "") + " after " + after.toMillis() + " ms"
                + (kind == Kind.KILL || kind == Kind.END ? "" : " for " + length.toMillis() + " ms");
    }
}
