package io.muster.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Finds the jars of a service: its own, and those that it needs. */
final class ClassPath {
    private ClassPath() {}

    /**
     * Finds them where the build has put them.
     *
     * @param project folder of Muster's sources, built
     * @param artifact the service's module
     * @throws IOException when it was not built
     */
    static List<Path> of(Path project, String artifact, String version) throws IOException {
        Path target = project.resolve(artifact).resolve("target");
        Path own = target.resolve(artifact + "-" + version + ".jar");
        if (!Files.exists(own) || !Files.isDirectory(target.resolve("lib"))) {
            throw new IOException(artifact + " is not built: run ./muster images, or mvn package");
        }
        List<Path> all = new ArrayList<>(List.of(own));
        try (Stream<Path> others = Files.list(target.resolve("lib"))) {
            others.sorted().forEach(all::add);
        }
        return all;
    }

    /** Returns a copy without the native libraries of other machines, or the jar itself where it has none. @param folder for the copy */
    static Path trimmed(Path jar, Path folder, Machine machine) throws IOException {
        Path copy = folder.resolve(jar.getFileName());
        try (JarFile from = new JarFile(jar.toFile())) {
            if (from.stream().noneMatch(entry -> machine.isForeign(entry.getName()))) {
                return jar;
            }
            Files.createDirectories(folder);
            try (OutputStream out = Files.newOutputStream(copy);
                    ZipOutputStream to = new ZipOutputStream(out)) {
                for (Enumeration<? extends ZipEntry> entries = from.entries(); entries.hasMoreElements(); ) {
                    ZipEntry entry = entries.nextElement();
                    if (!machine.isForeign(entry.getName())) {
                        ZipEntry kept = new ZipEntry(entry.getName());
                        kept.setTimeLocal(entry.getTimeLocal());
                        to.putNextEntry(kept);
                        try (InputStream in = from.getInputStream(entry)) {
                            in.transferTo(to);
                        }
                    }
                }
            }
        }
        return copy;
    }
}
