package io.muster.document;

import java.util.Map;
import java.util.Optional;

/** Names the settings of a site that are numbers, and says what they mean. Contract: webjobs-and-schedules, 2.6. */
public enum HostSetting {
    /** Counts the seconds before a continuous job starts again. */
    WEBJOBS_RESTART_TIME(60, 7 * 24 * 3600),
    /** Counts the seconds without output and without use of a processor behind which a triggered job is killed. */
    WEBJOBS_IDLE_TIMEOUT(120, 7 * 24 * 3600),
    /** Counts the runs of a triggered job that are kept. */
    WEBJOBS_HISTORY_SIZE(30, 50);

    private final int usual;
    private final int most;

    HostSetting(int usual, int most) {
        this.usual = usual;
        this.most = most;
    }

    /** Returns its value: the usual one where it is missing or makes no sense, and the largest one where it is larger. @param settings of a site, by names in any case */
    public int of(Map<String, String> settings) {
        return text(settings)
                .filter(value -> value.matches("\\d{1,9}"))
                .map(Integer::parseInt)
                .filter(value -> value > 0)
                .map(value -> Math.min(value, most))
                .orElse(usual);
    }

    /** Returns why a site goes by another value than it has been given; empty where it does not. */
    public Optional<String> fault(Map<String, String> settings) {
        int used = of(settings);
        return text(settings)
                .filter(value -> !value.isEmpty() && !value.equals(String.valueOf(used)))
                .map(_ -> "The setting " + name() + " is a number from 1 to " + most + ": " + used
                        + " is used in place of its value.");
    }

    private Optional<String> text(Map<String, String> settings) {
        return settings.entrySet().stream()
                .filter(setting -> setting.getKey().equalsIgnoreCase(name()))
                .map(setting -> setting.getValue().strip().replaceFirst("^0+(?=\\d)", ""))
                .findFirst();
    }
}
