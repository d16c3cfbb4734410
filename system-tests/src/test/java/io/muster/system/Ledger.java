package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Is the file of a script that may not run twice at once: each copy writes when it begins, every 50 ms that it lives, and when it ends. A copy that begins while
 * another lives finds its lock held, writes that, and ends with code 99. Times are since the machine's start, the same for all processes.
 */
final class Ledger {
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final String CLASH = "clashes";
    private static final String END = "ends";

    /** Is the life of a copy. @param folder in which it ran @param first when it began @param last when it lived for certain @param lines that it wrote @param ended whether by itself */
    record Life(Path folder, Duration first, Duration last, int lines, boolean ended) {
        /** Returns the node that ran it. */
        String node() {
            int nodes = 0;
            while (!folder.getName(nodes).toString().equals("nodes")) {
                nodes++;
            }
            return folder.getName(nodes + 1).toString();
        }
    }

    private final Path file;

    private Ledger(Path file) {
        this.file = file;
    }

    static Ledger create(String name) throws IOException {
        Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), name);
        return new Ledger(Files.createFile(folder.resolve("ledger")));
    }

    /** Returns the script, for bash. It ends by itself once the ledger {@link #open} was called. */
    String script() {
        return """
                ledger='%s'
                say() { read -r up idle </proc/uptime; echo "$up $1 $PWD" >>"$ledger"; }
                exec 9>>"$ledger.lock"
                say begins
                flock -n 9 || { say %s; exit 99; }
                until [ -e "$ledger.open" ]; do say lives; sleep 0.05 9>&-; done
                say %s
                """.formatted(file, CLASH, END);
    }

    /** Has its copies end by themselves. */
    void open() throws IOException {
        Path gate = file.resolveSibling(file.getFileName() + ".open");
        if (Files.notExists(gate)) {
            Files.createFile(gate);
        }
    }

    /** Returns the time by which it counts. */
    static Duration now() throws IOException {
        return time(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
    }

    private static Duration time(String seconds) {
        return Duration.ofMillis(Math.round(Double.parseDouble(seconds) * 1000));
    }

    /** Returns the lives of its copies, in the order in which they began. */
    List<Life> lives() throws IOException {
        Map<Path, Life> lives = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] words = line.split(" ", 3);
            Duration at = time(words[0]);
            Path folder = Path.of(words[2]);
            lives.merge(
                    folder,
                    new Life(folder, at, at, 1, false),
                    (before, _) -> new Life(folder, before.first(), at, before.lines() + 1, words[1].equals(END)));
        }
        return new ArrayList<>(lives.values());
    }

    /** Waits until so many copies have begun, and the last of them has found the lock free or held. @return the last one */
    Life begun(int copies) {
        return await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        this::lives,
                        lives -> lives.size() >= copies && lives.get(copies - 1).lines() > 1)
                .get(copies - 1);
    }

    /** Requires that there were so many copies, and never two at once. */
    void requireOneAfterTheOther(int copies) throws IOException {
        List<Life> lives = lives();
        assertThat(Files.readAllLines(file).stream().filter(line -> line.contains(CLASH)))
                .as("copies that met another, of %s", lives)
                .isEmpty();
        assertThat(lives).hasSize(copies);
        for (int i = 1; i < lives.size(); i++) {
            assertThat(lives.get(i).first())
                    .as("the next copy begins once the last one is dead: %s", lives)
                    .isGreaterThanOrEqualTo(lives.get(i - 1).last());
        }
    }
}
