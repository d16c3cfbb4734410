package io.muster.planner.pool.topology;

import io.muster.codec.Codecs;
import io.muster.planner.pool.Pool;
import io.muster.planner.pool.PoolDecider;
import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolInput;
import io.muster.planner.pool.TaskDefinition;
import io.muster.planner.pool.TaskState;
import io.muster.records.AcknowledgeExit;
import io.muster.records.ChangeTask;
import io.muster.records.ComputeTask;
import io.muster.records.ConfigurePool;
import io.muster.records.CountTasks;
import io.muster.records.ForgetTask;
import io.muster.records.MoveNodes;
import io.muster.records.MoveRefused;
import io.muster.records.NodeConnected;
import io.muster.records.NodeRemoved;
import io.muster.records.NodeReported;
import io.muster.records.NodeReports;
import io.muster.records.PoolCommand;
import io.muster.records.PoolNode;
import io.muster.records.PoolNumbers;
import io.muster.records.PoolProbe;
import io.muster.records.PoolReport;
import io.muster.records.PoolRule;
import io.muster.records.PoolTask;
import io.muster.records.PoolWatcher;
import io.muster.records.ProgramCoordinated;
import io.muster.records.ProgramExited;
import io.muster.records.ProgramStarted;
import io.muster.records.RestartNode;
import io.muster.records.RuleTasks;
import io.muster.records.SetNodeScheduling;
import io.muster.records.StartUndelivered;
import io.muster.records.StopMoves;
import io.muster.records.StopTask;
import io.muster.records.SubmitTask;
import io.muster.records.SubmitTasks;
import io.muster.records.TaskProgram;
import io.muster.records.TaskToken;
import io.muster.records.WatchNodes;
import io.muster.records.WithdrawTask;
import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.service.coordinator.CommitBatching;
import io.muster.service.coordinator.KeyPartition;
import io.muster.service.coordinator.LogTime;
import io.muster.service.coordinator.RecordGuard;
import io.muster.service.state.RowPlacement;
import io.muster.service.state.StoreSpec;
import io.muster.service.state.StoreSpec.Medium;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Partitioning;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Runs the pools of one partition: commands and reports in; events, orders to nodes and news for the owners of tasks out. For one task. */
public final class PoolProcessor implements Processor<String, byte[], Route, byte[]> {
    /** Names the processor, and its sinks for topics that others write too. */
    public static final String NAME = "pool";

    /** Lists the topics that it reads. */
    public static final List<Topic<?>> READS = List.of(Topics.POOL_COMMANDS, Topics.POOL_REPORTS);

    /** Declares the store of tasks, by pool id and task id. */
    static final StoreSpec<PoolTask> TASKS = records("pool-tasks", PoolTask.class);

    /** Declares the store of devices of pools, by pool id and node id. */
    static final StoreSpec<PoolNode> NODES = records("pool-nodes", PoolNode.class);

    /** Declares the store of numbers from which pools go on, by pool id. */
    static final StoreSpec<PoolNumbers> NUMBERS = records("pool-numbers", PoolNumbers.class);

    /** Declares the store of how the tasks of owners are placed, by pool id and owner. */
    static final StoreSpec<PoolRule> RULES = records("pool-rules", PoolRule.class);

    /** Declares the store of owners who hear which nodes pools have, by pool id and owner. */
    static final StoreSpec<PoolWatcher> WATCHERS = records("pool-watchers", PoolWatcher.class);

    private static final Duration TICK = Duration.ofMillis(20);
    private static final Duration MEASURED = Duration.ofSeconds(5);
    /** Bounds what one tick places, in all pools together, and the pauses that it ends. */
    private static final int MOST_PLACED = 100;
    /** Bounds the nodes whose silence one tick decides about. */
    private static final int MOST_SILENT = 100;
    /** Bounds the slots of a node: its reports have room for as many attempts, and for exits that are not acknowledged. */
    private static final int MOST_SLOTS = 1024;

    private static final int MOST_HELD = 4096;
    /** Bounds the characters of a node's id, which is a device's. */
    private static final int LONGEST_NODE = 128;
    /** Bounds the nodes that one command names. */
    private static final int MOST_NAMED = 100;

    private static final int MOST_CAPABILITIES = 256;

    private static final int LONGEST_NAME = 256;
    /** Matches the ids of pools, as tags of devices name them, and the reserve's. */
    private static final Pattern POOL = Pattern.compile("[A-Za-z0-9_-]{1,64}|\\$reserve");

    /** Matches addresses and names of hosts, and that there is none. */
    private static final Pattern ADDRESS = Pattern.compile("[A-Za-z0-9:._-]{0,253}");

    private static final String POOL_ID = "pool id";

    private final Codecs codecs;
    private final PoolMeters meters;
    private final int partitions;
    private final int gateways;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<Route, byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private PoolOutbox sent;

    @SuppressWarnings("NullAway.Init")
    private RecordGuard guard;

    @SuppressWarnings("NullAway.Init")
    private CommitBatching commits;

    @SuppressWarnings("NullAway.Init")
    private LogTime logTime;

    @SuppressWarnings("NullAway.Init")
    private PoolTable pools;

    @SuppressWarnings("NullAway.Init")
    private PoolWatchers watchers;

    private final Set<String> placeable = new LinkedHashSet<>();
    private long silenceChecked;

    /** Makes one. */
    public PoolProcessor(Codecs codecs, PartitionCounts counts, PoolMeters meters) {
        this.codecs = codecs;
        this.meters = meters;
        this.partitions = counts.of(Partitioning.BY_JOB);
        this.gateways = counts.gateways();
    }

    /** Returns the stores of its tasks. */
    public static List<StoreSpec<?>> stores() {
        return List.of(TASKS, NODES, NUMBERS, WATCHERS, RULES);
    }

    private static <V extends SpecificRecord> StoreSpec<V> records(String name, Class<V> type) {
        return new StoreSpec.OfRecords<>(name, Partitioning.BY_JOB, RowPlacement.BY_KEY, Medium.DISK, type);
    }

    @Override
    public void init(ProcessorContext<Route, byte[]> context) {
        this.context = context;
        Outbox outbox = new Outbox(context, codecs, "job-planner-service");
        this.guard = new RecordGuard(context, outbox, Outbox.sink(Topics.DEAD_LETTERS, NAME));
        this.logTime = new LogTime(UUID.randomUUID().toString());
        this.pools = new PoolTable(
                context.getStateStore(TASKS.name()),
                context.getStateStore(NODES.name()),
                context.getStateStore(NUMBERS.name()),
                context.getStateStore(RULES.name()));
        this.watchers = new PoolWatchers(context.getStateStore(WATCHERS.name()));
        this.sent = new PoolOutbox(outbox, codecs, pools, watchers);
        placeable.addAll(pools.ids());
        this.commits = CommitBatching.of(context);
        context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, now -> tick(Instant.ofEpochMilli(now)));
        context.schedule(MEASURED, PunctuationType.WALL_CLOCK_TIME, _ -> measure());
    }

    private void measure() {
        meters.report(
                context.taskId().partition(),
                pools.ids().stream()
                        .filter(poolId -> !poolId.equals(Pool.RESERVE))
                        .map(poolId -> load(poolId, pools.pool(poolId)))
                        .toList());
    }

    private static PoolMeters.Load load(String poolId, Pool pool) {
        return new PoolMeters.Load(poolId, pool.queued(), pool.running(), pool.freeSlots());
    }

    @Override
    public void close() {
        meters.report(context.taskId().partition(), List.of());
    }

    @Override
    public void process(Record<String, byte[]> record) {
        guard.handle(record, (position, now) -> {
            if (record.value() == null) {
                throw new InvalidRecordException("a record here has a value");
            }
            if (position.topic().equals(Topics.POOL_COMMANDS.name())) {
                command(record, position, now);
            } else {
                report(record, position, now);
            }
        });
        flush();
        commits.worked();
    }

    /** Writes the events and orders of what was decided: those of a record, or of a step of the clock, go together. */
    private void flush() {
        try {
            sent.flush();
        } catch (RuntimeException e) {
            throw new StreamsException("The decisions about a record can't be written", e);
        }
    }

    private Instant logInstant() {
        return Instant.ofEpochSecond(logTime.seconds());
    }

    private void command(Record<String, byte[]> record, RecordMetadata position, Instant now)
            throws InvalidRecordException {
        PoolCommand command = codecs.of(Topics.POOL_COMMANDS).decode(record.value());
        String poolId = command.getPoolId();
        requirePool(poolId, record, position);
        switch (command.getCommand()) {
            case SubmitTask submit -> submit(poolId, submit.getTask(), now);
            case SubmitTasks submit -> {
                // All of them first: a record that becomes a dead letter changes nothing.
                for (ComputeTask task : submit.getTasks()) {
                    PoolRecords.definition(task);
                }
                for (ComputeTask task : submit.getTasks()) {
                    submit(poolId, task, now);
                }
            }
            case ChangeTask change -> change(poolId, change, now);
            case StopTask stop -> decide(poolId, new PoolInput.Stop(stop.getTaskId()), now);
            case ForgetTask forget -> decide(poolId, new PoolInput.Forget(forget.getTaskId()), now);
            case WithdrawTask withdraw -> decide(poolId, new PoolInput.Withdraw(withdraw.getTaskId()), now);
            case SetNodeScheduling change ->
                decide(
                        poolId,
                        new PoolInput.SetScheduling(
                                change.getNodeId(), change.getEnabled(), PoolRecords.tasks(change.getTasks())),
                        now);
            case RuleTasks rule ->
                decide(
                        poolId,
                        new PoolInput.RuleGroup(PoolRecords.group(rule.getOwner()), PoolRecords.rule(rule)),
                        now);
            case MoveNodes move -> move(poolId, move, now);
            case StopMoves _ -> decide(poolId, new PoolInput.StopMoves(), now);
            case RestartNode restart ->
                decide(
                        poolId,
                        new PoolInput.RestartNode(restart.getNodeId(), PoolRecords.tasks(restart.getTasks())),
                        now);
            case ConfigurePool configure -> configure(poolId, configure, now);
            case CountTasks count -> {
                PoolWatchers.requireName(count.getOwner());
                sent.writeTasks(poolId, count.getOwner(), now);
            }
            case WatchNodes watch when watch.getEnds() -> watchers.remove(poolId, watch.getOwner());
            case WatchNodes watch -> {
                watchers.add(poolId, watch.getOwner());
                sent.writeNodes(poolId, watch.getOwner(), now);
            }
            case Object unknown -> throw new InvalidRecordException("unknown command " + unknown.getClass());
        }
    }

    private void move(String poolId, MoveNodes move, Instant now) throws InvalidRecordException {
        if (!POOL.matcher(move.getTo()).matches() || move.getTo().equals(poolId)) {
            throw new InvalidRecordException("nodes go to another pool");
        }
        if (move.getCount() < 0 || move.getNodeIds().size() > MOST_NAMED) {
            throw new InvalidRecordException("nodes go in a number of 0 or more, and up to " + MOST_NAMED + " by name");
        }
        decide(
                poolId,
                new PoolInput.MoveNodes(
                        move.getTo(),
                        move.getCount(),
                        List.copyOf(move.getNodeIds()),
                        Set.copyOf(move.getRequires()),
                        PoolRecords.tasks(move.getTasks())),
                now);
    }

    private void configure(String poolId, ConfigurePool configure, Instant now) throws InvalidRecordException {
        if (configure.getSlotsPerNode() < 0) {
            throw new InvalidRecordException("a pool uses 0 or more slots of a node");
        }
        decide(
                poolId,
                new PoolInput.Configure(
                        configure.getSlotsPerNode(),
                        PoolRecords.placement(configure.getPolicy()),
                        configure.getClosed(),
                        configure.getInterNode()),
                now);
    }

    private void submit(String poolId, ComputeTask task, Instant now) throws InvalidRecordException {
        TaskDefinition definition = PoolRecords.definition(task);
        @Nullable ComputeTask known = pools.task(poolId, definition.id());
        decide(poolId, new PoolInput.Submit(definition, known != null && !known.equals(task)), task, now);
    }

    private void change(String poolId, ChangeTask change, Instant now) throws InvalidRecordException {
        @Nullable Integer seconds = change.getWallClockSeconds();
        @Nullable Long retention = change.getRetentionSeconds();
        if (change.getMostRetries() < -1 || seconds != null && seconds < 1 || retention != null && retention < 0) {
            throw new InvalidRecordException(
                    "a task is tried again -1 times or more, runs for 1 second or more, and is kept for 0 or more");
        }
        @Nullable ComputeTask known = pools.task(poolId, change.getTaskId());
        @Nullable
        ComputeTask changed = known == null
                ? null
                : ComputeTask.newBuilder(known)
                        .setMostRetries(change.getMostRetries())
                        .setProgram(TaskProgram.newBuilder(known.getProgram())
                                .setWallClockSeconds(seconds)
                                .setRetentionSeconds(change.getRetentionSeconds())
                                .build())
                        .build();
        decide(poolId, new PoolInput.Change(change.getTaskId(), change.getMostRetries()), changed, now);
    }

    private void requirePool(String poolId, Record<String, byte[]> record, RecordMetadata position)
            throws InvalidRecordException {
        if (!POOL.matcher(poolId).matches()) {
            throw new InvalidRecordException("no pool has such an id");
        }
        KeyPartition.require(poolId, record.key(), POOL_ID, position, partitions);
    }

    private void report(Record<String, byte[]> record, RecordMetadata position, Instant now)
            throws InvalidRecordException {
        PoolReport report = codecs.of(Topics.POOL_REPORTS).decode(record.value());
        if (report.getReport() instanceof PoolProbe probe) {
            logTime.read(probe.getTask(), probe.getNumber());
            return;
        }
        @Nullable String poolId = report.getPoolId();
        @Nullable String nodeId = report.getNodeId();
        if (poolId == null || nodeId == null) {
            throw new InvalidRecordException("a report names its pool and its node");
        }
        if (nodeId.isEmpty() || nodeId.length() > LONGEST_NODE || nodeId.indexOf('\0') >= 0) {
            throw new InvalidRecordException("no device has such an id");
        }
        requirePool(poolId, record, position);
        if (!(report.getReport() instanceof NodeRemoved || report.getReport() instanceof MoveRefused)
                && (report.getGateway() < 0 || report.getGateway() >= gateways)) {
            throw new InvalidRecordException(
                    "no gateway has the ordinal " + report.getGateway() + ", there are " + gateways);
        }
        if (report.getReport() instanceof NodeReports reports) {
            int number = 0;
            for (Object said : reports.getReports()) {
                number++;
                guard.handlePart(
                        record,
                        "report " + number + " of " + reports.getReports().size(),
                        () -> codecs.of(Topics.POOL_REPORTS)
                                .encode(PoolReport.newBuilder(report)
                                        .setReport(new NodeReports(List.of(said)))
                                        .build()),
                        (_, _) -> report(poolId, nodeId, report, said, now));
            }
        } else {
            report(poolId, nodeId, report, report.getReport(), now);
        }
    }

    private void report(String poolId, String nodeId, PoolReport report, Object said, Instant now)
            throws InvalidRecordException {
        decide(poolId, input(report, said, nodeId), now);
        if (said instanceof ProgramExited exited) {
            sent.acknowledge(
                    poolId,
                    nodeId,
                    report.getGateway(),
                    report.getEpoch(),
                    acknowledgement(poolId, exited.getToken()),
                    now);
        }
    }

    private AcknowledgeExit acknowledgement(String poolId, TaskToken token) {
        boolean again = pools.pool(poolId)
                .task(token.getTaskId())
                .filter(task -> !(task.state() instanceof TaskState.Completed))
                .isPresent();
        return new AcknowledgeExit(token, again);
    }

    private static PoolInput input(PoolReport report, Object said, String node) throws InvalidRecordException {
        return switch (said) {
            case NodeConnected connected ->
                new PoolInput.NodeConnected(
                        node, report.getGateway(), report.getEpoch(), connected.getDrained(), connected.getLent());
            case NodeRemoved _ -> new PoolInput.NodeRemoved(node);
            case MoveRefused _ -> new PoolInput.MoveRefused(node);
            case NodeReported reported -> {
                if (reported.getSlots() < 0 || reported.getSlots() > MOST_SLOTS) {
                    throw new InvalidRecordException("a node has 0 to " + MOST_SLOTS + " slots");
                }
                if (reported.getHolding().size() > MOST_HELD) {
                    throw new InvalidRecordException("a report names " + MOST_HELD + " attempts at most");
                }
                if (reported.getCapabilities().size() > MOST_CAPABILITIES
                        || reported.getCapabilities().stream().anyMatch(each -> each.length() > LONGEST_NAME)
                        || reported.getBoot().length() > LONGEST_NAME
                        || !ADDRESS.matcher(reported.getAddress()).matches()) {
                    throw new InvalidRecordException("a node has up to " + MOST_CAPABILITIES + " capabilities of up to "
                            + LONGEST_NAME + " characters, as its run's name has, and the address of a host");
                }
                yield new PoolInput.NodeReport(
                        node,
                        report.getGateway(),
                        report.getEpoch(),
                        reported.getNumber(),
                        reported.getBoot(),
                        reported.getSlots(),
                        Set.copyOf(reported.getCapabilities()),
                        reported.getHolding().stream().map(PoolRecords::token).collect(Collectors.toSet()),
                        reported.getAddress());
            }
            case ProgramStarted started -> new PoolInput.Started(node, PoolRecords.token(started.getToken()));
            case ProgramCoordinated coordinated ->
                new PoolInput.Coordinated(node, PoolRecords.token(coordinated.getToken()));
            case ProgramExited exited ->
                new PoolInput.Exited(
                        node,
                        PoolRecords.token(exited.getToken()),
                        exited.getCode(),
                        PoolRecords.cause(exited.getCause()),
                        PoolRecords.detail(exited.getDetail()));
            case StartUndelivered undelivered ->
                new PoolInput.Undelivered(node, PoolRecords.token(undelivered.getToken()), report.getEpoch());
            case Object unknown -> throw new InvalidRecordException("unknown report " + unknown.getClass());
        };
    }

    private void decide(String poolId, PoolInput input, Instant now) {
        decide(poolId, input, null, now);
    }

    private void decide(String poolId, PoolInput input, @Nullable ComputeTask submitted, Instant now) {
        apply(poolId, input, submitted, now);
        // A node that is heard again may have room without an event.
        if (pools.pool(poolId).hasPlaceable()) {
            placeable.add(poolId);
        }
    }

    /**
     * Decides, and writes the decision: either all of it, or nothing, and then the pool is as it is kept. A failure while writing ends the task and its transaction:
     * the next one begins at the kept state.
     */
    private Decided apply(String poolId, PoolInput input, @Nullable ComputeTask submitted, Instant now) {
        Decided decided;
        try {
            decided = pools.decide(poolId, input, now, logInstant());
            sent.make(poolId, input, decided, submitted, now);
        } catch (RuntimeException e) {
            sent.drop();
            pools.reload(poolId, logInstant());
            placeable.add(poolId);
            throw e;
        }
        try {
            pools.keep(poolId, decided, submitted);
            sent.write();
        } catch (RuntimeException e) {
            throw new StreamsException("A pool's decision can't be kept, pool=" + poolId, e);
        }
        return decided;
    }

    private void tick(Instant now) {
        boolean worked = place(now) | endPauses(now) | findSilent(now) | remind(now);
        flush();
        OptionalLong due = logTime.due(now);
        due.ifPresent(
                number -> sent.probe(logTime.task(), number, context.taskId().partition(), now));
        if (worked || due.isPresent()) {
            commits.worked();
        }
    }

    /** Places tasks of pools in which something has changed, within a budget; tasks that are left are placed at the next tick, or asked about. */
    private boolean place(Instant now) {
        int left = MOST_PLACED;
        for (String poolId : List.copyOf(placeable)) {
            if (left <= 0) {
                break;
            }
            // A pool of which some are left comes behind the others.
            placeable.remove(poolId);
            int orders =
                    apply(poolId, new PoolInput.Place(left), null, now).orders().size();
            left -= orders;
            if (pools.pool(poolId).hasPlaceable() || pools.pool(poolId).isReserved()) {
                placeable.add(poolId);
            }
        }
        return left < MOST_PLACED;
    }

    /** Says again for which tasks no nodes are found, behind their pauses. */
    private boolean remind(Instant now) {
        List<String> due = pools.ids().stream()
                .filter(poolId -> pools.pool(poolId).isToRemind(now))
                .toList();
        due.forEach(poolId -> apply(poolId, new PoolInput.Remind(), null, now));
        return !due.isEmpty();
    }

    private boolean endPauses(Instant now) {
        List<PoolTable.TaskKey> due = pools.due(now, MOST_PLACED);
        due.forEach(task -> decide(task.poolId(), new PoolInput.Due(task.taskId()), now));
        return !due.isEmpty();
    }

    /** Asks once a second of the log about the nodes that were silent for too long, within a budget; the others are asked about at the next tick. */
    private boolean findSilent(Instant now) {
        if (logTime.seconds() == silenceChecked) {
            return false;
        }
        int left = MOST_SILENT;
        for (String poolId : pools.ids()) {
            for (String node : PoolDecider.silent(pools.pool(poolId), logInstant(), left)) {
                decide(poolId, new PoolInput.NodeSilent(node), now);
                left--;
            }
        }
        if (left > 0) {
            silenceChecked = logTime.seconds();
        }
        return left < MOST_SILENT;
    }
}
