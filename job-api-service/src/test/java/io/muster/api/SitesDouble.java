package io.muster.api;

import io.muster.api.job.SiteView;
import io.muster.records.DeleteWebJob;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.PutWebJobSettings;
import io.muster.records.RunWebJob;
import io.muster.records.Site;
import io.muster.records.SiteRefusalReason;
import io.muster.records.SiteRefused;
import io.muster.records.StartWebJob;
import io.muster.records.StopWebJob;
import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Plays the planner's sites without Kafka, as far as their surface shows them. Their rules are the planner's, and tested there. */
final class SitesDouble {
    private static final Instant BEGUN = Instant.parse("2026-11-21T02:25:10.123Z");

    private final SiteView sites;
    private int runs;

    SitesDouble(SiteView sites) {
        this.sites = sites;
    }

    synchronized Object take(String name, Object command) {
        Site site = sites.get(name)
                .orElseGet(() -> Site.newBuilder().setSite(name).setRevision(0).build());
        Object outcome = switch (command) {
            case PutWebJob put -> put(site, put);
            case DeleteWebJob delete ->
                job(site, delete.getKind(), delete.getName())
                        .<Object>map(job -> with(site, without(site, job)))
                        .orElseGet(SitesDouble::missing);
            case PutWebJobSettings put ->
                change(
                        site,
                        put.getKind(),
                        put.getName(),
                        job -> WebJob.newBuilder(job)
                                .setSettings(put.getSettings())
                                .setSettingsFault("")
                                .build());
            case RunWebJob run -> run(site, run);
            case StartWebJob start ->
                change(
                        site,
                        WebJobKind.CONTINUOUS,
                        start.getName(),
                        job -> WebJob.newBuilder(job).setDisabled(false).build());
            case StopWebJob stop ->
                change(
                        site,
                        WebJobKind.CONTINUOUS,
                        stop.getName(),
                        job -> WebJob.newBuilder(job).setDisabled(true).build());
            case PutSiteSettings put -> {
                Map<String, String> settings = new HashMap<>(site.getSettings());
                put.getSettings().forEach((key, value) -> {
                    if (value == null) {
                        settings.remove(key);
                    } else {
                        settings.put(key, value);
                    }
                });
                yield Site.newBuilder(site).setSettings(settings).build();
            }
            default -> throw new AssertionError(command);
        };
        return outcome instanceof Site changed ? publish(changed) : outcome;
    }

    private Site publish(Site site) {
        Site next = Site.newBuilder(site).setRevision(site.getRevision() + 1).build();
        sites.put(next);
        return next;
    }

    /** Changes the latest run of a triggered job. */
    synchronized void change(String site, String name, UnaryOperator<WebJobRun> change) {
        Site known = sites.get(site).orElseThrow();
        publish((Site) change(known, WebJobKind.TRIGGERED, name, job -> {
            List<WebJobRun> changed = new ArrayList<>(job.getRuns());
            changed.set(0, change.apply(changed.getFirst()));
            return WebJob.newBuilder(job).setRuns(changed).build();
        }));
    }

    /** Gives a continuous job the runs of a triggered one. */
    synchronized void copyRuns(String site, String from, String to) {
        Site known = sites.get(site).orElseThrow();
        List<WebJobRun> copied =
                job(known, WebJobKind.TRIGGERED, from).orElseThrow().getRuns();
        publish((Site) change(
                known,
                WebJobKind.CONTINUOUS,
                to,
                job -> WebJob.newBuilder(job).setRuns(copied).build()));
    }

    private static Object put(Site site, PutWebJob put) {
        List<WebJob> jobs = job(site, put.getKind(), put.getName())
                .map(known -> without(site, known))
                .orElseGet(() -> new ArrayList<>(site.getWebJobs()));
        jobs.add(WebJob.newBuilder()
                .setKind(put.getKind())
                .setName(put.getName())
                .setFiles(put.getFiles())
                .setSettings(put.getSettings())
                .setSettingsFault(put.getSettingsFault())
                .setDisabled(put.getDisabled())
                .setChangedAt(BEGUN)
                .build());
        return with(site, jobs);
    }

    private Object run(Site site, RunWebJob run) {
        if (site.getSettings().containsKey("WEBJOBS_STOPPED")) {
            return new SiteRefused(SiteRefusalReason.STOPPED, "WebJobs are stopped.");
        }
        boolean runs = job(site, WebJobKind.TRIGGERED, run.getName()).stream()
                .flatMap(job -> job.getRuns().stream())
                .anyMatch(known -> known.getEndedAt() == null);
        if (runs) {
            return new SiteRefused(SiteRefusalReason.RUNNING, "The job is already running.");
        }
        String id = "20261121022510123" + this.runs++;
        return change(site, WebJobKind.TRIGGERED, run.getName(), job -> {
            List<WebJobRun> history = new ArrayList<>(job.getRuns());
            history.addFirst(WebJobRun.newBuilder()
                    .setId(id)
                    .setStatus(WebJobRunStatus.INITIALIZING)
                    .setTrigger(run.getTrigger())
                    .setPoolId("default")
                    .setTaskId(site.getSite() + "." + job.getName() + "." + id)
                    .setScript(job.getFiles().getScript())
                    .setHost(job.getFiles().getHost())
                    .setBegunAt(BEGUN)
                    .build());
            return WebJob.newBuilder(job).setRuns(history).build();
        });
    }

    private static Object change(Site site, WebJobKind kind, String name, UnaryOperator<WebJob> change) {
        Optional<WebJob> job = job(site, kind, name);
        if (job.isEmpty()) {
            return missing();
        }
        List<WebJob> jobs = without(site, job.get());
        jobs.add(change.apply(job.get()));
        return with(site, jobs);
    }

    private static Optional<WebJob> job(Site site, WebJobKind kind, String name) {
        return site.getWebJobs().stream()
                .filter(job -> job.getKind() == kind && job.getName().equalsIgnoreCase(name))
                .findFirst();
    }

    private static List<WebJob> without(Site site, WebJob job) {
        List<WebJob> jobs = new ArrayList<>(site.getWebJobs());
        jobs.remove(job);
        return jobs;
    }

    private static Site with(Site site, List<WebJob> jobs) {
        return Site.newBuilder(site).setWebJobs(jobs).build();
    }

    private static SiteRefused missing() {
        return new SiteRefused(SiteRefusalReason.NOT_FOUND, "There is no such WebJob.");
    }
}
