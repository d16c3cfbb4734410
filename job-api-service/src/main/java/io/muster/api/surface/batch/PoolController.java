package io.muster.api.surface.batch;

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
import io.muster.api.http.Workers;
import io.muster.api.job.BatchPoolView;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.DedicatedNodes;
import io.muster.records.BatchPool;
import io.muster.records.Deallocation;
import io.muster.records.DeleteBatchPool;
import io.muster.records.DisableBatchPoolAutoScale;
import io.muster.records.RestartNode;
import io.muster.records.SetNodeScheduling;
import io.muster.records.StopBatchPoolResize;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Serves pools and their nodes. A pool that tags of devices name is shown too, with what is known of it. Contract: batch, 3.4 and 3.5. */
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
    private final Workers workers;

    PoolController(Requests requests, BatchPoolView pools, NodeView nodes, Workers workers) {
        this.requests = requests;
        this.pools = pools;
        this.nodes = nodes;
        this.workers = workers;
    }

    private static ProblemException noPool() {
        return new ProblemException(new Problem(404, "PoolNotFound", "There is no such pool."));
    }

    private Optional<BatchPool> made(String poolId) {
        return pools.get(poolId.toLowerCase(Locale.ROOT));
    }

    /** Returns the id of a pool as it was spelled first. @throws ProblemException where there is none */
    private String spelled(String poolId) {
        return made(poolId)
                .map(BatchPool::getPoolId)
                .or(() -> nodes.spelled(poolId).filter(PoolController::isNamed))
                .orElseThrow(PoolController::noPool);
    }

    private static boolean isNamed(String poolId) {
        return !poolId.equals(NodeView.RESERVE);
    }

    @Post(POOLS)
    CompletionStage<MutableHttpResponse<String>> add(HttpRequest<?> request, @Body byte[] body) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return workers.read(() -> {
            PoolReader.Named pool = PoolReader.pool(JsonBody.parse(body));
            if (made(pool.id()).isEmpty() && nodes.spelled(pool.id()).isPresent()) {
                throw new ProblemException(
                        new Problem(409, "PoolExists", "Tags of devices name a pool of that id: choose another id."));
            }
            return requests.batchPool(pool.id(), pool.command())
                    .thenApply(added -> done(asked, HttpStatus.CREATED, pool.id(), added));
        });
    }

    private static MutableHttpResponse<String> done(
            BatchRequest asked, HttpStatus status, String poolId, Optional<BatchPool> pool) {
        MutableHttpResponse<String> answer = asked.done(status, "pools/" + poolId);
        return pool.map(known -> BatchRequest.tagged(answer, known.getRevision(), known.getChangedAt()))
                .orElse(answer);
    }

    @Get(POOLS)
    CompletionStage<MutableHttpResponse<String>> list(HttpRequest<?> request) {
        BatchRequest asked = new BatchRequest(request);
        return workers.get(() -> {
            Listing listing = Listing.of(asked, "pools", PoolDocuments.PROPERTIES);
            PoolDocuments documents = new PoolDocuments(asked);
            SortedMap<String, ObjectNode> rows = new TreeMap<>();
            nodes.pools().stream()
                    .filter(PoolController::isNamed)
                    .forEach(id -> rows.put(id.toLowerCase(Locale.ROOT), documents.tagged(id, nodes.nodes(id))));
            all().forEach(pool -> rows.put(pool.getPoolId().toLowerCase(Locale.ROOT), documents.pool(pool)));
            return asked.ok(page(listing, "pools", rows));
        });
    }

    private List<BatchPool> all() {
        return pools.page("", null, Integer.MAX_VALUE);
    }

    /** Returns a page of rows. @param rows by their keys, in the order of the list */
    private static ObjectNode page(Listing listing, String type, SortedMap<String, ObjectNode> rows) {
        List<ObjectNode> found = new ArrayList<>();
        @Nullable String after = listing.after();
        for (var row : (after == null ? rows : rows.tailMap(after + '\0')).entrySet()) {
            if (found.size() == listing.most()) {
                return listing.page(type, found, Optional.ofNullable(after));
            }
            if (listing.takes(row.getValue())) {
                found.add(row.getValue());
            }
            after = row.getKey();
        }
        return listing.page(type, found, Optional.empty());
    }

    @Get(value = POOL, headRoute = false)
    MutableHttpResponse<String> get(HttpRequest<?> request, String poolId) {
        BatchRequest asked = new BatchRequest(request);
        Listing listing = Listing.ofOne(asked, PoolDocuments.PROPERTIES);
        PoolDocuments documents = new PoolDocuments(asked);
        Optional<BatchPool> known = made(poolId);
        if (known.isEmpty()) {
            String id = spelled(poolId);
            return asked.ok(listing.selected(documents.one(documents.tagged(id, nodes.nodes(id)))));
        }
        BatchPool pool = known.get();
        Conditions.of(request.getHeaders()).check(true, pool.getRevision(), pool.getChangedAt());
        return BatchRequest.tagged(
                asked.ok(listing.selected(documents.one(documents.pool(pool)))),
                pool.getRevision(),
                pool.getChangedAt());
    }

    @Head(POOL)
    MutableHttpResponse<String> exists(HttpRequest<?> request, String poolId) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        return done(asked, HttpStatus.OK, spelled(poolId), made(poolId));
    }

    @Delete(POOL)
    CompletionStage<MutableHttpResponse<String>> delete(HttpRequest<?> request, String poolId) {
        return change(request, poolId, HttpStatus.ACCEPTED, DeleteBatchPool::new);
    }

    @Patch(POOL)
    CompletionStage<MutableHttpResponse<String>> patch(HttpRequest<?> request, String poolId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = JsonBody.parse(body);
            return change(request, poolId, HttpStatus.OK, revision -> PoolReader.patch(document, revision));
        });
    }

    @Post(POOL + "/updateproperties")
    CompletionStage<MutableHttpResponse<String>> update(HttpRequest<?> request, String poolId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = JsonBody.parse(body);
            return change(
                    request, poolId, HttpStatus.NO_CONTENT, revision -> PoolReader.properties(document, revision));
        });
    }

    @Post(POOL + "/resize")
    CompletionStage<MutableHttpResponse<String>> resize(HttpRequest<?> request, String poolId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = JsonBody.parse(body);
            return change(request, poolId, HttpStatus.ACCEPTED, revision -> PoolReader.resize(document, revision));
        });
    }

    @Post(POOL + "/stopresize")
    CompletionStage<MutableHttpResponse<String>> stop(HttpRequest<?> request, String poolId) {
        return change(request, poolId, HttpStatus.ACCEPTED, StopBatchPoolResize::new);
    }

    @Post(POOL + "/removenodes")
    CompletionStage<MutableHttpResponse<String>> remove(HttpRequest<?> request, String poolId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = JsonBody.parse(body);
            PoolReader.remove(document, null).getNodeIds().forEach(node -> node(poolId, node));
            return change(request, poolId, HttpStatus.ACCEPTED, revision -> PoolReader.remove(document, revision));
        });
    }

    @Post(POOL + "/enableautoscale")
    CompletionStage<MutableHttpResponse<String>> scale(HttpRequest<?> request, String poolId, @Body byte[] body) {
        return workers.read(() -> {
            JsonBody document = JsonBody.parse(body);
            return change(request, poolId, HttpStatus.OK, revision -> PoolReader.scale(document, revision));
        });
    }

    /** Says what a formula would come to; the pool keeps its own. */
    @Post(POOL + "/evaluateautoscale")
    CompletionStage<MutableHttpResponse<String>> evaluate(HttpRequest<?> request, String poolId, @Body byte[] body) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        if (!TaskReader.ID.matcher(poolId).matches()) {
            throw noPool();
        }
        return workers.read(() -> requests.evaluate(poolId, PoolReader.formula(JsonBody.parse(body)))
                .thenApply(run -> asked.ok(new PoolDocuments(asked).evaluated(run))));
    }

    @Post(POOL + "/disableautoscale")
    CompletionStage<MutableHttpResponse<String>> unscale(HttpRequest<?> request, String poolId) {
        return change(request, poolId, HttpStatus.OK, _ -> new DisableBatchPoolAutoScale());
    }

    /** Changes a pool under the conditions of the request. @param command for a revision, or any where that is null */
    private CompletionStage<MutableHttpResponse<String>> change(
            HttpRequest<?> request, String poolId, HttpStatus status, Function<@Nullable Long, Object> command) {
        BatchRequest asked = new BatchRequest(request).rejectOthers();
        if (!TaskReader.ID.matcher(poolId).matches()) {
            throw noPool();
        }
        Conditions conditions = Conditions.of(request.getHeaders());
        @Nullable Long revision = null;
        if (!conditions.isEmpty()) {
            BatchPool known = made(poolId).orElseThrow(PoolController::noPool);
            conditions.check(false, known.getRevision(), known.getChangedAt());
            revision = known.getRevision();
        }
        return requests.batchPool(poolId, command.apply(revision))
                .thenApply(changed -> done(asked, status, poolId, changed));
    }

    @Get(NODES)
    CompletionStage<MutableHttpResponse<String>> nodes(HttpRequest<?> request, String poolId) {
        BatchRequest asked = new BatchRequest(request);
        return workers.get(() -> {
            String id = spelled(poolId);
            Listing listing = Listing.of(asked, "pools/" + id + "/nodes", PoolDocuments.NODE_PROPERTIES);
            PoolDocuments documents = new PoolDocuments(asked);
            SortedMap<String, ObjectNode> rows = new TreeMap<>();
            List<NodeView.Node> there = nodes.nodes(id);
            int dedicated = dedicated(id, there.size());
            for (int i = 0; i < there.size(); i++) {
                rows.put(there.get(i).id(), documents.node(id, there.get(i), i < dedicated));
            }
            return asked.ok(page(listing, "nodes", rows));
        });
    }

    /** Returns how many of so many nodes of a pool count as dedicated; all of a pool that nobody made. */
    private int dedicated(String poolId, int count) {
        return made(poolId).map(pool -> DedicatedNodes.of(pool, count)).orElse(count);
    }

    @Get(NODE)
    MutableHttpResponse<String> node(HttpRequest<?> request, String poolId, String nodeId) {
        BatchRequest asked = new BatchRequest(request);
        Listing listing = Listing.ofOne(asked, PoolDocuments.NODE_PROPERTIES);
        NodeView.Node node = node(poolId, nodeId);
        String id = spelled(poolId);
        boolean isDedicated =
                nodes.position(id, nodeId) < dedicated(id, nodes.nodes(id).size());
        PoolDocuments documents = new PoolDocuments(asked);
        ObjectNode document = asked.document("nodes/@Element");
        document.setAll(documents.node(id, node, isDedicated));
        return asked.ok(listing.selected(document));
    }

    private NodeView.Node node(String poolId, String nodeId) {
        return nodes.node(spelled(poolId), nodeId)
                .orElseThrow(() ->
                        new ProblemException(new Problem(404, "NodeNotFound", "The pool has no node " + nodeId + ".")));
    }

    private static JsonBody options(@Nullable String body) {
        return JsonBody.parse((body == null || body.isEmpty() ? "{}" : body).getBytes(StandardCharsets.UTF_8));
    }

    @Post(NODE + "/reboot")
    CompletionStage<HttpResponse<?>> reboot(String poolId, String nodeId, @Body @Nullable String body) {
        return workers.read(() -> {
            node(poolId, nodeId);
            Deallocation tasks = PoolReader.option(options(body), "nodeRebootOption");
            return ordered(poolId, new RestartNode(nodeId, tasks), HttpStatus.ACCEPTED);
        });
    }

    /** Has a node get no tasks. One that gets none already is told so once more: views lag, and the pool alone knows. */
    @Post(NODE + "/disablescheduling")
    CompletionStage<HttpResponse<?>> disable(String poolId, String nodeId, @Body @Nullable String body) {
        return workers.read(() -> {
            node(poolId, nodeId);
            Deallocation tasks = PoolReader.option(options(body), "nodeDisableSchedulingOption");
            return ordered(poolId, new SetNodeScheduling(nodeId, false, tasks), HttpStatus.OK);
        });
    }

    @Post(NODE + "/enablescheduling")
    CompletionStage<HttpResponse<?>> enable(String poolId, String nodeId) {
        node(poolId, nodeId);
        return ordered(poolId, new SetNodeScheduling(nodeId, true, Deallocation.TASK_COMPLETION), HttpStatus.OK);
    }

    private CompletionStage<HttpResponse<?>> ordered(String poolId, Object command, HttpStatus status) {
        return requests.pool(spelled(poolId), command).thenApply(_ -> HttpResponse.status(status));
    }

    @Get("/nodecounts")
    CompletionStage<MutableHttpResponse<String>> counts(HttpRequest<?> request) {
        BatchRequest asked = new BatchRequest(request);
        return workers.get(() -> {
            Listing listing = Listing.of(asked, "nodecounts", PoolDocuments.COUNT_PROPERTIES);
            SortedMap<String, ObjectNode> rows = new TreeMap<>();
            nodes.pools().stream()
                    .filter(PoolController::isNamed)
                    .forEach(id -> rows.put(id.toLowerCase(Locale.ROOT), counts(id)));
            all().forEach(pool -> rows.put(pool.getPoolId().toLowerCase(Locale.ROOT), counts(pool.getPoolId())));
            return asked.ok(page(listing, "poolnodecounts", rows));
        });
    }

    private ObjectNode counts(String id) {
        List<NodeView.Node> there = nodes.nodes(id);
        int dedicated = dedicated(id, there.size());
        return PoolDocuments.counts(id, there.subList(0, dedicated), there.subList(dedicated, there.size()));
    }
}
