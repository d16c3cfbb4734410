package io.muster.system;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds each package to the imports that its description allows. The sentence {@code May import: {@code a}, {@code b}.} in a {@code
 * package-info} is the rule: a name of ours is that package alone, or with {@code ..} those below it too; another name includes those below it. {@code
 * java.lang}, the annotations of JSpecify and the package itself need no mention.
 */
class ImportsTest {
    private static final Pattern SENTENCE = Pattern.compile("May import: (.*?)\\.\\s+\\*/", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("\\{@code\\s+([a-z0-9_.]+)}");
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            // Micronaut writes these beside ours.
            .withImportOption(location -> !location.contains("$Definition"))
            .importPackages("io.muster");

    /** Names a package and what it may import, as patterns of ArchUnit. */
    private record Allowlist(String name, List<String> allowed) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Allowlist> allowlists() throws IOException {
        try (Stream<Path> files = Files.find(
                Path.of(".."),
                20,
                (file, _) -> file.toString().contains("/src/main/java/") && file.endsWith("package-info.java"))) {
            return files.flatMap(ImportsTest::allowlist).toList();
        }
    }

    private static Stream<Allowlist> allowlist(Path description) {
        String text;
        try {
            text = Files.readString(description);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        Matcher sentence = SENTENCE.matcher(text.replaceAll("\n \\*(?!/)", "\n"));
        String folders = description.getParent().toString();
        String name = folders.substring(folders.indexOf("/src/main/java/") + "/src/main/java/".length())
                .replace('/', '.');
        if (!sentence.find()) {
            return Stream.of(new Allowlist(name, List.of()));
        }
        return Stream.of(new Allowlist(
                name,
                Stream.concat(
                                Stream.of(name, "java.lang..", "org.jspecify.annotations"),
                                NAME.matcher(sentence.group(1)).results().map(found -> pattern(found.group(1))))
                        .toList()));
    }

    private static String pattern(String name) {
        return name.startsWith("io.muster") || name.endsWith("..") ? name : name + "..";
    }

    @ParameterizedTest
    @MethodSource("allowlists")
    void importsWhatItsDescriptionAllows(Allowlist allowlist) {
        assertThat(allowlist.allowed())
                .as("a sentence 'May import:' in the description")
                .hasSizeGreaterThan(3);
        classes()
                .that()
                .resideInAPackage(allowlist.name())
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowlist.allowed().toArray(String[]::new))
                .check(CLASSES);
    }
}
