package io.muster.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the C libraries of this machine that programs need, so that an image needs no distribution below it. */
final class SharedLibraries {
    private static final Pattern LINE = Pattern.compile("\\s*(?:\\S+ => )?(/\\S+) \\(0x[0-9a-f]+\\)");

    /** Lists what is loaded by name: resolving of hosts, and what RocksDB wants, which lies packed in its jar. */
    private static final Set<String> LOADED_BY_NAME =
            Set.of("libresolv.so.2", "libnss_dns.so.2", "libnss_files.so.2", "libstdc++.so.6", "libgcc_s.so.1");

    private SharedLibraries() {}

    /** Returns the places where they lie here, and are to lie in the image. @param folder with programs and libraries */
    static Set<Path> of(Path folder) throws IOException {
        Set<Path> found = new TreeSet<>();
        List<Path> own;
        try (Stream<Path> files = Files.walk(folder)) {
            own = files.filter(SharedLibraries::isNative).toList();
        }
        Set<String> there =
                own.stream().map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        for (Path file : own) {
            add(file, there, found);
        }
        Path libc = found.stream()
                .filter(path -> path.endsWith("libc.so.6"))
                .findFirst()
                .orElseThrow(() -> new IOException("images are built on Linux with glibc"));
        for (String name : LOADED_BY_NAME) {
            Path library = libc.resolveSibling(name);
            if (!Files.exists(library)) {
                throw new IOException("images are built where " + library + " is installed");
            }
            found.add(library);
            add(library, there, found);
        }
        return found;
    }

    /** Returns the places of those that programs of this machine need. */
    static Set<Path> ofPrograms(Collection<Path> programs) throws IOException {
        Set<Path> found = new TreeSet<>();
        for (Path program : programs) {
            add(program, Set.of(), found);
        }
        return found;
    }

    private static boolean isNative(Path file) {
        return file.toString().endsWith(".so") || file.endsWith(Path.of("bin", "java"));
    }

    /** Adds the libraries that a file needs and its folder lacks. @param there names of what the folder has itself */
    private static void add(Path file, Set<String> there, Set<Path> found) throws IOException {
        for (String line : Commands.run(List.of("ldd", file.toString())).lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            String name = line.strip().split(" ")[0];
            if (there.contains(name)) {
                continue;
            }
            if (matcher.matches()) {
                found.add(Path.of(matcher.group(1)).normalize());
            } else if (line.contains("not found")) {
                throw new IOException("a library that " + file + " needs is missing:" + line);
            }
        }
    }
}
