package io.muster.system;

import static io.muster.system.RunningMuster.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs jobs over a thousand devices, undisturbed and with a process killed in the middle. */
class FleetJobsTest {
    private static final int DEVICES = 1000;
    private static final long BATCH = 200;
    private static final List<String> IDS = SimulatedFleet.deviceIds("fleet-", DEVICES);
    private static final Behaviour SLOW = Behaviour.answeringWithin(Duration.ofMillis(50), Duration.ofSeconds(3), 7);

    private static RunningMuster muster;
    private static SimulatedFleet fleet;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
        muster.register(IDS, "{\"fleet\":true,\"site\":\"A\"}");
        fleet = muster.connect(IDS, SLOW);
        awaitConnected();
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static void awaitConnected() {
        await().atMost(Duration.ofSeconds(90)).until(() -> fleet.counters().connected() == DEVICES);
    }

    private static JsonNode job(String id) {
        return ok(muster.rest.send("GET", "/jobs/v2/" + id, null).join());
    }

    private static void schedule(String id, String condition) {
        RunningMuster.schedule(muster.rest, id, condition, 15);
    }

    private static JsonNode statistics(String id) {
        return job(id).path("deviceJobStatistics");
    }

    private static JsonNode completed(String id) {
        return RunningMuster.completed(muster.rest, id);
    }

    @Test
    void runsTheMethodOnceOnEveryDevice() {
        long before = fleet.counters().methods();
        schedule("plain", "tags.fleet = true");
        JsonNode counts = completed("plain");
        assertThat(counts.path("deviceCount").asInt()).isEqualTo(DEVICES);
        assertThat(counts.path("succeededCount").asInt()).isEqualTo(DEVICES);
        assertThat(fleet.counters().methods() - before).isEqualTo(DEVICES);
        assertThat(fleet.counters().repeated()).isZero();
    }

    /**
     * Expands each job over more devices in each partition than a slice has: three plain jobs, one that is released by and by, one that goes on, and
     * one for twins that nobody has changed yet. The statistics are the processor's, the versions those of every twin.
     */
    @Test
    void changesEveryDeviceOnceByOverlappingTwinJobs() throws Exception {
        List<String> ids = SimulatedFleet.deviceIds("overlap-", 3 * DEVICES);
        muster.register(ids, "{\"overlap\":true}");
        assertThat(desiredVersions()).isEqualTo(Map.of(1, ids.size()));
        String etag = ok(muster.rest
                        .send("GET", "/twins/" + ids.getFirst(), null)
                        .join())
                .path("etag")
                .asText();

        Map<String, String> jobs = new LinkedHashMap<>();
        jobs.put("overlap1", overlap("overlap1", "*", ""));
        jobs.put("overlapUnchanged", overlap("overlapUnchanged", etag, ""));
        jobs.put("overlap2", overlap("overlap2", "*", ""));
        jobs.put("overlapPaced", overlap("overlapPaced", "*", ",\"rollout\":{\"devicesPerMinute\":60000}"));
        jobs.put("overlapContinuous", overlap("overlapContinuous", "*", ",\"continuous\":true"));
        jobs.put("overlap3", overlap("overlap3", "*", ""));
        jobs.entrySet().stream()
                .map(job -> muster.rest.send("PUT", "/jobs/v2/" + job.getKey(), job.getValue()))
                .toList()
                .forEach(answer -> ok(answer.join()));
        for (String id : List.of("overlap1", "overlap2", "overlapPaced", "overlap3")) {
            counted(completed(id), id, ids.size(), 0);
        }
        JsonNode unchanged = completed("overlapUnchanged");
        int first = unchanged.path("succeededCount").asInt();
        counted(unchanged, "overlapUnchanged", first, ids.size() - first);
        await().atMost(Duration.ofSeconds(60))
                .until(() ->
                        statistics("overlapContinuous").path("succeededCount").asInt() >= ids.size());
        counted(statistics("overlapContinuous"), "overlapContinuous", ids.size(), 0);
        assertThat(job("overlapContinuous").path("status").asText()).isEqualTo("running");

        Map<Integer, Integer> versions = new TreeMap<>(Map.of(6, ids.size() - first, 7, first));
        versions.values().removeIf(devices -> devices == 0);
        assertThat(desiredVersions()).isEqualTo(versions);
        ok(muster.rest.send("POST", "/jobs/v2/overlapContinuous/cancel", null).join());
    }

    private static String overlap(String id, String etag, String more) {
        return """
                {"type":"scheduleUpdateTwin","queryCondition":"tags.overlap = true","maxExecutionTimeInSeconds":120,
                 "updateTwin":{"etag":"%s","properties":{"desired":{"%s":1}}}%s}""".formatted(etag, id, more);
    }

    private static void counted(JsonNode counts, String id, int succeeded, int failed) {
        Map<String, Integer> expected = Map.of(
                "deviceCount",
                succeeded + failed,
                "succeededCount",
                succeeded,
                "failedCount",
                failed,
                "pendingCount",
                0,
                "runningCount",
                0,
                "cancelledCount",
                0);
        expected.forEach((name, count) ->
                assertThat(counts.path(name).asInt()).as(id + " " + name).isEqualTo(count));
    }

    /** Returns how many of those devices have each version, by a query. */
    private static Map<Integer, Integer> desiredVersions() {
        String query = "SELECT properties.desired.$version AS version, COUNT() AS n FROM devices"
                + " WHERE tags.overlap = true GROUP BY properties.desired.$version";
        Map<Integer, Integer> versions = new TreeMap<>();
        ok(muster.rest
                        .send("POST", "/devices/query", "{\"query\":\"" + query + "\"}")
                        .join())
                .forEach(row ->
                        versions.put(row.path("version").asInt(), row.path("n").asInt()));
        return versions;
    }

    @ParameterizedTest
    @CsvSource({
        "kill, planner",
        "kill, processor",
        "kill, gateway",
        "kill, api",
        "kill, broker",
        "restart, planner",
        "restart, gateway"
    })
    void losesAndRepeatsNothingWhereAProcessEnds(String how, String process) {
        assumeThat(!process.equals("broker") || muster.ownsBroker()).isTrue();
        String id = how + "-" + process;
        awaitConnected();
        long before = fleet.counters().methods();
        schedule(id, "tags.fleet = true");
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> statistics(id).path("succeededCount").asInt() > DEVICES / 10);
        ProcessHandle running = muster.standalone.process(process);
        assertThat(how.equals("kill") ? running.destroyForcibly() : running.destroy())
                .isTrue();
        JsonNode counts = completed(id);
        long neverCalled = DEVICES - (fleet.counters().methods() - before);
        System.out.println(id + ": " + counts + ", never called: " + neverCalled);
        assertThat(counts.path("deviceCount").asInt()).isEqualTo(DEVICES);
        // A device that had a method when its gateway was killed may have called it: it is not called again, and fails.
        // That it
        // was not
        // reached is in doubt for one batch of deliveries.
        int mayFail = id.equals("kill-gateway") ? DEVICES : 0;
        assertThat(neverCalled).isBetween(0L, id.equals("kill-gateway") ? BATCH : 0L);
        assertThat(counts.path("failedCount").asInt()).isBetween(0, mayFail);
        assertThat(counts.path("succeededCount").asInt()
                        + counts.path("failedCount").asInt())
                .isEqualTo(DEVICES);
        assertThat(fleet.counters().repeated()).isZero();
        awaitConnected();
    }

    @Test
    void neverDeliversAfterACancel() throws Exception {
        List<String> offline = SimulatedFleet.deviceIds("offline-", 50);
        muster.register(offline, "{\"offline\":true}");
        schedule("cancelled", "tags.offline = true");
        await().until(() -> statistics("cancelled").path("pendingCount").asInt() == offline.size());
        assertThat(ok(muster.rest
                                .send("POST", "/jobs/v2/cancelled/cancel", null)
                                .join())
                        .path("status")
                        .asText())
                .isEqualTo("cancelled");
        schedule("waits", "tags.offline = true");
        await().until(() -> statistics("waits").path("pendingCount").asInt() == offline.size());
        try (SimulatedFleet late = muster.connect(offline, Behaviour.PERFECT)) {
            assertThat(completed("waits").path("succeededCount").asInt()).isEqualTo(offline.size());
            assertThat(late.counters().methods()).isEqualTo(offline.size());
        }
        assertThat(statistics("cancelled").path("cancelledCount").asInt()).isEqualTo(offline.size());
    }
}
