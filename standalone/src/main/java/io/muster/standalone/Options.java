package io.muster.standalone;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What the command line says.
 *
 * @param home the folder with lib/ and registry/
 * @param data the folder that keeps everything between two starts
 * @param otherKafka where a broker runs that is to be used; empty for one of our own
 * @param jobPartitions and devicePartitions how many the topics are to have; empty for as many as they have
 * @param devices how many simulated devices; 0 for none, and then no demonstration
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
        int devices,
        boolean fresh) {
    private static final Set<String> FLAGS = Set.of("--fresh", "--json");
    private static final Set<String> VALUES = Set.of(
            "--home",
            "--data",
            "--rest-port",
            "--mqtt-port",
            "--kafka-port",
            "--kafka",
            "--registry-port",
            "--job-partitions",
            "--device-partitions",
            "--devices",
            "--policy",
            "--device");

    /** Arguments as names and values; a flag's value is "true". */
    static Map<String, String> arguments(List<String> args) throws StandaloneException {
        Map<String, String> found = new HashMap<>();
        List<String> rest = new ArrayList<>(args);
        while (!rest.isEmpty()) {
            String name = rest.removeFirst();
            int equals = name.indexOf('=');
            if (equals > 0) {
                rest.addFirst(name.substring(equals + 1));
                name = name.substring(0, equals);
            }
            if (FLAGS.contains(name)) {
                found.put(name, "true");
            } else if (VALUES.contains(name) && !rest.isEmpty()) {
                found.put(name, rest.removeFirst());
            } else {
                throw new StandaloneException(
                        "The option " + name + " is unknown or lacks its value: see ./muster help.");
            }
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
                number(arguments, "--devices", 1000, 0, 1_000_000),
                arguments.containsKey("--fresh"));
    }

    private static Optional<String> otherKafka(Map<String, String> arguments) throws StandaloneException {
        Optional<String> given = Optional.ofNullable(arguments.get("--kafka"));
        if (given.isPresent() && !given.get().matches("[^\\s:,]+:\\d{1,5}(,[^\\s:,]+:\\d{1,5})*")) {
            throw new StandaloneException("--kafka is where a broker answers, HOST:PORT, not " + given.get() + ".");
        }
        return given;
    }

    private static OptionalInt partitions(Map<String, String> arguments, String name) throws StandaloneException {
        return arguments.containsKey(name) ? OptionalInt.of(number(arguments, name, 1, 1, 1000)) : OptionalInt.empty();
    }

    private static int port(Map<String, String> arguments, String name, int byDefault) throws StandaloneException {
        return number(arguments, name, byDefault, 1, 65_535);
    }

    private static int number(Map<String, String> arguments, String name, int byDefault, int least, int most)
            throws StandaloneException {
        String text = arguments.get(name);
        if (text == null) {
            return byDefault;
        }
        if (!text.matches("\\d{1,9}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw new StandaloneException(name + " is a number from " + least + " to " + most + ", not " + text + ".");
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
