package io.muster.planner.site.topology;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.muster.planner.order.OrderReports;
import io.muster.planner.site.SiteState;
import io.muster.planner.site.WebJobTasks;
import io.muster.records.ForgetTask;
import io.muster.records.OrphanTaskEnded;
import io.muster.records.PoolCommand;
import io.muster.records.RunWebJob;
import io.muster.records.Site;
import io.muster.records.SiteCommand;
import io.muster.records.SiteEvent;
import io.muster.records.SiteRefusalReason;
import io.muster.records.SiteRefused;
import io.muster.records.StopTask;
import io.muster.records.SubmitTask;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.WatchNodes;
import io.muster.records.WebJob;
import io.muster.records.WebJobDeleted;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRescheduled;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunBegun;
import io.muster.records.WebJobRunEnded;
import io.muster.records.WebJobRunStarted;
import io.muster.records.WebJobRunStopping;
import io.muster.service.LogText;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.coordinator.Change;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends pools the commands that follow from a site's events, and logs and counts the events for operators. For one task. */
final class SiteEffects {
    private static final Logger LOG = LoggerFactory.getLogger(SiteEffects.class);

    private final Outbox outbox;
    private final MeterRegistry meters;
    private final Counter missed;
    private final OrderReports reports;

    SiteEffects(Outbox outbox, MeterRegistry meters) {
        this.outbox = outbox;
        this.reports = new OrderReports(outbox, SiteAggregate.NAME);
        this.meters = meters;
        this.missed = meters.counter("muster.webjobs.firings.missed");
    }

    /** Writes what follows of an event, beside the event and the document. */
    void happened(Change<Site, SiteEvent> change) {
        Instant now = change.at();
        Optional<String> before = SiteState.watched(change.before());
        Optional<String> after = SiteState.watched(change.after());
        if (!before.equals(after)) {
            before.ifPresent(pool -> watch(pool, change.id(), true, now));
            after.ifPresent(pool -> watch(pool, change.id(), false, now));
        }
        switch (change.event().getEvent()) {
            case WebJobRunBegun begun -> {
                missed.increment(begun.getMissed());
                Site site = Objects.requireNonNull(change.after());
                WebJob job =
                        SiteState.job(site, begun.getKind(), begun.getName()).orElseThrow();
                WebJobRun run = begun.getRun();
                send(run.getPoolId(), new SubmitTask(WebJobTasks.of(site, job, run, begun.getArguments())), now);
                reports.succeeded(begun.getOrder(), "The WebJob's run " + run.getId() + " began.", now);
            }
            case WebJobRunStopping stopping ->
                withRun(
                        change.after(),
                        stopping.getKind(),
                        stopping.getName(),
                        stopping.getRunId(),
                        run -> send(run.getPoolId(), new StopTask(run.getTaskId()), now));
            case WebJobRunEnded ended ->
                withRun(change.after(), ended.getKind(), ended.getName(), ended.getRunId(), run -> {
                    send(run.getPoolId(), new ForgetTask(run.getTaskId()), now);
                    meter(ended, run);
                });
            case OrphanTaskEnded ended -> send(ended.getPoolId(), new ForgetTask(ended.getTaskId()), now);
            case WebJobDeleted deleted ->
                SiteState.job(change.before(), deleted.getKind(), deleted.getName()).stream()
                        .flatMap(job -> job.getRuns().stream())
                        .filter(SiteState::isLiving)
                        .forEach(run -> send(run.getPoolId(), new StopTask(run.getTaskId()), now));
            case WebJobRunStarted started ->
                withRun(
                        change.after(),
                        started.getKind(),
                        started.getName(),
                        started.getRunId(),
                        run -> meterStart(run, now));
            case WebJobRescheduled moved -> missed.increment(moved.getMissed());
            default -> {
                // Follows for nobody.
            }
        }
        LOG.info(
                "{} site={} {}",
                change.event().getEvent().getClass().getSimpleName(),
                change.id(),
                LogText.of(subject(change.event().getEvent())));
    }

    /** Times the first start of a run: a continuous job's begins again without being asked to. */
    private void meterStart(WebJobRun run, Instant now) {
        if (run.getStarts().size() <= 1) {
            Timer.builder("muster.webjobs.start.latency")
                    .description("Time from a run's beginning to the first start of its program")
                    .register(meters)
                    .record(Duration.between(run.getBegunAt(), now));
        }
    }

    private static String subject(Object event) {
        return switch (event) {
            case WebJobRunBegun begun ->
                "job=" + begun.getName() + " run=" + begun.getRun().getId() + " trigger="
                        + begun.getRun().getTrigger() + missed(begun.getMissed());
            case WebJobRunStarted started ->
                "job=" + started.getName() + " run=" + started.getRunId() + " node=" + started.getNodeId();
            case WebJobRunStopping stopping -> "job=" + stopping.getName() + " run=" + stopping.getRunId();
            case WebJobRunEnded ended ->
                "job=" + ended.getName() + " run=" + ended.getRunId() + " status=" + ended.getStatus() + " exitCode="
                        + ended.getExitCode();
            case WebJobRescheduled moved -> "job=" + moved.getName() + missed(moved.getMissed());
            case WebJobDeleted deleted -> "job=" + deleted.getName();
            case OrphanTaskEnded ended -> "task=" + ended.getTaskId();
            default -> "";
        };
    }

    private static String missed(int times) {
        return times == 0 ? "" : " missed=" + times;
    }

    /** Asks a pool for its nodes, from now on or no more. */
    private void watch(String pool, String site, boolean ends, Instant now) {
        send(pool, new WatchNodes(new TaskOwner(TaskOwnerKind.SITE, site), ends), now);
    }

    private void meter(WebJobRunEnded ended, WebJobRun run) {
        Timer.builder("muster.webjobs.run.duration")
                .description("Duration of runs of WebJobs, by status")
                .tag("status", ended.getStatus().name().toLowerCase(Locale.ROOT))
                .register(meters)
                .record(Duration.between(
                        run.getBegunAt(), Optional.ofNullable(run.getEndedAt()).orElse(run.getBegunAt())));
    }

    private static void withRun(
            @Nullable Site site, WebJobKind kind, String name, String runId, Consumer<WebJobRun> use) {
        SiteState.job(site, kind, name).stream()
                .flatMap(job -> job.getRuns().stream())
                .filter(run -> run.getId().equals(runId))
                .forEach(use);
    }

    private void send(String poolId, Object command, Instant now) {
        outbox.send(
                Outbox.sink(Topics.POOL_COMMANDS),
                Topics.POOL_COMMANDS,
                Route.byKey(poolId),
                new PoolCommand(poolId, command),
                now);
    }

    /** Writes a refusal where everybody can read it, and tells the schedule that asked: what was begun before has succeeded. */
    void refused(SiteCommand command, SiteRefused refusal, Requester requester, Instant now) {
        outbox.send(
                Outbox.sink(Topics.SITE_EVENTS),
                Topics.SITE_EVENTS,
                Route.byKey(command.getSite()),
                new SiteEvent(command.getSite(), now, refusal),
                now,
                requester.requestId());
        if (command.getCommand() instanceof RunWebJob) {
            if (refusal.getReason() == SiteRefusalReason.BEGUN) {
                reports.succeeded(command.getOrder(), refusal.getMessage(), now);
            } else {
                reports.failed(command.getOrder(), refusal.getMessage(), now);
            }
        }
        meters.counter("muster.webjobs.refused", "reason", refusal.getReason().name())
                .increment();
        LOG.info(
                "{} refused site={} reason={} \"{}\"",
                command.getCommand().getClass().getSimpleName(),
                LogText.of(command.getSite()),
                refusal.getReason(),
                LogText.of(refusal.getMessage()));
    }
}
