package io.muster.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The part of this JDK that the services need. */
final class JavaRuntime {
    private static final String MODULES = String.join(
            ",",
            "java.base",
            "java.logging",
            "java.management",
            "java.naming",
            "java.net.http",
            "java.security.jgss",
            "java.security.sasl",
            "java.sql",
            "java.xml",
            "jdk.crypto.ec",
            "jdk.dynalink",
            "jdk.httpserver",
            "jdk.jfr",
            "jdk.management",
            "jdk.naming.dns",
            "jdk.unsupported",
            "jdk.zipfs");

    private JavaRuntime() {}

    /** Makes it in the folder, unless it is there. */
    static void link(Path folder) throws IOException {
        if (Files.exists(folder.resolve("release"))) {
            return;
        }
        Commands.run(List.of(
                Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
                "--add-modules",
                MODULES,
                "--strip-java-debug-attributes",
                "--no-header-files",
                "--no-man-pages",
                "--compress",
                "zip-6",
                "--output",
                folder.toString()));
    }
}
