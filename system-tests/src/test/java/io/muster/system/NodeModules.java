package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Holds the folder with the scripts that drive npm's clients, and these. */
final class NodeModules {
    private static final int LIMIT_SECONDS = 300;

    private NodeModules() {}

    /** Installs the clients as the lock file says, unless they are there. */
    static synchronized Path installed() throws IOException, InterruptedException {
        Path folder = Path.of("node").toAbsolutePath();
        Path lock = folder.resolve("package-lock.json");
        Path installed = folder.resolve("node_modules/.package-lock.json");
        if (!Files.exists(installed)
                || Files.getLastModifiedTime(installed).compareTo(Files.getLastModifiedTime(lock)) < 0) {
            Process npm = new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund")
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(Path.of("target/npm.log").toFile())
                    .start();
            assertThat(npm.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(npm.exitValue()).as("see target/npm.log").isZero();
        }
        return folder;
    }
}
