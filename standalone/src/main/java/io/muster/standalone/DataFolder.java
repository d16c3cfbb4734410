package io.muster.standalone;

import io.muster.access.SharedAccessPolicies;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The folder that keeps everything between two starts. Held by one process at a time. */
final class DataFolder implements AutoCloseable {
    private static final String MARKER = "muster-data";
    private static final String LAYOUT = "1";

    private final Path root;
    private final FileChannel channel;

    private DataFolder(Path root, FileChannel channel) {
        this.root = root;
        this.channel = channel;
    }

    /** @throws StandaloneException when it is in use, is not ours, or can't be read */
    static DataFolder open(Path root, boolean fresh) throws StandaloneException {
        try {
            Files.createDirectories(root);
            Path marker = root.resolve(MARKER);
            try (Stream<Path> content = Files.list(root)) {
                boolean empty = content.allMatch(path -> path.endsWith("lock") || path.endsWith("logs"));
                if (!empty && !Files.exists(marker)) {
                    throw new StandaloneException(
                            "The folder " + root + " holds other things than Muster's data: name another with --data.");
                }
            }
            FileChannel channel = lock(root);
            DataFolder folder = new DataFolder(root, channel);
            if (fresh) {
                folder.empty();
            }
            if (!Files.exists(marker)) {
                Files.writeString(marker, LAYOUT);
            } else if (!Files.readString(marker).strip().equals(LAYOUT)) {
                channel.close();
                throw new StandaloneException("The data in " + root
                        + " is damaged or of another version: start with --fresh to begin anew, which deletes it.");
            }
            folder.secrets();
            return folder;
        } catch (IOException e) {
            throw new StandaloneException("The data folder " + root + " can't be used (" + e + ").", e);
        }
    }

    private static FileChannel lock(Path root) throws IOException, StandaloneException {
        FileChannel channel =
                FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new StandaloneException(
                    "Muster runs on " + root + " already: ./muster status shows it, ./muster down ends it.");
        }
        return channel;
    }

    /** Deletes what is ours, and the folder's lock stays. */
    private void empty() throws IOException {
        List<Path> content;
        try (Stream<Path> walk = Files.walk(root)) {
            content = walk.sorted(Comparator.reverseOrder())
                    .filter(path -> !path.equals(root) && !path.endsWith("lock"))
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
