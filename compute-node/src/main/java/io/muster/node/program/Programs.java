package io.muster.node.program;

import io.muster.node.program.ControlGroups.Resource;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts programs, and holds them to their limits. Each gets {@value #ATTEMPT} and {@value #RUN} in its environment, by which its processes are found
 * again: those that outlive their attempt are killed within two seconds, and a watchdog kills those that outlive this node's process. Thread-safe.
 */
public final class Programs implements AutoCloseable {
    /** Names the variable that holds the id of the attempt. */
    public static final String ATTEMPT = "MUSTER_ATTEMPT";

    /** Names the variable that holds the run of the node's process. */
    public static final String RUN = "MUSTER_NODE_RUN";

    private static final Logger LOG = LoggerFactory.getLogger(Programs.class);
    private static final Duration TICK = Duration.ofMillis(500);
    private static final int MOST_ROUNDS = 500;
    private static final Duration ROUND = Duration.ofMillis(10);

    private final String run;
    private final ControlGroups groups;
    private final Optional<UserIds> user;
    private final ExecChain chain;
    private final long runningAs;
    private final String setsid;
    private final LongSupplier nanoTime;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("programs").factory());
    /** Reads output, and waits for ends. Its threads wait for the next program: short programs can't afford their start. */
    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("program-", 0).factory());

    private final Set<String> ids = ConcurrentHashMap.newKeySet();
    private final Set<Program> living = ConcurrentHashMap.newKeySet();
    private final Watchdog watchdog;
    private volatile boolean leftovers;

    /** Makes one. @param nanoTime {@link System#nanoTime}, or a test's, by which idleness is counted */
    Programs(Optional<String> user, LongSupplier nanoTime) throws IOException {
        this(user, UUID.randomUUID().toString(), ControlGroups.none("nobody asked for them"), nanoTime);
    }

    private Programs(Optional<String> user, String run, ControlGroups groups, LongSupplier nanoTime)
            throws IOException {
        if (!run.matches("[A-Za-z0-9-]{1,100}")) {
            throw new IllegalArgumentException("no name of a run: " + run);
        }
        this.run = run;
        this.groups = groups;
        this.user = user.isPresent() ? Optional.of(UserIds.of(user.get())) : Optional.empty();
        this.chain = ExecChain.find(this.user);
        this.runningAs = this.user.isPresent() ? this.user.get().user() : UserIds.own();
        this.setsid = SystemTools.require("setsid");
        this.nanoTime = nanoTime;
        this.watchdog = Watchdog.start(run);
        timer.scheduleWithFixedDelay(this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Begins, with a watchdog of its own.
     *
     * @param user as whom programs run; empty for this process's own. It takes root
     * @throws IOException where there is no such user, or {@code setsid} or {@code sh} is missing
     */
    public static Programs start(Optional<String> user) throws IOException {
        return start(user, UUID.randomUUID().toString(), ControlGroups.none("nobody asked for them"));
    }

    /**
     * Begins as {@link #start(Optional)}.
     *
     * @param run differs from those of all other processes, and is what {@link #bury} takes
     * @param groups bound memory and processors
     */
    public static Programs start(Optional<String> user, String run, ControlGroups groups) throws IOException {
        Programs programs = new Programs(user, run, groups, System::nanoTime);
        try {
            programs.requireChain();
        } catch (IOException e) {
            programs.close();
            throw e;
        }
        return programs;
    }

    private void requireChain() throws IOException {
        if (user.isEmpty() && !groups.bounds(Resource.MEMORY) && !groups.bounds(Resource.PROCESSORS)) {
            return;
        }
        try {
            Launch tried = chain.before(
                    new Launch(List.of(SystemTools.require("true")), Map.of(RUN, run), Path.of("/")),
                    List.of(Path.of("/dev/null")),
                    List.of(RUN));
            Process process = inSession(tried)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (process.waitFor() != 0) {
                throw new IOException(
                        "Programs can't be run so: limits take env of coreutils 8.30 or later, and another user takes"
                                + " root and setpriv too.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /**
     * Kills what is left of the programs of an earlier run, and waits until nothing of them is. Finds processes that kept their environment.
     *
     * @return how many there were
     */
    public static int bury(String run) {
        int found = 0;
        for (int round = 0; round < MOST_ROUNDS; round++) {
            List<ProcessTable.Entry> left = ProcessTable.read().stream()
                    .filter(entry -> !entry.isZombie() && run.equals(ProcessTable.variable(entry.pid(), RUN)))
                    .toList();
            if (left.isEmpty()) {
                return found;
            }
            found = Math.max(found, left.size());
            left.forEach(entry -> ProcessHandle.of(entry.pid()).ifPresent(ProcessHandle::destroyForcibly));
            LockSupport.parkNanos(ROUND.toNanos());
        }
        LOG.error("Programs of an earlier run can't be killed, run={}", run);
        return found;
    }

    /** Has the watchdog kill all programs unless it hears again within that time: this process may be stopped by a signal. */
    public void expectWithin(Duration time) {
        watchdog.expectWithin(time);
    }

    /** Returns whether programs run as another user than this process. */
    public boolean runAsAnother() {
        return user.isPresent();
    }

    /** Makes the user that programs run as the owner of a folder, with all that is in it. */
    public void give(Path folder) throws IOException {
        if (user.isPresent()) {
            user.get().own(folder);
        }
    }

    /**
     * Starts a program.
     *
     * @throws IOException where it can't be started; the listener hears nothing then
     */
    public Program start(ProgramSpec spec, ProgramListener listener) throws IOException {
        if (!ids.add(spec.id())) {
            throw new IOException("An attempt with the id " + spec.id() + " runs already.");
        }
        Process process;
        List<Path> joined;
        try {
            joined = groups.open(spec.id(), spec.limits());
            process = process(spec, spec.coordination().isEmpty() ? spec.command() : spec.coordination(), joined);
        } catch (IOException | RuntimeException e) {
            ids.remove(spec.id());
            groups.close(spec.id());
            throw e;
        }
        Program program = new Program(
                spec,
                listener,
                process,
                command -> process(spec, command, joined),
                threads,
                timer,
                nanoTime,
                runningAs);
        living.add(program);
        program.follow(() -> {
            living.remove(program);
            ids.remove(spec.id());
            leftovers = true;
            groups.close(spec.id());
        });
        return program;
    }

    /** Starts a process of a program. @param joined the control groups of which it is */
    private Process process(ProgramSpec spec, List<String> command, List<Path> joined) throws IOException {
        Map<String, String> environment = new HashMap<>(spec.environment());
        environment.put(ATTEMPT, spec.id());
        environment.put(RUN, run);
        Launch launch = chain.before(new Launch(command, environment, spec.directory()), joined, List.of(ATTEMPT, RUN));
        Optional<SpawnedProcess> spawned = PosixSpawn.start(launch, threads);
        return spawned.isPresent() ? spawned.get() : inSession(launch).start();
    }

    private ProcessBuilder inSession(Launch launch) {
        List<String> command = new ArrayList<>(List.of(setsid));
        command.addAll(launch.command());
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(launch.directory().toFile())
                .redirectInput(new File("/dev/null"));
        builder.environment().clear();
        builder.environment().putAll(launch.environment());
        return builder;
    }

    /** Checks all programs. The timer calls it twice a second. */
    void tick() {
        try {
            watchdog.require();
            boolean idle = living.stream()
                    .anyMatch(program -> program.spec().limits().idle().isPresent());
            if (!idle && !leftovers) {
                return;
            }
            boolean search = leftovers;
            leftovers = false;
            List<ProcessTable.Entry> all = ProcessTable.read();
            Map<Long, Long> ticks = ProcessTable.ticksOfSessions(all);
            living.forEach(program -> program.checkIdle(ticks));
            if (search) {
                kill(all.stream().filter(this::isLeftOver).toList());
            }
        } catch (IOException | RuntimeException e) {
            LOG.error("Programs can't be watched at the moment, reason={}", e.toString());
        }
    }

    private boolean isLeftOver(ProcessTable.Entry entry) {
        // Threads of the kernel have the session 0, and no environment.
        if (entry.isZombie() || entry.session() == 0 || !run.equals(ProcessTable.variable(entry.pid(), RUN))) {
            return false;
        }
        String attempt = ProcessTable.variable(entry.pid(), ATTEMPT);
        return attempt != null && !ids.contains(attempt);
    }

    private void kill(List<ProcessTable.Entry> entries) {
        if (!entries.isEmpty()) {
            LOG.info("Processes that outlived their attempts are killed, count={}", entries.size());
            entries.forEach(entry -> ProcessHandle.of(entry.pid()).ifPresent(ProcessHandle::destroyForcibly));
            leftovers = true;
        }
    }

    /** Kills all programs, and waits until nothing of them is left. */
    @Override
    public void close() {
        living.forEach(Program::kill);
        timer.shutdownNow();
        watchdog.close();
        groups.close();
    }
}
