package io.muster.api.surface.webjobs;

import io.muster.records.ScriptHost;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Finds the script of a directory. Contract: webjobs-and-schedules, 2.4. */
final class ScriptDetection {
    private ScriptDetection() {}

    /** Holds a script and what runs it. */
    record Script(String name, ScriptHost host) {}

    /**
     * Returns the script: a file that is named {@code run} and an extension of the first host that has one, else the first file of the first host
     * that has any.
     *
     * @param files names in the directory
     * @param hosts those that can be used, in their order
     */
    static Optional<Script> find(Collection<String> files, Set<ScriptHost> hosts) {
        List<String> sorted =
                files.stream().sorted(String.CASE_INSENSITIVE_ORDER).toList();
        Optional<Script> remembered = Optional.empty();
        for (ScriptHost host : ScriptHost.values()) {
            if (!hosts.contains(host)) {
                continue;
            }
            for (String extension : extensions(host)) {
                List<String> ofExtension = sorted.stream()
                        .filter(file -> file.toLowerCase(Locale.ROOT).endsWith(extension))
                        .toList();
                for (String file : ofExtension) {
                    if (file.equalsIgnoreCase("run" + extension)) {
                        return Optional.of(new Script(file, host));
                    }
                }
                if (remembered.isEmpty()) {
                    remembered = ofExtension.stream().findFirst().map(file -> new Script(file, host));
                }
            }
        }
        return remembered;
    }

    private static List<String> extensions(ScriptHost host) {
        return switch (host) {
            case CMD -> List.of(".cmd", ".bat", ".exe");
            case POWERSHELL -> List.of(".ps1");
            case BASH -> List.of(".sh");
            case PYTHON -> List.of(".py");
            case PHP -> List.of(".php");
            case NODE -> List.of(".js");
            case FSHARP -> List.of(".fsx");
            case JAVA -> List.of(".jar");
        };
    }
}
