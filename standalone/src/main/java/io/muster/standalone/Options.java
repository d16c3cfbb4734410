package io.muster.standalone;

import io.muster.service.SettingsException;
import io.muster.service.endpoint.EndpointAccess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Holds the options of the command line.
 *
 * @param home the folder with lib/ and registry/
 * @param data the folder that keeps everything between two starts
 * @param otherKafka where a broker runs that is to be used; empty for one of our own
 * @param jobPartitions and devicePartitions how many the topics are to have; empty for as many as they have
 * @param allowedEndpoints HOST[:PORT] with commas between: where stream jobs may post rows and schedules call; blank for any public address
 * @param devices how many simulated devices; 0 for none, and then no demonstration
 * @param nodes how many compute nodes in the pool {@code default}
 * @param spareNodes how many more in no pool
 */
public record Options(
        Path home,
        Path data,
        int restPort,
        int mqttPort,
        int kafkaPort,
        int registryPort,
        Optional<String> otherKafka,
        OptionalInt jobPartitions,
        OptionalInt devicePartitions,
        String allowedEndpoints,
        int devices,
        int nodes,
        int spareNodes,
        boolean fresh) {
    private static final String ALLOW_ENDPOINT = "--allow-endpoint";
    private static final Set<String> FLAGS = Set.of("--fresh", "--detached", "--json");
    private static final Set<String> EVERYWHERE = Set.of("--home", "--data");

    /** Lists the options of a command beside {@link #EVERYWHERE}. */
    static final Map<String, Set<String>> BY_COMMAND = Map.of(
            "up",
            Set.of(
                    "--rest-port",
                    "--mqtt-port",
                    "--kafka-port",
                    "--kafka",
                    "--registry-port",
                    "--job-partitions",
                    "--device-partitions",
                    ALLOW_ENDPOINT,
                    "--devices",
                    "--nodes",
                    "--spare-nodes",
                    "--fresh",
                    "--detached"),
            "down",
            Set.of(),
            "status",
            Set.of("--json"),
            "connection-string",
            Set.of("--policy", "--device", "--rest-port"),
            "token",
            Set.of("--policy", "--device", "--ttl", "--rest-port"),
            "link",
            Set.of("--rest-port"),
            "node",
            Set.of("--pool", "--slots", "--name"),
            "credentials",
            Set.of("--surface", "--site", "--account", "--policy", "--rest-port", "--json"));

    /** Parses the arguments of a command as names and values; a flag's value is "true", and the last of a name holds, but for endpoints, which add up. */
    static Map<String, String> arguments(String command, List<String> args) throws StandaloneException {
        Set<String> own = BY_COMMAND.get(command);
        if (own == null) {
            throw new StandaloneException("There is no command " + command + ". See ./muster help.");
        }
        Map<String, String> found = new HashMap<>();
        List<String> rest = new ArrayList<>(args);
        while (!rest.isEmpty()) {
            String arg = rest.removeFirst();
            int equals = arg.indexOf('=');
            String name = equals > 0 ? arg.substring(0, equals) : arg;
            if (!own.contains(name) && !EVERYWHERE.contains(name)) {
                throw new StandaloneException(
                        command + " has no option " + name + ". See ./muster " + command + " --help.");
            }
            if (FLAGS.contains(name)) {
                if (equals > 0) {
                    throw new StandaloneException("The option " + name + " takes no value.");
                }
                found.put(name, "true");
                continue;
            }
            String value = equals > 0
                    ? arg.substring(equals + 1)
                    : rest.isEmpty() || rest.getFirst().startsWith("--") ? "" : rest.removeFirst();
            if (value.isBlank()) {
                throw new StandaloneException(
                        "The option " + name + " lacks its value. See ./muster " + command + " --help.");
            }
            found.merge(name, value, (before, now) -> name.equals(ALLOW_ENDPOINT) ? before + "," + now : now);
        }
        return found;
    }

    static Options of(Map<String, String> arguments) throws StandaloneException {
        return new Options(
                Path.of(arguments.getOrDefault("--home", ".")).toAbsolutePath(),
                Path.of(arguments.getOrDefault("--data", ".muster")).toAbsolutePath(),
                port(arguments, "--rest-port", 8443),
                port(arguments, "--mqtt-port", 8883),
                port(arguments, "--kafka-port", 19092),
                port(arguments, "--registry-port", 18081),
                otherKafka(arguments),
                partitions(arguments, "--job-partitions"),
                partitions(arguments, "--device-partitions"),
                endpoints(arguments.getOrDefault(ALLOW_ENDPOINT, "")),
                number(arguments, "--devices", 1000, 0, 999_999),
                number(arguments, "--nodes", 2, 0, 100),
                number(arguments, "--spare-nodes", 2, 0, 100),
                arguments.containsKey("--fresh"));
    }

    private static Optional<String> otherKafka(Map<String, String> arguments) throws StandaloneException {
        Optional<String> given = Optional.ofNullable(arguments.get("--kafka"));
        if (given.isPresent() && !given.get().matches("[^\\s:,]+:\\d{1,5}(,[^\\s:,]+:\\d{1,5})*")) {
            throw new StandaloneException("--kafka takes the address of a broker, HOST:PORT, not " + given.get() + ".");
        }
        return given;
    }

    private static String endpoints(String list) throws StandaloneException {
        try {
            EndpointAccess.of(list);
            return list;
        } catch (SettingsException e) {
            throw new StandaloneException(ALLOW_ENDPOINT + " takes HOST[:PORT], not " + list + ".");
        }
    }

    private static OptionalInt partitions(Map<String, String> arguments, String name) throws StandaloneException {
        return arguments.containsKey(name) ? OptionalInt.of(number(arguments, name, 1, 1, 1000)) : OptionalInt.empty();
    }

    private static int port(Map<String, String> arguments, String name, int byDefault) throws StandaloneException {
        return number(arguments, name, byDefault, 1, 65_535);
    }

    /** Returns a number, or the default where it is absent. */
    static int number(Map<String, String> arguments, String name, int byDefault, int least, int most)
            throws StandaloneException {
        String text = arguments.get(name);
        if (text == null) {
            return byDefault;
        }
        if (!text.matches("\\d{1,9}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw new StandaloneException(
                    name + " takes a number from " + least + " to " + most + ", not " + text + ".");
        }
        return Integer.parseInt(text);
    }

    public String rest() {
        return "https://localhost:" + restPort;
    }

    public String kafka() {
        return otherKafka.orElse("localhost:" + kafkaPort);
    }

    public String registry() {
        return "http://localhost:" + registryPort + "/apis/ccompat/v7";
    }
}
