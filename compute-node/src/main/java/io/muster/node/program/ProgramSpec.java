package io.muster.node.program;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Describes a program to run.
 *
 * @param id of the attempt: unique on this node, and at most 100 characters of letters, digits, {@code .}, {@code _} and {@code -}
 * @param coordination runs before the command, which begins by {@link Program#proceed}, and beside what the former left running; empty for none
 * @param command the program and its arguments; no shell reads them
 * @param environment the whole of it; nothing of the node's own is passed on
 * @param directory in which it begins
 */
public record ProgramSpec(
        String id,
        List<String> coordination,
        List<String> command,
        Map<String, String> environment,
        Path directory,
        Limits limits) {
    private static final int LONGEST_ID = 100;

    /** Makes one that begins with its command. */
    public ProgramSpec(
            String id, List<String> command, Map<String, String> environment, Path directory, Limits limits) {
        this(id, List.of(), command, environment, directory, limits);
    }

    /** Makes one of copies. */
    public ProgramSpec {
        if (id.isEmpty() || id.length() > LONGEST_ID || !id.matches("[A-Za-z0-9._-]+") || id.startsWith(".")) {
            throw new IllegalArgumentException("not the id of an attempt: " + id);
        }
        coordination = List.copyOf(coordination);
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        environment.forEach(ProgramSpec::requireVariable);
    }

    private static void requireVariable(String name, String value) {
        if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "A variable of an environment can't be named so: " + name.replace('\0', '?'));
        }
        if (value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("A variable of an environment can't hold a null character: " + name);
        }
    }
}
