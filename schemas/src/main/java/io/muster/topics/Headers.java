package io.muster.topics;

/** Names record headers. Values are UTF-8 text. */
public final class Headers {
    /**
     * Names the id of the request that a command carries out. The writer of a command chooses it; the event or the refusal that follows
     * carries it on.
     */
    public static final String REQUEST_ID = "request-id";

    /** Names the partition of {@link Topics#REPLIES} that awaits a {@code Reply}, in decimal. Absent: nobody waits there. */
    public static final String REPLY_TO = "reply-to";

    /** Names the trace that the record belongs to, where it is sampled, as W3C Trace Context writes it. */
    public static final String TRACEPARENT = "traceparent";

    /** Names the type of an event that stands on a topic as JSON, as CloudEvents does. */
    public static final String EVENT_TYPE = "ce-type";

    /** Names when it happened, in RFC 3339. */
    public static final String EVENT_TIME = "ce-time";

    /** Names its id: the same for one event that was written twice. */
    public static final String EVENT_ID = "ce-id";

    private Headers() {}
}
