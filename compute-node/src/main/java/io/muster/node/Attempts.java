package io.muster.node;

import io.muster.device.TaskOutput;
import io.muster.node.output.AttemptOutput;
import io.muster.node.output.OutputBudget;
import io.muster.node.output.OutputLink;
import io.muster.node.output.OutputWindow;
import io.muster.node.program.BootClock;
import io.muster.node.program.Programs;
import io.muster.node.work.AttemptKey;
import io.muster.node.work.Ending;
import io.muster.node.work.Input;
import io.muster.node.work.TaskProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the attempts of a node: has them prepared and started by threads of its own, a bounded number at a time, and their output sent over the connection
 * that there is. For the deciding thread, which hears what comes of it.
 */
final class Attempts {
    private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);
    private static final int PREPARATIONS = 8;
    private static final int DOWNLOADS = 64;
    private static final int LAUNCHERS = 4;
    private static final int OUTPUT_IN_MEMORY = 8 << 20;
    /** Lies below what the device allows, so that no chunk is refused while one behind it is sent. */
    private static final int CHUNKS_UNDER_WAY = 200;

    private static final int OUTPUT_UNDER_WAY = 900 << 10;

    /** Is the task of an attempt. */
    private record TaskKey(String poolId, String taskId) {
        static TaskKey of(AttemptKey key) {
            return new TaskKey(key.poolId(), key.token().taskId());
        }
    }

    /** Is where output goes over one connection. */
    private record Outlet(int connection, String poolId, OutputWindow window) {}

    private final Programs programs;
    private final TaskFolders folders;
    private final Interpreters interpreters;
    private final NodeDevice hub;
    private final ScheduledExecutorService timer;
    private final BiConsumer<@Nullable Attempt, Input> heard;
    private final Map<AttemptKey, Attempt> attempts = new HashMap<>();
    /** Holds by pool and task the last attempt whose folder is the task's, until it has let that go. */
    private final Map<TaskKey, Attempt> lastOfTasks = new ConcurrentHashMap<>();

    private final OutputBudget budget = new OutputBudget(OUTPUT_IN_MEMORY);
    private final Semaphore preparing = new Semaphore(PREPARATIONS);
    /** Is for attempts with files of users' addresses, whose servers may be slow: they hold up no others. */
    private final Semaphore downloading = new Semaphore(DOWNLOADS);

    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ExecutorService launchers = Executors.newFixedThreadPool(
            LAUNCHERS, Thread.ofPlatform().daemon().name("launcher-", 0).factory());
    private volatile long leaseUntil = BootClock.nanos();
    private Optional<Outlet> outlet = Optional.empty();

    /** Makes one. @param heard takes what comes of an attempt, on any thread; null where it counts whether or not the attempt is {@link #isHeld} */
    Attempts(
            Programs programs,
            TaskFolders folders,
            Interpreters interpreters,
            NodeDevice hub,
            ScheduledExecutorService timer,
            BiConsumer<@Nullable Attempt, Input> heard) {
        this.programs = programs;
        this.folders = folders;
        this.interpreters = interpreters;
        this.hub = hub;
        this.timer = timer;
        this.heard = heard;
    }

    /** Returns whether it is the one of its key: another may have its place. */
    boolean isHeld(Attempt attempt) {
        return attempts.get(attempt.key()) == attempt;
    }

    private Optional<Attempt> attempt(AttemptKey key) {
        return Optional.ofNullable(attempts.get(key));
    }

    void prepare(AttemptKey key, TaskProgram program) {
        AttemptOutput output = new AttemptOutput(budget, timer, () -> heard.accept(null, new Input.Delivered(key)));
        Attempt attempt = new Attempt(key, folders.nextName(), program, output);
        attempts.put(key, attempt);
        outlet.ifPresent(now -> output.use(Optional.of(link(now, key))));
        Optional<Attempt> before = program.retention().isPresent()
                ? Optional.ofNullable(lastOfTasks.put(TaskKey.of(key), attempt))
                : Optional.empty();
        // The end of the attempt before may be acknowledged behind the order to start this one.
        before.ifPresentOrElse(
                last -> last.whenReleased(() -> prepare(attempt, program)), () -> prepare(attempt, program));
    }

    private void prepare(Attempt attempt, TaskProgram program) {
        AttemptKey key = attempt.key();
        Semaphore turn = program.webFiles().isEmpty() ? preparing : downloading;
        workers.execute(() -> {
            try {
                turn.acquire();
                try {
                    Optional<String> trouble = attempt.prepare(folders);
                    heard.accept(
                            attempt,
                            trouble.isEmpty() ? new Input.Prepared(key) : new Input.NotStarted(key, trouble.get()));
                } finally {
                    turn.release();
                }
            } catch (InterruptedException e) {
                // Nobody wants it any more.
                Thread.currentThread().interrupt();
            } finally {
                attempt.settled();
            }
        });
    }

    /** Lets programs be started until then. */
    void holdLease(long until) {
        leaseUntil = until;
        programs.expectWithin(Duration.ofNanos(until - BootClock.nanos()));
    }

    void launch(AttemptKey key) {
        attempt(key).ifPresent(attempt -> {
            try {
                launchers.execute(() -> launch(attempt));
            } catch (RejectedExecutionException e) {
                heard.accept(attempt, new Input.NotStarted(key, "The node ends."));
            }
        });
    }

    private void launch(Attempt attempt) {
        AttemptKey key = attempt.key();
        // The lease may have ended while this process stood still.
        Optional<String> trouble = leaseUntil - BootClock.nanos() > 0
                ? attempt.launch(programs, interpreters, new Attempt.Listener() {
                    @Override
                    public void coordinated() {
                        heard.accept(attempt, new Input.Coordinated(key));
                    }

                    @Override
                    public void ended(Ending ending) {
                        heard.accept(attempt, new Input.Ended(key, ending));
                    }
                })
                : Optional.of("The lease is over.");
        heard.accept(attempt, trouble.isEmpty() ? new Input.Started(key) : new Input.NotStarted(key, trouble.get()));
        attempt.announce();
    }

    /** Has its program's command begin, behind the coordination command. */
    void proceed(AttemptKey key) {
        attempt(key).ifPresent(attempt -> workers.execute(() -> attempt.proceed(interpreters)));
    }

    /** Has its program end. @param longest bounds the grace */
    void stop(AttemptKey key, Duration longest) {
        attempt(key).ifPresent(attempt -> attempt.stop(longest));
    }

    void kill(AttemptKey key) {
        attempt(key).ifPresent(Attempt::kill);
    }

    void dropOutput(AttemptKey key) {
        attempt(key).ifPresent(attempt -> attempt.output().drop());
    }

    /** Holds an attempt no more, whose program does not run; lets its folder go once nobody works in it. @param taskIsOver whether no other attempt of its task comes */
    void cancel(AttemptKey key, boolean taskIsOver) {
        Attempt attempt = attempts.remove(key);
        if (attempt == null) {
            return;
        }
        attempt.cancel();
        attempt.output().drop();
        attempt.whenSettled(() -> workers.execute(() -> {
            try {
                attempt.release(folders, taskIsOver);
            } catch (IOException e) {
                LOG.warn("A task's folder can't be deleted, folder={} reason={}", attempt.name(), e.toString());
            } finally {
                lastOfTasks.remove(TaskKey.of(key), attempt);
                attempt.released();
            }
        }));
    }

    /** Deletes the folders whose time is over, by a thread of its own. */
    void expireFolders() {
        if (folders.isEvictionDue()) {
            workers.execute(folders::evict);
        }
    }

    void openOutput(int connection, String poolId) {
        Outlet next = new Outlet(connection, poolId, new OutputWindow(CHUNKS_UNDER_WAY, OUTPUT_UNDER_WAY));
        outlet = Optional.of(next);
        attempts.forEach((key, attempt) -> {
            if (key.poolId().equals(poolId)) {
                attempt.output().use(Optional.of(link(next, key)));
            }
        });
    }

    void closeOutput() {
        outlet = Optional.empty();
        attempts.values().forEach(attempt -> attempt.output().use(Optional.empty()));
    }

    private OutputLink link(Outlet over, AttemptKey key) {
        return over.window()
                .link(chunk -> hub.over(
                        over.connection(),
                        to -> to.sendTaskOutput(new TaskOutput(
                                key.poolId(),
                                key.token().taskId(),
                                key.token().placement(),
                                switch (chunk.stream()) {
                                    case OUT -> TaskOutput.Stream.OUT;
                                    case ERR -> TaskOutput.Stream.ERR;
                                },
                                chunk.offset(),
                                chunk.bytes()))));
    }

    /** Starts nothing more. */
    void close() {
        launchers.shutdownNow();
    }
}
