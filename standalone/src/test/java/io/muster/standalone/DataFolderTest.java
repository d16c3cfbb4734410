package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
    @TempDir
    private Path parent;

    @Test
    void isReadableByItsOwnerOnly() throws Exception {
        Path root = Files.createDirectory(parent.resolve("data"));
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (DataFolder data = DataFolder.hold(root)) {
            data.prepare(false);
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root)))
                .isEqualTo("rwx------");
    }

    @Test
    void leavesNothingWhenAStartIsRefused() throws Exception {
        Path root = parent.resolve("data");
        DataFolder.hold(root).discard();
        assertThat(root).doesNotExist();
    }

    @Test
    void keepsTheFolderWhenAStartIsRefused() throws Exception {
        Path root = parent.resolve("data");
        try (DataFolder data = DataFolder.hold(root)) {
            data.prepare(false);
        }
        DataFolder.hold(root).discard();
        assertThat(root.resolve("policies.properties")).exists();
    }

    @Test
    void touchesForeignTopicsNever() throws Exception {
        Path file = Files.writeString(parent.resolve("of-somebody"), "else");
        assertThatThrownBy(() -> DataFolder.hold(parent))
                .isInstanceOf(StandaloneException.class)
                .hasMessageContaining("holds other things than Muster's data");
        assertThat(parent.toFile().list()).containsExactly(file.getFileName().toString());
    }

    @Test
    void rotatesAGrownLogAndKeepsItsLastLines() throws IOException {
        Path log = Files.writeString(parent.resolve("planner.log"), "x".repeat(100));
        Path small = Files.writeString(parent.resolve("api.log"), "y");
        GrownLogs.rotate(parent, 50);
        Files.writeString(log, "next", StandardOpenOption.APPEND);
        assertThat(log).hasContent("next");
        assertThat(parent.resolve("planner.log.1")).hasContent("x".repeat(100));
        assertThat(small).hasContent("y");
    }
}
