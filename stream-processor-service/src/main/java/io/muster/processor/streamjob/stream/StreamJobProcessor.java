package io.muster.processor.streamjob.stream;

import io.muster.codec.Codecs;
import io.muster.processor.streamjob.StreamJobDecider;
import io.muster.processor.streamjob.StreamJobDecision;
import io.muster.records.Refusal;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobDeleted;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobRefused;
import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
import io.muster.service.RecordFailure;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.Steps;
import io.muster.service.growth.KeyPartition;
import io.muster.service.growth.RecordNumbers;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topics;
import java.time.Instant;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Commands of stream jobs in; events, documents and replies out. */
public final class StreamJobProcessor implements Processor<String, byte[], Route, byte[]> {
    /** The store of documents, by stream job id. */
    public static final String JOBS = "stream-jobs";

    /** From where the numbers of starts go on. */
    public static final String NUMBERS = "stream-job-numbers";

    /** Names the sinks that others write too. */
    public static final String WRITER = "stream-job";

    private final Codecs codecs;
    private final int jobPartitions;
    private final int replyPartitions;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<Route, byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, StreamJob> jobs;

    @SuppressWarnings("NullAway.Init")
    private Outbox outbox;

    @SuppressWarnings("NullAway.Init")
    private RecordNumbers numbers;

    @SuppressWarnings("NullAway.Init")
    private Steps steps;

    public StreamJobProcessor(Codecs codecs, PartitionCounts counts) {
        this.codecs = codecs;
        this.jobPartitions = counts.jobs();
        this.replyPartitions = counts.apiInstances();
    }

    @Override
    public void init(ProcessorContext<Route, byte[]> context) {
        this.context = context;
        this.jobs = context.getStateStore(JOBS);
        this.numbers = new RecordNumbers(context.getStateStore(NUMBERS), jobPartitions);
        this.outbox = new Outbox(context, codecs, "stream-processor-service");
        this.steps = Steps.of(context);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        Instant now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        RecordMetadata position = context.recordMetadata().orElseThrow();
        try {
            if (record.value() == null) {
                throw new InvalidRecordException("a command has a value");
            }
            StreamJobCommand command = codecs.of(Topics.STREAM_JOB_COMMANDS).decode(record.value());
            if (!command.getStreamJobId().equals(record.key())) {
                throw new InvalidRecordException("the key is not the command's stream job id");
            }
            KeyPartition.require(record.key(), position, jobPartitions);
            obey(command, record, position, now);
        } catch (InvalidRecordException e) {
            putAside(position, record, String.valueOf(e.getMessage()), now);
        } catch (RuntimeException e) {
            putAside(position, record, RecordFailure.reason(e), now);
        }
        steps.worked();
    }

    private void putAside(RecordMetadata position, Record<String, byte[]> record, String reason, Instant now) {
        outbox.giveUp(Outbox.sink(Topics.DEAD_LETTERS, WRITER), position, record, reason, now);
    }

    private void obey(StreamJobCommand command, Record<String, byte[]> record, RecordMetadata position, Instant now) {
        String id = command.getStreamJobId();
        @Nullable StreamJob before = jobs.get(id);
        long number = numbers.of(position) + 1;
        StreamJobDecision decision = StreamJobDecider.decide(before, command.getCommand(), number, now);
        Requester requester = Requester.of(record, replyPartitions);
        switch (decision) {
            case StreamJobDecision.Happened happened -> {
                @Nullable StreamJob after = tell(before, new StreamJobEvent(id, now, happened.event()), requester, now);
                answer(requester, after == null ? new StreamJobDeleted() : after, now);
            }
            case StreamJobDecision.Nothing _ -> {
                if (before != null) {
                    answer(requester, before, now);
                }
            }
            case StreamJobDecision.Refused refused -> {
                tell(before, new StreamJobEvent(id, now, new StreamJobRefused(refused.refusal())), requester, now);
                answer(requester, refused.refusal(), now);
            }
        }
    }

    private @Nullable StreamJob tell(
            @Nullable StreamJob before, StreamJobEvent event, Requester requester, Instant now) {
        Route route = Route.byKey(event.getStreamJobId());
        outbox.send(
                Outbox.sink(Topics.STREAM_JOB_EVENTS),
                Topics.STREAM_JOB_EVENTS,
                route,
                event,
                now,
                requester.requestId());
        StreamJobLog.happened(event, requester);
        @Nullable StreamJob after = StreamJobDecider.evolve(before, event);
        if (after == null) {
            jobs.delete(event.getStreamJobId());
            if (before != null) {
                outbox.sendEncoded(Outbox.sink(Topics.STREAM_JOBS), route, null, now, null);
                forgetProgress(before, now);
            }
        } else if (after != before) {
            jobs.put(event.getStreamJobId(), after);
            outbox.send(Outbox.sink(Topics.STREAM_JOBS), Topics.STREAM_JOBS, route, after, now);
        }
        return after;
    }

    /** How far its tasks were is not asked any more: the topic does not grow with jobs that are gone. */
    private void forgetProgress(StreamJob job, Instant now) {
        StreamJobDecider.tasks(job)
                .forEach(task -> outbox.sendEncoded(
                        Outbox.sink(Topics.STREAM_JOB_PROGRESS),
                        Route.byKey(job.getStreamJobId() + " " + task),
                        null,
                        now,
                        null));
    }

    /** @param outcome one of those of {@code Reply}: a document, a {@link Refusal}, … */
    private void answer(Requester requester, Object outcome, Instant now) {
        outbox.reply(Outbox.sink(Topics.REPLIES, WRITER), requester, outcome, now);
    }
}
