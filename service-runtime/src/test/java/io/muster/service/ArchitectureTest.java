package io.muster.service;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A package imports what its description says, and nothing else. Beside it each may import the JDK, its own classes and those of logging. */
class ArchitectureTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Pattern IMPORTS = Pattern.compile("Imports:(.*?)\\*/", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("\\{@code[\\s*]+([a-z0-9.]+)}");
    private static final List<String> ALWAYS =
            List.of("java..", "org.slf4j..", "org.jspecify..", "org.apache.avro.specific..");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.muster.service");

    static List<Path> descriptions() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.endsWith("package-info.java")).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("descriptions")
    void importsOnlyWhatItsDescriptionNames(Path description) throws IOException {
        String own = SOURCES.relativize(description.getParent()).toString().replace('/', '.');
        Matcher imports = IMPORTS.matcher(Files.readString(description));
        assertThat(imports.find()).as("%s says what it imports", own).isTrue();
        List<String> allowed = new ArrayList<>(ALWAYS);
        allowed.add(own);
        Matcher name = NAME.matcher(imports.group(1));
        while (name.find()) {
            allowed.add(name.group(1));
        }
        classes()
                .that()
                .resideInAPackage(own)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed.toArray(String[]::new))
                .check(CLASSES);
    }
}
