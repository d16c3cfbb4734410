package io.muster.node;

import io.muster.node.program.SearchPath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds interpreters of scripts on the PATH. A pool knows them by their usual names, and a machine may have one under another. */
final class Interpreters {
    /** Holds for each name the programs that may stand for it, the best first. */
    private static final Map<String, List<String>> PROGRAMS = Map.of(
            "sh", List.of("sh"),
            "bash", List.of("bash"),
            "python", List.of("python", "python3"),
            "node", List.of("node", "nodejs"),
            "php", List.of("php"),
            "java", List.of("java"),
            "pwsh", List.of("pwsh"),
            "fsx", List.of("fsx", "fsharpi"));

    private static final Path NOWHERE = Path.of("/");

    private final String path;

    /** Makes one. @param path folders, with colons between them */
    Interpreters(String path) {
        this.path = path;
    }

    /** Returns the names of those that there are now, sorted. */
    List<String> present() {
        return PROGRAMS.keySet().stream()
                .filter(name -> program(name).isPresent())
                .sorted()
                .toList();
    }

    private Optional<String> program(String name) {
        return PROGRAMS.getOrDefault(name, List.of()).stream()
                .filter(program -> SearchPath.find(path, program, NOWHERE).isPresent())
                .findFirst();
    }

    /**
     * Returns the command with its program as this machine calls it.
     *
     * @param ofProgram the program's own PATH, which comes first. Where that lacks the interpreter, the command has the path of the node's
     */
    List<String> resolve(List<String> command, String ofProgram) {
        Optional<String> program = program(command.getFirst());
        if (program.isEmpty()) {
            return command;
        }
        List<String> resolved = new ArrayList<>(command);
        resolved.set(
                0,
                SearchPath.find(ofProgram, program.get(), NOWHERE).isPresent()
                        ? program.get()
                        : SearchPath.find(path, program.get(), NOWHERE)
                                .orElseThrow()
                                .toString());
        return resolved;
    }
}
