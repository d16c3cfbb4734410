package io.muster.node;

import java.util.Collections;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Holds the settings that a program was given. An argument {@code --data.dir=…} beats the environment's {@code MUSTER_DATA_DIR}. For one thread. */
final class Given {
    private final Map<String, String> arguments;
    private final Map<String, String> environment;
    /** Holds the settings that were read, with the default of each. */
    private final SortedMap<String, String> read = new TreeMap<>();

    private Given(Map<String, String> arguments, Map<String, String> environment) {
        this.arguments = arguments;
        this.environment = environment;
    }

    /**
     * Reads arguments.
     *
     * @param names of the settings that there are
     * @throws IllegalArgumentException with a sentence, when an argument is none of them
     */
    static Given of(String[] args, Map<String, String> environment, Set<String> names) {
        Map<String, String> arguments = new HashMap<>();
        for (String arg : args) {
            int equals = arg.indexOf('=');
            if (!arg.startsWith("--") || equals < 0) {
                throw new IllegalArgumentException("an option is --name=value, not " + arg);
            }
            String name = arg.substring(2, equals);
            if (!names.contains(name)) {
                throw new IllegalArgumentException("no option is called --" + name);
            }
            arguments.put(name, arg.substring(equals + 1));
        }
        return new Given(arguments, environment);
    }

    Optional<String> text(String name) {
        return given(name, "none");
    }

    private Optional<String> given(String name, String byDefault) {
        read.putIfAbsent(name, byDefault);
        String given = arguments.getOrDefault(
                name,
                environment.getOrDefault(
                        "MUSTER_" + name.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"), ""));
        return Optional.of(given).filter(text -> !text.isBlank());
    }

    String required(String name) {
        return given(name, "required").orElseThrow(() -> new IllegalArgumentException("--" + name + " is missing"));
    }

    int number(String name, int byDefault, int least, int most) {
        String usual = Integer.toString(byDefault);
        String text = given(name, usual).orElse(usual);
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--" + name + " is a whole number, not " + text, e);
        }
        throw new IllegalArgumentException("--" + name + " is from " + least + " to " + most + ", not " + text);
    }

    /** Returns the default of each setting that was read so far: {@code required} where the program ends without, and {@code none} where absence means something. */
    SortedMap<String, String> defaults() {
        return Collections.unmodifiableSortedMap(read);
    }
}
