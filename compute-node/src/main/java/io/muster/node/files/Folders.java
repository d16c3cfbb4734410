package io.muster.node.files;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Makes and deletes folders of programs; follows no link. */
public final class Folders {
    private static final long BLOCK = 4096;

    private Folders() {}

    /** Makes a folder, with those above it, that nobody but its owner may read. */
    public static Path make(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        return folder;
    }

    /** Makes a folder that others may pass through, and not read. */
    public static Path makePassable(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        return folder;
    }

    /** Returns how many bytes a folder takes with all that is in it, in blocks of 4 KiB; empty where not all of it can be read. */
    public static Optional<Long> size(Path folder) {
        AtomicLong size = new AtomicLong();
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    size.addAndGet(BLOCK);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    size.addAndGet(Math.ceilDiv(Math.max(1, attributes.size()), BLOCK) * BLOCK);
                    return FileVisitResult.CONTINUE;
                }
            });
            return Optional.of(size.get());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Deletes a folder with all that is in it, whatever its permissions are; one that is not there is deleted already.
     *
     * @param folder lies in one that is this process's user's alone; processes of other users may still work in it
     */
    public static void delete(Path folder) throws IOException {
        Deletion.delete(folder);
    }
}
