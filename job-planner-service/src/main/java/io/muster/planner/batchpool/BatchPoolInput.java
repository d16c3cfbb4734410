package io.muster.planner.batchpool;

import io.muster.records.AddBatchPool;
import io.muster.records.ChangeBatchPool;
import io.muster.records.DeleteBatchPool;
import io.muster.records.EnableBatchPoolAutoScale;
import io.muster.records.RemoveBatchPoolNodes;
import io.muster.records.ResizeBatchPool;
import io.muster.records.StopBatchPoolResize;
import java.util.List;

/** Holds what a pool of Batch decides about. */
public sealed interface BatchPoolInput {
    /** Asks for a pool. @param poolId as the client spelled it */
    record Add(String poolId, AddBatchPool asked) implements BatchPoolInput {}

    /** Asks for other metadata. */
    record Change(ChangeBatchPool asked) implements BatchPoolInput {}

    /** Asks for other targets. */
    record Resize(ResizeBatchPool asked) implements BatchPoolInput {}

    /** Asks that a resize ends where it is. */
    record StopResize(StopBatchPoolResize asked) implements BatchPoolInput {}

    /** Asks that nodes go back to the reserve. */
    record RemoveNodes(RemoveBatchPoolNodes asked) implements BatchPoolInput {}

    /** Asks that a formula decides. */
    record EnableAutoScale(EnableBatchPoolAutoScale asked) implements BatchPoolInput {}

    /** Asks that no formula decides. */
    record DisableAutoScale() implements BatchPoolInput {}

    /** Asks for the end of the pool. */
    record Delete(DeleteBatchPool asked) implements BatchPoolInput {}

    /** Asks what a formula would come to. */
    record Evaluate(String formula) implements BatchPoolInput {}

    /** Says how many nodes the pool has. */
    record Counted(int nodes) implements BatchPoolInput {}

    /** Says that nodes that were to go are none of the pool's. */
    record NotFound(List<String> nodes) implements BatchPoolInput {}

    /** Says how many of the pool's tasks have not ended. */
    record TasksCounted(int active, int running) implements BatchPoolInput {}

    /** Asks whether the formula is due. */
    record Scale() implements BatchPoolInput {}

    /** Asks whether the pool has other nodes than it should, and nobody has begun to change that. */
    record Begin() implements BatchPoolInput {}

    /** Asks whether what is under way is over, or other pools are to be asked again. */
    record Settle() implements BatchPoolInput {}

    /** Asks whether tasks are to be counted. */
    record Sample() implements BatchPoolInput {}
}
