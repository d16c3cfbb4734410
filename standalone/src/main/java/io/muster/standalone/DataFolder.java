package io.muster.standalone;

import io.muster.access.SharedAccessPolicies;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Keeps everything between two starts. Held by one process at a time. */
final class DataFolder implements AutoCloseable {
    private static final String MARKER = "muster-data";
    private static final String LAYOUT = "1";
    private static final String LOCK = "lock";

    private final Path root;
    private final FileChannel channel;
    private final boolean isNew;

    private DataFolder(Path root, FileChannel channel, boolean isNew) {
        this.root = root;
        this.channel = channel;
        this.isNew = isNew;
    }

    /**
     * Takes hold of the folder and writes nothing but its lock.
     *
     * @throws StandaloneException when it is in use, is not ours, or can't be read
     */
    static DataFolder hold(Path root) throws StandaloneException {
        try {
            boolean isNew = !Files.exists(root);
            Files.createDirectories(root);
            try (Stream<Path> content = Files.list(root)) {
                boolean empty = content.allMatch(path -> path.endsWith(LOCK) || path.endsWith("logs"));
                if (!empty && !Files.exists(root.resolve(MARKER))) {
                    throw new StandaloneException(
                            "The folder " + root + " holds other things than Muster's data. Name another with --data.");
                }
            }
            return new DataFolder(root, lock(root), isNew);
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    /**
     * Makes what is missing, for its owner's eyes only.
     *
     * @param fresh whether what is there is deleted first
     * @throws StandaloneException when it is of another version, or can't be written
     */
    void prepare(boolean fresh) throws StandaloneException {
        Path marker = root.resolve(MARKER);
        try {
            if (fresh) {
                empty();
            }
            if (!Files.exists(marker)) {
                Files.writeString(marker, LAYOUT);
            } else if (!Files.readString(marker).strip().equals(LAYOUT)) {
                throw new StandaloneException("The data in " + root
                        + " is damaged or of another version. Start with --fresh to delete it and begin anew.");
            }
            if (Files.getFileStore(root).supportsFileAttributeView(PosixFileAttributeView.class)) {
                Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
            }
            secrets();
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    /** Lets go of it, and leaves nothing behind where there was no folder. */
    void discard() throws IOException {
        if (isNew) {
            Files.deleteIfExists(root.resolve(LOCK));
            Files.delete(root);
        }
        close();
    }

    private static StandaloneException unusable(Path root, IOException e) {
        return new StandaloneException("The data folder " + root + " can't be used (" + e + ").", e);
    }

    private static FileChannel lock(Path root) throws IOException, StandaloneException {
        FileChannel channel = FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new StandaloneException(
                    "Muster runs on " + root + " already. See ./muster status, or end it with ./muster down.");
        }
        return channel;
    }

    /** Deletes what is ours, and the folder's lock stays. */
    private void empty() throws IOException {
        List<Path> content;
        try (Stream<Path> walk = Files.walk(root)) {
            content = walk.sorted(Comparator.reverseOrder())
                    .filter(path -> !path.equals(root) && !path.endsWith(LOCK))
                    .toList();
        }
        for (Path path : content) {
            Files.deleteIfExists(path);
        }
    }

    private void secrets() throws IOException, StandaloneException {
        Files.createDirectories(logs());
        if (!Files.exists(policies())) {
            SharedAccessPolicies.generate(new SecureRandom()).store(policies());
        }
        if (!Files.exists(certificates().caFile())) {
            DevelopmentCa.create(certificates(), new SecureRandom());
        }
        if (!Files.exists(certificates().deviceAuthorities())) {
            Files.createFile(certificates().deviceAuthorities());
        }
    }

    Path root() {
        return root;
    }

    Path logs() {
        return root.resolve("logs");
    }

    Path policies() {
        return root.resolve("policies.properties");
    }

    DevelopmentCa.Files certificates() {
        return new DevelopmentCa.Files(root.resolve("ca"));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
