package io.muster.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidatorBuilder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Keeps every schema that was ever released under {@code src/test/resources/history/<subject>/v<n>.avsc}, where none is ever edited. A changed schema
 * is a new version there: run this test with {@code -Dschemas.record=true} to add it.
 */
class SchemaHistoryTest {
    private static final Path HISTORY = Path.of("src/test/resources/history");

    static Stream<Topic<?>> topics() {
        return Topics.ALL.stream().filter(topic -> !topic.isJson());
    }

    @ParameterizedTest
    @MethodSource("topics")
    void readsEverythingEverWritten(Topic<?> topic) throws IOException {
        List<Schema> history = history(topic);
        assertThatCode(() -> new SchemaValidatorBuilder()
                        .canReadStrategy()
                        .validateAll()
                        .validate(topic.schema(), history.reversed()))
                .as("BACKWARD_TRANSITIVE of %s", topic.subject())
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @MethodSource("topics")
    void writesTheLatestSchemaOfTheHistory(Topic<?> topic) throws IOException {
        List<Schema> history = history(topic);
        if (Boolean.getBoolean("schemas.record")
                && (history.isEmpty() || !history.getLast().equals(topic.schema()))) {
            Path folder = Files.createDirectories(HISTORY.resolve(topic.subject()));
            Files.writeString(
                    folder.resolve("v" + (history.size() + 1) + ".avsc"),
                    topic.schema().toString(true) + "\n");
            history = history(topic);
        }
        assertThat(history)
                .as("history of %s (record a changed schema with -Dschemas.record=true)", topic.subject())
                .last()
                .isEqualTo(topic.schema());
    }

    /** Rejects defaults for which Apicurio 3.3.3 answers 422 to a schema: "Failed to discover artifact type from content." */
    @ParameterizedTest
    @MethodSource("topics")
    void hasNoDefaultThatTheRegistryTakesForADocument(Topic<?> topic) {
        assertThat(topic.schema().toString()).doesNotContain("\"default\":\"{", "\"default\":\"[");
    }

    @org.junit.jupiter.api.Test
    void refusesAnIncompatibleSchema() {
        Schema wasText = new Schema.Parser()
                .parse("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"}]}");
        Schema isNumber = new Schema.Parser()
                .parse("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}");
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> new SchemaValidatorBuilder()
                        .canReadStrategy()
                        .validateAll()
                        .validate(isNumber, List.of(wasText)))
                .isInstanceOf(SchemaValidationException.class);
    }

    private static List<Schema> history(Topic<?> topic) throws IOException {
        List<Schema> versions = new ArrayList<>();
        Path folder = HISTORY.resolve(topic.subject());
        for (int version = 1; Files.exists(folder.resolve("v" + version + ".avsc")); version++) {
            versions.add(new Schema.Parser()
                    .parse(folder.resolve("v" + version + ".avsc").toFile()));
        }
        return versions;
    }
}
