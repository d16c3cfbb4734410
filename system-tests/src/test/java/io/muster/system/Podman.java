package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs Podman with images of its own, that needs little of its machine: no limits of cgroups, no file system for layers, no network. */
final class Podman {
    /** Is Podman's own exit status, as distinct from the program's. */
    private static final int ENGINE_FAILED = 125;

    private static final String CGROUPS_ASIDE = "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$0\" \"$@\"";

    private final Path folder;
    private final Path storage;

    private Podman(Path folder, Path storage) {
        this.folder = folder;
        this.storage = storage;
    }

    /** Makes one whose images and containers lie in the folder. */
    static Podman in(Path folder) throws IOException {
        Path storage = Files.writeString(
                Files.createDirectories(folder).resolve("storage.conf"),
                "[storage]\ndriver = \"vfs\"\nrunroot = \"%1$s/run\"\ngraphroot = \"%1$s/graph\"\n".formatted(folder));
        return new Podman(folder, storage);
    }

    /** Returns why no container can be run on this machine, if so. */
    Optional<String> trouble(String image) throws IOException, InterruptedException {
        Path log = folder.resolve("trial.log");
        try {
            Process trial = start(log, List.of("--entrypoint", "/opt/java/bin/java", image, "-version"));
            if (!trial.waitFor(300, TimeUnit.SECONDS)) {
                trial.destroyForcibly();
                return Optional.of("Podman does not run a container within five minutes: " + Files.readString(log));
            }
            return trial.exitValue() == ENGINE_FAILED
                    ? Optional.of("Podman can't run containers here: " + Files.readString(log))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.of("Podman can't be started (" + e.getMessage() + ").");
        }
    }

    /** Returns why there is no engine at all, if so. */
    static Optional<String> absence() throws InterruptedException {
        try {
            if (new ProcessBuilder("podman", "--version").start().waitFor() != 0) {
                return Optional.of("Podman does not work here.");
            }
            if (new ProcessBuilder("unshare", "--mount", "true").start().waitFor() != 0) {
                return Optional.of("Containers need root here: run the tests as root to try the images.");
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("There is no Podman: .ci/run installs it where it may, and the images are tried then.");
        }
    }

    void load(Path tar) throws IOException, InterruptedException {
        Process load = engine(List.of("load", "--quiet", "--input", tar.toString()))
                .redirectErrorStream(true)
                .start();
        String said = new String(load.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(load.waitFor()).as(said).isZero();
    }

    /**
     * Starts a container with no rights, and a root that can't be written but for {@code /tmp}. Its end ends the program.
     *
     * @param options of {@code podman run}, the image, and its arguments
     */
    Process start(Path log, List<String> options) throws IOException {
        List<String> run = new ArrayList<>(List.of(
                "run",
                "--rm",
                "--network=host",
                "--cgroups=disabled",
                "--ulimit=nofile=20000:20000",
                "--ulimit=nproc=4000:4000",
                "--cap-drop=ALL",
                "--security-opt=no-new-privileges",
                "--read-only",
                "--read-only-tmpfs=false",
                "--tmpfs=/tmp:exec,mode=1777"));
        run.addAll(options);
        return engine(run)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    /** Returns variables as options of {@link #start}. */
    static List<String> environment(Map<String, String> variables) {
        return variables.entrySet().stream()
                .map(variable -> "--env=" + variable.getKey() + "=" + variable.getValue())
                .toList();
    }

    private ProcessBuilder engine(List<String> command) {
        List<String> all = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", CGROUPS_ASIDE, "podman"));
        all.addAll(List.of("--runtime=crun", "--cgroup-manager=cgroupfs", "--events-backend=none"));
        all.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(all);
        builder.environment().put("CONTAINERS_STORAGE_CONF", storage.toString());
        return builder;
    }
}
