package io.muster.node;

import io.muster.node.files.Archive;
import io.muster.node.files.ArtifactCache;
import io.muster.node.files.Folders;
import io.muster.node.files.RelativePath;
import io.muster.node.files.WebFiles;
import io.muster.node.program.Programs;
import io.muster.node.work.AttemptKey;
import io.muster.node.work.TaskProgram;
import io.muster.node.work.TaskProgram.NodeValue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the folders of attempts, each with its files, and the environment that names them. Below the node's data folder there are {@code
 * attempts/RUN-NUMBER}, with {@code wd}, {@code home}, {@code tmp} and, where the program asks for it, {@code shared}; {@code tasks/NAME}, the same of a task whose folder is kept behind its attempts; {@code data/NAME} for folders that
 * programs share, and {@code artifacts}. Thread-safe.
 */
final class TaskFolders {
    private static final Logger LOG = LoggerFactory.getLogger(TaskFolders.class);
    private static final String UNUSABLE_NAME =
            "A data directory is named by letters, digits, -, _ and dots, with slashes between, not ";
    private static final int MOST_FILES = 1000;
    /** Bounds the time for an attempt's files of users' addresses. */
    private static final Duration LONGEST_FETCH = Duration.ofMinutes(10);

    private static final String SPARE = "spare";
    private static final String TASK = "wd";
    private static final String HOME = "home";
    private static final String TMP = "tmp";
    private static final String SHARED = "shared";
    private static final String SHUTDOWN_FILE = "shutdown";

    private final Path data;
    private final String run;
    private final String deviceId;
    private final ArtifactCache artifacts;
    private final long mostBytes;
    private final WebFiles web = new WebFiles();
    private final KeptFolders kept;
    private final Programs programs;
    private final AtomicLong last = new AtomicLong();
    private final LongSupplier nanoTime = System::nanoTime;
    private final SpareFolders spares;
    private final Lock outlivingLock = new ReentrantLock();

    /** Is where an attempt is, with the environment that names it. @param isNew whether no attempt before has left it */
    record Place(Path folder, Path working, Path shutdownFile, boolean isNew, Map<String, String> environment) {}

    private TaskFolders(
            Path data,
            String run,
            String deviceId,
            ArtifactCache artifacts,
            long mostBytes,
            KeptFolders kept,
            Programs programs) {
        this.data = data;
        this.run = run;
        this.deviceId = deviceId;
        this.artifacts = artifacts;
        this.mostBytes = mostBytes;
        this.kept = kept;
        this.programs = programs;
        this.spares = new SpareFolders(data.resolve(SPARE), Set.of(TASK, HOME, TMP), nanoTime);
    }

    /** Begins, without anything that an earlier run left of its attempts. @param mostBytes bounds the files of an attempt */
    static TaskFolders open(
            Path data,
            String run,
            String deviceId,
            ArtifactCache artifacts,
            long mostBytes,
            KeptFolders kept,
            Programs programs)
            throws IOException {
        deleteAllIn(Folders.makePassable(data.resolve("attempts")));
        deleteAllIn(Folders.make(data.resolve(SPARE)));
        Folders.makePassable(data.resolve("data"));
        return new TaskFolders(data, run, deviceId, artifacts, mostBytes, kept, programs);
    }

    /** Deletes what an earlier run left. What can't be deleted is in nobody's way: other runs have other names. */
    static void deleteAllIn(Path folder) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                try {
                    Folders.delete(entry);
                } catch (IOException e) {
                    LOG.warn("A folder of an earlier run can't be deleted, folder={} reason={}", entry, e.toString());
                }
            }
        }
    }

    /** Names an attempt's folder. No other one of this run has that name. */
    String nextName() {
        return run.substring(0, 8) + "-" + last.incrementAndGet();
    }

    Path folder(String name) {
        return data.resolve("attempts").resolve(name);
    }

    /**
     * Makes the folder of an attempt, or finds the one that the attempt before on this node has left.
     *
     * @throws IOException with a sentence for whoever asked for the task, where it can't be made
     */
    Place make(AttemptKey key, String name, TaskProgram program) throws IOException, InterruptedException {
        boolean isKept = program.retention().isPresent();
        Path folder = isKept ? kept.folder(key) : folder(name);
        Map<String, String> environment = environment(folder, program);
        Path working = RelativePath.below(folder.resolve(TASK), program.directory());
        boolean isLeft = isKept && kept.take(key);
        boolean isNew = !isLeft || !isWhole(folder, working, program);
        if (isNew) {
            if (isLeft) {
                kept.drop(key);
            }
            Path made = makeNew(name, program);
            if (isKept) {
                kept.add(key, made);
            }
        }
        return new Place(folder, working, folder.resolve(SHUTDOWN_FILE), isNew, environment);
    }

    /**
     * Returns whether a program can begin in what an attempt before has left, which was its program's to change. Where that took away its home or its temporary folder, it has new ones, but on a node whose
     * programs are another user's: nothing is made for those in a folder of theirs, where a link may lead elsewhere.
     */
    private boolean isWhole(Path folder, Path working, TaskProgram program) throws IOException {
        if (!Stream.of(folder, folder.resolve(TASK), working).allMatch(TaskFolders::isFolder)) {
            return false;
        }
        Stream<String> shared = program.nodeEnvironment().containsValue(NodeValue.SHARED_DIRECTORY)
                ? Stream.of(SHARED)
                : Stream.empty();
        for (String name : Stream.concat(Stream.of(HOME, TMP), shared).toList()) {
            Path other = folder.resolve(name);
            if (!programs.runAsAnother() && Files.notExists(other, LinkOption.NOFOLLOW_LINKS)) {
                Folders.make(other);
            }
            if (!isFolder(other)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isFolder(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }

    private Path makeNew(String name, TaskProgram program) throws IOException, InterruptedException {
        Path folder = folder(name);
        Path task = folder.resolve(TASK);
        if (!takeSpare(folder)) {
            for (Path made : List.of(folder, task, folder.resolve(HOME), folder.resolve(TMP))) {
                Folders.make(made);
            }
        }
        fetch(program, task);
        Path working = RelativePath.below(task, program.directory());
        if (!working.equals(task)) {
            Files.createDirectories(working);
        }
        if (program.nodeEnvironment().containsValue(NodeValue.SHARED_DIRECTORY)) {
            Folders.make(folder.resolve(SHARED));
        }
        programs.give(folder);
        return folder;
    }

    private Map<String, String> environment(Path folder, TaskProgram program) throws IOException {
        Path task = folder.resolve(TASK);
        Optional<Path> outliving = program.dataDirectory().isPresent()
                ? Optional.of(outliving(program.dataDirectory().get()))
                : Optional.empty();
        Map<String, String> environment = new HashMap<>(Map.of(
                "PATH", path(),
                "HOME", folder.resolve(HOME).toString(),
                "TMPDIR", folder.resolve(TMP).toString(),
                "LANG", Optional.ofNullable(System.getenv("LANG")).orElse("C.UTF-8")));
        environment.putAll(program.environment());
        for (Map.Entry<String, NodeValue> variable : program.nodeEnvironment().entrySet()) {
            environment.put(
                    variable.getKey(),
                    switch (variable.getValue()) {
                        case NODE_ID -> deviceId;
                        case NODE_DIRECTORY -> data.toString();
                        case ATTEMPT_DIRECTORY -> folder.toString();
                        case TASK_DIRECTORY -> task.toString();
                        case WORKING_DIRECTORY ->
                            RelativePath.below(task, program.directory()).toString();
                        case DATA_DIRECTORY -> outliving.map(Path::toString).orElse("");
                        case SHARED_DIRECTORY -> folder.resolve(SHARED).toString();
                        case SHUTDOWN_FILE -> folder.resolve(SHUTDOWN_FILE).toString();
                        case PORT -> Integer.toString(freePort());
                    });
        }
        return environment;
    }

    /** Has a spare folder be the attempt's. @return whether there was one */
    private boolean takeSpare(Path folder) throws IOException {
        Optional<Path> spare = spares.take();
        if (spare.isEmpty()) {
            return false;
        }
        try {
            Files.move(spare.get(), folder, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (NoSuchFileException e) {
            // Somebody deleted it.
            return false;
        }
    }

    /** Gives the folder of an attempt back, which nobody uses any more: it is deleted, or another attempt's. */
    void release(String name) throws IOException {
        Path folder = folder(name);
        // Another user could put links into a folder while it is made ready for the next attempt.
        if (programs.runAsAnother()) {
            Folders.delete(folder);
        } else {
            spares.release(folder, name);
        }
    }

    /** Keeps the folder of a task behind an attempt; deletes it, or gives it to others, where its program has left nothing in it. */
    void keep(Place place, String name, AttemptKey key, Duration retention, boolean taskIsOver) throws IOException {
        if (!spares.isUsable(place.folder())) {
            kept.keep(key, retention, taskIsOver);
        } else if (programs.runAsAnother()) {
            kept.drop(key);
        } else {
            spares.release(place.folder(), name);
        }
    }

    /** Deletes the folder of a task whose program did not begin in it: files may be missing. */
    void drop(AttemptKey key) throws IOException {
        kept.drop(key);
    }

    /** Deletes what is kept of tasks of other pools than this. */
    void keepOnly(Optional<String> poolId) {
        kept.keepOnly(poolId);
    }

    /** Returns whether {@link #evict} has something to delete. */
    boolean isEvictionDue() {
        return kept.isEvictionDue();
    }

    /** Deletes what is kept whose time is over, and what is beyond the bound. */
    void evict() {
        kept.evict();
    }

    static String path() {
        return Optional.ofNullable(System.getenv("PATH")).orElse("/usr/local/bin:/usr/bin:/bin");
    }

    private void fetch(TaskProgram program, Path task) throws IOException, InterruptedException {
        if (program.files().size() + program.webFiles().size() > MOST_FILES) {
            throw new IOException("A task has at most " + MOST_FILES + " files.");
        }
        long left = mostBytes;
        for (TaskProgram.File file : program.files()) {
            if (file.bytes() > left) {
                throw new IOException("The task's files have more than " + mostBytes + " bytes.");
            }
            Path target = RelativePath.below(task, file.path());
            long room = left;
            long[] taken = {file.bytes()};
            artifacts.use(file.sha256(), file.bytes(), artifact -> {
                if (file.unzip()) {
                    taken[0] = new Archive(Archive.USUAL.mostEntries(), room).unpack(artifact, target);
                } else {
                    Files.createDirectories(target.getParent());
                    Files.copy(artifact, target);
                }
            });
            left -= taken[0];
        }
        long until = nanoTime.getAsLong() + LONGEST_FETCH.toNanos();
        for (TaskProgram.WebFile file : program.webFiles()) {
            Path target = RelativePath.below(task, file.path());
            Files.createDirectories(target.getParent());
            left -= web.fetch(file.url(), target, file.mode(), left, Duration.ofNanos(until - nanoTime.getAsLong()));
        }
    }

    /** Makes a folder that outlives attempts, or finds it: for one attempt at a time, since names of several may begin alike. */
    private Path outliving(String name) throws IOException {
        outlivingLock.lock();
        try {
            return makeOutliving(name);
        } finally {
            outlivingLock.unlock();
        }
    }

    private Path makeOutliving(String name) throws IOException {
        if (name.length() > 200 || !name.matches("[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,5}")) {
            throw new IOException(UNUSABLE_NAME + name.replaceAll("\\p{Cntrl}", "?"));
        }
        Path folder = data.resolve("data");
        Iterator<Path> parts = Path.of(name).iterator();
        while (parts.hasNext()) {
            folder = folder.resolve(parts.next());
            boolean isLast = !parts.hasNext();
            if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                Folders.makePassable(folder);
            }
            // What lies in a program's folder is that program's to name, and may be a link.
            if (!isLast && !isNodes(folder)) {
                throw new IOException("A data directory can't lie in another one: " + name);
            }
        }
        if (isNodes(folder) && isPassable(folder)) {
            if (programs.runAsAnother()) {
                requireEmpty(folder, name);
            }
            programs.give(Folders.make(folder));
        }
        return folder;
    }

    /** Returns whether it is a folder of the node's user, which programs' are too where they run as that one. */
    private boolean isNodes(Path folder) throws IOException {
        return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                && owner(folder).equals(owner(data.resolve("data")));
    }

    private static Object owner(Path folder) throws IOException {
        return Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isPassable(Path folder) throws IOException {
        return Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS)
                .contains(PosixFilePermission.OTHERS_EXECUTE);
    }

    private static void requireEmpty(Path folder, String name) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            if (entries.iterator().hasNext()) {
                throw new IOException("A data directory can't hold other ones: " + name);
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
