package io.muster.document;

import io.muster.records.ScriptHost;

/** Names the interpreters of scripts, as nodes report them (docs/nodes.md). Contract: webjobs-and-schedules, 2.4. */
public final class ScriptHosts {
    private ScriptHosts() {}

    /** Returns the capability that a node has to have: the command by which its interpreter is started. */
    public static String interpreter(ScriptHost host) {
        return switch (host) {
            case CMD -> "cmd";
            case POWERSHELL -> "pwsh";
            case BASH -> "bash";
            case PYTHON -> "python";
            case PHP -> "php";
            case NODE -> "node";
            case FSHARP -> "fsx";
            case JAVA -> "java";
        };
    }
}
