package io.muster.planner.site;

import io.muster.document.HostSetting;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Holds what a site's settings say, as far as jobs go by them. Names are the same in any case; a value that makes no sense counts as absent.
 * Contract: webjobs-and-schedules, 2.6.
 *
 * @param isStopped no job runs
 * @param noSchedules no schedule fires
 * @param restartPause before a continuous job starts again
 * @param idle how long a triggered job may be without output and without use of a processor
 * @param historySize how many runs of a job are kept
 * @param zone whose clocks schedules go by
 */
record SiteSettings(
        boolean isStopped, boolean noSchedules, Duration restartPause, Duration idle, int historySize, ZoneId zone) {
    private static final String TIME_ZONE = "WEBSITE_TIME_ZONE";
    private static final String NO_SCHEDULES = "WEBJOBS_DISABLE_SCHEDULE";
    private static final List<String> OF_TRIGGERED_JOBS =
            List.of(NO_SCHEDULES, HostSetting.WEBJOBS_IDLE_TIMEOUT.name(), HostSetting.WEBJOBS_HISTORY_SIZE.name());

    /** Reads the settings of a site. */
    static SiteSettings of(Map<String, String> settings) {
        Map<String, String> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        byName.putAll(settings);
        return new SiteSettings(
                isTrue(byName, "WEBJOBS_STOPPED"),
                isTrue(byName, NO_SCHEDULES),
                Duration.ofSeconds(HostSetting.WEBJOBS_RESTART_TIME.of(byName)),
                Duration.ofSeconds(HostSetting.WEBJOBS_IDLE_TIMEOUT.of(byName)),
                HostSetting.WEBJOBS_HISTORY_SIZE.of(byName),
                zone(byName));
    }

    /** Returns whether settings differ in one that a continuous job goes by: most are variables of its program. Source: field case 68. */
    static boolean concernContinuousJobs(Map<String, String> before, Map<String, String> after) {
        return !ofContinuousJobs(before).equals(ofContinuousJobs(after));
    }

    private static Map<String, String> ofContinuousJobs(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.keySet().removeIf(name -> OF_TRIGGERED_JOBS.stream().anyMatch(name::equalsIgnoreCase));
        return all;
    }

    private static Optional<String> text(Map<String, String> settings, String name) {
        return Optional.ofNullable(settings.get(name)).map(String::strip);
    }

    private static boolean isTrue(Map<String, String> settings, String name) {
        return text(settings, name)
                .filter(value -> value.equals("1") || value.equalsIgnoreCase("true"))
                .isPresent();
    }

    private static ZoneId zone(Map<String, String> settings) {
        return text(settings, TIME_ZONE).flatMap(SiteSettings::zone).orElse(ZoneOffset.UTC);
    }

    private static Optional<ZoneId> zone(String name) {
        try {
            return Optional.of(ZoneId.of(name));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Returns whether settings name a time zone that there is not. A blank one is none. */
    static boolean hasUnknownZone(Map<String, String> settings) {
        return settings.entrySet().stream()
                .filter(setting -> setting.getKey().equalsIgnoreCase(TIME_ZONE) && setting.getValue() != null)
                .map(setting -> setting.getValue().strip())
                .anyMatch(name -> !name.isEmpty() && zone(name).isEmpty());
    }
}
