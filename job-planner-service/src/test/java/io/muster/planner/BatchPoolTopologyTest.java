package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.PlannerDriver.Ordered;
import io.muster.records.AddBatchPool;
import io.muster.records.AllocationState;
import io.muster.records.AutoScaleRun;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.BatchPoolRefusalReason;
import io.muster.records.BatchPoolRefused;
import io.muster.records.BatchPoolState;
import io.muster.records.Capability;
import io.muster.records.ComputeTask;
import io.muster.records.Deallocation;
import io.muster.records.DeleteBatchPool;
import io.muster.records.EnableBatchPoolAutoScale;
import io.muster.records.EvaluateBatchPoolFormula;
import io.muster.records.ExitCause;
import io.muster.records.JoinPool;
import io.muster.records.NodeLossRule;
import io.muster.records.NodeReported;
import io.muster.records.ProgramExited;
import io.muster.records.RemoveBatchPoolNodes;
import io.muster.records.ResizeBatchPool;
import io.muster.records.StartAttempt;
import io.muster.records.SubmitTask;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskProgram;
import io.muster.records.TaskToken;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests pools of Batch in the planner's topology: they take nodes from the reserve, and give them back. */
class BatchPoolTopologyTest {
    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        assertThat(planner.deadLetters()).isEmpty();
        planner.close();
    }

    private long spare(String node, String size) {
        planner.create(node, "{\"compute\":{\"spare\":true}}");
        long epoch = planner.connect(node, Capability.TASKS);
        planner.reportToPool(
                "$reserve", node, epoch, new NodeReported(1L, "boot", 2, List.of("vmSize=" + size), List.of(), ""));
        return epoch;
    }

    private static AddBatchPool add(int nodes) {
        return new AddBatchPool(BatchPoolDefinition.newBuilder()
                .setVmSize("Local")
                .setResizeTimeoutMillis(900_000L)
                .setTargetDedicated(nodes)
                .build());
    }

    private BatchPool pool() {
        return Objects.requireNonNull(planner.batchPools().get("lyon"));
    }

    @Test
    void takesItsNodesFromTheReserveAndGivesThemBack() {
        spare("a", "local");
        spare("b", "large");
        planner.batchPool("Lyon", add(2));
        planner.advance(Duration.ofMillis(20));
        assertThat(pool().getNodes()).as("b is of another size").isEqualTo(1);
        assertThat(pool().getAllocation()).isEqualTo(AllocationState.RESIZING);
        long epoch = spare("c", "local");
        planner.advance(Duration.ofSeconds(6));
        assertThat(pool().getNodes()).isEqualTo(2);
        assertThat(pool().getAllocation()).isEqualTo(AllocationState.STEADY);
        assertThat(planner.orders("c")).endsWith(new Ordered(epoch, "Lyon", new JoinPool(60)));

        planner.batchPool("LYON", new ResizeBatchPool(1, null, null, Deallocation.REQUEUE, null));
        planner.advance(Duration.ofMillis(20));
        assertThat(pool().getNodes()).isEqualTo(1);
        assertThat(pool().getAllocation()).isEqualTo(AllocationState.STEADY);

        planner.restart();
        planner.batchPool("lyon", new DeleteBatchPool(null));
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.batchPools()).as("it is gone").doesNotContainKey("lyon");
        assertThat(planner.taskEvents()).extracting(TestRecord::key).containsOnly("Lyon");
        assertThat(planner.taskEvents())
                .extracting(event ->
                        new String(event.headers().lastHeader("ce-type").value(), StandardCharsets.UTF_8))
                .containsExactly(
                        "PoolCreateEvent",
                        "PoolResizeStartEvent",
                        "PoolResizeCompleteEvent",
                        "PoolResizeStartEvent",
                        "PoolResizeCompleteEvent",
                        "PoolDeleteStartEvent",
                        "PoolDeleteCompleteEvent");
        assertThat(planner.taskEvents().get(2).value())
                .contains("\"currentDedicatedNodes\":2", "\"resultCode\":\"Success\"");
        planner.batchPool("lyon", add(0));
        assertThat(pool().getState()).isEqualTo(BatchPoolState.ACTIVE);
        assertThat(pool().getPoolId()).isEqualTo("lyon");
    }

    @Test
    void saysWhatAFormulaWouldComeToWhereOneDecides() {
        planner.batchPool("Lyon", add(0));
        planner.batchPool("lyon", new EvaluateBatchPoolFormula("$TargetDedicatedNodes=1+2;"));
        assertThat(((BatchPoolRefused) planner.replies().getLast().getOutcome()).getReason())
                .isEqualTo(BatchPoolRefusalReason.AUTO_SCALE_NOT_ENABLED);
        planner.batchPool("lyon", new EnableBatchPoolAutoScale("$TargetDedicatedNodes=0;", 300_000L, null));
        planner.advance(Duration.ofMillis(20));
        planner.batchPool("lyon", new EvaluateBatchPoolFormula("$TargetDedicatedNodes=1+2;"));
        AutoScaleRun run = (AutoScaleRun) planner.replies().getLast().getOutcome();
        assertThat(run.getResults()).contains("$TargetDedicatedNodes=3");
        assertThat(run.getError()).isNull();
        planner.batchPool("lyon", new EvaluateBatchPoolFormula("$TargetDedicatedNodes=;"));
        assertThat(((AutoScaleRun) planner.replies().getLast().getOutcome()).getError())
                .isNotNull();
        assertThat(pool().getDefinition().getTargetDedicated()).isZero();
    }

    @Test
    void countsANodeThatIsLostNoMoreAndSendsItToTheReserveWhereItsPoolIsGoneMeanwhile() {
        spare("a", "local");
        planner.batchPool("Lyon", add(1));
        planner.advance(Duration.ofMillis(20));
        assertThat(pool().getNodes()).isEqualTo(1);
        long there = planner.connect("a", Capability.TASKS);
        planner.reportToPool("Lyon", "a", there, new NodeReported(1L, "boot", 2, List.of(), List.of(), ""));
        planner.pass(Duration.ofSeconds(90));
        assertThat(pool().getNodes()).isZero();
        planner.batchPool("Lyon", new DeleteBatchPool(null));
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.batchPools()).doesNotContainKey("lyon");
        long epoch = planner.connect("a", Capability.TASKS);
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.orders("a")).endsWith(new Ordered(epoch, "$reserve", new JoinPool(60)));
    }

    @Test
    void keepsItsNodesWhereNoneHasTheNameOfOneThatIsRemoved() {
        spare("a", "local");
        planner.batchPool("Lyon", add(1));
        planner.advance(Duration.ofMillis(20));
        planner.batchPool("Lyon", new RemoveBatchPoolNodes(List.of("none"), null, Deallocation.REQUEUE, null));
        planner.advance(Duration.ofMillis(20));
        planner.advance(Duration.ofMillis(20));
        assertThat(pool().getNodes()).isEqualTo(1);
        assertThat(pool().getDefinition().getTargetDedicated()).isEqualTo(1);
        assertThat(pool().getAllocation()).isEqualTo(AllocationState.STEADY);
    }

    /** Removes a node that leaves at once, and one whose task is waited for. */
    @Test
    void removesNodesThatLeaveOneAfterAnother() {
        spare("a", "local");
        spare("b", "local");
        spare("c", "local");
        planner.batchPool("Lyon", add(3));
        planner.advance(Duration.ofMillis(20));
        assertThat(pool().getNodes()).isEqualTo(3);
        for (String node : List.of("a", "b", "c")) {
            planner.reportToPool(
                    "Lyon",
                    node,
                    planner.orders(node).getLast().epoch(),
                    new NodeReported(2L, "boot", 2, List.of("vmSize=local", "of-" + node), List.of(), ""));
        }
        planner.pool(
                "Lyon",
                new SubmitTask(ComputeTask.newBuilder()
                        .setTaskId("t")
                        .setOwner(new TaskOwner(TaskOwnerKind.SITE, "site"))
                        .setProgram(TaskProgram.newBuilder()
                                .setCommand(List.of("true"))
                                .setEnvironment(Map.of())
                                .build())
                        .setRequires(List.of("of-b"))
                        .setOnNodeLoss(NodeLossRule.PLACE_AGAIN)
                        .build()));
        planner.advance(Duration.ofMillis(20));
        TaskToken token = ((StartAttempt) planner.orders("b").getLast().order()).getToken();
        long epoch = planner.orders("b").getLast().epoch();
        planner.batchPool(
                "Lyon", new RemoveBatchPoolNodes(List.of("a", "b"), null, Deallocation.TASK_COMPLETION, null));
        for (int second = 0; second < 12; second++) {
            planner.advance(Duration.ofSeconds(1));
        }
        assertThat(pool().getNodes()).as("b's task runs").isEqualTo(2);
        assertThat(pool().getDefinition().getTargetDedicated()).isEqualTo(1);
        planner.reportToPool("Lyon", "b", epoch, new ProgramExited(token, 0, ExitCause.ITSELF, ""));
        planner.advance(Duration.ofMillis(20));
        assertThat(pool().getNodes()).isEqualTo(1);
        assertThat(pool().getDefinition().getTargetDedicated()).isEqualTo(1);
        assertThat(pool().getAllocation()).isEqualTo(AllocationState.STEADY);
    }

    @Test
    void refusesAPoolOfAnIdThatIsTaken() {
        planner.batchPool("lyon", add(0));
        planner.batchPool("LYON", add(0));
        assertThat(((BatchPoolRefused) planner.replies().getLast().getOutcome()).getReason())
                .isEqualTo(BatchPoolRefusalReason.POOL_EXISTS);
    }
}
