package io.muster.planner.site;

import io.muster.planner.json.MalformedJsonException;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Says what may be asked for. Anybody may write the topic of commands. Contract: webjobs-and-schedules, 2.1. */
final class WebJobRules {
    /** Bounds the jobs of a site. With the bytes of the runs of each ({@link RunHistory}), and {@link #MOST_BYTES}, its document stays below the size of a record. */
    static final int MOST_JOBS = 100;

    /** Bounds the nodes on which a continuous job runs. */
    static final int MOST_NODES = 25;

    /** Bounds the settings of a site and of its jobs. */
    private static final int MOST_BYTES = 2 << 20;

    private static final Pattern SITE = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final int LONGEST_SETTINGS = 16 * 1024;
    private static final int LONGEST_PATH = 1024;
    /** Bounds the bytes of a name, as file systems do. */
    private static final int LONGEST_FILE_NAME = 255;

    private static final int MOST_SETTINGS = 200;
    private static final int LONGEST_NAME = 128;
    private static final int LONGEST_VALUE = 4096;

    private static final Optional<String> TOO_LARGE =
            Optional.of("The settings of a site and of its WebJobs have at most " + MOST_BYTES + " bytes together.");

    private WebJobRules() {}

    /** Returns why there can't be such a site; empty where there can. */
    static Optional<String> siteFault(String site) {
        return SITE.matcher(site).matches()
                ? Optional.empty()
                : Optional.of("A site's name has 1 to 60 letters, digits and hyphens, and no hyphen at either end.");
    }

    /** Returns why there can't be such a job; empty where there can. */
    static Optional<String> fault(PutWebJob job) {
        if (!NAME.matcher(job.getName()).matches()) {
            return Optional.of(
                    "A WebJob's name begins with a letter or a digit, and has up to 64 letters, digits, hyphens"
                            + " and underscores.");
        }
        return filesFault(job.getFiles()).or(() -> settingsFault(job.getSettings()));
    }

    private static Optional<String> filesFault(WebJobFiles files) {
        if (Stream.of(files.getScript(), Objects.requireNonNullElse(files.getFileName(), ""))
                .anyMatch(name -> bytes(name) > LONGEST_FILE_NAME)) {
            return Optional.of("The name of a WebJob's file has at most " + LONGEST_FILE_NAME + " bytes in UTF-8.");
        }
        boolean right = HASH.matcher(files.getSha256()).matches()
                && files.getBytes() >= 0
                && isFileName(files.getScript())
                && (files.getFileName() == null || isFileName(files.getFileName()))
                && isDirectory(files.getDirectory());
        return right ? Optional.empty() : Optional.of("The files of a WebJob lie below its directory.");
    }

    private static boolean isFileName(String name) {
        return !name.isEmpty() && isDirectory(name) && name.indexOf('/') < 0;
    }

    private static boolean isDirectory(String path) {
        if (path.isEmpty()) {
            return true;
        }
        if (path.length() > LONGEST_PATH || path.chars().anyMatch(Character::isISOControl)) {
            return false;
        }
        for (String part : path.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return false;
            }
        }
        return true;
    }

    /** Returns why these can't be a job's settings; empty where they can. */
    static Optional<String> settingsFault(String settings) {
        if (settings.length() > LONGEST_SETTINGS) {
            return Optional.of("The settings of a WebJob have at most " + LONGEST_SETTINGS + " characters.");
        }
        try {
            JobSettings.parse(settings);
            return Optional.empty();
        } catch (MalformedJsonException e) {
            return Optional.of("The settings of a WebJob are a JSON object.");
        }
    }

    /** Returns why a site can't have these settings of a job beside all others; empty where it can. */
    static Optional<String> sizeFault(Site site, WebJobKind kind, String name, String settings) {
        Stream<WebJob> others = site.getWebJobs().stream()
                .filter(job -> job.getKind() != kind || !job.getName().equalsIgnoreCase(name));
        return bytes(site.getSettings()) + bytes(others) + bytes(settings) > MOST_BYTES ? TOO_LARGE : Optional.empty();
    }

    /** Counts the jobs of other kinds and names that a site has, or that were deleted and have not ended. */
    static long others(Site site, WebJobKind kind, String name) {
        String asked = key(kind, name);
        return Stream.concat(
                        site.getWebJobs().stream().map(job -> key(job.getKind(), job.getName())),
                        site.getOrphans().stream().map(orphan -> key(orphan.getKind(), orphan.getName())))
                .filter(key -> !key.equals(asked))
                .distinct()
                .count();
    }

    private static String key(WebJobKind kind, String name) {
        return kind + "/" + name.toLowerCase(Locale.ROOT);
    }

    private static long bytes(Map<String, String> settings) {
        return settings.entrySet().stream()
                .mapToLong(setting -> bytes(setting.getKey()) + bytes(setting.getValue()))
                .sum();
    }

    private static long bytes(Stream<WebJob> jobs) {
        return jobs.mapToLong(job -> bytes(job.getSettings())).sum();
    }

    /** Returns the bytes of a text. */
    static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** Returns why these can't be a site's settings; empty where they can. @param changed all of them, as they would be */
    static Optional<String> settingsFault(Site site, PutSiteSettings asked, Map<String, String> changed) {
        if (bytes(changed) + bytes(site.getWebJobs().stream()) > MOST_BYTES) {
            return TOO_LARGE;
        }
        if (changed.size() > MOST_SETTINGS) {
            return Optional.of("A site has at most " + MOST_SETTINGS + " settings.");
        }
        if (SiteSettings.hasUnknownZone(asked.getSettings())) {
            return Optional.of(
                    "WEBSITE_TIME_ZONE is the name of a time zone as IANA has it, such as Europe/Paris. Without it schedules go by UTC.");
        }
        boolean right = asked.getSettings().entrySet().stream()
                .allMatch(setting -> !setting.getKey().isEmpty()
                        && setting.getKey().length() <= LONGEST_NAME
                        && setting.getKey().chars().noneMatch(c -> Character.isISOControl(c) || c == '=')
                        && (setting.getValue() == null
                                || (setting.getValue().length() <= LONGEST_VALUE
                                        && setting.getValue().indexOf('\0') < 0)));
        return right
                ? Optional.empty()
                : Optional.of("A setting's name has 1 to " + LONGEST_NAME
                        + " characters without =, and its value at most " + LONGEST_VALUE + ".");
    }
}
