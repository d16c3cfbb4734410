package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds docs/compatibility.md against the tests: each row that it calls built names tests that exist. */
class CompatibilityPageTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern JAVA = Pattern.compile("`(\\w+Test)\\.(\\w+)`");
    private static final Set<String> DRIVEN_BY_SDKS =
            Set.of("The twelve rules that break clients", "Service REST", "Device MQTT");
    private static final Pattern SDK = Pattern.compile("SdkTest\\.|fleet\\.js");
    private static final Pattern NODE = Pattern.compile("`(\\w+\\.js) (\\w+)`");

    @Test
    void namesExistingTestsInEachBuiltRow() throws IOException {
        int built = 0;
        String heading = "";
        for (String line : Files.readAllLines(ROOT.resolve("docs/compatibility.md"))) {
            heading = line.startsWith("## ") ? line.substring(3) : heading;
            String[] cells = line.split("\\|");
            if (cells.length < 4 || !cells[2].strip().startsWith("built")) {
                continue;
            }
            built++;
            List<String> held = new ArrayList<>();
            Matcher java = JAVA.matcher(cells[3]);
            while (java.find()) {
                assertThat(head(source(java.group(1) + ".java"), java.group(2)))
                        .as(line)
                        .containsPattern("@(Parameterized)?Test\\b");
                held.add(java.group());
            }
            Matcher node = NODE.matcher(cells[3]);
            while (node.find()) {
                assertThat(Files.readString(Path.of("node", node.group(1))))
                        .as(line)
                        .contains("async function " + node.group(2) + "(")
                        .contains("await " + node.group(2) + "(run)");
                held.add(node.group());
            }
            assertThat(held).as(line).isNotEmpty();
            if (DRIVEN_BY_SDKS.contains(heading) && cells[2].strip().equals("built")) {
                assertThat(held).as(line).anyMatch(SDK.asPredicate());
            }
        }
        assertThat(built).isGreaterThan(30);
    }

    /** Returns the annotations of a method, with what stands between it and the one before. */
    private static String head(String source, String method) {
        int at = source.indexOf(" void " + method + "(");
        assertThat(at).as(method).isPositive();
        return source.substring(Math.max(0, source.lastIndexOf("\n    }\n", at)), at);
    }

    /** Reads the modules' sources only: builds beside the test change the files below {@code target}. */
    private static String source(String name) throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            for (Path sources : modules.map(module -> module.resolve("src/test/java"))
                    .filter(Files::isDirectory)
                    .toList()) {
                try (Stream<Path> files = Files.walk(sources)) {
                    Optional<Path> file =
                            files.filter(path -> path.endsWith(name)).findFirst();
                    if (file.isPresent()) {
                        return Files.readString(file.get());
                    }
                }
            }
        }
        throw new AssertionError("there is no test " + name);
    }
}
