package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.api.BatchClient.Answer;
import io.muster.records.AddBatchPool;
import io.muster.records.AllocationState;
import io.muster.records.AutoScaleRun;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.BatchPoolState;
import io.muster.records.Deallocation;
import io.muster.records.EvaluateBatchPoolFormula;
import io.muster.records.NodeAdmitted;
import io.muster.records.NodeJoined;
import io.muster.records.NodeLost;
import io.muster.records.NodeSchedulingChanged;
import io.muster.records.NodeUnheard;
import io.muster.records.PlacementPolicy;
import io.muster.records.PoolEvents;
import io.muster.records.ResizeBatchPool;
import io.muster.records.RestartNode;
import io.muster.records.SetNodeScheduling;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskPlace;
import io.muster.records.TaskPlaced;
import io.muster.records.TaskToken;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drives pools and nodes over the real server, with the planner's pools played by a double. Contract: batch, 3.4 and 3.5. */
class BatchPoolsTest {
    private TestApi api;
    private BatchClient client;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
        client = new BatchClient(api, "iothubowner");
        api.planner.batchPool = this::take;
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private Object take(String id, Object command) {
        BatchPool.Builder pool = api.views
                .batchPools()
                .get(id.toLowerCase(Locale.ROOT))
                .map(BatchPool::newBuilder)
                .orElseGet(() -> BatchPool.newBuilder()
                        .setPoolId(id)
                        .setRevision(0)
                        .setState(BatchPoolState.ACTIVE)
                        .setAllocation(AllocationState.STEADY)
                        .setCreatedAt(TestApi.NOW)
                        .setStateSince(TestApi.NOW)
                        .setAllocationSince(TestApi.NOW));
        if (command instanceof EvaluateBatchPoolFormula evaluate) {
            return new AutoScaleRun(TestApi.NOW, evaluate.getFormula(), "$x=1", null);
        }
        if (command instanceof AddBatchPool add) {
            pool.setDefinition(add.getDefinition());
        }
        if (command instanceof ResizeBatchPool resize) {
            pool.setDefinition(BatchPoolDefinition.newBuilder(pool.getDefinition())
                    .setTargetDedicated(resize.getTargetDedicated())
                    .build());
        }
        BatchPool changed = pool.setRevision(pool.getRevision() + 1)
                .setChangedAt(TestApi.NOW)
                .build();
        api.views.batchPools().put(changed);
        return changed;
    }

    private void happened(String pool, Object... events) {
        api.views.nodes().read(new PoolEvents(pool, TestApi.NOW, List.of(events)));
    }

    private void joined(String pool, String node) {
        happened(
                pool,
                new NodeAdmitted(node, 0, 1L, false),
                new NodeJoined(node, 0, 1L, "boot", 4, List.of("os=linux"), ""));
    }

    private Answer ask(int status, String method, String path, @Nullable String body, String... headers)
            throws Exception {
        Answer answer = client.ask(method, path, body, headers);
        assertThat(answer.status()).as("%s %s %s", method, path, answer.body()).isEqualTo(status);
        return answer;
    }

    @Test
    void addsAPoolWithEachOfItsParts() throws Exception {
        Answer added = ask(201, "POST", "/pools", """
                {'id':'Lyon','vmSize':'local','displayName':'l','resizeTimeout':'PT20M','targetDedicatedNodes':2,
                 'targetLowPriorityNodes':1,'taskSlotsPerNode':4,'taskSchedulingPolicy':{'nodeFillType':'pack'},
                 'metadata':[{'name':'owner','value':'me'}],'enableInterNodeCommunication':true,
                 'virtualMachineConfiguration':{'imageReference':{'publisher':'p','offer':'o','sku':'s'},'nodeAgentSKUId':'a'}}""");
        assertThat(added.header("DataServiceId")).endsWith("/pools/Lyon");
        BatchPoolDefinition definition = ((AddBatchPool) api.planner.commands.getLast()).getDefinition();
        assertThat(definition.getPolicy()).isEqualTo(PlacementPolicy.PACK);
        assertThat(definition.getResizeTimeoutMillis()).isEqualTo(1_200_000L);
        JsonNode pool = ask(200, "GET", "/pools/lyon", null).body();
        assertThat(pool.path("odata.metadata").asText()).endsWith("/$metadata#pools/@Element");
        assertThat(pool.path("id").asText()).isEqualTo("Lyon");
        assertThat(pool.path("allocationState").asText()).isEqualTo("steady");
        assertThat(pool.path("currentDedicatedNodes").asInt()).isZero();
        assertThat(pool.at("/virtualMachineConfiguration/imageReference/sku").asText())
                .isEqualTo("s");
    }

    @Test
    void answersHeadOfAPoolThatIsThereAndOfOneThatIsNot() throws Exception {
        assertThat(ask(404, "HEAD", "/pools/Lyon", null).response().body()).isEmpty();
        ask(201, "POST", "/pools", "{'id':'Lyon','vmSize':'local'}");
        assertThat(ask(200, "HEAD", "/pools/lyon", null).header("ETag")).isEqualTo("\"0x0000000000000001\"");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {'id':'p'}                                                               | vmSize
            {'id':'p','vmSize':'local','targetDedicatedNodes':-1}                    | targetDedicatedNodes
            {'id':'p','vmSize':'local','resizeTimeout':'PT1M'}                       | resizeTimeout
            {'id':'p','vmSize':'local','startTask':{'commandLine':'true'}}           | startTask
            {'id':'p','vmSize':'local','enableAutoScale':true}                       | autoScaleFormula
            {'id':'p','vmSize':'local','taskSchedulingPolicy':{'nodeFillType':'x'}}  | nodeFillType
            {'id':'p','vmSize':'local','colour':'red'}                               | colour
            {'id':'a b','vmSize':'local'}                                            | id""")
    void refusesAPoolByTheNameOfTheWrongMember(String body, String member) throws Exception {
        Answer refused = ask(400, "POST", "/pools", body);
        assertThat(refused.body().toString()).contains(member);
        assertThat(api.planner.commands).isEmpty();
    }

    @Test
    void changesAPoolUnderTheConditionsOfTheRequest() throws Exception {
        ask(201, "POST", "/pools", "{'id':'Lyon','vmSize':'local'}");
        String resize = "{'targetDedicatedNodes':3,'nodeDeallocationOption':'taskcompletion'}";
        ask(412, "POST", "/pools/Lyon/resize", resize, "If-Match", "\"0x0000000000000009\"");
        ask(202, "POST", "/pools/Lyon/resize", resize, "If-Match", "\"0x0000000000000001\"");
        ResizeBatchPool command = (ResizeBatchPool) api.planner.commands.getLast();
        assertThat(command.getTasks()).isEqualTo(Deallocation.TASK_COMPLETION);
        assertThat(command.getIfRevision()).isEqualTo(1L);
        assertThat(ask(200, "GET", "/pools/Lyon", null)
                        .body()
                        .path("targetDedicatedNodes")
                        .asInt())
                .isEqualTo(3);
    }

    @Test
    void listsPoolsOfTagsBesideItsOwnInPages() throws Exception {
        ask(201, "POST", "/pools", "{'id':'Lyon','vmSize':'local'}");
        joined("default", "node-1");
        joined("$reserve", "node-2");
        JsonNode first = ask(200, "GET", "/pools?maxresults=1&$select=id", null).body();
        assertThat(first.path("value").toString()).isEqualTo("[{\"id\":\"default\"}]");
        String next = first.path("odata.nextLink").asText();
        JsonNode second =
                client.send("GET", next.substring(next.indexOf("/pools")), null).body();
        assertThat(second.at("/value/0/id").asText()).isEqualTo("Lyon");
        assertThat(second.has("odata.nextLink")).isFalse();
        assertThat(ask(409, "POST", "/pools", "{'id':'default','vmSize':'local'}")
                        .code())
                .isEqualTo("PoolExists");
    }

    @Test
    void showsNodesAndOrdersThem() throws Exception {
        joined("default", "node-1");
        joined("default", "node-2");
        happened("default", new NodeLost("node-2"));
        JsonNode nodes = ask(200, "GET", "/pools/default/nodes", null).body().path("value");
        assertThat(nodes.findValuesAsText("state")).containsExactly("idle", "unusable");
        JsonNode counts = ask(200, "GET", "/nodecounts", null).body().at("/value/0");
        assertThat(counts.at("/dedicated/idle").asInt()).isEqualTo(1);
        assertThat(counts.at("/dedicated/total").asInt()).isEqualTo(2);
        ask(202, "POST", "/pools/default/nodes/node-1/reboot", "{'nodeRebootOption':'requeue'}");
        assertThat(api.planner.commands.getLast()).isEqualTo(new RestartNode("node-1", Deallocation.REQUEUE));
        happened("default", new NodeSchedulingChanged("node-1", false, false));
        ask(200, "POST", "/pools/default/nodes/node-1/enablescheduling", null);
        ask(200, "POST", "/pools/default/nodes/node-1/disablescheduling", null);
        assertThat(api.planner.commands.getLast())
                .as("the view may lag, so the pool is told in any case")
                .isEqualTo(new SetNodeScheduling("node-1", false, Deallocation.REQUEUE));
        assertThat(ask(404, "GET", "/pools/default/nodes/absent", null).code()).isEqualTo("NodeNotFound");
        assertThat(ask(404, "GET", "/pools/absent/nodes", null).code()).isEqualTo("PoolNotFound");
    }

    @Test
    void showsANodeThatIsNotHeardAsUnusableAndTheSlotsThatItsTasksTake() throws Exception {
        joined("default", "node-1");
        happened(
                "default",
                new TaskPlaced(
                        new TaskToken("t", 1L),
                        new TaskAttempt(0, 0, 0),
                        List.of(new TaskPlace("node-1", 1L)),
                        List.of(),
                        3));
        JsonNode node = ask(200, "GET", "/pools/default/nodes/node-1", null).body();
        assertThat(node.path("state").asText()).isEqualTo("running");
        assertThat(node.path("runningTasksCount").asInt()).isEqualTo(1);
        assertThat(node.path("runningTaskSlotsCount").asInt()).isEqualTo(3);
        happened("default", new NodeUnheard("node-1"));
        node = ask(200, "GET", "/pools/default/nodes/node-1", null).body();
        assertThat(node.path("state").asText()).isEqualTo("unusable");
        assertThat(node.path("runningTasksCount").asInt()).as("it has them yet").isEqualTo(1);
        joined("default", "node-1");
        node = ask(200, "GET", "/pools/default/nodes/node-1", null).body();
        assertThat(node.path("state").asText()).isEqualTo("running");
    }

    @Test
    void saysWhatAFormulaWouldComeTo() throws Exception {
        JsonNode run = ask(200, "POST", "/pools/Lyon/evaluateautoscale", "{'autoScaleFormula':'$x=1;'}")
                .body();
        assertThat(run.path("results").asText()).isEqualTo("$x=1");
        assertThat(run.path("timestamp").asText()).isEqualTo(TestApi.NOW.toString());
        ask(400, "POST", "/pools/Lyon/evaluateautoscale", "{}");
    }

    @Test
    void findsAPoolOfTagsInAnyCaseOfLetters() throws Exception {
        joined("Edge", "node-1");
        assertThat(ask(200, "GET", "/pools/eDGE", null).body().path("id").asText())
                .isEqualTo("Edge");
        ask(200, "POST", "/pools/edge/nodes/node-1/enablescheduling", null);
        ask(404, "GET", "/pools/edg", null);
        assertThat(ask(409, "POST", "/pools", "{'id':'EDGE','vmSize':'local'}").code())
                .isEqualTo("PoolExists");
    }

    @Test
    void takesEventsOfNodesAndPoolsThatItDoesNotKnow() {
        happened("absent", new NodeLost("node-1"), new NodeSchedulingChanged("node-1", true, false));
        joined("default", "node-1");
        happened("default", new NodeLost("absent"));
        assertThat(api.views.nodes().pools()).containsExactly("default");
    }
}
