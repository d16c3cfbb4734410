package io.muster.service;

import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds the settings of one process, by dotted lower-case names. An argument {@code --rest.port=8443} beats the environment's
 * {@code MUSTER_REST_PORT}. Read at start, by one thread.
 */
public final class Settings {
    private static final Pattern ARGUMENT = Pattern.compile("--([a-z][a-z0-9.]*)=(.*)", Pattern.DOTALL);
    private static final Pattern SHORT_DURATION = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");
    private static final String REQUIRED = "required";
    private static final String NONE = "none";

    private final Map<String, String> arguments;
    private final Map<String, String> environment;
    /** Holds the settings that were read, with the default of each. */
    private final SortedMap<String, String> read = new TreeMap<>();

    private Settings(Map<String, String> arguments, Map<String, String> environment) {
        this.arguments = arguments;
        this.environment = environment;
    }

    /**
     * Collects the settings of a command line and an environment.
     *
     * @throws SettingsException when an argument is not of the form {@code --name=value}, or is given twice
     */
    public static Settings of(String[] args, Map<String, String> environment) {
        Map<String, String> arguments = new HashMap<>();
        for (String arg : args) {
            Matcher matcher = ARGUMENT.matcher(arg);
            if (!matcher.matches()) {
                throw new SettingsException("An argument is --name=value, with a lower-case name; this is not: " + arg);
            }
            if (arguments.put(matcher.group(1), matcher.group(2)) != null) {
                throw new SettingsException("The argument --" + matcher.group(1) + " is given twice.");
            }
        }
        return new Settings(Map.copyOf(arguments), Map.copyOf(environment));
    }

    /** Returns a text that has no default. @throws SettingsException when it is absent or blank */
    public String text(String name) {
        return given(name, REQUIRED)
                .orElseThrow(() -> new SettingsException(
                        "The setting " + name + " is missing: give --" + name + "=… or " + variable(name) + "."));
    }

    public String text(String name, String byDefault) {
        return given(name, byDefault).orElse(byDefault);
    }

    /** Returns a text, or the default where it is absent or blank. */
    public Optional<String> optionalText(String name) {
        return given(name, NONE);
    }

    private Optional<String> given(String name, String byDefault) {
        read.putIfAbsent(name, byDefault.isBlank() ? NONE : byDefault);
        @Nullable String given = arguments.get(name);
        if (given == null) {
            given = environment.get(variable(name));
        }
        return Optional.ofNullable(given).filter(text -> !text.isBlank());
    }

    public int number(String name, int byDefault) {
        return given(name, Integer.toString(byDefault))
                .map(text -> parseNumber(name, text))
                .orElse(byDefault);
    }

    /** Returns {@code true} or {@code false}. */
    public boolean flag(String name, boolean byDefault) {
        return given(name, Boolean.toString(byDefault))
                .map(text -> switch (text) {
                    case "true" -> true;
                    case "false" -> false;
                    default ->
                        throw new SettingsException("The setting " + name + " is true or false, not \"" + text + "\".");
                })
                .orElse(byDefault);
    }

    /** Returns a duration: {@code 250ms}, {@code 10s}, {@code 5m}, {@code 2h}, {@code 30d}, or ISO 8601 ({@code PT10S}). */
    public Duration duration(String name, Duration byDefault) {
        return given(name, byDefault.toString())
                .map(text -> parseDuration(name, text))
                .orElse(byDefault);
    }

    public Path path(String name) {
        return Path.of(text(name));
    }

    public Optional<Path> optionalPath(String name) {
        return optionalText(name).map(Path::of);
    }

    /**
     * Returns the default of each setting that was read so far, as text: {@code required} where the process ends without, and {@code none} where
     * absence means something. Durations are in ISO 8601.
     */
    public SortedMap<String, String> defaults() {
        return Collections.unmodifiableSortedMap(read);
    }

    /** Rejects arguments that nothing has read; to be called when everything was read. @throws SettingsException when an argument was given that nothing reads */
    public void rejectUnknown() {
        Set<String> unknown = new TreeSet<>(arguments.keySet());
        unknown.removeAll(read.keySet());
        if (!unknown.isEmpty()) {
            throw new SettingsException(
                    "No setting is called " + String.join(", ", unknown) + "; there are " + read.keySet() + ".");
        }
    }

    static String variable(String name) {
        return "MUSTER_" + name.toUpperCase(Locale.ROOT).replace('.', '_');
    }

    private static int parseNumber(String name, String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            throw new SettingsException("The setting " + name + " is a whole number, not \"" + text + "\".");
        }
    }

    private static Duration parseDuration(String name, String text) {
        Matcher matcher = SHORT_DURATION.matcher(text.strip());
        if (matcher.matches()) {
            long count = Long.parseLong(matcher.group(1));
            return switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(count);
                case "s" -> Duration.ofSeconds(count);
                case "m" -> Duration.ofMinutes(count);
                case "h" -> Duration.ofHours(count);
                default -> Duration.ofDays(count);
            };
        }
        try {
            return Duration.parse(text.strip());
        } catch (DateTimeParseException e) {
            throw new SettingsException(
                    "The setting " + name + " is a duration such as 250ms, 10s or 5m, not \"" + text + "\".");
        }
    }
}
