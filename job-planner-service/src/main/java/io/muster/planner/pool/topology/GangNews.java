package io.muster.planner.pool.topology;

import io.muster.planner.pool.Node;
import io.muster.planner.pool.Pool;
import io.muster.planner.pool.PoolEvent;
import io.muster.planner.pool.TaskState;
import io.muster.planner.pool.Token;
import io.muster.records.ComputeTask;
import io.muster.records.MemberStage;
import io.muster.records.SubtaskNews;
import io.muster.records.SubtasksMoved;
import io.muster.records.TaskProgram;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Says to the owner of a task on several nodes what its subtasks do, and to each of its nodes which the others are. Contract: batch, 3.3. */
final class GangNews {
    /** Is a port that stands in a variable of Batch's and is used by nobody here. */
    private static final int MASTER_PORT = 6000;

    private GangNews() {}

    /** Returns what an event says of subtasks; empty where it says nothing. @param before the nodes of the attempt that was under way before the decision */
    static Optional<SubtasksMoved> of(PoolEvent event, List<String> before) {
        return switch (event) {
            case PoolEvent.TaskPlaced placed
            when placed.members().size() > 1 ->
                Optional.of(new SubtasksMoved(
                        PoolRecords.token(placed.token()),
                        IntStream.range(1, placed.members().size())
                                .mapToObj(number -> new SubtaskNews(
                                        number, placed.members().get(number).node(), MemberStage.ORDERED, null))
                                .toList()));
            case PoolEvent.AttemptStarted(Token token, String node, var _) ->
                one(token, node, before, MemberStage.RUNNING, null);
            case PoolEvent.AttemptCoordinated(Token token, String node) ->
                one(token, node, before, MemberStage.COORDINATED, null);
            case PoolEvent.AttemptOver(Token token, String node, TaskState.Ending ending) ->
                one(token, node, before, MemberStage.OVER, ending);
            default -> Optional.empty();
        };
    }

    private static Optional<SubtasksMoved> one(
            Token token, String node, List<String> before, MemberStage stage, TaskState.@Nullable Ending ending) {
        int number = before.indexOf(node);
        return number < 1
                ? Optional.empty()
                : Optional.of(new SubtasksMoved(
                        PoolRecords.token(token),
                        List.of(new SubtaskNews(
                                number, node, stage, ending == null ? null : PoolRecords.ending(ending)))));
    }

    /** Returns what a node is to run: of a task of Batch with a coordination command with the variables that name the nodes. */
    static TaskProgram program(ComputeTask task, TaskState state, Pool pool, String node) {
        TaskProgram program = task.getProgram();
        return task.getBatch() == null
                        || program.getCoordination().isEmpty()
                        || !(state instanceof TaskState.Active active)
                ? program
                : TaskProgram.newBuilder(program)
                        .setEnvironment(environment(
                                program, List.copyOf(active.members().keySet()), pool, node))
                        .build();
    }

    private static Map<String, String> environment(TaskProgram program, List<String> members, Pool pool, String node) {
        List<String> addresses =
                members.stream().map(member -> address(pool, member)).toList();
        String master = addresses.getFirst();
        Map<String, String> environment = new HashMap<>(program.getEnvironment());
        environment.put("AZ_BATCH_NODE_LIST", String.join(";", addresses));
        environment.put("AZ_BATCH_HOST_LIST", String.join(",", addresses));
        environment.put(
                "AZ_BATCH_MASTER_NODE", (master.indexOf(':') < 0 ? master : "[" + master + "]") + ":" + MASTER_PORT);
        environment.put(
                "AZ_BATCH_IS_CURRENT_NODE_MASTER",
                Boolean.toString(members.getFirst().equals(node)));
        environment.put(
                "CCP_NODES",
                members.size() + " "
                        + addresses.stream().map(address -> address + " 1").collect(Collectors.joining(" ")));
        return environment;
    }

    /** Returns under which address a node is reached; its id where it does not say. */
    private static String address(Pool pool, String node) {
        return pool.node(node)
                .map(Node::address)
                .filter(address -> !address.isEmpty())
                .orElse(node);
    }
}
