package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.records.FireSchedule;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveSchedule;
import io.muster.records.ScheduleDefinition;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drives schedules as resources of Azure Resource Manager. Contract: webjobs-and-schedules, 2.9. */
class SchedulerTest {
    private static final String VERSION = "api-version=2016-03-01";
    private static final String GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Scheduler";
    private static final String COLLECTION = GROUP + "/jobCollections/c";
    private static final String JOB = COLLECTION + "/jobs/j";

    private TestApi api;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
        client = new ApiClient(api);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private ApiClient.Answer ask(String method, String path, @Nullable String body) throws Exception {
        return client.askOf(VERSION, method, path, body == null ? null : body.replace('\'', '"'));
    }

    private JsonNode done(int status, String method, String path, @Nullable String body) throws Exception {
        ApiClient.Answer answer = ask(method, path, body);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
        return answer.body();
    }

    /** A job that runs a WebJob at our own address. */
    private String document(String more) {
        return "{'properties':{'action':{'type':'Https','request':{'method':'POST','uri':'http://127.0.0.1:"
                + api.server.port()
                + "/fleet.scm.azurewebsites.net/api/triggeredwebjobs/purge/run?arguments=a%20b'}}" + more + "}}";
    }

    private void collection() throws Exception {
        done(201, "PUT", COLLECTION, "{'location':'local','properties':{'sku':{'name':'Standard'}}}");
    }

    private ScheduleDefinition saved() {
        return ((SaveSchedule) api.planner.commands.getLast()).getDefinition();
    }

    @Test
    void keepsCollections() throws Exception {
        collection();
        JsonNode again = done(200, "PUT", COLLECTION, "{'location':'here','tags':{'a':'b'},'properties':{}}");
        assertThat(again.path("name").asText()).isEqualTo("c");
        assertThat(again.path("location").asText()).isEqualTo("here");
        assertThat(again.at("/properties/state").asText()).isEqualTo("Enabled");
        assertThat(done(200, "PATCH", COLLECTION, "{'tags':{'x':'y'}}")
                        .path("tags")
                        .toString())
                .isEqualTo("{\"a\":\"b\",\"x\":\"y\"}");
        for (String list :
                new String[] {GROUP + "/jobCollections", "/subscriptions/s/providers/Microsoft.Scheduler/jobCollections"
                }) {
            assertThat(done(200, "GET", list, null).path("value").findValuesAsText("name"))
                    .containsExactly("c");
        }
        assertThat(done(200, "GET", GROUP.replace("/g/", "/other/") + "/jobCollections", null)
                        .path("value"))
                .isEmpty();
        done(200, "DELETE", COLLECTION, null);
        done(404, "GET", COLLECTION, null);
        done(404, "PUT", JOB, document(""));
    }

    @Test
    void makesAJobThatRunsAWebJob() throws Exception {
        collection();
        JsonNode made = done(
                201,
                "PUT",
                JOB,
                document(
                        ",'startTime':'2027-01-01T00:00:00Z','recurrence':{'frequency':'day','interval':2,'count':9}"));
        assertThat(made.path("name").asText()).isEqualTo("c/j");
        assertThat(made.at("/properties/state").asText()).isEqualTo("Enabled");
        assertThat(made.at("/properties/recurrence/interval").asInt()).isEqualTo(2);
        assertThat(made.at("/properties/status/nextExecutionTime").asText()).isEqualTo("2026-11-21T02:26:15.423Z");
        assertThat(saved().getAction()).isEqualTo(new RunSiteJob("fleet", "purge", "a b"));
        assertThat(saved().getTiming().getStart()).isEqualTo(Instant.parse("2027-01-01T00:00:00Z"));
        assertThat(saved().getTiming().getCount()).isEqualTo(9);

        assertThat(done(200, "GET", JOB.toUpperCase().replace("/SUBSCRIPTIONS/S", "/subscriptions/s"), null)
                        .at("/properties/action/type")
                        .asText())
                .as("segments are the same in any case")
                .isEqualTo("Https");
        JsonNode patched = done(200, "PATCH", JOB, "{'properties':{'state':'Disabled','recurrence':{'interval':3}}}");
        assertThat(patched.at("/properties/state").asText()).isEqualTo("Disabled");
        assertThat(patched.at("/properties/recurrence/frequency").asText()).isEqualTo("day");
        assertThat(patched.at("/properties/recurrence/interval").asInt()).isEqualTo(3);
        done(200, "PUT", JOB, document(""));
        assertThat(saved().getTiming().getStart())
                .as("it starts when it is saved")
                .isNull();
        done(200, "POST", JOB + "/run", null);
        assertThat(api.planner.commands.getLast()).isInstanceOf(FireSchedule.class);
        assertThat(done(200, "GET", JOB + "/history", null).path("value")).isEmpty();
        done(200, "DELETE", JOB, null);
        done(404, "DELETE", JOB, null);
    }

    @Test
    void disablesTheJobsOfACollectionWithItAndEnablesThoseThatSaySo() throws Exception {
        collection();
        done(201, "PUT", JOB, document(""));
        done(201, "PUT", COLLECTION + "/jobs/off", document(",'state':'Disabled'"));
        done(200, "POST", COLLECTION + "/disable", null);
        assertThat(done(200, "GET", JOB, null).at("/properties/state").asText()).isEqualTo("Disabled");
        done(201, "PUT", COLLECTION + "/jobs/later", document(""));
        assertThat(saved().getEnabled()).as("a job that is made meanwhile").isFalse();
        done(200, "POST", COLLECTION + "/enable", null);
        assertThat(done(200, "GET", COLLECTION + "/jobs?$filter=state%20eq%20'enabled'", null)
                        .path("value")
                        .findValuesAsText("name"))
                .containsExactly("c/j", "c/later");
    }

    @Test
    void pagesJobs() throws Exception {
        collection();
        for (int i = 0; i < 5; i++) {
            done(201, "PUT", COLLECTION + "/jobs/j" + i, document(""));
        }
        JsonNode page = done(200, "GET", COLLECTION + "/jobs?$top=2&$skip=1", null);
        assertThat(page.path("value").findValuesAsText("name")).containsExactly("c/j1", "c/j2");
        assertThat(page.path("nextLink").asText()).contains("$skip=3");
        assertThat(done(200, "GET", COLLECTION + "/jobs?$top=2&$skip=3", null).has("nextLink"))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}                                                                                  | properties
            {'properties':{}}                                                                   | action
            {'properties':{'action':{'type':'StorageQueue'}}}                                   | queues
            {'properties':{'action':{'type':'Http'}}}                                           | request
            {'properties':{'action':{'type':'Http','request':{'method':'POST','uri':'x y'}}}}   | uri
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://elsewhere.test/'}}}}  | elsewhere.test
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://OWN/'}}}}   | WebJobs
            {'properties':{'action':{'type':'Http','request':{'method':'POST','uri':'http://OWN/f.scm.azurewebsites.net/api/triggeredwebjobs/p/run'}},'recurrence':{'frequency':'year'}}} | frequency
            {'properties':{'action':{'type':'Http','request':{'method':'POST','uri':'http://OWN/f.scm.azurewebsites.net/api/triggeredwebjobs/p/run'}},'state':'Paused'}} | state
            {'properties':{'action':{'type':'Http','request':{'method':'POST','uri':'http://OWN/f.scm.azurewebsites.net/api/triggeredwebjobs/p/run'}},'recurence':{}}} | recurrence
            """)
    void refusesAJobThatMakesNoSense(String body, String named) throws Exception {
        collection();
        JsonNode refused = done(400, "PUT", JOB, body.replace("OWN", "127.0.0.1:" + api.server.port()));
        assertThat(refused.at("/error/message").asText()).contains(named);
        done(404, "GET", JOB, null);
    }
}
