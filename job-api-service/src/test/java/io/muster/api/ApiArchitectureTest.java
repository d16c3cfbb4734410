package io.muster.api;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

class ApiArchitectureTest {
    private static final String SURFACES = "io.muster.api.surface.(*)..";
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.muster.api");

    @Test
    void mappingTouchesNothingOfTheWorld() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAnyPackage("io.muster.api.json", "io.muster.api.access", "io.muster.api.job")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka..",
                        "io.micronaut..",
                        "io.netty..",
                        "io.muster.codec..",
                        "io.muster.service..",
                        "java.net..")
                .check(CLASSES);
    }

    @Test
    void surfacesDoNotSeeEachOther() {
        SlicesRuleDefinition.slices()
                .matching(SURFACES)
                .should()
                .notDependOnEachOther()
                .check(CLASSES);
    }

    /** Surfaces are named where they are composed, and nowhere else. */
    @Test
    void nothingBelowASurfaceKnowsOne() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAnyPackage(
                        "io.muster.api.access",
                        "io.muster.api.arm",
                        "io.muster.api.http",
                        "io.muster.api.job",
                        "io.muster.api.json",
                        "io.muster.api.kafka",
                        "io.muster.api.surface")
                .should()
                .dependOnClassesThat(new DescribedPredicate<>("are of one surface") {
                    @Override
                    public boolean test(JavaClass type) {
                        return type.getPackageName().startsWith("io.muster.api.surface.");
                    }
                })
                .check(CLASSES);
    }
}
