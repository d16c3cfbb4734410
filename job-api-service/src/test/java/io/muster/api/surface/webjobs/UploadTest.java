package io.muster.api.surface.webjobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.records.ScriptHost;
import io.muster.records.WebJobFiles;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads archives that are taken, and some that are refused whole. Contract: webjobs-and-schedules, 2.1; addresses, "Rulings". */
class UploadTest {
    private static final UploadLimits LIMITS = new UploadLimits(100_000, 1_000_000);
    private static final Set<ScriptHost> ALL = EnumSet.allOf(ScriptHost.class);

    private static byte[] zip(Map<String, String> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, String> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static Upload.Content content(byte[] body) throws Exception {
        try (Upload upload = Upload.read(new ByteArrayInputStream(body), LIMITS).orElseThrow()) {
            return upload.asArchive(ALL, LIMITS);
        }
    }

    private static void refused(byte[] body, String part) {
        assertThatThrownBy(() -> content(body))
                .isInstanceOf(UploadException.class)
                .hasMessageContaining(part);
    }

    private static void put(ByteBuffer in, int signature, int field, int value, boolean wide) {
        for (int at = 0; at + 4 <= in.limit(); at++) {
            if (in.getInt(at) == signature) {
                if (wide) {
                    in.putInt(at + field, value);
                } else {
                    in.put(at + field, (byte) value);
                }
            }
        }
    }

    @Test
    void takesTheFilesOfAnArchive() throws Exception {
        byte[] body = zip(
                Map.of("run.sh", "echo hi", "lib/a.py", "", "settings.job", "{\"schedule\":\"0 0 3 * * *\",\"x\":1}"));
        Upload.Content content = content(body);
        WebJobFiles files = content.files().orElseThrow();
        assertThat(files.getScript()).isEqualTo("run.sh");
        assertThat(files.getHost()).isEqualTo(ScriptHost.BASH);
        assertThat(files.getDirectory()).isEmpty();
        assertThat(files.getFileName()).isNull();
        assertThat(files.getBytes()).isEqualTo(body.length);
        assertThat(files.getSha256()).matches("[0-9a-f]{64}");
        assertThat(content.settings().text()).isEqualTo("{\"schedule\":\"0 0 3 * * *\",\"x\":1}");
        assertThat(content.disabled()).isFalse();
    }

    @Test
    void findsItsScriptInTheOnlyDirectoryBelow() throws Exception {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("outer/", "");
        files.put("outer/inner/run.py", "");
        files.put("outer/inner/sub/run.cmd", "");
        files.put("outer/inner/disable.job", "");
        Upload.Content content = content(zip(files));
        assertThat(content.files().orElseThrow().getDirectory()).isEqualTo("outer/inner");
        assertThat(content.files().orElseThrow().getScript()).isEqualTo("run.py");
        assertThat(content.disabled()).isTrue();
    }

    @Test
    void findsNoScriptInOneOfSeveralDirectories() throws Exception {
        assertThat(content(zip(Map.of("a/run.sh", "", "b/run.sh", ""))).files()).isEmpty();
        assertThat(content(zip(Map.of("read.me", "", "b/run.sh", ""))).files()).isEmpty();
        assertThat(content(zip(Map.of())).files()).isEmpty();
    }

    /** Goes on without them, as Kudu has it, and says so: they were taken for none silently. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            []      | is no JSON object
            ``      | is no JSON object
            no json | is not JSON (Unrecognized token 'no': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false'))
            {       | is not JSON (Unexpected end-of-input: expected close marker for Object (start marker at [line: 1, column: 1]))
            {}{}    | is not JSON (Something follows the JSON value)
            """)
    void saysWhySettingsAreNotUsed(String settings, String why) throws Exception {
        Upload.Content content = content(zip(Map.of("run.sh", "", "settings.job", settings)));
        assertThat(content.settings())
                .isEqualTo(new Upload.Settings("{}", "The file settings.job " + why + ", and is not used."));
        assertThat(content.files()).isPresent();
    }

    @Test
    void saysThatSettingsAreTooLong() throws Exception {
        String settings = "{\"a\":\"" + "x".repeat(16 * 1024) + "\"}";
        assertThat(content(zip(Map.of("run.sh", "", "settings.job", settings))).settings())
                .isEqualTo(
                        new Upload.Settings("{}", "The file settings.job has more than 16384 bytes, and is not used."));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../run.sh",
                "a/../../run.sh",
                "/etc/run.sh",
                "a//run.sh",
                "./run.sh",
                "..",
                "a\\run.sh",
                "..\\run.sh",
                "C:/run.sh",
                "c:run.sh"
            })
    void refusesAnEntryThatLeavesItsDirectory(String name) throws Exception {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("run.sh", "");
        files.put(name, "");
        refused(zip(files), "does not lie below its directory");
    }

    @ParameterizedTest
    @ValueSource(ints = {0120777, 0020666, 0060660, 0010644, 0140755})
    void refusesALinkOrADevice(int mode) throws Exception {
        byte[] body = zip(Map.of("run.sh", "/etc/passwd"));
        ByteBuffer directory = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
        put(directory, 0x02014b50, 5, 3, false);
        put(directory, 0x02014b50, 38, mode << 16, true);
        refused(body, "a link or a device");
    }

    @ParameterizedTest
    @ValueSource(ints = {0100755, 0040755, 0})
    void takesAPlainFileOfUnix(int mode) throws Exception {
        byte[] body = zip(Map.of("run.sh", ""));
        ByteBuffer directory = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
        put(directory, 0x02014b50, 5, 3, false);
        put(directory, 0x02014b50, 38, mode << 16, true);
        assertThat(content(body).files()).isPresent();
    }

    @Test
    void refusesABomb() throws Exception {
        String large = "0".repeat(600_000);
        refused(zip(Map.of("a.sh", large, "b.sh", large)), "more bytes");
        assertThat(content(zip(Map.of("a.sh", large))).files())
                .as("within the limit")
                .isPresent();
    }

    /** Does not trust the size that an entry states. */
    /** Refuses an entry whose checksum, or size, is not what the archive's directory says: a damaged script would run. */
    @ParameterizedTest
    @ValueSource(ints = {16, 24})
    void refusesADamagedEntry(int field) throws Exception {
        byte[] body = zip(Map.of("run.sh", "echo good"));
        put(ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN), 0x02014b50, field, 4, true);
        refused(body, "run.sh is damaged");
    }

    @Test
    void refusesANameThatNoNodeCanWrite() throws Exception {
        for (String name : List.of("y".repeat(256), "ü".repeat(128), "a\nb.sh")) {
            refused(zip(Map.of("run.sh", "", name, "")), "names of up to 255 bytes without control characters");
        }
        assertThat(content(zip(Map.of("run.sh", "", "y".repeat(255), ""))).files())
                .isPresent();
    }

    @Test
    void refusesABombThatSaysItIsSmall() throws Exception {
        byte[] body = zip(Map.of("a.sh", "0".repeat(1_500_000)));
        put(ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN), 0x02014b50, 24, 10, true);
        assertThatThrownBy(() -> content(body)).isInstanceOf(UploadException.class);
    }

    /** Holds no directory in memory that is nearly all of the file, as its end record says. */
    @Test
    void refusesADirectoryThatIsLargerThanOneMayBe() {
        byte[] body = new byte[(17 << 20) + 22];
        ByteBuffer end = ByteBuffer.wrap(body)
                .order(ByteOrder.LITTLE_ENDIAN)
                .position(17 << 20)
                .slice();
        end.order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, 0x06054b50)
                .putShort(8, (short) 1)
                .putShort(10, (short) 1);
        end.putInt(12, 17 << 20).putInt(16, 0);
        UploadLimits limits = new UploadLimits(body.length, body.length);
        assertThatThrownBy(() -> {
                    try (Upload upload =
                            Upload.read(new ByteArrayInputStream(body), limits).orElseThrow()) {
                        upload.asArchive(ALL, limits);
                    }
                })
                .isInstanceOf(UploadException.class)
                .hasMessageContaining("a directory of 16 MiB");
    }

    @Test
    void refusesMoreEntriesThanItTakes() throws Exception {
        Map<String, String> files = new LinkedHashMap<>();
        for (int i = 0; i <= Archive.MOST_ENTRIES; i++) {
            files.put("" + i, "");
        }
        UploadLimits large = new UploadLimits(10 << 20, 10 << 20);
        try (Upload upload =
                Upload.read(new ByteArrayInputStream(zip(files)), large).orElseThrow()) {
            assertThatThrownBy(() -> upload.asArchive(ALL, large))
                    .isInstanceOf(UploadException.class)
                    .hasMessageContaining("10000 entries");
        }
    }

    @Test
    void refusesAFileAndADirectoryOfOneName() throws Exception {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("run.sh", "");
        files.put("run.sh/x", "");
        refused(zip(files), "a file and a directory");
    }

    @Test
    void refusesWhatIsNoArchive() throws Exception {
        refused("echo hi".getBytes(StandardCharsets.UTF_8), "no zip file");
        refused(new byte[0], "no zip file");
        byte[] cut = zip(Map.of("run.sh", "x".repeat(1000)));
        refused(java.util.Arrays.copyOf(cut, cut.length - 30), "no zip file");
        byte[] damaged = zip(Map.of("run.sh", "echo hi, this is a script"));
        java.util.Arrays.fill(damaged, 36, 50, (byte) 0xff);
        assertThatThrownBy(() -> content(damaged)).isInstanceOf(UploadException.class);
    }

    @Test
    void readsNoMoreThanTheLimit() throws Exception {
        assertThat(Upload.read(new ByteArrayInputStream(new byte[100_001]), LIMITS))
                .isEmpty();
        try (Upload upload =
                Upload.read(new ByteArrayInputStream(new byte[100_000]), LIMITS).orElseThrow()) {
            assertThat(upload.bytes()).isEqualTo(100_000);
            assertThat(upload.file()).exists();
            upload.close();
            assertThat(upload.file()).doesNotExist();
        }
    }

    @Test
    void isASingleFileUnderItsName() throws Exception {
        try (Upload upload = Upload.read(new ByteArrayInputStream("print(1)".getBytes(StandardCharsets.UTF_8)), LIMITS)
                .orElseThrow()) {
            WebJobFiles files = upload.asFile("tool.py", ALL).files().orElseThrow();
            assertThat(files.getFileName()).isEqualTo("tool.py");
            assertThat(files.getScript()).isEqualTo("tool.py");
            assertThat(files.getHost()).isEqualTo(ScriptHost.PYTHON);
            assertThat(upload.asFile("tool.txt", ALL).files()).isEmpty();
        }
    }
}
