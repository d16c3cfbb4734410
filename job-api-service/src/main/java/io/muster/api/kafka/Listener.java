package io.muster.api.kafka;

import io.muster.api.job.Views;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.CatalogItem;
import io.muster.records.JobStatistics;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCollection;
import io.muster.records.StreamJob;
import io.muster.service.LogFollower;
import io.muster.topics.Topics;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads replies from now on, and jobs, schedules, the catalog, jobs and pools of Batch, stream jobs and how far they are from their beginning. Ready when it has caught up once, and as
 * long as nothing keeps it from reading for 15 s. A record that can't be taken is skipped; a failure that it can't go on after ends the process.
 */
public final class Listener implements AutoCloseable {
    private static final Set<String> VIEWED = Set.of(
            Topics.JOBS.name(),
            Topics.JOB_STATISTICS.name(),
            Topics.STREAM_JOBS.name(),
            Topics.SCHEDULES.name(),
            Topics.COLLECTIONS.name(),
            Topics.CATALOG.name(),
            Topics.BATCH_JOBS.name(),
            Topics.BATCH_POOLS.name(),
            Topics.STREAM_JOB_PROGRESS.name());

    private final LogFollower replies;
    private final LogFollower documents;

    /** Prepares to follow replies and documents; {@link #start} begins. @param instance the partition of the replies that are for this API */
    public Listener(LogFollower.Source source, Codecs codecs, int instance, KafkaRequests requests, Views views) {
        this.replies = LogFollower.fromNow(
                "replies",
                source,
                new TopicPartition(Topics.REPLIES.name(), instance),
                record -> requests.receive(codecs.of(Topics.REPLIES).decode(record.value())));
        requests.heardBy(replies::ready);
        this.documents = LogFollower.of("views", source, VIEWED, record -> take(record, codecs, views));
    }

    public void start() {
        replies.start();
        documents.start();
    }

    public boolean ready() {
        return replies.ready() && documents.ready();
    }

    /** Takes a record of a topic that is viewed. */
    static void take(ConsumerRecord<String, byte[]> record, Codecs codecs, Views views) {
        String topic = record.topic();
        if (record.value() == null) {
            forget(topic, record.key(), views);
        } else if (topic.equals(Topics.JOBS.name())) {
            views.jobs()
                    .read(keyed(
                            record,
                            codecs.of(Topics.JOBS),
                            job -> job.getDefinition().getJobId()));
        } else if (topic.equals(Topics.JOB_STATISTICS.name())) {
            views.jobs().put(keyed(record, codecs.of(Topics.JOB_STATISTICS), JobStatistics::getJobId));
        } else if (topic.equals(Topics.COLLECTIONS.name())) {
            views.collections().read(keyed(record, codecs.of(Topics.COLLECTIONS), ScheduleCollection::getCollectionId));
        } else if (topic.equals(Topics.CATALOG.name())) {
            views.catalog().read(keyed(record, codecs.of(Topics.CATALOG), CatalogItem::getItemId));
        } else if (topic.equals(Topics.SCHEDULES.name())) {
            views.schedules().read(keyed(record, codecs.of(Topics.SCHEDULES), Schedule::getScheduleId));
        } else if (topic.equals(Topics.BATCH_JOBS.name())) {
            views.batchJobs()
                    .read(keyed(
                            record,
                            codecs.of(Topics.BATCH_JOBS),
                            job -> job.getJobId().toLowerCase(Locale.ROOT)));
        } else if (topic.equals(Topics.BATCH_POOLS.name())) {
            views.batchPools()
                    .read(keyed(
                            record,
                            codecs.of(Topics.BATCH_POOLS),
                            pool -> pool.getPoolId().toLowerCase(Locale.ROOT)));
        } else if (topic.equals(Topics.STREAM_JOBS.name())) {
            views.streamJobs().read(keyed(record, codecs.of(Topics.STREAM_JOBS), StreamJob::getStreamJobId));
        } else {
            views.streamJobs()
                    .put(keyed(
                            record,
                            codecs.of(Topics.STREAM_JOB_PROGRESS),
                            latest -> latest.getStreamJobId() + " " + latest.getTask()));
        }
    }

    /** Rejects a document under the key of another: it would hide that one for good, since its own key gets no tombstone. */
    private static <D extends SpecificRecord> D keyed(
            ConsumerRecord<String, byte[]> record, RecordCodec<D> codec, Function<D, String> keyOf) {
        D document = codec.decode(record.value());
        String key = keyOf.apply(document);
        if (!key.equals(record.key())) {
            throw new UndecodableRecordException("The document's id is not its key, id=" + key);
        }
        return document;
    }

    private static void forget(String topic, String key, Views views) {
        if (topic.equals(Topics.JOBS.name())) {
            views.jobs().forgetJob(key);
        } else if (topic.equals(Topics.JOB_STATISTICS.name())) {
            views.jobs().forgetStatistics(key);
        } else if (topic.equals(Topics.COLLECTIONS.name())) {
            views.collections().readTombstone(key);
        } else if (topic.equals(Topics.CATALOG.name())) {
            views.catalog().readTombstone(key);
        } else if (topic.equals(Topics.SCHEDULES.name())) {
            views.schedules().readTombstone(key);
        } else if (topic.equals(Topics.BATCH_JOBS.name())) {
            views.batchJobs().readTombstone(key);
        } else if (topic.equals(Topics.BATCH_POOLS.name())) {
            views.batchPools().readTombstone(key);
        } else if (topic.equals(Topics.STREAM_JOBS.name())) {
            views.streamJobs().readTombstone(key);
        } else {
            views.streamJobs().forgetProgress(key);
        }
    }

    @Override
    public void close() {
        replies.close();
        documents.close();
    }
}
