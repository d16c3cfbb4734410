package io.muster.node;

import io.muster.access.TrustedAuthorities;
import io.muster.device.Credentials;
import io.muster.device.DeviceClient;
import io.muster.device.DeviceConnector;
import io.muster.node.files.ArtifactCache;
import io.muster.node.files.Folders;
import io.muster.node.files.HttpArtifacts;
import io.muster.node.program.BootClock;
import io.muster.node.program.ControlGroups;
import io.muster.node.program.Programs;
import io.muster.node.work.AttemptKey;
import io.muster.node.work.Effect;
import io.muster.node.work.Input;
import io.muster.node.work.NodeWork;
import io.muster.node.work.TaskProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Is a compute node. One thread of its own decides, keeps the journal, and has the rest done: files and programs by others, messages by the device's. Decisions
 * that are made together are on disk together before any of them is carried out.
 */
public final class ComputeNode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ComputeNode.class);
    private static final Duration TICK = Duration.ofMillis(250);
    private static final Duration FACTS = Duration.ofSeconds(5);
    private static final Duration EXPIRY = Duration.ofSeconds(1);
    private static final Duration END_LIMIT = Attempt.LONGEST_GRACE_AT_END.plusSeconds(10);
    private static final Duration LEAVE_LIMIT = Duration.ofSeconds(2);
    private static final int MOST_AT_ONCE = 256;
    private static final int MOST_BEHIND = 10_000;
    private static final Duration UNLIMITED = Duration.ofDays(1000);

    /** Is what the deciding thread hears. @param of the attempt that must still be the one of its key; null for none */
    private record Heard(@Nullable Attempt of, Input input) {}

    /** Says why a node should be started again. */
    public enum End {
        /** Means that it can't go on. */
        FAILED,
        /** Means that its pool has ordered it. */
        RESTARTED
    }

    private final NodeSettings settings;
    private final String run;
    private final NodeJournal journal;
    private final ControlGroups groups;
    private final Programs programs;
    private final Description description;
    private final TaskFolders folders;
    private final Attempts attempts;
    private final Consumer<End> ends;
    private final NodeWork work;
    private final NodeDevice hub;
    private final Reports reports;
    private final DeviceConnector connector;
    private final DeviceClient device;
    private final BlockingQueue<Heard> inbox = new LinkedBlockingQueue<>();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("timer").factory());
    private final AtomicBoolean ticking = new AtomicBoolean();
    private final CompletableFuture<Void> quiet = new CompletableFuture<>();
    private final Thread decider;
    private volatile boolean closing;
    private volatile boolean closed;
    private boolean ending;

    private ComputeNode(
            NodeSettings settings,
            String run,
            NodeJournal journal,
            ControlGroups groups,
            Programs programs,
            TaskFolders folders,
            Consumer<End> ends)
            throws IOException {
        this.settings = settings;
        this.run = run;
        this.journal = journal;
        this.groups = groups;
        this.programs = programs;
        this.folders = folders;
        this.ends = ends;
        Interpreters interpreters = new Interpreters(TaskFolders.path());
        this.description = new Description(settings, groups, interpreters);
        this.work = new NodeWork(run, description.facts(), journal.left());
        this.hub = new NodeDevice(
                input -> inbox.add(new Heard(null, input)), () -> inbox.size() > MOST_BEHIND, this::describe);
        this.reports = new Reports(
                (connection, poolId, json) -> hub.over(connection, over -> over.reportToPool(poolId, json)),
                input -> inbox.add(new Heard(null, input)));
        this.attempts = new Attempts(
                programs, folders, interpreters, hub, timer, (of, input) -> inbox.add(new Heard(of, input)));
        this.decider = Thread.ofPlatform().daemon().name("decider").unstarted(this::decide);
        this.connector = DeviceConnector.start(
                settings.hub(), DeviceConnector.Settings.usual(10, "muster-compute-node", InstantSource.system()));
        decider.start();
        timer.scheduleWithFixedDelay(this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
        timer.scheduleWithFixedDelay(
                attempts::expireFolders, EXPIRY.toMillis(), EXPIRY.toMillis(), TimeUnit.MILLISECONDS);
        timer.scheduleWithFixedDelay(this::find, FACTS.toMillis(), FACTS.toMillis(), TimeUnit.MILLISECONDS);
        this.device = connector.connect(settings.deviceId(), settings.credentials(), hub);
    }

    private static Path own(Path data) {
        return data.resolve("node");
    }

    /** Returns whether a process runs a node on a data folder. @throws IOException when that can't be read */
    static boolean isRunning(Path data) throws IOException {
        return NodeJournal.isOpen(own(data));
    }

    /**
     * Starts a node: ends what an earlier run left, and connects.
     *
     * @param ends is told when the node should be closed and started again
     * @throws IOException when its folder can't be used, or the machine lacks what programs are run by
     */
    public static ComputeNode start(NodeSettings settings, Consumer<End> ends) throws IOException {
        Folders.makePassable(settings.data());
        Path own = Folders.make(own(settings.data()));
        NodeJournal journal = NodeJournal.open(own);
        @Nullable Programs programs = null;
        try {
            String run = begin(own.resolve("run"));
            ControlGroups groups = ControlGroups.find("muster-" + name(settings.data()));
            programs = Programs.start(settings.runAs(), run, groups);
            TaskFolders folders = TaskFolders.open(
                    settings.data(),
                    run,
                    settings.deviceId(),
                    ArtifactCache.open(
                            Folders.make(settings.data().resolve("artifacts")),
                            settings.cacheBytes(),
                            artifacts(settings)),
                    settings.unpackedBytes(),
                    KeptFolders.open(
                            Folders.makePassable(settings.data().resolve("tasks")),
                            Folders.make(own.resolve("kept")),
                            settings.keptBytes(),
                            InstantSource.system()),
                    programs);
            ComputeNode node = new ComputeNode(settings, run, journal, groups, programs, folders, ends);
            node.warn();
            return node;
        } catch (IOException | RuntimeException e) {
            if (programs != null) {
                programs.close();
            }
            journal.close();
            throw e;
        }
    }

    /** Ends what the run left that the file names, and writes this run's name. */
    private static String begin(Path file) throws IOException {
        if (Files.exists(file)) {
            int found = Programs.bury(Files.readString(file).strip());
            if (found > 0) {
                LOG.info("Processes that an earlier run of this node left were killed, count={}", found);
            }
        }
        String run = UUID.randomUUID().toString();
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(next, run);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return run;
    }

    /** Names the node of a folder on this machine. */
    private static String name(Path data) {
        return UUID.nameUUIDFromBytes(data.toString().getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    private static HttpArtifacts artifacts(NodeSettings settings) throws IOException {
        Path ca = settings.hub().caFile();
        Optional<SSLSocketFactory> trust = ca == null
                ? Optional.empty()
                : Optional.of(TrustedAuthorities.tls(ca).getSocketFactory());
        return new HttpArtifacts(
                settings.rest(),
                settings.deviceId(),
                () -> switch (settings.credentials()) {
                    case Credentials.Tokens tokens ->
                        Optional.of(tokens.signer()
                                .sign(
                                        settings.deviceId(),
                                        InstantSource.system().instant().plus(tokens.life())));
                    case Credentials.Certificate _ -> Optional.empty();
                },
                trust);
    }

    private void warn() {
        LOG.info(
                "The node runs, deviceId={} slots={} capabilities={} data={} run={}",
                settings.deviceId(),
                settings.slots(),
                description.facts().capabilities(),
                settings.data(),
                run);
        if (settings.runAs().isEmpty() && System.getProperty("user.name").equals("root")) {
            LOG.warn("Programs of tasks run as root: name another user with --run-as");
        }
        if (!groups.reason().isEmpty()) {
            LOG.warn(
                    "Not all limits of memory and processors are applied on this node, memory={} processors={}"
                            + " reason={}",
                    groups.bounds(ControlGroups.Resource.MEMORY),
                    groups.bounds(ControlGroups.Resource.PROCESSORS),
                    groups.reason());
        }
        if (settings.credentials() instanceof Credentials.Certificate) {
            LOG.warn("A node with a certificate and no key can't fetch files: give it a connection string");
        }
    }

    private void tick() {
        if (ticking.compareAndSet(false, true)) {
            inbox.add(new Heard(null, new Input.Tick()));
        }
    }

    private void find() {
        if (description.refresh()) {
            inbox.add(new Heard(null, new Input.FactsFound(description.facts())));
            describe(device);
        }
    }

    private void describe(DeviceClient over) {
        over.patchReported(description.patch()).whenComplete((_, error) -> {
            if (error != null && !closing) {
                LOG.warn("The twin does not show what this node can do, reason={}", error.toString());
            }
        });
    }

    private void decide() {
        try {
            List<Heard> batch = new ArrayList<>();
            while (!closed) {
                batch.add(inbox.take());
                inbox.drainTo(batch, MOST_AT_ONCE);
                List<Effect> effects = new ArrayList<>();
                for (Heard heard : batch) {
                    hear(heard, effects);
                }
                batch.clear();
                carryOut(effects);
                if (ending && reports.isQuiet() && work.isQuiet()) {
                    quiet.complete(null);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            LOG.error("The node can't go on", e);
            quiet.complete(null);
            ends.accept(End.FAILED);
        }
    }

    private void hear(Heard heard, List<Effect> effects) {
        Attempt of = heard.of();
        if (of != null && !attempts.isHeld(of)) {
            return;
        }
        if (heard.input() instanceof Input.Tick) {
            ticking.set(false);
        } else if (heard.input() instanceof Input.Said) {
            reports.said();
        } else if (heard.input() instanceof Input.Shutdown) {
            ending = true;
        }
        effects.addAll(work.on(heard.input(), BootClock.nanos()));
    }

    private void carryOut(List<Effect> effects) throws IOException {
        journal.keep(effects);
        for (Effect effect : effects) {
            switch (effect) {
                case Effect.KeepStart _, Effect.KeepLaunch _, Effect.KeepEnding _ -> {
                    // It is on disk.
                }
                case Effect.Prepare(AttemptKey key, TaskProgram what) -> attempts.prepare(key, what);
                case Effect.Launch(AttemptKey key) -> attempts.launch(key);
                case Effect.Proceed(AttemptKey key) -> attempts.proceed(key);
                case Effect.Stop(AttemptKey key) ->
                    attempts.stop(key, ending ? Attempt.LONGEST_GRACE_AT_END : UNLIMITED);
                case Effect.Kill(AttemptKey key) -> attempts.kill(key);
                case Effect.OpenOutput(int connection, String poolId) -> attempts.openOutput(connection, poolId);
                case Effect.CloseOutput _ -> attempts.closeOutput();
                case Effect.DropOutput(AttemptKey key) -> attempts.dropOutput(key);
                case Effect.Cancel(AttemptKey key) -> attempts.cancel(key, false);
                case Effect.Forget(AttemptKey key, boolean taskIsOver) -> {
                    journal.forget(key);
                    attempts.cancel(key, taskIsOver);
                }
                case Effect.KeepFoldersOf(Optional<String> poolId) -> folders.keepOnly(poolId);
                case Effect.Say say -> reports.add(say);
                case Effect.HoldLease(long until) -> attempts.holdLease(until);
                case Effect.Restart _ -> {
                    LOG.info("The pool has the node start anew");
                    ends.accept(End.RESTARTED);
                }
                case Effect.Disconnect(int connection) -> {
                    LOG.warn("The lease is over: programs are killed, and the connection is closed");
                    hub.over(connection, over -> {
                        over.cut();
                        return CompletableFuture.completedFuture(null);
                    });
                }
            }
        }
        reports.send();
    }

    /** Returns whether it is connected to its hub. */
    public boolean isConnected() {
        return device.isConnected();
    }

    /** Takes leave of the hub, and waits for that: closing the connector closes connections without a word. */
    private void leave() {
        CompletableFuture<Void> left = device.isConnected() ? hub.nextEnd() : CompletableFuture.completedFuture(null);
        device.close();
        try {
            left.get(LEAVE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.warn("The node leaves without a word to the hub");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends its programs, reports that while it is connected, and takes leave. */
    @Override
    public void close() {
        closing = true;
        inbox.add(new Heard(null, new Input.Shutdown()));
        try {
            quiet.get(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.warn("The node ends before all that its programs did is reported; the next run reports the rest");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        leave();
        connector.close();
        programs.close();
        timer.shutdownNow();
        attempts.close();
        closed = true;
        inbox.add(new Heard(null, new Input.Tick()));
        try {
            decider.join();
            journal.close();
        } catch (IOException e) {
            LOG.warn("The journal can't be closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
