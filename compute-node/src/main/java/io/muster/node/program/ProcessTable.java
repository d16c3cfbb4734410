package io.muster.node.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the processes of this machine from {@code /proc}. Source: proc(5). */
final class ProcessTable {
    private static final Path PROC = Path.of("/proc");
    private static final int STATE = 0;
    private static final int PARENT = 1;
    private static final int SESSION = 3;
    /** Begins user and system time, and both of the children that were waited for. */
    private static final int FIRST_TICKS = 11;

    private static final int LAST_TICKS = 14;

    private ProcessTable() {}

    /**
     * Holds a process as it was.
     *
     * @param ticks of processors that it and its ended children have used
     */
    record Entry(long pid, long parent, long session, long ticks, boolean isZombie) {}

    /** Lists all processes but those that end meanwhile. */
    static List<Entry> read() {
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[1-9]*")) {
            for (Path folder : folders) {
                entry(folder).ifPresent(entries::add);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("/proc can't be read", e);
        }
        return entries;
    }

    private static Optional<Entry> entry(Path folder) {
        try {
            long pid = Long.parseLong(String.valueOf(folder.getFileName()));
            // The name in parentheses is the program's to choose, and may hold anything.
            String text = Files.readString(folder.resolve("stat"), StandardCharsets.ISO_8859_1);
            String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
            long ticks = 0;
            for (int i = FIRST_TICKS; i <= LAST_TICKS; i++) {
                ticks += Long.parseLong(fields[i]);
            }
            return Optional.of(new Entry(
                    pid,
                    Long.parseLong(fields[PARENT]),
                    Long.parseLong(fields[SESSION]),
                    ticks,
                    fields[STATE].equals("Z")));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** Returns a variable of the environment with which a process was started; null where it has none, or hides it. */
    static @Nullable String variable(long pid, String name) {
        try {
            String all = Files.readString(PROC.resolve(pid + "/environ"), StandardCharsets.ISO_8859_1);
            String prefix = name + '=';
            for (String entry : all.split("\0")) {
                if (entry.startsWith(prefix)) {
                    return entry.substring(prefix.length());
                }
            }
            return null;
        } catch (IOException e) {
            return null;
        }
    }

    /** Returns the processor ticks that each session's processes have used. */
    static Map<Long, Long> ticksOfSessions(List<Entry> entries) {
        Map<Long, Long> ticks = new HashMap<>();
        entries.forEach(entry -> ticks.merge(entry.session(), entry.ticks(), Long::sum));
        return ticks;
    }
}
