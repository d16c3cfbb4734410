package io.muster.processor.streamjob.topology;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds files of reference data: one; or several, whose paths say as {date} and {time} from when on each is valid, in UTC. Contract:
 * stream-analytics, 4.1.
 */
final class ReferencePath {
    private static final String DATE = "{date}";
    private static final String TIME = "{time}";

    private final String text;
    private final Pattern pattern;
    private final DateTimeFormatter dates;
    private final DateTimeFormatter times;

    private ReferencePath(String text, Pattern pattern, DateTimeFormatter dates, DateTimeFormatter times) {
        this.text = text;
        this.pattern = pattern;
        this.dates = dates;
        this.times = times;
    }

    /**
     * Reads one.
     *
     * @param text below the folder for reference data
     * @param dateFormat such as {@code yyyy/MM/dd}; letters in any case
     * @param timeFormat such as {@code HH-mm}
     */
    static ReferencePath of(String text, String dateFormat, String timeFormat) throws StreamJobDefinitionException {
        String rest = text.replaceFirst(Pattern.quote(DATE), "").replaceFirst(Pattern.quote(TIME), "");
        if (rest.contains("{") || (text.contains(TIME) && !text.contains(DATE))) {
            throw new StreamJobDefinitionException(
                    "A path of reference data has {date} once, and then {time} once, or none: " + text);
        }
        String date = dateFormat.replace('Y', 'y').replace('D', 'd');
        String time = timeFormat.replace('h', 'H').replace('M', 'm');
        if (!date.matches("(yyyy|MM|dd)([-/_.]?(yyyy|MM|dd)){2}") || !time.matches("HH([-/_.]?mm([-/_.]?ss)?)?")) {
            throw new StreamJobDefinitionException("dateFormat is such as yyyy/MM/dd and timeFormat such as HH-mm, not "
                    + dateFormat + " and " + timeFormat);
        }
        if (text.indexOf('\0') >= 0 || repeats(date, "yyyy") || repeats(date, "MM") || repeats(date, "dd")) {
            throw new StreamJobDefinitionException(
                    "dateFormat names year, month and day once each, and a path has no NUL: " + dateFormat + ", "
                            + text.replace('\0', '?'));
        }
        Pattern pattern = Pattern.compile(Pattern.quote(text)
                .replace(DATE, "\\E(?<date>" + digits(date) + ")\\Q")
                .replace(TIME, "\\E(?<time>" + digits(time) + ")\\Q"));
        return new ReferencePath(
                text,
                pattern,
                DateTimeFormatter.ofPattern(date.replace('y', 'u'), Locale.ROOT),
                DateTimeFormatter.ofPattern(time, Locale.ROOT));
    }

    private static boolean repeats(String format, String part) {
        return format.indexOf(part) != format.lastIndexOf(part);
    }

    private static String digits(String format) {
        return format.replaceAll("[A-Za-z]", "\\\\d").replace(".", "\\.");
    }

    boolean hasVersions() {
        return text.contains(DATE);
    }

    /**
     * Returns the files that there are, by the time from which they are valid: since ever where there is one only.
     *
     * @throws IOException where a folder can't be read
     */
    SortedMap<Instant, Path> files(Path root) throws IOException {
        SortedMap<Instant, Path> files = new TreeMap<>();
        if (!hasVersions()) {
            files.put(Instant.EPOCH, root.resolve(text));
            return files;
        }
        String constant = text.substring(0, text.indexOf('{'));
        Path folder = root.resolve(constant.substring(0, constant.lastIndexOf('/') + 1));
        try (Stream<Path> all = Files.walk(folder)) {
            all.filter(Files::isRegularFile)
                    .forEach(file -> from(root.relativize(file).toString()).ifPresent(at -> files.put(at, file)));
        } catch (NoSuchFileException _) {
            return files;
        } catch (UncheckedIOException e) { // Of a folder below, which can't be read or went meanwhile.
            throw e.getCause();
        }
        return files;
    }

    private Optional<Instant> from(String path) {
        Matcher matcher = pattern.matcher(path);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        try {
            LocalTime time = text.contains(TIME) ? LocalTime.parse(matcher.group("time"), times) : LocalTime.MIDNIGHT;
            return Optional.of(
                    LocalDate.parse(matcher.group("date"), dates).atTime(time).toInstant(ZoneOffset.UTC));
        } catch (DateTimeException _) {
            return Optional.empty(); // There is no such day.
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
