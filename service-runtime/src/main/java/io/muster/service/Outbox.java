package io.muster.service;

import io.muster.codec.Codecs;
import io.muster.records.AnswerTooLarge;
import io.muster.records.DeadLetter;
import io.muster.records.Reply;
import io.muster.topics.Headers;
import io.muster.topics.RecordSizes;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Encodes records and sends them to the sink of their topic, within the task's transaction. For one task. */
public final class Outbox {
    private static final org.apache.kafka.common.header.Headers NONE = new RecordHeaders();
    private static final DateTimeFormatter EVENT_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    /** Reserves bytes of a record for its key, its headers and its frame. */
    private static final int ROOM = 4096;

    private final ProcessorContext<Route, byte[]> context;
    private final Codecs codecs;
    private final String service;

    /** Sends within the transactions of one task. @param service whose records these are, for dead letters */
    public Outbox(ProcessorContext<Route, byte[]> context, Codecs codecs, String service) {
        this.context = context;
        this.codecs = codecs;
        this.service = service;
    }

    /** Returns the route of records about a device or a module: the partition of this task is the device's. */
    public Route routeOf(String id) {
        return Route.ofDevice(id, context.taskId().partition());
    }

    /** Returns the name of a topic's sink in the topology. */
    public static String sink(Topic<?> topic) {
        return "to-" + topic.name();
    }

    /** Returns the name of the sink of a topic that several processors write. */
    public static String sink(Topic<?> topic, String writer) {
        return writer + "-" + sink(topic);
    }

    /** Encodes and sends a record. */
    public <V extends SpecificRecord> void send(String sink, Topic<V> topic, Route route, V value, Instant now) {
        sendEncoded(sink, route, codecs.of(topic).encode(value), now, null);
    }

    /** Encodes and sends a record. @param requestId goes along as a header, if there is one */
    public <V extends SpecificRecord> void send(
            String sink, Topic<V> topic, Route route, V value, Instant now, @Nullable String requestId) {
        sendEncoded(sink, route, codecs.of(topic).encode(value), now, requestId);
    }

    /** Encodes and sends a record. @param trace whose part the record is, if it is sampled */
    public <V extends SpecificRecord> void sendTraced(
            String sink, Topic<V> topic, Route route, V value, Instant now, Optional<Traces.Trace> trace) {
        forward(
                sink,
                route,
                codecs.of(topic).encode(value),
                now,
                Headers.TRACEPARENT,
                trace.map(Traces.Trace::traceparent).orElse(null));
    }

    /** Sends a value that was encoded already, or null for a tombstone. */
    public void sendEncoded(
            String sink, Route route, byte @Nullable [] value, Instant now, @Nullable String requestId) {
        forward(sink, route, value, now, Headers.REQUEST_ID, requestId);
    }

    /** Sends a value with headers. */
    public void sendWithHeaders(String sink, Route route, byte[] value, Instant now, Map<String, String> named) {
        RecordHeaders headers = new RecordHeaders();
        named.forEach((name, text) -> headers.add(name, text.getBytes(StandardCharsets.UTF_8)));
        context.forward(new Record<>(route, value, now.toEpochMilli(), headers), sink);
    }

    /**
     * Returns the headers of an event that stands on a topic as JSON, as CloudEvents names them. The id is made of the rest: an event that is written once more has the
     * same.
     */
    public static Map<String, String> eventHeaders(String type, String body, Instant at) {
        String id = UUID.nameUUIDFromBytes((type + at.toEpochMilli() + body).getBytes(StandardCharsets.UTF_8))
                .toString();
        return Map.of(Headers.EVENT_TYPE, type, Headers.EVENT_TIME, EVENT_TIME.format(at), Headers.EVENT_ID, id);
    }

    private void forward(
            String sink, Route route, byte @Nullable [] value, Instant now, String name, @Nullable String text) {
        org.apache.kafka.common.header.Headers headers = NONE;
        if (text != null) {
            headers = new RecordHeaders().add(name, text.getBytes(StandardCharsets.UTF_8));
        }
        context.forward(new Record<>(route, value, now.toEpochMilli(), headers), sink);
    }

    /**
     * Sends the reply, if anybody waits for it; an {@link AnswerTooLarge} in place of one that is larger than a record may be.
     *
     * @param outcome one of those of {@code Reply}: a document, a refusal, …
     */
    public void reply(String sink, Requester requester, Object outcome, Instant now) {
        String requestId = requester.requestId();
        if (!requester.awaitsReply() || requestId == null) {
            return;
        }
        Route route = new Route(requestId, requester.replyTo());
        byte[] reply = codecs.of(Topics.REPLIES).encode(new Reply(requestId, outcome));
        if (reply.length > RecordSizes.LARGEST - ROOM) {
            AnswerTooLarge tooLarge = new AnswerTooLarge(reply.length, RecordSizes.LARGEST - ROOM);
            reply = codecs.of(Topics.REPLIES).encode(new Reply(requestId, tooLarge));
        }
        sendEncoded(sink, route, reply, now, null);
    }

    /** Writes a dead letter for the record that is being processed, with the reason. */
    public void deadLetter(
            String sink, RecordMetadata position, Record<String, byte[]> record, String reason, Instant now) {
        DeadLetter letter = DeadLetters.of(service, position, record, reason, now);
        send(sink, Topics.DEAD_LETTERS, new Route(null, Route.BY_KEY), letter, now);
    }

    /** Returns a header's text, if the record has it. */
    public static @Nullable String header(Record<?, ?> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }
}
