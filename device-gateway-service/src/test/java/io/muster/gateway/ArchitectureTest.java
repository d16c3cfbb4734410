package io.muster.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The path alone says what a file may import. What holds for every service stands in the system tests. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.muster.gateway");

    @Test
    void rulesTouchNothingOfTheWorld() {
        noClasses()
                .that()
                .resideInAnyPackage("io.muster.gateway.connect", "io.muster.gateway.topic")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.netty..",
                        "org.apache.kafka..",
                        "io.muster.codec..",
                        "io.muster.topics..",
                        "io.muster.service..",
                        "io.muster.gateway.mqtt..",
                        "io.muster.gateway.kafka..",
                        "org.slf4j..",
                        "java.nio.file..")
                .check(CLASSES);
    }

    @Test
    void socketsKnowNoKafkaAndKafkaNoSockets() {
        noClasses()
                .that()
                .resideInAPackage("io.muster.gateway.mqtt")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka..", "io.muster.gateway.kafka..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("io.muster.gateway.kafka")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(CLASSES);
    }
}
