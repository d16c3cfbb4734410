package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.SharedAccessPolicies;
import io.muster.api.access.Throttles;
import io.muster.api.job.RefusedException;
import io.muster.records.ApiToken;
import io.muster.records.CreateDevice;
import io.muster.records.DeviceGroup;
import io.muster.records.DevicePage;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceRefused;
import io.muster.records.DeviceView;
import io.muster.records.PatchTwin;
import io.muster.records.SaveCatalogItem;
import io.muster.records.UpdateDevice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drives IoT Central's API: its frame, API tokens, device groups, device templates and devices. Contract: iot-central, 1.1 to 1.3 and 1.7. */
class CentralTest {
    private static final String VERSION = "api-version=2022-07-31";
    private static final String TEMPLATE = "/api/deviceTemplates/dtmi:fridge:v3;1";

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

    private ApiClient.Answer ask(String method, String path, @Nullable String body, String... headers)
            throws Exception {
        return client.askOf(VERSION, method, path, body == null ? null : body.replace('\'', '"'), headers);
    }

    private JsonNode done(int status, String method, String path, @Nullable String body, String... headers)
            throws Exception {
        ApiClient.Answer answer = ask(method, path, body, headers);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
        return answer.body();
    }

    private ApiClient.Answer with(String token, String method, String path, @Nullable String body) throws Exception {
        byte[] bytes = body == null ? new byte[0] : body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return client.send(method, path + "?" + VERSION, bytes, "Authorization", token);
    }

    private String token(String id, String role) throws Exception {
        return done(200, "PUT", "/api/apiTokens/" + id, "{'roles':[" + role + "]}")
                .path("token")
                .asText();
    }

    private void template() throws Exception {
        done(
                200,
                "PUT",
                TEMPLATE,
                "{'@type':['ModelDefinition','DeviceModel'],'displayName':'Fridge','capabilityModel':{'@type':'Interface'}}");
    }

    private static String group(String where) {
        return "{'displayName':'Fridges','filter':'SELECT * FROM devices WHERE " + where + "'}";
    }

    @Test
    void refusesInTheContractsForm() throws Exception {
        ApiClient.Answer answer = ask("GET", "/api/deviceGroups/absent", null);
        assertThat(answer.status()).isEqualTo(404);
        JsonNode error = answer.body().path("error");
        assertThat(error.path("code").asText()).isEqualTo("NotFound");
        assertThat(error.path("message").asText()).contains("'absent'");
        assertThat(error.path("time").asText()).isEqualTo("Sat, 21 Nov 2026 02:25:15 GMT");
        assertThat(answer.response().headers().firstValue("x-ms-error-code")).hasValue("NotFound");
        assertThat(answer.response().headers().allValues("x-ms-request-id"))
                .containsExactly(error.path("requestId").asText());
        ApiClient.Answer other = client.askOf("api-version=2020-01-01", "GET", "/api/deviceGroups", null);
        assertThat(other.status()).isEqualTo(400);
        assertThat(other.body().at("/error/message").asText()).contains("2022-07-31");
        assertThat(client.askOf("api-version=1.1-preview", "GET", "/api/deviceGroups", null)
                        .status())
                .isEqualTo(200);
        assertThat(done(404, "GET", "/api/nothing", null).at("/error/code").asText())
                .isEqualTo("NoSuchRoute");
        assertThat(done(400, "PUT", "/api/deviceGroups/a", "{")
                        .at("/error/code")
                        .asText())
                .isEqualTo("BadRequest");
    }

    @Test
    void echoesTheClientsIdAndTakesWordsInAnyCase() throws Exception {
        done(200, "PUT", "/api/DEVICEGROUPS/Lyon", group("site = \\\"Lyon\\\""));
        ApiClient.Answer answer = ask("GET", "/API/devicegroups/Lyon", null, "x-ms-client-request-id", "mine-1");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.response().headers().firstValue("x-ms-client-request-id"))
                .hasValue("mine-1");
        assertThat(ask("GET", "/api/deviceGroups/lyon", null).status()).isEqualTo(404);
    }

    @Test
    void makesATokenThatIsShownOnceAndLetsItsHolderIn() throws Exception {
        JsonNode made = done(200, "PUT", "/api/apiTokens/ci", "{'roles':[{'role':'read'}]}");
        String token = made.path("token").asText();
        assertThat(token).matches("SharedAccessSignature sr=\\S+&sig=\\S+&skn=ci&se=\\d{13}");
        assertThat(made.path("expiry").asText()).isEqualTo("2027-11-21T02:25:15Z");
        assertThat(done(200, "GET", "/api/apiTokens/ci", null).has("token")).isFalse();
        assertThat(api.views.catalog().get("apiTokens/ci").orElseThrow().toString())
                .doesNotContain(token.split("[&=]")[3]);
        assertThat(with(token, "GET", "/api/deviceGroups", null).status()).isEqualTo(200);
        assertThat(with("Bearer " + token, "GET", "/api/deviceGroups", null).status())
                .isEqualTo(200);
        assertThat(done(409, "PUT", "/api/apiTokens/ci", "{'roles':[{'role':'read'}]}")
                        .at("/error/code")
                        .asText())
                .isEqualTo("Conflict");
        // None of its parts can be changed.
        for (String other : List.of(
                token.replaceFirst("&se=\\d", "&se=9"),
                token.replace("skn=ci", "skn=cj"),
                token.replace("sig=", "sig=A"))) {
            assertThat(with(other, "GET", "/api/deviceGroups", null).status())
                    .as(other)
                    .isEqualTo(401);
        }
        api.clock.set(TestApi.NOW.plus(Duration.ofDays(366)));
        assertThat(with(token, "GET", "/api/deviceGroups", null).status()).isEqualTo(401);
        api.clock.set(TestApi.NOW);
        done(204, "DELETE", "/api/apiTokens/ci", null);
        assertThat(with(token, "GET", "/api/deviceGroups", null)
                        .body()
                        .at("/error/message")
                        .asText())
                .contains("revoked");
    }

    @ParameterizedTest
    @CsvSource({
        "read,                                 200, 403, 403, 403",
        "operate,                              200, 200, 403, 403",
        "ae2c9854-393b-4f97-8c42-479d70ce626e, 200, 200, 403, 403",
        "344138e9-8de4-4497-8c54-5237e96d6aaf, 200, 200, 403, 403",
        "administer,                           200, 200, 200, 200",
        "ca310b8d-2f4a-44e0-a36e-957c202cd8d4, 200, 200, 200, 200"
    })
    void allowsWhatTheRoleOfATokenDoes(String role, int reads, int groups, int templates, int tokens) throws Exception {
        String token = token("t", "{'role':'" + role + "'}");
        assertThat(with(token, "GET", "/api/deviceGroups", null).status()).isEqualTo(reads);
        assertThat(with(token, "PUT", "/api/deviceGroups/g", group("a = 1")).status())
                .isEqualTo(groups);
        assertThat(with(token, "PUT", TEMPLATE, "{'capabilityModel':{}}").status())
                .isEqualTo(templates);
        assertThat(with(token, "PUT", "/api/apiTokens/u", "{'roles':[{'role':'read'}]}")
                        .status())
                .isEqualTo(tokens);
        assertThat(api.audit.stream().map(entry -> String.valueOf(entry.getPolicy())))
                .contains("token/t");
    }

    @Test
    void letsNoPolicyMakeATokenThatMayMoreThanItself() throws Exception {
        api.close();
        api = TestApi.start(SharedAccessPolicies.parse("iothubowner.rights=RegistryWrite\n"
                + "iothubowner.primaryKey=a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5\niothubowner.secondaryKey=a2V5\n"));
        client = new ApiClient(api);
        assertThat(done(403, "PUT", "/api/apiTokens/t", "{'roles':[{'role':'administer'}]}")
                        .at("/error/code")
                        .asText())
                .isEqualTo("Forbidden");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {'roles':[]}                                        | exactly one role
        {}                                                  | exactly one role
        {'roles':[{'role':'god'}]}                          | read, operate or administer
        {'roles':[{'role':'read','organization':'A'}]}      | small letters
        {'roles':[{'role':'read'}],'expires':'never'}       | did you mean
        """)
    void refusesATokenThatMakesNoSense(String body, String sentence) throws Exception {
        assertThat(done(400, "PUT", "/api/apiTokens/t", body)
                        .at("/error/message")
                        .asText())
                .contains(sentence);
    }

    @Test
    void savesAGroupInVersions() throws Exception {
        JsonNode made = done(200, "PUT", "/api/deviceGroups/g", group("floor = 1"));
        assertThat(made.path("id").asText()).isEqualTo("g");
        String etag = made.path("etag").asText();
        assertThat(etag).matches("\"\\w+-1\"");
        JsonNode patched =
                done(200, "PATCH", "/api/deviceGroups/g", "{'description':'All','displayName':'F'}", "If-Match", etag);
        assertThat(patched.path("description").asText()).isEqualTo("All");
        assertThat(patched.path("filter").asText()).endsWith("floor = 1");
        assertThat(patched.path("etag").asText()).isNotEqualTo(etag);
        assertThat(done(412, "PATCH", "/api/deviceGroups/g", "{'displayName':'G'}", "If-Match", etag)
                        .at("/error/code")
                        .asText())
                .isEqualTo("PreconditionFailed");
        done(412, "PUT", "/api/deviceGroups/g", group("floor = 2"), "If-Match", etag);
        done(412, "DELETE", "/api/deviceGroups/g", null, "If-Match", etag);
        assertThat(done(200, "PATCH", "/api/deviceGroups/g", "{'description':null}")
                        .has("description"))
                .isFalse();
        done(400, "PATCH", "/api/deviceGroups/g", "{'filter':null}");
        done(204, "DELETE", "/api/deviceGroups/g", null, "If-Match", "*");
        done(404, "GET", "/api/deviceGroups/g", null);
        done(404, "DELETE", "/api/deviceGroups/g", null);
        done(404, "PATCH", "/api/deviceGroups/g", "{}");
    }

    @Test
    void refusesAFilterWithItsPlace() throws Exception {
        JsonNode error =
                done(400, "PUT", "/api/deviceGroups/g", group("floor LIKE 1")).path("error");
        assertThat(error.path("code").asText()).isEqualTo("InvalidDeviceGroup");
        assertThat(error.path("message").asText()).contains("'LIKE' is unexpected", "line 1, character 35");
        done(404, "GET", "/api/deviceGroups/g", null);
        assertThat(done(400, "PUT", "/api/deviceGroups/g", group("$template = \\\"dtmi:none;1\\\""))
                        .toString())
                .contains("no device template dtmi:none;1");
        assertThat(done(400, "PUT", "/api/deviceGroups/g", "{'displayName':'x','filtre':'y'}")
                        .toString())
                .contains("did you mean filter");
        done(400, "PUT", "/api/deviceGroups/g", "{'filter':'SELECT * FROM devices'}");
        done(400, "PUT", "/api/deviceGroups/a.b", group("a = 1"));
    }

    @Test
    void answersMembersAndSaysWhenAGroupIsBroken() throws Exception {
        template();
        done(200, "PUT", "/api/deviceGroups/g", group("$template = \\\"dtmi:fridge:v3;1\\\" AND floor = 1"));
        api.planner.partitions = asked ->
                List.of(new DevicePage(0, 2, views("a", "c"), false), new DevicePage(1, 2, views("b", "d"), false));
        assertThat(done(200, "GET", "/api/deviceGroups/g/devices", null)
                        .path("value")
                        .findValuesAsText("id"))
                .containsExactly("a", "b", "c", "d");
        JsonNode page = done(200, "GET", "/api/deviceGroups/g/devices?maxpagesize=3", null);
        assertThat(page.path("value").findValuesAsText("id")).containsExactly("a", "b", "c");
        assertThat(page.path("nextLink").asText())
                .startsWith("http://127.0.0.1:" + api.server.port()
                        + "/api/deviceGroups/g/devices?api-version=2022-07-31&maxpagesize=3&$skiptoken=");
        String next = page.path("nextLink").asText();
        client.send(
                "GET",
                next.substring(next.indexOf("/api")),
                new byte[0],
                "Authorization",
                client.token("iothubowner", "localhost", TestApi.NOW.plusSeconds(60)));
        assertThat(api.planner.asked.getLast().after()).isEqualTo("c");
        done(204, "DELETE", TEMPLATE, null);
        int asked = api.planner.asked.size();
        assertThat(done(200, "GET", "/api/deviceGroups/g/devices", null).path("value"))
                .isEmpty();
        assertThat(api.planner.asked).hasSize(asked);
        assertThat(done(200, "GET", "/api/deviceGroups/g", null).path("broken").asText())
                .contains("dtmi:fridge:v3;1 is gone");
        template();
        assertThat(done(200, "GET", "/api/deviceGroups/g", null).has("broken")).isFalse();
    }

    private static List<DeviceView> views(String... ids) {
        List<DeviceView> views = new ArrayList<>();
        for (String id : ids) {
            views.add(RequestsDouble.twinOf(id, "{\"central\":{\"displayName\":\"" + id.toUpperCase() + "\"}}"));
        }
        return views;
    }

    @Test
    void keepsAsManyGroupsAsAreSet() throws Exception {
        for (String id : List.of("a", "b", "c")) {
            done(200, "PUT", "/api/deviceGroups/" + id, group("a = 1"));
        }
        assertThat(done(400, "PUT", "/api/deviceGroups/d", group("a = 1"))
                        .at("/error/code")
                        .asText())
                .isEqualTo("TooManyDeviceGroups");
        done(200, "PUT", "/api/deviceGroups/a", group("a = 2"));
        JsonNode page = done(200, "GET", "/api/deviceGroups?maxpagesize=2", null);
        assertThat(page.path("value").findValuesAsText("id")).containsExactly("a", "b");
        String next = page.path("nextLink").asText();
        assertThat(done(200, "GET", next.substring(next.indexOf("/api")), null)
                        .path("value")
                        .findValuesAsText("id"))
                .containsExactly("c");
        assertThat(done(200, "GET", "/api/deviceGroups", null).has("nextLink")).isFalse();
    }

    @Test
    void showsATokenOfAnOrganizationItsOwnThingsAlone() throws Exception {
        String bound = token("lyon", "{'role':'administer','organization':'lyon'}");
        done(200, "PUT", "/api/deviceGroups/others", group("a = 1").replace("}", ",'organizations':['paris']}"));
        assertThat(with(bound, "GET", "/api/deviceGroups/others", null).status())
                .isEqualTo(404);
        assertThat(with(bound, "DELETE", "/api/deviceGroups/others", null).status())
                .isEqualTo(404);
        assertThat(with(bound, "PUT", "/api/deviceGroups/others", group("a = 2"))
                        .status())
                .isEqualTo(404);
        assertThat(with(bound, "PUT", "/api/deviceGroups/own", group("a = 1"))
                        .body()
                        .path("organizations")
                        .path(0)
                        .asText())
                .isEqualTo("lyon");
        assertThat(with(
                                bound,
                                "PUT",
                                "/api/deviceGroups/own",
                                group("a = 1").replace("}", ",'organizations':['paris']}"))
                        .status())
                .isEqualTo(403);
        assertThat(with(bound, "GET", "/api/deviceGroups", null)
                        .body()
                        .path("value")
                        .findValuesAsText("id"))
                .containsExactly("own");
        assertThat(with(bound, "PUT", "/api/apiTokens/more", "{'roles':[{'role':'administer'}]}")
                        .status())
                .isEqualTo(200);
        assertThat(api.views.catalog().get("apiTokens/more").orElseThrow().getOrganization())
                .isEqualTo("lyon");
        assertThat(with(bound, "GET", "/api/apiTokens", null)
                        .body()
                        .path("value")
                        .findValuesAsText("id"))
                .containsExactly("lyon", "more");
        assertThat(((ApiToken) api.views
                                .catalog()
                                .get("apiTokens/more")
                                .orElseThrow()
                                .getContent())
                        .getHash())
                .hasSize(64);
    }

    @Test
    void keepsTheOrganizationOfWhatAnotherTokenChanges() throws Exception {
        String bound = token("lyon", "{'role':'administer','organization':'lyon'}");
        assertThat(with(bound, "PUT", "/api/deviceGroups/own", group("a = 1")).status())
                .isEqualTo(200);
        done(200, "PATCH", "/api/deviceGroups/own", "{'description':'x'}");
        assertThat(done(200, "PUT", "/api/deviceGroups/own", group("a = 2"))
                        .at("/organizations/0")
                        .asText())
                .isEqualTo("lyon");
        assertThat(condition("own")).startsWith("tags.central.organization = 'lyon' AND ");
        assertThat(with(bound, "PUT", "/api/devices/d", "{'displayName':'x'}").status())
                .isEqualTo(200);
        api.planner.devices.put("d", RequestsDouble.twinOf("d", "{\"central\":{\"organization\":\"lyon\"}}"));
        for (String method : List.of("PUT", "PATCH")) {
            done(200, method, "/api/devices/d", "{'displayName':'y'}");
            PatchTwin patch = (PatchTwin) api.planner.commands.getLast();
            assertThat(TestApi.JSON
                            .readTree(patch.getPatch().getTags())
                            .at("/central/organization")
                            .asText())
                    .isEqualTo("lyon");
        }
        // Only who sees all things takes one out, and says so.
        assertThat(with(bound, "PATCH", "/api/deviceGroups/own", "{'organizations':null}")
                        .status())
                .isEqualTo(403);
        assertThat(done(200, "PATCH", "/api/deviceGroups/own", "{'organizations':null}")
                        .has("organizations"))
                .isFalse();
        assertThat(condition("own")).doesNotContain("organization");
        assertThat(with(bound, "GET", "/api/deviceGroups/own", null).status()).isEqualTo(404);
    }

    private String condition(String group) {
        return ((DeviceGroup) api.views
                        .catalog()
                        .get("deviceGroups/" + group)
                        .orElseThrow()
                        .getContent())
                .getCondition();
    }

    @Test
    void letsNoTokenOfAnOrganizationWriteTemplatesWhichAreEverybodys() throws Exception {
        template();
        String bound = token("lyon", "{'role':'administer','organization':'lyon'}");
        assertThat(with(bound, "GET", TEMPLATE, null).status()).isEqualTo(200);
        String document = "{'capabilityModel':{'@id':'x'}}";
        assertThat(with(bound, "PUT", TEMPLATE, document).status()).isEqualTo(403);
        assertThat(with(bound, "PATCH", TEMPLATE, document).status()).isEqualTo(403);
        assertThat(with(bound, "PUT", "/api/deviceTemplates/dtmi:new;1", document)
                        .status())
                .isEqualTo(403);
        assertThat(with(bound, "DELETE", TEMPLATE, null).status()).isEqualTo(403);
        assertThat(done(200, "GET", TEMPLATE, null).at("/displayName").asText()).isEqualTo("Fridge");
    }

    @Test
    void showsATemplateUnderItsOwnIdWhateverItsDocumentSays() throws Exception {
        JsonNode made = done(
                200, "PUT", TEMPLATE, "{'@id':'dtmi:other;1','id':'dtmi:other;2','etag':'x','capabilityModel':{}}");
        assertThat(made.path("@id").asText()).isEqualTo("dtmi:fridge:v3;1");
        assertThat(made.has("id")).isFalse();
        assertThat(made.path("etag").asText()).isNotEqualTo("x");
    }

    /** A change is of the version for which its writer was checked: what another writer did meanwhile is not lost, and no other organization's thing is changed. */
    @Test
    void changesTheVersionThatWasRead() throws Exception {
        done(200, "PUT", "/api/deviceGroups/g", group("a = 1"));
        AtomicReference<@Nullable String> interrupted = new AtomicReference<>("g");
        api.planner.onSend = command -> {
            @Nullable String id = command instanceof SaveCatalogItem ? interrupted.getAndSet(null) : null;
            if (id != null) {
                SaveCatalogItem other = SaveCatalogItem.newBuilder((SaveCatalogItem) command)
                        .setSource("{\"displayName\":\"Of another\",\"filter\":\"SELECT * FROM devices\"}")
                        .build();
                api.planner.catalog("deviceGroups/" + id, other).join();
            }
        };
        done(412, "PATCH", "/api/deviceGroups/g", "{'description':'x'}");
        assertThat(done(200, "GET", "/api/deviceGroups/g", null)
                        .path("displayName")
                        .asText())
                .isEqualTo("Of another");
        interrupted.set("g");
        done(412, "PUT", "/api/deviceGroups/g", group("a = 2"));
        interrupted.set("new");
        done(409, "PUT", "/api/deviceGroups/new", group("a = 2"));
    }

    @Test
    void changesADeviceAgainThatChangedMeanwhile() throws Exception {
        done(200, "PUT", "/api/devices/d", "{'displayName':'x'}");
        String etag = done(200, "GET", "/api/devices/d", null).path("etag").asText();
        AtomicInteger refusals = new AtomicInteger(2);
        api.planner.onSend = command -> {
            boolean changes = command instanceof PatchTwin || command instanceof UpdateDevice;
            if (changes && refusals.getAndDecrement() > 0) {
                RefusedException.accepted(
                        new DeviceRefused(DeviceRefusalReason.PRECONDITION_FAILED, "It has changed."),
                        DeviceView.class);
            }
        };
        done(200, "PATCH", "/api/devices/d", "{'displayName':'y'}");
        PatchTwin patch = (PatchTwin) api.planner.commands.getLast();
        assertThat('"' + patch.getPatch().getIfMatch() + '"').isEqualTo(etag);
        refusals.set(0);
        done(200, "PATCH", "/api/devices/d", "{'enabled':false}");
        UpdateDevice update = (UpdateDevice) api.planner.commands.getLast();
        assertThat(update.getIfMatch()).isNotEqualTo("*").isNotBlank();
        done(412, "PATCH", "/api/devices/d", "{'displayName':'z'}", "If-Match", "\"AAA=\"");
        done(412, "DELETE", "/api/devices/d", null, "If-Match", "\"AAA=\"");
        done(204, "DELETE", "/api/devices/d", null, "If-Match", etag);
    }

    @Test
    void boundsTextsAndDocumentsAndPages() throws Exception {
        String name = "x".repeat(257);
        done(400, "PUT", "/api/deviceGroups/g", group("a = 1").replace("Fridges", name));
        done(400, "PUT", "/api/devices/d", "{'displayName':'" + name + "'}");
        done(400, "PUT", "/api/deviceGroups/g", group("a = 1" + " AND a = 1".repeat(900)));
        String model = "{'capabilityModel':{'a':'" + "x".repeat(120 * 1024) + "'}}";
        assertThat(done(
                                413,
                                "PUT",
                                "/api/deviceTemplates/t",
                                model.replace("'a'", "'a':'" + "x".repeat(9 * 1024) + "','b'"))
                        .at("/error/code")
                        .asText())
                .isEqualTo("RequestBodyTooLarge");
        for (int i = 10; i < 25; i++) {
            done(200, "PUT", "/api/deviceTemplates/t" + i, model);
        }
        JsonNode page = done(200, "GET", "/api/deviceTemplates", null);
        assertThat(page.path("value")).hasSize(9);
        String next = page.path("nextLink").asText();
        JsonNode rest = done(200, "GET", next.substring(next.indexOf("/api")), null);
        assertThat(rest.path("value")).hasSize(6);
        assertThat(rest.has("nextLink")).isFalse();
    }

    @Test
    void makesADeviceOfATemplateAndShowsItsKeys() throws Exception {
        done(400, "PUT", "/api/devices/fridge-1", "{'template':'dtmi:fridge:v3;1'}");
        template();
        done(
                200,
                "PUT",
                "/api/devices/fridge-1",
                "{'displayName':'Milk','template':'dtmi:fridge:v3;1','simulated':true}");
        CreateDevice made = (CreateDevice) api.planner.commands.getLast();
        assertThat(TestApi.JSON.readTree(made.getTags()))
                .isEqualTo(
                        TestApi.JSON.readTree(
                                "{\"central\":{\"displayName\":\"Milk\",\"template\":\"dtmi:fridge:v3;1\",\"simulated\":true}}"));
        JsonNode credentials = done(200, "GET", "/api/devices/fridge-1/credentials", null);
        assertThat(credentials.at("/symmetricKey/primaryKey").asText()).hasSizeGreaterThan(40);
        assertThat(credentials.path("idScope").asText()).isNotEmpty();
        done(200, "PATCH", "/api/devices/fridge-1", "{'displayName':'Cheese'}");
        PatchTwin patch = (PatchTwin) api.planner.commands.getLast();
        assertThat(TestApi.JSON
                        .readTree(patch.getPatch().getTags())
                        .at("/central/displayName")
                        .asText())
                .isEqualTo("Cheese");
        done(204, "DELETE", "/api/devices/fridge-1", null);
        done(404, "GET", "/api/devices/fridge-1", null);
        done(400, "PUT", "/api/devices/fridge-1", "{'tags':{}}");
    }

    /** Sends the documents of docs/iot-central.md, in order. */
    @Test
    void takesTheDocumentsOfThePage() throws Exception {
        Matcher json = Pattern.compile("<!-- run by CentralTest -->\n```json\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../docs/iot-central.md")));
        List<String> paths = List.of(
                "/api/apiTokens/of-the-page",
                "/api/deviceGroups/vending-lyon",
                "/api/jobs/fan-speed-03",
                "/api/scheduledJobs/nightly-reboot");
        for (String path : paths) {
            assertThat(json.find()).as(path).isTrue();
            ApiClient.Answer made = client.askOf(VERSION, "PUT", path, json.group(1));
            assertThat(made.status()).as(made.body().toString()).isEqualTo(200);
        }
        assertThat(json.find()).isFalse();
    }

    @Test
    void limitsTheRateOfACaller() throws Exception {
        api.close();
        api = TestApi.start(Map.of(Throttles.Kind.CENTRAL, 6));
        client = new ApiClient(api);
        done(200, "GET", "/api/deviceGroups", null);
        ApiClient.Answer answer = ask("GET", "/api/deviceGroups", null);
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.body().at("/error/code").asText()).isEqualTo("TooManyRequests");
        assertThat(answer.response().headers().firstValue("Retry-After")).hasValue("10");
    }
}
