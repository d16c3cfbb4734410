package io.muster.query.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads the parts of a job's document that have a meaning for its query. */
class DocumentQueryTest {
    private static JsonNode properties(String level, String query) throws Exception {
        return new ObjectMapper().readTree("""
                {"compatibilityLevel": "%s",
                 "inputs": [{"name": "Events", "properties": {"type": "Stream"}}],
                 "outputs": [{"name": "Out", "properties": {}}],
                 "transformation": {"properties": {"query": "%s"}}}""".formatted(level, query));
    }

    @ParameterizedTest
    @CsvSource({"1.0, deviceid foo n", "1.1, deviceId Foo N", "1.2, deviceId Foo N"})
    void spellsColumnsAsTheCompatibilityLevelDoes(String level, String names) throws Exception {
        StreamQuery query =
                DocumentQuery.compile(properties(level, "SELECT deviceId, a.Foo, 1 AS N INTO out FROM events"));

        assertThat(query.outputs().getFirst().select().columns())
                .extracting(StreamQuery.Column::name)
                .containsExactly(names.split(" "));
    }

    @Test
    void requiresInputsAndOutputsOfTheJob() throws Exception {
        JsonNode wrong = properties("1.2", "SELECT a INTO out FROM other");

        assertThatThrownBy(() -> DocumentQuery.compile(wrong))
                .isInstanceOf(EvaluationException.class)
                .hasMessage("The query names the input 'other', and the job has [Events].");
    }
}
