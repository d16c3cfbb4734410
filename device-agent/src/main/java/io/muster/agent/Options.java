package io.muster.agent;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Holds the options of the command line, {@code --name=value}. For one thread. */
final class Options {
    private final Map<String, String> given;
    /** Holds the options that were read, with the default of each. */
    private final SortedMap<String, String> read = new TreeMap<>();

    private Options(Map<String, String> given) {
        this.given = given;
    }

    /** Parses the arguments of a command line. @throws IllegalArgumentException when an argument is no option */
    static Options of(String[] args) {
        Map<String, String> given = new HashMap<>();
        for (String arg : args) {
            int equals = arg.indexOf('=');
            if (!arg.startsWith("--") || equals < 0) {
                throw new IllegalArgumentException("an option is --name=value, not " + arg);
            }
            given.put(arg.substring(2, equals), arg.substring(equals + 1));
        }
        return new Options(given);
    }

    String text(String name, String byDefault) {
        read.put(name, byDefault.isEmpty() ? "none" : byDefault);
        return given.getOrDefault(name, byDefault);
    }

    /** Returns the whole number that an option gives, or the default where the option is absent. @throws IllegalArgumentException when it is no whole number */
    long number(String name, long byDefault) {
        String text = text(name, Long.toString(byDefault));
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--" + name + " is a whole number, not " + text, e);
        }
    }

    /** Returns the default of each option that was read so far, as text: {@code none} where absence means something. */
    SortedMap<String, String> defaults() {
        return Collections.unmodifiableSortedMap(read);
    }

    /** Rejects options that nothing has read. @throws IllegalArgumentException when there is one */
    void rejectUnknown() {
        TreeSet<String> unknown = new TreeSet<>(given.keySet());
        unknown.removeAll(read.keySet());
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("no option is called " + unknown);
        }
    }
}
