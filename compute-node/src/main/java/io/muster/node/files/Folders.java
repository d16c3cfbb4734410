package io.muster.node.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Makes and deletes folders of programs; follows no link. */
public final class Folders {
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

    /**
     * Deletes a folder with all that is in it, whatever its permissions are; one that is not there is deleted already.
     *
     * @param folder lies in one that is this process's user's alone; processes of other users may still work in it
     */
    public static void delete(Path folder) throws IOException {
        Deletion.delete(folder);
    }
}
