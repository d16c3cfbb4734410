package io.muster.planner.site;

import io.muster.planner.json.MalformedJsonException;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.WebJobFiles;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Says what may be asked for. Anybody may write the topic of commands. Contract: webjobs-and-schedules, 2.1. */
final class WebJobRules {
    /** Bounds a site, with all that its document holds. */
    static final int MOST_JOBS = 200;

    private static final Pattern SITE = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final int LONGEST_SETTINGS = 16 * 1024;
    private static final int LONGEST_PATH = 1024;
    private static final int MOST_SETTINGS = 200;
    private static final int LONGEST_NAME = 128;
    private static final int LONGEST_VALUE = 4096;

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

    /** Returns why these can't be a site's settings; empty where they can. @param changed all of them, as they would be */
    static Optional<String> settingsFault(PutSiteSettings asked, Map<String, String> changed) {
        if (changed.size() > MOST_SETTINGS) {
            return Optional.of("A site has at most " + MOST_SETTINGS + " settings.");
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
