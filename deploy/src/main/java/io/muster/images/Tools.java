package io.muster.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Finds the programs of this machine that go into the image of a compute node: those that a node runs programs by, and those that scripts of a shell usually call.
 * All are of packages that each Debian and Ubuntu has from the start.
 */
final class Tools {
    /** Names the folders in which that image has programs. */
    static final String PATH = "/usr/local/bin:/usr/bin:/bin:" + Layout.JAVA + "/bin";

    /** Names the folder in which the tools lie there. */
    static final String FOLDER = "/usr/bin";

    /** Names those that lie in {@code /bin} too, where first lines of scripts name them. */
    static final List<String> SHELLS = List.of("bash", "sh");

    private static final List<Path> FOLDERS = List.of(Path.of("/usr/bin"), Path.of("/bin"));

    /** Holds programs of a package. */
    private record DebianPackage(String name, List<String> programs) {
        static DebianPackage of(String name, String programs) {
            return new DebianPackage(name, List.of(programs.split(" ")));
        }
    }

    private static final List<DebianPackage> PACKAGES = List.of(
            DebianPackage.of("bash", "bash"),
            DebianPackage.of(
                    "coreutils",
                    "base64 basename cat chmod cp cut date dd df dirname du echo env false head id ln ls md5sum mkdir mktemp mv nproc od paste"
                            + " printf pwd readlink realpath rm rmdir seq sha256sum sleep sort split stat tail tee test timeout touch tr true uname uniq wc"),
            DebianPackage.of("dash", "sh"),
            DebianPackage.of("findutils", "find xargs"),
            DebianPackage.of("grep", "grep"),
            DebianPackage.of("gzip", "gzip"),
            DebianPackage.of("hostname", "hostname"),
            DebianPackage.of("mawk", "awk"),
            DebianPackage.of("sed", "sed"),
            DebianPackage.of("tar", "tar"),
            DebianPackage.of("util-linux", "getopt setpriv setsid"));

    private Tools() {}

    /** Returns where each lies on this machine, by its name. @throws IOException when one is not there; the message names it */
    static Map<String, Path> find() throws IOException {
        Map<String, Path> found = new TreeMap<>();
        for (DebianPackage of : PACKAGES) {
            for (String program : of.programs()) {
                found.put(program, find(program, of.name()));
            }
        }
        return found;
    }

    private static Path find(String program, String of) throws IOException {
        return FOLDERS.stream()
                .map(folder -> folder.resolve(program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IOException("images are built where there is the program " + program
                        + ", which is in Debian's package " + of));
    }

    /** Returns the licences of the packages, by their names, as far as this machine has them. */
    static Map<String, Path> licenses() {
        Map<String, Path> found = new TreeMap<>();
        for (DebianPackage of : PACKAGES) {
            Path file = Path.of("/usr/share/doc", of.name(), "copyright");
            if (Files.isRegularFile(file)) {
                found.put(of.name(), file);
            }
        }
        return found;
    }
}
