package io.muster.node.work;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Says what runs. An empty limit is none.
 *
 * @param coordination runs first; the command runs behind it, where the pool has it proceed; empty for none
 * @param command the program and its arguments; no shell reads them
 * @param nodeEnvironment variables whose values the node alone knows
 * @param directory in which it begins, below the task's
 * @param dataDirectory the name of one that outlives the attempt
 * @param grace between the word that it is to end and its kill
 * @param retention for how long the task's directory is kept behind the task's end; empty for one that goes with its attempt
 */
public record TaskProgram(
        List<String> coordination,
        List<String> command,
        Map<String, String> environment,
        Map<String, NodeValue> nodeEnvironment,
        List<File> files,
        List<WebFile> webFiles,
        String directory,
        Optional<String> dataDirectory,
        Duration grace,
        Optional<Duration> wallClock,
        Optional<Duration> idle,
        OptionalLong outputBytes,
        OptionalLong memoryBytes,
        OptionalDouble processors,
        Optional<Duration> retention) {
    /** Names a value that the node alone knows. */
    public enum NodeValue {
        NODE_ID,
        TASK_DIRECTORY,
        WORKING_DIRECTORY,
        DATA_DIRECTORY,
        SHARED_DIRECTORY,
        SHUTDOWN_FILE,
        PORT,
        ATTEMPT_DIRECTORY,
        NODE_DIRECTORY
    }

    /**
     * Is fetched before the program starts.
     *
     * @param sha256 in lower-case hexadecimal
     * @param path below the task's directory; of an archive the directory into which it is unpacked
     */
    public record File(String sha256, long bytes, String path, boolean unzip) {
        /** Rejects what is no hash or no size. */
        public File {
            if (!sha256.matches("[0-9a-f]{64}")) {
                throw new IllegalArgumentException("A file is named by its SHA-256, in lower-case hexadecimal.");
            }
            if (bytes < 0) {
                throw new IllegalArgumentException("A file has no fewer than 0 bytes.");
            }
        }
    }

    /**
     * Is fetched from an address before the program starts.
     *
     * @param path below the task's directory
     * @param mode as chmod reads it, such as 0755; empty for the node's own
     */
    public record WebFile(String url, String path, Optional<String> mode) {}

    /** Rejects one without a program, and copies the rest. */
    public TaskProgram {
        if (command.isEmpty()
                || command.getFirst().isBlank()
                || !coordination.isEmpty() && coordination.getFirst().isBlank()) {
            throw new IllegalArgumentException("A command names its program.");
        }
        coordination = List.copyOf(coordination);
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        nodeEnvironment = Map.copyOf(nodeEnvironment);
        files = List.copyOf(files);
        webFiles = List.copyOf(webFiles);
    }

    /** Returns the command that runs first. */
    public List<String> first() {
        return coordination.isEmpty() ? command : coordination;
    }

    /** Returns whether it learns from a file that it is to end. */
    public boolean watchesShutdownFile() {
        return nodeEnvironment.containsValue(NodeValue.SHUTDOWN_FILE);
    }
}
