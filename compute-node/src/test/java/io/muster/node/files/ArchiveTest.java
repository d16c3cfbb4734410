package io.muster.node.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveTest {
    private static final int ENTRY = 0x02014b50;

    @TempDir
    private Path folder;

    private Path zip;
    private Path target;

    @BeforeEach
    void name() {
        zip = folder.resolve("a.zip");
        target = folder.resolve("target");
    }

    private void zip(String... names) throws IOException {
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : names) {
                out.putNextEntry(new ZipEntry(name));
                if (!name.endsWith("/")) {
                    out.write(("content of " + name).getBytes(StandardCharsets.UTF_8));
                }
            }
        }
    }

    /** Changes the archive's directory. @param change is called with each entry's position in it */
    private void change(java.util.function.BiConsumer<ByteBuffer, Integer> change) throws IOException {
        byte[] bytes = Files.readAllBytes(zip);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 4 <= bytes.length; at++) {
            if (buffer.getInt(at) == ENTRY) {
                change.accept(buffer, at);
            }
        }
        Files.write(zip, bytes);
    }

    private static void mode(ByteBuffer buffer, int at, int mode) {
        buffer.put(at + 5, (byte) 3);
        buffer.putInt(at + 38, mode << 16);
    }

    private void refuses(Archive archive, String sentence) {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> archive.unpack(zip, target))
                .withMessageContaining(sentence);
        assertThat(target).as("nothing was written").doesNotExist();
        assertThat(folder.resolve("evil")).doesNotExist();
    }

    @Test
    void unpacksFilesAndFolders() throws IOException {
        zip("run.sh", "lib/", "lib/deep/a.py", "grüße.txt");
        long bytes = Archive.USUAL.unpack(zip, target);
        assertThat(target.resolve("lib/deep/a.py")).hasContent("content of lib/deep/a.py");
        assertThat(target.resolve("grüße.txt")).exists();
        assertThat(bytes)
                .isEqualTo(Files.size(target.resolve("run.sh"))
                        + Files.size(target.resolve("lib/deep/a.py"))
                        + Files.size(target.resolve("grüße.txt")));
    }

    @Test
    void keepsProgramsPrograms() throws IOException {
        zip("tool", "text");
        change((buffer, at) -> mode(buffer, at, buffer.get(at + 46 + 1) == 'o' ? 0104755 : 0100644));
        Archive.USUAL.unpack(zip, target);
        assertThat(Files.isExecutable(target.resolve("tool"))).isTrue();
        assertThat(Files.getPosixFilePermissions(target.resolve("text")).toString())
                .doesNotContain("EXECUTE");
        assertThat((int) Files.getAttribute(target.resolve("tool"), "unix:mode") & 07000)
                .as("no bits that give a program its owner's rights")
                .isZero();
    }

    @Test
    void refusesADamagedEntry() throws IOException {
        zip("run.sh");
        change((buffer, at) -> buffer.putInt(at + 16, 4));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Archive.USUAL.unpack(zip, target))
                .withMessageContaining("damaged: run.sh");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "a/../../evil", "/evil", "a/..", "..", "a\\..\\..\\evil", "a/../b", "a\u0001b"})
    void refusesAPathThatLeavesItsFolder(String name) throws IOException {
        zip("harmless", name);
        refuses(Archive.USUAL, "stay below");
    }

    @ParameterizedTest
    @ValueSource(ints = {0120777, 0060644, 0010644, 0140644})
    void refusesLinksAndWhatIsNoFile(int mode) throws IOException {
        zip("harmless", "link");
        change((buffer, at) -> mode(buffer, at, buffer.getChar(at + 28) == 4 ? mode : 0100644));
        refuses(Archive.USUAL, "neither a file nor a directory: link");
    }

    @Test
    void refusesTooMuch() throws IOException {
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : List.of("a", "b")) {
                out.putNextEntry(new ZipEntry(name));
                out.write(new byte[600_000]);
            }
        }
        assertThat(Files.size(zip)).as("a bomb is small").isLessThan(3000);
        refuses(new Archive(10, 1_000_000), "at most 1000000 bytes");
        assertThat(new Archive(10, 1_200_000).unpack(zip, target)).isEqualTo(1_200_000);
    }

    @Test
    void refusesTooManyEntries() throws IOException {
        zip("a", "b", "c");
        refuses(new Archive(2, 1000), "too many entries");
    }

    @Test
    void stopsWhereAnEntryHoldsMoreThanItSays() throws IOException {
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            out.putNextEntry(new ZipEntry("a"));
            out.write(new byte[5_000_000]);
        }
        change((buffer, at) -> buffer.putInt(at + 24, 10));
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> Archive.USUAL.unpack(zip, target));
        assertThat(Files.exists(target.resolve("a")) ? Files.size(target.resolve("a")) : 0)
                .isLessThan(100_000);
    }

    @Test
    void refusesTwoEntriesOfOnePath() throws IOException {
        zip("a/b", "a//b");
        refuses(Archive.USUAL, "two entries of one path");
    }

    @Test
    void refusesAnEncryptedEntry() throws IOException {
        zip("a");
        change((buffer, at) -> buffer.putShort(at + 8, (short) (buffer.getShort(at + 8) | 1)));
        refuses(Archive.USUAL, "encrypted");
    }

    @Test
    void refusesWhatIsNoArchive() throws IOException {
        Files.writeString(zip, "#!/bin/sh\n".repeat(1000));
        refuses(Archive.USUAL, "no zip file");
        Files.writeString(zip, "");
        refuses(Archive.USUAL, "no zip file");
    }

    @Test
    void refusesAnArchiveThatIsCutAnywhere() throws IOException {
        zip("a", "b/c");
        byte[] whole = Files.readAllBytes(zip);
        for (int length = 0; length < whole.length; length++) {
            Files.write(zip, java.util.Arrays.copyOf(whole, length));
            assertThatExceptionOfType(IOException.class)
                    .as("cut at %s", length)
                    .isThrownBy(() -> Archive.USUAL.unpack(zip, target));
        }
    }
}
