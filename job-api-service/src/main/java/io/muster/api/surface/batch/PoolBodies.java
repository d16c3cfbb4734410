package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.AddBatchPool;
import io.muster.records.AutoScale;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.CloudServiceConfiguration;
import io.muster.records.Deallocation;
import io.muster.records.EnableBatchPoolAutoScale;
import io.muster.records.ImageReference;
import io.muster.records.NameValue;
import io.muster.records.PlacementPolicy;
import io.muster.records.RemoveBatchPoolNodes;
import io.muster.records.ResizeBatchPool;
import io.muster.records.VirtualMachineConfiguration;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads what clients ask of pools. A member that has no effect here is refused by its name. Contract: batch, 3.4 and 3.5. */
final class PoolBodies {
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
    private static final Members MACHINE = Members.of("imageReference", "nodeAgentSKUId");
    private static final Members IMAGE = Members.of("publisher", "offer", "sku", "version");
    private static final Members SERVICE = Members.of("osFamily", "osVersion");
    private static final Members RESIZE =
            Members.of("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout", "nodeDeallocationOption");
    private static final Members REMOVE = Members.of("nodeList", "resizeTimeout", "nodeDeallocationOption");
    private static final Members SCALE = Members.of("autoScaleFormula", "autoScaleEvaluationInterval");

    private static final Duration RESIZE_TIMEOUT = Duration.ofMinutes(15);
    private static final Duration LEAST_TIMEOUT = Duration.ofMinutes(5);
    private static final Duration LEAST_INTERVAL = Duration.ofMinutes(5);
    private static final Duration LONGEST = Duration.ofHours(168);
    private static final int MOST_NODES = 10_000;
    private static final int MOST_REMOVED = 100;
    private static final int MOST_SLOTS = 256;

    private PoolBodies() {}

    /** Returns the id of a pool that is to be added. */
    static String id(ObjectNode body) {
        String id = required(body, "id");
        if (!id.matches("[A-Za-z0-9_-]{1,64}")) {
            throw invalid("id", id, "An id has 1 to 64 letters, digits, hyphens and underscores.");
        }
        return id;
    }

    static AddBatchPool add(ObjectNode body) {
        POOL.rejectOthers(body, "");
        boolean scales = flag(body, "enableAutoScale");
        if (scales && (body.hasNonNull("targetDedicatedNodes") || body.hasNonNull("targetLowPriorityNodes"))) {
            throw invalid("enableAutoScale", "true", "Give no targets where a formula decides.");
        }
        if (!scales && body.hasNonNull("autoScaleFormula")) {
            throw invalid("autoScaleFormula", "", "Give a formula only with enableAutoScale.");
        }
        return new AddBatchPool(BatchPoolDefinition.newBuilder()
                .setDisplayName(text(body, "displayName").orElse(null))
                .setVmSize(required(body, "vmSize"))
                .setVirtualMachine(machine(body.path("virtualMachineConfiguration")))
                .setCloudService(service(body.path("cloudServiceConfiguration")))
                .setResizeTimeoutMillis(
                        timeout(body).orElse(RESIZE_TIMEOUT.toMillis()))
                .setTargetDedicated(
                        whole(body, "targetDedicatedNodes", 0, MOST_NODES).orElse(0))
                .setTargetLowPriority(
                        whole(body, "targetLowPriorityNodes", 0, MOST_NODES).orElse(0))
                .setAutoScale(
                        scales
                                ? new AutoScale(
                                        required(body, "autoScaleFormula"),
                                        interval(body).orElse(RESIZE_TIMEOUT.toMillis()))
                                : null)
                .setSlotsPerNode(whole(body, "taskSlotsPerNode", 1, MOST_SLOTS).orElse(1))
                .setPolicy(policy(body.path("taskSchedulingPolicy")))
                .setInterNodeCommunication(flag(body, "enableInterNodeCommunication"))
                .setMetadata(metadata(body.path("metadata")))
                .build());
    }

    static ResizeBatchPool resize(ObjectNode body, @Nullable Long ifRevision) {
        RESIZE.rejectOthers(body, "");
        Optional<Integer> dedicated = whole(body, "targetDedicatedNodes", 0, MOST_NODES);
        Optional<Integer> low = whole(body, "targetLowPriorityNodes", 0, MOST_NODES);
        if (dedicated.isEmpty() && low.isEmpty()) {
            throw new ProblemException(Problem.argumentNull("Give targetDedicatedNodes or targetLowPriorityNodes.")
                    .with("PropertyName", "targetDedicatedNodes"));
        }
        return new ResizeBatchPool(
                dedicated.orElse(null),
                low.orElse(null),
                timeout(body).orElse(null),
                deallocation(body, "nodeDeallocationOption"),
                ifRevision);
    }

    static RemoveBatchPoolNodes remove(ObjectNode body, @Nullable Long ifRevision) {
        REMOVE.rejectOthers(body, "");
        List<String> nodes = new ArrayList<>();
        body.path("nodeList").forEach(node -> nodes.add(node.asText()));
        if (nodes.isEmpty() || nodes.size() > MOST_REMOVED) {
            throw invalid("nodeList", String.valueOf(nodes.size()), "Name 1 to " + MOST_REMOVED + " nodes.");
        }
        return new RemoveBatchPoolNodes(
                nodes, timeout(body).orElse(null), deallocation(body, "nodeDeallocationOption"), ifRevision);
    }

    static EnableBatchPoolAutoScale scale(ObjectNode body, @Nullable Long ifRevision) {
        SCALE.rejectOthers(body, "");
        return new EnableBatchPoolAutoScale(
                text(body, "autoScaleFormula").orElse(null), interval(body).orElse(null), ifRevision);
    }

    /** Reads what becomes of tasks. */
    static Deallocation deallocation(ObjectNode body, String name) {
        String option = text(body, name).orElse("requeue");
        return switch (option.toLowerCase(Locale.ROOT)) {
            case "requeue" -> Deallocation.REQUEUE;
            case "terminate" -> Deallocation.TERMINATE;
            case "taskcompletion" -> Deallocation.TASK_COMPLETION;
            case "retaineddata" -> Deallocation.RETAINED_DATA;
            default -> throw invalid(name, option, "It is requeue, terminate, taskcompletion or retaineddata.");
        };
    }

    static List<NameValue> metadata(JsonNode given) {
        List<NameValue> metadata = new ArrayList<>();
        given.forEach(each ->
                metadata.add(new NameValue(each.path("name").asText(), each.path("value").asText())));
        return metadata;
    }

    private static @Nullable VirtualMachineConfiguration machine(JsonNode given) {
        if (!given.isObject()) {
            return null;
        }
        MACHINE.rejectOthers(given, "virtualMachineConfiguration.");
        JsonNode image = given.path("imageReference");
        IMAGE.rejectOthers(image, "virtualMachineConfiguration.imageReference.");
        return new VirtualMachineConfiguration(
                new ImageReference(
                        text(image, "publisher").orElse(null),
                        text(image, "offer").orElse(null),
                        text(image, "sku").orElse(null),
                        text(image, "version").orElse(null)),
                required(given, "nodeAgentSKUId"));
    }

    private static @Nullable CloudServiceConfiguration service(JsonNode given) {
        if (!given.isObject()) {
            return null;
        }
        SERVICE.rejectOthers(given, "cloudServiceConfiguration.");
        return new CloudServiceConfiguration(
                required(given, "osFamily"), text(given, "osVersion").orElse(null));
    }

    private static PlacementPolicy policy(JsonNode given) {
        String type = text(given, "nodeFillType").orElse("spread");
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "spread" -> PlacementPolicy.SPREAD;
            case "pack" -> PlacementPolicy.PACK;
            default -> throw invalid("nodeFillType", type, "It is spread or pack.");
        };
    }

    private static Optional<Long> timeout(JsonNode body) {
        return duration(body, "resizeTimeout", LEAST_TIMEOUT);
    }

    private static Optional<Long> interval(JsonNode body) {
        return duration(body, "autoScaleEvaluationInterval", LEAST_INTERVAL);
    }

    private static Optional<Long> duration(JsonNode body, String name, Duration least) {
        return text(body, name).map(text -> {
            try {
                Duration duration = Duration.parse(text);
                if (duration.compareTo(least) >= 0 && duration.compareTo(LONGEST) <= 0) {
                    return duration.toMillis();
                }
            } catch (DateTimeException e) {
                throw invalid(name, text, "It is a duration as ISO 8601 has it, such as PT15M.");
            }
            throw invalid(name, text, "It is from " + least + " to " + LONGEST + ".");
        });
    }

    private static Optional<Integer> whole(JsonNode body, String name, int least, int most) {
        JsonNode given = body.path(name);
        if (given.isMissingNode() || given.isNull()) {
            return Optional.empty();
        }
        if (!given.canConvertToInt() || given.asInt() < least || given.asInt() > most) {
            throw invalid(name, given.asText(), "It is a whole number from " + least + " to " + most + ".");
        }
        return Optional.of(given.asInt());
    }

    private static boolean flag(JsonNode body, String name) {
        return body.path(name).asBoolean(false);
    }

    private static Optional<String> text(JsonNode body, String name) {
        JsonNode given = body.path(name);
        return given.isTextual() && !given.asText().isBlank() ? Optional.of(given.asText()) : Optional.empty();
    }

    private static String required(JsonNode body, String name) {
        return text(body, name)
                .orElseThrow(() -> new ProblemException(
                        Problem.argumentNull("The member " + name + " is required.").with("PropertyName", name)));
    }

    private static ProblemException invalid(String name, String value, String sentence) {
        return new ProblemException(Problem.argumentInvalid("The member " + name + " can't have that value. " + sentence)
                .with("PropertyName", name)
                .with("PropertyValue", value));
    }
}
