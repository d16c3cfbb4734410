package io.muster.planner.job.stream;

import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.planner.job.Decision;
import io.muster.planner.job.JobDecider;
import io.muster.planner.job.JobIntent;
import io.muster.planner.stream.DueTimes;
import io.muster.planner.stream.InvalidRecordException;
import io.muster.planner.stream.Outbox;
import io.muster.planner.stream.Requester;
import io.muster.planner.stream.Route;
import io.muster.records.CancelJob;
import io.muster.records.CreateJob;
import io.muster.records.Job;
import io.muster.records.JobCommand;
import io.muster.records.JobStatistics;
import io.muster.service.Steps;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Job commands and statistics in; events, refusals, documents, expansions and replies out. Contract: ARCHITECTURE, the road, 1. */
public final class JobProcessor implements Processor<String, byte[], Route, byte[]> {
    /** The store of job documents, by job id. */
    public static final String JOBS = "jobs";

    private static final Duration TICK = Duration.ofMillis(20);
    private static final int DUE_PER_TICK = 100;

    private final Codecs codecs;
    private final int devicePartitions;
    private final int jobPartitions;
    private final int replyPartitions;
    private final DueTimes dueTimes = new DueTimes();

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<Route, byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, Job> jobs;

    @SuppressWarnings("NullAway.Init")
    private JobEffects effects;

    @SuppressWarnings("NullAway.Init")
    private Steps steps;

    /** @param devicePartitions how many partitions every device-keyed topic has */
    public JobProcessor(Codecs codecs, int devicePartitions, int jobPartitions, int replyPartitions) {
        this.codecs = codecs;
        this.devicePartitions = devicePartitions;
        this.jobPartitions = jobPartitions;
        this.replyPartitions = replyPartitions;
    }

    @Override
    public void init(ProcessorContext<Route, byte[]> context) {
        this.context = context;
        this.jobs = context.getStateStore(JOBS);
        this.effects = new JobEffects(new Outbox(context, codecs), devicePartitions);
        try (KeyValueIterator<String, Job> all = jobs.all()) {
            while (all.hasNext()) {
                KeyValue<String, Job> entry = all.next();
                JobDecider.due(entry.value).ifPresent(at -> dueTimes.set(entry.key, at));
            }
        }
        this.steps = Steps.of(context);
        context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        Instant now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        RecordMetadata position = context.recordMetadata().orElseThrow();
        try {
            if (position.topic().equals(Topics.JOB_STATISTICS.name())) {
                tally(record, now);
            } else {
                command(record, position, now);
            }
        } catch (UndecodableRecordException | InvalidRecordException e) {
            effects.giveUp(position, record, String.valueOf(e.getMessage()), now);
        }
        steps.worked();
    }

    private void tally(Record<String, byte[]> record, Instant now) throws InvalidRecordException {
        if (record.value() == null) {
            return;
        }
        JobStatistics statistics = codecs.of(Topics.JOB_STATISTICS).decode(record.value());
        ask(statistics.getJobId(), new JobIntent.Tally(statistics), now);
    }

    private void command(Record<String, byte[]> record, RecordMetadata position, Instant now)
            throws InvalidRecordException {
        if (record.value() == null) {
            throw new InvalidRecordException("a command has a value");
        }
        JobCommand command = codecs.of(Topics.JOB_COMMANDS).decode(record.value());
        if (!command.getJobId().equals(record.key())) {
            throw new InvalidRecordException("the key is not the command's job id");
        }
        Requester requester = Requester.of(record, replyPartitions);
        JobIntent intent = switch (command.getCommand()) {
            case CreateJob create -> {
                if (!create.getDefinition().getJobId().equals(command.getJobId())) {
                    throw new InvalidRecordException("the definition's job id is not the command's");
                }
                yield new JobIntent.Create(
                        create.getDefinition(), position.offset() * jobPartitions + position.partition());
            }
            case CancelJob _ -> new JobIntent.Cancel();
            case Object unknown -> throw new InvalidRecordException("unknown command " + unknown.getClass());
        };
        Decision decision = ask(command.getJobId(), intent, requester, now);
        effects.answer(decision, command, jobs.get(command.getJobId()), requester, now);
        ask(command.getJobId(), new JobIntent.Start(), now);
    }

    private void tick(long timestamp) {
        Instant now = Instant.ofEpochMilli(timestamp);
        for (String jobId : dueTimes.take(now, DUE_PER_TICK)) {
            steps.worked();
            @Nullable Job job = jobs.get(jobId);
            if (job != null) {
                ask(jobId, JobDecider.whenDue(job), now);
                ask(jobId, new JobIntent.Start(), now);
            }
        }
    }

    private void ask(String jobId, JobIntent intent, Instant now) {
        ask(jobId, intent, new Requester(null, -1), now);
    }

    private Decision ask(String jobId, JobIntent intent, Requester requester, Instant now) {
        @Nullable Job before = jobs.get(jobId);
        Decision decision = JobDecider.decide(before, intent, now);
        if (decision instanceof Decision.Happened happened) {
            Job after = JobDecider.evolve(before, happened.event());
            jobs.put(jobId, after);
            dueTimes.clear(jobId);
            JobDecider.due(after).ifPresent(at -> dueTimes.set(jobId, at));
            effects.happened(happened.event(), after, requester, now);
        }
        return decision;
    }
}
