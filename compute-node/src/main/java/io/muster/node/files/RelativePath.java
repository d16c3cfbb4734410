package io.muster.node.files;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Resolves paths that others name, so that none leaves its directory. */
public final class RelativePath {
    private static final int LONGEST = 1000;

    private RelativePath() {}

    /**
     * Returns the path below a directory; of "" the directory.
     *
     * @throws IOException where the path is absolute, has a part {@code ..}, a backslash or a control character, or is longer than {@value #LONGEST}
     */
    public static Path below(Path directory, String path) throws IOException {
        boolean isUnusable = path.length() > LONGEST
                || path.startsWith("/")
                || path.indexOf('\\') >= 0
                || path.chars().anyMatch(Character::isISOControl);
        for (String part : path.split("/", -1)) {
            isUnusable |= part.equals("..");
        }
        if (isUnusable) {
            throw new IOException("A path has to stay below its directory: " + shown(path));
        }
        try {
            Path resolved = directory.resolve(path).normalize();
            if (!resolved.startsWith(directory)) {
                throw new IOException("A path has to stay below its directory: " + shown(path));
            }
            return resolved;
        } catch (InvalidPathException e) {
            throw new IOException("A path can't be used: " + shown(path), e);
        }
    }

    private static String shown(String path) {
        String printable = path.replaceAll("\\p{Cntrl}", "?");
        return printable.length() <= 100 ? printable : printable.substring(0, 100) + "…";
    }
}
