package io.muster.system;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.StoreBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks rules of every service. */
class ArchitectureTest {
    private static final String[] SERVICES = {
        "io.muster.api..",
        "io.muster.planner..",
        "io.muster.gateway..",
        "io.muster.processor..",
        "io.muster.device..",
        "io.muster.agent..",
        "io.muster.node.."
    };
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.muster");

    @Test
    void readsNoClockInRules() {
        noClasses()
                .that()
                .resideInAnyPackage(SERVICES)
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Clock.class)
                .check(CLASSES);
    }

    /** Allows the measuring of durations where sockets, pipes and logs are, and nowhere else. */
    @Test
    void measuresDurationsAtTheEdgesOnly() {
        noClasses()
                .that()
                .resideInAnyPackage(SERVICES)
                .and()
                .resideOutsideOfPackages(
                        "io.muster.api.http..",
                        "io.muster.device",
                        "io.muster.gateway.mqtt..",
                        "io.muster.gateway.kafka..",
                        "io.muster.node.files",
                        "io.muster.node.output",
                        "io.muster.node.program",
                        "io.muster.processor.function..",
                        "io.muster.processor.streamjob.topology..")
                .should()
                .callMethod(System.class, "nanoTime")
                .check(CLASSES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"io.muster.api..", "io.muster.planner..", "io.muster.gateway..", "io.muster.processor.."})
    void hidesServicesFromEachOther(String service) {
        noClasses()
                .that()
                .resideInAPackage(service)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(Arrays.stream(SERVICES)
                        .filter(other -> !other.equals(service))
                        .toArray(String[]::new))
                .check(CLASSES);
    }

    /** Allows the command that moves state to operators, and to standalone, which is one. */
    @Test
    void usesTheCommandThatMovesStateInNoService() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.muster.service.growth..", "io.muster.standalone..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.muster.service.growth..")
                .check(CLASSES);
    }

    /** Requires that each store is declared: another would lose its rows when topics grow. Stream jobs are applications of their own, which never grow. */
    @Test
    void addsStoresByTheirDeclarationsOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.muster.processor.engine.topology..")
                .should()
                .callMethod(Topology.class, "addStateStore", StoreBuilder.class, String[].class)
                .check(CLASSES);
    }

    /** Allows one global store, the planner's copy of {@code jobs}: it has no changelog, and is read from the topic again at each start. */
    @Test
    void addsNoOtherGlobalStoreThanTheCopyOfJobs() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("io.muster.planner.PlannerTopology")
                .should()
                .callMethodWhere(target(name("addGlobalStore")))
                .check(CLASSES);
    }
}
