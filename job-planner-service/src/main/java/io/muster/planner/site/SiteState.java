package io.muster.planner.site;

import io.muster.records.OrphanTask;
import io.muster.records.OrphanTaskEnded;
import io.muster.records.Site;
import io.muster.records.SiteEvent;
import io.muster.records.SitePoolChanged;
import io.muster.records.SiteRefused;
import io.muster.records.SiteSettingsChanged;
import io.muster.records.WebJob;
import io.muster.records.WebJobDeleted;
import io.muster.records.WebJobDisabled;
import io.muster.records.WebJobEnabled;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobMissed;
import io.muster.records.WebJobPut;
import io.muster.records.WebJobRescheduled;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunBegun;
import io.muster.records.WebJobRunEnded;
import io.muster.records.WebJobRunStarted;
import io.muster.records.WebJobRunStatus;
import io.muster.records.WebJobRunStopping;
import io.muster.records.WebJobRunWaits;
import io.muster.records.WebJobSettingsChanged;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Reads and folds a site's document. */
public final class SiteState {
    private static final Comparator<WebJob> ORDER = Comparator.comparing(WebJob::getKind)
            .thenComparing(job -> job.getName().toLowerCase(Locale.ROOT));
    /** Bounds the lines about missed times that the log of a job's schedule shows. */
    private static final int MISSED_KEPT = 20;

    private static final String USUAL_POOL = "default";

    private SiteState() {}

    /** Returns a site of which nothing is known. */
    static Site empty(String site) {
        return Site.newBuilder().setSite(site).setRevision(0).build();
    }

    /** Returns a job. Names are the same in any case. */
    public static Optional<WebJob> job(@Nullable Site site, WebJobKind kind, String name) {
        return site == null
                ? Optional.empty()
                : site.getWebJobs().stream().filter(job -> is(job, kind, name)).findFirst();
    }

    private static boolean is(WebJob job, WebJobKind kind, String name) {
        return job.getKind() == kind && job.getName().equalsIgnoreCase(name);
    }

    /** Returns whether a run has not ended. */
    public static boolean isLiving(WebJobRun run) {
        return switch (run.getStatus()) {
            case INITIALIZING, RUNNING, PENDING_RESTART, STOPPING -> true;
            case SUCCESS, FAILED, STOPPED, ABORTED -> false;
        };
    }

    /** Returns the pool on which a site runs. */
    public static String pool(Site site) {
        return site.getOwnPool() ? site.getSite() : USUAL_POOL;
    }

    /** Returns the pool whose nodes a site is to hear of: continuous jobs run on each. */
    public static Optional<String> watched(@Nullable Site site) {
        return site == null || site.getWebJobs().stream().noneMatch(job -> job.getKind() == WebJobKind.CONTINUOUS)
                ? Optional.empty()
                : Optional.of(pool(site));
    }

    /** Returns the node on which alone a run may be; empty for any. */
    static Optional<String> place(WebJobRun run) {
        return Optional.ofNullable(run.getPinnedTo());
    }

    /** Returns the run of a job on that node, or of a singleton, that has not ended: there is one at most. */
    static Optional<WebJobRun> living(WebJob job, Optional<String> node) {
        return job.getRuns().stream()
                .filter(SiteState::isLiving)
                .filter(run -> place(run).equals(node))
                .findFirst();
    }

    /** Holds a run with its job. */
    record RunOfJob(WebJob job, WebJobRun run) {}

    /** Returns the run of a task, as long as it is kept. */
    static Optional<RunOfJob> runOf(@Nullable Site site, String taskId) {
        return site == null
                ? Optional.empty()
                : site.getWebJobs().stream()
                        .flatMap(job -> job.getRuns().stream().map(run -> new RunOfJob(job, run)))
                        .filter(found -> found.run().getTaskId().equals(taskId))
                        .findFirst();
    }

    /** Returns the task of a deleted job's run that has not ended. */
    public static Optional<OrphanTask> orphan(@Nullable Site site, String taskId) {
        return site == null
                ? Optional.empty()
                : site.getOrphans().stream()
                        .filter(orphan -> orphan.getTaskId().equals(taskId))
                        .findFirst();
    }

    /** Returns whether a job has a run that has not ended, or one of its kind and name that was deleted has. */
    static boolean isRunning(Site site, WebJob job) {
        return job.getRuns().stream().anyMatch(SiteState::isLiving) || isAwaited(site, job);
    }

    /** Returns whether a run of a deleted job of that kind and name has not ended. */
    static boolean isAwaited(Site site, WebJob job) {
        return site.getOrphans().stream().anyMatch(orphan -> is(job, orphan.getKind(), orphan.getName()));
    }

    /** Returns the site after an event. @param known null where nothing was known of it */
    static @Nullable Site evolve(@Nullable Site known, SiteEvent event) {
        Site before = known == null ? empty(event.getSite()) : known;
        Site.Builder site = Site.newBuilder(before).setRevision(before.getRevision() + 1);
        switch (event.getEvent()) {
            case WebJobPut put -> put(site, before, put, event);
            case WebJobDeleted deleted -> delete(site, before, deleted);
            case WebJobSettingsChanged changed ->
                change(
                        site,
                        changed.getKind(),
                        changed.getName(),
                        job -> WebJob.newBuilder(job)
                                .setSettings(changed.getSettings())
                                .setSettingsFault("")
                                .setChangedAt(
                                        changed.getSettings().equals(job.getSettings())
                                                ? job.getChangedAt()
                                                : event.getAt())
                                .setDueAt(changed.getDueAt())
                                .build());
            case WebJobEnabled enabled ->
                change(
                        site,
                        WebJobKind.CONTINUOUS,
                        enabled.getName(),
                        job -> WebJob.newBuilder(job)
                                .setDisabled(false)
                                .setDueAt(null)
                                .build());
            case WebJobDisabled disabled ->
                change(
                        site,
                        WebJobKind.CONTINUOUS,
                        disabled.getName(),
                        job -> WebJob.newBuilder(job)
                                .setDisabled(true)
                                .setDueAt(null)
                                .build());
            case SiteSettingsChanged changed -> {
                site.setSettings(changed.getSettings());
                if (SiteSettings.concernContinuousJobs(before.getSettings(), changed.getSettings())) {
                    site.setWebJobs(before.getWebJobs().stream()
                            .map(job -> WebJob.newBuilder(job)
                                    .setChangedAt(event.getAt())
                                    .build())
                            .toList());
                }
            }
            case WebJobRescheduled moved ->
                change(
                        site,
                        moved.getKind(),
                        moved.getName(),
                        job -> WebJob.newBuilder(job)
                                .setDueAt(moved.getDueAt())
                                .setMissed(withMissed(job, moved.getMissed(), moved.getRunning(), event.getAt()))
                                .build());
            case WebJobRunBegun begun ->
                change(
                        site,
                        begun.getKind(),
                        begun.getName(),
                        job -> WebJob.newBuilder(job)
                                .setRuns(RunHistory.with(before, job, begun.getRun()))
                                .setMissed(withMissed(job, begun.getMissed(), false, event.getAt()))
                                .setDueAt(begun.getDueAt())
                                .build());
            case WebJobRunStarted started ->
                changeRun(
                        site,
                        started.getKind(),
                        started.getName(),
                        started.getRunId(),
                        run -> run.setStatus(
                                        run.getStatus() == WebJobRunStatus.STOPPING
                                                ? WebJobRunStatus.STOPPING
                                                : WebJobRunStatus.RUNNING)
                                .setStartedAt(event.getAt())
                                .setNodeId(started.getNodeId())
                                .setPlacement(started.getPlacement())
                                .setStarts(
                                        started.getKind() == WebJobKind.CONTINUOUS
                                                ? RunHistory.withStart(run.build(), started, event.getAt())
                                                : List.of()));
            case WebJobRunWaits waits ->
                changeRun(
                        site,
                        waits.getKind(),
                        waits.getName(),
                        waits.getRunId(),
                        run -> run.setStatus(WebJobRunStatus.PENDING_RESTART)
                                .setStarts(RunHistory.withEnd(run.getStarts(), waits, event.getAt())));
            case WebJobRunStopping stopping ->
                changeRun(
                        site,
                        stopping.getKind(),
                        stopping.getName(),
                        stopping.getRunId(),
                        run -> run.setStatus(WebJobRunStatus.STOPPING).setStoppingAt(event.getAt()));
            case WebJobRunEnded ended -> {
                changeRun(
                        site,
                        ended.getKind(),
                        ended.getName(),
                        ended.getRunId(),
                        run -> run.setStatus(ended.getStatus())
                                .setEndedAt(event.getAt())
                                .setExitCode(ended.getExitCode())
                                .setDetail(ended.getDetail()));
                change(
                        site,
                        ended.getKind(),
                        ended.getName(),
                        job -> WebJob.newBuilder(job).setDueAt(ended.getDueAt()).build());
            }
            case SitePoolChanged changed ->
                site.setOwnPool(changed.getOwn()).setNodes(changed.getNodes()).setCapable(changed.getCapable());
            case OrphanTaskEnded ended
            when orphan(known, ended.getTaskId()).isPresent() ->
                site.setOrphans(before.getOrphans().stream()
                        .filter(orphan -> !orphan.getTaskId().equals(ended.getTaskId()))
                        .toList());
            case OrphanTaskEnded _, SiteRefused _ -> {
                return known;
            }
            case Object unknown ->
                throw new IllegalStateException("not an event of a site, class=" + unknown.getClass());
        }
        return site.build();
    }

    private static void put(Site.Builder site, Site before, WebJobPut put, SiteEvent event) {
        Optional<WebJob> known = job(before, put.getKind(), put.getName());
        List<WebJob> jobs = new ArrayList<>(before.getWebJobs());
        known.ifPresent(jobs::remove);
        jobs.add(WebJob.newBuilder()
                .setKind(put.getKind())
                .setName(known.map(WebJob::getName).orElse(put.getName()))
                .setFiles(put.getFiles())
                .setSettings(put.getSettings())
                .setSettingsFault(put.getSettingsFault())
                .setDisabled(put.getDisabled())
                .setChangedAt(event.getAt())
                .setDueAt(put.getDueAt())
                .setRuns(known.map(WebJob::getRuns).orElse(List.of()))
                .setMissed(known.map(WebJob::getMissed).orElse(List.of()))
                .build());
        jobs.sort(ORDER);
        site.setWebJobs(jobs);
    }

    private static void delete(Site.Builder site, Site before, WebJobDeleted deleted) {
        List<WebJob> jobs = new ArrayList<>(before.getWebJobs());
        List<OrphanTask> orphans = new ArrayList<>(before.getOrphans());
        job(before, deleted.getKind(), deleted.getName()).ifPresent(job -> {
            jobs.remove(job);
            job.getRuns().stream()
                    .filter(SiteState::isLiving)
                    .forEach(run -> orphans.add(
                            new OrphanTask(job.getKind(), job.getName(), run.getTaskId(), run.getSha256())));
        });
        boolean hearsOfNodes =
                before.getOwnPool() || jobs.stream().anyMatch(job -> job.getKind() == WebJobKind.CONTINUOUS);
        site.setWebJobs(jobs)
                .setOrphans(orphans)
                .setNodes(hearsOfNodes ? before.getNodes() : List.of())
                .setCapable(hearsOfNodes ? before.getCapable() : null);
    }

    private static List<WebJobMissed> withMissed(WebJob job, int times, boolean running, Instant at) {
        List<WebJobMissed> all = job.getMissed();
        if (times == 0) {
            return all;
        }
        List<WebJobMissed> kept = new ArrayList<>(all.subList(Math.max(0, all.size() - MISSED_KEPT + 1), all.size()));
        kept.add(new WebJobMissed(at, times, running));
        return kept;
    }

    private static void change(Site.Builder site, WebJobKind kind, String name, UnaryOperator<WebJob> change) {
        site.setWebJobs(site.getWebJobs().stream()
                .map(job -> is(job, kind, name) ? change.apply(job) : job)
                .toList());
    }

    private static void changeRun(
            Site.Builder site, WebJobKind kind, String name, String runId, UnaryOperator<WebJobRun.Builder> change) {
        change(
                site,
                kind,
                name,
                job -> WebJob.newBuilder(job)
                        .setRuns(job.getRuns().stream()
                                .map(run -> run.getId().equals(runId)
                                        ? change.apply(WebJobRun.newBuilder(run))
                                                .build()
                                        : run)
                                .toList())
                        .build());
    }
}
