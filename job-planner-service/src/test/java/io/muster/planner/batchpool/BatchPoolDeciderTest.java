package io.muster.planner.batchpool;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.AddBatchPool;
import io.muster.records.AllocationState;
import io.muster.records.AutoScale;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolAdded;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.BatchPoolDeleted;
import io.muster.records.BatchPoolEvent;
import io.muster.records.BatchPoolNodesAsked;
import io.muster.records.BatchPoolRefusalReason;
import io.muster.records.BatchPoolRefused;
import io.muster.records.BatchPoolResizeStarted;
import io.muster.records.BatchPoolResized;
import io.muster.records.BatchPoolScaled;
import io.muster.records.BatchPoolState;
import io.muster.records.CloudServiceConfiguration;
import io.muster.records.Deallocation;
import io.muster.records.DeleteBatchPool;
import io.muster.records.EnableBatchPoolAutoScale;
import io.muster.records.ImageReference;
import io.muster.records.NameValue;
import io.muster.records.RemoveBatchPoolNodes;
import io.muster.records.ResizeBatchPool;
import io.muster.records.StopBatchPoolResize;
import io.muster.records.VirtualMachineConfiguration;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables of a pool's life, and the bodies of its events. Contract: batch, 3.1, 3.4 and 3.5. */
class BatchPoolDeciderTest {
    private static final Instant START = Instant.parse("2026-11-21T02:00:00Z");
    private final PoolFormulas formulas = new PoolFormulas();
    private final List<Object> events = new ArrayList<>();
    private BatchPool pool;
    private BatchPool before;
    private Instant now = START;

    private static BatchPoolDefinition.Builder definition(int dedicated, int lowPriority) {
        return BatchPoolDefinition.newBuilder()
                .setVmSize("Standard_F1s")
                .setResizeTimeoutMillis(300_000L)
                .setTargetDedicated(dedicated)
                .setTargetLowPriority(lowPriority);
    }

    private Decision<BatchPoolEvent> decide(BatchPoolInput input) {
        Decision<BatchPoolEvent> decision = BatchPoolDecider.decide(pool, input, formulas, now);
        if (decision instanceof Decision.Happened<BatchPoolEvent>(BatchPoolEvent event)) {
            before = pool;
            pool = BatchPoolDecider.evolve(pool, event);
            events.add(event.getEvent());
        }
        return decision;
    }

    private void add(BatchPoolDefinition.Builder definition) {
        decide(new BatchPoolInput.Add("myPool1", new AddBatchPool(definition.build())));
        decide(new BatchPoolInput.Begin());
    }

    private void counted(int nodes) {
        decide(new BatchPoolInput.Counted(nodes));
        decide(new BatchPoolInput.Settle());
    }

    private static BatchPoolInput resize(int dedicated) {
        return new BatchPoolInput.Resize(new ResizeBatchPool(dedicated, null, null, Deallocation.REQUEUE, null));
    }

    private Optional<BatchPoolRefusalReason> refusal(BatchPoolInput input) {
        return decide(input) instanceof Decision.Refused<BatchPoolEvent> refused
                ? Optional.of(((BatchPoolRefused) refused.refusal()).getReason())
                : Optional.empty();
    }

    private @Nullable String memberRefused(BatchPoolDefinition.Builder definition) {
        Decision<BatchPoolEvent> decision = BatchPoolDecider.decide(
                null, new BatchPoolInput.Add("edge", new AddBatchPool(definition.build())), formulas, now);
        return decision instanceof Decision.Refused<BatchPoolEvent> refused
                ? ((BatchPoolRefused) refused.refusal()).getMember()
                : null;
    }

    @Test
    void refusesTextsBeyondTheirBounds() {
        String longText = "x".repeat(1025);
        assertThat(memberRefused(definition(1, 0).setDisplayName(longText))).isEqualTo("displayName");
        assertThat(memberRefused(definition(1, 0).setVmSize(longText))).isEqualTo("vmSize");
        assertThat(memberRefused(definition(1, 0).setMetadata(List.of(new NameValue("n", "x".repeat(33_000))))))
                .isEqualTo("metadata");
        assertThat(memberRefused(definition(1, 0)
                        .setVirtualMachine(new VirtualMachineConfiguration(
                                new ImageReference("p", "o", longText, null), "agent"))))
                .isEqualTo("imageReference.sku");
        assertThat(memberRefused(definition(1, 0).setCloudService(new CloudServiceConfiguration(longText, null))))
                .isEqualTo("cloudServiceConfiguration.osFamily");
        assertThat(memberRefused(definition(0, 0).setAutoScale(new AutoScale(" ".repeat(33_000) + "$x=1;", 300_000L))))
                .isEqualTo("autoScaleFormula");
        assertThat(memberRefused(definition(1, 0).setDisplayName("short"))).isNull();
    }

    @Test
    void comesToItsTargetAsItsNodesCome() {
        add(definition(2, 1));
        assertThat(events).hasExactlyElementsOfTypes(BatchPoolAdded.class, BatchPoolResizeStarted.class);
        assertThat(pool.getAllocation()).isEqualTo(AllocationState.RESIZING);
        counted(2);
        assertThat(pool.getAllocation()).isEqualTo(AllocationState.RESIZING);
        assertThat(BatchPools.dedicated(pool)).isEqualTo(2);
        counted(3);
        assertThat(BatchPools.lowPriority(pool)).isEqualTo(1);
        assertThat(pool.getAllocation()).isEqualTo(AllocationState.STEADY);
        assertThat(((BatchPoolResized) events.getLast()).getCode()).isEqualTo("Success");
        assertThat(BatchPoolDecider.due(pool)).isEmpty();
    }

    /** Counts nodes that are still to go as they counted before: dedicated, low-priority. Contract: batch, 3.1. */
    @ParameterizedTest
    @CsvSource({
        "2, 0, 1, 0, 2 0, 1 0",
        "2, 2, 1, 2, 2 2, 1 2",
        "2, 2, 2, 1, 2 2, 2 1",
        "0, 2, 1, 0, 1 1, 1 0",
        "3, 1, 0, 0, 3 1, 0 0"
    })
    void countsNodesThatAreStillToGoAsBefore(
            int dedicated, int low, int dedicatedThen, int lowThen, String meanwhile, String behind) {
        add(definition(dedicated, low));
        counted(dedicated + low);
        assertThat(counts()).isEqualTo(dedicated + " " + low);
        decide(new BatchPoolInput.Resize(
                new ResizeBatchPool(dedicatedThen, lowThen, null, Deallocation.TASK_COMPLETION, null)));
        assertThat(counts()).isEqualTo(meanwhile);
        counted(dedicatedThen + lowThen);
        assertThat(counts()).isEqualTo(behind);
        assertThat(pool.getAllocation()).isEqualTo(AllocationState.STEADY);
    }

    private String counts() {
        return BatchPools.dedicated(pool) + " " + BatchPools.lowPriority(pool);
    }

    @Test
    void asksAgainUntilItsTimeIsOver() {
        add(definition(2, 0));
        assertThat(BatchPoolDecider.due(pool)).contains(START.plusSeconds(5));
        now = START.plusSeconds(5);
        decide(new BatchPoolInput.Settle());
        assertThat(events.getLast()).isInstanceOf(BatchPoolNodesAsked.class);
        counted(1);
        now = START.plus(Duration.ofMinutes(5));
        decide(new BatchPoolInput.Settle());
        assertThat(((BatchPoolResized) events.getLast()).getCode()).isEqualTo("AllocationTimedOut");
        assertThat(pool.getErrors())
                .singleElement()
                .satisfies(error -> assertThat(error.getCode()).isEqualTo("AllocationTimedOut"));
        decide(resize(1));
        decide(new BatchPoolInput.Settle());
        assertThat(pool.getErrors()).as("of the last resize").isEmpty();
    }

    @Test
    void stopsAResizeWhereItIs() {
        add(definition(2, 0));
        decide(new BatchPoolInput.StopResize(new StopBatchPoolResize(null)));
        assertThat(pool.getAllocation()).isEqualTo(AllocationState.STOPPING);
        decide(new BatchPoolInput.Settle());
        assertThat(pool.getAllocation()).isEqualTo(AllocationState.STEADY);
        assertThat(((BatchPoolResized) events.getLast()).getCode()).isEqualTo("ResizeStopped");
        assertThat(refusal(new BatchPoolInput.StopResize(new StopBatchPoolResize(null))))
                .contains(BatchPoolRefusalReason.NOT_RESIZING);
    }

    @Test
    void lowersItsTargetByTheNodesThatAreRemoved() {
        add(definition(2, 1));
        counted(3);
        decide(new BatchPoolInput.RemoveNodes(
                new RemoveBatchPoolNodes(List.of("a", "b"), null, Deallocation.TERMINATE, null)));
        assertThat(BatchPools.target(pool)).isEqualTo(1);
        assertThat(Objects.requireNonNull(pool.getResize()).getNodeIds()).containsExactly("a", "b");
        counted(1);
        assertThat(pool.getAllocation()).isEqualTo(AllocationState.STEADY);
    }

    @Test
    void keepsItsTargetForANodeThatItDoesNotHave() {
        add(definition(3, 0));
        counted(3);
        decide(new BatchPoolInput.RemoveNodes(
                new RemoveBatchPoolNodes(List.of("a", "none"), null, Deallocation.REQUEUE, null)));
        decide(new BatchPoolInput.NotFound(List.of("none")));
        assertThat(BatchPools.target(pool)).isEqualTo(2);
        decide(new BatchPoolInput.NotFound(List.of("none")));
        assertThat(BatchPools.target(pool)).as("once").isEqualTo(2);
        counted(2);
        assertThat(((BatchPoolResized) events.getLast()).getCode()).isEqualTo("Success");
    }

    @Test
    void saysOfAShrinkWhatBecameOfTasksAlsoAtItsEnd() {
        add(definition(2, 0));
        counted(2);
        decide(resize(1));
        counted(1);
        assertThat(PoolEventBodies.resizeCompleted(before, (BatchPoolResized) events.getLast(), now))
                .contains("\"nodeDeallocationOption\":\"requeue\"");
    }

    @Test
    void refusesWhatItsStateDoesNotAllow() {
        assertThat(refusal(resize(1))).contains(BatchPoolRefusalReason.POOL_NOT_FOUND);
        add(definition(1, 0));
        assertThat(refusal(new BatchPoolInput.Add(
                        "MYPOOL1", new AddBatchPool(definition(0, 0).build()))))
                .contains(BatchPoolRefusalReason.POOL_EXISTS);
        assertThat(refusal(resize(2))).contains(BatchPoolRefusalReason.POOL_BEING_RESIZED);
        counted(1);
        assertThat(refusal(new BatchPoolInput.Resize(new ResizeBatchPool(2, null, null, Deallocation.REQUEUE, 1L))))
                .contains(BatchPoolRefusalReason.CHANGED_MEANWHILE);
        assertThat(refusal(new BatchPoolInput.DisableAutoScale()))
                .contains(BatchPoolRefusalReason.AUTO_SCALE_NOT_ENABLED);
        assertThat(refusal(new BatchPoolInput.EnableAutoScale(
                        new EnableBatchPoolAutoScale("$TargetDedicatedNodes = $CPUPercent;", null, null))))
                .contains(BatchPoolRefusalReason.INVALID);
        decide(new BatchPoolInput.EnableAutoScale(
                new EnableBatchPoolAutoScale("$TargetDedicatedNodes = 1;", null, null)));
        assertThat(refusal(resize(2))).contains(BatchPoolRefusalReason.AUTO_SCALE_ENABLED);
        decide(new BatchPoolInput.Delete(new DeleteBatchPool(null)));
        assertThat(refusal(new BatchPoolInput.Delete(new DeleteBatchPool(null))))
                .contains(BatchPoolRefusalReason.POOL_BEING_DELETED);
    }

    @Test
    void isGoneWhenItsLastNodeIs() {
        add(definition(1, 0));
        counted(1);
        decide(new BatchPoolInput.Delete(new DeleteBatchPool(null)));
        decide(new BatchPoolInput.Settle());
        assertThat(pool.getState()).isEqualTo(BatchPoolState.DELETING);
        assertThat(BatchPools.target(pool)).isZero();
        counted(0);
        assertThat(events.getLast()).isInstanceOf(BatchPoolDeleted.class);
        assertThat(pool).isNull();
    }

    @Test
    void isScaledByItsFormulaWhenThatIsDue() {
        add(definition(0, 0)
                .setAutoScale(new AutoScale("$TargetDedicatedNodes = min(3, $PendingTasks.GetSample(1));", 600_000L)));
        assertThat(BatchPoolDecider.due(pool)).contains(START);
        decide(new BatchPoolInput.Sample());
        now = START.plusSeconds(1);
        decide(new BatchPoolInput.TasksCounted(4, 1));
        decide(new BatchPoolInput.Scale());
        assertThat(((BatchPoolScaled) events.getLast()).getRun().getResults()).isEqualTo("$TargetDedicatedNodes=3");
        decide(new BatchPoolInput.Begin());
        assertThat(pool.getAllocation()).isEqualTo(AllocationState.RESIZING);
        assertThat(BatchPools.target(pool)).isEqualTo(3);
        decide(new BatchPoolInput.Scale());
        assertThat(events.getLast()).as("not due yet").isInstanceOf(BatchPoolResizeStarted.class);
        assertThat(PoolEventBodies.scaled(pool, Objects.requireNonNull(pool.getAutoScaleRun())))
                .isEqualTo("{\"id\":\"myPool1\",\"timestamp\":\"2026-11-21T02:00:01.000Z\",\"formula\":"
                        + "\"$TargetDedicatedNodes = min(3, $PendingTasks.GetSample(1));\","
                        + "\"results\":\"$TargetDedicatedNodes=3\"}");
    }

    @Test
    void writesItsEventsAsTheContractHasThem() {
        add(definition(2, 2)
                .setDisplayName("Production Pool")
                .setVirtualMachine(new VirtualMachineConfiguration(
                        new ImageReference("canonical", "ubuntu", "22_04-lts", "latest"), "batch.node.ubuntu 22.04"))
                .setCloudService(new CloudServiceConfiguration("3", "*")));
        assertThat(PoolEventBodies.created(pool)).isEqualTo("""
                {"id":"myPool1","displayName":"Production Pool","vmSize":"Standard_F1s","imageType":"VirtualMachineConfiguration",\
                "cloudServiceConfiguration":{"osFamily":"3","targetOsVersion":"*"},\
                "virtualMachineConfiguration":{"imageReference":{"publisher":"canonical","offer":"ubuntu","sku":"22_04-lts","version":"latest"},\
                "nodeAgentId":"batch.node.ubuntu 22.04"},"resizeTimeout":"300000","targetDedicatedNodes":2,"targetLowPriorityNodes":2,\
                "taskSlotsPerNode":1,"vmFillType":"Spread","enableAutoScale":false,"enableInterNodeCommunication":false,"isAutoPool":false}""");
        assertThat(PoolEventBodies.resizeStarted(pool, Objects.requireNonNull(pool.getResize())))
                .isEqualTo(
                        "{\"id\":\"myPool1\",\"nodeDeallocationOption\":\"invalid\",\"currentDedicatedNodes\":0,\"targetDedicatedNodes\":2,"
                                + "\"currentLowPriorityNodes\":0,\"targetLowPriorityNodes\":2,\"enableAutoScale\":false,\"isAutoPool\":false}");
        now = START.plusSeconds(55);
        counted(4);
        assertThat(PoolEventBodies.resizeCompleted(before, (BatchPoolResized) events.getLast(), now))
                .isEqualTo(
                        "{\"id\":\"myPool1\",\"nodeDeallocationOption\":\"invalid\",\"currentDedicatedNodes\":2,\"targetDedicatedNodes\":2,"
                                + "\"currentLowPriorityNodes\":2,\"targetLowPriorityNodes\":2,\"enableAutoScale\":false,\"isAutoPool\":false,"
                                + "\"startTime\":\"2026-11-21T02:00:00.000Z\",\"endTime\":\"2026-11-21T02:00:55.000Z\","
                                + "\"resultCode\":\"Success\",\"resultMessage\":\"The operation succeeded\"}");
        decide(new BatchPoolInput.Delete(new DeleteBatchPool(null)));
        assertThat(PoolEventBodies.deleting(pool)).isEqualTo("{\"id\":\"myPool1\"}");
        assertThat(PoolEventBodies.deleted(pool, now.plusSeconds(1)))
                .isEqualTo(
                        "{\"id\":\"myPool1\",\"startTime\":\"2026-11-21T02:00:55.000Z\",\"endTime\":\"2026-11-21T02:00:56.000Z\"}");
    }
}
