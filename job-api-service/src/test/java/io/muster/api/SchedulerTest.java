package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.Right;
import io.muster.access.SharedAccessPolicies;
import io.muster.records.BasicCredentials;
import io.muster.records.CallEndpoint;
import io.muster.records.FireSchedule;
import io.muster.records.RetryPolicy;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveCollection;
import io.muster.records.SaveSchedule;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.SuspendSchedule;
import io.muster.records.WriteMessage;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** Returns an action that runs a WebJob at our own address. */
    private String run() {
        return "{'type':'Https','request':{'method':'POST','uri':'http://127.0.0.1:" + api.server.port()
                + "/fleet.scm.azurewebsites.net/api/triggeredwebjobs/purge/run?arguments=a%20b'}}";
    }

    /** Returns a job with that action. */
    private String document(String more) {
        return "{'properties':{'action':" + run() + more + "}}";
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

    /** Those behind the first thousand were left out, without a word. */
    @Test
    void pagesCollections() throws Exception {
        String group = GROUP.toLowerCase(Locale.ROOT) + "/jobCollections/many-";
        for (int i = 0; i < 1200; i++) {
            String id = (group + "%04d".formatted(i)).toLowerCase(Locale.ROOT);
            api.views.collections().put(new ScheduleCollection(id, true, "{}", TestApi.NOW, TestApi.NOW));
        }
        JsonNode page = done(200, "GET", GROUP + "/jobCollections", null);
        List<String> names = new ArrayList<>(page.path("value").findValuesAsText("name"));
        assertThat(names).hasSize(100);
        while (page.has("nextLink")) {
            URI next = URI.create(page.path("nextLink").asText());
            page = done(200, "GET", next.getRawPath() + "?" + next.getRawQuery(), null);
            names.addAll(page.path("value").findValuesAsText("name"));
        }
        assertThat(names).hasSize(1200).doesNotHaveDuplicates().contains("many-1199");
    }

    @Test
    void namesFaultsAsAzureDoes() throws Exception {
        collection();
        for (String recurrence :
                List.of("{'frequency':'fortnight'}", "{'frequency':'day','interval':'x'}", "{'z':1}")) {
            assertThat(done(400, "PUT", JOB, document("'recurrence':" + recurrence))
                            .at("/error/code")
                            .asText())
                    .as(recurrence)
                    .isEqualTo("BadRequest");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {'properties':[]}                | properties
            {'properties':'x'}               | properties
            {'properties':{'state':'Pause'}} | state
            {'properties':{'state':[]}}      | state
            {'tags':['a']}                   | tags
            {'location':{}}                  | location
            """)
    void refusesACollectionThatMakesNoSense(String body, String named) throws Exception {
        assertThat(done(400, "PUT", COLLECTION, body).at("/error/message").asText())
                .contains(named);
        done(404, "GET", COLLECTION, null);
        collection();
        assertThat(done(400, "PATCH", COLLECTION, body).at("/error/message").asText())
                .contains(named);
        assertThat(done(200, "GET", COLLECTION, null).at("/properties/sku/name").asText())
                .isEqualTo("Standard");
    }

    @Test
    void listsACollectionWhoseDocumentMakesNoSense() throws Exception {
        collection();
        String id = COLLECTION.toLowerCase(Locale.ROOT) + "-old";
        api.views.collections().put(new ScheduleCollection(id, false, "{\"properties\":[]}", TestApi.NOW, TestApi.NOW));
        JsonNode list = done(200, "GET", GROUP + "/jobCollections", null).path("value");
        assertThat(list.findValuesAsText("name")).contains("c", "c-old");
        assertThat(list.findValuesAsText("state")).containsExactly("Enabled", "Disabled");
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
    void goesOnFromItsStartWhereAChangeLeavesThatOut() throws Exception {
        collection();
        JsonNode made = done(201, "PUT", JOB, document(",'recurrence':{'frequency':'day','interval':2,'count':9}"));
        Instant start = Instant.parse(made.at("/properties/startTime").asText());
        done(200, "PATCH", JOB, "{'properties':{'state':'Disabled'}}");
        assertThat(saved().getTiming().getStart()).as("its times are as before").isNull();
        done(200, "PATCH", JOB, "{'properties':{'recurrence':{'interval':3}}}");
        assertThat(saved().getTiming().getStart()).isEqualTo(start.truncatedTo(ChronoUnit.SECONDS));
        JsonNode ends = done(
                200, "PATCH", JOB, "{'properties':{'recurrence':{'count':null,'endTime':'2027-01-01T00:00:00Z'}}}");
        assertThat(saved().getTiming().getCount()).isNull();
        assertThat(saved().getTiming().getEnd()).isEqualTo(Instant.parse("2027-01-01T00:00:00Z"));
        assertThat(ends.at("/properties/recurrence").has("count")).isFalse();
        done(200, "PATCH", JOB, "{'properties':{'recurrence':{'count':4}}}");
        assertThat(saved().getTiming().getCount()).as("beside its end").isEqualTo(4);
        assertThat(saved().getTiming().getEnd()).isNotNull();
    }

    @Test
    void triesAgainFiveTimesEachMinuteWhereARetryPolicySaysNoMore() throws Exception {
        collection();
        done(201, "PUT", JOB, document("").replace("'request':", "'retryPolicy':{'retryType':'fixed'},'request':"));
        assertThat(saved().getRetry()).isEqualTo(new RetryPolicy(5, 60L));
    }

    @Test
    void showsAnOccurrenceInTheSpellingThatClientsRead() throws Exception {
        collection();
        String monthly = ",'recurrence':{'frequency':'Month','interval':1,'schedule':{'hours':[5],'minutes':[15],"
                + "'monthlyOccurrences':[{'day':'friday','occurrence':-1}]}}";
        done(201, "PUT", JOB, document(monthly));
        assertThat(done(200, "GET", JOB, null).at("/properties/recurrence/schedule/monthlyOccurrences/0"))
                .hasToString("{\"day\":\"friday\",\"Occurrence\":-1}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/FLEET.scm.azurewebsites.net/api/TriggeredWebJobs/purge/Run",
                "/fleet.scm.azurewebsites.net/api/triggeredjobs/purge/run",
                "/fleet.scm.azurewebsites.net/api/jobs/triggered/purge/run",
                "/fleet.scm.azurewebsites.net/jobs/triggered/purge/run"
            })
    void runsAWebJobByEachNameOfItsRun(String path) throws Exception {
        collection();
        done(
                201,
                "PUT",
                JOB,
                document("").replace("/fleet.scm.azurewebsites.net/api/triggeredwebjobs/purge/run", path));
        assertThat(saved().getAction()).isEqualTo(new RunSiteJob("fleet", "purge", "a b"));
    }

    /** Returns policies with one right each, named after it, and the owner's. */
    private static SharedAccessPolicies policies() throws IOException {
        String key = Base64.getEncoder().encodeToString(new byte[32]);
        StringBuilder text = new StringBuilder();
        Map<String, String> rights = new TreeMap<>();
        for (Right right : Right.values()) {
            rights.put(right.word(), right.word());
            rights.merge("iothubowner", right.word(), (before, one) -> before + "," + one);
        }
        rights.forEach((name, words) -> text.append(name + ".rights=" + words + "\n")
                .append(name + ".primaryKey=" + key + "\n")
                .append(name + ".secondaryKey=\n"));
        return SharedAccessPolicies.parse(text.toString());
    }

    private ApiClient.Answer ask(String policy, String method, String path, String body) throws Exception {
        return client.send(
                method,
                path + "?" + VERSION,
                body.replace('\'', '"').getBytes(StandardCharsets.UTF_8),
                "Authorization",
                client.token(policy, "localhost", TestApi.NOW.plusSeconds(60)));
    }

    @ParameterizedTest
    @CsvSource({
        "ServiceConnect, false",
        "RegistryWrite,  false",
        "Streams,        false",
        "Jobs,           true",
        "Compute,        true"
    })
    void runsWebJobsUnderTheRightsOfTheWriter(String policy, boolean mayRun) throws Exception {
        api.close();
        api = TestApi.start(policies());
        client = new ApiClient(api);
        collection();
        String call = "{'type':'Http','request':{'method':'GET','uri':'http://example.com/'}";
        ApiClient.Answer answer = ask(policy, "PUT", JOB, "{'properties':{'action':" + call + "}}}");
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(201);

        List<ApiClient.Answer> runs = new ArrayList<>();
        runs.add(ask(policy, "PUT", JOB, document("")));
        runs.add(ask(policy, "PUT", JOB, "{'properties':{'action':" + call + ",'errorAction':" + run() + "}}}"));
        if (!mayRun) {
            assertThat(saved().getErrorAction()).isNull();
            assertThat(saved().getAction()).isInstanceOf(CallEndpoint.class);
        }
        done(200, "PUT", JOB, document(""));
        runs.add(ask(policy, "PATCH", JOB, "{'properties':{'action':{'request':{'body':'b'}}}}"));
        assertThat(runs)
                .extracting(ApiClient.Answer::status)
                .as("a job, an error action, a change")
                .containsOnly(mayRun ? 200 : 403);
        if (!mayRun) {
            assertThat(runs)
                    .extracting(run -> run.body().at("/error/code").asText())
                    .containsOnly("AuthorizationFailed");
            assertThat(runs.getFirst().body().at("/error/message").asText()).contains(policy, "Jobs or Compute");
        }
    }

    @ParameterizedTest
    @CsvSource({"Streams, 403", "ServiceConnect, 403", "Jobs, 200", "Compute, 200"})
    void takesJobsOrComputeToEndOrToReplaceAJobThatRunsAWebJob(String policy, int status) throws Exception {
        api.close();
        api = TestApi.start(policies());
        client = new ApiClient(api);
        String call = "{'type':'Http','request':{'method':'GET','uri':'http://example.com/'}";
        for (String runs :
                List.of(document(""), "{'properties':{'action':" + call + ",'errorAction':" + run() + "}}}")) {
            collection();
            done(201, "PUT", JOB, runs);
            int before = api.planner.commands.size();
            List<ApiClient.Answer> answers = new ArrayList<>();
            answers.add(ask(policy, "PATCH", JOB, "{'properties':{'state':'Disabled'}}"));
            answers.add(ask(policy, "PUT", JOB, "{'properties':{'action':" + call + "}}}"));
            done(200, "PUT", JOB, runs);
            answers.add(ask(policy, "DELETE", COLLECTION, ""));
            if (status == 200) {
                collection();
                done(201, "PUT", JOB, runs);
            }
            answers.add(ask(policy, "DELETE", JOB, ""));
            assertThat(answers).extracting(ApiClient.Answer::status).containsOnly(status);
            if (status == 403) {
                assertThat(answers)
                        .extracting(answer -> answer.body().at("/error/code").asText())
                        .containsOnly("AuthorizationFailed");
                assertThat(api.planner.commands.subList(before, api.planner.commands.size()))
                        .as("the owner's PUT alone")
                        .hasSize(1);
            }
            done(200, "DELETE", COLLECTION, null);
        }
    }

    @Test
    void disablesTheJobsOfACollectionWithItAndEnablesThoseThatSaySo() throws Exception {
        collection();
        done(201, "PUT", JOB, document(""));
        done(201, "PUT", COLLECTION + "/jobs/off", document(",'state':'Disabled'"));
        done(200, "POST", COLLECTION + "/disable", null);
        assertThat(done(200, "GET", JOB, null).at("/properties/state").asText()).isEqualTo("Disabled");
        done(201, "PUT", COLLECTION + "/jobs/later", document(""));
        assertThat(saved().getSuspended()).as("a job that is made meanwhile").isTrue();
        done(200, "POST", COLLECTION + "/enable", null);
        assertThat(done(200, "GET", COLLECTION + "/jobs?$filter=state%20eq%20'enabled'", null)
                        .path("value")
                        .findValuesAsText("name"))
                .containsExactly("c/j", "c/later");
    }

    @Test
    void suspendsTheJobsOfACollectionAndSavesNothingOfThem() throws Exception {
        collection();
        for (String name : List.of("j1", "j2", "j3")) {
            done(201, "PUT", COLLECTION + "/jobs/" + name, document(""));
        }
        int before = api.planner.commands.size();
        api.planner.onSend = _ -> {
            api.planner.onSend = _ -> {};
            api.views.schedules().forget(COLLECTION.toLowerCase(Locale.ROOT) + "/jobs/j3");
        };
        done(200, "POST", COLLECTION + "/disable", null);
        assertThat(api.planner.commands.subList(before + 1, api.planner.commands.size()))
                .as("the planner alone knows what others have changed; one job was deleted meanwhile")
                .containsExactly(new SuspendSchedule(true), new SuspendSchedule(true), new SuspendSchedule(true));
        done(200, "POST", COLLECTION + "/disable", null);
        assertThat(api.planner.commands.getLast())
                .as("another instance may have enabled it unseen")
                .isEqualTo(new SuspendSchedule(true));
        done(200, "PATCH", COLLECTION, "{'tags':{'a':'b'}}");
        assertThat(api.planner.commands.getLast()).isInstanceOf(SaveCollection.class);
    }

    @Test
    void suspendsAJobWhoseCollectionIsDisabledWhileItIsSaved() throws Exception {
        collection();
        api.planner.onSend = command -> {
            if (command instanceof SaveSchedule) {
                String id = COLLECTION.toLowerCase(Locale.ROOT);
                api.views
                        .collections()
                        .put(new ScheduleCollection(
                                id, false, "{}", TestApi.NOW, TestApi.NOW.plus(Duration.ofDays(1))));
            }
        };
        assertThat(done(201, "PUT", JOB, document("")).at("/properties/state").asText())
                .isEqualTo("Disabled");
        assertThat(api.planner.commands.getLast()).isEqualTo(new SuspendSchedule(true));
    }

    @ParameterizedTest
    @CsvSource({
        "ServiceConnect, false",
        "RegistryWrite,  false",
        "Streams,        false",
        "Jobs,           true",
        "Compute,        true"
    })
    void takesJobsOrComputeToRunJobsAndToStopThem(String policy, boolean mayRun) throws Exception {
        api.close();
        api = TestApi.start(policies());
        client = new ApiClient(api);
        collection();
        done(201, "PUT", JOB, call("example.com"));
        int before = api.planner.commands.size();
        List<ApiClient.Answer> answers = new ArrayList<>();
        answers.add(ask(policy, "POST", JOB + "/run", ""));
        answers.add(ask(policy, "POST", COLLECTION + "/disable", ""));
        answers.add(ask(policy, "POST", COLLECTION + "/enable", ""));
        answers.add(ask(policy, "PATCH", COLLECTION, "{'properties':{'state':'Disabled'}}"));
        done(200, "PUT", COLLECTION, "{'properties':{'state':'Disabled'}}");
        answers.add(ask(policy, "PUT", COLLECTION, "{'properties':{'state':'Enabled'}}"));
        assertThat(answers).extracting(ApiClient.Answer::status).containsOnly(mayRun ? 200 : 403);
        if (!mayRun) {
            assertThat(answers)
                    .extracting(answer -> answer.body().at("/error/code").asText())
                    .containsOnly("AuthorizationFailed");
            assertThat(api.planner.commands.subList(before, api.planner.commands.size()))
                    .as("those of the owner's PUT alone")
                    .containsExactly(
                            new SaveCollection(false, "{\"properties\":{\"state\":\"Disabled\"}}"),
                            new SuspendSchedule(true));
        }
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

    /** Returns a job that calls an endpoint, with all that a call can have. */
    private static String call(String host) {
        return "{'properties':{'action':{'type':'Https','request':{'method':'post','uri':'https://" + host
                + "/hook?a=b','body':'hello','headers':{'X-Plant':'A','Authorization':'Bearer topsecret'}},"
                + "'retryPolicy':{'retryType':'Fixed','retryInterval':'PT2M','retryCount':3},"
                + "'errorAction':{'type':'Https','request':{'method':'GET','uri':'https://" + host
                + "/failed','authentication':{'type':'Basic','username':'ann','password':'topsecret'}}}}}}";
    }

    @Test
    void callsAnEndpointAndShowsNoSecret() throws Exception {
        collection();
        JsonNode made = done(201, "PUT", JOB, call("example.com"));
        assertThat(saved().getAction())
                .isEqualTo(new CallEndpoint(
                        "POST",
                        "https://example.com/hook?a=b",
                        Map.of("X-Plant", "A", "Authorization", "Bearer topsecret"),
                        "hello",
                        null));
        assertThat(saved().getRetry()).isEqualTo(new RetryPolicy(3, 120L));
        CallEndpoint onError = (CallEndpoint) saved().getErrorAction();
        assertThat(onError.getCredentials()).isEqualTo(new BasicCredentials("ann", "topsecret"));
        assertThat(saved().getErrorRetry()).isNull();
        assertThat(made.toString()).doesNotContain("topsecret");
        assertThat(saved().getSource()).doesNotContain("topsecret");
        assertThat(made.at("/properties/action/request/headers/X-Plant").asText())
                .isEqualTo("A");
        assertThat(made.at("/properties/action/errorAction/request/authentication/username")
                        .asText())
                .isEqualTo("ann");

        done(200, "PATCH", JOB, "{'properties':{'action':{'request':{'body':'other'}}}}");
        CallEndpoint changed = (CallEndpoint) saved().getAction();
        assertThat(changed.getBody()).isEqualTo("other");
        assertThat(changed.getHeaders()).as("kept").containsEntry("Authorization", "Bearer topsecret");
        assertThat(((CallEndpoint) saved().getErrorAction()).getCredentials()).isEqualTo(onError.getCredentials());
        done(200, "PATCH", JOB, "{'properties':{'action':{'request':{'uri':'https://other.example.com/'}}}}");
        assertThat(((CallEndpoint) saved().getAction()).getHeaders())
                .as("a secret goes to no host but the one that it was given for")
                .doesNotContainKey("Authorization");
        ApiClient.Answer refused = ask(
                "PATCH",
                JOB,
                "{'properties':{'action':{'errorAction':{'request':{'uri':'https://other.example.com/'}}}}}");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body().at("/error/message").asText()).contains("password");
    }

    /** Bounds what is kept and shown, also where nobody reads it. */
    @ParameterizedTest
    @ValueSource(strings = {"http://example.com/x", "http://OWN/f.scm.azurewebsites.net/api/triggeredwebjobs/p/run"})
    void boundsTheBodyOfARequestWhereverItGoes(String uri) throws Exception {
        collection();
        String body = "{'properties':{'action':{'type':'Http','request':{'method':'POST','uri':'"
                + uri.replace("OWN", "127.0.0.1:" + api.server.port()) + "','body':'" + "x".repeat(65_537) + "'}}}}";
        JsonNode refused = done(400, "PUT", JOB, body);
        assertThat(refused.at("/error/message").asText()).contains("body", "65536");
    }

    @Test
    void refusesAChangeWhoseHeadersAreNone() throws Exception {
        collection();
        done(201, "PUT", JOB, call("example.com"));
        JsonNode refused = done(400, "PATCH", JOB, "{'properties':{'action':{'request':{'headers':[]}}}}");
        assertThat(refused.at("/error/message").asText()).contains("headers");
        JsonNode twice = done(400, "PATCH", JOB, "{'properties':{'action':{'request':{'headers':{'x-plant':'B'}}}}}");
        assertThat(twice.at("/error/message").asText()).contains("x-plant", "twice");
    }

    @Test
    void writesToTheTopicOfAQueue() throws Exception {
        collection();
        api.planner.topics.add("queue-orders");
        JsonNode made = done(
                201,
                "PUT",
                JOB,
                "{'properties':{'action':{'type':'StorageQueue','queueMessage':{'storageAccount':'a',"
                        + "'queueName':'orders','sasToken':'topsecret','message':'hello'}}}}");
        assertThat(saved().getAction()).isEqualTo(new WriteMessage("queue-orders", "hello"));
        assertThat(made.toString()).doesNotContain("topsecret");
    }

    @Test
    void listsRunsOf60Days() throws Exception {
        collection();
        done(201, "PUT", JOB, call("example.com"));
        ScheduleRun.Builder run = ScheduleRun.newBuilder().setDueAt(TestApi.NOW).setRun("r");
        Instant oldest = TestApi.NOW.minus(Duration.ofDays(60));
        api.planner.ran(
                JOB.toLowerCase(Locale.ROOT),
                List.of(
                        run.setAt(TestApi.NOW).build(),
                        run.setAt(oldest).build(),
                        run.setAt(oldest.minusMillis(1)).build()));
        assertThat(done(200, "GET", JOB + "/history", null).path("value").findValuesAsText("startTime"))
                .containsExactly(TestApi.NOW.toString(), oldest.toString());
    }

    @Test
    void listsAttemptsOfActionsInPages() throws Exception {
        collection();
        done(201, "PUT", JOB, call("example.com"));
        Instant due = Instant.parse("2026-11-29T12:00:00Z");
        ScheduleRun.Builder run = ScheduleRun.newBuilder()
                .setDueAt(due)
                .setAt(due.plusSeconds(1))
                .setEndedAt(due.plusSeconds(3))
                .setRun("20261129120000");
        api.planner.ran(
                JOB.toLowerCase(Locale.ROOT),
                List.of(
                        run.setOfError(true)
                                .setMessage("The endpoint answered 2xx.")
                                .build(),
                        run.setOfError(false)
                                .setAttempt(1)
                                .setOutcome(ScheduleRunOutcome.FAILED)
                                .setMessage("The endpoint answered 5xx.")
                                .build(),
                        run.setAttempt(0).build(),
                        ScheduleRun.newBuilder()
                                .setDueAt(due)
                                .setAt(due)
                                .setMissed(true)
                                .setOutcome(ScheduleRunOutcome.POSTPONED)
                                .build()));
        JsonNode page = done(200, "GET", JOB + "/history?$top=3", null);
        assertThat(page.path("value").findValuesAsText("status")).containsExactly("Completed", "Failed", "Failed");
        assertThat(page.path("value").findValuesAsText("actionName"))
                .containsExactly("ErrorAction", "MainAction", "MainAction");
        assertThat(page.path("value").findValuesAsText("retryCount")).containsExactly("0", "1", "0");
        assertThat(page.path("value").findValuesAsText("name")).doesNotHaveDuplicates();
        JsonNode second = page.path("value").path(1).path("properties");
        assertThat(second.path("message").asText()).isEqualTo("The endpoint answered 5xx.");
        assertThat(second.path("expectedExecutionTime").asText()).isEqualTo("2026-11-29T12:00:00Z");
        assertThat(second.path("startTime").asText()).isEqualTo("2026-11-29T12:00:01Z");
        assertThat(second.path("endTime").asText()).isEqualTo("2026-11-29T12:00:03Z");
        assertThat(page.path("nextLink").asText()).contains("$skip=3");
        assertThat(done(200, "GET", JOB + "/history?$top=3&$skip=3", null)
                        .path("value")
                        .findValuesAsText("status"))
                .containsExactly("Postponed");
        JsonNode failed = done(200, "GET", JOB + "/history?$top=1&$filter=status%20eq%20'Failed'", null);
        assertThat(failed.path("value").findValuesAsText("status")).containsExactly("Failed");
        assertThat(failed.path("nextLink").asText()).contains("$filter=status%20eq%20");
        assertThat(ask("GET", JOB + "/history?$filter=x", null).status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}                                                                                  | properties
            {'properties':{}}                                                                   | action
            {'properties':{'action':{'type':'StorageQueue'}}}                                   | queueMessage
            {'properties':{'action':{'type':'StorageQueue','queueMessage':{'queueName':'Q'}}}}  | queueName
            {'properties':{'action':{'type':'StorageQueue','queueMessage':{'queueName':'not-there','message':'m'}}}} | queue-not-there
            {'properties':{'action':{'type':'ServiceBusQueue'}}}                                | Service Bus
            {'properties':{'action':{'type':'Http'}}}                                           | request
            {'properties':{'action':{'type':'Http','request':{'method':'POST','uri':'x y'}}}}   | uri
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://10.0.0.1/'}}}}        | public internet
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/','headers':{'Host':'x'}}}}} | Host
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://u:p@example.com/'}}}} | uri
            {'properties':{'action':{'type':'Http','request':{'method':'CONNECT','uri':'http://example.com/'}}}} | method
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/','headers':{'a b':'x'}}}}} | headers
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/','authentication':{'type':'ClientCertificate','pfx':'x'}}}}} | ClientCertificate
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/','authentication':{'type':'Basic','username':'u'}}}}} | password
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/','headers':{'Authorization':'x','authorization':'y'}}}}} | twice
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/','authentication':{'type':'NotSpecified','password':'x'}}}}} | password
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'serviceBusQueueMessage':{'authentication':{'sasKey':'x'}}}}} | serviceBusQueueMessage
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'queueMessage':{'sasToken':'x'}}}} | queueMessage
            {'properties':{'action':{'type':'StorageQueue','queueMessage':{'queueName':'not-there','message':'m'},'request':{'authentication':{'password':'x'}}}}} | request
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'errorAction':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'serviceBusTopicMessage':{}}}}} | serviceBusTopicMessage
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'errorAction':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'errorAction':{'type':'Http','request':{'headers':{'Authorization':'x'}}}}}}} | no errorAction of its own
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'retryPolicy':{'retryCount':2}}}} | retryType
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'retryPolicy':{'retryType':'Fixed','retryCount':21}}}} | up to 20
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'retryPolicy':{'retryType':'Fixed','retryInterval':'PT59S'}}}} | one minute
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'retryPolicy':{'retryType':'Fixed','retryInterval':'P2Y'}}}} | 18 months
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'retryPolicy':{'retryType':'Fixed','retryInterval':'soon'}}}} | PT10M
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://example.com/'},'errorAction':{'type':'Http'}}}} | request
            {'properties':{'action':{'type':'Http','request':{'method':'GET','uri':'http://OWN/'}}}}   | WebJobs
            {'properties':{'action':{'type':'Http','request':{'method':'POST','uri':'http://OWN/f.scm.azurewebsites.net/api/triggeredwebjobs/p/run','authentication':{'type':'ActiveDirectoryOAuth','secret':'x'}}}}} | secret
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
