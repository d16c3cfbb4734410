package io.muster.planner.pool.topology;

import io.muster.planner.pool.Attempt;
import io.muster.planner.pool.Deallocation;
import io.muster.planner.pool.Departure;
import io.muster.planner.pool.GroupRule;
import io.muster.planner.pool.Node;
import io.muster.planner.pool.Outcome;
import io.muster.planner.pool.Pool;
import io.muster.planner.pool.PoolDecider;
import io.muster.planner.pool.PoolEvent;
import io.muster.planner.pool.PoolInput;
import io.muster.planner.pool.PoolRefusal;
import io.muster.planner.pool.TaskDefinition;
import io.muster.planner.pool.TaskState;
import io.muster.planner.pool.Token;
import io.muster.records.ActiveTask;
import io.muster.records.Admission;
import io.muster.records.AttemptCoordinated;
import io.muster.records.AttemptEnding;
import io.muster.records.AttemptOver;
import io.muster.records.AttemptStarted;
import io.muster.records.BackingOffTask;
import io.muster.records.CompletedTask;
import io.muster.records.ComputeTask;
import io.muster.records.EndingKind;
import io.muster.records.ExitCause;
import io.muster.records.MemberStage;
import io.muster.records.NodeAdmitted;
import io.muster.records.NodeDeparting;
import io.muster.records.NodeDismissed;
import io.muster.records.NodeJoined;
import io.muster.records.NodeLost;
import io.muster.records.NodeReleased;
import io.muster.records.NodeSchedulingChanged;
import io.muster.records.NodeStanding;
import io.muster.records.NodeState;
import io.muster.records.NodeStays;
import io.muster.records.NodeUnheard;
import io.muster.records.NotPlacedReason;
import io.muster.records.OwnerIdle;
import io.muster.records.PlacementPolicy;
import io.muster.records.PoolCommandRefused;
import io.muster.records.PoolConfigured;
import io.muster.records.PoolMember;
import io.muster.records.PoolNode;
import io.muster.records.PoolNumbers;
import io.muster.records.PoolRefusalReason;
import io.muster.records.PoolRule;
import io.muster.records.PoolTask;
import io.muster.records.QueuedTask;
import io.muster.records.RestartRule;
import io.muster.records.RuleTasks;
import io.muster.records.Suspension;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskBackedOff;
import io.muster.records.TaskChanged;
import io.muster.records.TaskCompleted;
import io.muster.records.TaskDisowned;
import io.muster.records.TaskFile;
import io.muster.records.TaskForgotten;
import io.muster.records.TaskNotPlaced;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskPlace;
import io.muster.records.TaskPlaced;
import io.muster.records.TaskQueued;
import io.muster.records.TaskRequeued;
import io.muster.records.TaskResult;
import io.muster.records.TaskReturning;
import io.muster.records.TaskStopping;
import io.muster.records.TaskToken;
import io.muster.records.TasksRuled;
import io.muster.service.InvalidRecordException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Maps a pool's words to the records of its topics and stores, and back. */
final class PoolRecords {
    /** Bounds the characters of a task's id, and of a sentence about an exit: nodes can name no longer ones. */
    private static final int LONGEST = 1024;

    /** Bounds the nodes of a task: all of them are in its row, with a sentence each. */
    private static final int MOST_NODES = 1000;

    /** Bounds the files of a task: the hashes of all tasks that one decision places have room in a record. */
    private static final int MOST_FILES = 1000;

    private PoolRecords() {}

    /** Returns the sentence, or its begin where it is too long. */
    static String detail(String sentence) {
        return sentence.substring(0, Math.min(LONGEST, sentence.length()));
    }

    /**
     * Reads a task.
     *
     * @throws InvalidRecordException where its id or a number is out of its bounds
     */
    static TaskDefinition definition(ComputeTask task) throws InvalidRecordException {
        String taskId = task.getTaskId();
        if (taskId.isEmpty() || taskId.length() > LONGEST || taskId.indexOf('\0') >= 0) {
            throw new InvalidRecordException("a task's id has 1 to " + LONGEST + " characters, and no NUL");
        }
        if (task.getNodes() > MOST_NODES) {
            throw new InvalidRecordException("a task runs on " + MOST_NODES + " nodes at once at most");
        }
        if (task.getProgram().getFiles().size() > MOST_FILES) {
            throw new InvalidRecordException("a task has " + MOST_FILES + " files at most");
        }
        @Nullable RestartRule restart = task.getRestart();
        if (restart != null && (restart.getPauseSeconds() < 0 || restart.getAtOnceAfterSeconds() < 0)) {
            throw new InvalidRecordException("a program starts again after 0 seconds or more");
        }
        try {
            return known(task);
        } catch (IllegalArgumentException e) {
            throw new InvalidRecordException(String.valueOf(e.getMessage()));
        }
    }

    private static TaskDefinition known(ComputeTask task) {
        @Nullable RestartRule restart = task.getRestart();
        return new TaskDefinition(
                task.getTaskId(),
                group(task.getOwner()),
                task.getPriority(),
                task.getSlots(),
                task.getNodes(),
                Set.copyOf(task.getRequires()),
                Optional.ofNullable(task.getPinnedTo()),
                task.getMostRetries(),
                switch (task.getOnNodeLoss()) {
                    case PLACE_AGAIN -> TaskDefinition.OnNodeLoss.PLACE_AGAIN;
                    case ABORT -> TaskDefinition.OnNodeLoss.ABORT;
                },
                Optional.ofNullable(restart)
                        .map(rule -> new TaskDefinition.Restart(
                                Duration.ofSeconds(rule.getPauseSeconds()),
                                Duration.ofSeconds(rule.getAtOnceAfterSeconds()))),
                task.getDroppedAtEnd(),
                !task.getProgram().getCoordination().isEmpty(),
                Optional.ofNullable(task.getPrefers()));
    }

    /** Returns the group of an owner's tasks. */
    static String group(TaskOwner owner) {
        return owner.getKind().name() + ':' + owner.getId();
    }

    /** Returns the owner of the tasks of a group. */
    static TaskOwner owner(String group) {
        int colon = group.indexOf(':');
        return new TaskOwner(TaskOwnerKind.valueOf(group.substring(0, colon)), group.substring(colon + 1));
    }

    private static @Nullable Integer priority(GroupRule rule) {
        return rule.priority().isPresent() ? rule.priority().getAsInt() : null;
    }

    private static Suspension suspension(GroupRule rule) {
        return switch (rule.suspension()) {
            case NONE -> Suspension.NONE;
            case SUSPENDED -> Suspension.SUSPENDED;
            case EMPTIED -> Suspension.EMPTIED;
            case ENDED -> Suspension.ENDED;
        };
    }

    private static GroupRule rule(@Nullable Integer priority, int most, Suspension suspension, long number) {
        return new GroupRule(
                priority == null ? OptionalInt.empty() : OptionalInt.of(priority),
                most,
                switch (suspension) {
                    case NONE -> GroupRule.Suspension.NONE;
                    case SUSPENDED -> GroupRule.Suspension.SUSPENDED;
                    case EMPTIED -> GroupRule.Suspension.EMPTIED;
                    case ENDED -> GroupRule.Suspension.ENDED;
                },
                number);
    }

    /** Reads a rule. @throws InvalidRecordException where its limit is none */
    static GroupRule rule(RuleTasks rule) throws InvalidRecordException {
        if (rule.getMost() < -1 || rule.getMost() == 0) {
            throw new InvalidRecordException("of an owner's tasks 1 or more are placed at once, or -1 for no limit");
        }
        TaskOwner owner = rule.getOwner();
        if (owner.getKind() != TaskOwnerKind.BATCH_JOB
                || owner.getId().isEmpty()
                || owner.getId().indexOf('\0') >= 0) {
            throw new InvalidRecordException("there are rules for tasks of jobs of Batch, by their ids");
        }
        return rule(rule.getPriority(), rule.getMost(), rule.getSuspension(), rule.getNumber());
    }

    /** Restores a rule. */
    static GroupRule rule(PoolRule kept) {
        return rule(kept.getPriority(), kept.getMost(), kept.getSuspension(), kept.getNumber());
    }

    /** Returns what is kept of a rule. */
    static PoolRule kept(String poolId, String group, GroupRule rule) {
        return new PoolRule(poolId, owner(group), priority(rule), rule.most(), suspension(rule), rule.number());
    }

    static TaskToken token(Token token) {
        return new TaskToken(token.taskId(), token.placement());
    }

    static Token token(TaskToken token) {
        return new Token(token.getTaskId(), token.getPlacement());
    }

    static TaskAttempt attempt(Attempt attempt) {
        return new TaskAttempt(attempt.systemVersion(), attempt.requeues(), attempt.retries());
    }

    static TaskState.Cause cause(ExitCause cause) {
        return switch (cause) {
            case ITSELF -> TaskState.Cause.ITSELF;
            case WALL_CLOCK -> TaskState.Cause.WALL_CLOCK;
            case IDLE -> TaskState.Cause.IDLE;
            case STOPPED -> TaskState.Cause.STOPPED;
            case FENCED -> TaskState.Cause.FENCED;
            case NOT_STARTED -> TaskState.Cause.NOT_STARTED;
            case RETURNED -> TaskState.Cause.RETURNED;
        };
    }

    private static ExitCause cause(TaskState.Cause cause) {
        return switch (cause) {
            case ITSELF -> ExitCause.ITSELF;
            case WALL_CLOCK -> ExitCause.WALL_CLOCK;
            case IDLE -> ExitCause.IDLE;
            case STOPPED -> ExitCause.STOPPED;
            case FENCED -> ExitCause.FENCED;
            case NOT_STARTED -> ExitCause.NOT_STARTED;
            case RETURNED -> ExitCause.RETURNED;
        };
    }

    static AttemptEnding ending(TaskState.Ending ending) {
        return switch (ending) {
            case TaskState.Ending.Exited(int code, TaskState.Cause cause, String detail) ->
                new AttemptEnding(EndingKind.EXITED, code, cause(cause), detail);
            case TaskState.Ending.NeverBegan _ -> new AttemptEnding(EndingKind.NEVER_BEGAN, null, null, "");
            case TaskState.Ending.NodeLost _ -> new AttemptEnding(EndingKind.NODE_LOST, null, null, "");
        };
    }

    private static TaskState.Ending ending(@Nullable AttemptEnding ending) {
        if (ending == null) {
            return new TaskState.Ending.NodeLost();
        }
        return switch (ending.getKind()) {
            case EXITED ->
                new TaskState.Ending.Exited(
                        ending.getCode() == null ? -1 : ending.getCode(),
                        ending.getCause() == null ? TaskState.Cause.ITSELF : cause(ending.getCause()),
                        ending.getDetail());
            case NEVER_BEGAN -> new TaskState.Ending.NeverBegan();
            case NODE_LOST -> new TaskState.Ending.NodeLost();
        };
    }

    static TaskResult result(Outcome outcome) {
        return switch (outcome.result()) {
            case SUCCEEDED -> TaskResult.SUCCEEDED;
            case FAILED -> TaskResult.FAILED;
            case STOPPED -> TaskResult.STOPPED;
            case TIMED_OUT -> TaskResult.TIMED_OUT;
            case IDLE -> TaskResult.IDLE;
            case ABORTED -> TaskResult.ABORTED;
        };
    }

    private static Outcome.Result result(TaskResult result) {
        return switch (result) {
            case SUCCEEDED -> Outcome.Result.SUCCEEDED;
            case FAILED -> Outcome.Result.FAILED;
            case STOPPED -> Outcome.Result.STOPPED;
            case TIMED_OUT -> Outcome.Result.TIMED_OUT;
            case IDLE -> Outcome.Result.IDLE;
            case ABORTED -> Outcome.Result.ABORTED;
        };
    }

    static @Nullable Integer exitCode(Outcome outcome) {
        return outcome.exitCode().isPresent() ? outcome.exitCode().getAsInt() : null;
    }

    /** Returns the record of an event. @param task whose event it is, where it is queued or placed */
    static Object event(PoolEvent event, @Nullable ComputeTask task) {
        return switch (event) {
            case PoolEvent.TaskQueued(TaskDefinition _, long number) -> new TaskQueued(task, number);
            case PoolEvent.TaskPlaced placed -> {
                List<TaskPlace> members = new ArrayList<>();
                placed.members().forEach(place -> members.add(new TaskPlace(place.node(), place.epoch())));
                yield new TaskPlaced(
                        token(placed.token()),
                        attempt(placed.attempt()),
                        members,
                        hashes(task),
                        Objects.requireNonNull(task).getSlots());
            }
            case PoolEvent.TaskNotPlaced(String taskId, Attempt attempt, PoolEvent.NotPlaced reason) ->
                new TaskNotPlaced(
                        taskId,
                        attempt(attempt),
                        switch (reason) {
                            case NO_FREE_SLOTS -> NotPlacedReason.NO_FREE_SLOTS;
                            case REQUIREMENTS_NOT_MET -> NotPlacedReason.REQUIREMENTS_NOT_MET;
                        });
            case PoolEvent.AttemptStarted(Token token, String node, Instant _) ->
                new AttemptStarted(token(token), node);
            case PoolEvent.AttemptCoordinated(Token token, String node) -> new AttemptCoordinated(token(token), node);
            case PoolEvent.AttemptOver(Token token, String node, TaskState.Ending ending) ->
                new AttemptOver(token(token), node, ending(ending));
            case PoolEvent.TaskStopping(String taskId) -> new TaskStopping(taskId);
            case PoolEvent.TaskReturning(String taskId) -> new TaskReturning(taskId);
            case PoolEvent.TaskRequeued(String taskId, Attempt attempt) -> new TaskRequeued(taskId, attempt(attempt));
            case PoolEvent.TaskBackedOff(String taskId, Attempt attempt, Instant until) ->
                new TaskBackedOff(taskId, attempt(attempt), until);
            case PoolEvent.TaskCompleted completed ->
                new TaskCompleted(
                        completed.taskId(),
                        result(completed.outcome()),
                        exitCode(completed.outcome()),
                        completed.outcome().detail());
            case PoolEvent.TaskDisowned(String taskId) -> new TaskDisowned(taskId);
            case PoolEvent.TaskChanged(String taskId, int most) ->
                new TaskChanged(
                        taskId, most, Objects.requireNonNull(task).getProgram().getWallClockSeconds());
            case PoolEvent.TaskForgotten(String taskId) -> new TaskForgotten(taskId);
            case PoolEvent.NodeAdmitted(String node, int gateway, long epoch, boolean drained) ->
                new NodeAdmitted(node, gateway, epoch, drained);
            case PoolEvent.NodeDismissed(String node) -> new NodeDismissed(node);
            case PoolEvent.NodeJoined joined ->
                new NodeJoined(
                        joined.node(),
                        joined.gateway(),
                        joined.epoch(),
                        joined.boot(),
                        joined.slots(),
                        sorted(joined.capabilities()),
                        joined.address());
            case PoolEvent.NodeUnheard(String node) -> new NodeUnheard(node);
            case PoolEvent.NodeLost(String node) -> new NodeLost(node);
            case PoolEvent.SchedulingChanged(String node, boolean enabled, boolean requeues) ->
                new NodeSchedulingChanged(node, enabled, requeues);
            case PoolEvent.NodeDeparting(String node, Departure.Goal goal, Deallocation tasks) ->
                new NodeDeparting(node, goal instanceof Departure.Goal.OtherPool(String to) ? to : null, tasks(tasks));
            case PoolEvent.NodeReleased(String node) -> new NodeReleased(node);
            case PoolEvent.NodeStays(String node) -> new NodeStays(node);
            case PoolEvent.GroupRuled(String group, GroupRule rule) ->
                new TasksRuled(owner(group), priority(rule), rule.most(), suspension(rule), rule.number());
            case PoolEvent.GroupIdle(String group, long number) -> new OwnerIdle(owner(group), number);
            case PoolEvent.Configured configured ->
                new PoolConfigured(
                        configured.slotsPerNode(),
                        policy(configured.placement()),
                        configured.closed(),
                        configured.interNode());
        };
    }

    private static List<String> hashes(@Nullable ComputeTask task) {
        return Objects.requireNonNull(task).getProgram().getFiles().stream()
                .map(TaskFile::getSha256)
                .distinct()
                .toList();
    }

    /** Returns the record of a refusal. @param input of which it is */
    static PoolCommandRefused refused(PoolInput input, PoolRefusal refusal) {
        @Nullable
        String taskId = switch (input) {
            case PoolInput.Submit submit -> submit.task().id();
            case PoolInput.Stop(String id) -> id;
            default -> null;
        };
        @Nullable
        String nodeId = switch (input) {
            case PoolInput.SetScheduling change -> change.node();
            case PoolInput.RestartNode restart -> restart.node();
            default -> null;
        };
        return new PoolCommandRefused(reason(refusal), refusal.sentence(), taskId, nodeId);
    }

    static PoolRefusalReason reason(PoolRefusal refusal) {
        return switch (refusal.reason()) {
            case ANOTHER_TASK -> PoolRefusalReason.ANOTHER_TASK;
            case STILL_ENDING -> PoolRefusalReason.STILL_ENDING;
            case NO_SUCH_TASK -> PoolRefusalReason.NO_SUCH_TASK;
            case NO_SUCH_NODE -> PoolRefusalReason.NO_SUCH_NODE;
        };
    }

    private static List<String> sorted(Set<String> texts) {
        return texts.stream().sorted().toList();
    }

    /** Returns what is kept of a task. */
    static PoolTask kept(String poolId, ComputeTask task, Pool.Task now) {
        Object state = switch (now.state()) {
            case TaskState.Queued _ -> new QueuedTask();
            case TaskState.BackingOff(Attempt _, Instant until) -> new BackingOffTask(until);
            case TaskState.Active active ->
                new ActiveTask(
                        active.placement(),
                        members(active),
                        active.startedAt().orElse(null),
                        active.stopping(),
                        active.returning());
            case TaskState.Completed(Attempt _, Outcome outcome, Optional<Instant> startedAt, Instant endedAt) ->
                new CompletedTask(
                        result(outcome), exitCode(outcome), outcome.detail(), startedAt.orElse(null), endedAt);
        };
        Attempt attempt = now.state().attempt();
        return new PoolTask(poolId, task, now.number(), attempt(attempt), state, now.disowned(), attempt.neverBegan());
    }

    private static List<PoolMember> members(TaskState.Active active) {
        List<PoolMember> members = new ArrayList<>();
        active.members()
                .forEach((node, member) -> members.add(
                        switch (member) {
                            case TaskState.Member.Ordered(long epoch) ->
                                new PoolMember(node, epoch, MemberStage.ORDERED, null);
                            case TaskState.Member.Running(long epoch) ->
                                new PoolMember(node, epoch, MemberStage.RUNNING, null);
                            case TaskState.Member.Coordinated(long epoch) ->
                                new PoolMember(node, epoch, MemberStage.COORDINATED, null);
                            case TaskState.Member.Over(TaskState.Ending ending) ->
                                new PoolMember(node, 0L, MemberStage.OVER, ending(ending));
                        }));
        return members;
    }

    /** Restores a task. */
    static Pool.Task task(PoolTask kept) {
        Attempt attempt = new Attempt(
                kept.getAttempt().getSystemVersion(),
                kept.getAttempt().getRequeues(),
                kept.getAttempt().getRetries(),
                kept.getNeverBegan());
        TaskState state = switch (kept.getState()) {
            case QueuedTask _ -> new TaskState.Queued(attempt);
            case BackingOffTask pausing -> new TaskState.BackingOff(attempt, pausing.getUntil());
            case ActiveTask active ->
                new TaskState.Active(
                        attempt,
                        active.getPlacement(),
                        members(active),
                        Optional.ofNullable(active.getStartedAt()),
                        active.getStopping(),
                        active.getReturning());
            case CompletedTask completed ->
                new TaskState.Completed(
                        attempt,
                        new Outcome(
                                result(completed.getResult()),
                                completed.getExitCode() == null
                                        ? OptionalInt.empty()
                                        : OptionalInt.of(completed.getExitCode()),
                                completed.getDetail()),
                        Optional.ofNullable(completed.getStartedAt()),
                        completed.getEndedAt());
            case Object unknown -> throw new IllegalStateException("not a state, class=" + unknown.getClass());
        };
        return new Pool.Task(known(kept.getTask()), kept.getNumber(), state, kept.getDisowned());
    }

    private static SequencedMap<String, TaskState.Member> members(ActiveTask active) {
        SequencedMap<String, TaskState.Member> members = new LinkedHashMap<>();
        for (PoolMember member : active.getMembers()) {
            members.put(
                    member.getNodeId(),
                    switch (member.getStage()) {
                        case ORDERED -> new TaskState.Member.Ordered(member.getEpoch());
                        case RUNNING -> new TaskState.Member.Running(member.getEpoch());
                        case COORDINATED -> new TaskState.Member.Coordinated(member.getEpoch());
                        case OVER -> new TaskState.Member.Over(ending(member.getEnding()));
                    });
        }
        return members;
    }

    /** Returns what is kept of a device of the pool. */
    static PoolNode kept(String poolId, String nodeId, Optional<Pool.Admission> admitted, Optional<Node> node) {
        return new PoolNode(
                poolId,
                nodeId,
                admitted.map(PoolRecords::kept).orElse(null),
                node.map(PoolRecords::state).orElse(null));
    }

    private static NodeState state(Node node) {
        return new NodeState(
                node.gateway(),
                node.epoch(),
                node.boot(),
                node.slots(),
                sorted(node.capabilities()),
                node.enabled(),
                switch (node.standing()) {
                    case LIVE -> NodeStanding.LIVE;
                    case DISMISSED -> NodeStanding.DISMISSED;
                    case LOST -> NodeStanding.LOST;
                },
                node.scheduling() == Node.Scheduling.DISABLED_AND_EMPTIED,
                node.address());
    }

    private static Admission kept(Pool.Admission at) {
        return new Admission(
                at.gateway(),
                at.epoch(),
                at.drained(),
                at.departure().map(PoolRecords::kept).orElse(null));
    }

    private static io.muster.records.Departure kept(Departure departure) {
        return new io.muster.records.Departure(
                departure.goal() instanceof Departure.Goal.OtherPool(String to) ? to : null,
                departure.goal() instanceof Departure.Goal.NewRun(String boot) ? boot : null,
                tasks(departure.tasks()),
                departure.released());
    }

    /** Restores the admission of a device. */
    static Pool.Admission admission(Admission kept) {
        return new Pool.Admission(
                kept.getGateway(),
                kept.getEpoch(),
                kept.getDrained(),
                Optional.ofNullable(kept.getDeparture()).map(PoolRecords::departure));
    }

    private static Departure departure(io.muster.records.Departure kept) {
        @Nullable String to = kept.getTo();
        @Nullable String boot = kept.getBoot();
        return new Departure(
                to == null ? new Departure.Goal.NewRun(boot == null ? "" : boot) : new Departure.Goal.OtherPool(to),
                tasks(kept.getTasks()),
                kept.getReleased());
    }

    static Deallocation tasks(io.muster.records.Deallocation tasks) {
        return switch (tasks) {
            case REQUEUE -> Deallocation.REQUEUE;
            case TERMINATE -> Deallocation.TERMINATE;
            case TASK_COMPLETION -> Deallocation.TASK_COMPLETION;
            case RETAINED_DATA -> Deallocation.RETAINED_DATA;
        };
    }

    private static io.muster.records.Deallocation tasks(Deallocation tasks) {
        return switch (tasks) {
            case REQUEUE -> io.muster.records.Deallocation.REQUEUE;
            case TERMINATE -> io.muster.records.Deallocation.TERMINATE;
            case TASK_COMPLETION -> io.muster.records.Deallocation.TASK_COMPLETION;
            case RETAINED_DATA -> io.muster.records.Deallocation.RETAINED_DATA;
        };
    }

    static PoolDecider.Placement placement(PlacementPolicy policy) {
        return switch (policy) {
            case SPREAD -> PoolDecider.Placement.SPREAD;
            case PACK -> PoolDecider.Placement.PACK;
        };
    }

    private static PlacementPolicy policy(PoolDecider.Placement placement) {
        return switch (placement) {
            case SPREAD -> PlacementPolicy.SPREAD;
            case PACK -> PlacementPolicy.PACK;
        };
    }

    /** Returns what is kept of a pool beside its tasks and nodes. */
    static PoolNumbers numbers(String poolId, Pool pool) {
        return new PoolNumbers(
                poolId,
                pool.nextNumber(),
                pool.nextPlacement(),
                pool.slotsPerNode(),
                policy(pool.placement()),
                pool.closed(),
                pool.configured().interNode());
    }

    /** Restores how a pool uses its nodes. */
    static PoolEvent.Configured configured(PoolNumbers kept) {
        return new PoolEvent.Configured(
                kept.getSlotsPerNode(), placement(kept.getPolicy()), kept.getClosed(), kept.getInterNode());
    }

    /** Restores a node, which takes no slots yet. */
    static Node node(String nodeId, NodeState state, Instant heardAt) {
        return new Node(
                nodeId,
                state.getGateway(),
                state.getEpoch(),
                state.getBoot(),
                state.getSlots(),
                0,
                0,
                Set.copyOf(state.getCapabilities()),
                Pool.scheduling(state.getEnabled(), state.getRequeues()),
                false,
                true,
                switch (state.getStanding()) {
                    case LIVE -> Node.Standing.LIVE;
                    case DISMISSED -> Node.Standing.DISMISSED;
                    case LOST -> Node.Standing.LOST;
                },
                state.getAddress(),
                heardAt);
    }
}
