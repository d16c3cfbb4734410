package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.condition.OS;

/** Runs the script {@code ./muster} as people do, from a checkout whose path has a blank. */
final class Script {
    private static final int LIMIT_MINUTES = 15;

    private final Path script;
    private final Path data;

    /**
     * Holds the result of a run.
     *
     * @param said everything that it printed, on both streams; their order between each other is lost
     * @param output on the standard output
     */
    record Ended(int status, String said, String output) {
        Ended with(int expected) {
            assertThat(status).as(said).isEqualTo(expected);
            return this;
        }
    }

    private Script(Path script, Path data) {
        this.script = script;
        this.data = data;
    }

    /** Makes a script with that data folder, which need not be there. The tested program was built a moment ago. */
    static Script of(Path data) throws IOException {
        Path root = Path.of("..").toRealPath();
        Path checkout = Path.of("target", "a checkout").toAbsolutePath();
        if (!Files.isSymbolicLink(checkout)) {
            Files.createSymbolicLink(checkout, root);
        }
        Path stamp = root.resolve("standalone/target/muster/built");
        if (!Files.exists(stamp)) {
            Files.createFile(stamp);
        }
        Files.setLastModifiedTime(stamp, FileTime.from(InstantSource.system().instant()));
        return new Script(checkout.resolve("muster"), data);
    }

    Path path() {
        return script;
    }

    /** Runs it with {@code --data}. */
    Ended run(String... words) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(Arrays.asList(words));
        arguments.add("--data");
        arguments.add(data.toString());
        return bare(arguments.toArray(String[]::new));
    }

    /** Starts it with {@code --data}, in the background, on Linux as a process group as a terminal does; the data folder has a log of its own. */
    Process start(String... words) throws IOException {
        List<String> command =
                new ArrayList<>(OS.LINUX.isCurrentOs() ? List.of("setsid", "env", "--default-signal=INT") : List.of());
        command.add(script.toString());
        command.addAll(Arrays.asList(words));
        command.addAll(List.of("--data", data.toString()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Runs it with these words alone. */
    Ended bare(String... words) throws IOException, InterruptedException {
        File output = File.createTempFile("muster", ".out", new File("target"));
        File errors = File.createTempFile("muster", ".err", new File("target"));
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(Arrays.asList(words));
        Process process = new ProcessBuilder(command)
                .redirectOutput(output)
                .redirectError(errors)
                .start();
        boolean ended = process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
        String printed = Files.readString(output.toPath());
        String said = printed + Files.readString(errors.toPath());
        assertThat(ended).as(said).isTrue();
        Files.delete(output.toPath());
        Files.delete(errors.toPath());
        return new Ended(process.exitValue(), said, printed);
    }
}
