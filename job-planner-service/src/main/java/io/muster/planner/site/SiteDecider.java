package io.muster.planner.site;

import io.muster.document.SiteNodes;
import io.muster.records.CapableNodes;
import io.muster.records.FiringOrder;
import io.muster.records.OrphanTaskEnded;
import io.muster.records.PoolNodes;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.PutWebJobSettings;
import io.muster.records.RunWebJob;
import io.muster.records.Site;
import io.muster.records.SiteEvent;
import io.muster.records.SitePoolChanged;
import io.muster.records.SiteRefusalReason;
import io.muster.records.SiteRefused;
import io.muster.records.SiteSettingsChanged;
import io.muster.records.TaskResult;
import io.muster.records.WebJob;
import io.muster.records.WebJobDeleted;
import io.muster.records.WebJobDisabled;
import io.muster.records.WebJobEnabled;
import io.muster.records.WebJobKind;
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
import io.muster.service.decider.Decision;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a site's WebJobs. A triggered job and a singleton have one run at a time, on one node of the site's pool; another continuous job has
 * one on each node. A run is a task of the pool: its start and its end are heard, never assumed. A job that is put again under the name of a deleted one begins
 * no run before those of the deleted one have ended. Contract: webjobs-and-schedules, 2.1 to 2.7.
 *
 * <pre>
 * triggered   (none) --Run, Due--> INITIALIZING --Started--> RUNNING --Ended--> SUCCESS, FAILED, STOPPED, ABORTED
 * continuous  as above, and begun by Settle; RUNNING --Waits--> PENDING_RESTART --Started--> RUNNING;
 *             any that lives --Settle where it should not run, or has other files--> STOPPING --Ended--> STOPPED
 * triggered   any that lives --SettleRun where its site is stopped--> STOPPING --Ended--> STOPPED
 * </pre>
 */
public final class SiteDecider {
    /** Bounds how late a time may be: it is missed beyond. Source: contract, 2.7. */
    private static final Duration TOLERANCE = Duration.ofMinutes(10);

    private static final int LONGEST_ARGUMENTS = 4096;
    /** Bounds the bytes of a run's texts: a site keeps some thousand runs. */
    private static final int LONGEST_TEXT = 128;

    private static final int LONGEST_TRIGGER = 256;
    private static final String CUT = "…";
    private static final int LONGEST_FAULT = 512;

    /** Says who began the runs of continuous jobs. */
    private static final String ALWAYS = "Continuous";

    private static final String IDLE =
            "The program was aborted due to no output nor CPU activity. You can increase the "
                    + "WEBJOBS_IDLE_TIMEOUT app setting if needed.";

    private SiteDecider() {}

    /** Decides what comes of an input. @param state null where nothing is known of the site */
    public static Decision<SiteEvent> decide(String id, @Nullable Site state, SiteInput input, Instant now) {
        Site site = state == null ? SiteState.empty(id) : state;
        return switch (input) {
            case SiteInput.Put(PutWebJob job) -> put(site, job, now);
            case SiteInput.Delete(var asked) ->
                SiteState.job(site, asked.getKind(), asked.getName())
                        .map(job -> happened(site, now, new WebJobDeleted(job.getKind(), job.getName())))
                        .orElseGet(SiteDecider::missing);
            case SiteInput.PutJobSettings(PutWebJobSettings asked) -> putJobSettings(site, asked, now);
            case SiteInput.Run(RunWebJob run, @Nullable FiringOrder order) -> run(site, run, order, now);
            case SiteInput.Start(String name) ->
                switched(site, name, now, true, job -> new WebJobEnabled(job.getName()));
            case SiteInput.Stop(String name) ->
                switched(site, name, now, false, job -> new WebJobDisabled(job.getName()));
            case SiteInput.PutSettings(PutSiteSettings asked) -> putSettings(site, asked, now);
            case SiteInput.Started started ->
                ofTask(
                        site,
                        started.taskId(),
                        now,
                        (job, run) -> new WebJobRunStarted(
                                job.getKind(), job.getName(), run.getId(), started.nodeId(), started.placement()));
            case SiteInput.Waits(String taskId, var exitCode) -> waits(site, taskId, exitCode, now);
            case SiteInput.Ended ended -> ended(site, ended, now);
            case SiteInput.NotTaken(String poolId, String taskId, String detail) ->
                // The pool's task of that id, if it has one, is not the site's: it is not forgotten where no run is
                // known.
                SiteState.runOf(site, taskId).isEmpty()
                                && SiteState.orphan(site, taskId).isEmpty()
                        ? new Decision.Nothing<>()
                        : ended(site, new SiteInput.Ended(poolId, taskId, TaskResult.FAILED, null, detail), now);
            case SiteInput.PoolHas(String poolId, PoolNodes nodes) -> poolHas(site, poolId, nodes, now);
            case SiteInput.Reschedule(String name) ->
                SiteState.job(site, WebJobKind.TRIGGERED, name)
                        .map(job -> reschedule(site, job, now))
                        .orElseGet(Decision.Nothing::new);
            case SiteInput.SettleRun(String name) ->
                SiteState.job(site, WebJobKind.TRIGGERED, name)
                        .map(job -> settleRun(site, job, now))
                        .orElseGet(Decision.Nothing::new);
            case SiteInput.Settle(String name, Optional<String> node) ->
                SiteState.job(site, WebJobKind.CONTINUOUS, name)
                        .map(job -> settle(site, job, node, now))
                        .orElseGet(Decision.Nothing::new);
            case SiteInput.SettleTask(String taskId) ->
                SiteState.runOf(site, taskId)
                        .filter(found -> found.job().getKind() == WebJobKind.CONTINUOUS)
                        .map(found -> settleBehind(site, found, now))
                        .orElseGet(Decision.Nothing::new);
            case SiteInput.Due(WebJobKind kind, String name) ->
                SiteState.job(site, kind, name).map(job -> due(site, job, now)).orElseGet(Decision.Nothing::new);
        };
    }

    private static Decision<SiteEvent> put(Site site, PutWebJob asked, Instant now) {
        if (asked.getUntil() != null && now.isAfter(asked.getUntil())) {
            return new Decision.Refused<>(new SiteRefused(
                    SiteRefusalReason.LATE,
                    "The upload was not carried out by " + asked.getUntil()
                            + ", and its files may be deleted by now. Upload it again."));
        }
        Optional<String> fault = WebJobRules.siteFault(site.getSite())
                .or(() -> WebJobRules.fault(asked))
                .or(() -> WebJobRules.sizeFault(site, asked.getKind(), asked.getName(), asked.getSettings()));
        if (fault.isPresent()) {
            return invalid(fault.get());
        }
        if (SiteState.job(site, asked.getKind(), asked.getName()).isEmpty()
                && WebJobRules.others(site, asked.getKind(), asked.getName()) >= WebJobRules.MOST_JOBS) {
            return new Decision.Refused<>(new SiteRefused(
                    SiteRefusalReason.TOO_MANY_JOBS,
                    "A site has at most " + WebJobRules.MOST_JOBS
                            + " WebJobs, with those that were deleted and have not ended: delete one, or wait."));
        }
        return happened(
                site,
                now,
                new WebJobPut(
                        asked.getKind(),
                        asked.getName(),
                        asked.getFiles(),
                        asked.getSettings(),
                        asked.getKind() == WebJobKind.CONTINUOUS && asked.getDisabled(),
                        next(site, asked.getKind(), asked.getName(), asked.getSettings(), now),
                        shortened(asked.getSettingsFault(), LONGEST_FAULT)));
    }

    /** Returns when a job is due by other settings: as it was, where its schedule is the same. */
    private static @Nullable Instant next(Site site, WebJobKind kind, String name, String settings, Instant now) {
        Optional<WebJob> known = SiteState.job(site, kind, name);
        Optional<String> schedule = JobSettings.stored(settings).schedule();
        boolean same = kind == WebJobKind.TRIGGERED
                && known.map(job -> JobSettings.stored(job.getSettings()).schedule())
                        .filter(schedule::equals)
                        .isPresent();
        return same ? known.get().getDueAt() : next(site, kind, settings, now);
    }

    private static @Nullable Instant next(Site site, WebJobKind kind, String settings, Instant now) {
        return JobSchedule.next(kind, settings, SiteSettings.of(site.getSettings()), now)
                .orElse(null);
    }

    private static Decision<SiteEvent> putJobSettings(Site site, PutWebJobSettings asked, Instant now) {
        Optional<WebJob> job = SiteState.job(site, asked.getKind(), asked.getName());
        if (job.isEmpty()) {
            return missing();
        }
        Optional<String> fault = WebJobRules.settingsFault(asked.getSettings())
                .or(() -> WebJobRules.sizeFault(site, asked.getKind(), asked.getName(), asked.getSettings()));
        if (fault.isPresent()) {
            return invalid(fault.get());
        }
        @Nullable
        Instant dueAt = job.get().getKind() == WebJobKind.CONTINUOUS
                ? job.get().getDueAt()
                : next(site, asked.getKind(), asked.getName(), asked.getSettings(), now);
        return happened(
                site,
                now,
                new WebJobSettingsChanged(job.get().getKind(), job.get().getName(), asked.getSettings(), dueAt));
    }

    private static Decision<SiteEvent> run(Site site, RunWebJob asked, @Nullable FiringOrder order, Instant now) {
        Optional<WebJob> job = SiteState.job(site, WebJobKind.TRIGGERED, asked.getName());
        Optional<SiteRefused> fault = orderFault(job, order, now);
        if (fault.isPresent()) {
            return new Decision.Refused<>(fault.get());
        }
        if (job.isEmpty()) {
            return missing();
        }
        if (asked.getArguments().length() > LONGEST_ARGUMENTS) {
            return invalid("The arguments of a run have at most " + LONGEST_ARGUMENTS + " characters.");
        }
        if (asked.getArguments().indexOf('\0') >= 0) {
            return invalid("The arguments of a run hold no NUL character (%00): no program can be given one.");
        }
        if (SiteSettings.of(site.getSettings()).isStopped()) {
            return new Decision.Refused<>(new SiteRefused(
                    SiteRefusalReason.STOPPED,
                    "Cannot start a new run since WebJobs are stopped: remove the setting WEBJOBS_STOPPED."));
        }
        if (SiteState.isRunning(site, job.get())) {
            return new Decision.Refused<>(
                    new SiteRefused(SiteRefusalReason.RUNNING, "Cannot start a new run since job is already running."));
        }
        return happened(
                site,
                now,
                begun(
                        site,
                        job.get(),
                        Optional.empty(),
                        shortened(asked.getTrigger(), LONGEST_TRIGGER),
                        asked.getArguments(),
                        job.get().getDueAt(),
                        order,
                        now));
    }

    /** Returns why no run comes of a firing's order: one has come of it before, or it is too late; empty where neither holds. */
    private static Optional<SiteRefused> orderFault(Optional<WebJob> job, @Nullable FiringOrder order, Instant now) {
        if (order == null) {
            return Optional.empty();
        }
        String firing = firing(order);
        return job.stream()
                .flatMap(known -> known.getRuns().stream())
                .filter(run -> run.getFiring().equals(firing))
                .findFirst()
                .map(run -> new SiteRefused(
                        SiteRefusalReason.BEGUN, "The run " + run.getId() + " was begun for it before."))
                .or(() -> now.isAfter(order.getUntil())
                        ? Optional.of(
                                new SiteRefused(SiteRefusalReason.LATE, "It was to begin by " + order.getUntil() + "."))
                        : Optional.empty());
    }

    /** Returns what stands for a firing and its action, in few bytes: all attempts at them are for one run. */
    private static String firing(FiringOrder order) {
        String all = order.getScheduleId() + '\n' + order.getRun() + '\n' + order.getOfError();
        return UUID.nameUUIDFromBytes(all.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private static WebJobRunBegun begun(
            Site site,
            WebJob job,
            Optional<String> node,
            String trigger,
            String arguments,
            @Nullable Instant dueAt,
            @Nullable FiringOrder order,
            Instant now) {
        String id = RunIds.next(job.getRuns().stream().findFirst().map(WebJobRun::getId), now);
        WebJobRun run = WebJobRun.newBuilder()
                .setId(id)
                .setStatus(WebJobRunStatus.INITIALIZING)
                .setTrigger(trigger)
                .setPoolId(SiteState.pool(site))
                .setPinnedTo(node.orElse(null))
                .setTaskId(WebJobTasks.id(site.getSite(), job.getKind(), job.getName(), id))
                .setScript(job.getFiles().getScript())
                .setHost(job.getFiles().getHost())
                .setBegunAt(now)
                .setSha256(job.getFiles().getSha256())
                .setFiring(order == null ? "" : firing(order))
                .build();
        return new WebJobRunBegun(job.getKind(), job.getName(), run, arguments, dueAt, order, 0);
    }

    private static Decision<SiteEvent> switched(
            Site site, String name, Instant now, boolean on, Function<WebJob, Object> event) {
        Optional<WebJob> job = SiteState.job(site, WebJobKind.CONTINUOUS, name);
        if (job.isEmpty()) {
            return missing();
        }
        return job.get().getDisabled() == on ? happened(site, now, event.apply(job.get())) : new Decision.Nothing<>();
    }

    private static Decision<SiteEvent> putSettings(Site site, PutSiteSettings asked, Instant now) {
        Map<String, String> changed = asked.getReplace() ? new HashMap<>() : new HashMap<>(site.getSettings());
        asked.getSettings().forEach((name, value) -> {
            changed.keySet().removeIf(known -> known.equalsIgnoreCase(name));
            if (value != null) {
                changed.put(name, value);
            }
        });
        if (site.getRevision() == 0 && changed.isEmpty()) {
            return new Decision.Refused<>(new SiteRefused(
                    SiteRefusalReason.NOT_FOUND,
                    "There is no such site: it is there from its first WebJob or its first setting."));
        }
        return WebJobRules.siteFault(site.getSite())
                .or(() -> WebJobRules.settingsFault(site, asked, changed))
                .map(SiteDecider::invalid)
                .orElseGet(() -> happened(site, now, new SiteSettingsChanged(changed)));
    }

    private static Decision<SiteEvent> ofTask(
            Site site, String taskId, Instant now, BiFunction<WebJob, WebJobRun, Object> event) {
        return SiteState.runOf(site, taskId)
                .filter(found -> SiteState.isLiving(found.run()))
                .map(found -> happened(site, now, event.apply(found.job(), found.run())))
                .orElseGet(Decision.Nothing::new);
    }

    private static Decision<SiteEvent> waits(Site site, String taskId, @Nullable Integer exitCode, Instant now) {
        return SiteState.runOf(site, taskId)
                .filter(found -> found.job().getKind() == WebJobKind.CONTINUOUS)
                .filter(found -> found.run().getStatus() == WebJobRunStatus.RUNNING)
                .map(found -> happened(
                        site,
                        now,
                        new WebJobRunWaits(
                                found.job().getKind(),
                                found.job().getName(),
                                found.run().getId(),
                                exitCode)))
                .orElseGet(Decision.Nothing::new);
    }

    private static Decision<SiteEvent> ended(Site site, SiteInput.Ended ended, Instant now) {
        Optional<SiteState.RunOfJob> found = SiteState.runOf(site, ended.taskId());
        if (found.isEmpty()) {
            return happened(site, now, new OrphanTaskEnded(ended.poolId(), ended.taskId()));
        }
        if (!SiteState.isLiving(found.get().run())) {
            return new Decision.Nothing<>();
        }
        WebJob job = found.get().job();
        WebJobRunStatus status = status(ended.result());
        return happened(
                site,
                now,
                new WebJobRunEnded(
                        job.getKind(),
                        job.getName(),
                        found.get().run().getId(),
                        status,
                        ended.exitCode(),
                        detail(site, ended, found.get()),
                        dueBehind(site, job, status, now)));
    }

    /** Returns what a user is told of an end: in Kudu's words where it was idle, and the reason where the site had it stop. */
    private static String detail(Site site, SiteInput.Ended ended, SiteState.RunOfJob of) {
        String said = shortened(ended.detail());
        boolean isStopped = of.job().getKind() == WebJobKind.TRIGGERED
                && of.run().getStatus() == WebJobRunStatus.STOPPING
                && said.isEmpty();
        if (isStopped) {
            return of.run().getPoolId().equals(SiteState.pool(site))
                    ? "The run was stopped, since the site has the setting WEBJOBS_STOPPED."
                    : "The run waited in the pool " + of.run().getPoolId()
                            + ", which the site has left, and was stopped: run it again.";
        }
        return ended.result() == TaskResult.IDLE ? (IDLE + " " + said).strip() : said;
    }

    private static String shortened(String text) {
        return shortened(text, LONGEST_TEXT);
    }

    /** Cuts a text that is longer than so many bytes, and says so by its last letter. */
    private static String shortened(String text, int most) {
        if (WebJobRules.bytes(text) <= most) {
            return text;
        }
        int bytes = WebJobRules.bytes(CUT);
        int at = 0;
        while (bytes + WebJobRules.bytes(Character.toString(text.codePointAt(at))) <= most) {
            bytes += WebJobRules.bytes(Character.toString(text.codePointAt(at)));
            at = text.offsetByCodePoints(at, 1);
        }
        return text.substring(0, at) + CUT;
    }

    /** Returns when a job is due whose run has ended: a continuous one begins again, at once where it was asked to stop and should run. */
    private static @Nullable Instant dueBehind(Site site, WebJob job, WebJobRunStatus status, Instant now) {
        if (job.getKind() == WebJobKind.CONTINUOUS && isDisabled(site, job)) {
            return null;
        }
        return job.getKind() == WebJobKind.TRIGGERED || status == WebJobRunStatus.STOPPED
                ? job.getDueAt()
                : now.plus(SiteSettings.of(site.getSettings()).restartPause());
    }

    private static WebJobRunStatus status(TaskResult result) {
        return switch (result) {
            case SUCCEEDED -> WebJobRunStatus.SUCCESS;
            case FAILED, TIMED_OUT, IDLE -> WebJobRunStatus.FAILED;
            case STOPPED -> WebJobRunStatus.STOPPED;
            case ABORTED -> WebJobRunStatus.ABORTED;
        };
    }

    private static boolean isDisabled(Site site, WebJob job) {
        return job.getDisabled() || SiteSettings.of(site.getSettings()).isStopped();
    }

    /** Returns whether a continuous job runs there. @param node empty for any */
    private static boolean shouldRun(Site site, WebJob job, Optional<String> node) {
        boolean singleton = JobSettings.stored(job.getSettings()).isSingleton();
        List<String> nodes = SiteNodes.of(site, job.getFiles().getHost());
        return !isDisabled(site, job)
                && node.map(id -> !singleton && nodes.contains(id)).orElse(singleton && !nodes.isEmpty());
    }

    private static Decision<SiteEvent> poolHas(Site site, String poolId, PoolNodes nodes, Instant now) {
        List<String> taken = taken(nodes.getNodeIds());
        @Nullable
        List<CapableNodes> capable = nodes.getCapable() == null
                ? null
                : nodes.getCapable().stream()
                        .map(some -> new CapableNodes(some.getCapability(), taken(some.getNodeIds()), some.getMore()))
                        .toList();
        boolean ofItsName = poolId.equals(site.getSite());
        if (!ofItsName && !poolId.equals(SiteState.pool(site))) {
            return new Decision.Nothing<>();
        }
        boolean own = ofItsName && !taken.isEmpty();
        boolean same =
                own == site.getOwnPool() && taken.equals(site.getNodes()) && Objects.equals(capable, site.getCapable());
        boolean ofAnother = ofItsName && !own && !site.getOwnPool();
        return same || ofAnother
                ? new Decision.Nothing<>()
                : happened(site, now, new SitePoolChanged(own, taken, capable));
    }

    private static List<String> taken(List<String> nodes) {
        return nodes.stream().limit(WebJobRules.MOST_NODES).sorted().toList();
    }

    /** Settles the job of a run that has ended: for the run's place, or, where nothing changes there, for a singleton, which waits for its last run on any node. */
    private static Decision<SiteEvent> settleBehind(Site site, SiteState.RunOfJob ended, Instant now) {
        Decision<SiteEvent> decision = settle(site, ended.job(), SiteState.place(ended.run()), now);
        return decision instanceof Decision.Nothing<SiteEvent>
                ? settle(site, ended.job(), Optional.empty(), now)
                : decision;
    }

    /** Has a triggered job's run end that may not go on: its site is stopped, or it waits in a pool which the site has left and nobody may ever take it there. */
    private static Decision<SiteEvent> settleRun(Site site, WebJob job, Instant now) {
        boolean isStopped = SiteSettings.of(site.getSettings()).isStopped();
        return job.getRuns().stream()
                .filter(run -> SiteState.isLiving(run) && run.getStatus() != WebJobRunStatus.STOPPING)
                .filter(run -> isStopped
                        || run.getStatus() == WebJobRunStatus.INITIALIZING
                                && !run.getPoolId().equals(SiteState.pool(site)))
                .findFirst()
                .map(run -> happened(site, now, new WebJobRunStopping(job.getKind(), job.getName(), run.getId())))
                .orElseGet(Decision.Nothing::new);
    }

    private static Decision<SiteEvent> reschedule(Site site, WebJob job, Instant now) {
        boolean isOn = mayBeDue(site, job);
        if (isOn && job.getDueAt() != null && !job.getDueAt().isAfter(now)) {
            // It fires, or counts as missed.
            return new Decision.Nothing<>();
        }
        // Times that go by while schedules are off are nobody's.
        @Nullable Instant next = isOn ? next(site, job.getKind(), job.getSettings(), now) : null;
        return Objects.equals(next, job.getDueAt())
                ? new Decision.Nothing<>()
                : happened(site, now, new WebJobRescheduled(job.getKind(), job.getName(), next, 0, false));
    }

    private static Decision<SiteEvent> settle(Site site, WebJob job, Optional<String> node, Instant now) {
        Optional<WebJobRun> living = SiteState.living(job, node);
        if (living.isPresent()) {
            WebJobRun run = living.get();
            boolean isRight = shouldRun(site, job, node)
                    && !run.getBegunAt().isBefore(job.getChangedAt())
                    && run.getPoolId().equals(SiteState.pool(site));
            return isRight || run.getStatus() == WebJobRunStatus.STOPPING
                    ? new Decision.Nothing<>()
                    : happened(site, now, new WebJobRunStopping(job.getKind(), job.getName(), run.getId()));
        }
        boolean waits = job.getDueAt() != null && job.getDueAt().isAfter(now)
                || SiteState.isAwaited(site, job)
                || node.isEmpty() && job.getRuns().stream().anyMatch(SiteState::isLiving);
        return waits || !shouldRun(site, job, node)
                ? new Decision.Nothing<>()
                : happened(site, now, begun(site, job, node, ALWAYS, "", job.getDueAt(), null, now));
    }

    /** Returns the inputs that settle a job, wherever it runs or should. @param nodes that may be such a place, beside those where it runs */
    public static List<SiteInput> settling(@Nullable Site site, List<String> nodes, WebJobKind kind, String name) {
        if (kind == WebJobKind.TRIGGERED) {
            return List.of(new SiteInput.Reschedule(name), new SiteInput.SettleRun(name));
        }
        Set<Optional<String>> places = new LinkedHashSet<>();
        places.add(Optional.empty());
        nodes.forEach(node -> places.add(Optional.of(node)));
        SiteState.job(site, kind, name).stream()
                .flatMap(job -> job.getRuns().stream())
                .filter(SiteState::isLiving)
                .forEach(run -> places.add(SiteState.place(run)));
        return places.stream()
                .<SiteInput>map(place -> new SiteInput.Settle(name, place))
                .toList();
    }

    private static Decision<SiteEvent> due(Site site, WebJob job, Instant now) {
        @Nullable Instant dueAt = job.getDueAt();
        if (dueAt == null || dueAt.isAfter(now) || !mayBeDue(site, job)) {
            return new Decision.Nothing<>();
        }
        if (job.getKind() == WebJobKind.CONTINUOUS) {
            return happened(site, now, new WebJobRescheduled(job.getKind(), job.getName(), null, 0, false));
        }
        JobSchedule.Passed passed = JobSchedule.passed(job, dueAt, SiteSettings.of(site.getSettings()), now);
        @Nullable Instant next = passed.next().orElse(null);
        boolean isLate = Duration.between(passed.latest(), now).compareTo(TOLERANCE) > 0;
        if (isLate || SiteState.isRunning(site, job)) {
            return happened(
                    site, now, new WebJobRescheduled(job.getKind(), job.getName(), next, passed.passed() + 1, !isLate));
        }
        String cron = JobSettings.stored(job.getSettings()).schedule().orElse("");
        WebJobRunBegun begun = begun(site, job, Optional.empty(), "Schedule - " + cron, "", next, null, now);
        return happened(
                site,
                now,
                WebJobRunBegun.newBuilder(begun).setMissed(passed.passed()).build());
    }

    private static boolean mayBeDue(Site site, WebJob job) {
        SiteSettings settings = SiteSettings.of(site.getSettings());
        return !settings.isStopped() && (job.getKind() == WebJobKind.CONTINUOUS || !settings.noSchedules());
    }

    /** Returns when time itself becomes an input. */
    public static Optional<Instant> due(Site site) {
        return site.getWebJobs().stream()
                .filter(job -> job.getDueAt() != null && mayBeDue(site, job))
                .map(WebJob::getDueAt)
                .min(Instant::compareTo);
    }

    /** Returns the inputs when {@link #due} has come. */
    public static List<SiteInput> whenDue(Site site) {
        List<SiteInput> inputs = new ArrayList<>();
        site.getWebJobs().stream().filter(job -> job.getDueAt() != null).forEach(job -> {
            inputs.add(new SiteInput.Due(job.getKind(), job.getName()));
            if (job.getKind() == WebJobKind.CONTINUOUS) {
                inputs.addAll(settling(site, SiteNodes.all(site), job.getKind(), job.getName()));
            }
        });
        return inputs;
    }

    /** Returns the state after the event; null where nothing is known of the site. */
    public static @Nullable Site evolve(@Nullable Site site, SiteEvent event) {
        return SiteState.evolve(site, event);
    }

    private static Decision<SiteEvent> happened(Site site, Instant now, Object event) {
        return new Decision.Happened<>(new SiteEvent(site.getSite(), now, event));
    }

    private static Decision<SiteEvent> invalid(String message) {
        return new Decision.Refused<>(new SiteRefused(SiteRefusalReason.INVALID, message));
    }

    private static Decision<SiteEvent> missing() {
        return new Decision.Refused<>(new SiteRefused(SiteRefusalReason.NOT_FOUND, "There is no such WebJob."));
    }
}
