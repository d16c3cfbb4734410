package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.compute.NodeView;
import io.muster.document.DedicatedNodes;
import io.muster.records.AutoScale;
import io.muster.records.AutoScaleRun;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.CloudServiceConfiguration;
import io.muster.records.VirtualMachineConfiguration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes pools and nodes as Batch shows them. Contract: batch, 3.4 and 3.5. */
record PoolDocuments(BatchRequest asked) {
    /** Names what lists of pools can be filtered by. */
    static final Set<String> PROPERTIES = Set.of(
            "id",
            "displayName",
            "url",
            "eTag",
            "lastModified",
            "creationTime",
            "state",
            "stateTransitionTime",
            "allocationState",
            "allocationStateTransitionTime",
            "vmSize",
            "resizeTimeout",
            "currentDedicatedNodes",
            "currentLowPriorityNodes",
            "targetDedicatedNodes",
            "targetLowPriorityNodes",
            "enableAutoScale",
            "enableInterNodeCommunication",
            "taskSlotsPerNode",
            "taskSchedulingPolicy/nodeFillType",
            "virtualMachineConfiguration/nodeAgentSKUId",
            "cloudServiceConfiguration/osFamily",
            "autoScaleFormula",
            "autoScaleEvaluationInterval",
            "autoScaleRun/timestamp",
            "metadata",
            "resizeErrors");
    /** Names what lists of nodes can be filtered by. */
    static final Set<String> NODE_PROPERTIES = Set.of(
            "id",
            "url",
            "state",
            "schedulingState",
            "stateTransitionTime",
            "affinityId",
            "vmSize",
            "runningTasksCount",
            "runningTaskSlotsCount",
            "isDedicated");
    /** Names what the counts of nodes can be filtered by. */
    static final Set<String> COUNT_PROPERTIES = Set.of("poolId", "dedicated/total", "lowPriority/total");

    private static final List<String> STATES = List.of(
            "creating",
            "idle",
            "offline",
            "preempted",
            "rebooting",
            "reimaging",
            "running",
            "starting",
            "startTaskFailed",
            "leavingPool",
            "unknown",
            "unusable",
            "waitingForStartTask");

    /** Returns the document of one pool. */
    ObjectNode one(ObjectNode row) {
        ObjectNode document = asked.document("pools/@Element");
        document.setAll(row);
        return document;
    }

    /** Returns how many nodes of a pool are in which state. */
    static ObjectNode counts(String poolId, List<NodeView.Node> dedicated, List<NodeView.Node> others) {
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("poolId", poolId);
        body.set("dedicated", counts(dedicated));
        body.set("lowPriority", counts(others));
        return body;
    }

    private static ObjectNode counts(List<NodeView.Node> nodes) {
        ObjectNode counts = JsonNodeFactory.instance.objectNode();
        for (String state : STATES) {
            counts.put(state, (int) nodes.stream()
                    .filter(node -> state(node.state()).equalsIgnoreCase(state))
                    .count());
        }
        return counts.put("total", nodes.size());
    }

    /** Returns a pool, as a row of a list. */
    ObjectNode pool(BatchPool pool) {
        BatchPoolDefinition definition = pool.getDefinition();
        int dedicated = DedicatedNodes.of(pool, pool.getNodes());
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", pool.getPoolId());
        put(body, "displayName", definition.getDisplayName());
        body.put("url", asked.url("pools/" + pool.getPoolId()))
                .put("eTag", BatchRequest.tag(pool.getRevision()))
                .put("lastModified", pool.getChangedAt().toString())
                .put("creationTime", pool.getCreatedAt().toString())
                .put("state", Words.of(pool.getState()))
                .put("stateTransitionTime", pool.getStateSince().toString())
                .put("allocationState", Words.of(pool.getAllocation()))
                .put("allocationStateTransitionTime", pool.getAllocationSince().toString())
                .put("vmSize", definition.getVmSize())
                .put("resizeTimeout", Durations.text(definition.getResizeTimeoutMillis()))
                .put("currentDedicatedNodes", dedicated)
                .put("currentLowPriorityNodes", pool.getNodes() - dedicated)
                .put("targetDedicatedNodes", definition.getTargetDedicated())
                .put("targetLowPriorityNodes", definition.getTargetLowPriority())
                .put("enableAutoScale", definition.getAutoScale() != null)
                .put("enableInterNodeCommunication", definition.getInterNodeCommunication())
                .put("taskSlotsPerNode", definition.getSlotsPerNode());
        body.putObject("taskSchedulingPolicy").put("nodeFillType", Words.of(definition.getPolicy()));
        machines(body, definition);
        scaling(body, definition.getAutoScale(), pool.getAutoScaleRun());
        if (!definition.getMetadata().isEmpty()) {
            ArrayNode metadata = body.putArray("metadata");
            definition
                    .getMetadata()
                    .forEach(each ->
                            metadata.addObject().put("name", each.getName()).put("value", each.getValue()));
        }
        if (!pool.getErrors().isEmpty()) {
            ArrayNode errors = body.putArray("resizeErrors");
            pool.getErrors()
                    .forEach(each ->
                            errors.addObject().put("code", each.getCode()).put("message", each.getMessage()));
        }
        return body;
    }

    private static void put(ObjectNode body, String name, @Nullable String value) {
        if (value != null) {
            body.put(name, value);
        }
    }

    private static void machines(ObjectNode body, BatchPoolDefinition definition) {
        @Nullable VirtualMachineConfiguration machine = definition.getVirtualMachine();
        if (machine != null) {
            ObjectNode written = body.putObject("virtualMachineConfiguration");
            ObjectNode image = written.putObject("imageReference");
            put(image, "publisher", machine.getImage().getPublisher());
            put(image, "offer", machine.getImage().getOffer());
            put(image, "sku", machine.getImage().getSku());
            put(image, "version", machine.getImage().getVersion());
            written.put("nodeAgentSKUId", machine.getNodeAgentId());
        }
        @Nullable CloudServiceConfiguration service = definition.getCloudService();
        if (service != null) {
            ObjectNode written = body.putObject("cloudServiceConfiguration").put("osFamily", service.getOsFamily());
            put(written, "osVersion", service.getOsVersion());
        }
    }

    private static void scaling(ObjectNode body, @Nullable AutoScale scale, @Nullable AutoScaleRun run) {
        if (scale != null) {
            body.put("autoScaleFormula", scale.getFormula())
                    .put("autoScaleEvaluationInterval", Durations.text(scale.getIntervalMillis()));
        }
        if (run != null) {
            run(body.putObject("autoScaleRun"), run);
        }
    }

    private static void run(ObjectNode body, AutoScaleRun run) {
        body.put("timestamp", run.getAt().toString()).put("results", run.getResults());
        if (run.getError() != null) {
            body.putObject("error")
                    .put("code", run.getError().getCode())
                    .put("message", run.getError().getMessage());
        }
    }

    /** Returns what a formula came to. */
    ObjectNode evaluated(AutoScaleRun run) {
        ObjectNode document = asked.document("autoscalerun");
        run(document, run);
        return document;
    }

    /** Returns what is known of a pool that Batch never created: tags of devices name it. */
    ObjectNode tagged(String poolId, List<NodeView.Node> nodes) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", poolId)
                .put("url", asked.url("pools/" + poolId))
                .put("state", "active")
                .put("allocationState", "steady")
                .put("currentDedicatedNodes", nodes.size())
                .put("currentLowPriorityNodes", 0)
                .put("targetDedicatedNodes", nodes.size())
                .put("targetLowPriorityNodes", 0)
                .put("enableAutoScale", false)
                .put("enableInterNodeCommunication", false);
    }

    /** Returns a node. @param dedicated whether it counts as a dedicated one */
    ObjectNode node(String poolId, NodeView.Node node, boolean dedicated) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", node.id())
                .put("url", asked.url("pools/" + poolId + "/nodes/" + node.id()))
                .put("state", state(node.state()))
                .put("schedulingState", node.enabled() ? "enabled" : "disabled")
                .put("stateTransitionTime", node.since().toString())
                .put("affinityId", node.id())
                .put("vmSize", size(node))
                .put("runningTasksCount", node.tasks().size())
                .put("runningTaskSlotsCount", node.used())
                .put("isDedicated", dedicated);
    }

    static String state(NodeView.State state) {
        return switch (state) {
            case STARTING -> "starting";
            case IDLE -> "idle";
            case RUNNING -> "running";
            case REBOOTING -> "rebooting";
            case LEAVING -> "leavingpool";
            case UNUSABLE -> "unusable";
        };
    }

    private static String size(NodeView.Node node) {
        return node.capabilities().stream()
                .filter(capability -> capability.startsWith("vmSize="))
                .map(capability -> capability.substring("vmSize=".length()))
                .findFirst()
                .orElse("local");
    }
}
