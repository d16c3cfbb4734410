package io.muster.topics;

/**
 * Bounds on the bytes of a record, in an order that nobody who asks can get over: what we are asked for in a record of Kafka's default, 1 MiB,
 * has its answer, its document and its state in {@link #LARGEST}, and any of them has its dead letter in {@link #LARGEST_LETTER}.
 */
public final class RecordSizes {
    /** A document, an event, an answer or an entry of state: several times what a request may hold. */
    public static final int LARGEST = 8 << 20;

    /** A dead letter, which holds a record. */
    public static final int LARGEST_LETTER = 9 << 20;

    /** A producer's largest request, for all of them. */
    public static final int LARGEST_REQUEST = 10 << 20;

    private RecordSizes() {}
}
