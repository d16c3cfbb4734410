package io.muster.api;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** Separates surfaces from each other; {@code ImportsTest} of the system tests holds each package to the imports of its description. */
class ApiArchitectureTest {
    private static final String SURFACES = "io.muster.api.surface.(*)..";
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.muster.api");

    @Test
    void hidesSurfacesFromEachOther() {
        SlicesRuleDefinition.slices()
                .matching(SURFACES)
                .should()
                .notDependOnEachOther()
                .check(CLASSES);
    }
}
