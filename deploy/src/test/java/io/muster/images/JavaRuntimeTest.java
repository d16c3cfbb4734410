package io.muster.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JavaRuntimeTest {
    /** Names a module that Jackson, Rhino and Micronaut do without where it is not there. */
    private static final String UNUSED = "java.desktop";

    /** Finds a class that is missing, which would end a request or a thread whenever it is needed first: as jdk.net.Sockets did in each stream job. */
    @ParameterizedTest
    @EnumSource
    void hasEachModuleThatTheJarsOfAServiceName(ServiceImage service) throws IOException {
        Set<String> needed = new TreeSet<>();
        for (Path jar : ClassPath.of(Path.of("..").toRealPath(), service.artifact(), "0.1.0-SNAPSHOT")) {
            needed.addAll(modules(jar));
        }
        assertThat(needed).contains("java.base", "java.logging");
        needed.removeAll(JavaRuntime.MODULES);
        assertThat(needed).isSubsetOf(UNUSED);
    }

    /** Returns the modules of the JDK; other libraries are none to it. */
    private static Set<String> modules(Path jar) {
        StringWriter said = new StringWriter();
        ToolProvider.findFirst("jdeps")
                .orElseThrow()
                .run(
                        new PrintWriter(said),
                        new PrintWriter(said),
                        "--multi-release",
                        "25",
                        "--ignore-missing-deps",
                        "-summary",
                        jar.toString());
        return said.toString()
                .lines()
                .map(line -> line.replaceFirst(".* -> ", ""))
                .filter(name -> name.matches("(java|jdk)\\.[a-z.]+"))
                .collect(Collectors.toSet());
    }
}
