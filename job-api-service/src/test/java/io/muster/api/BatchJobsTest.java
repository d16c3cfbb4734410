package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.api.BatchClient.Answer;
import io.muster.records.AddBatchJob;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchSubtask;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskFailure;
import io.muster.records.BatchTaskState;
import io.muster.records.ChangeBatchJob;
import io.muster.records.DependencyAction;
import io.muster.records.DisableBatchJob;
import io.muster.records.DisableTasks;
import io.muster.records.FailureCategory;
import io.muster.records.JobAction;
import io.muster.records.NodeAdmitted;
import io.muster.records.OnAllTasksComplete;
import io.muster.records.PoolEvents;
import io.muster.records.TaskAttempt;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drives jobs and tasks over the real server, with the planner's jobs played by a double. Contract: batch, 3.2 to 3.4. */
class BatchJobsTest {
    private static final String TIME = "2026-11-21T02:25:15Z";

    private TestApi api;
    private BatchClient client;
    private BatchJobsDouble planner;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
        client = new BatchClient(api, "iothubowner");
        planner = new BatchJobsDouble(api.views.batchJobs());
        api.planner.batch = planner::take;
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private Answer ask(int status, String method, String path, @Nullable String body, String... headers)
            throws Exception {
        Answer answer = client.ask(method, path, body, headers);
        assertThat(answer.status()).as("%s %s %s", method, path, answer.body()).isEqualTo(status);
        return answer;
    }

    private void addJob(String id) throws Exception {
        ask(201, "POST", "/jobs", "{'id':'" + id + "','poolInfo':{'poolId':'default'}}");
    }

    private Answer addTask(String id) throws Exception {
        return ask(201, "POST", "/jobs/j/tasks", "{'id':'" + id + "','commandLine':'true'}");
    }

    private JsonNode refused(int status, String code, String method, String path, @Nullable String body)
            throws Exception {
        Answer answer = ask(status, method, path, body);
        assertThat(answer.code()).as(answer.message()).isEqualTo(code);
        return answer.body();
    }

    @Test
    void takesTheIdOfAPoolInAnyCaseOfLetters() throws Exception {
        api.views.nodes().read(new PoolEvents("Edge", TestApi.NOW, List.of(new NodeAdmitted("node-1", 0, 1L, false))));
        ask(201, "POST", "/jobs", "{'id':'j','poolInfo':{'poolId':'EDGE'}}");
        assertThat(((AddBatchJob) planner.commands.getFirst()).getDefinition().getPoolId())
                .isEqualTo("Edge");
    }

    @Test
    void addsAJobWithEachOfItsParts() throws Exception {
        Answer added = ask(201, "POST", "/jobs", """
                {'id':'Render-7','displayName':'r','priority':-5,'maxParallelTasks':3,'usesTaskDependencies':true,
                 'constraints':{'maxWallClockTime':'PT1H','maxTaskRetryCount':-1},'poolInfo':{'poolId':'edge'},
                 'onAllTasksComplete':'terminateJob','onTaskFailure':'performExitOptionsJobAction','allowTaskPreemption':false,
                 'commonEnvironmentSettings':[{'name':'A','value':'1'}],'metadata':[{'name':'owner','value':'me'}],
                 'jobManagerTask':{'id':'m','commandLine':'plan','killJobOnCompletion':false,'requiredSlots':2}}""");
        assertThat(added.response().body()).isEmpty();
        assertThat(added.header("DataServiceId")).endsWith("/jobs/Render-7");
        assertThat(added.header("ETag")).isEqualTo("\"0x0000000000000001\"");
        assertThat(added.header("Last-Modified")).isEqualTo("Sat, 21 Nov 2026 02:25:15 GMT");
        BatchJobDefinition definition = ((AddBatchJob) planner.commands.getFirst()).getDefinition();
        assertThat(definition.getWallClockMillis()).isEqualTo(3_600_000L);
        assertThat(definition.getOnAllTasksComplete()).isEqualTo(OnAllTasksComplete.TERMINATE_JOB);
        assertThat(definition.getManager().getKillJobOnCompletion()).isFalse();
        JsonNode job = ask(200, "GET", "/jobs/render-7", null).body();
        assertThat(job.path("odata.metadata").asText()).endsWith("/$metadata#jobs/@Element");
        assertThat(job.path("url").asText()).isEqualTo("http://127.0.0.1:" + api.server.port() + "/jobs/Render-7");
        assertThat(job.path("state").asText()).isEqualTo("active");
        assertThat(job.path("creationTime").asText()).isEqualTo(TIME);
        assertThat(job.path("eTag").asText()).isEqualTo("0x0000000000000001");
        assertThat(job.at("/constraints/maxWallClockTime").asText()).isEqualTo("PT1H");
        assertThat(job.at("/constraints/maxTaskRetryCount").asInt()).isEqualTo(-1);
        assertThat(job.path("onTaskFailure").asText()).isEqualTo("performexitoptionsjobaction");
        assertThat(job.at("/executionInfo/startTime").asText()).isEqualTo(TIME);
        assertThat(job.at("/jobManagerTask/commandLine").asText()).isEqualTo("plan");
        assertThat(job.has("previousState")).isFalse();
        refused(409, "JobExists", "POST", "/jobs", "{'id':'RENDER-7','poolInfo':{'poolId':'edge'}}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}                                                                           | InvalidPropertyValue     | poolInfo
            {'id':'j'}                                                                   | InvalidPropertyValue     | poolInfo
            {'poolInfo':{'poolId':'p'}}                                                  | MissingRequiredProperty  | id
            {'id':'a b','poolInfo':{'poolId':'p'}}                                       | InvalidPropertyValue     | id
            {'id':'j','poolInfo':{'autoPoolSpecification':{'a':1}}}                      | InvalidPropertyValue     | poolInfo.autoPoolSpecification
            {'id':'j','poolInfo':{'poolId':'p'},'priority':1001}                         | InvalidPropertyValue     | priority
            {'id':'j','poolInfo':{'poolId':'p'},'maxParallelTasks':0}                    | InvalidPropertyValue     | maxParallelTasks
            {'id':'j','poolInfo':{'poolId':'p'},'jobPreparationTask':{'commandLine':'a'}} | InvalidPropertyValue    | jobPreparationTask
            {'id':'j','poolInfo':{'poolId':'p'},'allowTaskPreemption':true}              | InvalidPropertyValue     | allowTaskPreemption
            {'id':'j','poolInfo':{'poolId':'p'},'constraints':{'maxWallClockTime':'1h'}} | InvalidPropertyValue     | constraints.maxWallClockTime
            {'id':'j','poolInfo':{'poolId':'p'},'onTaskFailure':'explode'}               | InvalidPropertyValue     | onTaskFailure
            {'id':'j','poolInfo':{'poolId':'p'},'colour':'red'}                          | InvalidPropertyValue     | colour
            {'id':'j','poolInfo':{'poolId':'p'}                                          | InvalidRequestBody       | JSON
            []                                                                           | InvalidRequestBody       | object
            """)
    void refusesAJobThatItCanNotHonour(String body, String code, String member) throws Exception {
        JsonNode refused = refused(400, code, "POST", "/jobs", body);
        assertThat(refused.at("/message/value").asText()).contains(member);
        assertThat(planner.commands).isEmpty();
    }

    @Test
    void namesTheMemberAndItsValue() throws Exception {
        JsonNode refused = refused(
                400, "InvalidPropertyValue", "POST", "/jobs", "{'id':'j','priority':2000,'poolInfo':{'poolId':'p'}}");
        assertThat(refused.at("/values/0/key").asText()).isEqualTo("PropertyName");
        assertThat(refused.at("/values/0/value").asText()).isEqualTo("priority");
        assertThat(refused.at("/values/1/value").asText()).isEqualTo("2000");
    }

    @Test
    void changesAJobByPatchAndByPut() throws Exception {
        addJob("j");
        Answer patched = ask(200, "PATCH", "/jobs/j", "{'priority':7}");
        assertThat(patched.response().body()).isEmpty();
        ChangeBatchJob patch = (ChangeBatchJob) planner.commands.getLast();
        assertThat(patch.getPriority()).isEqualTo(7);
        assertThat(patch.getMaxTaskRetries()).isNull();
        assertThat(patch.getMetadata()).isNull();
        assertThat(patch.getIfRevision()).isNull();
        ask(200, "PUT", "/jobs/j", "{'poolInfo':{'poolId':'other'}}");
        ChangeBatchJob put = (ChangeBatchJob) planner.commands.getLast();
        assertThat(put.getPoolId()).isEqualTo("other");
        assertThat(put.getPriority()).isZero();
        assertThat(put.getWallClockMillis()).isEqualTo(-1);
        assertThat(put.getMaxTaskRetries()).isZero();
        assertThat(put.getMetadata()).isEmpty();
        refused(400, "InvalidPropertyValue", "PUT", "/jobs/j", "{}");
        refused(404, "JobNotFound", "PATCH", "/jobs/k", "{}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            If-Match            | 0x0000000000000001            | 200 | 200
            If-Match            | "0x0000000000000001"          | 200 | 200
            If-Match            | *                             | 200 | 200
            If-Match            | 0x0000000000000002            | 412 | 412
            If-None-Match       | 0x0000000000000001            | 304 | 412
            If-None-Match       | 0x0000000000000002            | 200 | 200
            If-Modified-Since   | Sat, 21 Nov 2026 02:25:15 GMT | 304 | 412
            If-Modified-Since   | Sat, 21 Nov 2026 02:25:14 GMT | 200 | 200
            If-Unmodified-Since | Sat, 21 Nov 2026 02:25:14 GMT | 412 | 412
            If-Unmodified-Since | Sat, 21 Nov 2026 02:25:15 GMT | 200 | 200
            If-Unmodified-Since | yesterday                     | 400 | 400
            """)
    void holdsConditions(String header, String value, int read, int changed) throws Exception {
        addJob("j");
        addTask("t");
        ask(read, "GET", "/jobs/j", null, header, value);
        ask(read, "GET", "/jobs/j/tasks/t", null, header, value);
        ask(changed, "PATCH", "/jobs/j", "{'priority':1}", header, value);
        if (changed == 200) {
            assertThat(((ChangeBatchJob) planner.commands.getLast()).getIfRevision())
                    .isEqualTo(1);
        }
        ask(changed, "DELETE", "/jobs/j/tasks/t", null, header, value);
    }

    @Test
    void disablesEnablesTerminatesAndDeletesAJob() throws Exception {
        addJob("j");
        assertThat(ask(202, "POST", "/jobs/j/disable", "{'disableTasks':'Requeue'}")
                        .response()
                        .body())
                .isEmpty();
        assertThat(((DisableBatchJob) planner.commands.getLast()).getTasks()).isEqualTo(DisableTasks.REQUEUE);
        JsonNode job = ask(200, "GET", "/jobs/j", null).body();
        assertThat(job.path("state").asText()).isEqualTo("disabled");
        assertThat(job.path("previousState").asText()).isEqualTo("active");
        refused(400, "InvalidPropertyValue", "POST", "/jobs/j/disable", "{'disableTasks':'sleep'}");
        refused(400, "InvalidPropertyValue", "POST", "/jobs/j/disable", "{}");
        ask(202, "POST", "/jobs/j/enable", null);
        ask(202, "POST", "/jobs/j/terminate", "{'terminateReason':'enough'}");
        assertThat(ask(200, "GET", "/jobs/j", null)
                        .body()
                        .at("/executionInfo/terminateReason")
                        .asText())
                .isEqualTo("enough");
        ask(202, "POST", "/jobs/j/terminate", null);
        ask(202, "DELETE", "/jobs/j", null);
        refused(404, "JobNotFound", "DELETE", "/jobs/k", null);
    }

    @Test
    void addsATaskWithEachOfItsParts() throws Exception {
        addJob("j");
        Answer added = ask(201, "POST", "/jobs/j/tasks", """
                {'id':'T1','displayName':'d','commandLine':'sh -c exit','requiredSlots':2,
                 'environmentSettings':[{'name':'A','value':'1'},{'name':'B'}],'affinityInfo':{'affinityId':'node-1'},
                 'resourceFiles':[{'httpUrl':'https://files.example/a','filePath':'in/a','fileMode':'0755'}],
                 'constraints':{'maxWallClockTime':'P1DT2H','retentionTime':'PT1H','maxTaskRetryCount':2},
                 'userIdentity':{'autoUser':{'scope':'pool','elevationLevel':'nonadmin'}},
                 'exitConditions':{'exitCodes':[{'code':3,'exitOptions':{'jobAction':'Terminate'}}],
                   'exitCodeRanges':[{'start':4,'end':6,'exitOptions':{'dependencyAction':'satisfy'}}],
                   'default':{'jobAction':'none'}},
                 'dependsOn':{'taskIds':['a'],'taskIdRanges':[{'start':1,'end':9}]},
                 'outputFiles':[]}""");
        assertThat(added.header("Location")).endsWith("/jobs/j/tasks/T1");
        assertThat(added.header("ETag")).isNotEmpty();
        BatchTaskDefinition task =
                ((AddBatchTasks) planner.commands.getLast()).getTasks().getFirst();
        assertThat(task.getExitConditions().getCodes()).hasSize(2);
        assertThat(task.getExitConditions().getCodes().getFirst().getOptions().getJobAction())
                .isEqualTo(JobAction.TERMINATE);
        assertThat(task.getExitConditions().getCodes().getLast().getOptions().getDependencyAction())
                .isEqualTo(DependencyAction.SATISFY);
        JsonNode read = ask(200, "GET", "/jobs/J/tasks/t1", null).body();
        assertThat(read.path("odata.metadata").asText()).endsWith("/$metadata#tasks/@Element");
        assertThat(read.at("/constraints/maxWallClockTime").asText()).isEqualTo("P1DT2H");
        assertThat(read.at("/constraints/retentionTime").asText()).isEqualTo("PT1H");
        assertThat(read.at("/exitConditions/exitCodeRanges/0/end").asInt()).isEqualTo(6);
        assertThat(read.at("/exitConditions/default/jobAction").asText()).isEqualTo("none");
        assertThat(read.at("/dependsOn/taskIdRanges/0/end").asInt()).isEqualTo(9);
        assertThat(read.at("/affinityInfo/affinityId").asText()).isEqualTo("node-1");
        assertThat(read.at("/executionInfo/retryCount").asInt()).isZero();
        assertThat(read.at("/executionInfo/requeueCount").isInt()).isTrue();
        assertThat(read.has("nodeInfo")).isFalse();
    }

    @Test
    void showsATaskOnSeveralNodesAndItsSubtasks() throws Exception {
        addJob("j");
        ask(201, "POST", "/jobs/j/tasks", """
                {'id':'t','commandLine':'run','multiInstanceSettings':{'numberOfInstances':3,'coordinationCommandLine':'prepare'}}""");
        assertThat(ask(200, "GET", "/jobs/j/tasks/t", null)
                        .body()
                        .path("multiInstanceSettings")
                        .toString())
                .isEqualTo("{\"numberOfInstances\":3,\"coordinationCommandLine\":\"prepare\"}");
        BatchSubtask runs = BatchSubtask.newBuilder()
                .setId(1)
                .setPoolId("default")
                .setNodeId("node-2")
                .setState(BatchTaskState.RUNNING)
                .setStateSince(TestApi.NOW)
                .setPreviousState(BatchTaskState.PREPARING)
                .setPreviousStateSince(TestApi.NOW)
                .setStartedAt(TestApi.NOW)
                .build();
        planner.change(
                "j",
                "t",
                task -> BatchTask.newBuilder(task)
                        .setSubtasks(List.of(
                                runs,
                                BatchSubtask.newBuilder(runs)
                                        .setId(2)
                                        .setState(BatchTaskState.COMPLETED)
                                        .setEndedAt(TestApi.NOW)
                                        .setExitCode(3)
                                        .setFailure(BatchTaskFailure.newBuilder()
                                                .setCategory(FailureCategory.USER_ERROR)
                                                .setCode("FailureExitCode")
                                                .setMessage("It failed.")
                                                .build())
                                        .build()))
                        .build());
        JsonNode subtasks =
                ask(200, "GET", "/jobs/j/tasks/t/subtasksinfo", null).body().path("value");
        assertThat(subtasks.at("/0/nodeInfo/nodeUrl").asText()).endsWith("/pools/default/nodes/node-2");
        assertThat(subtasks.at("/0/state").asText()).isEqualTo("running");
        assertThat(subtasks.at("/0/previousState").asText()).isEqualTo("preparing");
        assertThat(subtasks.at("/0").has("result")).isFalse();
        assertThat(subtasks.at("/1/result").asText()).isEqualTo("failure");
        assertThat(subtasks.at("/1/exitCode").asInt()).isEqualTo(3);
        assertThat(subtasks.at("/1/failureInfo/code").asText()).isEqualTo("FailureExitCode");
        assertThat(ask(200, "GET", "/jobs/j/tasks/t/subtasksinfo?$select=id,state", null)
                        .body()
                        .at("/value/0")
                        .toString())
                .isEqualTo("{\"id\":1,\"state\":\"running\"}");
    }

    @Test
    void showsDefaultsOfATask() throws Exception {
        addJob("j");
        addTask("t");
        JsonNode constraints = ask(200, "GET", "/jobs/j/tasks/t", null).body().path("constraints");
        assertThat(constraints.toString())
                .isEqualTo("{\"maxWallClockTime\":\"P10675199DT2H48M5.4775807S\",\"retentionTime\":\"P7D\"}");
    }

    @Test
    void showsHowATaskEnded() throws Exception {
        addJob("j");
        addTask("t");
        planner.change(
                "j",
                "t",
                task -> BatchTask.newBuilder(task)
                        .setState(BatchTaskState.COMPLETED)
                        .setPreviousState(BatchTaskState.RUNNING)
                        .setPreviousStateSince(TestApi.NOW)
                        .setAttempt(new TaskAttempt(1, 0, 2))
                        .setLastRetryAt(TestApi.NOW)
                        .setPoolId("default")
                        .setNodeId("node-1")
                        .setStartedAt(TestApi.NOW)
                        .setEndedAt(TestApi.NOW.plusMillis(120))
                        .setExitCode(7)
                        .setFailure(BatchTaskFailure.newBuilder()
                                .setCategory(FailureCategory.USER_ERROR)
                                .setCode("FailureExitCode")
                                .setMessage("The program ended with 7.")
                                .build())
                        .setSucceeded(false)
                        .build());
        JsonNode task = ask(200, "GET", "/jobs/j/tasks/t", null).body();
        assertThat(task.path("executionInfo").toString())
                .isEqualTo(
                        "{\"startTime\":\"2026-11-21T02:25:15Z\",\"endTime\":\"2026-11-21T02:25:15.120Z\",\"exitCode\":7,\"failureInfo\":{\"category\":\"userError\",\"code\":\"FailureExitCode\",\"message\":\"The"
                                + " program ended with 7.\"},"
                                + "\"retryCount\":2,\"lastRetryTime\":\"2026-11-21T02:25:15Z\",\"requeueCount\":0,\"result\":\"failure\"}");
        assertThat(task.at("/nodeInfo/nodeId").asText()).isEqualTo("node-1");
        assertThat(task.at("/nodeInfo/nodeUrl").asText()).endsWith("/pools/default/nodes/node-1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {'id':'t'}                                                               | MissingRequiredProperty | commandLine
            {'id':'a/b','commandLine':'true'}                                        | InvalidPropertyValue    | id
            {'id':'t','commandLine':'true','requiredSlots':0}                        | InvalidPropertyValue    | requiredSlots
            {'id':'t','commandLine':'true','containerSettings':{'imageName':'a'}}    | InvalidPropertyValue    | containerSettings
            {'id':'t','commandLine':'true','outputFiles':[{'a':1}]}                  | InvalidPropertyValue    | outputFiles
            {'id':'t','commandLine':'true','applicationPackageReferences':[{'applicationId':'a'}]} | InvalidPropertyValue | applicationPackageReferences
            {'id':'t','commandLine':'true','userIdentity':{'username':'root'}}       | InvalidPropertyValue    | userIdentity.username
            {'id':'t','commandLine':'true','userIdentity':{'autoUser':{'elevationLevel':'admin'}}} | InvalidPropertyValue | userIdentity.autoUser.elevationLevel
            {'id':'t','commandLine':'true','constraints':{'maxTaskRetryCount':-2}}   | InvalidPropertyValue    | constraints.maxTaskRetryCount
            {'id':'t','commandLine':'true','resourceFiles':[{'autoStorageContainerName':'a'}]} | InvalidPropertyValue | resourceFiles[0].autoStorageContainerName
            {'id':'t','commandLine':'true','resourceFiles':[{'httpUrl':'http://169.254.169.254/latest','filePath':'a'}]} | InvalidPropertyValue | resourceFiles[0].httpUrl
            {'id':'t','commandLine':'true','resourceFiles':[{'httpUrl':'file:///etc/passwd','filePath':'a'}]} | InvalidPropertyValue | resourceFiles[0].httpUrl
            {'id':'t','commandLine':'true','dependsOn':{'taskIdRanges':[{'start':9,'end':1}]}} | InvalidPropertyValue | dependsOn.taskIdRanges[0].end
            {'id':'t','commandLine':'true','exitConditions':{'exitCodes':[{'code':1}]}} | InvalidPropertyValue | exitConditions.exitCodes[0].exitOptions
            """)
    void refusesATaskThatItCanNotHonour(String body, String code, String member) throws Exception {
        addJob("j");
        JsonNode refused = refused(400, code, "POST", "/jobs/j/tasks", body);
        assertThat(refused.at("/values/0/value").asText()).isEqualTo(member);
        JsonNode result = ask(200, "POST", "/jobs/j/addtaskcollection", "{'value':[" + body + "]}")
                .body()
                .at("/value/0");
        assertThat(result.path("status").asText()).isEqualTo("clienterror");
        assertThat(result.at("/error/code").asText()).isEqualTo(code);
        assertThat(planner.commands).hasSize(1);
    }

    private static String tasks(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj("{'id':'t-%03d','commandLine':'true'}"::formatted)
                .collect(Collectors.joining(",", "{'value':[", "]}"));
    }

    @Test
    void addsEachTaskOfACollectionThatCanBeAdded() throws Exception {
        addJob("j");
        addTask("b");
        Answer answer = ask(200, "POST", "/jobs/j/addtaskcollection", """
                {'value':[{'id':'a','commandLine':'true'},{'id':'x'},{'id':'B','commandLine':'true'},{'id':'c','commandLine':'true'}]}""");
        JsonNode results = answer.body().path("value");
        assertThat(results.findValuesAsText("status"))
                .containsExactly("success", "clienterror", "clienterror", "success");
        assertThat(results.findValuesAsText("taskId")).containsExactly("a", "x", "B", "c");
        assertThat(results.at("/1/error/code").asText()).isEqualTo("MissingRequiredProperty");
        assertThat(results.at("/2/error/code").asText()).isEqualTo("TaskExists");
        assertThat(results.at("/3/location").asText()).endsWith("/jobs/j/tasks/c");
        assertThat(results.at("/3/eTag").asText()).isNotEmpty();
        ask(200, "POST", "/jobs/j/addtaskcollection", tasks(0, 100));
        refused(400, "InvalidPropertyValue", "POST", "/jobs/j/addtaskcollection", tasks(0, 101));
        refused(400, "InvalidPropertyValue", "POST", "/jobs/j/addtaskcollection", "{'value':[]}");
        refused(404, "JobNotFound", "POST", "/jobs/k/addtaskcollection", tasks(0, 1));
        refused(
                413,
                "RequestBodyTooLarge",
                "POST",
                "/jobs/j/addtaskcollection",
                "{'value':[{'id':'a','commandLine':'" + "x".repeat(1 << 20) + "'}]}");
    }

    @Test
    void changesTerminatesReactivatesAndDeletesATask() throws Exception {
        addJob("j");
        addTask("t");
        ask(200, "PUT", "/jobs/j/tasks/t", "{'constraints':{'maxTaskRetryCount':5}}");
        assertThat(ask(200, "GET", "/jobs/j/tasks/t", null)
                        .body()
                        .at("/constraints/maxTaskRetryCount")
                        .asInt())
                .isEqualTo(5);
        refused(409, "TaskNotFailed", "POST", "/jobs/j/tasks/t/reactivate", null);
        assertThat(ask(204, "POST", "/jobs/j/tasks/t/terminate", null)
                        .response()
                        .body())
                .isEmpty();
        ask(204, "POST", "/jobs/j/tasks/t/reactivate", null);
        JsonNode subtasks =
                ask(200, "GET", "/jobs/j/tasks/t/subtasksinfo", null).body();
        assertThat(subtasks.path("value").isEmpty()).isTrue();
        ask(200, "DELETE", "/jobs/j/tasks/t", null);
        refused(404, "TaskNotFound", "GET", "/jobs/j/tasks/t", null);
        refused(404, "TaskNotFound", "GET", "/jobs/j/tasks/a%20b", null);
        refused(404, "JobNotFound", "GET", "/jobs/a%20b/tasks/t", null);
    }

    @Test
    void countsTasks() throws Exception {
        addJob("j");
        addTask("t");
        assertThat(ask(200, "GET", "/jobs/j/taskcounts", null)
                        .body()
                        .at("/taskCounts")
                        .toString())
                .isEqualTo("{\"active\":1,\"running\":0,\"completed\":0,\"succeeded\":0,\"failed\":0}");
    }

    private List<String> all(String path) throws Exception {
        List<String> ids = new ArrayList<>();
        Answer page = ask(200, "GET", path, null);
        for (int pages = 1; ; pages++) {
            ids.addAll(page.body().path("value").findValuesAsText("id"));
            String next = page.body().path("odata.nextLink").asText();
            if (next.isEmpty()) {
                return ids;
            }
            assertThat(pages).isLessThan(100);
            String start = "http://127.0.0.1:" + api.server.port();
            assertThat(next).startsWith(start);
            page = client.send("GET", next.substring(start.length()), null);
            assertThat(page.status()).isEqualTo(200);
        }
    }

    @Test
    void pagesTasksInTheOrderOfTheirIds() throws Exception {
        addJob("J");
        ask(200, "POST", "/jobs/j/addtaskcollection", tasks(0, 50));
        assertThat(all("/jobs/j/tasks")).hasSize(50).isSorted();
        assertThat(all("/jobs/j/tasks?maxresults=1")).hasSize(50);
        assertThat(all("/jobs/J/tasks?maxresults=9")).hasSize(50).isSorted();
        assertThat(all("/jobs/j/tasks?maxresults=4&$filter=startswith(id,'t-01')%20or%20id%20eq%20't-049'"))
                .hasSize(11)
                .endsWith("t-019", "t-049");
        assertThat(all("/jobs/j/tasks?$filter=state%20eq%20'completed'")).isEmpty();
        assertThat(ask(200, "GET", "/jobs/j/tasks?maxresults=50", null).body().has("odata.nextLink"))
                .isFalse();
    }

    @Test
    void pagesJobs() throws Exception {
        for (int i = 0; i < 12; i++) {
            addJob("job-%02d".formatted(i));
        }
        assertThat(all("/jobs?maxresults=5")).hasSize(12).isSorted();
        assertThat(all("/jobs?maxresults=1&$filter=id%20ge%20'job-10'")).containsExactly("job-10", "job-11");
        assertThat(ask(200, "GET", "/jobs?maxresults=12", null).body().has("odata.nextLink"))
                .isFalse();
        assertThat(all("/jobs?$filter=creationTime%20lt%20datetime'2026-01-01T00:00:00Z'"))
                .isEmpty();
    }

    @Test
    void selectsMembers() throws Exception {
        addJob("j");
        addTask("t");
        assertThat(ask(200, "GET", "/jobs/j?$select=id,state", null).body().size())
                .isEqualTo(3);
        JsonNode row = ask(200, "GET", "/jobs/j/tasks?$select=id,executionInfo", null)
                .body()
                .at("/value/0");
        assertThat(row.toString()).isEqualTo("{\"id\":\"t\",\"executionInfo\":{\"retryCount\":0,\"requeueCount\":0}}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            maxresults=0                        | maxresults
            maxresults=1001                     | maxresults
            $filter=state%20is%20'active'       | $filter
            $filter=colour%20eq%20'red'         | $filter
            $filter=creationTime%20gt%20'2020'  | $filter
            $filter=executionInfo/exitCode%20eq%20'x' | $filter
            $select=colour                      | $select
            $expand=stats                       | $expand
            $top=5                              | $top
            $skiptoken=eA                       | $skiptoken
            """)
    void refusesOtherParameters(String query, String parameter) throws Exception {
        addJob("j");
        for (String list : List.of("/jobs", "/jobs/j/tasks")) {
            JsonNode refused = refused(400, "InvalidQueryParameterValue", "GET", list + "?" + query, null);
            assertThat(refused.at("/values/0/value").asText()).isEqualTo(parameter);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /applications, 501",
        "GET, /certificates, 501",
        "GET, /jobs/j/tasks/t/files/wd/a.txt, 501",
        "POST, /jobs/j, 405",
        "GET, /jobs/j/nothing, 404"
    })
    void refusesOtherRoutes(String method, String path, int status) throws Exception {
        assertThat(client.ask(method, path, null).status()).isEqualTo(status);
    }
}
