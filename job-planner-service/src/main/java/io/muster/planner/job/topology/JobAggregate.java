package io.muster.planner.job.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.planner.catalog.topology.CatalogReader;
import io.muster.planner.job.JobDecider;
import io.muster.planner.job.JobInput;
import io.muster.records.AdmitJob;
import io.muster.records.CancelJob;
import io.muster.records.CreateJob;
import io.muster.records.DenyJob;
import io.muster.records.FiringOrder;
import io.muster.records.Job;
import io.muster.records.JobCommand;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobPolicy;
import io.muster.records.JobRefused;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.PauseJob;
import io.muster.records.ResumeJob;
import io.muster.service.InvalidRecordException;
import io.muster.service.Requester;
import io.muster.service.coordinator.Aggregate;
import io.muster.service.coordinator.Change;
import io.muster.service.coordinator.CoordinatorSpec;
import io.muster.service.coordinator.CoordinatorTask;
import io.muster.service.coordinator.Feed;
import io.muster.service.decider.Decision;
import io.muster.service.state.StoreSpec;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Runs jobs: commands and statistics in; events, refusals, documents, expansions and replies out. For one task. */
public final class JobAggregate implements Aggregate<Job, JobInput, JobEvent> {
    /** Declares the store of job documents, by job id. */
    public static final StoreSpec.OfTopic<Job> JOBS = new StoreSpec.OfTopic<>("jobs", Topics.JOBS);

    /** Names the processor, and its sinks for topics that others write too. */
    public static final String NAME = "job";

    /** Declares the store of the latest statistics of jobs that run and have a policy, by job id. */
    private static final StoreSpec.OfTopic<JobStatistics> STATISTICS =
            new StoreSpec.OfTopic<>("statistics", Topics.JOB_STATISTICS);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("job-numbers", Topics.JOBS.partitioning());

    private static final List<Feed<?, JobAggregate, JobInput>> FEEDS = List.of(
            Feed.commands(
                    Topics.JOB_COMMANDS,
                    JobCommand::getJobId,
                    JobAggregate::inputs,
                    JobRefused.class,
                    JobAggregate::refused),
            Feed.observations(Topics.JOB_STATISTICS, JobStatistics::getJobId, JobAggregate::observed));

    private final CatalogReader catalog;
    private final int mostActive;
    private final RecordCodec<Job> codec;
    private final CoordinatorTask task;
    private final KeyValueStore<String, Job> jobs;
    private final KeyValueStore<String, JobStatistics> statistics;
    private final JobEffects effects;

    private JobAggregate(
            CoordinatorTask task, Codecs codecs, PartitionCounts counts, int mostActive, MeterRegistry meters) {
        this.task = task;
        this.mostActive = mostActive;
        this.codec = codecs.of(Topics.JOBS);
        this.catalog = new CatalogReader(task.globalStore(CatalogReader.STORE), codecs);
        this.jobs = task.store(JOBS);
        this.statistics = task.store(STATISTICS);
        this.effects = new JobEffects(task.outbox(), counts.devices(), meters);
    }

    /**
     * Declares the coordinator of jobs.
     *
     * @param mostActive how many jobs may be active at a time, in all partitions; 0 for any number
     */
    public static CoordinatorSpec<Job, JobInput, JobEvent, JobAggregate> coordinator(
            Codecs codecs, PartitionCounts counts, int mostActive, MeterRegistry meters) {
        return new CoordinatorSpec<>(
                NAME,
                JOBS,
                NUMBERS,
                List.of(STATISTICS),
                Topics.JOB_EVENTS,
                List.of(Topics.JOB_REFUSALS, Topics.EXPANSIONS, Topics.LANE_COMMANDS),
                FEEDS,
                task -> new JobAggregate(task, codecs, counts, mostActive, meters));
    }

    /** Returns the stores of its tasks. */
    public static List<StoreSpec<?>> stores() {
        return List.of(JOBS, STATISTICS, NUMBERS);
    }

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    private List<JobInput> inputs(JobCommand command, long number) throws InvalidRecordException {
        List<JobInput> asked = switch (command.getCommand()) {
            case CreateJob create -> {
                if (!create.getDefinition().getJobId().equals(command.getJobId())) {
                    throw new InvalidRecordException("the definition's job id is not the command's");
                }
                @Nullable FiringOrder order = command.getOrder();
                yield order == null
                        ? List.of(new JobInput.Create(create.getDefinition(), number, isFull(), null))
                        : ofFiring(create.getDefinition(), number, order.getUntil());
            }
            case CancelJob _ -> List.of(new JobInput.Cancel());
            case PauseJob _ -> List.of(new JobInput.Pause());
            case ResumeJob _ -> List.of(new JobInput.Resume());
            case AdmitJob admit -> List.of(new JobInput.Admit(admit.getJobNumber(), admit.getTicket()));
            case DenyJob deny -> List.of(new JobInput.Deny(deny.getJobNumber(), deny.getTicket()));
            case Object unknown -> throw new InvalidRecordException("unknown command " + unknown.getClass());
        };
        return Stream.concat(
                        asked.stream(),
                        Stream.of(new JobInput.Start(), new JobInput.Pace(statistics.get(command.getJobId()))))
                .toList();
    }

    /** Returns the inputs of a firing: the devices of a group are those that its condition selects now, and not when the schedule was saved. */
    private List<JobInput> ofFiring(JobDefinition definition, long number, Instant until) {
        JobPolicy policy = definition.getPolicy();
        if (policy == null) {
            return List.of(new JobInput.Create(definition, number, isFull(), until));
        }
        Optional<String> missing = catalog.missing(policy.getTemplates());
        @Nullable String group = policy.getGroup();
        Optional<String> condition = group == null
                ? Optional.of(definition.getQueryCondition())
                : catalog.condition(group, policy.getOrganization());
        JobDefinition now = JobDefinition.newBuilder(definition)
                .setQueryCondition(condition.orElse(definition.getQueryCondition()))
                .build();
        Stream<String> faults = Stream.concat(
                condition.isPresent()
                        ? Stream.empty()
                        : Stream.of("The device group " + group
                                + " is gone, is broken, or is of another organization than the job."),
                missing.map(template -> "The device template " + template + " is gone.").stream());
        return Stream.<JobInput>concat(
                        Stream.of(new JobInput.Create(now, number, isFull(), until)),
                        faults.limit(1).map(fault -> new JobInput.Fail(number, fault)))
                .toList();
    }

    private boolean isFull() {
        return mostActive > 0 && ActiveJobs.count(jobs, task.globalStore(ActiveJobs.STORE), codec) >= mostActive;
    }

    private List<JobInput> observed(JobStatistics latest, long number) {
        @Nullable Job job = jobs.get(latest.getJobId());
        if (job == null || job.getStatus() != JobStatus.RUNNING) {
            return List.of();
        }
        if (job.getDefinition().getPolicy() == null) {
            return List.of(new JobInput.Tally(latest));
        }
        statistics.put(latest.getJobId(), latest);
        return List.of(new JobInput.Tally(latest), new JobInput.Pace(latest));
    }

    @Override
    public Decision<JobEvent> decide(String id, @Nullable Job job, JobInput input, Instant now) {
        return JobDecider.decide(job, input, now);
    }

    @Override
    public @Nullable Job evolve(@Nullable Job job, JobEvent event) {
        return JobDecider.evolve(job, event);
    }

    @Override
    public Optional<Instant> due(String id, Job job, Instant now) {
        return JobDecider.due(job, statistics(job, id), now);
    }

    @Override
    public List<JobInput> whenDue(String id, Job job) {
        return JobDecider.whenDue(job, statistics(job, id));
    }

    /** Returns what was kept of the job's statistics: only of one with a policy. */
    private @Nullable JobStatistics statistics(Job job, String id) {
        return job.getDefinition().getPolicy() == null ? null : statistics.get(id);
    }

    @Override
    public void happened(Change<Job, JobEvent> change) {
        if (change.after() == null || change.after().getStatus() != JobStatus.RUNNING) {
            statistics.delete(change.id());
        }
        effects.happened(change);
    }

    private void refused(JobCommand command, JobRefused refusal, Requester requester, Instant now) {
        effects.refused(command, refusal, requester, now);
    }
}
