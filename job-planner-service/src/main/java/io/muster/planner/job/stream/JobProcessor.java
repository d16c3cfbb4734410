package io.muster.planner.job.stream;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.planner.job.Decision;
import io.muster.planner.job.JobDecider;
import io.muster.planner.job.JobIntent;
import io.muster.planner.stream.DueTimes;
import io.muster.records.CancelJob;
import io.muster.records.CreateJob;
import io.muster.records.Job;
import io.muster.records.JobCommand;
import io.muster.records.JobForgotten;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.PauseJob;
import io.muster.records.ResumeJob;
import io.muster.service.InvalidRecordException;
import io.muster.service.LogText;
import io.muster.service.Outbox;
import io.muster.service.RecordFailure;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.Steps;
import io.muster.service.growth.KeyPartition;
import io.muster.service.growth.RecordNumbers;
import io.muster.topics.PartitionCounts;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Job commands and statistics in; events, refusals, documents, expansions and replies out. Contract: ARCHITECTURE, the road, 1. */
public final class JobProcessor implements Processor<String, byte[], Route, byte[]> {
    /** The store of job documents, by job id. */
    public static final String JOBS = "jobs";

    /** The latest statistics of jobs that run and have a policy, by job id. */
    public static final String STATISTICS = "statistics";

    /** From where the numbers of jobs go on. */
    public static final String NUMBERS = "job-numbers";

    private static final Logger LOG = LoggerFactory.getLogger(JobProcessor.class);
    private static final Duration TICK = Duration.ofMillis(20);
    private static final int DUE_PER_TICK = 100;

    private final Codecs codecs;
    private final int devicePartitions;
    private final int jobPartitions;
    private final int replyPartitions;
    private final int mostActive;
    private final MeterRegistry meters;
    private final DueTimes dueTimes = new DueTimes();

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<Route, byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, Job> jobs;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, JobStatistics> statistics;

    @SuppressWarnings("NullAway.Init")
    private JobEffects effects;

    @SuppressWarnings("NullAway.Init")
    private RecordNumbers numbers;

    @SuppressWarnings("NullAway.Init")
    private Steps steps;

    /** @param mostActive how many jobs may be active at a time, in all partitions; 0 for any number */
    public JobProcessor(Codecs codecs, PartitionCounts counts, int mostActive, MeterRegistry meters) {
        this.codecs = codecs;
        this.meters = meters;
        this.devicePartitions = counts.devices();
        this.jobPartitions = counts.jobs();
        this.replyPartitions = counts.apiInstances();
        this.mostActive = mostActive;
    }

    @Override
    public void init(ProcessorContext<Route, byte[]> context) {
        this.context = context;
        this.jobs = context.getStateStore(JOBS);
        this.statistics = context.getStateStore(STATISTICS);
        this.numbers = new RecordNumbers(context.getStateStore(NUMBERS), jobPartitions);
        this.effects = new JobEffects(new Outbox(context, codecs, "job-planner-service"), devicePartitions, meters);
        try (KeyValueIterator<String, Job> all = jobs.all()) {
            while (all.hasNext()) {
                KeyValue<String, Job> job = all.next();
                alone(job.key, () -> remind(job.value, Instant.ofEpochMilli(context.currentSystemTimeMs())));
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
        } catch (InvalidRecordException e) {
            effects.giveUp(position, record, String.valueOf(e.getMessage()), now);
        } catch (RuntimeException e) {
            effects.giveUp(position, record, RecordFailure.reason(e), now);
        }
        steps.worked();
    }

    private void tally(Record<String, byte[]> record, Instant now) throws InvalidRecordException {
        if (record.value() == null) {
            return;
        }
        JobStatistics latest = codecs.of(Topics.JOB_STATISTICS).decode(record.value());
        String jobId = latest.getJobId();
        ask(jobId, new JobIntent.Tally(latest), now);
        @Nullable Job job = jobs.get(jobId);
        if (job != null
                && job.getStatus() == JobStatus.RUNNING
                && job.getDefinition().getPolicy() != null) {
            statistics.put(jobId, latest);
            ask(jobId, new JobIntent.Pace(latest), now);
            remind(jobId, now);
        }
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
        KeyPartition.require(record.key(), position, jobPartitions);
        Requester requester = Requester.of(record, replyPartitions);
        JobIntent intent = switch (command.getCommand()) {
            case CreateJob create -> {
                if (!create.getDefinition().getJobId().equals(command.getJobId())) {
                    throw new InvalidRecordException("the definition's job id is not the command's");
                }
                yield new JobIntent.Create(create.getDefinition(), numbers.of(position), isFull());
            }
            case CancelJob _ -> new JobIntent.Cancel();
            case PauseJob _ -> new JobIntent.Pause();
            case ResumeJob _ -> new JobIntent.Resume();
            case Object unknown -> throw new InvalidRecordException("unknown command " + unknown.getClass());
        };
        Decision decision = ask(command.getJobId(), intent, requester, now);
        effects.answer(decision, command, jobs.get(command.getJobId()), requester, now);
        ask(command.getJobId(), new JobIntent.Start(), now);
        ask(command.getJobId(), new JobIntent.Pace(statistics.get(command.getJobId())), now);
    }

    private boolean isFull() {
        return mostActive > 0
                && ActiveJobs.count(jobs, context.getStateStore(ActiveJobs.STORE), codecs.of(Topics.JOBS))
                        >= mostActive;
    }

    private void tick(long timestamp) {
        Instant now = Instant.ofEpochMilli(timestamp);
        for (String jobId : dueTimes.take(now, DUE_PER_TICK)) {
            steps.worked();
            alone(jobId, () -> due(jobId, now));
        }
    }

    private void due(String jobId, Instant now) {
        @Nullable Job job = jobs.get(jobId);
        if (job != null) {
            JobDecider.whenDue(job, statistics.get(jobId)).forEach(intent -> ask(jobId, intent, now));
            remind(jobId, now);
        }
    }

    /** Does what time brings for one job. Where its document makes no sense, the job stands still and the others go on. */
    private static void alone(String jobId, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            if (!RecordFailure.isOfRecord(e)) {
                throw e;
            }
            LOG.error("What is due for a job can't be done, jobId={}", LogText.of(jobId), e);
        }
    }

    private void ask(String jobId, JobIntent intent, Instant now) {
        ask(jobId, intent, new Requester(null, -1), now);
    }

    private Decision ask(String jobId, JobIntent intent, Requester requester, Instant now) {
        @Nullable Job before = jobs.get(jobId);
        Decision decision = JobDecider.decide(before, intent, now);
        if (decision instanceof Decision.Happened happened && happened.event().getEvent() instanceof JobForgotten) {
            jobs.delete(jobId);
            dueTimes.clear(jobId);
            effects.forgotten(happened.event(), now);
        } else if (decision instanceof Decision.Happened happened) {
            Job after = JobDecider.evolve(before, happened.event());
            jobs.put(jobId, after);
            if (after.getStatus() != JobStatus.RUNNING) {
                statistics.delete(jobId);
            }
            remind(after, now);
            effects.happened(happened.event(), before, after, requester, now);
        }
        return decision;
    }

    private void remind(String jobId, Instant now) {
        @Nullable Job job = jobs.get(jobId);
        if (job != null) {
            remind(job, now);
        }
    }

    private void remind(Job job, Instant now) {
        String jobId = job.getDefinition().getJobId();
        dueTimes.clear(jobId);
        JobDecider.due(job, statistics.get(jobId), now).ifPresent(at -> dueTimes.set(jobId, at));
    }
}
