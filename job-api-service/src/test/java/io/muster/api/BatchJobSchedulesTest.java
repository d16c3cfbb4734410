package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.api.BatchClient.Answer;
import io.muster.records.AddBatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.CreateBatchJob;
import io.muster.records.DeleteSchedule;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleStatus;
import java.io.IOException;
import java.time.Instant;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drives schedules of jobs over the real server, with the planner's schedules played by a double. Contract: batch, 3.4. */
class BatchJobSchedulesTest {
    private static final String NIGHTLY = """
            {'id':'Nightly','displayName':'n','metadata':[{'name':'owner','value':'me'}],
             'schedule':{'doNotRunUntil':'2027-03-28T01:30:00Z','doNotRunAfter':'2028-01-01T00:00:00Z','startWindow':'PT10M','recurrenceInterval':'P1D'},
             'jobSpecification':{'priority':7,'poolInfo':{'poolId':'edge'},'onAllTasksComplete':'terminatejob',
                                 'jobManagerTask':{'id':'m','commandLine':'true'}}}""";

    private TestApi api;
    private BatchClient client;
    private BatchJobsDouble jobs;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
        client = new BatchClient(api, "iothubowner");
        jobs = new BatchJobsDouble(api.views.batchJobs());
        api.planner.batch = jobs::take;
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

    private JsonNode nightly() throws Exception {
        return ask(200, "GET", "/jobschedules/nightly", null).body();
    }

    private void change(UnaryOperator<Schedule.Builder> change) {
        Schedule known = api.views.schedules().get("batch/nightly").orElseThrow();
        api.views.schedules().put(change.apply(Schedule.newBuilder(known)).build());
    }

    private ScheduleDefinition saved() {
        return ((SaveSchedule) api.planner.commands.getLast()).getDefinition();
    }

    @Test
    void addsAScheduleWithEachOfItsParts() throws Exception {
        Answer added = ask(201, "POST", "/jobschedules", NIGHTLY);
        assertThat(added.header("DataServiceId")).endsWith("/jobschedules/Nightly");
        CreateBatchJob create = (CreateBatchJob) saved().getAction();
        assertThat(create.getJobScheduleId()).isEqualTo("Nightly");
        assertThat(create.getDefinition().getPriority()).isEqualTo(7);
        assertThat(saved().getTiming().getStart()).isEqualTo(Instant.parse("2027-03-28T01:30:00Z"));
        assertThat(saved().getTiming().getEnd()).isEqualTo(Instant.parse("2028-01-01T00:00:00Z"));
        assertThat(saved().getTiming().getRecurrence()).isEqualTo(new ElapsedRecurrence(86_400L));
        assertThat(saved().getToleranceSeconds()).isEqualTo(600);
        assertThat(saved().getWriter())
                .as("whose rights its jobs are made under")
                .isEqualTo("policy/iothubowner");
        JsonNode schedule = nightly();
        assertThat(schedule.path("id").asText()).isEqualTo("Nightly");
        assertThat(schedule.path("state").asText()).isEqualTo("active");
        assertThat(schedule.at("/schedule/startWindow").asText()).isEqualTo("PT10M");
        assertThat(schedule.at("/schedule/recurrenceInterval").asText()).isEqualTo("P1D");
        assertThat(schedule.at("/schedule/doNotRunUntil").asText()).isEqualTo("2027-03-28T01:30:00Z");
        assertThat(schedule.at("/jobSpecification/priority").asInt()).isEqualTo(7);
        assertThat(schedule.at("/jobSpecification/jobManagerTask/id").asText()).isEqualTo("m");
        assertThat(schedule.at("/metadata/0/value").asText()).isEqualTo("me");
        assertThat(schedule.at("/executionInfo/nextRunTime").isTextual()).isTrue();
        assertThat(schedule.at("/executionInfo").has("recentJob")).isFalse();
        assertThat(ask(409, "POST", "/jobschedules", NIGHTLY).code()).isEqualTo("JobScheduleExists");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {'id':'a:b','schedule':{},'jobSpecification':{'poolInfo':{'poolId':'edge'}}}                              | InvalidPropertyValue    | id
            {'id':'a','jobSpecification':{'poolInfo':{'poolId':'edge'}}}                                              | MissingRequiredProperty | schedule
            {'id':'a','schedule':{}}                                                                                  | MissingRequiredProperty | jobSpecification
            {'id':'a','schedule':{'recurrenceInterval':'PT59S'},'jobSpecification':{'poolInfo':{'poolId':'edge'}}}    | InvalidPropertyValue    | schedule.recurrenceInterval
            {'id':'a','schedule':{'startWindow':'PT1M0.5S'},'jobSpecification':{'poolInfo':{'poolId':'edge'}}}        | InvalidPropertyValue    | schedule.startWindow
            {'id':'a','schedule':{'doNotRunUntil':'tomorrow'},'jobSpecification':{'poolInfo':{'poolId':'edge'}}}      | InvalidPropertyValue    | schedule.doNotRunUntil
            {'id':'a','schedule':{},'jobSpecification':{'poolInfo':{'autoPoolSpecification':{'poolLifetimeOption':'job'}}}} | InvalidPropertyValue | jobSpecification.poolInfo.autoPoolSpecification
            """)
    void refusesByItsNameWhatAScheduleCanNotHave(String body, String code, String member) throws Exception {
        Answer answer = ask(400, "POST", "/jobschedules", body);
        assertThat(answer.code()).isEqualTo(code);
        assertThat(answer.body().at("/values/0/value").asText()).isEqualTo(member);
        assertThat(api.planner.commands).isEmpty();
    }

    @Test
    void changesWhatAPatchHasAndReplacesAllByAPut() throws Exception {
        ask(201, "POST", "/jobschedules", NIGHTLY);
        String tag = nightly().path("eTag").asText();
        ask(200, "PATCH", "/jobschedules/NIGHTLY", "{'schedule':{'recurrenceInterval':'PT1H'}}", "If-Match", tag);
        assertThat(saved().getTiming().getStart())
                .as("the member is replaced whole")
                .isNull();
        assertThat(((CreateBatchJob) saved().getAction()).getDefinition().getPriority())
                .as("what it leaves out stays")
                .isEqualTo(7);
        assertThat(ask(412, "PATCH", "/jobschedules/nightly", "{'metadata':[]}", "If-Match", tag)
                        .code())
                .isEqualTo("ConditionNotMet");
        ask(200, "PUT", "/jobschedules/nightly", "{'schedule':{},'jobSpecification':{'poolInfo':{'poolId':'edge'}}}");
        CreateBatchJob create = (CreateBatchJob) saved().getAction();
        assertThat(create.getDefinition())
                .isEqualTo(BatchJobDefinition.newBuilder().setPoolId("edge").build());
        assertThat(create.getMetadata()).isEmpty();
        assertThat(create.getDisplayName()).as("it can't be changed").isEqualTo("n");
        assertThat(saved().getToleranceSeconds()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void disablesEnablesTerminatesAndDeletes() throws Exception {
        ask(201, "POST", "/jobschedules", NIGHTLY);
        ask(200, "HEAD", "/jobschedules/nightly", null);
        ask(204, "POST", "/jobschedules/nightly/disable", null);
        assertThat(nightly().path("state").asText()).isEqualTo("disabled");
        ask(204, "POST", "/jobschedules/nightly/enable", null);
        assertThat(nightly().path("state").asText()).isEqualTo("active");
        ask(202, "POST", "/jobschedules/nightly/terminate", null);
        JsonNode ended = nightly();
        assertThat(ended.path("state").asText()).isEqualTo("completed");
        assertThat(ended.at("/executionInfo/endTime").isTextual()).isTrue();
        assertThat(ended.at("/executionInfo").has("nextRunTime")).isFalse();
        ask(202, "DELETE", "/jobschedules/nightly", null);
        assertThat(api.planner.commands.getLast()).isInstanceOf(DeleteSchedule.class);
        ask(404, "HEAD", "/jobschedules/nightly", null);
        assertThat(ask(404, "GET", "/jobschedules/nightly", null).code()).isEqualTo("JobScheduleNotFound");
        assertThat(ask(404, "GET", "/jobschedules/nightly/jobs", null).code()).isEqualTo("JobScheduleNotFound");
    }

    @Test
    void showsItsJobsAndTheLastOfThem() throws Exception {
        ask(201, "POST", "/jobschedules", NIGHTLY);
        AddBatchJob add = new AddBatchJob(
                BatchJobDefinition.newBuilder().setPoolId("edge").build());
        for (String id : new String[] {"Nightly:job-1", "Nightly:job-2", "Nightly-2", "Other:job-1"}) {
            jobs.take(id, add);
        }
        change(schedule -> schedule.setLastJob(2).setActiveRun("r").setStatus(ScheduleStatus.COMPLETED));
        assertThat(nightly().path("state").asText()).as("its last job goes on").isEqualTo("active");
        assertThat(nightly().at("/executionInfo/recentJob/id").asText()).isEqualTo("Nightly:job-2");
        assertThat(nightly().at("/executionInfo/recentJob/url").asText()).endsWith("/jobs/Nightly:job-2");
        JsonNode first =
                ask(200, "GET", "/jobschedules/nightly/jobs?maxresults=1", null).body();
        assertThat(first.path("value").findValuesAsText("id")).containsExactly("Nightly:job-1");
        String next = first.path("odata.nextLink").asText();
        JsonNode second = client.send("GET", next.substring(next.indexOf("/jobschedules")), null)
                .body();
        assertThat(second.path("value").findValuesAsText("id")).containsExactly("Nightly:job-2");
        assertThat(second.has("odata.nextLink")).isFalse();
        assertThat(ask(200, "GET", "/jobs/nightly:job-1", null)
                        .body()
                        .path("id")
                        .asText())
                .isEqualTo("Nightly:job-1");
        ask(202, "POST", "/jobs/Nightly:job-1/terminate", null);
        assertThat(ask(400, "POST", "/jobs", "{'id':'Nightly:job-3','poolInfo':{'poolId':'edge'}}")
                        .code())
                .isEqualTo("InvalidPropertyValue");
    }

    @Test
    void refusesAScheduleWhileJobsOfADeletedOneOfItsIdAreThere() throws Exception {
        jobs.take(
                "Nightly:job-1",
                new AddBatchJob(
                        BatchJobDefinition.newBuilder().setPoolId("edge").build()));
        assertThat(ask(409, "POST", "/jobschedules", NIGHTLY).code()).isEqualTo("JobScheduleBeingDeleted");
    }

    @Test
    void listsSchedulesInPagesAndByAFilter() throws Exception {
        for (String id : new String[] {"c", "A", "b"}) {
            ask(201, "POST", "/jobschedules", NIGHTLY.replace("Nightly", id));
        }
        JsonNode first =
                ask(200, "GET", "/jobschedules?maxresults=2&$select=id", null).body();
        assertThat(first.path("value").findValuesAsText("id")).containsExactly("A", "b");
        String next = first.path("odata.nextLink").asText();
        JsonNode second = client.send("GET", next.substring(next.indexOf("/jobschedules")), null)
                .body();
        assertThat(second.path("value").findValuesAsText("id")).containsExactly("c");
        ask(204, "POST", "/jobschedules/b/disable", null);
        JsonNode disabled = ask(200, "GET", "/jobschedules?$select=id&$filter=state%20eq%20'disabled'", null)
                .body();
        assertThat(disabled.path("value").findValuesAsText("id")).containsExactly("b");
    }
}
