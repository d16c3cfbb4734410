package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Compares the tables of settings in docs/nodes.md with the code. A row may have several names and their defaults, or the default of all of them. */
final class SettingsTable {
    private static final Path PAGE = Path.of("../docs/nodes.md");
    private static final String HEADER = "| setting | default | what |\n|---|---|---|\n";

    private SettingsTable() {}

    /**
     * Fails where the page has another setting or default. It accepts words, such as <q>processors</q>, which say more than the code does.
     *
     * @param table the number of the table on the page, from 0
     */
    static void rejectOtherDefaults(int table, Map<String, String> pinned) throws IOException {
        Map<String, String> onPage = read(table);
        assertThat(onPage).containsOnlyKeys(pinned.keySet());
        onPage.forEach((name, text) -> {
            if (text.matches("`[^`]*`|none")) {
                assertThat(pinned).containsEntry(name, text.replace("`", ""));
            } else {
                assertThat(pinned.get(name).equals("required"))
                        .as("%s is required", name)
                        .isEqualTo(text.startsWith("required"));
            }
        });
    }

    private static Map<String, String> read(int table) throws IOException {
        Map<String, String> rows = new TreeMap<>();
        for (String row : rows(table)) {
            String[] cells = row.split("\\|");
            List<String> names = parts(cells[1]);
            List<String> defaults = parts(cells[2]);
            assertThat(defaults.size()).as("defaults of %s", names).isIn(1, names.size());
            for (int i = 0; i < names.size(); i++) {
                String before = rows.put(names.get(i).replace("`", ""), defaults.get(Math.min(i, defaults.size() - 1)));
                assertThat(before).as("another row of %s", names.get(i)).isNull();
            }
        }
        return rows;
    }

    private static List<String> rows(int table) throws IOException {
        String behind = Files.readString(PAGE).split(Pattern.quote(HEADER))[table + 1];
        return behind.split("\n\n")[0].lines().toList();
    }

    private static List<String> parts(String cell) {
        return List.of(cell.strip().split(", "));
    }
}
