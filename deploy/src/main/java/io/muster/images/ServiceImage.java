package io.muster.images;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Describes a service as an image. */
enum ServiceImage {
    PLANNER("job-planner-service", "Muster: jobs, twins and device jobs", "io.muster.planner.Main", 45, Set.of(8081)),
    PROCESSOR(
            "stream-processor-service",
            "Muster: statistics and stream jobs",
            "io.muster.processor.Main",
            65,
            Set.of(8081)),
    GATEWAY(
            "device-gateway-service",
            "Muster: devices over MQTT",
            "io.muster.gateway.Main",
            60,
            Set.of(8081, 8883),
            // Buffers outside the heap: for devices at most so much that its Kafka clients never lack any. As in
            // Standalone.
            "-XX:MaxDirectMemorySize=160m",
            "-Dio.netty.maxDirectMemory=" + (128 << 20),
            "-Djdk.nio.maxCachedBufferSize=" + (256 << 10)),
    API("job-api-service", "Muster: programs over REST", "io.muster.api.Main", 65, Set.of(8081, 8443));

    private final String artifact;
    private final String description;
    private final String main;
    private final int heapPercent;
    private final Set<Integer> ports;
    private final List<String> options;

    /**
     * Describes an image.
     *
     * @param heapPercent of the container's memory; the rest is for stores, buffers and threads
     * @param options of its JVM, beside those of every service
     */
    ServiceImage(
            String artifact, String description, String main, int heapPercent, Set<Integer> ports, String... options) {
        this.artifact = artifact;
        this.description = description;
        this.main = main;
        this.heapPercent = heapPercent;
        this.ports = ports;
        this.options = List.of(options);
    }

    /** Returns the name of the Maven module, and of the image. */
    String artifact() {
        return artifact;
    }

    /** Returns a description of one line. */
    String description() {
        return description;
    }

    Set<Integer> ports() {
        return ports;
    }

    /** Returns the command; settings follow it as arguments, or stand in the environment. */
    List<String> entrypoint() {
        List<String> command = new ArrayList<>(List.of(
                Layout.JAVA + "/bin/java",
                "-XX:+UseSerialGC",
                "-XX:MaxRAMPercentage=" + heapPercent,
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
