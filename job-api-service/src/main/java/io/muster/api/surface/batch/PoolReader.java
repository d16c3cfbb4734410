package io.muster.api.surface.batch;

import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.records.AddBatchPool;
import io.muster.records.AutoScale;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.ChangeBatchPool;
import io.muster.records.CloudServiceConfiguration;
import io.muster.records.Deallocation;
import io.muster.records.EnableBatchPoolAutoScale;
import io.muster.records.ImageReference;
import io.muster.records.PlacementPolicy;
import io.muster.records.RemoveBatchPoolNodes;
import io.muster.records.ResizeBatchPool;
import io.muster.records.VirtualMachineConfiguration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads documents about pools. Contract: batch, 3.4 and 3.5. */
final class PoolReader {
    private static final Map<String, String> NONE = Map.of();
    private static final Members POOL = Members.of(
            "id",
            "displayName",
            "vmSize",
            "virtualMachineConfiguration",
            "cloudServiceConfiguration",
            "resizeTimeout",
            "targetDedicatedNodes",
            "targetLowPriorityNodes",
            "enableAutoScale",
            "autoScaleFormula",
            "autoScaleEvaluationInterval",
            "enableInterNodeCommunication",
            "taskSlotsPerNode",
            "taskSchedulingPolicy",
            "metadata");
    private static final Map<String, String> MISSING = Map.of(
            "startTask",
            "Start tasks are not here yet.",
            "certificateReferences",
            "Certificates are not installed on nodes here.",
            "applicationPackageReferences",
            "Application packages are not kept here.",
            "applicationLicenses",
            "Licences are not given out here.",
            "networkConfiguration",
            "Networks of nodes are not made here.",
            "userAccounts",
            "Users of a node's system are not made here.",
            "mountConfiguration",
            "File systems are not mounted on nodes here.");
    private static final String TIMEOUT = "resizeTimeout";
    private static final String INTERVAL = "autoScaleEvaluationInterval";
    private static final String FORMULA = "autoScaleFormula";
    private static final String DEDICATED = "targetDedicatedNodes";
    private static final String LOW_PRIORITY = "targetLowPriorityNodes";
    private static final String OPTION = "nodeDeallocationOption";
    private static final String METADATA = "metadata";

    private static final long MINUTE = 60_000;
    private static final long USUAL = 15 * MINUTE;
    /** Bounds resizes and intervals between formulas. Source: Batch's documents of a pool. */
    private static final long LEAST = 5 * MINUTE;

    private static final long LONGEST = 168 * 60 * MINUTE;
    private static final int MOST_NODES = 10_000;
    private static final int MOST_REMOVED = 100;
    private static final int MOST_SLOTS = 256;

    private PoolReader() {}

    /** Holds a pool as a document has it. @param id as it is spelled there */
    record Named(String id, AddBatchPool command) {}

    static Named pool(JsonBody body) {
        Part part = Part.of(body).only(POOL, MISSING);
        boolean scales = body.flag("enableAutoScale").orElse(false);
        if (scales && (body.has(DEDICATED) || body.has(LOW_PRIORITY))) {
            throw part.wrong("enableAutoScale", "Give no targets where a formula decides.");
        }
        if (!scales && body.has(FORMULA)) {
            throw part.wrong(FORMULA, "Give a formula with enableAutoScale alone.");
        }
        BatchPoolDefinition.Builder pool = BatchPoolDefinition.newBuilder()
                .setDisplayName(part.text("displayName"))
                .setVmSize(part.needed("vmSize"))
                .setVirtualMachine(part.object("virtualMachineConfiguration")
                        .map(PoolReader::machine)
                        .orElse(null))
                .setCloudService(part.object("cloudServiceConfiguration")
                        .map(PoolReader::service)
                        .orElse(null))
                .setResizeTimeoutMillis(millis(part, TIMEOUT).orElse(USUAL))
                .setTargetDedicated(part.number(DEDICATED, 0, MOST_NODES).orElse(0))
                .setTargetLowPriority(part.number(LOW_PRIORITY, 0, MOST_NODES).orElse(0))
                .setSlotsPerNode(part.number("taskSlotsPerNode", 1, MOST_SLOTS).orElse(1))
                .setPolicy(part.object("taskSchedulingPolicy")
                        .flatMap(policy -> policy.only(Members.of("nodeFillType"), NONE)
                                .word("nodeFillType", PlacementPolicy.class))
                        .orElse(PlacementPolicy.SPREAD))
                .setInterNodeCommunication(
                        body.flag("enableInterNodeCommunication").orElse(false))
                .setMetadata(TaskReader.pairs(part, METADATA));
        if (scales) {
            pool.setAutoScale(
                    new AutoScale(part.needed(FORMULA), millis(part, INTERVAL).orElse(USUAL)));
        }
        return new Named(TaskReader.id(part), new AddBatchPool(pool.build()));
    }

    private static VirtualMachineConfiguration machine(Part part) {
        part.only(Members.of("imageReference", "nodeAgentSKUId"), NONE);
        Part image = part.object("imageReference")
                .orElseThrow(() -> part.wrong("imageReference", "Name an image."))
                .only(Members.of("publisher", "offer", "sku", "version"), NONE);
        return new VirtualMachineConfiguration(
                new ImageReference(
                        image.text("publisher"), image.text("offer"), image.text("sku"), image.text("version")),
                part.needed("nodeAgentSKUId"));
    }

    private static CloudServiceConfiguration service(Part part) {
        part.only(Members.of("osFamily", "osVersion"), NONE);
        return new CloudServiceConfiguration(part.needed("osFamily"), part.text("osVersion"));
    }

    private static Optional<Long> millis(Part part, String name) {
        Optional<Long> millis = part.duration(name);
        if (millis.filter(length -> length < LEAST || length > LONGEST).isPresent()) {
            throw part.wrong(name, "Give a duration from PT5M to P7D.");
        }
        return millis;
    }

    /** Returns the change that a PATCH is. */
    static ChangeBatchPool patch(JsonBody body, @Nullable Long ifRevision) {
        Part part = Part.of(body).only(Members.of(METADATA), MISSING);
        return new ChangeBatchPool(body.has(METADATA) ? TaskReader.pairs(part, METADATA) : null, ifRevision);
    }

    /** Returns the change that an update of all properties is. */
    static ChangeBatchPool properties(JsonBody body, @Nullable Long ifRevision) {
        return new ChangeBatchPool(
                TaskReader.pairs(Part.of(body).only(Members.of(METADATA), MISSING), METADATA), ifRevision);
    }

    static ResizeBatchPool resize(JsonBody body, @Nullable Long ifRevision) {
        Part part = Part.of(body).only(Members.of(DEDICATED, LOW_PRIORITY, TIMEOUT, OPTION), NONE);
        Optional<Integer> dedicated = part.number(DEDICATED, 0, MOST_NODES);
        Optional<Integer> low = part.number(LOW_PRIORITY, 0, MOST_NODES);
        if (dedicated.isEmpty() && low.isEmpty()) {
            throw part.wrong(DEDICATED, "Give " + DEDICATED + " or " + LOW_PRIORITY + ".");
        }
        return new ResizeBatchPool(
                dedicated.orElse(null),
                low.orElse(null),
                millis(part, TIMEOUT).orElse(null),
                tasks(part, OPTION),
                ifRevision);
    }

    static RemoveBatchPoolNodes remove(JsonBody body, @Nullable Long ifRevision) {
        Part part = Part.of(body).only(Members.of("nodeList", TIMEOUT, OPTION), NONE);
        List<String> nodes = new ArrayList<>();
        body.member("nodeList").ifPresent(list -> list.forEach(node -> nodes.add(node.asText())));
        if (nodes.isEmpty() || nodes.size() > MOST_REMOVED) {
            throw part.wrong("nodeList", "Name 1 to " + MOST_REMOVED + " nodes.");
        }
        return new RemoveBatchPoolNodes(nodes, millis(part, TIMEOUT).orElse(null), tasks(part, OPTION), ifRevision);
    }

    static EnableBatchPoolAutoScale scale(JsonBody body, @Nullable Long ifRevision) {
        Part part = Part.of(body).only(Members.of(FORMULA, INTERVAL), NONE);
        return new EnableBatchPoolAutoScale(
                part.text(FORMULA), millis(part, INTERVAL).orElse(null), ifRevision);
    }

    /** Reads the formula that is to be evaluated. */
    static String formula(JsonBody body) {
        return Part.of(body).only(Members.of(FORMULA), NONE).needed(FORMULA);
    }

    /** Reads what becomes of the tasks of nodes. @param name of the only member, which may be missing */
    static Deallocation option(JsonBody body, String name) {
        return tasks(Part.of(body).only(Members.of(name), NONE), name);
    }

    private static Deallocation tasks(Part part, String name) {
        return part.word(name, Deallocation.class).orElse(Deallocation.REQUEUE);
    }
}
