package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferencePathTest {
    @TempDir
    Path root;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            p/{date}/{time}/l.csv | yyyy/MM/dd | HH       | p/2026/11/22/07/l.csv     | 2026-11-22T07:00:00Z
            p/{date}/{time}/l.csv | YYYY-MM-DD | HH-mm    | p/2026-11-22/07-30/l.csv  | 2026-11-22T07:30:00Z
            p/l-{date}.csv        | ddMMyyyy   | HH       | p/l-22112026.csv          | 2026-11-22T00:00:00Z
            p/{date}T{time}.csv   | yyyy-MM-dd | hh-MM-ss | p/2026-11-22T07-30-05.csv | 2026-11-22T07:30:05Z
            p/{date}/l.csv        | yyyy/MM/dd | HH       | p/2026/11/32/l.csv        | none
            p/{date}/l.csv        | yyyy/MM/dd | HH       | p/2026/11/22/more/l.csv   | none
            p/{date}/l.csv        | yyyy/MM/dd | HH       | p/2026/11/22/lxcsv        | none
            p/l.csv               | yyyy/MM/dd | HH       | p/l.csv                   | 1970-01-01T00:00:00Z
            """)
    void readsFromThePathWhenAFileBecomesValid(String path, String dates, String times, String file, String from)
            throws Exception {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), "");
        assertThat(ReferencePath.of(path, dates, times).files(root).entrySet())
                .extracting(found -> found.getKey() + " " + root.relativize(found.getValue()))
                .isEqualTo(from.equals("none") ? List.of() : List.of(from + " " + file));
    }

    @ParameterizedTest
    @CsvSource({
        "p/{time}/l.csv, yyyy/MM/dd, HH",
        "p/{date}/{date}, yyyy/MM/dd, HH",
        "p/{hour}, yyyy/MM/dd, HH",
        "p/{date}, yyyy/MM, HH",
        "p/{date}/{time}, yyyy/MM/dd, mm",
        "p/{date}, .*, HH"
    })
    void refusesPathsThatNameNoTime(String path, String dates, String times) {
        assertThatThrownBy(() -> ReferencePath.of(path, dates, times)).isInstanceOf(StreamJobDefinitionException.class);
    }

    @Test
    void findsNoFilesInAFolderThatIsMissing() throws Exception {
        assertThat(ReferencePath.of("none/{date}/l.csv", "yyyy/MM/dd", "HH").files(root))
                .isEmpty();
    }
}
