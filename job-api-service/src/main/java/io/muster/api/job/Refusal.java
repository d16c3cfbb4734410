package io.muster.api.job;

import io.muster.records.AnswerTooLarge;
import io.muster.records.BatchPoolRefusalReason;
import io.muster.records.BatchPoolRefused;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.CatalogRefusalReason;
import io.muster.records.CatalogRefused;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceRefused;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobRefused;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.ScheduleRefused;
import io.muster.records.SiteRefusalReason;
import io.muster.records.SiteRefused;
import io.muster.records.StreamJobRefusalReason;
import io.muster.records.StreamJobRefused;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says why the core refused a command: a reason of the aggregate that refused. Each surface maps it to its own errors. */
public sealed interface Refusal {
    /** Returns one sentence, for people. */
    String sentence();

    /** Refuses a command to a job. */
    record OfJob(JobRefusalReason reason, String sentence) implements Refusal {}

    /** Refuses a command to a device or a module, or a question to the fleet. */
    record OfDevice(DeviceRefusalReason reason, String sentence) implements Refusal {}

    /** Refuses a command to a stream job. */
    record OfStreamJob(StreamJobRefusalReason reason, String sentence) implements Refusal {}

    /** Refuses a command to a schedule. */
    record OfSchedule(ScheduleRefusalReason reason, String sentence) implements Refusal {}

    /** Refuses a command to an item of the catalog. */
    record OfCatalog(CatalogRefusalReason reason, String sentence) implements Refusal {}

    /** Refuses a command to a site. */
    record OfSite(SiteRefusalReason reason, String sentence) implements Refusal {}

    /** Refuses a command to a job of Batch. @param member of a document that is INVALID, as its surface names it; null where the sentence says all */
    record OfBatch(
            BatchRefusalReason reason,
            String sentence,
            @Nullable String member,
            @Nullable String value) implements Refusal {}

    /** Refuses a command to a pool of Batch. @param member of a document that is INVALID, as its surface names it; null where the sentence says all */
    record OfBatchPool(
            BatchPoolRefusalReason reason,
            String sentence,
            @Nullable String member,
            @Nullable String value) implements Refusal {}

    /** Withholds an answer that is larger than a record may be. */
    record OfAnswer(int bytes, int mostBytes) implements Refusal {
        @Override
        public String sentence() {
            return "The answer has " + bytes + " bytes, " + mostBytes
                    + " at most. If the request has pages, ask for smaller ones.";
        }
    }

    /** Returns the refusal that an outcome of {@code Reply} is; empty where the command was accepted. */
    static Optional<Refusal> of(Object outcome) {
        return switch (outcome) {
            case JobRefused job -> Optional.of(new OfJob(job.getReason(), job.getMessage()));
            case DeviceRefused device -> Optional.of(new OfDevice(device.getReason(), device.getMessage()));
            case StreamJobRefused job -> Optional.of(new OfStreamJob(job.getReason(), job.getMessage()));
            case ScheduleRefused schedule -> Optional.of(new OfSchedule(schedule.getReason(), schedule.getMessage()));
            case CatalogRefused item -> Optional.of(new OfCatalog(item.getReason(), item.getMessage()));
            case SiteRefused site -> Optional.of(new OfSite(site.getReason(), site.getMessage()));
            case BatchRefused batch ->
                Optional.of(new OfBatch(batch.getReason(), batch.getMessage(), batch.getMember(), batch.getValue()));
            case BatchPoolRefused pool ->
                Optional.of(new OfBatchPool(pool.getReason(), pool.getMessage(), pool.getMember(), pool.getValue()));
            case AnswerTooLarge answer -> Optional.of(new OfAnswer(answer.getBytes(), answer.getMostBytes()));
            default -> Optional.empty();
        };
    }
}
