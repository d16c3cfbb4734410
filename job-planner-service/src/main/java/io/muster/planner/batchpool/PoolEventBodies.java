package io.muster.planner.batchpool;

import io.muster.planner.json.Json;
import io.muster.records.AutoScaleError;
import io.muster.records.AutoScaleRun;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.BatchPoolResized;
import io.muster.records.CloudServiceConfiguration;
import io.muster.records.Deallocation;
import io.muster.records.ImageReference;
import io.muster.records.PlacementPolicy;
import io.muster.records.PoolResize;
import io.muster.records.VirtualMachineConfiguration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the bodies of a pool's service events, as JSON; what does not apply is left out. Contract: batch, 3.1. */
public final class PoolEventBodies {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private PoolEventBodies() {}

    private static String time(Instant at) {
        return TIME.format(at);
    }

    /** Returns the body of a PoolCreateEvent. */
    public static String created(BatchPool pool) {
        BatchPoolDefinition definition = pool.getDefinition();
        @Nullable VirtualMachineConfiguration machine = definition.getVirtualMachine();
        @Nullable CloudServiceConfiguration service = definition.getCloudService();
        Map<String, Object> body = of(pool);
        put(body, "displayName", definition.getDisplayName());
        body.put("vmSize", definition.getVmSize());
        put(
                body,
                "imageType",
                machine != null ? "VirtualMachineConfiguration" : service != null ? "CloudServiceConfiguration" : null);
        put(body, "cloudServiceConfiguration", service == null ? null : service(service));
        put(body, "virtualMachineConfiguration", machine == null ? null : machine(machine));
        body.put("resizeTimeout", String.valueOf(definition.getResizeTimeoutMillis()));
        body.put("targetDedicatedNodes", definition.getTargetDedicated());
        body.put("targetLowPriorityNodes", definition.getTargetLowPriority());
        body.put("taskSlotsPerNode", definition.getSlotsPerNode());
        body.put("vmFillType", definition.getPolicy() == PlacementPolicy.SPREAD ? "Spread" : "Pack");
        body.put("enableAutoScale", definition.getAutoScale() != null);
        body.put("enableInterNodeCommunication", definition.getInterNodeCommunication());
        body.put("isAutoPool", false);
        return Json.text(body);
    }

    private static Map<String, Object> of(BatchPool pool) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("id", pool.getPoolId());
        return body;
    }

    private static void put(Map<String, Object> body, String name, @Nullable Object value) {
        if (value != null) {
            body.put(name, value);
        }
    }

    private static Map<String, Object> service(CloudServiceConfiguration service) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("osFamily", service.getOsFamily());
        put(body, "targetOsVersion", service.getOsVersion());
        return body;
    }

    private static Map<String, Object> machine(VirtualMachineConfiguration machine) {
        ImageReference image = machine.getImage();
        Map<String, Object> reference = new LinkedHashMap<>();
        put(reference, "publisher", image.getPublisher());
        put(reference, "offer", image.getOffer());
        put(reference, "sku", image.getSku());
        put(reference, "version", image.getVersion());
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("imageReference", reference);
        body.put("nodeAgentId", machine.getNodeAgentId());
        return body;
    }

    /** Returns the body of a PoolResizeStartEvent. @param pool behind the start */
    public static String resizeStarted(BatchPool pool, PoolResize resize) {
        return Json.text(resize(pool, option(resize)));
    }

    /** Returns the body of a PoolResizeCompleteEvent. @param before the end */
    public static String resizeCompleted(BatchPool before, BatchPoolResized resized, Instant endedAt) {
        @Nullable PoolResize resize = before.getResize();
        Map<String, Object> body = resize(before, resize == null ? "invalid" : option(resize));
        body.put("startTime", time(resized.getStartedAt()));
        body.put("endTime", time(endedAt));
        body.put("resultCode", resized.getCode());
        body.put("resultMessage", resized.getMessage());
        return Json.text(body);
    }

    private static Map<String, Object> resize(BatchPool pool, String option) {
        BatchPoolDefinition definition = pool.getDefinition();
        Map<String, Object> body = of(pool);
        body.put("nodeDeallocationOption", option);
        body.put("currentDedicatedNodes", BatchPools.dedicated(pool));
        body.put("targetDedicatedNodes", definition.getTargetDedicated());
        body.put("currentLowPriorityNodes", BatchPools.lowPriority(pool));
        body.put("targetLowPriorityNodes", definition.getTargetLowPriority());
        body.put("enableAutoScale", definition.getAutoScale() != null);
        body.put("isAutoPool", false);
        return body;
    }

    /** Returns what becomes of tasks, in Batch's words; invalid where no node is to go. */
    private static String option(PoolResize resize) {
        return resize.getShrinks() ? word(resize.getTasks()) : "invalid";
    }

    private static String word(Deallocation tasks) {
        return tasks.name().replace("_", "").toLowerCase(Locale.ROOT);
    }

    /** Returns the body of a PoolAutoScaleEvent. */
    public static String scaled(BatchPool pool, AutoScaleRun run) {
        Map<String, Object> body = of(pool);
        body.put("timestamp", time(run.getAt()));
        body.put("formula", run.getFormula());
        body.put("results", run.getResults());
        @Nullable AutoScaleError error = run.getError();
        if (error != null) {
            Map<String, Object> fault = new LinkedHashMap<>();
            fault.put("code", error.getCode());
            fault.put("message", error.getMessage());
            fault.put(
                    "values",
                    error.getValues().stream().map(PoolEventBodies::value).toList());
            body.put("error", fault);
        }
        return Json.text(body);
    }

    private static Map<String, Object> value(io.muster.records.AutoScaleValue value) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", value.getName());
        body.put("value", value.getValue());
        return body;
    }

    /** Returns the body of a PoolDeleteStartEvent. */
    public static String deleting(BatchPool pool) {
        return Json.text(of(pool));
    }

    /** Returns the body of a PoolDeleteCompleteEvent. */
    public static String deleted(BatchPool pool, Instant endedAt) {
        Map<String, Object> body = of(pool);
        body.put("startTime", time(pool.getStateSince()));
        body.put("endTime", time(endedAt));
        return Json.text(body);
    }
}
