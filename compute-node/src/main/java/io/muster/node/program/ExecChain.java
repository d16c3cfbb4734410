package io.muster.node.program;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts tools before a program, each of which becomes the next by exec(3): sh(1) enters its control groups, setpriv(1) takes its user, and env(1) takes its directory
 * and its environment. Until then all are run by absolute paths and with an environment in which nothing is the task's to name: a loader or a shell would
 * obey it with the rights of the node. Values travel in variables that env reads and drops; as arguments all users of the machine could read them.
 * Source: env(1) of coreutils 8.30 on {@code -S}, proc(5) on {@code cmdline}.
 */
final class ExecChain {
    private static final String ENTER_GROUPS =
            "while [ \"$1\" != -- ]; do echo 0 >\"$1\" || exit 126; shift; done; shift; exec \"$@\"";
    private static final String VALUE = "MUSTER_VALUE_";
    private static final Path ROOT = Path.of("/");

    private final Optional<UserIds> user;
    private final String sh;
    private final String setpriv;
    private final String env;

    private ExecChain(Optional<UserIds> user, String sh, String setpriv, String env) {
        this.user = user;
        this.sh = sh;
        this.setpriv = setpriv;
        this.env = env;
    }

    /** Finds the tools. @param user as whom programs run; empty for this process's own @throws IOException where this machine lacks one */
    static ExecChain find(Optional<UserIds> user) throws IOException {
        return new ExecChain(
                user,
                SystemTools.require("sh"),
                user.isPresent() ? SystemTools.require("setpriv") : "",
                SystemTools.require("env"));
    }

    /**
     * Returns what is started for a program: itself where there is no group to enter and no user to become.
     *
     * @param groups the files of control groups into which the process goes before it becomes the program
     * @param kept names variables that are the node's own, and stand in the environment from the first tool on
     * @throws IOException where the directory is not there, or env(1) would take the program for a variable
     */
    Launch before(Launch program, List<Path> groups, List<String> kept) throws IOException {
        if (user.isEmpty() && groups.isEmpty()) {
            return program;
        }
        if (!Files.isDirectory(program.directory())) {
            throw new IOException("The directory of the program is not there: " + program.directory());
        }
        if (program.command().getFirst().indexOf('=') >= 0) {
            throw new IOException("A program can't have an equals sign in its name here: "
                    + program.command().getFirst());
        }
        List<String> command = new ArrayList<>();
        if (!groups.isEmpty()) {
            command.addAll(List.of(sh, "-c", ENTER_GROUPS, "sh"));
            groups.forEach(file -> command.add(file.toString()));
            command.add("--");
        }
        user.ifPresent(ids -> command.addAll(List.of(
                setpriv, "--reuid=" + ids.user(), "--regid=" + ids.group(), "--init-groups", "--no-new-privs", "--")));
        Map<String, String> carried = new LinkedHashMap<>();
        StringBuilder variables = new StringBuilder("--");
        for (Map.Entry<String, String> variable : program.environment().entrySet()) {
            String carrier = kept.contains(variable.getKey()) ? variable.getKey() : VALUE + carried.size();
            carried.put(carrier, variable.getValue());
            variables
                    .append(' ')
                    .append(quoted(variable.getKey()))
                    .append("=${")
                    .append(carrier)
                    .append('}');
        }
        command.addAll(List.of(env, "-i", "--chdir=" + program.directory(), "-S", variables.toString()));
        command.addAll(program.command());
        return new Launch(command, carried, ROOT);
    }

    /** Returns a text as env(1) reads it back from {@code -S}. */
    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
