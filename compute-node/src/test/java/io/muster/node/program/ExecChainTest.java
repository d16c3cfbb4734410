package io.muster.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Puts real tools before programs; {@code ProgramsTest} has those of another user, which take root. */
class ExecChainTest {
    private static final String KEPT = "MUSTER_NODE_RUN";

    @TempDir
    private Path directory;

    private String run(Launch launch) throws Exception {
        Process process = PosixSpawn.start(launch, task -> Thread.ofPlatform().start(task))
                .orElseThrow();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.getErrorStream()).isEmpty();
        assertThat(process.waitFor()).isZero();
        return out;
    }

    @Test
    void leavesAProgramAloneThatNeedsNoTool() throws IOException {
        Launch program = new Launch(List.of("true"), Map.of("PATH", "/usr/bin:/bin"), directory);
        assertThat(ExecChain.find(Optional.empty()).before(program, List.of(), List.of()))
                .isEqualTo(program);
    }

    @Test
    void entersGroupsAndBeginsInItsDirectoryWithItsEnvironment() throws Exception {
        Path group = Files.createFile(directory.resolve("cgroup.procs"));
        Path folder = Files.createDirectory(directory.resolve("it's a \\ \"folder\" $HOME"));
        Launch program = new Launch(
                List.of("bash", "-c", "pwd; tr '\\0' '\\n' </proc/$$/environ"),
                Map.of("PATH", "/usr/bin:/bin", "RUNNING_my-job", "true", KEPT, "r"),
                folder);

        String out = run(ExecChain.find(Optional.empty()).before(program, List.of(group), List.of(KEPT)));

        assertThat(group).hasContent("0");
        assertThat(out.lines())
                .containsExactlyInAnyOrder(
                        folder.toRealPath().toString(), "PATH=/usr/bin:/bin", "RUNNING_my-job=true", KEPT + "=r");
    }

    @Test
    void runsNoShellOfATasksOwnBeforeItsProgram() throws Exception {
        Path group = Files.createFile(directory.resolve("cgroup.procs"));
        Path fake = Files.writeString(directory.resolve("sh"), "#!/bin/bash\necho fake\n");
        Files.setPosixFilePermissions(fake, PosixFilePermissions.fromString("rwx------"));
        Launch program = new Launch(List.of("echo", "real"), Map.of("PATH", directory + ":/usr/bin:/bin"), directory);

        assertThat(run(ExecChain.find(Optional.empty()).before(program, List.of(group), List.of())))
                .isEqualTo("real\n");
    }

    @Test
    void passesValuesNeitherAsArgumentsNorUnderNamesThatAreATasksToChoose() throws IOException {
        Map<String, String> environment = Map.of("PATH", "/usr/bin", "LD_PRELOAD", "sec-1", "IFS", "sec-2", KEPT, "r");

        Launch launch = ExecChain.find(Optional.empty())
                .before(
                        new Launch(List.of("true"), environment, directory),
                        List.of(Path.of("/dev/null")),
                        List.of(KEPT));

        assertThat(launch.command()).noneMatch(word -> word.contains("sec-"));
        assertThat(launch.environment()).containsEntry(KEPT, "r").containsValues("sec-1", "sec-2");
        assertThat(launch.environment().keySet()).allMatch(name -> name.matches("MUSTER_VALUE_\\d+|" + KEPT));
    }

    @Test
    void refusesAProgramThatEnvWouldTakeForAVariable() throws IOException {
        ExecChain chain = ExecChain.find(Optional.empty());
        Launch program = new Launch(List.of("./a=b"), Map.of(), directory);
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> chain.before(program, List.of(Path.of("/dev/null")), List.of()))
                .withMessageContaining("./a=b");
    }
}
