package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.CustomHttpMethod;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Head;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the description with the API: it has every route, each of its routes is there, and real answers are as it says. */
class OpenApiTest {
    private static final String GROUP =
            "/subscriptions/s/resourcegroups/g/providers/Microsoft.StreamAnalytics/streamingjobs";
    /** Begins the paths of Batch for clients that sign nothing; its routes leave it out. */
    private static final String BATCH = "/{account}.batch.azure.com";

    private static final OpenApiDocument DOCUMENT = new OpenApiDocument();
    private TestApi api;

    @BeforeEach
    void start() throws Exception {
        api = TestApi.start();
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private JsonNode ask(String method, String path, String body) throws Exception {
        String version = path.startsWith("/subscriptions")
                ? "2020-03-01"
                : path.contains(".batch.azure.com")
                        ? "2022-10-01.16.0"
                        : path.startsWith("/api/") ? "2022-07-31" : "2021-04-12";
        String answer = api.exchange(method + " " + path + (path.contains("?") ? "&" : "?") + "api-version=" + version
                + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: " + api.token("iothubowner")
                + "\r\nX-HTTP-Method-Override: PATCH\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        int status = Integer.parseInt(answer.split(" ", 3)[1]);
        JsonNode json = answer.toLowerCase().contains("content-type: application/json")
                ? TestApi.body(answer)
                : TestApi.JSON.nullNode();
        DOCUMENT.check(method, path, status, json);
        return json;
    }

    private JsonNode sent(String method, String path, String body) throws Exception {
        String json = body.replace('\'', '"');
        DOCUMENT.checkRequest(method, path, TestApi.JSON.readTree(json));
        return ask(method, path, json);
    }

    @Test
    void describesEveryRoute() {
        Map<String, Set<String>> described = DOCUMENT.operations();
        Map<String, Set<String>> routes = routes();
        assertThat(routes).containsKeys("/devices/query", "/live/jobs");
        routes.forEach((path, methods) -> {
            Set<String> known = new TreeSet<>();
            described.forEach((template, of) -> {
                boolean same = path.equals("/subscriptions/{+rest}")
                        ? template.startsWith("/subscriptions/")
                        : template.equals(path);
                if (same) {
                    known.addAll(of);
                }
            });
            assertThat(known).as(path).isEqualTo(methods);
        });
    }

    private static Map<String, Set<String>> routes() {
        Map<String, Set<String>> routes = new TreeMap<>();
        for (JavaClass type : new ClassFileImporter().importPackages("io.muster.api")) {
            if (type.isAnnotatedWith(Controller.class)) {
                String start =
                        type.getAnnotationOfType(Controller.class).value().equals("/~batch") ? BATCH : "";
                for (Method method : type.reflect().getDeclaredMethods()) {
                    add(
                            routes,
                            "GET",
                            method.isAnnotationPresent(Get.class)
                                    ? start + method.getAnnotation(Get.class).value()
                                    : "");
                    add(
                            routes,
                            "HEAD",
                            method.isAnnotationPresent(Head.class)
                                    ? start + method.getAnnotation(Head.class).value()
                                    : "");
                    add(
                            routes,
                            "PUT",
                            method.isAnnotationPresent(Put.class)
                                    ? start + method.getAnnotation(Put.class).value()
                                    : "");
                    add(
                            routes,
                            "POST",
                            method.isAnnotationPresent(Post.class)
                                    ? start + method.getAnnotation(Post.class).value()
                                    : "");
                    add(
                            routes,
                            "PATCH",
                            method.isAnnotationPresent(Patch.class)
                                    ? start + method.getAnnotation(Patch.class).value()
                                    : "");
                    add(
                            routes,
                            "DELETE",
                            method.isAnnotationPresent(Delete.class)
                                    ? start + method.getAnnotation(Delete.class).value()
                                    : "");
                    assertThat(method.isAnnotationPresent(CustomHttpMethod.class))
                            .isFalse();
                }
            }
        }
        return routes;
    }

    private static void add(Map<String, Set<String>> routes, String method, String path) {
        if (!path.isEmpty()) {
            routes.computeIfAbsent(path, _ -> new TreeSet<>()).add(method);
        }
    }

    @Test
    void servesEveryDescribedOperation() throws Exception {
        for (Map.Entry<String, Set<String>> path : DOCUMENT.operations().entrySet()) {
            String there = path.getKey().replace("{kind}", "inputs").replaceAll("\\{\\w+}", "absent");
            for (String method : path.getValue()) {
                // A stream of events would go on: it is asked for what it refuses.
                JsonNode answer = ask(method, there.equals("/live/events") ? there + "?kinds=none" : there, "{}");
                assertThat(answer.toString())
                        .as(method + " " + there)
                        .doesNotContain("MethodNotAllowed", "ErrorCode:NotFound;", "NoSuchRoute")
                        // IoT Central's clients know what is missing by this name too.
                        .doesNotContain(there.startsWith("/api/") ? "NoSuchRoute" : "\"NotFound\"");
            }
        }
    }

    @Test
    void describesEveryBodyByASchema() {
        assertThat(DOCUMENT.bodies()).hasSizeGreaterThan(25);
        assertThat(DOCUMENT.objectsOfAnyMembers())
                .as("members that callers and devices name as they like, and members of Azure's that are kept and"
                        + " not used")
                .containsExactly(
                        "$metadata",
                        "Row",
                        "cluster",
                        "desired",
                        "externals",
                        "identity",
                        "jobStorageAccount",
                        "quota",
                        "sku",
                        "tags");
    }

    @Test
    void answersOfTheHubAreAsDescribed() throws Exception {
        sent("PUT", "/devices/a", "{'deviceId':'a','status':'enabled'}");
        sent("PUT", "/devices/a/modules/m", "{'moduleId':'m','managedBy':'me'}");
        ask("GET", "/devices/a", "");
        ask("GET", "/devices", "");
        ask("GET", "/devices/a/modules/m", "");
        ask("GET", "/twins/a", "");
        sent("PATCH", "/twins/a", "{'tags':{'x':1},'properties':{'desired':{'y':null}}}");
        sent("POST", "/twins/a", "{'tags':{'x':1}}");
        sent("PUT", "/twins/a/modules/m", "{'tags':null}");
        sent("POST", "/twins/a/methods", "{'methodName':'m','payload':{'a':[1]}}");
        sent("POST", "/twins/a/methods", "{'methodName':'offline'}");
        sent("POST", "/devices", "[{'id':'b','importMode':'create','tags':{'a':1}},{'id':'c','importMode':'delete'}]");
        sent("POST", "/devices/query", "{'query':'SELECT * FROM devices'}");
        sent("POST", "/api/schedules/preview", "{'timeZone':'Europe/Paris','cron':'0 30 2 * * *'}");
        sent(
                "POST",
                "/api/schedules/preview",
                "{'startTime':'2126-03-28T08:00:00Z','rrule':['FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU']}");
        ask("POST", "/devices/a/messages/devicebound", "x");
        ask("DELETE", "/devices/a/commands", "");
        ask("GET", "/statistics/devices", "");
        ask("GET", "/statistics/service", "");
        ask("DELETE", "/devices/a", "");
    }

    @Test
    void answersWebJobsAsDescribed() throws Exception {
        String site = "/fleet.scm.azurewebsites.net";
        assertThat(api.exchange("PUT " + site
                        + "/api/triggeredwebjobs/purge HTTP/1.1\r\nHost: localhost\r\nConnection: close"
                        + "\r\nAuthorization: " + api.token("iothubowner")
                        + "\r\nContent-Disposition: attachment; filename=run.sh\r\nContent-Length: 7\r\n\r\necho hi"))
                .startsWith("HTTP/1.1 200 ");
        ask("POST", site + "/api/triggeredwebjobs/purge/run", "");
        ask("GET", site + "/api/webjobs", "");
        ask("GET", site + "/api/triggeredwebjobs/purge", "");
        ask("GET", site + "/api/triggeredwebjobs/purge/history", "");
        ask("GET", site + "/api/triggeredwebjobs/purge/history/202611210225101230", "");
        sent("PUT", site + "/api/triggeredwebjobs/purge/settings", "{'schedule':'0 0 3 * * *','mine':{'a':1}}");
        ask("GET", site + "/api/triggeredwebjobs/purge/settings", "");
        sent("POST", site + "/api/settings", "{'A':'1','B':null}");
        ask("GET", site + "/api/settings", "");
        ask("GET", site + "/api/triggeredwebjobsswagger", "");
    }

    @Test
    void answersJobsAsDescribed() throws Exception {
        sent(
                "PUT",
                "/jobs/v2/full",
                "{'jobId':'full','type':'scheduleDeviceMethod','cloudToDeviceMethod':{'methodName':'update','payload':null,'responseTimeoutInSeconds':30},"
                        + "'queryCondition':'*','startTime':'2031-01-01T00:00:00Z','maxExecutionTimeInSeconds':60,"
                        + "'retries':[{'on':'noAnswer','times':3,'backoffInSeconds':10,'longestBackoffInSeconds':300,'jitter':0.2}],"
                        + "'rollout':{'devicesPerMinute':100,'growth':{'factor':2,'afterSucceeded':500,'mostPerMinute':2000}},"
                        + "'batches':{'percent':10,'successPercent':95},'abort':{'failurePercent':20,'afterEnded':50},'failureLimit':{'percent':10,'perBatch':true},'errorStatusFails':true,'offlineFails':true,"
                        + "'windows':[{'start':'22:00','end':'06:00','days':['saturday'],'timeZone':'Europe/Paris'}],"
                        + "'continuous':true,'priority':5}");
        sent(
                "PUT",
                "/jobs/v2/twins",
                "{'type':'scheduleUpdateTwin','updateTwin':{'etag':'*','tags':{'a':1},'properties':{'desired':{'b':2}}},'queryCondition':'*'}");
        sent(
                "PUT",
                "/jobs/v2/java",
                "{'type':'scheduleUpdateTwin','queryCondition':'*','updateTwin':{'deviceId':null,'etag':'*','version':null,"
                        + "'tags':{'a':1},'properties':{'desired':{},'reported':{}}}}");
        JsonNode read = ask("GET", "/jobs/v2/full", "");
        assertThat(read.size()).isGreaterThan(12);
        DOCUMENT.checkRequest("PUT", "/jobs/v2/full", read);
        ask("GET", "/jobs/v2/query", "");
        ask("GET", "/live/jobs", "");
        ask("POST", "/jobs/v2/full/cancel", "");
        ask("GET", "/jobs/v2/absent", "");
    }

    @Test
    void answersIotCentralAsDescribed() throws Exception {
        String data = "{'type':'%s','target':'dtmi:fridge;1','path':'a.b','value':%s}";
        sent("PUT", "/api/apiTokens/t", "{'roles':[{'role':'read','organization':'lyon'}]}");
        ask("GET", "/api/apiTokens", "");
        sent(
                "PUT",
                "/api/deviceTemplates/dtmi:fridge;1",
                "{'@type':['ModelDefinition'],'displayName':'F','capabilityModel':{'contents':[]}}");
        ask("GET", "/api/deviceTemplates", "");
        sent(
                "PUT",
                "/api/deviceGroups/g",
                "{'displayName':'G','description':'All','organizations':['lyon'],'filter':'SELECT * FROM devices WHERE"
                        + " a > 1'}");
        sent("PATCH", "/api/deviceGroups/g", "{'description':null}");
        ask("GET", "/api/deviceGroups", "");
        ask("GET", "/api/deviceGroups/g/devices", "");
        sent("PUT", "/api/devices/d", "{'displayName':'D','template':'dtmi:fridge;1','simulated':true,'enabled':true}");
        ask("GET", "/api/devices/d", "");
        ask("GET", "/api/devices/d/credentials", "");
        for (String type : new String[] {"property", "PropertyJobData", "cloudProperty", "command", "CommandJobData"}) {
            sent(
                    "PUT",
                    "/api/jobs/" + type,
                    "{'displayName':'J','description':'x','group':'g','batch':{'type':'number','value':2},"
                            + "'cancellationThreshold':{'type':'percentage','value':10,'batch':true},"
                            + "'data':[" + data.formatted(type, type.startsWith("c") ? "null" : "{'c':[1]}")
                            + "],'organizations':['lyon']}");
        }
        sent(
                "PUT",
                "/api/jobs/migration",
                "{'group':'g','data':[{'type':'deviceTemplateMigration','template':'dtmi:fridge;1'}]}");
        JsonNode read = ask("GET", "/api/jobs/property", "");
        assertThat(read.size()).isGreaterThan(7);
        DOCUMENT.checkRequest("PUT", "/api/jobs/other", read);
        ask("GET", "/api/jobs", "");
        ask("GET", "/api/jobs/property/devices", "");
        ask("POST", "/api/jobs/property/stop", "");
        ask("POST", "/api/jobs/property/resume", "");
        sent(
                "PUT",
                "/api/scheduledJobs/s",
                "{'group':'g','data':[" + data.formatted("command", "1") + "],'timeZone':'Europe/Paris','enabled':true,"
                        + "'schedule':{'start':'2031-01-31T01:30:00Z','recurrence':'monthly','end':{'type':'date','date':'2031-12-31'}}}");
        sent("PATCH", "/api/scheduledJobs/s", "{'enabled':false}");
        DOCUMENT.checkRequest("PUT", "/api/scheduledJobs/s", ask("GET", "/api/scheduledJobs/s", ""));
        ask("GET", "/api/scheduledJobs", "");
        ask("GET", "/api/scheduledJobs/s/jobs", "");
        ask("GET", "/api/scheduledJobs/s/missed", "");
    }

    @Test
    void answersStreamJobsAsDescribed() throws Exception {
        String job = GROUP + "/alerts";
        sent(
                "PUT",
                job,
                "{'location':'local','tags':{'a':'b'},'properties':{'sku':{'name':'Standard'},'eventsOutOfOrderPolicy':'Adjust','outputErrorPolicy':'Drop',"
                        + "'eventsOutOfOrderMaxDelayInSeconds':5,'eventsLateArrivalMaxDelayInSeconds':16,'compatibilityLevel':'1.2',"
                        + "'inputs':[{'name':'in1','properties':{'type':'Stream','serialization':{'type':'Json','properties':{'encoding':'UTF8'}},"
                        + "'datasource':{'type':'Microsoft.ServiceBus/EventHub','properties':{'eventHubName':'telemetry'}}}}],'transformation':{'name':'T','properties':{'streamingUnits':3,'query':'SELECT"
                        + " * INTO out1 FROM in1'}},"
                        + "'outputs':[{'name':'out1','properties':{'datasource':{'type':'Microsoft.ServiceBus/EventHub','properties':{'eventHubName':'alerts'}},"
                        + "'serialization':{'type':'Json','properties':{'encoding':'UTF8','format':'LineSeparated'}}}}]}}");
        JsonNode read = ask("GET", job + "?$expand=inputs,outputs,functions,transformation", "");
        assertThat(read.at("/properties/inputs/0/name").asText()).isEqualTo("in1");
        assertThat(read.at("/properties/transformation/properties/query").asText())
                .startsWith("SELECT");
        DOCUMENT.checkRequest("PUT", job, read);
        assertThat(ask("GET", GROUP, "").path("value").findValuesAsText("name")).contains("alerts");
        ask("GET", "/subscriptions/s/providers/Microsoft.StreamAnalytics/streamingjobs", "");
        for (String kind : new String[] {"inputs", "outputs", "functions", "transformations"}) {
            ask("GET", job + "/" + kind, "");
        }
        ask("GET", job + "/inputs/in1", "");
        ask("GET", job + "/inputs/absent", "");
        sent("PUT", job + "/inputs/in2", "{'properties':{'type':'Stream'}}");
        sent("PATCH", job + "/inputs/in2", "{'properties':{'type':'Reference'}}");
        sent(
                "PUT",
                job + "/inputs/in2",
                "{'properties':{'type':'Reference','datasource':{'type':'Microsoft.Storage/Blob','properties':"
                        + "{'container':'sites','pathPattern':'{date}/{time}/sites.csv','dateFormat':'yyyy/MM/dd','timeFormat':'HH'}},"
                        + "'serialization':{'type':'Csv','properties':{'fieldDelimiter':';','encoding':'UTF8'}}}}");
        sent(
                "PUT",
                job + "/outputs/out2",
                "{'properties':{'datasource':{'type':'Microsoft.AzureFunction','properties':"
                        + "{'functionAppName':'https://example.com','functionName':'alerts','maxBatchCount':50}}}}");
        sent(
                "PUT",
                job + "/functions/twice",
                "{'properties':{'type':'Scalar','properties':{'inputs':[{'dataType':'float'}],'output':{'dataType':'float'},'binding':{'type':'Microsoft.StreamAnalytics/JavascriptUdf','properties':{'script':'function"
                        + " main(x) { return 2 * x; }'}}}}}");
        ask("POST", job + "/inputs/in1/test", "");
        ask("DELETE", job + "/inputs/in2", "");
        sent("PATCH", job, "{'tags':{'c':'d'}}");
        sent("POST", job + "/start", "{'outputStartMode':'JobStartTime'}");
        ask("GET", job + "/operationresults/latest", "");
        ask("POST", job + "/stop", "");
        sent("POST", job + "/scale", "{'streamingUnits':6}");
        ask("DELETE", job, "");
        ask("GET", job, "");
    }

    @Test
    void refusesAnUnknownMemberOfAStreamJob() throws Exception {
        String[][] rows = {
            {"PUT", "/odd", "{'property':{}}", "property", "properties"},
            {
                "PUT",
                "/odd",
                "{'properties':{'eventsOutOfOrderMaxDelayInSecond':5}}",
                "properties.eventsOutOfOrderMaxDelayInSecond",
                "eventsOutOfOrderMaxDelayInSeconds"
            },
            {
                "PUT",
                "/odd",
                "{'properties':{'inputs':[{'name':'a','properties':{'data source':{}}}]}}",
                "properties.inputs[0].properties.data source",
                "datasource"
            },
            {
                "PUT",
                "/odd",
                "{'properties':{'transformation':{'properties':{'querry':''}}}}",
                "properties.transformation.properties.querry",
                "query"
            },
        };
        for (String[] row : rows) {
            JsonNode refused = ask(row[0], GROUP + row[1], row[2].replace('\'', '"'));
            assertThat(refused.at("/error/message").asText())
                    .isEqualTo("The member " + row[3] + " is unknown: did you mean " + row[4] + "?");
        }
        assertThat(ask("GET", GROUP + "/odd", "").at("/error/code").asText()).isEqualTo("ResourceNotFound");
    }

    /** Keeps only jobs that can be read: lists hold objects with a name, and properties are objects. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {'properties':['a']}                                                          | properties is an object
        {'properties':{'inputs':'a'}}                                                 | properties.inputs is an array of objects
        {'properties':{'inputs':['a']}}                                               | properties.inputs is an array of objects
        {'properties':{'outputs':[null]}}                                             | properties.outputs is an array of objects
        {'properties':{'inputs':{'a':{}}}}                                            | properties.inputs is an array of objects
        {'properties':{'functions':7}}                                                | properties.functions is an array of objects
        {'properties':{'inputs':[{'properties':{}}]}}                                 | properties.inputs[0].name is a text
        {'properties':{'inputs':[{'name':7,'properties':{}}]}}                        | properties.inputs[0].name is a text
        {'properties':{'outputs':[{'name':'a'},{'name':'o','properties':'x'}]}}       | properties.outputs[1].properties is an object
        {'properties':{'transformation':'T'}}                                         | properties.transformation is an object
        {'properties':{'transformation':{'properties':{'query':''}}}}                 | properties.transformation.name is a text
        {'properties':{'transformation':{'name':'T','properties':['SELECT']}}}        | properties.transformation.properties is an object
        """)
    void refusesAStreamJobThatCouldNotBeRead(String document, String message) throws Exception {
        assertThat(ask("PUT", GROUP + "/unread", document.replace('\'', '"'))
                        .at("/error/message")
                        .asText())
                .isEqualTo("The member " + message + ".");
        assertThat(ask("GET", GROUP + "/unread", "").at("/error/code").asText()).isEqualTo("ResourceNotFound");
    }

    @ParameterizedTest
    @CsvSource({"PUT, /inputs/i", "PATCH, /inputs/i", "PUT, /transformations/T", "PATCH, /transformations/T"})
    void refusesPropertiesOfAChildThatAreNoObject(String method, String child) throws Exception {
        String job = GROUP + "/children";
        ask("PUT", job, "{}");
        ask("PUT", job + child, "{}");
        assertThat(ask(method, job + child, "{\"properties\":\"x\"}")
                        .at("/error/message")
                        .asText())
                .isEqualTo("The member properties is an object.");
        assertThat(ask("GET", job + child, "").path("properties").isObject()).isTrue();
    }

    @Test
    void givesAChildWithoutPropertiesEmptyOnes() throws Exception {
        String job = GROUP + "/bare";
        ask(
                "PUT",
                job,
                "{'properties':{'inputs':[{'name':'i'}],'outputs':[{'name':'o','properties':null}],'functions':null,'transformation':{'name':'T'}}}"
                        .replace('\'', '"'));
        JsonNode read = ask("GET", job + "?$expand=inputs,outputs,functions,transformation", "");
        assertThat(read.at("/properties/inputs/0/name").asText()).isEqualTo("i");
        assertThat(read.at("/properties/outputs/0/properties").isObject()).isTrue();
        assertThat(read.at("/properties/functions")).isEmpty();
        assertThat(ask("GET", job + "/transformations/T", "").path("name").asText())
                .isEqualTo("T");
        assertThat(ask("PATCH", job + "/inputs/i", "{\"properties\":{\"type\":\"Stream\"}}")
                        .at("/properties/type")
                        .asText())
                .isEqualTo("Stream");
    }

    /** Drops diagnostics that a copy of a job sends back. */
    @Test
    void dropsDiagnosticsThatAreSentBack() throws Exception {
        String job = GROUP + "/corrected";
        String all = job + "?$expand=inputs,outputs,functions,transformation";
        ask(
                "PUT",
                job,
                "{'properties':{'inputs':[{'name':'i','properties':{'diagnostics':'x'}}],'outputs':[{'name':'o'}],'transformation':{'name':'T','properties':{'query':'SELECT * INTO o FROM other'}}}}"
                        .replace('\'', '"'));
        JsonNode read = ask("GET", all, "");
        assertThat(read.at("/properties/transformation/properties/diagnostics/conditions"))
                .hasSize(1);
        String corrected = read.toString().replace("FROM other", "FROM i");
        ask("PUT", job, corrected);
        JsonNode again = ask("GET", all, "");
        assertThat(again.at("/properties/transformation/properties/query").asText())
                .isEqualTo("SELECT * INTO o FROM i");
        assertThat(again.toString()).doesNotContain("diagnostics");
    }

    /** Checks the members that the service reads. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        /inputs/i    | {'type':'Stream','datasource':{'type':'x','properties':{'eventHubName':5}}}
        /inputs/i    | {'type':'Stream','serialization':{'type':'Csv','properties':{'fieldDelimiter':5}}}
        /outputs/o   | {'datasource':{'type':'x','properties':{'maxBatchCount':'many'}}}
        /functions/f | {'type':'Scalar','properties':{'inputs':5}}
        /functions/f | {'type':'Scalar','properties':{'binding':{'type':'x','properties':{'script':5}}}}
        """)
    void describesChildrenOfAStreamJobToTheirLastMember(String child, String properties) throws Exception {
        JsonNode body = TestApi.JSON.readTree("{\"properties\":" + properties.replace('\'', '"') + "}");
        assertThatThrownBy(() -> DOCUMENT.checkRequest("PUT", GROUP + "/j" + child, body))
                .isInstanceOf(AssertionError.class);
    }
}
