package io.muster.device.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalTest {
    private static final long LIMIT = 100_000;

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("sub/journal");
    }

    private static byte[] body(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Map<Long, String> entries(Journal journal) {
        Map<Long, String> entries = new TreeMap<>();
        Optional<Journal.Entry> next = journal.after(0);
        while (next.isPresent()) {
            entries.put(next.get().number(), new String(next.get().body(), StandardCharsets.UTF_8));
            next = journal.after(next.get().number());
        }
        return entries;
    }

    private Map<Long, String> reopened() throws IOException {
        try (Journal journal = Journal.open(file, LIMIT)) {
            return entries(journal);
        }
    }

    @Test
    void keepsWhatIsNotAcknowledged() throws IOException {
        try (Journal journal = Journal.open(file, LIMIT)) {
            assertThat(journal.append(body("a"))).isEqualTo(1);
            assertThat(journal.append(body(""))).isEqualTo(2);
            assertThat(journal.append(body("c"))).isEqualTo(3);
            journal.acknowledge(2);
            journal.acknowledge(99);
            assertThat(entries(journal)).isEqualTo(Map.of(1L, "a", 3L, "c"));
        }
        assertThat(reopened()).isEqualTo(Map.of(1L, "a", 3L, "c"));
    }

    @Test
    void keepsSeveralAtOnceOrNone() throws IOException {
        try (Journal journal = Journal.open(file, 100)) {
            assertThat(journal.append(List.of(body("a"), body("b")))).isEqualTo(1);
            assertThatThrownBy(() -> journal.append(List.of(body("c"), new byte[100])))
                    .isInstanceOf(JournalFullException.class);
            assertThat(journal.append(body("d"))).isEqualTo(3);
        }
        assertThat(reopened()).isEqualTo(Map.of(1L, "a", 2L, "b", 3L, "d"));
    }

    @Test
    void givesNoNumberTwice() throws IOException {
        try (Journal journal = Journal.open(file, LIMIT)) {
            journal.acknowledge(journal.append(body("a")));
        }
        assertThat(reopened()).isEmpty();
        try (Journal journal = Journal.open(file, LIMIT)) {
            assertThat(journal.append(body("b"))).isEqualTo(2);
        }
    }

    @Test
    void takesNoMoreThanItsLimitUntilSomeIsAcknowledged() throws IOException {
        try (Journal journal = Journal.open(file, 100)) {
            long first = journal.append(new byte[70 - Frame.OVERHEAD]);
            assertThatThrownBy(() -> journal.append(new byte[31 - Frame.OVERHEAD]))
                    .isInstanceOf(JournalFullException.class);
            journal.append(new byte[30 - Frame.OVERHEAD]);
            journal.acknowledge(first);
            journal.append(new byte[70 - Frame.OVERHEAD]);
            assertThat(journal.size()).isEqualTo(2);
        }
    }

    @Test
    void boundsItsFile() throws IOException {
        try (Journal journal = Journal.open(file, 1000)) {
            long kept = journal.append(body("kept"));
            for (int i = 0; i < 1000; i++) {
                journal.acknowledge(journal.append(body("entry " + i)));
                assertThat(Files.size(file)).isLessThan(2200);
            }
            assertThat(entries(journal)).isEqualTo(Map.of(kept, "kept"));
        }
        assertThat(reopened()).isEqualTo(Map.of(1L, "kept"));
    }

    @Test
    void isOneProcessAtATime() throws IOException {
        try (Journal journal = Journal.open(file, LIMIT)) {
            assertThatThrownBy(() -> Journal.open(file, LIMIT)).isInstanceOf(IOException.class);
            assertThat(journal.size()).isZero();
        }
        assertThat(reopened()).isEmpty();
    }

    /** Reads each entry whose frame is whole from a file that is cut anywhere, and goes on. */
    @Test
    void readsAFileThatIsCutAnywhere() throws IOException {
        int[] ends = new int[4];
        try (Journal journal = Journal.open(file, LIMIT)) {
            ends[0] = Math.toIntExact(Files.size(file));
            for (int i = 1; i <= 3; i++) {
                journal.append(body("entry " + i));
                ends[i] = Math.toIntExact(Files.size(file));
            }
        }
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length <= whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            int cut = length;
            long expected =
                    Arrays.stream(ends).skip(1).filter(end -> end <= cut).count();
            try (Journal journal = Journal.open(file, LIMIT)) {
                assertThat(entries(journal)).as("cut at %s", length).hasSize(Math.toIntExact(expected));
                long number = journal.append(body("next"));
                assertThat(entries(journal)).containsEntry(number, "next").hasSize(Math.toIntExact(expected) + 1);
            }
        }
    }

    /** Loses the frame of a wrong byte, and no other. */
    @Test
    void readsBehindDamagedBytes() throws IOException {
        try (Journal journal = Journal.open(file, LIMIT)) {
            for (int i = 1; i <= 3; i++) {
                journal.append(body("entry " + i));
            }
        }
        byte[] whole = Files.readAllBytes(file);
        for (int at = 0; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x55;
            Files.write(file, damaged);
            try (Journal journal = Journal.open(file, LIMIT)) {
                assertThat(journal.size()).as("damaged at %s", at).isGreaterThanOrEqualTo(2);
                assertThat(journal.damaged()).isPositive();
                entries(journal).forEach((number, text) -> assertThat(text).isEqualTo("entry " + number));
            }
        }
    }

    /**
     * Does what chance says, and dies at moments that it chooses: acknowledgements that are not on disk may be lost then, and what was being written is
     * torn. An entry that was appended and not acknowledged is always there.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void losesNothingThatWasAppended(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        Map<Long, String> expected = new TreeMap<>();
        long last = 0;
        for (int run = 0; run < 30; run++) {
            long durable;
            try (Journal journal = Journal.open(file, 5_000)) {
                assertThat(entries(journal)).as("seed %s run %s", seed, run).containsAllEntriesOf(expected);
                expected.clear();
                expected.putAll(entries(journal));
                durable = Files.size(file);
                for (int step = random.nextInt(40); step > 0; step--) {
                    if (expected.isEmpty() || random.nextInt(3) > 0) {
                        String text = "x".repeat(random.nextInt(60));
                        try {
                            long number = journal.append(body(text));
                            assertThat(number).isGreaterThan(last);
                            last = number;
                            expected.put(number, text);
                            durable = Files.size(file);
                        } catch (JournalFullException e) {
                            assertThat(expected.values().stream()
                                            .mapToLong(kept -> kept.length() + Frame.OVERHEAD)
                                            .sum())
                                    .isGreaterThan(4_900);
                        }
                    } else {
                        long number = expected.keySet().stream()
                                .skip(random.nextInt(expected.size()))
                                .findFirst()
                                .orElseThrow();
                        journal.acknowledge(number);
                        expected.remove(number);
                    }
                }
            }
            byte[] bytes = Files.readAllBytes(file);
            int kept = Math.toIntExact(durable) + random.nextInt(bytes.length - Math.toIntExact(durable) + 1);
            byte[] torn = Arrays.copyOf(bytes, kept + random.nextInt(20));
            Files.write(file, torn);
        }
    }

    /** Is killed while it appends: says each number once the entry is on disk. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] args) throws IOException {
            Journal journal = Journal.open(Path.of(args[0]), 100_000_000);
            while (true) {
                System.out.println(journal.append(new byte[200]));
                System.out.flush();
            }
        }
    }

    @Test
    void survivesAKill() throws Exception {
        Process victim = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Xmx32m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long said = 0;
        try (BufferedReader out = victim.inputReader()) {
            while (said < 50) {
                said = Long.parseLong(out.readLine());
            }
            // Of the handle: the process object would close the pipe.
            victim.toHandle().destroyForcibly();
            String line = out.readLine();
            while (line != null && !line.isEmpty()) {
                said = Math.max(said, Long.parseLong(line));
                line = out.readLine();
            }
        }
        victim.waitFor();
        Map<Long, String> entries = reopenedLarge();
        for (long number = 1; number <= said; number++) {
            assertThat(entries).containsKey(number);
        }
    }

    private Map<Long, String> reopenedLarge() throws IOException {
        try (Journal journal = Journal.open(file, 100_000_000)) {
            return entries(journal);
        }
    }
}
