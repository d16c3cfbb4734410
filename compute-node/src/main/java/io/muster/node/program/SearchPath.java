package io.muster.node.program;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Finds programs as a shell does. */
public final class SearchPath {
    private SearchPath() {}

    /**
     * Returns the program of that name.
     *
     * @param path folders, with colons between them
     * @param name one with a slash is a file's, and is taken from the folder
     */
    public static Optional<Path> find(String path, String name, Path folder) {
        if (name.indexOf('/') >= 0) {
            return Optional.of(folder.resolve(name)).filter(SearchPath::isProgram);
        }
        return Arrays.stream(path.split(File.pathSeparator))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> Path.of(entry).resolve(name))
                .filter(SearchPath::isProgram)
                .findFirst();
    }

    private static boolean isProgram(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }
}
