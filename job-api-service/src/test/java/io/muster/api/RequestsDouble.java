package io.muster.api;

import io.muster.api.job.CatalogView;
import io.muster.api.job.CollectionView;
import io.muster.api.job.JobView;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.job.StreamJobView;
import io.muster.api.job.Views;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.Etags;
import io.muster.records.AutoScaleRun;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolRefusalReason;
import io.muster.records.BatchPoolRefused;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.CatalogItem;
import io.muster.records.CatalogRefusalReason;
import io.muster.records.CatalogRefused;
import io.muster.records.CreateDevice;
import io.muster.records.CreateJob;
import io.muster.records.Credentials;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.DeleteDevice;
import io.muster.records.DeleteSchedule;
import io.muster.records.DeleteStreamJob;
import io.muster.records.Device;
import io.muster.records.DeviceCounts;
import io.muster.records.DeviceDeleted;
import io.muster.records.DevicePage;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceRefused;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceView;
import io.muster.records.EndSchedule;
import io.muster.records.EvaluateBatchPoolFormula;
import io.muster.records.FireSchedule;
import io.muster.records.IfScheduleRevision;
import io.muster.records.InvokeMethod;
import io.muster.records.Job;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobRefused;
import io.muster.records.JobStatus;
import io.muster.records.ListModules;
import io.muster.records.MessageQueued;
import io.muster.records.MessagesPurged;
import io.muster.records.MethodResult;
import io.muster.records.PauseJob;
import io.muster.records.PurgeMessages;
import io.muster.records.PutStreamJob;
import io.muster.records.ResumeJob;
import io.muster.records.SaveCatalogItem;
import io.muster.records.SaveCollection;
import io.muster.records.SaveSchedule;
import io.muster.records.ScaleStreamJob;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.ScheduleRefused;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleStatus;
import io.muster.records.SendMessage;
import io.muster.records.Site;
import io.muster.records.StartStreamJob;
import io.muster.records.StopStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobStatus;
import io.muster.records.SuspendSchedule;
import io.muster.records.Twin;
import io.muster.records.WithholdSchedule;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Plays the planner without Kafka: takes every command that reaches it, and remembers it. */
class RequestsDouble implements Requests {
    private static final Instant NOW = Instant.parse("2026-11-21T02:25:15.423Z");

    final List<Object> commands = new CopyOnWriteArrayList<>();
    /** Sees each command and question before it is taken, on the thread that sends it. */
    volatile Consumer<Object> onSend = _ -> {};

    /** Completes replies to commands of stream jobs; at once, unless it is another. */
    volatile Executor replies = Runnable::run;

    final Map<String, DeviceView> devices = new ConcurrentSkipListMap<>();
    private final JobView jobs;
    private final StreamJobView streamJobs;
    /** Holds the names of topics that are there. */
    final Set<String> topics = new HashSet<>();

    private final ScheduleView schedules;
    private final CollectionView collections;
    private final CatalogView catalog;
    final SitesDouble sites;

    /** Answers commands of jobs of Batch, by id; refuses them unless it is another. */
    volatile BiFunction<String, Object, Object> batch = (jobId, _) -> BatchRefused.newBuilder()
            .setReason(BatchRefusalReason.JOB_NOT_FOUND)
            .setMessage("There is no job " + jobId + ".")
            .build();

    /** Answers commands of pools of Batch, by id; refuses them unless it is another. */
    volatile BiFunction<String, Object, Object> batchPool = (poolId, _) -> BatchPoolRefused.newBuilder()
            .setReason(BatchPoolRefusalReason.POOL_NOT_FOUND)
            .setMessage("There is no pool " + poolId + ".")
            .build();

    /** Counts the items of the catalog that were made, each of which has a time of its own. */
    private final AtomicLong made = new AtomicLong();

    /** Holds the commands that ask for a revision of a schedule. */
    final List<IfScheduleRevision> ofRevision = new CopyOnWriteArrayList<>();

    /** Says whether a job of an id that is taken is refused, as the planner does. */
    volatile boolean rejectsExisting;

    RequestsDouble(Views views) {
        this.jobs = views.jobs();
        this.streamJobs = views.streamJobs();
        this.schedules = views.schedules();
        this.collections = views.collections();
        this.catalog = views.catalog();
        this.sites = new SitesDouble(views.sites());
    }

    @Override
    public <T> CompletableFuture<T> device(String deviceId, Object command, Class<T> outcome, Duration limit) {
        onSend.accept(command);
        commands.add(command);
        return limit.isPositive()
                ? ended(() -> RefusedException.accepted(outcome(deviceId, command), outcome))
                : CompletableFuture.failedFuture(
                        new ProblemException(Problem.gatewayTimeout("No answer came in " + limit + ".")));
    }

    private static <T> CompletableFuture<T> ended(Supplier<T> outcome) {
        try {
            return CompletableFuture.completedFuture(outcome.get());
        } catch (RefusedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private Object outcome(String deviceId, Object command) {
        if (command instanceof CreateDevice create) {
            DeviceView view = view(
                    deviceId,
                    create.getSettings(),
                    "{\"site\":\"A\"}",
                    "{\"rate\":5}",
                    "{\"$lastUpdated\":\"2026-11-21T02:25:15Z\"}");
            return devices.putIfAbsent(deviceId, view) == null
                    ? view
                    : new DeviceRefused(DeviceRefusalReason.ALREADY_EXISTS, deviceId + " is there.");
        }
        @Nullable DeviceView view = devices.get(deviceId);
        if (view == null) {
            return new DeviceRefused(DeviceRefusalReason.NOT_FOUND, "There is no device " + deviceId + ".");
        }
        if (command instanceof InvokeMethod invoke) {
            return invoke.getMethod().getMethodName().equals("offline")
                    ? new DeviceRefused(DeviceRefusalReason.NOT_CONNECTED, "Timed out waiting for device to connect.")
                    : new MethodResult(200, invoke.getMethod().getPayload());
        }
        return switch (command) {
            case ListModules _ ->
                new DevicePage(
                        0,
                        1,
                        devices.entrySet().stream()
                                .filter(entry -> entry.getKey().startsWith(deviceId + "/"))
                                .map(Map.Entry::getValue)
                                .toList(),
                        false);
            case DeleteDevice _ -> {
                devices.remove(deviceId);
                yield new DeviceDeleted(deviceId);
            }
            case SendMessage _ -> new MessageQueued(1);
            case PurgeMessages _ -> new MessagesPurged(1);
            default -> view;
        };
    }

    @Override
    public CompletableFuture<Job> job(String jobId, Object command) {
        onSend.accept(command);
        commands.add(command);
        if (command instanceof CreateJob && jobs.get(jobId).isPresent() && rejectsExisting) {
            JobRefused exists =
                    new JobRefused(JobRefusalReason.ALREADY_EXISTS, "There is a job " + jobId + " already.");
            return ended(() -> RefusedException.accepted(exists, Job.class));
        }
        if (command instanceof CreateJob create) {
            Job job = Job.newBuilder()
                    .setDefinition(create.getDefinition())
                    .setJobNumber(1)
                    .setStatus(
                            create.getDefinition().getStartTime() == null
                                            || !create.getDefinition()
                                                    .getStartTime()
                                                    .isAfter(NOW)
                                    ? JobStatus.QUEUED
                                    : JobStatus.SCHEDULED)
                    .setCreatedAt(NOW)
                    .setRevision(1)
                    .build();
            jobs.put(job);
            return CompletableFuture.completedFuture(job);
        }
        Optional<Job> known = jobs.get(jobId).map(JobView.Entry::job);
        if (known.isPresent() && (command instanceof PauseJob || command instanceof ResumeJob)) {
            Job changed = Job.newBuilder(known.get())
                    .setPaused(command instanceof PauseJob)
                    .setAdmitted(command instanceof ResumeJob)
                    .setRevision(known.get().getRevision() + 1)
                    .build();
            jobs.put(changed);
            return CompletableFuture.completedFuture(changed);
        }
        JobRefused refusal = new JobRefused(JobRefusalReason.NOT_FOUND, "There is no such job.");
        return ended(() -> RefusedException.accepted(refusal, Job.class));
    }

    @Override
    public CompletableFuture<Job> jobEverywhere(String jobId, Object command) {
        return job(jobId, command);
    }

    @Override
    public CompletableFuture<List<DeviceCounts>> counts() {
        return CompletableFuture.completedFuture(
                List.of(new DeviceCounts(0, 3L, 2L, 1L), new DeviceCounts(1, 4L, 4L, 0L)));
    }

    @Override
    public CompletableFuture<List<DevicePage>> devices(@Nullable String after, int limit) {
        return CompletableFuture.completedFuture(List.of(new DevicePage(0, 1, List.copyOf(devices.values()), false)));
    }

    /** Holds a question to a partition: the limit, and the key to go on behind. */
    record Asked(@Nullable String after, int limit) {}

    final List<Asked> asked = new CopyOnWriteArrayList<>();
    Function<Asked, List<Object>> partitions = _ -> List.of();

    @Override
    public <T> CompletableFuture<List<T>> query(String text, @Nullable String after, int limit, Class<T> page) {
        Asked question = new Asked(after, limit);
        onSend.accept(question);
        asked.add(question);
        return ended(() -> partitions.apply(question).stream()
                .map(answer -> RefusedException.accepted(answer, page))
                .toList());
    }

    static DeviceView twinOf(String deviceId, String tags) {
        DeviceSettings settings = DeviceSettings.newBuilder()
                .setCredentials(Credentials.newBuilder().build())
                .build();
        return view(deviceId, settings, tags, "{}", "{}");
    }

    private static DeviceView view(
            String deviceId, DeviceSettings settings, String tags, String desired, String desiredMetadata) {
        return new DeviceView(
                Device.newBuilder()
                        .setDeviceId(deviceId)
                        .setGenerationId("1")
                        .setSettings(settings)
                        .setCreatedAt(NOW)
                        .setStatusUpdatedAt(NOW)
                        .setTwin(Twin.newBuilder()
                                .setTags(tags)
                                .setDesired(desired)
                                .setDesiredMetadata(desiredMetadata)
                                .setReported("{}")
                                .setReportedMetadata("{}")
                                .build())
                        .build(),
                null,
                0);
    }

    /** Takes what the coordinator would, without its rules. */
    @Override
    public CompletableFuture<StreamJob> streamJob(String id, Object command) {
        onSend.accept(command);
        commands.add(command);
        return CompletableFuture.supplyAsync(() -> written(id, command), replies);
    }

    @Override
    public CompletableFuture<Optional<StreamJob>> deleteStreamJob(String id) {
        DeleteStreamJob delete = new DeleteStreamJob(null);
        onSend.accept(delete);
        commands.add(delete);
        return CompletableFuture.supplyAsync(
                () -> {
                    streamJobs.forget(id);
                    return Optional.empty();
                },
                replies);
    }

    private StreamJob written(String id, Object command) {
        @Nullable
        StreamJob known = streamJobs.get(id).map(StreamJobView.Entry::job).orElse(null);
        StreamJob.Builder job = known == null
                ? StreamJob.newBuilder()
                        .setStreamJobId(id)
                        .setCreatedAt(NOW)
                        .setStatus(StreamJobStatus.CREATED)
                        .setDefinition(StreamJobDefinition.newBuilder().build())
                        .setRevision(0)
                : StreamJob.newBuilder(known);
        switch (command) {
            case PutStreamJob put -> job.setDefinition(put.getDefinition());
            case StartStreamJob _ -> job.setStatus(StreamJobStatus.STARTING);
            case StopStreamJob _ -> job.setStatus(StreamJobStatus.STOPPED);
            default -> job.setStreamingUnits(((ScaleStreamJob) command).getStreamingUnits());
        }
        StreamJob now = job.setRevision(job.getRevision() + 1).build();
        streamJobs.put(now);
        return now;
    }

    /** Returns why a command of a revision is refused. */
    private Optional<ScheduleRefused> scheduleFault(String id, long revision) {
        Optional<Schedule> known = schedules.get(id);
        if (revision == 0 && known.isPresent()) {
            return Optional.of(new ScheduleRefused(ScheduleRefusalReason.EXISTS, "There is a schedule of that id."));
        }
        return known.filter(schedule -> schedule.getRevision() != revision)
                .map(_ -> new ScheduleRefused(ScheduleRefusalReason.CHANGED_MEANWHILE, "It has changed."));
    }

    @Override
    public CompletableFuture<Schedule> schedule(String id, Object command) {
        if (command instanceof IfScheduleRevision asked) {
            ofRevision.add(asked);
            Optional<ScheduleRefused> fault = scheduleFault(id, asked.getRevision());
            return fault.isPresent()
                    ? ended(() -> RefusedException.accepted(fault.get(), Schedule.class))
                    : schedule(id, asked.getCommand());
        }
        if (command instanceof EndSchedule) {
            Schedule ended = Schedule.newBuilder(schedules.get(id).orElseThrow())
                    .setStatus(ScheduleStatus.COMPLETED)
                    .setNextAt(null)
                    .setEnded(true)
                    .build();
            schedules.put(ended);
            return CompletableFuture.completedFuture(ended);
        }
        onSend.accept(command);
        commands.add(command);
        if (command instanceof FireSchedule) {
            return CompletableFuture.completedFuture(schedules.get(id).orElseThrow());
        }
        if (command instanceof SuspendSchedule && schedules.get(id).isEmpty()) {
            return ended(() -> RefusedException.accepted(
                    new ScheduleRefused(ScheduleRefusalReason.NOT_FOUND, "There is no such schedule."),
                    Schedule.class));
        }
        if (command instanceof WithholdSchedule withhold) {
            Schedule withheld = Schedule.newBuilder(schedules.get(id).orElseThrow())
                    .setWithheld(withhold.getReason())
                    .setUpdatedAt(NOW.plusSeconds(1))
                    .build();
            schedules.put(withheld);
            return CompletableFuture.completedFuture(withheld);
        }
        ScheduleDefinition definition = command instanceof SuspendSchedule suspend
                ? ScheduleDefinition.newBuilder(schedules.get(id).orElseThrow().getDefinition())
                        .setSuspended(suspend.getSuspended())
                        .build()
                : ((SaveSchedule) command).getDefinition();
        Schedule schedule = Schedule.newBuilder()
                .setScheduleId(id)
                .setDefinition(definition)
                .setStatus(
                        definition.getEnabled() && !definition.getSuspended()
                                ? ScheduleStatus.ENABLED
                                : ScheduleStatus.DISABLED)
                .setCreatedAt(NOW)
                .setUpdatedAt(NOW)
                .setStartedAt(NOW)
                .setNextAt(NOW.plusSeconds(60))
                .setRevision(schedules.get(id).map(Schedule::getRevision).orElse(0L) + 1)
                .build();
        schedules.put(schedule);
        return CompletableFuture.completedFuture(schedule);
    }

    @Override
    public CompletableFuture<ScheduleCollection> collection(String id, Object command) {
        commands.add(command);
        SaveCollection save = (SaveCollection) command;
        ScheduleCollection collection = new ScheduleCollection(id, save.getEnabled(), save.getSource(), NOW, NOW);
        collections.put(collection);
        return CompletableFuture.completedFuture(collection);
    }

    @Override
    public CompletableFuture<Void> deleteCollection(String id) {
        collections.forget(id);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> deleteSchedule(String id, @Nullable Long ifRevision) {
        commands.add(new DeleteSchedule());
        schedules.forget(id);
        return CompletableFuture.completedFuture(null);
    }

    /** Decides as the planner does, with the versions of the view. */
    @Override
    public CompletableFuture<CatalogItem> catalog(String itemId, SaveCatalogItem command) {
        onSend.accept(command);
        commands.add(command);
        @Nullable CatalogItem known = catalog.get(itemId).orElse(null);
        if (known != null && command.getMustBeNew()) {
            return ended(() -> RefusedException.accepted(
                    new CatalogRefused(CatalogRefusalReason.ALREADY_EXISTS, "It is there."), CatalogItem.class));
        }
        if (known == null ? command.getIfMatch() != null : !Etags.matches(command.getIfMatch(), Etags.of(known))) {
            return ended(() -> RefusedException.accepted(outdated(), CatalogItem.class));
        }
        CatalogItem item = new CatalogItem(
                itemId,
                command.getContent(),
                command.getOrganization(),
                command.getSource(),
                known == null ? 1 : known.getRevision() + 1,
                known == null ? NOW.plusMillis(made.incrementAndGet()) : known.getCreatedAt(),
                NOW);
        catalog.put(item);
        return CompletableFuture.completedFuture(item);
    }

    private static CatalogRefused outdated() {
        return new CatalogRefused(CatalogRefusalReason.PRECONDITION_FAILED, "It is another version.");
    }

    @Override
    public CompletableFuture<Void> deleteCatalogItem(String itemId, DeleteCatalogItem command) {
        commands.add(command);
        Optional<CatalogItem> known = catalog.get(itemId);
        if (known.isEmpty() || !Etags.matches(command.getIfMatch(), Etags.of(known.get()))) {
            CatalogRefused refusal =
                    known.isEmpty() ? new CatalogRefused(CatalogRefusalReason.NOT_FOUND, "There is none.") : outdated();
            return ended(() -> {
                RefusedException.accepted(refusal, CatalogItem.class);
                return null;
            });
        }
        catalog.forget(itemId);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Site> site(String site, Object command) {
        onSend.accept(command);
        commands.add(command);
        return ended(() -> RefusedException.accepted(sites.take(site, command), Site.class));
    }

    @Override
    public <T> CompletableFuture<T> batchJob(String jobId, Object command, Class<T> outcome) {
        onSend.accept(command);
        commands.add(command);
        return ended(() -> RefusedException.accepted(batch.apply(jobId, command), outcome));
    }

    @Override
    public CompletableFuture<AutoScaleRun> evaluate(String poolId, String formula) {
        return ended(() -> RefusedException.accepted(
                batchPool.apply(poolId, new EvaluateBatchPoolFormula(formula)), AutoScaleRun.class));
    }

    @Override
    public CompletableFuture<Optional<BatchPool>> batchPool(String poolId, Object command) {
        onSend.accept(command);
        commands.add(command);
        return ended(() -> Optional.of(RefusedException.accepted(batchPool.apply(poolId, command), BatchPool.class)));
    }

    @Override
    public CompletableFuture<Void> pool(String poolId, Object command) {
        commands.add(command);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Boolean> hasTopic(String topic) {
        return CompletableFuture.completedFuture(topics.contains(topic));
    }

    /** Lets a schedule have run, the last run first. */
    void ran(String scheduleId, List<ScheduleRun> runs) {
        schedules.put(Schedule.newBuilder(schedules.get(scheduleId).orElseThrow())
                .setRecent(runs)
                .build());
    }
}
