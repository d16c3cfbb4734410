package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.CalendarRecurrence;
import io.muster.records.CalendarUnit;
import io.muster.records.CreateFleetJob;
import io.muster.records.CreateJob;
import io.muster.records.CronRecurrence;
import io.muster.records.DeviceJobCounts;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.Job;
import io.muster.records.JobStatistics;
import io.muster.records.NthWeekday;
import io.muster.records.PauseJob;
import io.muster.records.ResumeJob;
import io.muster.records.RuleRecurrence;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveSchedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.Timing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drives jobs as IoT Hub's clients do. Contract: iot-hub, 3. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IotHubJobsTest {
    private TestApi api;
    private ApiClient client;

    @BeforeAll
    void start() throws IOException {
        api = TestApi.start();
        client = new ApiClient(api);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    /** Holds bodies as Node and Java send them. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'jobId':'ID','type':'scheduleDeviceMethod','cloudToDeviceMethod':{'methodName':'reboot','payload':null,'responseTimeoutInSeconds':30},'startTime':'2026-11-21T02:25:16.408Z','maxExecutionTimeInSeconds':120,'queryCondition':'*'}",
                "{'jobId':'ID','type':'scheduleUpdateTwin','cloudToDeviceMethod':null,'updateTwin':{'etag':'*','deviceId':null,'tags':{'x':1},'properties':{'desired':{'y':2}},'version':null},'startTime':null,'queryCondition':'*'}",
                "{'type':'scheduleTwinUpdate','updateTwin':{'tags':{'x':1}},'startTime':'2026-11-21T03:25:16+01:00','queryCondition':'*'}",
                "{'type':'scheduleDirectRequest','cloudToDeviceMethod':{'methodName':'reboot','timeoutInSeconds':9},'deviceIds':['a','b']}"
            })
    void takesAJobInEveryFormThatClientsSend(String body) throws Exception {
        String id = "job-" + Integer.toHexString(body.hashCode());
        ApiClient.Answer created =
                client.ask("PUT", "/jobs/v2/" + id, body.replace('\'', '"').replace("ID", id));
        assertThat(created.status()).as(created.body().toString()).isEqualTo(200);
        assertThat(created.body().path("jobId").asText()).isEqualTo(id);
        assertThat(created.body().path("type").asText()).isIn("scheduleDeviceMethod", "scheduleUpdateTwin");
        assertThat(created.body().path("status").asText()).isEqualTo("queued");
        created.body()
                .fields()
                .forEachRemaining(
                        member -> assertThat(member.getValue().isNull()).isFalse());
        assertThat(created.body().has("cloudToDeviceMethod"))
                .isNotEqualTo(created.body().has("updateTwin"));
        assertThat(api.planner.commands.getLast()).isInstanceOf(CreateJob.class);
    }

    @Test
    void showsPoliciesBeyondIotHubAsTheyWereGiven() throws Exception {
        String policy =
                "\"retries\":[{\"on\":\"noAnswer\",\"times\":3,\"backoffInSeconds\":5,\"longestBackoffInSeconds\":60,\"jitter\":0.1}],"
                        + "\"rollout\":{\"devicesPerMinute\":100,\"growth\":{\"factor\":1.5,\"afterSucceeded\":50,\"mostPerMinute\":1000}},"
                        + "\"batches\":{\"percent\":10,\"successPercent\":90},"
                        + "\"abort\":{\"failurePercent\":20,\"afterEnded\":10},"
                        + "\"windows\":[{\"start\":\"22:00\",\"end\":\"06:30\",\"days\":[\"monday\",\"sunday\"],\"timeZone\":\"Europe/Paris\"}],"
                        + "\"continuous\":true,\"priority\":7";
        ApiClient.Answer created = client.ask(
                "PUT",
                "/jobs/v2/with-policy",
                "{\"type\":\"scheduleDeviceMethod\",\"cloudToDeviceMethod\":{\"methodName\":\"x\"},\"queryCondition\":\"*\","
                        + policy + "}");
        assertThat(created.body().toString()).contains(policy);
        assertThat(created.body().has("statusMessage")).isFalse();
        Job paused = Job.newBuilder(api.jobs.get("with-policy").orElseThrow().job())
                .setPaused(true)
                .setRevision(2)
                .build();
        api.jobs.put(paused);
        ApiClient.Answer read = client.ask("GET", "/jobs/v2/with-policy", null);
        assertThat(read.body().path("status").asText()).isEqualTo("queued");
        assertThat(read.body().path("statusMessage").asText()).startsWith("Paused");
        client.ask("POST", "/jobs/v2/with-policy/pause", null);
        assertThat(api.planner.commands.getLast()).isEqualTo(new PauseJob());
        client.ask("POST", "/jobs/v2/with-policy/resume", "{}");
        assertThat(api.planner.commands.getLast()).isEqualTo(new ResumeJob());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'retries':[{'on':'odd'}]",
                "'retries':{}",
                "'rollout':{}",
                "'rollout':{'devicesPerMinute':1.5}",
                "'rollout':{'devicesPerMinute':1,'growth':{'factor':'x'}}",
                "'batches':[]",
                "'abort':{}",
                "'windows':[{'start':'25:00','end':'06:00'}]",
                "'windows':[{'start':'22:00','end':'06:00','days':['someday']}]",
                "'windows':[{'start':'22:00','end':'06:00','days':'monday'}]",
                "'continuous':'yes'",
                "'priority':'high'",
            })
    void refusesAPolicyOfWrongTypes(String policy) throws Exception {
        ApiClient.Answer refused = client.ask(
                "PUT",
                "/jobs/v2/wrong-policy",
                ("{'type':'scheduleUpdateTwin','updateTwin':{'tags':{}},'queryCondition':'*'," + policy + "}")
                        .replace('\'', '"'));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().path("Message").asText()).startsWith("ErrorCode:ArgumentInvalid;The member ");
    }

    /** Pages twenty jobs of 120 KB, two megabytes: no page has all of them, whatever was asked for, and all of them come. */
    @Test
    void pagesOfJobsAreBoundedByTheirLengthToo() throws Exception {
        for (int i = 0; i < 20; i++) {
            client.ask(
                    "PUT",
                    "/jobs/v2/long-" + i,
                    "{\"type\":\"scheduleDeviceMethod\",\"cloudToDeviceMethod\":{\"methodName\":\"m\",\"payload\":\""
                            + "x".repeat(120_000) + "\"},\"queryCondition\":\"*\"}");
        }
        List<String> ids = new ArrayList<>();
        String token = "";
        do {
            ApiClient.Answer page = token.isEmpty()
                    ? client.ask("GET", "/jobs/v2/query", null, "x-ms-max-item-count", "1000")
                    : client.ask(
                            "GET", "/jobs/v2/query", null, "x-ms-max-item-count", "1000", "x-ms-continuation", token);
            assertThat(page.body().toString().length()).isLessThan(1_500_000);
            page.body().forEach(job -> ids.add(job.path("jobId").asText()));
            token = page.response().headers().firstValue("x-ms-continuation").orElse("");
        } while (!token.isEmpty());
        assertThat(ids)
                .doesNotHaveDuplicates()
                .filteredOn(id -> id.startsWith("long-"))
                .hasSize(20);
    }

    @Test
    void pagesOfJobsEndWithoutAToken() throws Exception {
        for (String id : new String[] {"page-1", "page-2", "page-3"}) {
            client.ask(
                    "PUT",
                    "/jobs/v2/" + id,
                    "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{}},\"queryCondition\":\"*\"}");
        }
        api.jobs.put(new JobStatistics(
                "page-1", new DeviceJobCounts(3L, 1L, 0L, 2L, 0L, 0L), 1, 1, TestApi.NOW, 1L, List.of()));
        int seen = 0;
        String token = "";
        do {
            ApiClient.Answer page = token.isEmpty()
                    ? client.ask("GET", "/jobs/v2/query?jobType=scheduleUpdateTwin", null, "x-ms-max-item-count", "1")
                    : client.ask(
                            "GET",
                            "/jobs/v2/query?jobType=scheduleUpdateTwin",
                            null,
                            "x-ms-max-item-count",
                            "1",
                            "x-ms-continuation",
                            token);
            assertThat(page.body()).hasSize(1);
            seen++;
            token = page.response().headers().firstValue("x-ms-continuation").orElse("");
        } while (!token.isEmpty());
        assertThat(seen).isGreaterThanOrEqualTo(3);
        assertThat(client.ask("GET", "/jobs/v2/page-1", null)
                        .body()
                        .path("deviceJobStatistics")
                        .toString())
                .isEqualTo(
                        "{\"deviceCount\":3,\"failedCount\":0,\"succeededCount\":2,\"runningCount\":0,\"pendingCount\":1}");
        assertThat(client.ask("GET", "/jobs/v2/query?jobStatus=completed", null).body())
                .isEmpty();
    }

    /** Refuses misspelt policies: without its policy the job would run unpaced on the whole fleet. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            'rolout':{'devicesPerMinute':1}                                   | rolout | rollout
            'Rollout':{'devicesPerMinute':1}                                  | Rollout | rollout
            'retrys':[]                                                       | retrys | retries
            'window':[]                                                       | window | windows
            'abort_':{'failurePercent':5}                                     | abort_ | abort
            'maxExecutionTimeInSecond':5                                      | maxExecutionTimeInSecond | maxExecutionTimeInSeconds
            'starttime':'2031-01-01T00:00:00Z'                                | starttime | startTime
            'rollout':{'devicesPerMinut':60}                                  | rollout.devicesPerMinut | devicesPerMinute
            'rollout':{'devicesPerMinute':6,'grow':{}}                        | rollout.grow | growth
            'rollout':{'devicesPerMinute':6,'growth':{'factr':2}}             | rollout.growth.factr | factor
            'retries':[{'on':'noAnswer','time':3}]                            | retries[0].time | times
            'batches':{'percnt':10}                                           | batches.percnt | percent
            'abort':{'failurePercent':20,'afterEnd':50}                       | abort.afterEnd | afterEnded
            'windows':[{'start':'22:00','end':'06:00','timezone':'UTC'}]      | windows[0].timezone | timeZone
            'updateTwin':{'tags':{'a':1},'properties':{'floor':3}}            | updateTwin.properties.floor | desired
            'updateTwin':{'tags':{'a':1},'properties':{'reported':{'a':1}}}   | updateTwin.properties.reported | desired
            'updateTwin':{'tags':{'a':1},'properties':{'reported':5}}         | updateTwin.properties.reported | desired
            'updateTwin':{'tag':{'a':1}}                                      | updateTwin.tag | tags
            'updateTwin':{'desired':{'a':1}}                                  | updateTwin.desired | updateTwin.properties.desired
            """)
    void refusesAnUnknownMemberOfAJobAndNamesTheNearest(String member, String unknown, String nearest)
            throws Exception {
        String twin = member.contains("updateTwin") ? "" : "'updateTwin':{'tags':{}},";
        int before = api.planner.commands.size();
        ApiClient.Answer refused = client.ask(
                "PUT",
                "/jobs/v2/misspelt",
                ("{'type':'scheduleUpdateTwin'," + twin + "'queryCondition':'*'," + member + "}").replace('\'', '"'));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().path("Message").asText())
                .isEqualTo("ErrorCode:ArgumentInvalid;The member " + unknown + " is unknown: did you mean " + nearest
                        + "?");
        assertThat(api.planner.commands).hasSize(before);
    }

    /** Ignores an empty section, as Java's client sends it. */
    @Test
    void ignoresAnEmptySectionOfReportedPropertiesInAJob() throws Exception {
        ApiClient.Answer answer = client.ask(
                "PUT",
                "/jobs/v2/java",
                "{\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"*\",\"updateTwin\":{\"deviceId\":null,\"etag\":\"*\","
                        + "\"tags\":{\"a\":1},\"properties\":{\"desired\":{},\"reported\":{}}}}");
        assertThat(answer.status()).isEqualTo(200);
    }

    @Test
    void refusesAnUnknownMemberOfAMethodInAJob() throws Exception {
        ApiClient.Answer refused = client.ask(
                "PUT",
                "/jobs/v2/misspelt",
                "{\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"*\","
                        + "\"cloudToDeviceMethod\":{\"methodName\":\"m\",\"responseTimeoutInSecond\":3}}");
        assertThat(refused.body().path("Message").asText())
                .contains("cloudToDeviceMethod.responseTimeoutInSecond", "responseTimeoutInSeconds");
    }

    @Test
    void takesAJobsDocumentAsItWasRead() throws Exception {
        client.ask(
                "PUT",
                "/jobs/v2/read-1",
                "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{\"a\":1}},\"queryCondition\":\"*\"}");
        api.jobs.put(new JobStatistics(
                "read-1", new DeviceJobCounts(3L, 1L, 0L, 2L, 0L, 0L), 1, 1, TestApi.NOW, 1L, List.of()));
        String read = client.ask("GET", "/jobs/v2/read-1", null).body().toString();
        ApiClient.Answer again = client.ask("PUT", "/jobs/v2/read-2", read.replace("read-1", "read-2"));
        assertThat(again.status()).as(again.body().toString()).isEqualTo(200);
    }

    /** Answers any body by a success or one of the contract's errors, and sends no refused one on. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void refusesDamagedBodies(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        String good =
                "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{\"a\":[1,{\"b\":null}]}},\"queryCondition\":\"*\",\"maxExecutionTimeInSeconds\":60}";
        for (int round = 0; round < 150; round++) {
            byte[] body = good.getBytes(StandardCharsets.UTF_8);
            for (int hit = 0; hit < 1 + random.nextInt(5); hit++) {
                body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            }
            int before = api.planner.commands.size();
            ApiClient.Answer answer = client.send(
                    "PUT",
                    "/jobs/v2/fuzz-" + seed + "-" + round + "?" + ApiClient.VERSION,
                    body,
                    "Authorization",
                    client.token("iothubowner", "localhost", TestApi.NOW.plusSeconds(60)));
            assertThat(answer.status()).isIn(200, 400);
            assertThat(api.planner.commands.size() - before).isEqualTo(answer.status() == 200 ? 1 : 0);
            if (answer.status() == 400) {
                assertThat(answer.body().path("Message").asText()).startsWith("ErrorCode:");
            }
        }
    }

    private static String scheduled(String schedule) {
        return ("{'type':'scheduleUpdateTwin','updateTwin':{'tags':{'x':1}},'queryCondition':'*','schedule':" + schedule
                        + "}")
                .replace('\'', '"');
    }

    /** Answers as clients expect it: Microsoft's own suites assert both. */
    @Test
    void isQueuedInTheAnswerToItsCreationAndScheduledWhereItIsRead() throws Exception {
        String job = scheduled("null").replace("\"schedule\":null", "\"startTime\":\"2031-01-01T00:00:00Z\"");
        ApiClient.Answer created = client.ask("PUT", "/jobs/v2/ahead", job);
        assertThat(created.status()).as(created.body().toString()).isEqualTo(200);
        assertThat(created.body().path("status").asText()).isEqualTo("queued");
        assertThat(client.ask("GET", "/jobs/v2/ahead", null)
                        .body()
                        .path("status")
                        .asText())
                .isEqualTo("scheduled");
    }

    @Test
    void makesAJobAgainAndAgainByItsSchedule() throws Exception {
        String schedule = "{'timeZone':'Europe/Paris','cron':'0 30 3 * * 1-5'}";
        ApiClient.Answer created = client.ask("PUT", "/jobs/v2/nightly", scheduled(schedule));
        assertThat(created.status()).as(created.body().toString()).isEqualTo(200);
        assertThat(created.body().path("status").asText()).isEqualTo("scheduled");
        assertThat(created.body().path("schedule")).isEqualTo(TestApi.JSON.readTree(schedule.replace('\'', '"')));
        assertThat(created.body()
                        .path("scheduleStatus")
                        .path("nextExecutionTime")
                        .asText())
                .isEqualTo("2026-11-21T02:26:15.4230000Z");
        ScheduleDefinition saved = ((SaveSchedule) api.planner.commands.getLast()).getDefinition();
        assertThat(saved.getTiming())
                .isEqualTo(new Timing("Europe/Paris", Instant.EPOCH, new CronRecurrence("0 30 3 * * 1-5"), null, null));
        assertThat(((CreateFleetJob) saved.getAction()).getDefinition().getJobId())
                .isEqualTo("nightly");

        assertThat(client.ask("GET", "/jobs/v2/nightly", null).body()).isEqualTo(created.body());
        ApiClient.Answer plain = client.ask(
                "PUT",
                "/jobs/v2/nightly",
                "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{\"x\":1}},\"queryCondition\":\"*\"}");
        assertThat(plain.status())
                .as("a job without a schedule, of the same id")
                .isEqualTo(409);
        ApiClient.Answer cancelled = client.ask("POST", "/jobs/v2/nightly/cancel", null);
        assertThat(cancelled.body().path("status").asText()).isEqualTo("cancelled");
        assertThat(client.ask("GET", "/jobs/v2/nightly", null).body().toString())
                .contains("\"status\":\"cancelled\"")
                .doesNotContain("nextExecutionTime");
    }

    /** Lists jobs of both kinds in pages of one to three, by status: each once, in order of their ids. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void listsJobsThatAreMadeAgainAndAgainAmongTheOthers(int size) throws Exception {
        String once = scheduled("null").replace("\"schedule\":null", "\"startTime\":\"2031-01-01T00:00:00Z\"");
        List<String> expected = new ArrayList<>();
        for (String id : List.of("m-0", "m-1s", "m-2s", "m-3s", "m-4", "m-5", "m-6s", "m-7c")) {
            client.ask("PUT", "/jobs/v2/" + id, id.length() == 3 ? once : scheduled("{'cron':'0 30 3 * * *'}"));
            if (id.endsWith("c")) {
                client.ask("POST", "/jobs/v2/" + id + "/cancel", null);
            } else {
                expected.add(id);
            }
        }
        api.planner.schedule(
                "m-8/x",
                api.planner.commands.stream()
                        .filter(SaveSchedule.class::isInstance)
                        .findFirst()
                        .orElseThrow());
        assertThat(ids("/jobs/v2/query?jobStatus=scheduled&jobType=scheduleUpdateTwin", size))
                .as("one with a slash is another surface's")
                .filteredOn(id -> id.startsWith("m-"))
                .isEqualTo(expected);
        assertThat(ids("/jobs/v2/query?jobStatus=cancelled", size))
                .contains("m-7c")
                .doesNotContain("m-1s");
        assertThat(ids("/jobs/v2/query?jobType=scheduleDeviceMethod", size)).doesNotContain("m-1s");
    }

    private List<String> ids(String path, int size) throws Exception {
        List<String> ids = new ArrayList<>();
        String token = "";
        do {
            ApiClient.Answer page = token.isEmpty()
                    ? client.ask("GET", path, null, "x-ms-max-item-count", Integer.toString(size))
                    : client.ask(
                            "GET",
                            path,
                            null,
                            "x-ms-max-item-count",
                            Integer.toString(size),
                            "x-ms-continuation",
                            token);
            assertThat(page.body().size()).isLessThanOrEqualTo(size);
            page.body().forEach(job -> ids.add(job.path("jobId").asText()));
            token = page.response().headers().firstValue("x-ms-continuation").orElse("");
        } while (!token.isEmpty());
        return ids;
    }

    /** Puts the example of docs/schedules.md. */
    @Test
    void makesAJobAtTheTimesOfARuleOfRfc5545() throws Exception {
        String page = Files.readString(Path.of("../docs/schedules.md"));
        String body = Arrays.stream(page.split("```"))
                .filter(block -> block.startsWith("json") && block.contains("\"rrule\""))
                .findFirst()
                .orElseThrow()
                .substring("json".length());
        ApiClient.Answer created = client.ask("PUT", "/jobs/v2/ruled", body);
        assertThat(created.status()).as(created.body().toString()).isEqualTo(200);
        assertThat(created.body().path("schedule"))
                .isEqualTo(TestApi.JSON.readTree(body).path("schedule"));
        assertThat(((SaveSchedule) api.planner.commands.getLast())
                        .getDefinition()
                        .getTiming())
                .isEqualTo(new Timing(
                        "Europe/Paris",
                        Instant.parse("2026-12-01T08:00:00Z"),
                        new RuleRecurrence(List.of(
                                "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "EXDATE;VALUE=DATE:20261231")),
                        null,
                        null));
        assertThat(client.ask("PUT", "/jobs/v2/hostile", body.replace("MONTHLY", "SECONDLY"))
                        .body()
                        .toString())
                .contains("ArgumentInvalid", "by the minute at most");
    }

    /** Asks by the id of a schedule that another surface made: its slashes are escaped. */
    @Test
    void knowsNoJobWhereAScheduleDoesSomethingElse() throws Exception {
        client.ask("PUT", "/jobs/v2/other", scheduled("{'cron':'0 30 3 * * *'}"));
        SaveSchedule made = (SaveSchedule) api.planner.commands.getLast();
        String id = "/subscriptions/s/jobs/j";
        api.planner.schedule(
                id,
                new SaveSchedule(ScheduleDefinition.newBuilder(made.getDefinition())
                        .setAction(new RunSiteJob("fleet", "purge", ""))
                        .build()));
        String path = "/jobs/v2/" + id.replace("/", "%2F");
        assertThat(client.ask("GET", path, null).status()).isEqualTo(404);
        assertThat(client.ask("POST", path + "/cancel", null).status()).isEqualTo(404);
    }

    @Test
    void keepsEveryKindOfRecurrence() throws Exception {
        client.ask(
                "PUT",
                "/jobs/v2/monthly",
                scheduled(
                        "{'startTime':'2027-01-01T00:00:00Z','recurrence':{'frequency':'Month','interval':2,'count':5,"
                                + "'endTime':'2028-01-01T00:00:00Z','schedule':{'hours':[5],'minutes':[15,45],"
                                + "'monthDays':[1,-1],'monthlyOccurrences':[{'day':'Friday','Occurrence':-1}]}}}"));
        assertThat(((SaveSchedule) api.planner.commands.getLast())
                        .getDefinition()
                        .getTiming())
                .isEqualTo(new Timing(
                        "UTC",
                        Instant.parse("2027-01-01T00:00:00Z"),
                        new CalendarRecurrence(
                                CalendarUnit.MONTH,
                                2,
                                List.of(5),
                                List.of(15, 45),
                                List.of(),
                                List.of(-1, 1),
                                List.of(new NthWeekday(5, -1))),
                        Instant.parse("2028-01-01T00:00:00Z"),
                        5L));
        client.ask("PUT", "/jobs/v2/often", scheduled("{'recurrence':{'frequency':'Minute','interval':15}}"));
        assertThat(((SaveSchedule) api.planner.commands.getLast())
                        .getDefinition()
                        .getTiming())
                .as("it starts when it is saved")
                .isEqualTo(new Timing("UTC", null, new ElapsedRecurrence(900L), null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'cron':'* * * * *'}",
                "{'cron':'0 0 3 * * *','recurrence':{'frequency':'Day'}}",
                "{'cron':'0 0 3 * * *','timeZone':'Europe/Nowhere'}",
                "{'cron':'0 0 3 * * *','count':3}",
                "{'recurrence':{'frequency':'Year'}}",
                "7"
            })
    void refusesAScheduleThatMakesNoSense(String schedule) throws Exception {
        ApiClient.Answer refused = client.ask("PUT", "/jobs/v2/wrong", scheduled(schedule));
        assertThat(refused.status()).as(refused.body().toString()).isEqualTo(400);
        assertThat(client.ask("GET", "/jobs/v2/wrong", null).status()).isEqualTo(404);
    }

    /** Refuses ids that no job may have, among them those of another surface's schedules, which it would write over. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "a.b",
                "query",
                "%2Fsubscriptions%2Fs%2FresourceGroups%2Fg%2Fproviders%2FMicrosoft.Scheduler%2FjobCollections%2Fc%2Fjobs%2Fj"
            })
    void refusesAScheduleWhoseJobsWouldHaveIdsThatNoJobHas(String id) throws Exception {
        api.planner.commands.clear();
        ApiClient.Answer refused = client.ask("PUT", "/jobs/v2/" + id, scheduled("{'cron':'0 0 3 * * *'}"));
        assertThat(refused.status()).as(refused.body().toString()).isEqualTo(400);
        assertThat(api.planner.commands).isEmpty();
    }

    @Test
    void takesTheJobThatThePageOfSchedulesShows() throws Exception {
        Matcher json = Pattern.compile("```json\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../docs/schedules.md")));
        assertThat(json.find()).isTrue();
        ApiClient.Answer made = client.ask("PUT", "/jobs/v2/of-the-page", json.group(1));
        assertThat(made.status()).as(made.body().toString()).isEqualTo(200);
        assertThat(made.body().path("status").asText()).isEqualTo("scheduled");
    }
}
