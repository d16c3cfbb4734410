package io.muster.node.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Holds the numbers of a user of this machine and of the user's group. */
record UserIds(long user, long group) {
    /** Finds a user. @throws IOException where there is none of that name */
    static UserIds of(String name) throws IOException {
        return new UserIds(id("-u", name), id("-g", name));
    }

    /** Returns the number of the user that this process is. */
    static long own() throws IOException {
        return ((Number) Files.getAttribute(Path.of("/proc/self"), "unix:uid")).longValue();
    }

    /**
     * Makes the user the owner of a folder and all that is in it; follows no link.
     *
     * @param folder is not the user's yet, and nobody else's to read: it becomes the user's last, so that nothing in it is swapped meanwhile
     */
    void own(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                return own(directory);
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                return own(file);
            }

            private FileVisitResult own(Path file) throws IOException {
                Files.setAttribute(file, "unix:gid", Math.toIntExact(group), LinkOption.NOFOLLOW_LINKS);
                Files.setAttribute(file, "unix:uid", Math.toIntExact(user), LinkOption.NOFOLLOW_LINKS);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static long id(String option, String name) throws IOException {
        Process process = new ProcessBuilder(SystemTools.require("id"), option, "--", name)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (!answer.matches("\\d{1,10}")) {
            throw new IOException(
                    "This machine has no user " + name + ": add one, or name another to run programs as.");
        }
        return Long.parseLong(answer);
    }
}
