package io.muster.node.program;

import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts programs, and holds them to their limits. Each gets {@value #ATTEMPT} and {@value #RUN} in its environment, by which its processes are found
 * again: what outlives its attempt is killed within two seconds, and what outlives this node's process is killed by a watchdog. Thread-safe.
 */
public final class Programs implements AutoCloseable {
    /** Names the variable that holds the id of the attempt. */
    public static final String ATTEMPT = "MUSTER_ATTEMPT";

    /** Names the variable that holds the run of the node's process. */
    public static final String RUN = "MUSTER_NODE_RUN";

    private static final Logger LOG = LoggerFactory.getLogger(Programs.class);
    private static final Duration TICK = Duration.ofMillis(500);

    private final String run = UUID.randomUUID().toString();
    private final Optional<UserIds> user;
    private final LongSupplier nanoTime;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("programs").factory());
    private final Set<String> ids = ConcurrentHashMap.newKeySet();
    private final Set<Program> living = ConcurrentHashMap.newKeySet();
    private final Watchdog watchdog;
    private volatile boolean leftovers;

    /** Makes one. @param nanoTime {@link System#nanoTime}, or a test's, by which idleness is counted */
    Programs(Optional<String> user, LongSupplier nanoTime) throws IOException {
        this.user = user.isPresent() ? Optional.of(UserIds.of(user.get())) : Optional.empty();
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
        return new Programs(user, System::nanoTime);
    }

    /**
     * Starts a program.
     *
     * @throws IOException where it can't be started; the listener hears nothing then
     */
    public Program start(ProgramSpec spec, ProgramListener listener) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command(spec.command()))
                .directory(spec.directory().toFile())
                .redirectInput(new File("/dev/null"));
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.putAll(spec.environment());
        environment.put(ATTEMPT, spec.id());
        environment.put(RUN, run);
        if (!ids.add(spec.id())) {
            throw new IOException("An attempt with the id " + spec.id() + " runs already.");
        }
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            ids.remove(spec.id());
            throw e;
        }
        Program program = new Program(spec, listener, process, timer, nanoTime);
        living.add(program);
        program.follow(() -> {
            living.remove(program);
            ids.remove(spec.id());
            leftovers = true;
        });
        return program;
    }

    private List<String> command(List<String> program) {
        List<String> command = new ArrayList<>(List.of("setsid"));
        user.ifPresent(ids -> command.addAll(List.of(
                "setpriv",
                "--reuid=" + ids.user(),
                "--regid=" + ids.group(),
                "--init-groups",
                "--no-new-privs",
                "--")));
        command.addAll(program);
        return command;
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
            living.forEach(program -> program.checkIdle(ticks.getOrDefault(program.pid(), 0L)));
            if (search) {
                all.stream().filter(this::isLeftOver).forEach(this::kill);
            }
        } catch (IOException | RuntimeException e) {
            LOG.error("Programs can't be watched at the moment, reason={}", e.toString());
        }
    }

    private boolean isLeftOver(ProcessTable.Entry entry) {
        if (entry.isZombie() || !run.equals(ProcessTable.variable(entry.pid(), RUN))) {
            return false;
        }
        String attempt = ProcessTable.variable(entry.pid(), ATTEMPT);
        return attempt != null && !ids.contains(attempt);
    }

    private void kill(ProcessTable.Entry entry) {
        LOG.info("A process that outlived its attempt is killed, pid={}", entry.pid());
        ProcessHandle.of(entry.pid()).ifPresent(ProcessHandle::destroyForcibly);
        leftovers = true;
    }

    /** Kills all programs, and waits until nothing of them is left. */
    @Override
    public void close() {
        living.forEach(Program::kill);
        timer.shutdownNow();
        watchdog.close();
    }
}
