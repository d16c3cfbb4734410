package io.muster.api.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.json.JsonBody;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleDocumentTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");

    /** Keeps the times of a document that is saved again, and the counts of its firings, which go by the timing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"cron\":\"0 30 3 * * *\"}",
                "{\"recurrence\":{\"frequency\":\"day\"}}",
                "{\"startTime\":\"2026-12-01T00:00:00Z\",\"cron\":\"0 30 3 * * *\"}",
                "{\"schedule\":{\"start\":\"2026-12-01T00:00:00Z\",\"recurrence\":\"daily\"}}"
            })
    void readsTheSameTimingWheneverItIsRead(String document) {
        JsonBody body = JsonBody.parse(document.getBytes(StandardCharsets.UTF_8));
        ScheduleDocument first = ScheduleDocument.of(body, NOW);
        assertThat(ScheduleDocument.of(body, NOW.plusSeconds(3600)).timing()).isEqualTo(first.timing());
        assertThat(first.schedule().first(NOW).orElseThrow().time()).isAfterOrEqualTo(NOW);
    }
}
