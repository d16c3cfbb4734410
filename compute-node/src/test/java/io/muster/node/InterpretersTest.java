package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InterpretersTest {
    @TempDir
    private Path folder;

    private void program(String name, String permissions) throws IOException {
        Files.setPosixFilePermissions(
                Files.createFile(folder.resolve(name)), PosixFilePermissions.fromString(permissions));
    }

    @Test
    void findsThoseOnThePathAndCallsThemByTheirNameHere() throws IOException {
        program("bash", "rwxr-xr-x");
        program("python3", "rwxr-xr-x");
        program("php", "rw-r--r--");
        Files.createDirectory(folder.resolve("node"));
        Interpreters interpreters = new Interpreters("/nowhere:" + folder);
        assertThat(interpreters.present()).containsExactly("bash", "python");
        assertThat(interpreters.resolve(List.of("python", "a.py"), "/nowhere:" + folder))
                .containsExactly("python3", "a.py");
        assertThat(interpreters.resolve(List.of("bash", "python"), "/nowhere:" + folder))
                .containsExactly("bash", "python");
        assertThat(interpreters.resolve(List.of("php", "a.php"), "/nowhere:" + folder))
                .containsExactly("php", "a.php");
        assertThat(interpreters.resolve(List.of("bash", "a.sh"), "/nix"))
                .as("the program's own PATH lacks it")
                .containsExactly(folder.resolve("bash").toString(), "a.sh");
        program("python", "rwxr-xr-x");
        assertThat(interpreters.resolve(List.of("python", "a.py"), "/nowhere:" + folder))
                .containsExactly("python", "a.py");
    }
}
