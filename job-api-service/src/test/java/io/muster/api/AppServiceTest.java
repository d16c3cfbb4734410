package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.ScriptHost;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drives WebJobs as resources of Azure Resource Manager. Contract: webjobs-and-schedules, 2.8. */
class AppServiceTest {
    private static final String SITE = "/subscriptions/0/resourceGroups/G/providers/Microsoft.Web/sites/fleet";
    private static final String LED = "/subscriptions/0/resourceGroups/G/providers/Microsoft.Web/sites/fleet";
    private static final WebJobFiles FILES = WebJobFiles.newBuilder()
            .setSha256("ab".repeat(32))
            .setBytes(1)
            .setFileName("run.sh")
            .setScript("run.sh")
            .setHost(ScriptHost.BASH)
            .build();

    private TestApi api;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
        client = new ApiClient(api);
        api.planner.sites.take("fleet", new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{}", false, null, ""));
        api.planner.sites.take("fleet", new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, "{}", false, null, ""));
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private ApiClient.Answer ask(String method, String path, @Nullable String body) throws Exception {
        return client.askOf("api-version=2025-05-01", method, path, body);
    }

    private JsonNode got(String path) throws Exception {
        ApiClient.Answer answer = ask("GET", path, null);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
        return answer.body();
    }

    @Test
    void listsJobsInBothVocabularies() throws Exception {
        assertThat(got(SITE + "/webjobs").get("value")).hasSize(2);
        assertThat(got(SITE + "/continuousWebJobs")
                        .at("/value/0/properties/web_job_type")
                        .textValue())
                .isEqualTo("continuous");
        JsonNode job = got(SITE + "/triggeredwebjobs/purge");
        assertThat(job.get("id").textValue()).isEqualTo(LED + "/triggeredwebjobs/purge");
        assertThat(job.get("name").textValue()).isEqualTo("fleet/purge");
        assertThat(job.get("type").textValue()).isEqualTo("Microsoft.Web/sites/triggeredwebjobs");
        assertThat(job.at("/properties/name").textValue()).isEqualTo("purge");
        assertThat(job.at("/properties/web_job_name").textValue()).isEqualTo("purge");
        assertThat(job.at("/properties/url").textValue())
                .endsWith("/fleet.scm.azurewebsites.net/api/triggeredwebjobs/purge");
        assertThat(got(SITE + "/webjobs/watch").at("/properties/type").textValue())
                .isEqualTo("continuous");
    }

    @Test
    void runsAJobAndShowsItsHistory() throws Exception {
        assertThat(ask("POST", SITE + "/triggeredwebjobs/purge/run", null).status())
                .isEqualTo(200);
        ApiClient.Answer twice = ask("POST", SITE + "/triggeredwebjobs/purge/run", null);
        assertThat(twice.status()).isEqualTo(409);
        assertThat(twice.body().at("/error/code").textValue()).isEqualTo("Conflict");
        JsonNode run = got(SITE + "/triggeredwebjobs/purge/history").at("/value/0");
        String id = run.at("/properties/id").textValue();
        assertThat(run.get("id").textValue()).isEqualTo(LED + "/triggeredwebjobs/purge/history/" + id);
        assertThat(run.at("/properties/runs/0/web_job_id").textValue()).isEqualTo(id);
        assertThat(run.at("/properties/runs/0/status").textValue()).isEqualTo("Initializing");
        assertThat(got(SITE + "/triggeredwebjobs/purge/history/" + id)).isEqualTo(run);
        assertThat(got(SITE + "/triggeredwebjobs/purge")
                        .at("/properties/latest_run/web_job_id")
                        .textValue())
                .isEqualTo(id);
    }

    @Test
    void startsStopsAndDeletes() throws Exception {
        assertThat(ask("POST", SITE + "/continuouswebjobs/watch/stop", null).status())
                .isEqualTo(200);
        assertThat(got(SITE + "/continuouswebjobs/watch")
                        .at("/properties/status")
                        .textValue())
                .isEqualTo("Stopped");
        assertThat(ask("POST", SITE + "/continuouswebjobs/watch/start", null).status())
                .isEqualTo(200);
        assertThat(ask("DELETE", SITE + "/continuouswebjobs/watch", null).status())
                .isEqualTo(200);
        assertThat(ask("DELETE", SITE + "/continuouswebjobs/watch", null).status())
                .isEqualTo(204);
        ApiClient.Answer missing = ask("GET", SITE + "/continuouswebjobs/watch", null);
        assertThat(missing.status()).isEqualTo(404);
        assertThat(missing.body().at("/error/code").textValue()).isEqualTo("ResourceNotFound");
    }

    @Test
    void replacesSettingsOfTheSite() throws Exception {
        api.planner.sites.take("fleet", new PutSiteSettings(Map.of("OLD", "1"), false));
        ApiClient.Answer put = ask("PUT", SITE + "/config/appsettings", "{\"properties\":{\"NEW\":\"2\"}}");
        assertThat(put.status()).isEqualTo(200);
        assertThat(api.planner.commands.getLast()).isEqualTo(new PutSiteSettings(Map.of("NEW", "2"), true));
        assertThat(ask("POST", SITE + "/config/appsettings/list", null)
                        .body()
                        .at("/properties/NEW")
                        .textValue())
                .isEqualTo("2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/SUBSCRIPTIONS/0/ResourceGroups/G/Providers/MICROSOFT.WEB/Sites/Fleet/TriggeredWebJobs/purge",
                "/subscriptions/0/resourceGroups/G/providers/Microsoft.Web/sites/fleet/slots/production/triggeredwebjobs/PURGE"
            })
    void isReachedInAnySpelling(String path) throws Exception {
        assertThat(raw(path).get("name").textValue()).isEqualTo("fleet/purge");
    }

    /** Asks for what the description lists under another spelling. */
    private JsonNode raw(String path) throws IOException {
        String answer = api.exchange("GET " + path + "?api-version=2025-05-01 HTTP/1.1\r\nHost: localhost\r\n"
                + "Connection: close\r\nAuthorization: Bearer " + api.token("iothubowner") + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 200 ");
        return TestApi.body(answer);
    }

    @Test
    void takesASlotForASiteOfItsOwn() throws Exception {
        api.planner.sites.take(
                "fleet-staging", new PutWebJob(WebJobKind.TRIGGERED, "other", FILES, "{}", false, null, ""));
        assertThat(raw(SITE + "/slots/Staging/triggeredwebjobs")
                        .at("/value/0/name")
                        .textValue())
                .isEqualTo("fleet-staging/other");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            GET  | other | /webjobs                 |                        | 404 | ResourceNotFound | There is no site other.
            GET  | other | /triggeredwebjobs        |                        | 404 | ResourceNotFound | There is no site other.
            POST | other | /config/appsettings/list |                        | 404 | ResourceNotFound | There is no site other.
            PUT  | fleet | /config/appsettings      | {"properties":{"A":{}}} | 400 | BadRequest       | Give the setting A as a text.
            """)
    void saysWhyItRefuses(
            String method, String site, String path, @Nullable String body, int status, String code, String sentence)
            throws Exception {
        ApiClient.Answer answer = ask(method, SITE.replace("fleet", site) + path, body);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.body().at("/error/code").textValue()).isEqualTo(code);
        assertThat(answer.body().at("/error/message").textValue()).isEqualTo(sentence);
    }

    @Test
    void refusesInTheFormOfTheResourceManager() throws Exception {
        assertThat(ask("GET", SITE + "/functions", null).status()).isEqualTo(404);
        assertThat(client.askOf("api-version=1999-01-01", "GET", SITE + "/webjobs", null)
                        .status())
                .isEqualTo(400);
        String body = api.exchange("GET " + SITE + "/webjobs?api-version=2025-05-01 HTTP/1.1\r\nHost: localhost\r\n"
                + "Connection: close\r\nAuthorization: Bearer " + api.token("service") + "\r\n\r\n");
        assertThat(body).startsWith("HTTP/1.1 403 ").contains("AuthorizationFailed");
    }
}
