package io.muster.service;

import io.muster.topics.Headers;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Who asked, as the record's headers tell.
 *
 * @param requestId null when the writer gave none
 * @param replyTo the partition of the replies that awaits the answer; negative when nobody does
 */
public record Requester(@Nullable String requestId, int replyTo) {
    private static final int NOBODY = -1;

    /** A header that makes no sense is as good as none: its writer could not be answered anyway. */
    public static Requester of(Record<?, ?> record, int replyPartitions) {
        @Nullable String requestId = Outbox.header(record, Headers.REQUEST_ID);
        @Nullable String replyTo = Outbox.header(record, Headers.REPLY_TO);
        if (requestId == null || replyTo == null || !replyTo.matches("\\d{1,6}")) {
            return new Requester(requestId, NOBODY);
        }
        int partition = Integer.parseInt(replyTo);
        return new Requester(requestId, partition < replyPartitions ? partition : NOBODY);
    }

    public boolean awaitsReply() {
        return replyTo != NOBODY && requestId != null;
    }
}
