package io.muster.node.program;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    private static final long MOST_TRIED = 512;
    private static final int LONGEST_VARIABLE = 200;
    private static final int PIECE = 8192;

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

    /**
     * Lists the processes that were started behind one of these last seconds. Numbers are given in turn, so that few have to be tried; where they are many, or began anew, all
     * processes are listed. All processes of the machine are more than short programs can afford.
     */
    static List<Entry> readSince(long pid) {
        long last = lastPid();
        if (last < pid || last - pid > MOST_TRIED) {
            return read();
        }
        List<Entry> entries = new ArrayList<>();
        for (long tried = pid + 1; tried <= last; tried++) {
            Path folder = PROC.resolve(Long.toString(tried));
            if (folder.toFile().exists()) {
                entry(folder).ifPresent(entries::add);
            }
        }
        return entries;
    }

    /** Returns the number of the process, or thread, that was started last; 0 where it is not told. */
    private static long lastPid() {
        try {
            String load = Files.readString(PROC.resolve("loadavg"), StandardCharsets.ISO_8859_1);
            return Long.parseLong(load.substring(load.lastIndexOf(' ') + 1).strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
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

    /**
     * Returns a variable of the environment with which a process was started; null where it has none, or hides it, or it is longer than {@value #LONGEST_VARIABLE}. Reads
     * by the piece: a process may have an environment of many megabytes.
     */
    static @Nullable String variable(long pid, String name) {
        byte[] prefix = (name + '=').getBytes(StandardCharsets.ISO_8859_1);
        byte[] entry = new byte[prefix.length + LONGEST_VARIABLE];
        int length = 0;
        try (InputStream in = Files.newInputStream(PROC.resolve(pid + "/environ"))) {
            byte[] piece = new byte[PIECE];
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                for (int i = 0; i < n; i++) {
                    if (piece[i] != 0) {
                        if (length < entry.length) {
                            entry[length] = piece[i];
                        }
                        length++;
                        continue;
                    }
                    if (length >= prefix.length
                            && length <= entry.length
                            && Arrays.equals(entry, 0, prefix.length, prefix, 0, prefix.length)) {
                        return new String(entry, prefix.length, length - prefix.length, StandardCharsets.ISO_8859_1);
                    }
                    length = 0;
                }
            }
            return null;
        } catch (IOException e) {
            return null;
        }
    }

    /** Lists the processes of a user that could write to one of these pipes. @param pipes by the names that {@code /proc} gives them */
    static List<Entry> writers(Set<String> pipes, long user) {
        return read().stream()
                .filter(entry -> !entry.isZombie() && isWriter(PROC.resolve(Long.toString(entry.pid())), pipes, user))
                .toList();
    }

    private static boolean isWriter(Path process, Set<String> pipes, long user) {
        try {
            if (((Number) Files.getAttribute(process, "unix:uid")).longValue() != user) {
                return false;
            }
            try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
                for (Path file : files) {
                    // The mode of the link says for what the file is open.
                    if (pipes.contains(Files.readSymbolicLink(file).toString())
                            && Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)
                                    .contains(PosixFilePermission.OWNER_WRITE)) {
                        return true;
                    }
                }
            }
            return false;
        } catch (IOException | DirectoryIteratorException e) {
            // It ends, or hides it.
            return false;
        }
    }

    /** Returns the processor ticks that each session's processes have used. */
    static Map<Long, Long> ticksOfSessions(List<Entry> entries) {
        Map<Long, Long> ticks = new HashMap<>();
        entries.forEach(entry -> ticks.merge(entry.session(), entry.ticks(), Long::sum));
        return ticks;
    }
}
