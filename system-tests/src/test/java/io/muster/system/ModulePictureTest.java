package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Draws which module needs which, from their poms, and holds the picture of {@code docs/architecture.md} to it. */
class ModulePictureTest {
    private static final Path PROJECT = Path.of("..");
    private static final Path PAGE = PROJECT.resolve("docs/architecture.md");
    private static final String HEADING = "## Modules and packages";
    private static final Pattern MODULE = Pattern.compile("<module>([a-z-]+)</module>");
    private static final Pattern DEPENDENCY = Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL);
    private static final Pattern ARTIFACT = Pattern.compile("<artifactId>([a-z-]+)</artifactId>");
    private static final Pattern PICTURE = Pattern.compile("```mermaid\n(.*?)```\n", Pattern.DOTALL);

    private static Map<String, Set<String>> needs() throws IOException {
        Map<String, Set<String>> needs = new LinkedHashMap<>();
        for (MatchResult module : MODULE.matcher(Files.readString(PROJECT.resolve("pom.xml")))
                .results()
                .toList()) {
            needs.put(module.group(1), new TreeSet<>());
        }
        for (Map.Entry<String, Set<String>> module : needs.entrySet()) {
            String pom = Files.readString(PROJECT.resolve(module.getKey()).resolve("pom.xml"));
            DEPENDENCY
                    .matcher(pom)
                    .results()
                    .map(found -> found.group(1))
                    .filter(found -> !found.contains("<scope>test") && !found.contains("<type>test-jar"))
                    .flatMap(found -> ARTIFACT.matcher(found).results())
                    .map(found -> found.group(1))
                    .filter(needs::containsKey)
                    .forEach(module.getValue()::add);
        }
        return needs;
    }

    private static Set<String> below(Map<String, Set<String>> needs, String module) {
        Set<String> all = new TreeSet<>();
        for (String needed : needs.get(module)) {
            all.add(needed);
            all.addAll(below(needs, needed));
        }
        return all;
    }

    /** Draws needs that no other need implies. */
    private static String picture() throws IOException {
        Map<String, Set<String>> needs = needs();
        StringBuilder picture = new StringBuilder("flowchart BT\n");
        needs.forEach((module, all) -> all.stream()
                .filter(needed ->
                        all.stream().noneMatch(other -> below(needs, other).contains(needed)))
                .forEach(needed -> picture.append("  %s --> %s%n".formatted(module, needed))));
        return picture.toString();
    }

    @Test
    void pageShowsTheModulesAsTheyAre() throws IOException {
        String page = Files.readString(PAGE);
        String behind = page.substring(page.indexOf(HEADING));
        String drawn =
                PICTURE.matcher(behind).results().findFirst().orElseThrow().group(1);
        if (Boolean.getBoolean("modules.record")) {
            Files.writeString(PAGE, page.replace(drawn, picture()));
            return;
        }
        assertThat(drawn).as("mvn … -Dmodules.record=true draws it anew").isEqualTo(picture());
    }
}
