package io.muster.node.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deletes what scripts have made, in a process that is not root: root may do all of it in any case. */
class DeletionTest {
    private static final String NOBODY = "65534";

    @TempDir
    private Path folder;

    private Path classes;

    @BeforeEach
    void copyClasses() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        classes = folder.resolve("classes");
        for (Class<?> each : List.of(Folders.class, Deletion.class, Deleter.class)) {
            String name = each.getName().replace('.', '/') + ".class";
            Path copy = classes.resolve(name);
            Files.createDirectories(copy.getParent());
            try (var in = Objects.requireNonNull(each.getClassLoader().getResourceAsStream(name))) {
                Files.copy(in, copy);
            }
        }
    }

    /** Runs a script in a folder, and deletes that folder. */
    static final class Deleter {
        public static void main(String[] args) throws Exception {
            Path folder = Files.createDirectory(Path.of(args[0]));
            Process script = new ProcessBuilder("bash", "-ec", args[1])
                    .directory(folder.toFile())
                    .inheritIO()
                    .start();
            if (script.waitFor() != 0) {
                throw new IOException("The script failed.");
            }
            Folders.delete(folder);
        }
    }

    private void deletes(String script) throws Exception {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--"));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classes.toString(),
                Deleter.class.getName(),
                folder.resolve("made").toString(),
                script));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(folder.resolve("made")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mkdir task; touch task/file; chmod 555 task",
                "mkdir -p a/b/c; touch a/b/c/file; chmod 555 a/b/c a/b a .",
                "mkdir -p a/b/c; touch a/b/file; chmod 000 a/b/c; chmod 000 a/b; chmod 311 a; chmod 000 .",
                "mkdir -p a/b; mkdir a/c; chmod 000 a/b",
                "touch file; chmod 000 file; mkfifo pipe; chmod 500 ."
            })
    void deletesWhateverAProgramDidToItsPermissions(String script) throws Exception {
        deletes(script);
    }

    @Test
    void deletesWhatIsDeeperThanAPathMayBeLong() throws Exception {
        deletes("name=$(printf 'x%.0s' {1..200}); for i in {1..300}; do mkdir $name; cd -P $name; : >file; done");
    }

    @Test
    void followsNoLink() throws Exception {
        Path victim = Files.createDirectory(folder.resolve("victim"));
        Files.writeString(victim.resolve("precious"), "precious");
        Files.setPosixFilePermissions(victim, PosixFilePermissions.fromString("rwxrwxrwx"));
        deletes("mkdir -p a/b; ln -s ../victim l; ln -s ../../victim a/l; ln -s ../../../victim a/b/l");
        assertThat(victim.resolve("precious")).exists();
    }
}
