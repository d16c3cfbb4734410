package io.muster.node;

import io.muster.node.files.Folders;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Keeps folders that programs left as they were made, for later attempts: to make and to delete folders takes longer than a short program does. Each rests
 * first, so that no process that outlived its attempt is in it any more. Thread-safe.
 */
final class SpareFolders {
    /** Is longer than a process outlives its attempt. */
    static final Duration REST = Duration.ofSeconds(3);

    private static final int MOST = 1000;
    private static final Set<PosixFilePermission> OWNERS = PosixFilePermissions.fromString("rwx------");

    private record Spare(Path folder, long since) {}

    private final Path home;
    private final Set<String> parts;
    private final LongSupplier nanoTime;
    private final Queue<Spare> spares = new ArrayDeque<>();

    /**
     * Makes one.
     *
     * @param home where they are kept, which is there
     * @param parts names the empty folders that each folder has, and nothing else
     */
    SpareFolders(Path home, Set<String> parts, LongSupplier nanoTime) {
        this.home = home;
        this.parts = parts;
        this.nanoTime = nanoTime;
    }

    /** Returns a folder that has rested and is as it was made, and keeps it no more. Deletes those that are not: a process that outlived its attempt was in them. */
    Optional<Path> take() throws IOException {
        Optional<Path> rested = next();
        while (rested.isPresent() && !isUsable(rested.get())) {
            Folders.delete(rested.get());
            rested = next();
        }
        return rested;
    }

    private synchronized Optional<Path> next() {
        Spare first = spares.peek();
        if (first == null || nanoTime.getAsLong() - first.since() < REST.toNanos()) {
            return Optional.empty();
        }
        return Optional.of(spares.remove().folder());
    }

    /** Returns whether a folder is as it was made. */
    boolean isUsable(Path folder) throws IOException {
        try {
            return isAsMade(folder);
        } catch (NoSuchFileException | AccessDeniedException e) {
            return false;
        }
    }

    /** Takes a folder away that nobody uses any more: keeps it under a name where it is as it was made, and deletes it where not. */
    void release(Path folder, String name) throws IOException {
        Path kept = home.resolve(name);
        try {
            Files.move(folder, kept, StandardCopyOption.ATOMIC_MOVE);
            if (isAsMade(kept) && add(kept)) {
                return;
            }
        } catch (NoSuchFileException e) {
            // It was never made, or somebody deletes it.
            return;
        } catch (AccessDeniedException e) {
            // Its program has taken permissions away without which it can't be moved.
            Folders.delete(folder);
        }
        Folders.delete(kept);
    }

    private synchronized boolean add(Path folder) {
        return spares.size() < MOST && spares.add(new Spare(folder, nanoTime.getAsLong()));
    }

    private boolean isAsMade(Path folder) throws IOException {
        if (!isOwners(folder)) {
            return false;
        }
        Set<String> missing = new HashSet<>(parts);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                if (!missing.remove(entry.getFileName().toString()) || !isOwners(entry) || !isEmpty(entry)) {
                    return false;
                }
            }
        }
        return missing.isEmpty();
    }

    private static boolean isOwners(Path folder) throws IOException {
        PosixFileAttributes attributes =
                Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return attributes.isDirectory() && attributes.permissions().equals(OWNERS);
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            return !entries.iterator().hasNext();
        }
    }
}
