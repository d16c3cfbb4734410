package io.muster.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Links the part of this JDK that the services need. */
final class JavaRuntime {
    static final List<String> MODULES = List.of(
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
            "jdk.net",
            "jdk.unsupported",
            "jdk.zipfs");

    private JavaRuntime() {}

    /** Makes it below the folder, unless this one is there already. @return where it is */
    static Path link(Path work) throws IOException {
        Path folder = work.resolve("java-" + Integer.toHexString((Runtime.version() + " " + MODULES).hashCode()));
        if (Files.exists(folder.resolve("release"))) {
            return folder;
        }
        Commands.run(List.of(
                Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
                "--add-modules",
                String.join(",", MODULES),
                "--strip-java-debug-attributes",
                "--no-header-files",
                "--no-man-pages",
                "--compress",
                "zip-6",
                "--output",
                folder.toString()));
        return folder;
    }
}
