package io.muster.images;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Describes a service, or the program of compute nodes, as an image. */
enum ServiceImage {
    PLANNER(
            "job-planner-service",
            "Muster: jobs, twins and device jobs",
            "io.muster.planner.Main",
            heap(45),
            Set.of(8081)),
    PROCESSOR(
            "stream-processor-service",
            "Muster: statistics and stream jobs",
            "io.muster.processor.Main",
            heap(65),
            Set.of(8081)),
    GATEWAY(
            "device-gateway-service",
            "Muster: devices over MQTT",
            "io.muster.gateway.Main",
            heap(60),
            Set.of(8081, 8883),
            // Buffers outside the heap: for devices at most so much that its Kafka clients never lack any. As in
            // Standalone.
            "-XX:MaxDirectMemorySize=160m",
            "-Dio.netty.maxDirectMemory=" + (128 << 20),
            "-Djdk.nio.maxCachedBufferSize=" + (256 << 10)),
    API("job-api-service", "Muster: programs over REST", "io.muster.api.Main", heap(65), Set.of(8081, 8443)),
    /** Leaves its memory to the programs of tasks, and has a shell and other tools for them. */
    NODE(
            "compute-node",
            "Muster: runs programs of tasks",
            "io.muster.node.Main",
            "-Xmx64m",
            Set.of(),
            "-Xms8m",
            "-XX:TieredStopAtLevel=1");

    private final String artifact;
    private final String description;
    private final String main;
    private final String heap;
    private final Set<Integer> ports;
    private final List<String> options;

    /**
     * Describes an image.
     *
     * @param heap the JVM's option that bounds its heap
     * @param options of its JVM, beside those of every service
     */
    ServiceImage(String artifact, String description, String main, String heap, Set<Integer> ports, String... options) {
        this.artifact = artifact;
        this.description = description;
        this.main = main;
        this.heap = heap;
        this.ports = ports;
        this.options = List.of(options);
    }

    /** Bounds the heap. @param percent of the container's memory; the rest is for stores, buffers and threads */
    private static String heap(int percent) {
        return "-XX:MaxRAMPercentage=" + percent;
    }

    /** Returns the name of the Maven module, and of the image. */
    String artifact() {
        return artifact;
    }

    /** Returns a description of one line. */
    String description() {
        return description;
    }

    /** Returns whether it has {@link Tools}, and with them a shell. */
    boolean hasTools() {
        return this == NODE;
    }

    /** Returns the variables of the environment that it begins with. */
    Map<String, String> environment() {
        return hasTools() ? Map.of("LANG", "C.UTF-8", "PATH", Tools.PATH) : Map.of("LANG", "C.UTF-8");
    }

    Set<Integer> ports() {
        return ports;
    }

    /** Returns the command; settings follow it as arguments, or stand in the environment. */
    List<String> entrypoint() {
        List<String> command = new ArrayList<>(List.of(
                Layout.JAVA + "/bin/java",
                "-XX:+UseSerialGC",
                heap,
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:TrimNativeHeapInterval=60000",
                "-Djava.io.tmpdir=" + Layout.TEMPORARY,
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(options);
        command.addAll(List.of("-cp", Layout.JARS + "/*", main));
        return command;
    }
}
