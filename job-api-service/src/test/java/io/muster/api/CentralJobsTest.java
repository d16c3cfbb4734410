package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.Batches;
import io.muster.records.CreateFleetJob;
import io.muster.records.CreateJob;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceJobPage;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceMethod;
import io.muster.records.DevicePage;
import io.muster.records.FailureLimit;
import io.muster.records.FailureReason;
import io.muster.records.IfScheduleRevision;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.OperationType;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.ScheduleStatus;
import io.muster.records.TwinPatch;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drives jobs and scheduled jobs as clients of IoT Central do. Contract: iot-central, 1.3 to 1.6 and 1.8. */
class CentralJobsTest {
    private static final String VERSION = "api-version=2022-07-31";
    private static final Instant NOW = TestApi.NOW;
    private static final String PROPERTY =
            "{'type':'property','target':'dtmi:fridge:v3;1','path':'fanSpeed','value':2400}";
    private static final String COMMAND = "{'type':'command','target':'dtmi:fridge:v3;1','path':'Reboot','value':null}";
    private static final String DAILY = "'schedule':{'start':'2026-12-01T01:30:00Z','recurrence':'daily'}";

    private final AtomicLong numbers = new AtomicLong(1);
    private TestApi api;
    private ApiClient client;

    @BeforeEach
    void start() throws Exception {
        api = TestApi.start();
        client = new ApiClient(api);
        api.planner.rejectsExisting = true;
        done(
                200,
                "PUT",
                "/api/deviceGroups/lyon",
                "{'displayName':'Lyon','filter':'SELECT * FROM devices WHERE floor = 1'}");
    }

    @AfterEach
    void stop() throws IOException {
        api.close();
    }

    private JsonNode done(int status, String method, String path, @Nullable String body, String... headers)
            throws Exception {
        ApiClient.Answer answer =
                client.askOf(VERSION, method, path, body == null ? null : body.replace('\'', '"'), headers);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
        return answer.body();
    }

    private static String job(String data, String more) {
        return "{'group':'lyon','data':[" + data + "]" + more + "}";
    }

    private JobDefinition made(String id, String document) throws Exception {
        done(200, "PUT", "/api/jobs/" + id, document);
        return ((CreateJob) api.planner.commands.getLast()).getDefinition();
    }

    private static JobPolicy policy(JobDefinition job) {
        return Objects.requireNonNull(job.getPolicy());
    }

    /** Has the views know a job as it would be later. */
    private void becomes(String id, JobStatus status, boolean paused, @Nullable DeviceJobCounts counts) {
        Job known = api.jobs.get(id).orElseThrow().job();
        api.jobs.put(Job.newBuilder(known)
                .setStatus(status)
                .setPaused(paused)
                .setAdmitted(status == JobStatus.RUNNING && !paused)
                .setStartedAt(status == JobStatus.QUEUED ? null : NOW)
                .setEndedAt(status == JobStatus.RUNNING || status == JobStatus.QUEUED ? null : NOW.plusSeconds(9))
                .setRevision(known.getRevision() + numbers.incrementAndGet())
                .build());
        if (counts != null) {
            api.jobs.put(new JobStatistics(id, counts, 1, 1, NOW, known.getJobNumber(), List.of()));
        }
    }

    private static DeviceJobCounts counts(long queued, long running, long succeeded, long failed, long cancelled) {
        return new DeviceJobCounts(
                queued + running + succeeded + failed + cancelled, queued, running, succeeded, failed, cancelled);
    }

    @Test
    void makesAJobOfTheCoreThatIotHubShowsToo() throws Exception {
        JsonNode answer = done(
                200,
                "PUT",
                "/api/jobs/fan_speed-03",
                "{'id':'other','displayName':'Raise fan"
                        + " speed','description':'x','group':'lyon','batch':{'type':'percentage','value':25},"
                        + "'cancellationThreshold':{'type':'number','value':3,'batch':true},'data':["
                        + "{'type':'property','target':'dtmi:fridge:v3;1','path':'cooling.fanSpeed','value':2400},"
                        + "{'type':'property','target':'dtmi:fridge:v3;1','path':'cooling.hysteresis','value':0.5},"
                        + "{'type':'property','target':'dtmi:fridge:v3;1','path':'light','value':null}]}");
        assertThat(answer.path("id").asText()).isEqualTo("fan_speed-03");
        assertThat(answer.path("displayName").asText()).isEqualTo("Raise fan speed");
        assertThat(answer.path("status").asText()).isEqualTo("pending");
        assertThat(answer.path("data")).hasSize(3);
        assertThat(answer.path("progress").path("total").asInt()).isZero();
        JobDefinition job = ((CreateJob) api.planner.commands.getLast()).getDefinition();
        assertThat(TestApi.JSON.readTree(((TwinPatch) job.getOperation()).getDesired()))
                .isEqualTo(TestApi.JSON.readTree(
                        "{\"cooling\":{\"__t\":\"c\",\"fanSpeed\":2400,\"hysteresis\":0.5},\"light\":null}"));
        assertThat(((TwinPatch) job.getOperation()).getTags()).isNull();
        assertThat(job.getQueryCondition()).isEqualTo("(properties.reported.floor = 1 OR tags.floor = 1)");
        assertThat(policy(job).getBatches()).isEqualTo(new Batches(0, 25, 0, 0.0));
        assertThat(policy(job).getFailureLimit()).isEqualTo(new FailureLimit(3L, null, true));
        assertThat(policy(job).getGroup()).isEqualTo("lyon");
        ApiClient.Answer hub = client.ask("GET", "/jobs/v2/fan_speed-03", null);
        assertThat(hub.status()).isEqualTo(200);
        assertThat(hub.body().path("type").asText()).isEqualTo("scheduleUpdateTwin");
        assertThat(hub.body().at("/failureLimit/most").asInt()).isEqualTo(3);
        assertThat(done(409, "PUT", "/api/jobs/fan_speed-03", job(PROPERTY, ""))
                        .at("/error/code")
                        .asText())
                .isEqualTo("Conflict");
    }

    @Test
    void setsACloudPropertyByATagAndMigratesByTheTemplatesTag() throws Exception {
        JobDefinition cloud = made("c", job("{'type':'cloudProperty','target':'t','path':'owner','value':'Ada'}", ""));
        assertThat(((TwinPatch) cloud.getOperation()).getTags()).isEqualTo("{\"owner\":\"Ada\"}");
        assertThat(((TwinPatch) cloud.getOperation()).getDesired()).isNull();
        done(400, "PUT", "/api/jobs/d", job("{'type':'deviceTemplateMigration','template':'dtmi:new;1'}", ""));
        done(200, "PUT", "/api/deviceTemplates/dtmi:new;1", "{'capabilityModel':{}}");
        JobDefinition migration = made("d", job("{'type':'deviceTemplateMigration','template':'dtmi:new;1'}", ""));
        assertThat(((TwinPatch) migration.getOperation()).getTags())
                .isEqualTo("{\"central\":{\"template\":\"dtmi:new;1\"}}");
    }

    @Test
    void callsAMethodThatOnlySuccessCompletes() throws Exception {
        JobDefinition job = made("c", job(COMMAND, ""));
        assertThat(job.getOperation()).isEqualTo(new DeviceMethod("Reboot", "null", 30, 0));
        assertThat(policy(job).getErrorStatusFails()).isTrue();
        assertThat(policy(job).getOfflineFails()).isTrue();
        JobDefinition component =
                made("d", job(COMMAND.replace("Reboot", "cooling.Reset").replace("null", "{'a':1}"), ""));
        assertThat(component.getOperation()).isEqualTo(new DeviceMethod("cooling*Reset", "{\"a\":1}", 30, 0));
    }

    /** Field case 88. */
    @ParameterizedTest
    @CsvSource({
        "PropertyJobData, property",
        "property, property",
        "CloudPropertyJobData, cloudProperty",
        "cloudProperty, cloudProperty",
        "CommandJobData, command",
        "command, command"
    })
    void takesBothSpellingsAndAnswersTheSwaggers(String given, String answered) throws Exception {
        String data = PROPERTY.replace("'property'", "'" + given + "'");
        assertThat(done(200, "PUT", "/api/jobs/j", job(data, ""))
                        .at("/data/0/type")
                        .asText())
                .isEqualTo(answered);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {'data':[PROPERTY]}                                                           | group is the id of a device group
        {'group':'none','data':[PROPERTY]}                                            | There is no device group 'none'
        {'group':'lyon'}                                                              | data is a list of 1 to 100
        {'group':'lyon','data':[]}                                                    | data is a list of 1 to 100
        {'group':'lyon','data':[PROPERTY,COMMAND]}                                    | entries of one type
        {'group':'lyon','data':[COMMAND,COMMAND]}                                     | one entry where its type is command
        {'group':'lyon','data':[PROPERTY,PROPERTY]}                                   | data[1].path is set once
        {'group':'lyon','data':[{'type':'prop'}]}                                     | data[0].type is property, cloudProperty
        {'group':'lyon','data':[{'type':'property','target':'t','path':'a','value':1},{'type':'property','target':'t','path':'a.b','value':1}]} | a is set as a whole too
        {'group':'lyon','data':[{'type':'property','target':'t','path':'a.b','value':1},{'type':'property','target':'t','path':'a','value':{}}]} | a is set as a whole too
        {'group':'lyon','data':[{'type':'property','target':'t','path':'a.__t','value':1}]} | data[0].path is
        {'group':'lyon','data':[{'type':'property','path':'a','value':1}]}            | data[0].target is
        {'group':'lyon','data':[{'type':'property','target':'t','value':1}]}          | data[0].path is
        {'group':'lyon','data':[{'type':'property','target':'t','path':'a.b.c','value':1}]} | data[0].path is
        {'group':'lyon','data':[{'type':'property','target':'t','path':'a'}]}         | data[0].value is
        {'group':'lyon','data':[{'type':'cloudProperty','target':'t','path':'compute.pool','value':1}]} | Muster keeps for itself
        {'group':'lyon','data':[PROPERTY],'batch':{'type':'number'}}                  | batch.value is a whole number from 1
        {'group':'lyon','data':[PROPERTY],'batch':{'type':'number','value':0}}        | batch.value is a whole number from 1
        {'group':'lyon','data':[PROPERTY],'batch':{'type':'percentage','value':101}}  | batch.value is a number from 0 to 100
        {'group':'lyon','data':[PROPERTY],'batch':{'type':'percentage','value':0}}    | batch.value is more than 0
        {'group':'lyon','data':[PROPERTY],'batch':{'type':'number','value':1.5}}      | batch.value is a whole number from 1
        {'group':'lyon','data':[PROPERTY],'displayName':'LONG'}                       | displayName is a text of up to 256
        {'group':'lyon','data':[PROPERTY],'batch':{'type':'share','value':1}}         | batch.type is number or percentage
        {'group':'lyon','data':[PROPERTY],'cancellationThreshold':{'type':'number','value':1,'batch':true}} | in a job without batches
        {'group':'lyon','data':[PROPERTY],'organizations':['a1','b1']}                | exactly one organization
        {'group':'lyon','data':[PROPERTY],'organizations':['a1']}                     | not of the organization a1
        {'group':'lyon','data':[PROPERTY],'treshold':1}                               | did you mean
        """)
    void refusesAJobThatMakesNoSense(String document, String sentence) throws Exception {
        int before = api.planner.commands.size();
        String body = document.replace("PROPERTY", PROPERTY)
                .replace("COMMAND", COMMAND)
                .replace("LONG", "x".repeat(257));
        assertThat(done(400, "PUT", "/api/jobs/j", body).at("/error/message").asText())
                .contains(sentence);
        assertThat(api.planner.commands).hasSize(before);
    }

    @Test
    void takesPercentagesWithFractions() throws Exception {
        JobDefinition job = made(
                "j",
                job(
                        PROPERTY,
                        ",'batch':{'type':'percentage','value':12.5},'cancellationThreshold':{'type':'percentage','value':0.5}"));
        assertThat(policy(job).getBatches()).isEqualTo(new Batches(0, 12, 0, 0.5));
        assertThat(policy(job).getFailureLimit()).isEqualTo(new FailureLimit(null, 0.5, false));
        ApiClient.Answer hub = client.ask("GET", "/jobs/v2/j", null);
        assertThat(hub.body().at("/batches/percent").asText()).isEqualTo("12.5");
        assertThat(hub.body().at("/failureLimit/percent").asText()).isEqualTo("0.5");
    }

    /** A job belongs to its group's organization: a firing looks for the group there, and a rerun leaves devices alone that have moved to another. */
    @Test
    void keepsAJobWithinItsOrganization() throws Exception {
        done(
                200,
                "PUT",
                "/api/deviceGroups/own",
                "{'displayName':'Own','filter':'SELECT * FROM devices','organizations':['lyon']}");
        String within = "tags.central.organization = 'lyon'";
        JobDefinition job = made("j", job(PROPERTY, "").replace("lyon", "own"));
        assertThat(job.getQueryCondition()).isEqualTo(within);
        assertThat(policy(job).getOrganization()).isEqualTo("lyon");
        api.planner.partitions = _ -> List.of(new DevicePage(0, 1, List.of(RequestsDouble.twinOf("a", "{}")), false));
        assertThat(made("p", job(PROPERTY, ",'devices':['a']").replace("lyon", "own"))
                        .getQueryCondition())
                .isEqualTo(within + " AND deviceId IN ['a']");
        becomes("j", JobStatus.COMPLETED, false, counts(0, 0, 1, 1, 0));
        done(200, "PUT", "/api/jobs/j/rerun/k", null);
        JobDefinition rerun = ((CreateJob) api.planner.commands.getLast()).getDefinition();
        assertThat(rerun.getQueryCondition()).isEqualTo(within);
        assertThat(policy(rerun).getOrganization()).isEqualTo("lyon");
        done(200, "PUT", "/api/scheduledJobs/s", job(PROPERTY, "," + DAILY).replace("lyon", "own"));
        assertThat(done(400, "PATCH", "/api/scheduledJobs/s", "{'organizations':null}")
                        .toString())
                .contains("is of the organization lyon");
        done(400, "PATCH", "/api/scheduledJobs/s", "{'group':'lyon'}");
        assertThat(policy(((CreateFleetJob) saved().getDefinition().getAction()).getDefinition())
                        .getOrganization())
                .isEqualTo("lyon");
    }

    @Test
    void migratesToNoTemplateThatIsGone() throws Exception {
        done(200, "PUT", "/api/deviceTemplates/dtmi:new;1", "{'capabilityModel':{}}");
        JobDefinition job = made("j", job("{'type':'deviceTemplateMigration','template':'dtmi:new;1'}", ""));
        assertThat(policy(job).getTemplates()).containsExactly("dtmi:new;1");
        assertThat(policy(made("k", job(PROPERTY, ""))).getTemplates()).isEmpty();
        becomes("j", JobStatus.COMPLETED, false, counts(0, 0, 1, 1, 0));
        done(204, "DELETE", "/api/deviceTemplates/dtmi:new;1", null);
        assertThat(done(400, "PUT", "/api/jobs/j/rerun/again", null)
                        .at("/error/message")
                        .asText())
                .contains("dtmi:new;1");
    }

    @Test
    void refusesAJobBehindALineThatIsFull() throws Exception {
        made("stopped", job(PROPERTY, ""));
        becomes("stopped", JobStatus.QUEUED, true, null);
        made("first", job(PROPERTY, ""));
        Job waits = api.jobs.get("first").orElseThrow().job();
        for (int i = 1; i < 1000; i++) {
            JobDefinition definition = JobDefinition.newBuilder(waits.getDefinition())
                    .setJobId("w" + i)
                    .build();
            api.jobs.put(Job.newBuilder(waits).setDefinition(definition).build());
        }
        assertThat(done(429, "PUT", "/api/jobs/beyond", job(PROPERTY, ""))
                        .at("/error/message")
                        .asText())
                .contains("1000: try again when fewer do");
        done(429, "POST", "/api/jobs/stopped/resume", null);
        becomes("first", JobStatus.RUNNING, false, null);
        done(200, "PUT", "/api/jobs/beyond", job(PROPERTY, ""));
    }

    /** A page of devices may end before its limit, where twins are long. */
    @Test
    void findsPickedDevicesOnAnyPage() throws Exception {
        api.planner.partitions = asked -> List.of(
                asked.after() == null
                        ? new DevicePage(0, 1, List.of(RequestsDouble.twinOf("a", "{}")), true)
                        : new DevicePage(0, 1, List.of(RequestsDouble.twinOf("b", "{}")), false));
        made("j", job(PROPERTY, ",'devices':['a','b']"));
    }

    /** Definitions of this surface have ids with a slash, which are no ids of IoT Hub's. */
    @Test
    void hidesDefinitionsFromIotHubWhichShowsTheirJobs() throws Exception {
        done(200, "PUT", "/api/scheduledJobs/s", job(COMMAND, "," + DAILY));
        assertThat(client.ask("GET", "/jobs/v2/central%2Fs", null).status()).isEqualTo(404);
        assertThat(client.ask("POST", "/jobs/v2/central%2Fs/cancel", null).status())
                .isGreaterThanOrEqualTo(400);
        done(200, "GET", "/api/scheduledJobs/s", null);
    }

    @Test
    void changesTheDefinitionThatWasRead() throws Exception {
        done(200, "PUT", "/api/scheduledJobs/s", job(COMMAND, "," + DAILY));
        done(200, "PATCH", "/api/scheduledJobs/s", "{'enabled':false}");
        done(200, "PUT", "/api/scheduledJobs/s", job(COMMAND, "," + DAILY));
        assertThat(api.planner.ofRevision.stream().map(IfScheduleRevision::getRevision))
                .containsExactly(0L, 1L, 2L);
    }

    @Test
    void refusesABrokenGroup() throws Exception {
        done(200, "PUT", "/api/deviceTemplates/dtmi:f;1", "{'capabilityModel':{}}");
        done(
                200,
                "PUT",
                "/api/deviceGroups/b",
                "{'displayName':'B','filter':'SELECT * FROM devices WHERE $template = \\'dtmi:f;1\\''}"
                        .replace("\\'", "\\\""));
        done(204, "DELETE", "/api/deviceTemplates/dtmi:f;1", null);
        assertThat(done(400, "PUT", "/api/jobs/j", job(PROPERTY, "").replace("lyon", "b"))
                        .at("/error/code")
                        .asText())
                .isEqualTo("InvalidDeviceGroup");
    }

    @Test
    void picksDevicesOfTheGroupAlone() throws Exception {
        api.planner.partitions = _ -> List.of(new DevicePage(
                0, 1, List.of(RequestsDouble.twinOf("a", "{}"), RequestsDouble.twinOf("b", "{}")), false));
        JobDefinition job = made("j", job(PROPERTY, ",'devices':['a','b']"));
        assertThat(job.getQueryCondition()).isEqualTo("deviceId IN ['a','b']");
        assertThat(policy(job).getGroup()).isNull();
        assertThat(done(400, "PUT", "/api/jobs/k", job(PROPERTY, ",'devices':['a','c']"))
                        .toString())
                .contains("The device 'c' is not of the device group");
    }

    /** Lists the state and the numbers that the core has → the status on the wire, and its progress. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        QUEUED    | false | -             | pending   | 0, 0, 0, 0
        RUNNING   | false | 5, 0, 0, 0, 0 | pending   | 5, 5, 0, 0
        RUNNING   | false | 4, 1, 0, 0, 0 | running   | 5, 5, 0, 0
        RUNNING   | false | 2, 1, 1, 1, 0 | running   | 5, 3, 1, 1
        RUNNING   | true  | 2, 1, 1, 1, 0 | stopped   | 5, 3, 1, 1
        COMPLETED | false | 0, 0, 1, 4, 0 | complete  | 5, 0, 1, 4
        COMPLETED | false | 0, 0, 0, 5, 0 | failed    | 5, 0, 0, 5
        COMPLETED | false | 0, 0, 0, 0, 0 | complete  | 0, 0, 0, 0
        COMPLETED | false | 0, 1, 1, 3, 0 | running   | 5, 1, 1, 3
        FAILED    | false | -             | failed    | 0, 0, 0, 0
        CANCELLED | false | 0, 0, 1, 2, 2 | cancelled | 5, 2, 1, 2
        """)
    void namesStates(JobStatus status, boolean paused, @Nullable String numbers, String word, String progress)
            throws Exception {
        made("j", job(PROPERTY, ""));
        long[] n = numbers == null
                ? null
                : List.of(numbers.split(", ")).stream()
                        .mapToLong(Long::parseLong)
                        .toArray();
        becomes("j", status, paused, n == null ? null : counts(n[0], n[1], n[2], n[3], n[4]));
        JsonNode job = done(200, "GET", "/api/jobs/j", null);
        assertThat(job.path("status").asText()).isEqualTo(word);
        JsonNode shown = job.path("progress");
        assertThat(String.join(
                        ", ",
                        shown.path("total").asText(),
                        shown.path("pending").asText(),
                        shown.path("completed").asText(),
                        shown.path("failed").asText()))
                .isEqualTo(progress);
    }

    /** Field case 84. */
    @Test
    void stopsAndResumesAJobThatIsUnderWay() throws Exception {
        made("j", job(PROPERTY, ""));
        done(409, "POST", "/api/jobs/j/resume", null);
        becomes("j", JobStatus.RUNNING, false, counts(2, 1, 1, 0, 0));
        done(409, "POST", "/api/jobs/j/resume", null);
        done(204, "POST", "/api/jobs/j/stop", null);
        assertThat(done(200, "GET", "/api/jobs/j", null).path("status").asText())
                .isEqualTo("stopped");
        done(409, "POST", "/api/jobs/j/stop", null);
        done(204, "POST", "/api/jobs/j/resume", null);
        assertThat(done(200, "GET", "/api/jobs/j", null).path("status").asText())
                .isEqualTo("running");
        becomes("j", JobStatus.COMPLETED, false, counts(0, 0, 4, 0, 0));
        assertThat(done(409, "POST", "/api/jobs/j/stop", null)
                        .at("/error/message")
                        .asText())
                .contains("The job is complete");
        assertThat(done(200, "GET", "/api/jobs/j", null).path("status").asText())
                .isEqualTo("complete");
        done(404, "POST", "/api/jobs/absent/stop", null);
    }

    @Test
    void rerunsAJobOnTheDevicesOnWhichItFailed() throws Exception {
        made("j", job(PROPERTY, ",'description':'d'"));
        becomes("j", JobStatus.RUNNING, false, counts(0, 1, 0, 1, 0));
        done(409, "PUT", "/api/jobs/j/rerun/k", null);
        becomes("j", JobStatus.COMPLETED, false, counts(0, 0, 2, 0, 0));
        done(409, "PUT", "/api/jobs/j/rerun/k", null);
        becomes("j", JobStatus.COMPLETED, false, counts(0, 0, 1, 1, 0));
        JsonNode again = done(200, "PUT", "/api/jobs/j/rerun/k", null);
        assertThat(again.path("id").asText()).isEqualTo("k");
        assertThat(again.path("description").asText()).isEqualTo("d");
        JobDefinition job = ((CreateJob) api.planner.commands.getLast()).getDefinition();
        assertThat(policy(job).getFailedIn()).isEqualTo("j");
        assertThat(policy(job).getGroup()).isNull();
        done(409, "PUT", "/api/jobs/j/rerun/k", null);
        done(400, "PUT", "/api/jobs/j/rerun/k.l", null);
    }

    private static DeviceJob device(String id, DeviceJobStatus status, @Nullable FailureReason failure) {
        return DeviceJob.newBuilder()
                .setJobId("j")
                .setDeviceId(id)
                .setOperation(OperationType.TWIN)
                .setStatus(status)
                .setCreatedAt(NOW)
                .setUpdatedAt(NOW)
                .setEndedAt(status == DeviceJobStatus.QUEUED ? null : NOW)
                .setFailure(failure)
                .setFailureDetail(failure == null ? null : "Why.")
                .build();
    }

    @Test
    void listsDevicesWithTheirErrorsAndThoseThatAreDeleted() throws Exception {
        made("j", job(PROPERTY, ""));
        List<DeviceJob> rows = List.of(
                device("a", DeviceJobStatus.COMPLETED, null),
                device("b", DeviceJobStatus.FAILED, FailureReason.NOT_CONNECTED),
                device("c", DeviceJobStatus.CANCELLED, null),
                device("d", DeviceJobStatus.QUEUED, null));
        api.planner.partitions = asked -> asked.limit() == 51
                ? List.of(new DevicePage(
                        0,
                        1,
                        List.of(
                                RequestsDouble.twinOf("a", "{}"),
                                RequestsDouble.twinOf("c", "{}"),
                                RequestsDouble.twinOf("d", "{}")),
                        false))
                : List.of(new DeviceJobPage(0, rows, false));
        JsonNode value = done(200, "GET", "/api/jobs/j/devices", null).path("value");
        assertThat(value.findValuesAsText("id")).containsExactly("a", "b", "c", "d");
        assertThat(value.findValuesAsText("status")).containsExactly("completed", "failed", "pending", "pending");
        assertThat(value.at("/1/error/code").asText()).isEqualTo("DeviceNotOnline");
        assertThat(value.at("/1/error/message").asText()).isEqualTo("Why.");
        assertThat(value.at("/1/deleted").asBoolean()).isTrue();
        assertThat(value.at("/0").has("deleted")).isFalse();
        JsonNode page = done(200, "GET", "/api/jobs/j/devices?maxpagesize=2", null);
        assertThat(page.path("value").findValuesAsText("id")).containsExactly("a", "b");
        String next = page.path("nextLink").asText();
        done(200, "GET", next.substring(next.indexOf("/api")), null);
        assertThat(api.planner.asked.stream().map(asked -> String.valueOf(asked.after())))
                .contains("j\0b");
    }

    @Test
    void listsJobsThatRunFirstThenTheNewestOfThirtyDays() throws Exception {
        for (String id : List.of("a", "b", "c", "d", "old")) {
            made(id, job(PROPERTY, ""));
            Job known = api.jobs.get(id).orElseThrow().job();
            Instant at = id.equals("old") ? NOW.minus(Duration.ofDays(31)) : NOW.plusSeconds(id.charAt(0));
            api.jobs.put(Job.newBuilder(known).setCreatedAt(at).setRevision(2).build());
        }
        client.ask(
                "PUT",
                "/jobs/v2/hub",
                "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{\"a\":1}},\"queryCondition\":\"*\"}");
        becomes("b", JobStatus.RUNNING, false, counts(0, 1, 0, 0, 0));
        JsonNode page = done(200, "GET", "/api/jobs?maxpagesize=3", null);
        assertThat(page.path("value").findValuesAsText("id")).containsExactly("b", "d", "c");
        String next = page.path("nextLink").asText();
        JsonNode rest = done(200, "GET", next.substring(next.indexOf("/api")), null);
        assertThat(rest.path("value").findValuesAsText("id")).containsExactly("a");
        assertThat(rest.has("nextLink")).isFalse();
        done(404, "GET", "/api/jobs/hub", null);
    }

    private SaveSchedule saved() {
        return (SaveSchedule) api.planner.commands.getLast();
    }

    @Test
    void savesAScheduledJobAndShowsItAsItWasGiven() throws Exception {
        JsonNode made = done(
                200,
                "PUT",
                "/api/scheduledJobs/nightly",
                job(
                        COMMAND,
                        ",'displayName':'Nightly','timeZone':'Europe/Paris','schedule':{'start':'2026-12-01T01:30:00Z',"
                                + "'recurrence':'daily','end':{'type':'occurrences','occurrences':30}}"));
        assertThat(made.path("id").asText()).isEqualTo("nightly");
        assertThat(made.path("enabled").asBoolean()).isTrue();
        assertThat(made.path("completed").asBoolean(true)).isFalse();
        assertThat(made.at("/schedule/end/occurrences").asInt()).isEqualTo(30);
        assertThat(saved().getDefinition().getTiming().getTimeZone()).isEqualTo("Europe/Paris");
        assertThat(saved().getDefinition().getTiming().getCount()).isEqualTo(30);
        assertThat(saved().getDefinition().getWriter()).isEqualTo("policy/iothubowner");
        JobDefinition job = ((CreateFleetJob) saved().getDefinition().getAction()).getDefinition();
        assertThat(job.getJobId()).isEqualTo("nightly");
        assertThat(policy(job).getGroup()).isEqualTo("lyon");
        assertThat(policy(job).getSource()).contains("\"scheduledJobId\":\"nightly\"");
        String etag = made.path("etag").asText();
        done(412, "PATCH", "/api/scheduledJobs/nightly", "{'enabled':false}", "If-Match", "\"other\"");
        JsonNode patched = done(
                200,
                "PATCH",
                "/api/scheduledJobs/nightly",
                "{'enabled':false,'schedule':{'start':'2026-12-02T01:30:00Z','recurrence':'weekly'}}",
                "If-Match",
                etag,
                "Content-Type",
                "application/merge-patch+json");
        assertThat(patched.path("enabled").asBoolean(true)).isFalse();
        // A schedule that is given is the whole one.
        assertThat(patched.path("schedule").has("end")).isFalse();
        assertThat(saved().getDefinition().getTiming().getCount()).isNull();
        assertThat(patched.path("displayName").asText()).isEqualTo("Nightly");
        assertThat(patched.path("etag").asText()).isNotEqualTo(etag);
        done(412, "DELETE", "/api/scheduledJobs/nightly", null, "If-Match", etag);
        done(204, "DELETE", "/api/scheduledJobs/nightly", null);
        done(404, "GET", "/api/scheduledJobs/nightly", null);
    }

    /** Field case 88. */
    @ParameterizedTest
    @CsvSource({"hourly", "yearly", "Sometimes"})
    void refusesAnotherRecurrenceAndNamesTheMember(String word) throws Exception {
        assertThat(done(400, "PUT", "/api/scheduledJobs/s", job(COMMAND, "," + DAILY.replace("daily", word)))
                        .at("/error/message")
                        .asText())
                .contains("recurrence", "daily");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ''                                                      | schedule is an object
        ,'schedule':{'recurrence':'daily'}                      | schedule.start
        ,'schedule':{'start':'soon'}                            | schedule.start
        ,'schedule':{'start':'2026-12-01T01:30:00Z','end':{'type':'date','date':'x'}} | a day such as
        ,'schedule':{'start':'2026-12-01T01:30:00Z','end':{'type':'occurrences','occurrences':1000}} | 1 to 999
        ,'timeZone':'Mars/Base',DAILY                           | The time zone is one of
        ,'devices':['a'],DAILY                                  | made once
        ,'retries':1,DAILY                                      | did you mean
        """)
    void refusesAScheduledJobThatMakesNoSense(String more, String sentence) throws Exception {
        String rest = more.equals("''") ? "" : more.replace("DAILY", DAILY);
        assertThat(done(400, "PUT", "/api/scheduledJobs/s", job(COMMAND, rest))
                        .at("/error/message")
                        .asText())
                .contains(sentence);
    }

    @Test
    void saysWhichTimesBroughtNoJobAndWhatIsWithheld() throws Exception {
        done(200, "PUT", "/api/scheduledJobs/s", job(COMMAND, "," + DAILY));
        Schedule schedule = api.views.schedules().get("central/s").orElseThrow();
        ScheduleRun made = ScheduleRun.newBuilder()
                .setDueAt(NOW)
                .setAt(NOW)
                .setRun("20261121022515")
                .build();
        ScheduleRun missed = ScheduleRun.newBuilder(made)
                .setRun("")
                .setMissed(true)
                .setOutcome(ScheduleRunOutcome.FAILED)
                .setMessage("It was late.")
                .build();
        api.views
                .schedules()
                .put(Schedule.newBuilder(schedule)
                        .setRecent(List.of(missed, made))
                        .setWithheld("The API token t, which wrote the schedule, was revoked.")
                        .setUpdatedAt(NOW.plusSeconds(99))
                        .build());
        JsonNode times = done(200, "GET", "/api/scheduledJobs/s/MISSED", null).path("value");
        assertThat(times.findValuesAsText("message")).containsExactly("It was late.");
        assertThat(times.findValuesAsText("time")).containsExactly(NOW.toString());
        assertThat(done(200, "GET", "/api/scheduledJobs/s", null)
                        .path("statusMessage")
                        .asText())
                .endsWith("was revoked.");
    }

    /** Field case 86. */
    @Test
    void keepsDefinitionsAndRunsInDifferentLists() throws Exception {
        done(200, "PUT", "/api/scheduledJobs/s", job(COMMAND, "," + DAILY));
        JobDefinition made = ((CreateFleetJob) saved().getDefinition().getAction()).getDefinition();
        for (String run : List.of("20261201013000", "20261202013000")) {
            api.planner.job(
                    "s-" + run,
                    new CreateJob(
                            JobDefinition.newBuilder(made).setJobId("s-" + run).build()));
        }
        made("s-20261203013000", job(PROPERTY, ""));
        Schedule schedule = api.views.schedules().get("central/s").orElseThrow();
        api.views
                .schedules()
                .put(Schedule.newBuilder(schedule)
                        .setStatus(ScheduleStatus.COMPLETED)
                        .setNextAt(null)
                        .setUpdatedAt(NOW.plusSeconds(99))
                        .build());
        JsonNode definitions = done(200, "GET", "/api/scheduledJobs", null).path("value");
        assertThat(definitions.findValuesAsText("id")).containsExactly("s");
        assertThat(definitions.at("/0/completed").asBoolean()).isTrue();
        JsonNode runs = done(200, "GET", "/api/scheduledJobs/s/jobs", null).path("value");
        assertThat(runs.findValuesAsText("id")).containsExactlyInAnyOrder("s-20261201013000", "s-20261202013000");
        assertThat(runs.findValuesAsText("scheduledJobId")).containsExactly("s", "s");
        assertThat(runs.findValuesAsText("status")).containsExactly("pending", "pending");
        done(204, "DELETE", "/api/scheduledJobs/s", null);
        assertThat(done(200, "GET", "/api/jobs/s-20261201013000", null)).isInstanceOf(ObjectNode.class);
        done(404, "GET", "/api/scheduledJobs/s/jobs", null);
    }
}
