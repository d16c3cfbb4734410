package io.muster.service.coordinator;

import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
import io.muster.service.RecordFailure;
import java.time.Instant;
import java.util.function.Supplier;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Handles records one by one: a record that can't be taken becomes a dead letter and never blocks its partition. Where the broker, the registry
 * or the state is to blame, the exception goes on, so that the task begins again at this record. For one task.
 */
public final class RecordGuard {
    private final ProcessorContext<?, ?> context;
    private final Outbox outbox;
    private final String deadLetters;

    /** Dead-letters within the transactions of one task. @param deadLetters the sink of dead letters */
    public RecordGuard(ProcessorContext<?, ?> context, Outbox outbox, String deadLetters) {
        this.context = context;
        this.outbox = outbox;
        this.deadLetters = deadLetters;
    }

    /** Handles one record. */
    @FunctionalInterface
    public interface Handler {
        /** Handles a record, or a part of one, that is at the position. @throws InvalidRecordException where the record makes no sense: it is a dead letter */
        void handle(RecordMetadata position, Instant now) throws InvalidRecordException;
    }

    /** Hands the record to its handler, and dead-letters it where that fails for a reason of the record's own. */
    public void handle(Record<String, byte[]> record, Handler handler) {
        handle(() -> record, "", handler);
    }

    /**
     * Hands a part of the record to its handler: where that fails, the part is dead-lettered alone, and the others are not concerned.
     *
     * @param which of how many it is, in words
     * @param alone makes a value of a record that holds this part only
     */
    public void handlePart(Record<String, byte[]> record, String which, Supplier<byte[]> alone, Handler handler) {
        handle(() -> record.withValue(alone.get()), which + ": ", handler);
    }

    private void handle(Supplier<Record<String, byte[]>> letter, String prefix, Handler handler) {
        Instant now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        RecordMetadata position = context.recordMetadata().orElseThrow();
        try {
            handler.handle(position, now);
        } catch (InvalidRecordException e) {
            outbox.deadLetter(deadLetters, position, letter.get(), prefix + e.getMessage(), now);
        } catch (RuntimeException e) {
            String reason = RecordFailure.reason(e);
            outbox.deadLetter(deadLetters, position, letter.get(), prefix + reason, now);
        }
    }
}
