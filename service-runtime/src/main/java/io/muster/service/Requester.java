package io.muster.service;

import io.muster.topics.Headers;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Names who asked, as a record's headers say.
 *
 * @param requestId null when the writer gave none
 * @param replyTo the partition of the replies that awaits the answer; negative when nobody does
 */
public record Requester(@Nullable String requestId, int replyTo) {
    private static final int NO_PARTITION = -1;

    /** Stands for nobody: time or an observation is the cause. */
    public static final Requester NOBODY = new Requester(null, NO_PARTITION);

    /** Reads the headers. A header that makes no sense counts as absent: its writer could not be answered anyway. */
    public static Requester of(Record<?, ?> record, int replyPartitions) {
        @Nullable String requestId = Outbox.header(record, Headers.REQUEST_ID);
        @Nullable String replyTo = Outbox.header(record, Headers.REPLY_TO);
        if (requestId == null || replyTo == null || !replyTo.matches("\\d{1,6}")) {
            return new Requester(requestId, NO_PARTITION);
        }
        int partition = Integer.parseInt(replyTo);
        return new Requester(requestId, partition < replyPartitions ? partition : NO_PARTITION);
    }

    /** Returns whether somebody waits for the answer. */
    public boolean awaitsReply() {
        return replyTo != NO_PARTITION && requestId != null;
    }
}
