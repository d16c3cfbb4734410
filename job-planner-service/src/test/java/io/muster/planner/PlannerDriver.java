package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.document.IdentityId;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobCommand;
import io.muster.records.BatchJobGone;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolCommand;
import io.muster.records.BatchPoolDeleted;
import io.muster.records.Capability;
import io.muster.records.CatalogCommand;
import io.muster.records.CollectionCommand;
import io.muster.records.ConnectionTerms;
import io.muster.records.CreateDevice;
import io.muster.records.Credentials;
import io.muster.records.DeadLetter;
import io.muster.records.Delivery;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvents;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceReport;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceStatus;
import io.muster.records.DeviceView;
import io.muster.records.Expansion;
import io.muster.records.ExpansionCompleted;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.GetDevice;
import io.muster.records.Job;
import io.muster.records.JobCommand;
import io.muster.records.JobEvent;
import io.muster.records.JobRefusal;
import io.muster.records.JobStatistics;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodReport;
import io.muster.records.MethodReports;
import io.muster.records.MethodRequest;
import io.muster.records.MethodRequests;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.muster.records.NodeConnected;
import io.muster.records.NodeOrders;
import io.muster.records.NodeRemoved;
import io.muster.records.NodeReports;
import io.muster.records.PoolCommand;
import io.muster.records.PoolReport;
import io.muster.records.Reply;
import io.muster.records.RequestConnection;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCall;
import io.muster.records.ScheduleCommand;
import io.muster.records.Site;
import io.muster.records.SiteCommand;
import io.muster.records.SubscriptionsChanged;
import io.muster.records.TaskNews;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.SchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.Changelogs;
import io.muster.service.Traces;
import io.muster.service.state.StoreSpec;
import io.muster.topics.Headers;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Retention;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;

/** Runs the planner's topology with one partition of each kind, and keeps what it wrote. Plays the processor: it folds and feeds back. */
final class PlannerDriver implements AutoCloseable {
    private static final int MOST_TICKS = 5000;

    private final TroubledRegistry registry = new TroubledRegistry();
    private final Codecs codecs = new Codecs(registry);
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final PartitionCounts partitions;
    private final JobLimits limits;
    private final String application = "test-" + UUID.randomUUID();
    private final Map<String, Map<String, byte[]>> changelogs = new HashMap<>();
    private final Set<String> held = new HashSet<>();
    private final Map<String, List<TestRecord<String, byte[]>>> heldUp = new HashMap<>();
    private final Map<String, TestInputTopic<String, byte[]>> inputs = new HashMap<>();
    private final List<DeviceJobEvents> eventBatches = new ArrayList<>();
    private final List<Happened> deviceJobEvents = new ArrayList<>();
    private final List<JobEvent> jobEvents = new ArrayList<>();
    private final List<Delivery> deliveries = new ArrayList<>();
    private final List<Delivery> sentDeliveries = new ArrayList<>();
    private final List<Reply> replies = new ArrayList<>();
    private final List<DeadLetter> deadLetters = new ArrayList<>();
    private final List<JobRefusal> refusals = new ArrayList<>();
    private final List<List<Object>> poolEvents = new ArrayList<>();
    private final List<PoolCommand> poolCommands = new ArrayList<>();
    private final List<TaskNews> news = new ArrayList<>();
    private final List<Object> nodeNews = new ArrayList<>();
    private final List<SiteCommand> siteCommands = new ArrayList<>();
    private final Map<String, BatchJob> batchJobs = new HashMap<>();
    private final List<TestRecord<String, String>> taskEvents = new ArrayList<>();
    private final List<Object> batchJobEvents = new ArrayList<>();
    private final List<ScheduleCall> scheduleCalls = new ArrayList<>();
    private final Map<String, Job> jobs = new HashMap<>();
    private final Map<String, Site> sites = new HashMap<>();
    private final Map<String, Schedule> schedules = new HashMap<>();
    private final Map<String, BatchPool> batchPools = new HashMap<>();
    private final Map<String, DeviceConnection> connections = new HashMap<>();
    private final Map<String, Map<DeviceJobStatus, Long>> counts = new HashMap<>();
    private final Map<String, Long> jobNumbers = new HashMap<>();
    private final Set<String> expanded = new HashSet<>();
    private final Map<String, Map<String, byte[]>> compacted = new HashMap<>();
    private Instant now = Instant.parse("2026-11-21T02:00:00Z");
    private int requests;
    private String run = "run-1";
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private final List<Long> ticks = new ArrayList<>();
    private TopologyTestDriver driver;

    PlannerDriver() {
        this(1);
    }

    PlannerDriver(int gateways) {
        this(gateways, JobLimits.NONE);
    }

    PlannerDriver(int gateways, JobLimits limits) {
        this(new PartitionCounts(1, 1, gateways, 1), limits);
    }

    /** @param counts that the planner takes for its topics'; all that it reads is in the first partition of its topic */
    PlannerDriver(PartitionCounts counts, JobLimits limits) {
        this.partitions = counts;
        this.limits = limits;
        this.driver = start();
    }

    /** Returns the meters of all tasks that it started. */
    MeterRegistry meters() {
        return meters;
    }

    private TopologyTestDriver start() {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
        return new TopologyTestDriver(
                PlannerTopology.build(
                        new RestoredTopology(changelogs, held),
                        registry,
                        partitions,
                        limits,
                        this::documents,
                        meters,
                        Traces.off()),
                properties,
                now);
    }

    /** Returns the value of a gauge. */
    double gauge(String name, String... tags) {
        return meters.get(name).tags(tags).gauge().value();
    }

    /** Ends the tasks, and starts others from the changelogs. Records that they read from now on are at the beginning of their topics again. */
    void restart() {
        readChangelogs();
        driver.close();
        inputs.clear();
        driver = start();
    }

    Map<String, byte[]> changelog(StoreSpec<?> store) {
        return changelog(store.name());
    }

    /** Returns the changelog of a store, by key; a test's changes are in the store after a restart. */
    Map<String, byte[]> changelog(String store) {
        readChangelogs();
        return changelogs.computeIfAbsent(store, _ -> new TreeMap<>());
    }

    private void readChangelogs() {
        for (String topic : driver.producedTopicNames()) {
            Changelogs.store(application, topic)
                    .ifPresent(store -> driver.createOutputTopic(
                                    topic, new StringDeserializer(), new ByteArrayDeserializer())
                            .readKeyValuesToList()
                            .forEach(record -> changelogs
                                    .computeIfAbsent(store, _ -> new TreeMap<>())
                                    .compute(record.key, (_, _) -> record.value)));
        }
    }

    void forgetTicks() {
        ticks.clear();
    }

    /** Returns how much of a core ticks took, the longest and the one that a hundredth exceed, in ms: other load of the machine is not counted. */
    String ticks() {
        List<Long> sorted = ticks.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "longest %.1f ms, 95 %% within %.1f ms, half within %.1f ms, of %d; at %d",
                sorted.getLast() / 1e6,
                sorted.get(sorted.size() * 95 / 100) / 1e6,
                sorted.get(sorted.size() / 2) / 1e6,
                sorted.size(),
                ticks.indexOf(sorted.getLast()));
    }

    /** Returns the documents of a compacted topic, as this driver has seen them written. */
    private Map<String, byte[]> documents(Topic<?> topic, int partition, Set<String> keys) {
        Map<String, byte[]> found = new HashMap<>(compacted.getOrDefault(topic.name(), Map.of()));
        found.keySet().retainAll(keys);
        return found;
    }

    SchemaRegistry registry() {
        return registry;
    }

    /** Has the registry refuse the schema of a topic that was not written yet; null for none. */
    void refuseSchemaOf(@Nullable Topic<?> topic) {
        registry.refused = topic == null ? null : topic.subject();
    }

    /** Is a registry that can refuse a schema. */
    private static final class TroubledRegistry implements SchemaRegistry {
        private final InMemorySchemaRegistry schemas = new InMemorySchemaRegistry();
        private @Nullable String refused;

        @Override
        public int register(String subject, Schema schema) {
            if (subject.equals(refused)) {
                throw new SchemaRegistryException("refused", SchemaRegistryException.Reason.UNKNOWN_SCHEMA);
            }
            return schemas.register(subject, schema);
        }

        @Override
        public Schema byId(int id) {
            return schemas.byId(id);
        }

        @Override
        public Registered latest(String subject) {
            return schemas.latest(subject);
        }
    }

    Instant now() {
        return now;
    }

    void advance(Duration duration) {
        now = now.plus(duration);
        long begun = THREADS.getCurrentThreadCpuTime();
        driver.advanceWallClockTime(duration);
        ticks.add(THREADS.getCurrentThreadCpuTime() - begun);
        settle();
    }

    /** Ticks until the condition holds. */
    void tickUntil(BooleanSupplier condition) {
        for (int ticks = 0; !condition.getAsBoolean(); ticks++) {
            if (ticks == MOST_TICKS) {
                throw new AssertionError("the condition does not hold after " + MOST_TICKS + " ticks");
            }
            advance(Duration.ofMillis(10));
        }
    }

    /** Returns whether the partition has listed all targets of the job. */
    boolean isExpanded(String jobId) {
        return expanded.contains(jobId);
    }

    /** Returns the devices on which the job began, in order, as often as it did. */
    List<String> begun(String jobId) {
        return deviceJobEvents.stream()
                .filter(event -> event.jobId().equals(jobId) && event.previous() == null)
                .map(Happened::deviceId)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Passes time second by second, so that it passes in the log too. */
    void pass(Duration duration) {
        for (long second = 0; second < duration.toSeconds(); second++) {
            advance(Duration.ofSeconds(1));
        }
    }

    void job(String jobId, Object command) {
        send(Topics.JOB_COMMANDS, jobId, new JobCommand(jobId, command, null));
    }

    /** @param id of a device, or of a module */
    void device(String id, Object command) {
        send(Topics.DEVICE_COMMANDS, IdentityId.deviceId(id), new DeviceCommand(id, command));
    }

    /** Registers a device or a module with keys of its own. */
    void create(String id, @Nullable String tags) {
        device(id, new CreateDevice(settings(DeviceStatus.ENABLED), tags, null));
    }

    static DeviceSettings settings(DeviceStatus status) {
        String key = Base64.getEncoder().encodeToString(new byte[32]);
        return DeviceSettings.newBuilder()
                .setCredentials(Credentials.newBuilder()
                        .setPrimaryKey(key)
                        .setSecondaryKey(key)
                        .build())
                .setStatus(status)
                .build();
    }

    /** Returns the report that the connection of that epoch takes so much from now on. */
    static SubscriptionsChanged takes(long epoch, Capability... capabilities) {
        List<String> filters = Arrays.stream(capabilities).map(Enum::name).toList();
        return new SubscriptionsChanged(epoch, filters, filters, List.of(capabilities));
    }

    /** Connects it, and subscribes if it is to. @return the connection's epoch */
    long connect(String id, Capability... capabilities) {
        report(id, new RequestConnection());
        long epoch = delivered(ConnectionTerms.class).getLast().getEpoch();
        report(id, new DeviceConnected(epoch, false, null));
        if (capabilities.length > 0) {
            report(id, takes(epoch, capabilities));
        }
        return epoch;
    }

    void report(String deviceId, Object report) {
        report(0, run, deviceId, report);
    }

    void report(int gateway, String gatewayRun, @Nullable String deviceId, Object report) {
        if (report instanceof MethodAnswered
                || report instanceof MethodUndelivered
                || report instanceof MethodUnanswered) {
            report(gateway, gatewayRun, null, new MethodReports(List.of(new MethodReport(deviceId, report))));
            return;
        }
        DeviceReport record = new DeviceReport(deviceId, gateway, gatewayRun, now, report, "c");
        raw(
                Topics.DEVICE_REPORTS.name(),
                deviceId == null ? null : IdentityId.deviceId(deviceId),
                encode(Topics.DEVICE_REPORTS, record));
    }

    /** Reports that the gateway lives, and has caught up; it ends its calls itself. */
    void beat() {
        beat(now);
    }

    /** Reports that the gateway lives, and has handed over all deliveries that were written before that instant. */
    void beat(Instant caughtUpAt) {
        report(0, run, null, new GatewayHeartbeat(caughtUpAt, true));
    }

    /** Reports as a gateway of an older version that it lives, and has handed over all deliveries that were written before that instant. */
    void beatAsBefore(@Nullable Instant caughtUpAt) {
        report(0, run, null, new GatewayHeartbeat(caughtUpAt, false));
    }

    void gatewayRunsAnew() {
        run = "run-2";
        beat();
    }

    /** Sends a command to a schedule. */
    void schedule(String id, Object command) {
        send(Topics.SCHEDULE_COMMANDS, id, new ScheduleCommand(id, command));
    }

    /** Sends a command to a collection of schedules. */
    void collection(String id, Object command) {
        send(Topics.COLLECTION_COMMANDS, id, new CollectionCommand(id, command));
    }

    /** Sends a command to an item of the catalog. */
    void catalog(String id, Object command) {
        send(Topics.CATALOG_COMMANDS, id, new CatalogCommand(id, command));
    }

    /** Lists the calls of schedules. */
    List<ScheduleCall> scheduleCalls() {
        return scheduleCalls;
    }

    /** Lists the commands to sites. */
    List<SiteCommand> siteCommands() {
        return siteCommands;
    }

    /** Sends a command to a site, as a schedule gives it. */
    void siteCommand(SiteCommand command) {
        send(Topics.SITE_COMMANDS, command.getSite(), command);
    }

    /** Holds up what is written to a topic from now on, as a broker or a reader that is away does. */
    void hold(Topic<?> topic) {
        held.add(topic.name());
    }

    /** Lets a topic's readers have what was held up, in order. */
    void release(Topic<?> topic) {
        held.remove(topic.name());
        List<TestRecord<String, byte[]>> records = heldUp.remove(topic.name());
        if (records != null) {
            records.forEach(record -> raw(topic.name(), record.key(), record.value()));
        }
    }

    /** Returns the latest document of a schedule. */
    Schedule scheduleDocument(String id) {
        return Objects.requireNonNull(schedules.get(id), id);
    }

    /** Sends a command to a site. */
    void site(String site, Object command) {
        send(Topics.SITE_COMMANDS, site, new SiteCommand(site, command, null));
    }

    /** Sends a command to a job of Batch. */
    void batchJob(String jobId, Object command) {
        send(Topics.BATCH_JOB_COMMANDS, jobId.toLowerCase(Locale.ROOT), new BatchJobCommand(jobId, command, null));
    }

    /** Lists the events of tasks of Batch, each of which is as the schema of its type says. */
    List<TestRecord<String, String>> taskEvents() {
        taskEvents.forEach(TaskEventSchemas::check);
        return taskEvents;
    }

    /** Returns the latest document of a job of Batch. */
    BatchJob latestBatchJob(String jobId) {
        return Objects.requireNonNull(batchJobs.get(jobId), jobId);
    }

    /** Returns the jobs of Batch that are there, by their ids as they were spelled first. */
    Map<String, BatchJob> batchJobs() {
        return batchJobs;
    }

    /** Lists what happened to jobs of Batch. */
    List<Object> batchJobEvents() {
        return batchJobEvents;
    }

    /** Sends a command to a pool of Batch. */
    void batchPool(String poolId, Object command) {
        send(Topics.BATCH_POOL_COMMANDS, poolId.toLowerCase(Locale.ROOT), new BatchPoolCommand(poolId, command));
    }

    /** Returns the pools of Batch that are there, by their ids in lower case. */
    Map<String, BatchPool> batchPools() {
        return batchPools;
    }

    /** Returns the latest document of a site. */
    Site site(String site) {
        return Objects.requireNonNull(sites.get(site), site);
    }

    /** Sends a command to a pool. */
    void pool(String poolId, Object command) {
        send(Topics.POOL_COMMANDS, poolId, new PoolCommand(poolId, command));
    }

    /** Reports as a node to a pool, over the connection of that epoch. */
    void reportToPool(String poolId, String nodeId, long epoch, Object report) {
        boolean isOfNode = !(report instanceof NodeConnected || report instanceof NodeRemoved);
        Object said = isOfNode ? new NodeReports(List.of(report)) : report;
        send(Topics.POOL_REPORTS, poolId, new PoolReport(poolId, nodeId, 0, epoch, now, said));
    }

    /** Reports as a node to a pool, all at once. */
    void reportToPool(String poolId, String nodeId, long epoch, List<Object> reports) {
        send(Topics.POOL_REPORTS, poolId, new PoolReport(poolId, nodeId, 0, epoch, now, new NodeReports(reports)));
    }

    /** Is an order to a node, over the connection of that epoch. */
    record Ordered(long epoch, String poolId, Object order) {}

    /** Lists the orders that a node was given, in order. */
    List<Ordered> orders(String nodeId) {
        return ordersTogether(nodeId).stream()
                .flatMap(some ->
                        some.getOrders().stream().map(order -> new Ordered(some.getEpoch(), some.getPoolId(), order)))
                .toList();
    }

    /** Lists the orders that a node was given, as they came. */
    List<NodeOrders> ordersTogether(String nodeId) {
        return deliveries.stream()
                .filter(delivery -> nodeId.equals(delivery.getDeviceId()))
                .map(Delivery::getDelivery)
                .filter(NodeOrders.class::isInstance)
                .map(NodeOrders.class::cast)
                .toList();
    }

    List<Object> poolEvents() {
        return poolEvents.stream().flatMap(List::stream).toList();
    }

    /** Lists the commands that others than the test have given to pools. */
    List<PoolCommand> poolCommands() {
        return poolCommands;
    }

    /** Lists the events of pools, a record each. */
    List<List<Object>> poolEventsTogether() {
        return poolEvents;
    }

    /** Returns what Batch's pools were told of nodes. */
    List<Object> nodeNews() {
        return nodeNews;
    }

    /** Returns the notifications of owners of tasks. */
    List<TaskNews> news() {
        return news;
    }

    void list(Object request) {
        send(Topics.EXPANSIONS, "", new Expansion("", 0, 1, request));
    }

    DeviceView get(String deviceId) {
        device(deviceId, new GetDevice());
        return (DeviceView) lastReply();
    }

    /** Returns a store by its declaration. */
    <V> KeyValueStore<String, V> store(StoreSpec<V> spec) {
        return store(spec.name());
    }

    <V> KeyValueStore<String, V> store(String name) {
        return driver.getKeyValueStore(name);
    }

    <V extends SpecificRecord> byte[] encode(Topic<V> topic, V value) {
        return codecs.of(topic).encode(value);
    }

    void raw(String topic, @Nullable String key, byte @Nullable [] value) {
        TestRecord<String, byte[]> record = new TestRecord<>(key, value, headers(), now);
        inputs.computeIfAbsent(
                        topic, name -> driver.createInputTopic(name, new StringSerializer(), new ByteArraySerializer()))
                .pipeInput(record);
        settle();
    }

    <V extends SpecificRecord> V decode(Topic<V> topic, ByteBuffer value) {
        return codecs.of(topic).decode(value.array());
    }

    List<Reply> replies() {
        return replies;
    }

    Object lastReply() {
        return replies.getLast().getOutcome();
    }

    /** Returns the deliveries that gateways were sent, record by record. */
    List<Delivery> sentDeliveries() {
        return sentDeliveries;
    }

    static List<Delivery> singles(Delivery delivery) {
        return delivery.getDelivery() instanceof MethodRequests batch
                ? batch.getTargets().stream()
                        .map(target -> new Delivery(
                                target.getDeviceId(),
                                delivery.getAt(),
                                new MethodRequest(
                                        target.getEpoch(),
                                        target.getDeliveryId(),
                                        batch.getMethodName(),
                                        batch.getPayload(),
                                        target.getExpiresAt())))
                        .toList()
                : List.of(delivery);
    }

    /** Returns all deliveries that gateways were sent, device by device and in order. */
    List<Delivery> deliveries() {
        return deliveries;
    }

    <D> List<D> delivered(Class<D> type) {
        return deliveries.stream()
                .map(Delivery::getDelivery)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    List<JobEvent> jobEvents() {
        return jobEvents;
    }

    List<DeviceJobEvents> eventBatches() {
        return eventBatches;
    }

    /** Returns the events of all batches, one by one. */
    List<Happened> deviceJobEvents() {
        return deviceJobEvents;
    }

    List<Object> events(String jobId, String deviceId) {
        return deviceJobEvents.stream()
                .filter(event -> event.jobId().equals(jobId) && deviceId.equals(event.deviceId()))
                .map(Happened::event)
                .toList();
    }

    Job jobDocument(String jobId) {
        return Objects.requireNonNull(jobs.get(jobId), jobId);
    }

    DeviceConnection connection(String deviceId) {
        return Objects.requireNonNull(connections.get(deviceId), deviceId);
    }

    List<JobRefusal> jobRefusals() {
        return refusals;
    }

    List<DeadLetter> deadLetters() {
        return deadLetters;
    }

    @Override
    public void close() {
        driver.close();
    }

    private <V extends SpecificRecord> void send(Topic<V> topic, String key, V value) {
        raw(topic.name(), key, encode(topic, value));
    }

    private RecordHeaders headers() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(Headers.REQUEST_ID, ("request-" + requests++).getBytes(StandardCharsets.UTF_8));
        headers.add(Headers.REPLY_TO, "0".getBytes(StandardCharsets.UTF_8));
        return headers;
    }

    /** Takes what was written; statistics go back in. */
    private void settle() {
        for (String topic : held) {
            heldUp.computeIfAbsent(topic, _ -> new ArrayList<>())
                    .addAll(driver.createOutputTopic(
                                    RestoredTopology.heldUp(topic),
                                    new StringDeserializer(),
                                    new ByteArrayDeserializer())
                            .readRecordsToList());
        }
        List<Delivery> sent = written(Topics.DELIVERIES);
        sentDeliveries.addAll(sent);
        sent.forEach(delivery -> deliveries.addAll(singles(delivery)));
        replies.addAll(written(Topics.REPLIES));
        deadLetters.addAll(written(Topics.DEAD_LETTERS));
        refusals.addAll(written(Topics.JOB_REFUSALS));
        written(Topics.POOL_COMMANDS).forEach(poolCommands::add);
        written(Topics.POOL_EVENTS).forEach(batch -> poolEvents.add(List.copyOf(batch.getEvents())));
        news.addAll(written(Topics.SITE_TASKS));
        written(Topics.BATCH_POOL_NODES).forEach(each -> nodeNews.add(each.getNews()));
        taskEvents.addAll(
                driver.createOutputTopic(Topics.TASK_EVENTS.name(), new StringDeserializer(), new StringDeserializer())
                        .readRecordsToList());
        written(Topics.BATCH_JOBS).stream().filter(Objects::nonNull).forEach(job -> batchJobs.put(job.getJobId(), job));
        written(Topics.BATCH_JOB_EVENTS).forEach(event -> {
            batchJobEvents.addAll(event.getEvents());
            if (event.getEvents().stream().anyMatch(BatchJobGone.class::isInstance)) {
                batchJobs.remove(event.getJobId());
            }
        });
        siteCommands.addAll(written(Topics.SITE_COMMANDS));
        scheduleCalls.addAll(written(Topics.SCHEDULE_CALLS));
        jobEvents.addAll(written(Topics.JOB_EVENTS));
        written(Topics.DEVICES);
        written(Topics.SCHEDULES).stream()
                .filter(Objects::nonNull)
                .forEach(schedule -> schedules.put(schedule.getScheduleId(), schedule));
        written(Topics.SITES).forEach(site -> sites.put(site.getSite(), site));
        written(Topics.BATCH_POOLS).stream()
                .filter(Objects::nonNull)
                .forEach(pool -> batchPools.put(pool.getPoolId().toLowerCase(Locale.ROOT), pool));
        written(Topics.BATCH_POOL_EVENTS).stream()
                .filter(event -> event.getEvent() instanceof BatchPoolDeleted)
                .forEach(event -> batchPools.remove(event.getPoolId().toLowerCase(Locale.ROOT)));
        written(Topics.JOBS).forEach(job -> jobs.put(job.getDefinition().getJobId(), job));
        written(Topics.DEVICE_CONNECTIONS).forEach(connection -> connections.put(connection.getDeviceId(), connection));
        List<DeviceJobEvents> batches = written(Topics.DEVICE_JOB_EVENTS);
        eventBatches.addAll(batches);
        List<Happened> fresh = batches.stream().flatMap(Happened::in).toList();
        deviceJobEvents.addAll(fresh);
        fresh.forEach(this::fold);
        fresh.stream().map(Happened::jobId).distinct().forEach(this::publish);
    }

    private void fold(Happened event) {
        Long known = jobNumbers.get(event.jobId());
        if (known != null && known > event.jobNumber()) {
            return;
        }
        if (known == null || known < event.jobNumber()) {
            jobNumbers.put(event.jobId(), event.jobNumber());
            counts.remove(event.jobId());
            expanded.remove(event.jobId());
        }
        Map<DeviceJobStatus, Long> tally =
                counts.computeIfAbsent(event.jobId(), _ -> new EnumMap<>(DeviceJobStatus.class));
        if (event.previous() != null) {
            tally.merge(event.previous(), -1L, Long::sum);
        }
        switch (event.event()) {
            case DeviceJobQueued _ -> tally.merge(DeviceJobStatus.QUEUED, 1L, Long::sum);
            case DeviceJobDelivered _ -> tally.merge(DeviceJobStatus.RUNNING, 1L, Long::sum);
            case DeviceJobCompleted _ -> tally.merge(DeviceJobStatus.COMPLETED, 1L, Long::sum);
            case DeviceJobFailed _ -> tally.merge(DeviceJobStatus.FAILED, 1L, Long::sum);
            case DeviceJobCancelled _ -> tally.merge(DeviceJobStatus.CANCELLED, 1L, Long::sum);
            case ExpansionCompleted _ -> expanded.add(event.jobId());
            default -> throw new AssertionError(event);
        }
    }

    private void publish(String jobId) {
        Map<DeviceJobStatus, Long> tally = counts.getOrDefault(jobId, Map.of());
        long total = tally.values().stream().mapToLong(Long::longValue).sum();
        send(
                Topics.JOB_STATISTICS,
                jobId,
                new JobStatistics(
                        jobId,
                        new DeviceJobCounts(
                                total,
                                tally.getOrDefault(DeviceJobStatus.QUEUED, 0L),
                                tally.getOrDefault(DeviceJobStatus.RUNNING, 0L),
                                tally.getOrDefault(DeviceJobStatus.COMPLETED, 0L),
                                tally.getOrDefault(DeviceJobStatus.FAILED, 0L),
                                tally.getOrDefault(DeviceJobStatus.CANCELLED, 0L)),
                        expanded.contains(jobId) ? 1 : 0,
                        1,
                        now,
                        jobNumbers.getOrDefault(jobId, 0L),
                        List.of(total)));
    }

    private <V extends SpecificRecord> List<V> written(Topic<V> topic) {
        List<KeyValue<String, byte[]>> records = driver.createOutputTopic(
                        topic.name(), new StringDeserializer(), new ByteArrayDeserializer())
                .readKeyValuesToList();
        if (topic.retention() instanceof Retention.Compacted) {
            Map<String, byte[]> documents = compacted.computeIfAbsent(topic.name(), _ -> new HashMap<>());
            records.forEach(record -> documents.put(record.key, record.value));
        }
        records.forEach(record -> assertThat(record.value == null ? 0 : record.value.length)
                .as("bytes of a record of " + topic.name())
                .isLessThan(topic.size()));
        return records.stream()
                .map(record -> record.value)
                .filter(Objects::nonNull)
                .map(codecs.of(topic)::decode)
                .toList();
    }
}
