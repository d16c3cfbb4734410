package io.muster.benchmarks;

import io.muster.agent.Target;
import io.muster.standalone.Options;
import io.muster.standalone.Ports;
import io.muster.standalone.Standalone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** Starts a Muster to measure, on free ports and an empty folder beside its programs. */
final class Trial {
    private Trial() {}

    /** Starts a Muster without compute nodes. @param home the folder standalone/target/muster */
    static Standalone start(String home) throws Exception {
        return start(home, 0);
    }

    /** Starts one with so many compute nodes in the pool default, which {@link Standalone#startNodes} starts. */
    static Standalone start(String home, int nodes) throws Exception {
        Path programs = Path.of(home).toAbsolutePath();
        Path data =
                Files.createTempDirectory(Files.createDirectories(programs.resolveSibling("benchmark-data")), "run");
        Standalone muster = Standalone.start(
                new Options(
                        programs,
                        data,
                        Ports.free(),
                        Ports.free(),
                        Ports.free(),
                        Ports.free(),
                        Optional.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        "localhost",
                        0,
                        nodes,
                        0,
                        false),
                _ -> {});
        Runtime.getRuntime().addShutdownHook(new Thread(muster::close));
        return muster;
    }

    /** Returns where simulated devices connect, over TLS. */
    static Target devices(Standalone muster) throws IOException {
        return Target.byPolicy(
                "localhost",
                muster.options().mqttPort(),
                "localhost",
                muster.caFile(),
                "device",
                String.valueOf(
                        muster.policies().named("device").orElseThrow().keys().primary()));
    }
}
