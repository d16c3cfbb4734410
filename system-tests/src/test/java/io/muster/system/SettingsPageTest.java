package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares docs/operate/settings.md with the code: each setting that the code reads is there, and no other, with the default that a test pins. */
class SettingsPageTest {
    private static final Pattern READ = Pattern.compile(
            "settings\\s*\\.(?:text|number|flag|duration|path|optionalText|optionalPath)\\(\\s*\"([a-z][a-z0-9.]*)\"(\\s*\\+)?");
    /** Matches a default that a test named SettingsDefaultsTest pins. */
    private static final Pattern PINNED = Pattern.compile("entry\\(\"([a-z0-9.]+)\", \"([^\"]*)\"\\)");

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(MUSTER_[A-Z_]+)");
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `([A-Za-z][A-Za-z0-9._]*)` \\| ([A-Za-z ]+) \\| ([^|]+) \\| [^|]+ \\|$");

    /** Lists names that are put together. */
    private static final Set<String> COMPOSED = Set.of("throttle.KIND.per.minute");

    @Test
    void listsEverySetting() throws IOException {
        Set<String> read = new TreeSet<>(COMPOSED);
        for (Path source : files("src/main/java", ".java")) {
            Matcher matcher = READ.matcher(Files.readString(source));
            while (matcher.find()) {
                if (matcher.group(2) == null) {
                    read.add(matcher.group(1));
                }
            }
        }
        Matcher variables =
                VARIABLE.matcher(Files.readString(Path.of("../service-runtime/src/main/resources/logback.xml")));
        while (variables.find()) {
            read.add(variables.group(1));
        }
        List<String> rows = new ArrayList<>();
        Matcher row = ROW.matcher(Files.readString(Path.of("../docs/operate/settings.md")));
        while (row.find()) {
            rows.add(row.group(1));
        }
        assertThat(read).hasSizeGreaterThan(40);
        assertThat(rows).doesNotHaveDuplicates();
        assertThat(new TreeSet<>(rows)).isEqualTo(read);
    }

    /** Accepts a default in words, such as <q>the JVM's</q>, which says more than the code's. */
    @Test
    void listsEveryDefaultThatTestsPin() throws IOException {
        Map<String, String> pinned = new TreeMap<>();
        for (Path test : files("src/test/java", "SettingsDefaultsTest.java")) {
            Matcher entry = PINNED.matcher(Files.readString(test));
            while (entry.find()) {
                // The kind "central" alone has a limit where nothing is set.
                String name = entry.group(1).matches("throttle\\.(?!central).*")
                        ? "throttle.KIND.per.minute"
                        : entry.group(1);
                assertThat(pinned.put(name, entry.group(2))).as(name).isIn(null, entry.group(2));
            }
        }
        Matcher row = ROW.matcher(Files.readString(Path.of("../docs/operate/settings.md")));
        while (row.find()) {
            if (!row.group(1).startsWith("MUSTER_")) {
                String onPage = row.group(3);
                assertThat(pinned).as("a pinned default").containsKey(row.group(1));
                if (onPage.startsWith("`")) {
                    assertThat(pinned).containsEntry(row.group(1), asCode(onPage.replace("`", "")));
                } else if (onPage.equals("none") || onPage.equals("required")) {
                    assertThat(pinned).containsEntry(row.group(1), onPage);
                }
            }
        }
    }

    private static String asCode(String onPage) {
        return onPage.matches("\\d+[smh]") ? "PT" + onPage.toUpperCase(Locale.ROOT) : onPage;
    }

    private static List<Path> files(String folder, String ending) throws IOException {
        try (Stream<Path> modules = Files.list(Path.of(".."))) {
            List<Path> found = new ArrayList<>();
            for (Path module : modules.filter(path -> Files.isDirectory(path.resolve(folder)))
                    .toList()) {
                try (Stream<Path> files = Files.walk(module.resolve(folder))) {
                    found.addAll(files.filter(file -> file.toString().endsWith(ending))
                            .toList());
                }
            }
            return found;
        }
    }
}
