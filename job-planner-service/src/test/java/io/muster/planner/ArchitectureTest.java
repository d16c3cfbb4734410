package io.muster.planner;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The path alone says what a file may import. What holds for every service stands in the system tests. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.muster.planner");
    private static final String[] PURE = {"io.muster.planner.job", "io.muster.planner.fleet", "io.muster.planner.json"};

    @Test
    void rulesTouchNothingOfTheWorld() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka..",
                        "io.muster.codec..",
                        "io.muster.topics..",
                        "io.muster.registry..",
                        "io.muster.service",
                        "io.muster.service.coordinator..",
                        "io.muster.service.endpoint..",
                        "io.muster.service.growth..",
                        "io.muster.service.state..",
                        "io.muster.service.topology..",
                        "io.muster.planner.job.stream..",
                        "io.muster.planner.fleet.stream..",
                        "org.slf4j..",
                        "java.net..",
                        "java.nio.file..")
                .check(CLASSES);
    }
}
