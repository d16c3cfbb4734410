package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every setting that the code reads is in docs/operate/settings.md, and no other. */
class SettingsPageTest {
    private static final Pattern READ = Pattern.compile(
            "settings\\s*\\.(?:text|number|flag|duration|path|optionalText|optionalPath)\\(\\s*\"([a-z][a-z0-9.]*)\"(\\s*\\+)?");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(MUSTER_[A-Z_]+)");
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `([A-Za-z][A-Za-z0-9._]*)` \\| ([A-Za-z ]+) \\| [^|]+ \\| [^|]+ \\|$");

    /** Names that are put together. */
    private static final Set<String> COMPOSED = Set.of("throttle.KIND.per.minute");

    @Test
    void thePageHasEverySetting() throws IOException {
        Set<String> read = new TreeSet<>(COMPOSED);
        for (Path source : sources()) {
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

    private static List<Path> sources() throws IOException {
        try (Stream<Path> modules = Files.list(Path.of(".."))) {
            List<Path> found = new ArrayList<>();
            for (Path module : modules.filter(path -> Files.isDirectory(path.resolve("src/main/java")))
                    .toList()) {
                try (Stream<Path> files = Files.walk(module.resolve("src/main/java"))) {
                    found.addAll(files.filter(file -> file.toString().endsWith(".java"))
                            .toList());
                }
            }
            return found;
        }
    }
}
