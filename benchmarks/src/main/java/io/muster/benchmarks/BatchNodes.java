package io.muster.benchmarks;

import io.muster.standalone.Standalone;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs compute nodes with so many slots each, as {@code ./muster node} does, in the pool default. */
final class BatchNodes implements AutoCloseable {
    static final String POOL = "default";
    private static final long PATIENCE_S = 20;

    private final List<Process> nodes = new ArrayList<>();

    private BatchNodes() {}

    /** Starts nodes; they join later. */
    static BatchNodes start(Standalone muster, int nodes, int slots) throws IOException {
        BatchNodes all = new BatchNodes();
        Path home = muster.options().home();
        for (int node = 1; node <= nodes; node++) {
            all.nodes.add(new ProcessBuilder(
                            ProcessHandle.current().info().command().orElse("java"),
                            "-Xms8m",
                            "-Xmx64m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            home.resolve("lib") + "/*",
                            "io.muster.standalone.Main",
                            "node",
                            "--home=" + home,
                            "--data=" + muster.options().data(),
                            "--pool=" + POOL,
                            "--slots=" + slots,
                            "--name=node-" + node)
                    .redirectErrorStream(true)
                    .redirectOutput(muster.options()
                            .data()
                            .resolve("node-" + node + ".txt")
                            .toFile())
                    .start());
        }
        return all;
    }

    @Override
    public void close() {
        nodes.forEach(Process::destroy);
        for (Process node : nodes) {
            try {
                if (!node.waitFor(PATIENCE_S, TimeUnit.SECONDS)) {
                    node.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                node.destroyForcibly();
            }
        }
    }
}
