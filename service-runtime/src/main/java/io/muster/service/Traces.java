package io.muster.service;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.IdGenerator;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows device jobs through the services, as OpenTelemetry spans. A device job may wait for days, and is decided, delivered and counted in
 * different processes: so the ids of its trace follow from its name, every service agrees on which are followed, and nothing about traces
 * is part of any state. Spans that can't be sent fast enough are dropped. Thread-safe.
 */
public final class Traces implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Traces.class);

    /** Holds the logger: one that nobody holds loses its handlers. */
    private static final java.util.logging.Logger EXPORTERS = java.util.logging.Logger.getLogger("io.opentelemetry");

    private static final HexFormat HEX = HexFormat.of();
    private static final int TRACE_BYTES = 16;
    private static final int SPAN_BYTES = 8;
    private static final int TRACEPARENT_LENGTH = 55;
    private static final long CLOSE_SECONDS = 3;
    private static final AttributeKey<String> JOB = AttributeKey.stringKey("muster.job.id");
    private static final AttributeKey<String> DEVICE = AttributeKey.stringKey("muster.device.id");

    private final double share;
    private final Ids ids = new Ids();
    private final SdkTracerProvider provider;
    private final Tracer tracer;

    /** Follows none. */
    public static Traces off() {
        return new Traces(0, "", SpanProcessor.composite());
    }

    /**
     * Reads {@code traces.endpoint}, to which spans are sent by OTLP over HTTP (none are if it is missing), and {@code traces.share}, of the
     * device jobs that are followed: 0 to 1, every hundredth by default.
     */
    public static Traces from(Settings settings, String service) {
        Optional<String> endpoint = settings.optionalText("traces.endpoint");
        String text = settings.text("traces.share", "0.01");
        try {
            double share = Double.parseDouble(text);
            if (!(share >= 0 && share <= 1)) {
                throw new NumberFormatException("out of range");
            }
            if (endpoint.isEmpty()) {
                return off();
            }
            EXPORTERS.setUseParentHandlers(false);
            EXPORTERS.addHandler(new Sentences());
            return new Traces(
                    share,
                    service,
                    BatchSpanProcessor.builder(OtlpHttpSpanExporter.builder()
                                    .setEndpoint(endpoint.get())
                                    .build())
                            .build());
        } catch (NumberFormatException e) {
            throw new SettingsException("traces.share is a number from 0 to 1, not \"" + text + "\".");
        } catch (IllegalArgumentException e) {
            throw new SettingsException("traces.endpoint can't be used: " + e.getMessage() + ".");
        }
    }

    /** Follows a share of the device jobs through one service. @param share of the device jobs, from 0 to 1 @param processor takes what ends */
    public Traces(double share, String service, SpanProcessor processor) {
        this.share = share;
        this.provider = SdkTracerProvider.builder()
                .setResource(Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), service)))
                .setIdGenerator(ids)
                .addSpanProcessor(processor)
                .build();
        this.tracer = provider.get("io.muster");
    }

    /** Returns the trace of a device job, if the job is followed. */
    public Optional<Trace> of(String jobId, long jobNumber, String deviceId) {
        if (share == 0) {
            return Optional.empty();
        }
        byte[] digest = sha256().digest((jobId + '\0' + jobNumber + '\0' + deviceId).getBytes(StandardCharsets.UTF_8));
        double place = (ByteBuffer.wrap(digest).getLong(TRACE_BYTES + SPAN_BYTES) >>> 11) * 0x1.0p-53;
        return place >= share
                ? Optional.empty()
                : Optional.of(new Trace(
                        HEX.formatHex(digest, 0, TRACE_BYTES),
                        HEX.formatHex(digest, TRACE_BYTES, TRACE_BYTES + SPAN_BYTES),
                        Attributes.of(JOB, jobId, DEVICE, deviceId)));
    }

    /** Returns the trace that a record names in its header {@code traceparent}. Source: W3C Trace Context. */
    public Optional<Trace> of(@Nullable String traceparent, String deviceId) {
        if (share == 0 || traceparent == null || traceparent.length() != TRACEPARENT_LENGTH) {
            return Optional.empty();
        }
        return Optional.of(new Trace(
                traceparent.substring(3, 35), traceparent.substring(36, 52), Attributes.of(DEVICE, deviceId)));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has it", e);
        }
    }

    /** Sends what has ended. */
    @Override
    public void close() {
        provider.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS);
    }

    /** Is the trace of one device job. */
    public final class Trace {
        private final String traceId;
        private final String rootId;
        private final Attributes attributes;

        private Trace(String traceId, String rootId, Attributes attributes) {
            this.traceId = traceId;
            this.rootId = rootId;
            this.attributes = attributes;
        }

        /** Returns the value of a record's header {@code traceparent}. */
        public String traceparent() {
            return "00-" + traceId + "-" + rootId + "-01";
        }

        /** Records the end of the device job itself. */
        public void whole(String name, Instant from, Instant to, boolean failed, Attributes more) {
            ids.root.set(this);
            try {
                record(tracer.spanBuilder(name).setNoParent(), from, to, failed, more);
            } finally {
                ids.root.remove();
            }
        }

        /** Records the end of a part of it. */
        public void part(String name, SpanKind kind, Instant from, Instant to, boolean failed, Attributes more) {
            SpanContext root = SpanContext.createFromRemoteParent(
                    traceId, rootId, TraceFlags.getSampled(), TraceState.getDefault());
            record(
                    tracer.spanBuilder(name)
                            .setSpanKind(kind)
                            .setParent(Context.root().with(Span.wrap(root))),
                    from,
                    to,
                    failed,
                    more);
        }

        private void record(SpanBuilder builder, Instant from, Instant to, boolean failed, Attributes more) {
            Span span = builder.setStartTimestamp(from)
                    .setAllAttributes(attributes)
                    .setAllAttributes(more)
                    .startSpan();
            if (failed) {
                span.setStatus(StatusCode.ERROR);
            }
            span.end(to.isBefore(from) ? from : to);
        }
    }

    /** Logs the exporter's messages without stack traces: a collector that is away is no fault of ours. */
    private static final class Sentences extends Handler {
        @Override
        public void publish(LogRecord record) {
            @Nullable Throwable thrown = record.getThrown();
            while (thrown != null && thrown.getCause() != null) {
                thrown = thrown.getCause();
            }
            LOG.warn("{}{}", record.getMessage(), thrown == null ? "" : " " + thrown);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    /** Makes random ids, but for the span of a device job. */
    private static final class Ids implements IdGenerator {
        private final ThreadLocal<Trace> root = new ThreadLocal<>();

        @Override
        public String generateSpanId() {
            @Nullable Trace trace = root.get();
            return trace == null ? IdGenerator.random().generateSpanId() : trace.rootId;
        }

        @Override
        public String generateTraceId() {
            @Nullable Trace trace = root.get();
            return trace == null ? IdGenerator.random().generateTraceId() : trace.traceId;
        }
    }
}
