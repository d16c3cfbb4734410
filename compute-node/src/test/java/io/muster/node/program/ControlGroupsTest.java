package io.muster.node.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.node.program.ControlGroups.Resource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests control groups over trees of files, and over the kernel's own where this machine lets it. */
class ControlGroupsTest {
    private static final Limits LIMITS = new Limits(
            Optional.empty(),
            Optional.empty(),
            OptionalLong.empty(),
            OptionalLong.of(64 << 20),
            OptionalDouble.of(0.5));

    @TempDir
    private Path folder;

    private Path root;
    private Path own;

    @BeforeEach
    void make() throws IOException {
        root = Files.createDirectory(folder.resolve("cgroup"));
        own = folder.resolve("own");
    }

    @Test
    void boundsByVersionTwo() throws IOException {
        Files.writeString(root.resolve("cgroup.controllers"), "cpu memory");
        Path group = Files.createDirectories(root.resolve("a/b"));
        Files.writeString(own, "0::/a/b\n");
        ControlGroups groups = ControlGroups.find(root, own, 77, "muster-x");
        assertThat(groups.bounds(Resource.MEMORY) && groups.bounds(Resource.PROCESSORS))
                .isTrue();
        assertThat(group.resolve("muster-x-node/cgroup.procs")).hasContent("77");
        assertThat(group.resolve("cgroup.subtree_control")).hasContent("+memory +cpu");
        List<Path> files = groups.open("t", LIMITS);
        Path made = group.resolve("muster-x/t");
        assertThat(files).containsExactly(made.resolve("cgroup.procs"));
        assertThat(made.resolve("memory.max")).hasContent("67108864");
        assertThat(made.resolve("cpu.max")).hasContent("50000 100000");
    }

    @Test
    void boundsByVersionOne() throws IOException {
        Path memory = Files.createDirectories(root.resolve("memory/a"));
        Files.createDirectories(root.resolve("cpu"));
        Files.writeString(own, "4:memory:/a\n2:cpu,cpuacct:/of-another-machine\n0::/\n");
        ControlGroups groups = ControlGroups.find(root, own, 77, "muster-x");
        List<Path> files = groups.open("t", LIMITS);
        assertThat(files)
                .containsExactly(
                        memory.resolve("muster-x/t/cgroup.procs"), root.resolve("cpu/muster-x/t/cgroup.procs"));
        assertThat(memory.resolve("muster-x/t/memory.limit_in_bytes")).hasContent("67108864");
        assertThat(root.resolve("cpu/muster-x/t/cpu.cfs_quota_us")).hasContent("50000");
        assertThat(groups.open("u", Limits.NONE))
                .as("nothing where nothing is asked for")
                .isEmpty();
    }

    @Test
    void saysWhyNothingIsBounded() throws IOException {
        Files.writeString(own, "0::/\n");
        ControlGroups groups = ControlGroups.find(root, own, 77, "muster-x");
        assertThat(groups.bounds(Resource.MEMORY)).isFalse();
        assertThat(groups.reason()).isNotEmpty();
        assertThat(groups.open("t", LIMITS)).isEmpty();
    }

    @Test
    void killsAProgramThatTakesTooMuchMemory() throws Exception {
        ControlGroups groups = ControlGroups.find("muster-test-" + UUID.randomUUID());
        Assumptions.assumeTrue(groups.bounds(Resource.MEMORY), "control groups can be made here");
        try (Programs programs =
                Programs.start(Optional.empty(), UUID.randomUUID().toString(), groups)) {
            Heard heard = new Heard();
            programs.start(
                    new ProgramSpec(
                            "t",
                            List.of("bash", "-c", "a=x; while :; do a=$a$a; done"),
                            Map.of("PATH", System.getenv("PATH")),
                            folder,
                            LIMITS),
                    heard);
            assertThat(heard.exit().code()).isNotZero();
            Heard small = new Heard();
            programs.start(
                    new ProgramSpec(
                            "u", List.of("echo", "fine"), Map.of("PATH", System.getenv("PATH")), folder, LIMITS),
                    small);
            assertThat(small.exit().code()).isZero();
            assertThat(small.out()).isEqualTo("fine\n");
        }
    }
}
