package io.muster.planner.site.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.document.SiteNodes;
import io.muster.planner.site.SiteDecider;
import io.muster.planner.site.SiteInput;
import io.muster.planner.site.SiteState;
import io.muster.records.DeleteWebJob;
import io.muster.records.PoolNodes;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.PutWebJobSettings;
import io.muster.records.RunWebJob;
import io.muster.records.Site;
import io.muster.records.SiteCommand;
import io.muster.records.SiteEvent;
import io.muster.records.SiteRefused;
import io.muster.records.StartWebJob;
import io.muster.records.StopWebJob;
import io.muster.records.SubtasksMoved;
import io.muster.records.TaskEnded;
import io.muster.records.TaskNews;
import io.muster.records.TaskRefused;
import io.muster.records.TaskStarted;
import io.muster.records.TaskWaits;
import io.muster.records.WebJobKind;
import io.muster.service.InvalidRecordException;
import io.muster.service.Requester;
import io.muster.service.coordinator.Aggregate;
import io.muster.service.coordinator.Change;
import io.muster.service.coordinator.CoordinatorSpec;
import io.muster.service.coordinator.CoordinatorTask;
import io.muster.service.coordinator.Feed;
import io.muster.service.decider.Decision;
import io.muster.service.state.StoreSpec;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Runs sites: commands and news of tasks in; events, documents, commands of pools and replies out. For one task. */
public final class SiteAggregate implements Aggregate<Site, SiteInput, SiteEvent> {
    /** Names the processor, and its sinks for topics that others write too. */
    public static final String NAME = "site";

    /** Keeps documents of sites, by site. */
    public static final StoreSpec.OfTopic<Site> SITES = new StoreSpec.OfTopic<>("sites", Topics.SITES);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("site-numbers", Topics.SITES.partitioning());

    private static final List<Feed<?, SiteAggregate, SiteInput>> FEEDS = List.of(
            Feed.commands(
                    Topics.SITE_COMMANDS,
                    SiteCommand::getSite,
                    SiteAggregate::inputs,
                    SiteRefused.class,
                    SiteAggregate::refused),
            Feed.observations(Topics.SITE_TASKS, TaskNews::getOwnerId, (aggregate, news, _) -> aggregate.heard(news)));

    private final KeyValueStore<String, Site> sites;
    private final SiteEffects effects;

    private SiteAggregate(CoordinatorTask task, MeterRegistry meters) {
        this.sites = task.store(SITES);
        this.effects = new SiteEffects(task.outbox(), meters);
    }

    /** Declares the coordinator of sites. */
    public static CoordinatorSpec<Site, SiteInput, SiteEvent, SiteAggregate> coordinator(MeterRegistry meters) {
        return new CoordinatorSpec<>(
                NAME,
                SITES,
                NUMBERS,
                List.of(),
                Topics.SITE_EVENTS,
                List.of(Topics.POOL_COMMANDS),
                FEEDS,
                task -> new SiteAggregate(task, meters));
    }

    /** Returns the stores of its tasks. */
    public static List<StoreSpec<?>> stores() {
        return List.of(SITES, NUMBERS);
    }

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    private List<SiteInput> inputs(SiteCommand command, long number) throws InvalidRecordException {
        return switch (command.getCommand()) {
            case PutWebJob put -> settling(new SiteInput.Put(put), command.getSite(), put.getKind(), put.getName());
            case DeleteWebJob delete -> List.of(new SiteInput.Delete(delete));
            case PutWebJobSettings put ->
                settling(new SiteInput.PutJobSettings(put), command.getSite(), put.getKind(), put.getName());
            case RunWebJob run -> List.of(new SiteInput.Run(run, command.getOrder()));
            case StartWebJob start ->
                settling(
                        new SiteInput.Start(start.getName()),
                        command.getSite(),
                        WebJobKind.CONTINUOUS,
                        start.getName());
            case StopWebJob stop ->
                settling(new SiteInput.Stop(stop.getName()), command.getSite(), WebJobKind.CONTINUOUS, stop.getName());
            case PutSiteSettings put -> settlingAll(new SiteInput.PutSettings(put), command.getSite());
            case Object unknown -> throw new InvalidRecordException("unknown command " + unknown.getClass());
        };
    }

    /** Has a job settled behind an input that changes it. */
    private List<SiteInput> settling(SiteInput change, String id, WebJobKind kind, String name) {
        @Nullable Site site = sites.get(id);
        List<SiteInput> inputs = new ArrayList<>(List.of(change));
        inputs.addAll(SiteDecider.settling(site, site == null ? List.of() : SiteNodes.all(site), kind, name));
        return inputs;
    }

    /** Has all jobs settled behind an input that may move their schedules, start them or stop them. */
    private List<SiteInput> settlingAll(SiteInput change, String id) {
        @Nullable Site site = sites.get(id);
        List<SiteInput> inputs = new ArrayList<>(List.of(change));
        if (site != null) {
            site.getWebJobs()
                    .forEach(job -> inputs.addAll(
                            SiteDecider.settling(site, SiteNodes.all(site), job.getKind(), job.getName())));
        }
        return inputs;
    }

    /** Has continuous jobs settled where the pool has, or had, nodes, and no run wait in a pool that the site leaves. */
    private List<SiteInput> nodes(String id, SiteInput.PoolHas has) {
        @Nullable Site site = sites.get(id);
        List<SiteInput> inputs = new ArrayList<>(List.of(has));
        if (site != null) {
            Set<String> all = new TreeSet<>(SiteNodes.all(site));
            all.addAll(has.nodes().getNodeIds());
            if (has.nodes().getCapable() != null) {
                has.nodes().getCapable().forEach(capable -> all.addAll(capable.getNodeIds()));
            }
            site.getWebJobs().forEach(job -> {
                switch (job.getKind()) {
                    case TRIGGERED -> inputs.add(new SiteInput.SettleRun(job.getName()));
                    case CONTINUOUS ->
                        inputs.addAll(SiteDecider.settling(site, List.copyOf(all), job.getKind(), job.getName()));
                }
            });
        }
        return inputs;
    }

    /** Has the job settled whose task has ended, and the one that waits for the end of a deleted job's task. */
    private List<SiteInput> settlingBehind(SiteInput end, TaskNews news) {
        List<SiteInput> inputs = new ArrayList<>(List.of(end, new SiteInput.SettleTask(news.getTaskId())));
        @Nullable Site site = sites.get(news.getOwnerId());
        SiteState.orphan(site, news.getTaskId())
                .ifPresent(orphan -> inputs.addAll(
                        SiteDecider.settling(site, SiteNodes.all(site), orphan.getKind(), orphan.getName())));
        return inputs;
    }

    private List<SiteInput> heard(TaskNews news) throws InvalidRecordException {
        String taskId = news.getTaskId();
        return switch (news.getNews()) {
            case TaskStarted started ->
                List.of(new SiteInput.Started(
                        taskId, started.getNodeId(), started.getToken().getPlacement()));
            case TaskWaits waits -> List.of(new SiteInput.Waits(taskId, waits.getExitCode()));
            case TaskEnded ended ->
                settlingBehind(
                        new SiteInput.Ended(
                                news.getPoolId(), taskId, ended.getResult(), ended.getExitCode(), ended.getDetail()),
                        news);
            case TaskRefused refused ->
                settlingBehind(new SiteInput.NotTaken(news.getPoolId(), taskId, refused.getDetail()), news);
            case SubtasksMoved _ ->
                List.of(); // No run of a WebJob takes several nodes; others may submit tasks for a site.
            case PoolNodes nodes -> nodes(news.getOwnerId(), new SiteInput.PoolHas(news.getPoolId(), nodes));
            case Object unknown -> throw new InvalidRecordException("unknown news " + unknown.getClass());
        };
    }

    @Override
    public Decision<SiteEvent> decide(String id, @Nullable Site site, SiteInput input, Instant now) {
        return SiteDecider.decide(id, site, input, now);
    }

    @Override
    public @Nullable Site evolve(@Nullable Site site, SiteEvent event) {
        return SiteDecider.evolve(site, event);
    }

    @Override
    public Optional<Instant> due(String id, Site site, Instant now) {
        return SiteDecider.due(site);
    }

    @Override
    public List<SiteInput> whenDue(String id, Site site) {
        return SiteDecider.whenDue(site);
    }

    @Override
    public void happened(Change<Site, SiteEvent> change) {
        effects.happened(change);
    }

    private void refused(SiteCommand command, SiteRefused refusal, Requester requester, Instant now) {
        effects.refused(command, refusal, requester, now);
    }
}
