package io.muster.topics;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Says which topics stream jobs may use: users' topics that an allowlist names, the fleet's telemetry to read, and the two topics of commands to
 * write, as rows. A topic that may be another Muster's telemetry is read as a user's is, and written only
 * where the list names it exactly. Everything else of Muster's holds keys of devices, answers to others or state, so no allowlist opens it; nor topics of
 * Kafka and of schema registries. The processor asks before it runs a job, the API where it tests an input or output, and the chart's access
 * lists are compared with it. ADR 0020.
 *
 * @param allowed names of topics, or prefixes with an asterisk behind them
 */
public record StreamJobTopics(List<String> allowed) {
    /** Lists how names begin that are state of services, offsets or schemas, also of others. */
    public static final List<String> RESERVED = List.of("_", "kafkasql-", "muster-");

    /** Holds the topics of the catalogue that stream jobs read. */
    public static final Set<Topic<?>> READ = Set.of(Topics.TELEMETRY);

    /** Holds the topics of the catalogue that stream jobs write; each row is checked and becomes a command. */
    public static final Set<Topic<?>> WRITTEN = Set.of(Topics.DEVICE_COMMANDS, Topics.JOB_COMMANDS);

    private static final String ANY = "*";

    /** Matches the prefix of names that share a Kafka with others. */
    private static final Pattern PREFIX = Pattern.compile("^[a-z0-9][a-z0-9-]*\\.");

    public StreamJobTopics {
        allowed = List.copyOf(allowed);
    }

    /** Reads a list with commas between. */
    public static StreamJobTopics of(String list) {
        return new StreamJobTopics(Arrays.stream(list.split(","))
                .map(String::strip)
                .filter(pattern -> !pattern.isEmpty())
                .toList());
    }

    /** Returns why a job may not read the topic; empty where it may. */
    public Optional<String> refusesRead(String topic) {
        return refuses(topic, READ, "read");
    }

    /** Returns why a job may not write the topic; empty where it may. */
    public Optional<String> refusesWrite(String topic) {
        return isForeignTelemetry(topic) && !allowed.contains(topic)
                ? Optional.of("The topic " + topic
                        + " may be the telemetry of another Muster, which stream jobs don't write: where it is not, the setting"
                        + " stream.topics names it, without an asterisk.")
                : refuses(topic, WRITTEN, "write");
    }

    private Optional<String> refuses(String topic, Set<Topic<?>> open, String verb) {
        if (open.stream().anyMatch(one -> one.name().equals(topic))) {
            return Optional.empty();
        }
        if (isReserved(topic)) {
            return Optional.of("The topic " + topic
                    + " is not for stream jobs, it is Muster's own, Kafka's or a schema registry's: " + verb
                    + " another.");
        }
        return allowed.stream().anyMatch(pattern -> matches(pattern, topic))
                ? Optional.empty()
                : Optional.of("The topic " + topic + " is not one that stream jobs may " + verb
                        + ": the setting stream.topics is " + String.join(",", allowed) + ".");
    }

    /** Returns whether the topic is one of a Muster's, of whatever prefix of names, other than its telemetry. */
    private static boolean isReserved(String topic) {
        String plain = plain(topic);
        return RESERVED.stream().anyMatch(plain::startsWith)
                || (!isForeignTelemetry(topic)
                        && Topics.ALL.stream()
                                .anyMatch(ours -> plain(ours.name()).equals(plain)));
    }

    /** Returns whether the topic is called as the telemetry of a Muster with another prefix, or none; it may also be a user's. */
    private static boolean isForeignTelemetry(String topic) {
        return !topic.equals(Topics.TELEMETRY.name()) && plain(topic).equals(plain(Topics.TELEMETRY.name()));
    }

    private static String plain(String topic) {
        return PREFIX.matcher(topic).replaceFirst("");
    }

    private static boolean matches(String pattern, String topic) {
        return pattern.endsWith(ANY)
                ? topic.startsWith(pattern.substring(0, pattern.length() - 1))
                : topic.equals(pattern);
    }
}
