package io.muster.node.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Linker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts real programs; {@code ProgramsTest} has the rest, whichever way programs are started. */
class PosixSpawnTest {
    private static final Map<String, String> ENVIRONMENT = Map.of("PATH", "/usr/bin:/bin");
    private static final Executor THREADS = task -> Thread.ofPlatform().start(task);

    @TempDir
    private Path directory;

    @BeforeAll
    static void requireLibrary() {
        Assumptions.assumeTrue(
                Linker.nativeLinker()
                        .defaultLookup()
                        .find("posix_spawn_file_actions_addclosefrom_np")
                        .isPresent(),
                "glibc 2.34");
    }

    private Optional<SpawnedProcess> start(String... command) throws IOException {
        return PosixSpawn.start(new Launch(List.of(command), ENVIRONMENT, directory), THREADS);
    }

    @Test
    void leadsASessionOfItsOwn() throws Exception {
        Process process =
                start("sh", "-c", "cut -d' ' -f6 /proc/$$/stat; exit 3").orElseThrow();

        assertThat(process.getInputStream()).hasContent(Long.toString(process.pid()));
        assertThat(process.waitFor()).isEqualTo(3);
        assertThat(process.isAlive()).isFalse();
    }

    @Test
    void tellsTheSignalThatEndedIt() throws Exception {
        Process process = start("sleep", "600").orElseThrow();
        assertThat(process.isAlive()).isTrue();

        process.destroy();

        assertThat(process.waitFor()).isEqualTo(128 + Signals.KILL);
    }

    @Test
    void startsAScriptThatNamesNoInterpreterByAShell() throws Exception {
        Path script = Files.writeString(directory.resolve("plain"), "echo $1; exit 3");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));

        Process process = start("./plain", "argument").orElseThrow();

        assertThat(process.getInputStream()).hasContent("argument");
        assertThat(process.waitFor()).isEqualTo(3);
    }

    private static boolean isThere(Process process) {
        return Files.exists(Path.of("/proc/" + process.pid()));
    }

    @Test
    void keepsItsNumberUntilItIsReapedAndSignalsNobodyAfterwards() throws Exception {
        SpawnedProcess process = start("true").orElseThrow();
        process.waitFor();

        assertThat(isThere(process)).isTrue();
        assertThat(process.signalGroup(Signals.KILL)).as("a zombie").isTrue();
        process.reap();
        assertThat(isThere(process)).isFalse();
        assertThat(process.signalGroup(Signals.KILL)).isFalse();
        process.reap();
    }

    @Test
    void leavesToOthersWhatIsNoProgram() throws IOException {
        assertThat(start("there-is-no-such-program")).isEmpty();
        assertThat(start("sh", "-c", "exit\0 3")).isEmpty();
    }
}
