package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramsTest {
    private static final Instant BUILT = Instant.parse("2026-11-30T12:00:00Z");

    /** Starts a program whose classes were archived before or after its jars were built. */
    @Test
    void startsWithTheArchivedClassesOfTheJarsThatAreThere(@TempDir Path home) throws Exception {
        Path jar = Files.createFile(Files.createDirectory(home.resolve("lib")).resolve("a.jar"));
        Files.setLastModifiedTime(jar, FileTime.from(BUILT));
        Path archive = Files.createFile(home.resolve("classes-broker.jsa"));
        Programs programs = new Programs(Options.of(Options.arguments("up", List.of("--home", home.toString()))));
        Files.setLastModifiedTime(archive, FileTime.from(BUILT.plusSeconds(1)));
        assertThat(programs.java("broker", 64, List.of())).contains("-XX:SharedArchiveFile=" + archive);
        assertThat(archive).exists();
        Files.setLastModifiedTime(archive, FileTime.from(BUILT.minusSeconds(1)));
        assertThat(programs.java("broker", 64, List.of())).contains("-XX:SharedArchiveFile=" + archive);
        assertThat(archive).as("it is made anew").doesNotExist();
    }
}
