package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TracesTest {
    private static final Instant FROM = Instant.parse("2026-11-21T02:00:00Z");
    private static final Instant TO = FROM.plusSeconds(3);

    private final Ended ended = new Ended();
    private final Traces planner = new Traces(1, "planner", ended);
    private final Traces gateway = new Traces(1, "gateway", ended);

    private static final class Ended implements SpanProcessor {
        private final List<SpanData> spans = new CopyOnWriteArrayList<>();

        @Override
        public void onStart(Context parentContext, ReadWriteSpan span) {}

        @Override
        public boolean isStartRequired() {
            return false;
        }

        @Override
        public void onEnd(ReadableSpan span) {
            spans.add(span.toSpanData());
        }

        @Override
        public boolean isEndRequired() {
            return true;
        }
    }

    @Test
    void writesOneTraceFromServicesThatShareOnlyARecord() {
        Traces.Trace decided = planner.of("job", 7, "pump").orElseThrow();
        Traces.Trace delivered = gateway.of(decided.traceparent(), "pump").orElseThrow();
        delivered.part("deliver", SpanKind.CLIENT, FROM, TO, true, Attributes.empty());
        gateway.of("job", 7, "pump")
                .orElseThrow()
                .part("count", SpanKind.CONSUMER, FROM, TO, false, Attributes.empty());
        decided.whole("device job", FROM, TO, false, Attributes.empty());
        SpanData root = ended.spans.getLast();
        assertThat(root.getParentSpanContext().isValid()).isFalse();
        assertThat(decided.traceparent()).isEqualTo("00-" + root.getTraceId() + "-" + root.getSpanId() + "-01");
        assertThat(ended.spans.subList(0, 2)).allSatisfy(part -> {
            assertThat(part.getTraceId()).isEqualTo(root.getTraceId());
            assertThat(part.getParentSpanId()).isEqualTo(root.getSpanId());
            assertThat(part.getSpanId()).isNotEqualTo(root.getSpanId());
            assertThat(part.getEndEpochNanos() - part.getStartEpochNanos()).isEqualTo(3_000_000_000L);
        });
        assertThat(ended.spans)
                .extracting(span -> span.getStatus().getStatusCode())
                .containsExactly(StatusCode.ERROR, StatusCode.UNSET, StatusCode.UNSET);
    }

    @Test
    void givesEachDeviceJobItsOwnTrace() {
        assertThat(List.of(
                        planner.of("job", 7, "pump").orElseThrow().traceparent(),
                        planner.of("job", 8, "pump").orElseThrow().traceparent(),
                        planner.of("job", 7, "valve").orElseThrow().traceparent(),
                        planner.of("other", 7, "pump").orElseThrow().traceparent()))
                .doesNotHaveDuplicates();
    }

    @Test
    void followsTheSameShareInEveryService() {
        try (Traces some = new Traces(0.1, "a", ended);
                Traces others = new Traces(0.1, "b", ended)) {
            List<Integer> followed = IntStream.range(0, 10_000)
                    .filter(i -> some.of("job", 1, "d" + i).isPresent())
                    .boxed()
                    .toList();
            assertThat(followed).hasSizeBetween(900, 1100);
            assertThat(followed).allMatch(i -> others.of("job", 1, "d" + i).isPresent());
        }
    }

    @Test
    void followsNoneByDefault() {
        assertThat(Traces.off().of("job", 7, "pump")).isEmpty();
        assertThat(Traces.off().of(planner.of("job", 7, "pump").orElseThrow().traceparent(), "pump"))
                .isEmpty();
        assertThat(Traces.from(Settings.of(new String[0], Map.of()), "s").of("job", 7, "pump"))
                .isEmpty();
        assertThat(gateway.of(null, "pump")).isEmpty();
        assertThat(gateway.of("short", "pump")).isEqualTo(Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({
        "2, traces.share is a number from 0 to 1",
        "x, traces.share is a number",
        "-1, traces.share",
        "NaN, traces.share"
    })
    void refusesAnInvalidShare(String share, String why) {
        Settings settings = Settings.of(new String[] {"--traces.share=" + share}, Map.of());
        assertThatThrownBy(() -> Traces.from(settings, "s"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(why);
    }

    @Test
    void refusesAnInvalidEndpoint() {
        Settings settings = Settings.of(new String[] {"--traces.endpoint=collector"}, Map.of());
        assertThatThrownBy(() -> Traces.from(settings, "s"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("traces.endpoint can't be used");
    }
}
