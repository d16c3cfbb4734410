package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Makes the table of values in the chart's README of the schema and the defaults; writes it anew with {@code -Dchart.record=true}. */
class ChartPageTest {
    private static final Path PAGE = Manifests.CHART.resolve("README.md");
    private static final String HEAD = "| value | default | what |\n|---|---|---|\n";
    private static final Gson GSON = new Gson();

    @Test
    void describesEveryValue() throws IOException {
        JsonObject schema =
                GSON.fromJson(Files.readString(Manifests.CHART.resolve("values.schema.json")), JsonObject.class);
        Map<String, Object> read = new Yaml(new SafeConstructor(new LoaderOptions()))
                .load(Files.readString(Manifests.CHART.resolve("values.yaml")));
        JsonObject defaults = GSON.toJsonTree(read).getAsJsonObject();
        StringBuilder table = new StringBuilder(HEAD);
        rows(table, "", schema.getAsJsonObject("properties"), defaults);
        String page = Files.readString(PAGE);
        int at = page.indexOf(HEAD);
        assertThat(at).as("the page has a table of values").isPositive();
        String wanted = page.substring(0, at) + table;
        if (Boolean.getBoolean("chart.record")) {
            Files.writeString(PAGE, wanted);
            page = wanted;
        }
        assertThat(page).isEqualTo(wanted);
    }

    private static void rows(StringBuilder table, String prefix, JsonObject properties, JsonObject defaults) {
        properties.asMap().forEach((name, property) -> {
            JsonObject schema = property.getAsJsonObject();
            String path = prefix + name;
            if (path.equals("global")) {
                return;
            }
            JsonElement value = defaults.get(name);
            if (schema.has("properties")) {
                rows(table, path + ".", schema.getAsJsonObject("properties"), value.getAsJsonObject());
            } else {
                assertThat(schema.has("description"))
                        .as("a description of " + path)
                        .isTrue();
                table.append("| `%s` | `%s` | %s |%n"
                        .formatted(path, text(value), schema.get("description").getAsString()));
            }
        });
    }

    private static String text(@Nullable JsonElement value) {
        if (value == null) {
            return "none";
        }
        String text = value.toString();
        return value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber() && value.getAsDouble() % 1 == 0
                ? String.valueOf(value.getAsLong())
                : text;
    }
}
