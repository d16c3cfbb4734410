package io.muster.node.files;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.UUID;

/**
 * Deletes a folder in which processes may still work that were another user's. Nobody else may write to the folder itself from then on; what is deeper is reached through
 * open folders alone, so that no link that a process puts in the place of a folder is followed, and folders are moved up to the first one before they are emptied, so that neither
 * their depth nor the length of a path matters. For one thread. Source: unlinkat(2), renameat(2).
 */
final class Deletion {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final String OWN = "rwx------";

    private final Path top;
    private final String owner;
    private final String moved = "moved-" + UUID.randomUUID() + "-";
    private final long begun = System.nanoTime();
    private long count;

    private Deletion(Path top, String owner) {
        this.top = top;
        this.owner = owner;
    }

    /** Deletes a folder, or a file. @param top lies in a folder that is the caller's alone; where it is not there, nothing is done */
    static void delete(Path top) throws IOException {
        try {
            if (!Files.isDirectory(top, LinkOption.NOFOLLOW_LINKS)) {
                Files.deleteIfExists(top);
                return;
            }
            takeOver(top);
            new Deletion(top, Files.getOwner(top, LinkOption.NOFOLLOW_LINKS).getName()).empty();
        } catch (NoSuchFileException e) {
            // Somebody else deleted it.
            return;
        }
    }

    private static void takeOver(Path top) throws IOException {
        Object own = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (!own.equals(Files.getAttribute(top, "unix:uid", LinkOption.NOFOLLOW_LINKS))) {
            Files.setAttribute(top, "unix:uid", own, LinkOption.NOFOLLOW_LINKS);
        }
        Files.setPosixFilePermissions(top, PosixFilePermissions.fromString(OWN));
    }

    private void empty() throws IOException {
        while (true) {
            boolean found = false;
            try (DirectoryStream<Path> opened = Files.newDirectoryStream(top)) {
                SecureDirectoryStream<Path> all = secure(opened);
                for (Path entry : all) {
                    found = true;
                    delete(all, entry.getFileName());
                }
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
            if (!found) {
                Files.deleteIfExists(top);
                return;
            }
            if (System.nanoTime() - begun > LIMIT.toNanos()) {
                throw new IOException("A folder that is deleted does not become empty: " + top);
            }
        }
    }

    private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream) throws IOException {
        if (stream instanceof SecureDirectoryStream<Path> secure) {
            return secure;
        }
        throw new IOException("Folders can't be deleted safely in this file system.");
    }

    private static PosixFileAttributes attributes(SecureDirectoryStream<Path> in, Path name) throws IOException {
        return in.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
    }

    /** Deletes an entry of the first folder; of one that is a folder, what is in it comes up. */
    private void delete(SecureDirectoryStream<Path> all, Path name) throws IOException {
        try {
            PosixFileAttributes attributes = attributes(all, name);
            if (!attributes.isDirectory()) {
                all.deleteFile(name);
                return;
            }
            // The first folder is nobody else's, so that this can be no link.
            Files.setPosixFilePermissions(top.resolve(name), PosixFilePermissions.fromString(OWN));
            boolean isOwn = attributes.owner().getName().equals(owner);
            try (SecureDirectoryStream<Path> folder = all.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
                for (Path entry : folder) {
                    bringUp(all, folder, name, entry.getFileName(), isOwn);
                }
            }
            all.deleteDirectory(name);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        } catch (NoSuchFileException | DirectoryNotEmptyException e) {
            // A process that is still there has taken it away, or put something into it. The next pass finds that.
            return;
        }
    }

    private void bringUp(
            SecureDirectoryStream<Path> all, SecureDirectoryStream<Path> folder, Path parent, Path name, boolean isOwn)
            throws IOException {
        try {
            if (!attributes(folder, name).isDirectory()) {
                folder.deleteFile(name);
                return;
            }
            Path above = Path.of(moved + count++);
            try {
                folder.move(name, all, above);
            } catch (AccessDeniedException e) {
                if (!isOwn) {
                    throw e;
                }
                // To be moved a folder must be writable. A link could only lead to what is this process's and the
                // program's alike.
                Files.setPosixFilePermissions(top.resolve(parent).resolve(name), PosixFilePermissions.fromString(OWN));
                folder.move(name, all, above);
            }
        } catch (NoSuchFileException e) {
            // A process that is still there has taken it away.
            return;
        }
    }
}
