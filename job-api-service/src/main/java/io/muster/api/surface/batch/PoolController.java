package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Head;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.Post;
import io.muster.api.compute.NodeView;
import io.muster.api.job.BatchPoolView;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.BatchPool;
import io.muster.records.ChangeBatchPool;
import io.muster.records.Deallocation;
import io.muster.records.DeleteBatchPool;
import io.muster.records.DisableBatchPoolAutoScale;
import io.muster.records.RestartNode;
import io.muster.records.SetNodeScheduling;
import io.muster.records.StopBatchPoolResize;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Serves pools and their nodes. The codes are those that {@code @azure/batch} insists on. Contract: batch, 3.4 and 3.5. */
@Controller(Batch.MOUNT)
@Consumes(MediaType.ALL)
final class PoolController {
    private static final String POOLS = "/pools";
    private static final String POOL = POOLS + "/{poolId}";
    private static final String NODES = POOL + "/nodes";
    private static final String NODE = NODES + "/{nodeId}";

    private final Requests requests;
    private final BatchPoolView pools;
    private final NodeView nodes;

    PoolController(Requests requests, BatchPoolView pools, NodeView nodes) {
        this.requests = requests;
        this.pools = pools;
        this.nodes = nodes;
    }

    @Post(POOLS)
    CompletionStage<HttpResponse<?>> add(HttpRequest<?> request, @Body byte @Nullable [] body) {
        ObjectNode given = object(body);
        String id = PoolBodies.id(given);
        if (pools.get(id).isEmpty() && !nodes.nodes(id).isEmpty()) {
            throw new ProblemException(
                    new Problem(409, "PoolExists", "Tags of devices name a pool of that id: choose another id."));
        }
        return requests.batchPool(id, PoolBodies.add(given))
                .thenApply(pool -> tagged(HttpResponse.status(HttpStatus.CREATED), pool)
                        .header("DataServiceId", base(request) + POOLS + "/" + pool.getPoolId()));
    }

    @Get(POOLS)
    MutableHttpResponse<String> list(HttpRequest<?> request) {
        ArrayNode value = JsonNodeFactory.instance.arrayNode();
        TreeSet<String> ids = new TreeSet<>(nodes.pools());
        ids.remove("$reserve");
        pools.all().forEach(pool -> ids.remove(pool.getPoolId()));
        pools.all().forEach(pool -> value.add(PoolDocuments.pool(base(request), pool)));
        ids.forEach(id -> value.add(PoolDocuments.tagged(base(request), id, nodes.nodes(id))));
        return listed(request, "pools", value);
    }

    @Get(POOL)
    MutableHttpResponse<String> get(HttpRequest<?> request, String poolId) {
        Optional<BatchPool> known = pools.get(poolId);
        if (known.isPresent()) {
            return tagged(ok(request, "pools/@Element", PoolDocuments.pool(base(request), known.get())), known.get());
        }
        List<NodeView.Node> there = nodes.nodes(poolId);
        if (there.isEmpty()) {
            throw new ProblemException(notFound());
        }
        return ok(request, "pools/@Element", PoolDocuments.tagged(base(request), poolId, there));
    }

    @Head(POOL)
    MutableHttpResponse<?> exists(String poolId) {
        Optional<BatchPool> known = pools.get(poolId);
        if (known.isEmpty() && nodes.nodes(poolId).isEmpty()) {
            return HttpResponse.notFound();
        }
        return known.<MutableHttpResponse<?>>map(pool -> tagged(HttpResponse.ok(), pool))
                .orElseGet(HttpResponse::ok);
    }

    @Delete(POOL)
    CompletionStage<HttpResponse<?>> delete(HttpRequest<?> request, String poolId) {
        return requests.batchPool(poolId, new DeleteBatchPool(revision(request)))
                .thenApply(_ -> HttpResponse.accepted());
    }

    @Patch(POOL)
    CompletionStage<HttpResponse<?>> change(HttpRequest<?> request, String poolId, @Body byte @Nullable [] body) {
        return changed(request, poolId, body, HttpStatus.OK);
    }

    @Post(POOL + "/updateproperties")
    CompletionStage<HttpResponse<?>> update(HttpRequest<?> request, String poolId, @Body byte @Nullable [] body) {
        return changed(request, poolId, body, HttpStatus.NO_CONTENT);
    }

    private CompletionStage<HttpResponse<?>> changed(
            HttpRequest<?> request, String poolId, byte @Nullable [] body, HttpStatus status) {
        ObjectNode given = object(body);
        Members.of("metadata").rejectOthers(given, "");
        return requests.batchPool(
                        poolId,
                        new ChangeBatchPool(PoolBodies.metadata(given.path("metadata")), revision(request)))
                .thenApply(pool -> tagged(HttpResponse.status(status), pool));
    }

    @Post(POOL + "/resize")
    CompletionStage<HttpResponse<?>> resize(HttpRequest<?> request, String poolId, @Body byte @Nullable [] body) {
        return accepted(requests.batchPool(poolId, PoolBodies.resize(object(body), revision(request))));
    }

    @Post(POOL + "/stopresize")
    CompletionStage<HttpResponse<?>> stop(HttpRequest<?> request, String poolId) {
        return accepted(requests.batchPool(poolId, new StopBatchPoolResize(revision(request))));
    }

    @Post(POOL + "/removenodes")
    CompletionStage<HttpResponse<?>> remove(HttpRequest<?> request, String poolId, @Body byte @Nullable [] body) {
        var asked = PoolBodies.remove(object(body), revision(request));
        asked.getNodeIds().forEach(node -> known(poolId, node));
        return accepted(requests.batchPool(poolId, asked));
    }

    @Post(POOL + "/enableautoscale")
    CompletionStage<HttpResponse<?>> enable(HttpRequest<?> request, String poolId, @Body byte @Nullable [] body) {
        return requests.batchPool(poolId, PoolBodies.scale(object(body), revision(request)))
                .thenApply(pool -> tagged(HttpResponse.ok(), pool));
    }

    @Post(POOL + "/disableautoscale")
    CompletionStage<HttpResponse<?>> disable(String poolId) {
        return requests.batchPool(poolId, new DisableBatchPoolAutoScale())
                .thenApply(pool -> tagged(HttpResponse.ok(), pool));
    }

    @Get(NODES)
    MutableHttpResponse<String> nodes(HttpRequest<?> request, String poolId) {
        String id = spelled(poolId);
        int dedicated = dedicated(id);
        ArrayNode value = JsonNodeFactory.instance.arrayNode();
        List<NodeView.Node> there = nodes.nodes(id);
        for (int i = 0; i < there.size(); i++) {
            value.add(PoolDocuments.node(base(request), id, there.get(i), i < dedicated));
        }
        return listed(request, "nodes", value);
    }

    @Get(NODE)
    MutableHttpResponse<String> node(HttpRequest<?> request, String poolId, String nodeId) {
        NodeView.Node node = known(poolId, nodeId);
        String id = spelled(poolId);
        boolean isDedicated = nodes.nodes(id).indexOf(node) < dedicated(id);
        return ok(request, "nodes/@Element", PoolDocuments.node(base(request), id, node, isDedicated));
    }

    @Post(NODE + "/reboot")
    CompletionStage<HttpResponse<?>> reboot(String poolId, String nodeId, @Body byte @Nullable [] body) {
        known(poolId, nodeId);
        ObjectNode given = object(body);
        Members.of("nodeRebootOption").rejectOthers(given, "");
        Deallocation tasks = PoolBodies.deallocation(given, "nodeRebootOption");
        return requests.pool(spelled(poolId), new RestartNode(nodeId, tasks)).thenApply(_ -> HttpResponse.accepted());
    }

    @Post(NODE + "/disablescheduling")
    CompletionStage<HttpResponse<?>> disable(String poolId, String nodeId, @Body byte @Nullable [] body) {
        NodeView.Node node = known(poolId, nodeId);
        if (!node.enabled()) {
            throw new ProblemException(
                    new Problem(409, "NodeAlreadyInTargetSchedulingState", "The node's scheduling is disabled already."));
        }
        ObjectNode given = object(body);
        Members.of("nodeDisableSchedulingOption").rejectOthers(given, "");
        Deallocation tasks = PoolBodies.deallocation(given, "nodeDisableSchedulingOption");
        return requests.pool(spelled(poolId), new SetNodeScheduling(nodeId, false, tasks))
                .thenApply(_ -> HttpResponse.ok());
    }

    @Post(NODE + "/enablescheduling")
    CompletionStage<HttpResponse<?>> enable(String poolId, String nodeId) {
        known(poolId, nodeId);
        return requests.pool(spelled(poolId), new SetNodeScheduling(nodeId, true, Deallocation.TASK_COMPLETION))
                .thenApply(_ -> HttpResponse.ok());
    }

    @Get("/nodecounts")
    MutableHttpResponse<String> counts(HttpRequest<?> request) {
        ArrayNode value = JsonNodeFactory.instance.arrayNode();
        TreeSet<String> ids = new TreeSet<>(nodes.pools());
        ids.remove("$reserve");
        pools.all().forEach(pool -> ids.add(pool.getPoolId()));
        for (String id : ids) {
            int dedicated = dedicated(id);
            List<NodeView.Node> there = nodes.nodes(id);
            ObjectNode counts = value.addObject().put("poolId", id);
            counts.set("dedicated", counts(there.subList(0, Math.min(dedicated, there.size()))));
            counts.set("lowPriority", counts(there.subList(Math.min(dedicated, there.size()), there.size())));
        }
        return listed(request, "poolnodecounts", value);
    }

    private static ObjectNode counts(List<NodeView.Node> nodes) {
        ObjectNode counts = JsonNodeFactory.instance.objectNode();
        for (String state : List.of(
                "creating", "idle", "offline", "preempted", "rebooting", "reimaging", "running", "starting",
                "startTaskFailed", "leavingPool", "unknown", "unusable", "waitingForStartTask")) {
            counts.put(
                    state,
                    nodes.stream()
                            .filter(node -> PoolDocuments.state(node.state()).equalsIgnoreCase(state))
                            .count());
        }
        return counts.put("total", nodes.size());
    }

    /** Returns the id of a pool as it was spelled first. */
    private String spelled(String poolId) {
        Optional<BatchPool> known = pools.get(poolId);
        if (known.isEmpty() && nodes.nodes(poolId).isEmpty()) {
            throw new ProblemException(notFound());
        }
        return known.map(BatchPool::getPoolId).orElse(poolId);
    }

    private int dedicated(String poolId) {
        return pools.get(poolId)
                .map(pool -> pool.getDefinition().getTargetDedicated())
                .orElse(Integer.MAX_VALUE);
    }

    private NodeView.Node known(String poolId, String nodeId) {
        return nodes.nodes(spelled(poolId)).stream()
                .filter(node -> node.id().equals(nodeId))
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        new Problem(404, "NodeNotFound", "The specified node does not exist.")));
    }

    private static Problem notFound() {
        return new Problem(404, "PoolNotFound", "The specified pool does not exist.");
    }

    private static ObjectNode object(byte @Nullable [] body) {
        return body == null || body.length == 0 ? JsonNodeFactory.instance.objectNode() : JsonBody.object(body);
    }

    private static CompletionStage<HttpResponse<?>> accepted(CompletionStage<BatchPool> changed) {
        return changed.thenApply(pool -> tagged(HttpResponse.accepted(), pool));
    }

    private static <T> MutableHttpResponse<T> tagged(MutableHttpResponse<T> answer, BatchPool pool) {
        return answer.header("ETag", PoolDocuments.etag(pool))
                .header("Last-Modified", java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME.format(
                        pool.getChangedAt().atZone(java.time.ZoneOffset.UTC)));
    }

    /** Returns the revision that a request is about; null for any. */
    private static @Nullable Long revision(HttpRequest<?> request) {
        @Nullable String tag = request.getHeaders().get("If-Match");
        if (tag == null || tag.equals("*")) {
            return null;
        }
        try {
            return Long.parseLong(tag.replace("\"", "").toLowerCase(Locale.ROOT).replace("0x", ""), 16);
        } catch (NumberFormatException e) {
            return -1L;
        }
    }

    private static String base(HttpRequest<?> request) {
        String host = Optional.ofNullable(request.getHeaders().get("Host")).orElse("localhost");
        return (request.isSecure() ? "https://" : "http://") + host;
    }

    private static MutableHttpResponse<String> listed(HttpRequest<?> request, String kind, ArrayNode value) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("odata.metadata", base(request) + "/$metadata#" + kind);
        body.set("value", value);
        return HttpResponse.ok(body.toString()).header("Content-Type", Batch.JSON);
    }

    private static MutableHttpResponse<String> ok(HttpRequest<?> request, String kind, ObjectNode document) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("odata.metadata", base(request) + "/$metadata#" + kind);
        body.setAll(document);
        return HttpResponse.ok(body.toString()).header("Content-Type", Batch.JSON);
    }
}
