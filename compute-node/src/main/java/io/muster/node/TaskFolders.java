package io.muster.node;

import io.muster.node.files.Archive;
import io.muster.node.files.ArtifactCache;
import io.muster.node.files.Folders;
import io.muster.node.files.RelativePath;
import io.muster.node.program.Programs;
import io.muster.node.work.TaskProgram;
import io.muster.node.work.TaskProgram.NodeValue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes the folders of attempts, each with its files, and the environment that names them. Below the node's data folder there are {@code
 * attempts/RUN-NUMBER}, with {@code task}, {@code home} and {@code tmp}, {@code data/NAME} for folders that outlive attempts, and {@code artifacts}. Thread-safe.
 */
final class TaskFolders {
    private static final String UNUSABLE_NAME =
            "A data directory is named by letters, digits, -, _ and dots, with slashes between, not ";
    private static final int MOST_FILES = 1000;
    private static final String SPARE = "spare";
    private static final String TASK = "task";
    private static final String HOME = "home";
    private static final String TMP = "tmp";

    private final Path data;
    private final String run;
    private final String deviceId;
    private final ArtifactCache artifacts;
    private final long mostBytes;
    private final Programs programs;
    private final AtomicLong last = new AtomicLong();
    private final SpareFolders spares;

    /** Is where an attempt is, with the environment that names it. */
    record Place(Path folder, Path working, Path shutdownFile, Map<String, String> environment) {}

    private TaskFolders(
            Path data, String run, String deviceId, ArtifactCache artifacts, long mostBytes, Programs programs) {
        this.data = data;
        this.run = run;
        this.deviceId = deviceId;
        this.artifacts = artifacts;
        this.mostBytes = mostBytes;
        this.programs = programs;
        this.spares = new SpareFolders(data.resolve(SPARE), Set.of(TASK, HOME, TMP), System::nanoTime);
    }

    /** Begins, without anything that an earlier run left of its attempts. @param mostBytes bounds the files of an attempt */
    static TaskFolders open(
            Path data, String run, String deviceId, ArtifactCache artifacts, long mostBytes, Programs programs)
            throws IOException {
        Folders.delete(data.resolve("attempts"));
        Folders.makePassable(data.resolve("attempts"));
        Folders.makePassable(data.resolve("data"));
        Folders.delete(data.resolve(SPARE));
        Folders.make(data.resolve(SPARE));
        return new TaskFolders(data, run, deviceId, artifacts, mostBytes, programs);
    }

    /** Names an attempt's folder. No other one of this run has that name. */
    String nextName() {
        return run.substring(0, 8) + "-" + last.incrementAndGet();
    }

    Path folder(String name) {
        return data.resolve("attempts").resolve(name);
    }

    /** Makes the folder of an attempt. @throws IOException with a sentence for whoever asked for the task, where it can't be made */
    Place make(String name, TaskProgram program) throws IOException, InterruptedException {
        Path folder = folder(name);
        Path task = folder.resolve(TASK);
        Path home = folder.resolve(HOME);
        Path tmp = folder.resolve(TMP);
        if (!takeSpare(folder)) {
            for (Path made : List.of(folder, task, home, tmp)) {
                Folders.make(made);
            }
        }
        fetch(program, task);
        Path working = RelativePath.below(task, program.directory());
        if (!working.equals(task)) {
            Files.createDirectories(working);
        }
        Optional<Path> outliving = program.dataDirectory().isPresent()
                ? Optional.of(outliving(program.dataDirectory().get()))
                : Optional.empty();
        programs.give(folder);
        Path shutdownFile = folder.resolve("shutdown");
        Map<String, String> environment = new HashMap<>(Map.of(
                "PATH", path(),
                "HOME", home.toString(),
                "TMPDIR", tmp.toString(),
                "LANG", Optional.ofNullable(System.getenv("LANG")).orElse("C.UTF-8")));
        environment.putAll(program.environment());
        for (Map.Entry<String, NodeValue> variable : program.nodeEnvironment().entrySet()) {
            environment.put(
                    variable.getKey(),
                    switch (variable.getValue()) {
                        case NODE_ID -> deviceId;
                        case TASK_DIRECTORY -> task.toString();
                        case WORKING_DIRECTORY -> working.toString();
                        case DATA_DIRECTORY -> outliving.map(Path::toString).orElse("");
                        case SHUTDOWN_FILE -> shutdownFile.toString();
                        case PORT -> Integer.toString(freePort());
                    });
        }
        return new Place(folder, working, shutdownFile, environment);
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
            spares.release(folder);
        }
    }

    static String path() {
        return Optional.ofNullable(System.getenv("PATH")).orElse("/usr/local/bin:/usr/bin:/bin");
    }

    private void fetch(TaskProgram program, Path task) throws IOException, InterruptedException {
        if (program.files().size() > MOST_FILES) {
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
    }

    private Path outliving(String name) throws IOException {
        if (name.length() > 200 || !name.matches("[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,5}")) {
            throw new IOException(UNUSABLE_NAME + name.replaceAll("\\p{Cntrl}", "?"));
        }
        Path folder = data.resolve("data");
        for (String part : name.split("/")) {
            folder = folder.resolve(part);
            if (!Files.exists(folder)) {
                Folders.makePassable(folder);
            }
        }
        if (Files.getPosixFilePermissions(folder)
                .contains(java.nio.file.attribute.PosixFilePermission.OTHERS_EXECUTE)) {
            programs.give(Folders.make(folder));
        }
        return folder;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
