package io.muster.topics;

/**
 * Bounds the bytes of a record, in an order that no request can exceed: a request in {@link #ASKED} has its answer, its document and its state in
 * {@link #LARGEST}, and each of these has its dead letter in {@link #LARGEST_LETTER}.
 */
public final class RecordSizes {
    /** Limits records that carry what others write: 1 MiB, in the bytes of Kafka's default. Said, since a broker may have another one. */
    public static final int ASKED = 1_048_588;

    /** Bounds a document, an event, an answer or an entry of state: several times what a request may hold. */
    public static final int LARGEST = 8 << 20;

    /** Bounds what is gathered in one record: it ends there, with the element that reaches beyond. */
    public static final int BATCH = 512 << 10;

    /** Bounds a dead letter, which holds a record. */
    public static final int LARGEST_LETTER = 9 << 20;

    /** Bounds a producer's request, for all of them. */
    public static final int LARGEST_REQUEST = 10 << 20;

    private RecordSizes() {}
}
