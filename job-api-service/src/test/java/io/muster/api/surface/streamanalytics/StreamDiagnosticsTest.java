package io.muster.api.surface.streamanalytics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.StreamJobView;
import io.muster.api.json.ProblemException;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobStatus;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads jobs whose query is wrong, as callers do. Contract: stream-analytics, 4.2. */
class StreamDiagnosticsTest {
    private static final String PATH =
            "/subscriptions/s/resourcegroups/g/providers/Microsoft.StreamAnalytics/streamingjobs/j";

    private static StreamJobView.Entry entry(String level, String query) throws Exception {
        ObjectNode body = (ObjectNode) new ObjectMapper().readTree("""
                {"properties": {
                  "compatibilityLevel": "%s",
                  "inputs": [{"name": "Events", "properties": {"type": "Stream"}}],
                  "outputs": [{"name": "Out", "properties": {}}],
                  "transformation": {"name": "T", "properties": {"query": "%s"}}
                }}""".formatted(level, query));
        StreamJob job = StreamJob.newBuilder()
                .setStreamJobId("j")
                .setDefinition(StreamJobDocument.put(PATH, body).definition())
                .setRevision(1)
                .setCreatedAt(Instant.EPOCH)
                .setStatus(StreamJobStatus.CREATED)
                .build();
        return new StreamJobView.Entry(job, OptionalLong.empty(), Map.of(), List.of());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT k, COUNT(*) INTO Out FROM Events GROUP BY k | Line 1:41 A stream has no end: add a window to GROUP BY
            CREATE TABLE Events (k bigint)                     | Line 1:1 CREATE isn't supported
            SELECT k INTO Out FROM Event                       | The query names the input 'event', and the job has [Events].
            SELECT k INTO Output FROM Events                   | The query names the output 'output', and the job has [Out].
            """)
    void diagnosesABadQueryWhenItIsWritten(String query, String message) throws Exception {
        StreamJobView.Entry entry = entry("1.2", query);

        JsonNode job = StreamJobResource.diagnosed(entry, EnumSet.allOf(ChildKind.class));
        for (JsonNode shown : List.of(job, job.at("/properties/transformation"))) {
            JsonNode condition = shown.at("/properties/diagnostics/conditions/0");
            assertThat(condition.path("code").asText()).isEqualTo("QueryCompilationError");
            assertThat(condition.path("message").asText()).contains(message);
        }
        assertThatThrownBy(() -> StreamJobCommands.start(null, entry))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining(message);
    }

    @Test
    void showsNoDiagnosticsOfAGoodQuery() throws Exception {
        assertThat(StreamJobResource.diagnosed(entry("1.2", "SELECT k INTO out FROM events"), Set.of())
                        .at("/properties/diagnostics")
                        .isMissingNode())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1.0 | Columns have names in lower case, as at level 1.0; the job runs with the meaning of level 1.2 otherwise.
            1.1 | The job runs with the meaning of level 1.2.
            1.2 |
            """)
    void saysWhatACompatibilityLevelMeans(String level, @Nullable String message) throws Exception {
        assertThat(StreamJobResource.diagnosed(entry(level, "SELECT k INTO Out FROM Events"), Set.of())
                        .at("/properties/diagnostics/conditions/0/message")
                        .asText())
                .isEqualTo(message == null ? "" : message);
    }
}
