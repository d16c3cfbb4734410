package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.standalone.RestClient;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs jobs of IoT Central over groups of real devices: in batches, with a threshold, stopped and resumed, again, and on a schedule. */
class IotCentralTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Behaviour FAILING =
            new Behaviour(Duration.ZERO, Duration.ZERO, 1, 0, 0, true, Duration.ZERO, 1);
    private static final Behaviour SLOW = Behaviour.answeringWithin(Duration.ofMillis(500), Duration.ofMillis(700), 1);
    private static final List<String> GOOD = SimulatedFleet.deviceIds("central-good-", 8);
    private static final List<String> BAD = SimulatedFleet.deviceIds("central-bad-", 4);
    private static final List<String> OFFLINE = SimulatedFleet.deviceIds("central-off-", 2);
    private static final List<String> SLOWLY = SimulatedFleet.deviceIds("central-slow-", 6);
    private static final Set<String> ENDED = Set.of("complete", "failed", "cancelled");

    private static RunningMuster muster;
    private static SimulatedFleet good;
    private static SimulatedFleet bad;
    private static SimulatedFleet slow;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
        muster.register(GOOD, "{\"site\":\"lyon\",\"kind\":\"good\"}");
        muster.register(BAD, "{\"site\":\"lyon\",\"kind\":\"bad\"}");
        muster.register(OFFLINE, "{\"site\":\"lyon\",\"kind\":\"offline\"}");
        muster.register(SLOWLY, "{\"site\":\"nice\"}");
        good = muster.connect(GOOD, Behaviour.PERFECT);
        bad = muster.connect(BAD, FAILING);
        slow = muster.connect(SLOWLY, SLOW);
        await().atMost(LIMIT)
                .until(() -> good.counters().connected() == GOOD.size()
                        && bad.counters().connected() == BAD.size()
                        && slow.counters().connected() == SLOWLY.size());
        group("lyon", "site = \\\"lyon\\\"");
        group("bad", "site = \\\"lyon\\\" AND kind = \\\"bad\\\" AND $provisioned = true");
        group("nice", "site = \\\"nice\\\"");
    }

    @AfterAll
    static void stop() {
        good.close();
        bad.close();
        slow.close();
    }

    private static JsonNode sent(int status, String method, String path, @Nullable String body) {
        return checked(status, path, muster.rest.sendCentral(method, path, json(body)));
    }

    private static JsonNode sentWith(String token, int status, String method, String path, @Nullable String body) {
        return checked(status, path, muster.rest.sendCentral(method, path, json(body), token));
    }

    private static @Nullable String json(@Nullable String body) {
        return body == null ? null : body.replace('\'', '"');
    }

    private static JsonNode checked(int status, String path, CompletableFuture<RestClient.Answer> sent) {
        RestClient.Answer answer = sent.join();
        assertThat(answer.status()).as(path + " " + answer.body()).isEqualTo(status);
        return answer.body();
    }

    private static void group(String id, String where) {
        sent(
                200,
                "PUT",
                "deviceGroups/" + id,
                "{'displayName':'" + id + "','filter':'SELECT * FROM devices WHERE " + where + "'}");
    }

    private static String reboot(String group, String more) {
        return "{'group':'" + group
                + "','data':[{'type':'command','target':'dtmi:fridge;1','path':'Reboot','value':null}]" + more + "}";
    }

    private static JsonNode job(String id) {
        return sent(200, "GET", "jobs/" + id, null);
    }

    private static JsonNode ended(String id) {
        await().atMost(LIMIT).until(() -> ENDED.contains(job(id).path("status").asText()));
        return job(id);
    }

    private static Set<String> devices(String id, String status) {
        Set<String> ids = new TreeSet<>();
        sent(200, "GET", "jobs/" + id + "/devices", null).path("value").forEach(row -> {
            if (row.path("status").asText().equals(status)) {
                ids.add(row.path("id").asText());
            }
        });
        return ids;
    }

    private static void progress(JsonNode job, int total, int pending, int completed, int failed) {
        JsonNode progress = job.path("progress");
        assertThat(List.of(
                        progress.path("total").asInt(),
                        progress.path("pending").asInt(),
                        progress.path("completed").asInt(),
                        progress.path("failed").asInt()))
                .as(job.toString())
                .containsExactly(total, pending, completed, failed);
    }

    @Test
    void runsInBatchesAndAgainOnTheDevicesThatFailed() throws Exception {
        assertThat(sent(200, "GET", "deviceGroups/lyon/devices", null).path("value"))
                .hasSize(14);
        sent(200, "PUT", "jobs/central-batches", reboot("lyon", ",'batch':{'type':'percentage','value':30}"));
        JsonNode job = ended("central-batches");
        assertThat(job.path("status").asText()).isEqualTo("complete");
        progress(job, 14, 0, 8, 6);
        assertThat(devices("central-batches", "completed")).isEqualTo(new TreeSet<>(GOOD));
        Set<String> messages = new TreeSet<>();
        sent(200, "GET", "jobs/central-batches/devices", null)
                .path("value")
                .forEach(row -> messages.add(row.at("/error/code").asText()));
        assertThat(messages).containsExactlyInAnyOrder("", "DeviceNotOnline", "DeviceRefused");
        long before = good.counters().methods();
        try (SimulatedFleet late = muster.connect(OFFLINE, Behaviour.PERFECT)) {
            await().atMost(LIMIT).until(() -> late.counters().connected() == OFFLINE.size());
            sent(200, "PUT", "jobs/central-batches/rerun/central-again", null);
            progress(ended("central-again"), 6, 0, 2, 4);
        }
        assertThat(devices("central-again", "completed")).isEqualTo(new TreeSet<>(OFFLINE));
        assertThat(good.counters().methods()).isEqualTo(before);
        // IoT Hub's view shows it too.
        assertThat(RunningMuster.ok(muster.rest
                                .send("GET", "/jobs/v2/central-again", null)
                                .join())
                        .path("status")
                        .asText())
                .isEqualTo("completed");
    }

    @Test
    void isCancelledWhenMoreFailThanMayAndLeavesTheRestPending() {
        sent(
                200,
                "PUT",
                "jobs/central-threshold",
                reboot(
                        "bad",
                        ",'batch':{'type':'number','value':1},'cancellationThreshold':{'type':'number','value':1,'batch':false}"));
        JsonNode job = ended("central-threshold");
        assertThat(job.path("status").asText()).isEqualTo("cancelled");
        await().atMost(LIMIT).untilAsserted(() -> progress(job("central-threshold"), 4, 2, 0, 2));
        assertThat(devices("central-threshold", "pending")).hasSize(2);
        sent(409, "POST", "jobs/central-threshold/resume", null);
        sent(409, "POST", "jobs/central-threshold/stop", null);
    }

    @Test
    void stopsAtOnceAndGoesOnWithThoseThatArePending() {
        long before = slow.counters().methods();
        sent(200, "PUT", "jobs/central-stopped", reboot("nice", ",'batch':{'type':'number','value':2}"));
        await().atMost(LIMIT)
                .until(() -> job("central-stopped").path("status").asText().equals("running"));
        sent(204, "POST", "jobs/central-stopped/stop", null);
        assertThat(job("central-stopped").path("status").asText()).isEqualTo("stopped");
        // Those that have it finish; the others don't begin.
        await().atMost(LIMIT)
                .until(() -> job("central-stopped").at("/progress/completed").asInt() % 2 == 0
                        && slow.counters().methods() - before
                                == job("central-stopped")
                                        .at("/progress/completed")
                                        .asInt());
        Set<String> done = devices("central-stopped", "completed");
        assertThat(done).hasSizeLessThan(6);
        sent(409, "POST", "jobs/central-stopped/stop", null);
        sent(204, "POST", "jobs/central-stopped/resume", null);
        JsonNode job = ended("central-stopped");
        progress(job, 6, 0, 6, 0);
        assertThat(slow.counters().methods() - before).isEqualTo(6);
        assertThat(slow.counters().repeated()).isZero();
    }

    @Test
    void keepsATokenWithinItsOrganizationAndWithholdsWhatItWroteOnceItIsRevoked() {
        String own = SLOWLY.getFirst();
        sent(200, "PATCH", "devices/" + own, "{'organizations':['central-org']}");
        String token = sent(
                        200,
                        "PUT",
                        "apiTokens/central-bound",
                        "{'roles':[{'role':'operate','organization':'central-org'}]}")
                .path("token")
                .asText();
        sentWith(
                token,
                200,
                "PUT",
                "deviceGroups/central-own",
                "{'displayName':'Own','filter':'SELECT * FROM devices'}");
        assertThat(sentWith(token, 200, "GET", "deviceGroups/central-own/devices", null)
                        .path("value")
                        .findValuesAsText("id"))
                .containsExactly(own);
        sentWith(token, 404, "GET", "deviceGroups/nice", null);
        String property =
                "{'group':'central-own','data':[{'type':'cloudProperty','target':'t','path':'owner','value':'Ada'}]";
        sentWith(token, 200, "PUT", "jobs/central-of-org", property + "}");
        progress(ended("central-of-org"), 1, 0, 1, 0);
        sentWith(
                token,
                200,
                "PUT",
                "scheduledJobs/central-of-org",
                property + ",'schedule':{'start':'" + Instant.now().plus(1, ChronoUnit.DAYS) + "'}}");
        sent(204, "DELETE", "apiTokens/central-bound", null);
        sentWith(token, 401, "GET", "jobs/central-of-org", null);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(sent(200, "GET", "scheduledJobs/central-of-org", null)
                                .path("statusMessage")
                                .asText())
                        .endsWith("was revoked."));
    }

    @Test
    void makesAJobWhenItsScheduleFires() {
        Instant start = Instant.now().plusSeconds(3).truncatedTo(ChronoUnit.SECONDS);
        sent(
                200,
                "PUT",
                "scheduledJobs/central-once",
                "{'group':'lyon','schedule':{'start':'" + start
                        + "'},'data':[{'type':'property','target':'dtmi:fridge;1','path':'cooling.fanSpeed','value':2400}]}");
        await().atMost(LIMIT)
                .until(() -> sent(200, "GET", "scheduledJobs/central-once/jobs", null)
                        .at("/value/0/status")
                        .asText()
                        .equals("complete"));
        JsonNode made = sent(200, "GET", "scheduledJobs/central-once/jobs", null)
                .path("value")
                .path(0);
        assertThat(made.path("id").asText()).matches("central-once-\\d{14}");
        progress(made, 14, 0, 14, 0);
        await().atMost(LIMIT)
                .until(() -> sent(200, "GET", "scheduledJobs/central-once", null)
                        .path("completed")
                        .asBoolean());
        assertThat(RunningMuster.ok(muster.rest
                                .send("GET", "/twins/" + GOOD.getFirst(), null)
                                .join())
                        .at("/properties/desired/cooling/fanSpeed")
                        .asInt())
                .isEqualTo(2400);
    }
}
