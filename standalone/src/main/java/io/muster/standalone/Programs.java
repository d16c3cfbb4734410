package io.muster.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes the command lines of processes: the Java runtime of this process, its limits, the class path, and what the environment adds. */
final class Programs {
    /** Names the gateway's program. */
    static final String GATEWAY = "io.muster.gateway.Main";

    /** Bounds the gateway's memory outside the heap: for devices at most so much that its Kafka clients never lack any. As in its image. */
    private static final List<String> GATEWAY_BUFFERS = List.of(
            "-XX:MaxDirectMemorySize=160m",
            "-Dio.netty.maxDirectMemory=" + (128 << 20),
            "-Djdk.nio.maxCachedBufferSize=" + (256 << 10));

    private static final String DEBUG = "MUSTER_DEBUG";
    private static final String JAVA_OPTIONS = "MUSTER_JAVA_OPTIONS";

    private final Options options;

    Programs(Options options) {
        this.options = options;
    }

    /**
     * Returns the command of a Java process. The options in MUSTER_JAVA_OPTIONS, separated by spaces, are added to each, and prevail.
     *
     * @param program by whose name its classes are archived
     * @param megabytes of heap
     * @param arguments of Java: options, the program and its own arguments
     */
    List<String> java(String program, int megabytes, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx" + megabytes + "m",
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:TrimNativeHeapInterval=60000",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+AutoCreateSharedArchive",
                "-XX:SharedArchiveFile=" + archive(program),
                // It says at each start that the archive of the JDK itself has another set of modules.
                "-Xlog:cds*=off,aot*=off"));
        Optional.ofNullable(System.getenv(JAVA_OPTIONS)).stream()
                .flatMap(more -> Stream.of(more.strip().split("\\s+")))
                .filter(option -> !option.isEmpty())
                .forEach(command::add);
        command.addAll(arguments);
        return command;
    }

    /** Returns where the first end of a program leaves an archive of its classes: to read and verify them is half of the work of a start. One of other jars is deleted. */
    private Path archive(String program) {
        Path archive = options.home().resolve("classes-" + program + ".jsa");
        try (Stream<Path> jars = Files.list(options.home().resolve("lib"))) {
            long archived = archive.toFile().lastModified();
            if (jars.anyMatch(jar -> jar.toFile().lastModified() > archived)) {
                Files.deleteIfExists(archive);
            }
        } catch (IOException _) {
            // Java does without one that doesn't fit.
        }
        return archive;
    }

    /** Returns the command of a service, which reaches the broker and the registry. */
    List<String> service(String main, int megabytes, List<String> settings) {
        List<String> arguments = new ArrayList<>(main.equals(GATEWAY) ? GATEWAY_BUFFERS : List.of());
        arguments.addAll(List.of(
                "-cp",
                classPath(),
                main,
                "--kafka.bootstrap.servers=" + options.kafka(),
                "--registry.url=" + options.registry()));
        arguments.addAll(settings);
        return java(main, megabytes, arguments);
    }

    /** Returns the jars of all programs. */
    String classPath() {
        return classPath(".*\\.jar");
    }

    /** Returns the jars whose names match. */
    String classPath(String names) {
        try (Stream<Path> jars = Files.list(options.home().resolve("lib"))) {
            return jars.filter(path -> path.getFileName().toString().matches(names))
                    .map(Path::toString)
                    .sorted()
                    .collect(Collectors.joining(java.io.File.pathSeparator));
        } catch (IOException e) {
            throw new IllegalStateException("the programs are not at " + options.home(), e);
        }
    }

    /** Lets a debugger attach to the process that MUSTER_DEBUG=NAME:PORT in the environment names. */
    static List<String> debugged(String name, List<String> command) throws StandaloneException {
        String debug = Optional.ofNullable(System.getenv(DEBUG)).orElse("");
        if (!debug.isEmpty() && !debug.matches("[a-z]+(-\\d+)?:\\d{1,5}")) {
            throw new StandaloneException(
                    DEBUG + " is the name of a process and a port, as planner:5005, not " + debug + ".");
        }
        if (!debug.startsWith(name + ":")) {
            return command;
        }
        List<String> debugged = new ArrayList<>(command);
        debugged.add(
                1,
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:"
                        + debug.substring(name.length() + 1));
        return debugged;
    }
}
