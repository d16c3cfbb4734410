package io.muster.planner.site;

import io.muster.document.ScriptHosts;
import io.muster.records.ScriptHost;
import java.util.ArrayList;
import java.util.List;

/** Says how scripts are started on nodes. Contract: webjobs-and-schedules, 2.4. */
final class ScriptCommands {
    private ScriptCommands() {}

    /** Returns a command that begins in the script's directory. */
    static List<String> command(ScriptHost host, String script, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(ScriptHosts.interpreter(host));
        command.addAll(
                switch (host) {
                    case CMD -> List.of("/c");
                    case POWERSHELL -> List.of("-ExecutionPolicy", "RemoteSigned", "-File");
                    case BASH, PYTHON, PHP, NODE, FSHARP -> List.of();
                    case JAVA -> List.of("-jar");
                });
        // A name that begins with a dash would be taken for an option.
        command.add("./" + script);
        command.addAll(arguments);
        return command;
    }
}
