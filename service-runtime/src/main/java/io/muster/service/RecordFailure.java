package io.muster.service;

import io.muster.codec.UndecodableRecordException;
import io.muster.registry.SchemaRegistryException;
import org.apache.kafka.common.KafkaException;

/** Distinguishes a failure that one record leads to, which becomes a dead letter, from one that any record would meet now. */
public final class RecordFailure {
    private RecordFailure() {}

    /** Returns whether the record alone is to blame; else the broker, the registry or the state is, and the record is to be taken again. */
    public static boolean isOfRecord(RuntimeException e) {
        return e instanceof UndecodableRecordException
                || !(e instanceof KafkaException
                        || e instanceof SchemaRegistryException
                        || e instanceof UnusableStateException);
    }

    /**
     * Returns why the record becomes a dead letter.
     *
     * @throws RuntimeException the failure itself, where it is not the record's
     */
    public static String reason(RuntimeException e) {
        if (!isOfRecord(e)) {
            throw e;
        }
        return e instanceof UndecodableRecordException ? String.valueOf(e.getMessage()) : "it can't be processed: " + e;
    }
}
