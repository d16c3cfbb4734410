package io.muster.standalone;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * Keeps logs from growing for ever: one that is too large becomes {@code NAME.log.1}, in place of the one before, and begins anew. Those who
 * write it append and notice nothing; a line that is written in that moment may be lost.
 */
final class GrownLogs {
    static final long LARGEST = 16L * 1024 * 1024;

    private GrownLogs() {}

    /** Rotates each log of the folder that is too large, once. */
    static void rotate(Path folder, long largest) throws IOException {
        List<Path> grown;
        try (Stream<Path> files = Files.list(folder)) {
            grown = files.filter(file ->
                            file.toString().endsWith(".log") && file.toFile().length() > largest)
                    .toList();
        }
        for (Path log : grown) {
            Files.copy(log, log.resolveSibling(log.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
                channel.truncate(0);
            }
        }
    }
}
