package io.muster.planner.fleet.topology;

import io.muster.codec.Codecs;
import io.muster.document.IdentityId;
import io.muster.planner.fleet.OperationRate;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.Invocation;
import io.muster.planner.state.PendingMessage;
import io.muster.planner.state.WorkSlice;
import io.muster.records.AwaitBarrier;
import io.muster.records.CancelDeviceJobs;
import io.muster.records.CountDevices;
import io.muster.records.DeleteDevice;
import io.muster.records.Device;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceReport;
import io.muster.records.DropDeviceJobs;
import io.muster.records.ExpandJob;
import io.muster.records.Expansion;
import io.muster.records.ExpireDeviceJobs;
import io.muster.records.ForgetJob;
import io.muster.records.GatewayHeartbeat;
import io.muster.records.GetDevice;
import io.muster.records.HoldDeviceJobs;
import io.muster.records.InvokeMethod;
import io.muster.records.ListDevices;
import io.muster.records.ListModules;
import io.muster.records.MethodReport;
import io.muster.records.MethodReports;
import io.muster.records.PartitionProbe;
import io.muster.records.QueryFleet;
import io.muster.records.ReleaseDeviceJobs;
import io.muster.records.RequestConnection;
import io.muster.records.RequestTwin;
import io.muster.records.ResumeDeviceJobs;
import io.muster.records.SubscriptionsChanged;
import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.Traces;
import io.muster.service.coordinator.CommitBatching;
import io.muster.service.coordinator.KeyPartition;
import io.muster.service.coordinator.LogTime;
import io.muster.service.coordinator.RecordGuard;
import io.muster.service.coordinator.RecordNumbers;
import io.muster.service.state.BeforeCommit;
import io.muster.service.state.Documents;
import io.muster.service.state.Healer;
import io.muster.service.state.RowPlacement;
import io.muster.service.state.StoreSpec;
import io.muster.service.state.StoreSpec.Medium;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Partitioning;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Handles everything about the devices of one partition, in one task: device commands, device reports and expansions in; events, deliveries,
 * documents and replies out.
 */
public final class FleetProcessor implements Processor<String, byte[], Route, byte[]> {
    /** Declares the store of devices by id, as they stand on their topic. */
    public static final StoreSpec<byte[]> DEVICES = bytes("devices", RowPlacement.BY_KEY, Medium.DISK, "`Device`");

    /** Declares the store of connections, by device id. */
    public static final StoreSpec<DeviceConnection> CONNECTIONS =
            new StoreSpec.OfTopic<>("connections", Topics.DEVICE_CONNECTIONS);

    /** Declares the store of jobs that have not ended, by job id. */
    public static final StoreSpec<FleetJob> JOBS = new StoreSpec.OfRecords<>(
            "fleet-jobs", Partitioning.BY_DEVICE, RowPlacement.IN_ALL, Medium.MEMORY, FleetJob.class);

    /** Declares the store of invocations that have not ended, by device id and number. */
    public static final StoreSpec<Invocation> INVOCATIONS =
            records("invocations", RowPlacement.BY_KEY, Invocation.class);

    /** Declares the store of devices that a job under way has evaluated before its expansion came to them, by job id and device id. */
    public static final StoreSpec<byte[]> EVALUATED =
            bytes("evaluated", RowPlacement.BY_END_OF_KEY, Medium.MEMORY, "a mark");

    /** Declares the store of targets that wait for their release, by job id and place. */
    public static final StoreSpec<byte[]> WAITING =
            bytes("waiting", RowPlacement.BY_VALUE, Medium.MEMORY, "a device id");

    /** Declares the store of tags and the devices that have them: see {@code TagIndex}. */
    public static final StoreSpec<byte[]> TAGS = bytes("tags", RowPlacement.REBUILT, Medium.DISK, "a mark");

    /** Declares the store of device jobs in slices, by job id and the first device id of the slice. */
    public static final StoreSpec<WorkSlice> DEVICE_JOBS = records("device-jobs", RowPlacement.IN_ALL, WorkSlice.class);

    /** Declares the store of messages to devices, by device id and number. */
    public static final StoreSpec<PendingMessage> MESSAGES =
            records("messages", RowPlacement.BY_KEY, PendingMessage.class);

    /** Declares the store from which the numbers of commands and reports go on. */
    private static final StoreSpec<Long> NUMBERS = new StoreSpec.OfNumbers("device-numbers", Partitioning.BY_DEVICE);

    private static final Duration TICK = Duration.ofMillis(10);
    private static final Duration SWEEP = Duration.ofSeconds(5);
    private static final Duration EXPIRY = Duration.ofMinutes(10);
    private static final int NO_GATEWAY = -1;
    private static final String DEVICE_ID = "device id";

    private final Codecs codecs;
    private final int devicePartitions;
    private final int gatewayPartitions;
    private final int replyPartitions;
    private final int operationsPerSecond;
    private final Documents documents;
    private final Traces traces;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<Route, byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private Outbox outbox;

    @SuppressWarnings("NullAway.Init")
    private FleetOutbox fleetOutbox;

    @SuppressWarnings("NullAway.Init")
    private RecordGuard guard;

    @SuppressWarnings("NullAway.Init")
    private RecordNumbers numbers;

    @SuppressWarnings("NullAway.Init")
    private CommitBatching commits;

    @SuppressWarnings("NullAway.Init")
    private LogTime logTime;

    @SuppressWarnings("NullAway.Init")
    private DeviceTable devices;

    @SuppressWarnings("NullAway.Init")
    private DeviceJobTable deviceJobs;

    @SuppressWarnings("NullAway.Init")
    private MessageTable messages;

    @SuppressWarnings("NullAway.Init")
    private Queries queries;

    @SuppressWarnings("NullAway.Init")
    private DeviceRequests requests;

    @SuppressWarnings("NullAway.Init")
    private DeviceReports reports;

    @SuppressWarnings("NullAway.Init")
    private WorkRunner runner;

    @SuppressWarnings("NullAway.Init")
    private Expansions expansions;

    @SuppressWarnings("NullAway.Init")
    private Chores chores;

    /**
     * Makes one.
     *
     * @param operationsPerSecond how many device operations of jobs may begin, in all partitions together; 0 for any number
     * @param documents that take the place of devices in the state that can't be read
     */
    public FleetProcessor(
            Codecs codecs, PartitionCounts counts, int operationsPerSecond, Documents documents, Traces traces) {
        this.documents = documents;
        this.traces = traces;
        this.codecs = codecs;
        this.devicePartitions = counts.devices();
        this.gatewayPartitions = counts.gateways();
        this.replyPartitions = counts.apiInstances();
        this.operationsPerSecond = operationsPerSecond;
    }

    /** Returns the stores of its tasks. */
    public static List<StoreSpec<?>> stores() {
        return List.of(
                DEVICES, CONNECTIONS, JOBS, INVOCATIONS, EVALUATED, WAITING, TAGS, DEVICE_JOBS, MESSAGES, NUMBERS);
    }

    private static StoreSpec<byte[]> bytes(String name, RowPlacement placement, Medium medium, String content) {
        return new StoreSpec.OfBytes(name, Partitioning.BY_DEVICE, placement, medium, content);
    }

    private static <V extends SpecificRecord> StoreSpec<V> records(String name, RowPlacement placement, Class<V> type) {
        return new StoreSpec.OfRecords<>(name, Partitioning.BY_DEVICE, placement, Medium.DISK, type);
    }

    @Override
    public void init(ProcessorContext<Route, byte[]> context) {
        this.context = context;
        this.numbers = new RecordNumbers(context.getStateStore(NUMBERS.name()), devicePartitions);
        this.outbox = new Outbox(context, codecs, "job-planner-service");
        this.guard = new RecordGuard(context, outbox, FleetOutbox.deadLetters());
        this.chores = new Chores();
        FleetJobs jobs = new FleetJobs(context.getStateStore(JOBS.name()));
        KeyValueStore<String, DeviceConnection> connectionStore = context.getStateStore(CONNECTIONS.name());
        KeyValueStore<String, WorkSlice> sliceStore = context.getStateStore(DEVICE_JOBS.name());
        WorkSlices slices = new WorkSlices(sliceStore, context.taskId().partition(), devicePartitions);
        BeforeCommit.of(sliceStore, slices::save);
        this.fleetOutbox = new FleetOutbox(outbox);
        this.logTime = new LogTime(UUID.randomUUID().toString());
        KeyValueStore<String, byte[]> deviceStore = context.getStateStore(DEVICES.name());
        Healer<Device> healer = new Healer<>(
                deviceStore,
                codecs.of(Topics.DEVICES),
                Optional.of(Topics.DEVICES),
                context.taskId().partition(),
                documents);
        this.devices = new DeviceTable(
                deviceStore, context.getStateStore(TAGS.name()), codecs.of(Topics.DEVICES), healer, outbox);
        ConnectionTable connections = new ConnectionTable(connectionStore, outbox, logTime);
        TwinWriter twins = new TwinWriter(devices, connections, fleetOutbox);
        PoolMembership pools = new PoolMembership(connections, outbox);
        devices.onChange(pools::changed);
        this.deviceJobs = new DeviceJobTable(context.taskId().partition(), slices, fleetOutbox, traces);
        this.runner = new WorkRunner(
                new WorkTable(slices, context.getStateStore(INVOCATIONS.name()), jobs),
                connections,
                jobs,
                deviceJobs,
                fleetOutbox);
        this.messages = new MessageTable(context.getStateStore(MESSAGES.name()), connections, fleetOutbox);
        DevicePartition partition = new DevicePartition(
                devices,
                connections,
                deviceJobs,
                runner,
                messages,
                twins,
                new DeviceViews(connections, messages),
                pools,
                fleetOutbox,
                chores);
        this.queries = new Queries(partition);
        this.requests = new DeviceRequests(partition);
        this.reports = new DeviceReports(partition);
        this.expansions = new Expansions(
                jobs,
                context.getStateStore(EVALUATED.name()),
                context.getStateStore(WAITING.name()),
                OperationRate.of(operationsPerSecond, devicePartitions),
                partition);
        this.commits = CommitBatching.of(context);
        schedule(TICK, this::tick);
        schedule(SWEEP, now -> chores.begin(reports::endLost, now));
        schedule(EXPIRY, now -> chores.begin(messages.expiry(), now));
        chores.add((budget, _) -> devices.indexMore(budget));
    }

    private void schedule(Duration interval, Consumer<Instant> timer) {
        context.schedule(interval, PunctuationType.WALL_CLOCK_TIME, now -> {
            timer.accept(Instant.ofEpochMilli(now));
            fleetOutbox.flush();
        });
    }

    @Override
    public void process(Record<String, byte[]> record) {
        guard.handle(record, (position, now) -> {
            if (record.value() == null) {
                throw new InvalidRecordException("a record here has a value");
            }
            String topic = position.topic();
            if (topic.equals(Topics.DEVICE_REPORTS.name())) {
                report(record, position, now);
            } else if (topic.equals(Topics.DEVICE_COMMANDS.name())) {
                command(record, position, now);
            } else {
                expansion(record, now);
            }
        });
        fleetOutbox.flush();
        commits.worked();
    }

    private void command(Record<String, byte[]> record, RecordMetadata position, Instant now)
            throws InvalidRecordException {
        DeviceCommand command = codecs.of(Topics.DEVICE_COMMANDS).decode(record.value());
        KeyPartition.require(
                IdentityId.deviceId(command.getDeviceId()), record.key(), DEVICE_ID, position, devicePartitions);
        if (changesTheDevice(command.getCommand())) {
            expansions.settle(command.getDeviceId(), now);
            if (command.getCommand() instanceof DeleteDevice) {
                devices.modulesOf(command.getDeviceId()).forEach(module -> expansions.settle(module, now));
            }
        }
        requests.handle(command, numbers.of(position), Requester.of(record, replyPartitions), now);
        if (changesTheDevice(command.getCommand())) {
            expansions.reconsider(command.getDeviceId(), now);
        }
    }

    private void report(Record<String, byte[]> record, RecordMetadata position, Instant now)
            throws InvalidRecordException {
        DeviceReport report = codecs.of(Topics.DEVICE_REPORTS).decode(record.value());
        if (report.getReport() instanceof PartitionProbe probe) {
            logTime.read(report.getGatewayRun(), probe.getNumber());
            return;
        }
        if (report.getGateway() < 0 || report.getGateway() >= gatewayPartitions) {
            throw new InvalidRecordException(
                    "no gateway has the ordinal " + report.getGateway() + ", there are " + gatewayPartitions);
        }
        if (report.getReport() instanceof MethodReports batch) {
            reports.heard(report, now);
            methodReports(record, report, batch);
            return;
        }
        String deviceId = report.getDeviceId();
        if (deviceId == null && !(report.getReport() instanceof GatewayHeartbeat)) {
            throw new InvalidRecordException("a report names its device");
        }
        if (deviceId != null) {
            KeyPartition.require(IdentityId.deviceId(deviceId), record.key(), DEVICE_ID, position, devicePartitions);
        }
        if (deviceId != null && changesTheDevice(report.getReport())) {
            expansions.settle(deviceId, now);
        }
        reports.handle(report, deviceId == null ? "" : deviceId, numbers.of(position), now);
        if (deviceId != null && changesTheDevice(report.getReport())) {
            expansions.reconsider(deviceId, now);
        }
    }

    private void methodReports(Record<String, byte[]> record, DeviceReport report, MethodReports batch) {
        int number = 0;
        for (MethodReport each : batch.getReports()) {
            number++;
            guard.handlePart(
                    record,
                    "report " + number + " of " + batch.getReports().size(),
                    () -> codecs.of(Topics.DEVICE_REPORTS)
                            .encode(DeviceReport.newBuilder(report)
                                    .setReport(new MethodReports(List.of(each)))
                                    .build()),
                    (position, now) -> {
                        String deviceId = IdentityId.deviceId(each.getDeviceId());
                        KeyPartition.require(deviceId, "the device", position, devicePartitions);
                        reports.handle(each, now);
                    });
        }
    }

    /** Returns whether a condition may see the device differently afterwards. @param message a command or a report */
    private static boolean changesTheDevice(Object message) {
        return switch (message) {
            case GetDevice _, InvokeMethod _, ListModules _ -> false;
            case RequestConnection _, SubscriptionsChanged _, RequestTwin _, GatewayHeartbeat _ -> false;
            default -> true;
        };
    }

    private void expansion(Record<String, byte[]> record, Instant now) throws InvalidRecordException {
        Expansion expansion = codecs.of(Topics.EXPANSIONS).decode(record.value());
        if (expansion.getPartition() < 0
                || expansion.getPartition() >= expansion.getPartitions()
                || expansion.getPartitions() > devicePartitions) {
            throw new InvalidRecordException("no device partition has the number " + expansion.getPartition() + " of "
                    + expansion.getPartitions() + ", there are " + devicePartitions);
        }
        String jobId = expansion.getJobId();
        switch (expansion.getRequest()) {
            case ExpandJob expand -> expansions.begin(expansion, expand, now);
            case CancelDeviceJobs _ -> expansions.cancel(jobId, now);
            case ExpireDeviceJobs _ -> expansions.expire(jobId, now);
            case HoldDeviceJobs _ -> expansions.hold(jobId);
            case ResumeDeviceJobs _ -> expansions.resume(jobId, now);
            case ReleaseDeviceJobs release -> expansions.release(jobId, release.getUpTo(), now);
            case ForgetJob _ -> expansions.forget(jobId, now);
            case ListDevices list -> requests.list(expansion, list, Requester.of(record, replyPartitions), now);
            case CountDevices _ -> requests.count(expansion, Requester.of(record, replyPartitions), now);
            case QueryFleet query -> queries.begin(expansion, query, Requester.of(record, replyPartitions), now);
            case DropDeviceJobs _ -> expansions.drop(jobId, now);
            case AwaitBarrier _ -> requests.reachBarrier(expansion, Requester.of(record, replyPartitions), now);
            case Object unknown -> throw new IllegalStateException("not an expansion, class=" + unknown.getClass());
        }
    }

    private void tick(Instant now) {
        Budget budget = new Budget(Budget.TICK);
        boolean anyDue = runner.timeOut(now) | probe(now);
        chores.goOn(budget, now);
        if (anyDue || budget.isTouched()) {
            commits.worked();
        }
    }

    private boolean probe(Instant now) {
        OptionalLong due = logTime.due(now);
        due.ifPresent(number -> outbox.send(
                Outbox.sink(Topics.DEVICE_REPORTS),
                Topics.DEVICE_REPORTS,
                new Route(null, context.taskId().partition()),
                new DeviceReport(null, NO_GATEWAY, logTime.task(), now, new PartitionProbe(number), null),
                now));
        return due.isPresent();
    }
}
