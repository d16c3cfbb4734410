package io.muster.system;

import static io.muster.system.RunningMuster.completed;
import static io.muster.system.RunningMuster.ok;
import static io.muster.system.RunningMuster.schedule;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Runs two of each service against one broker. The second ones join while the first run; then the first die one by one, for good. The methods build
 * on each other.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SeveralInstancesTest {
    private static final int HALF = 150;
    private static final String CONDITION = "tags.several = true";
    private static final List<String> LEFT = SimulatedFleet.deviceIds("left-", HALF);
    private static final List<String> RIGHT = SimulatedFleet.deviceIds("right-", HALF);
    private static final Behaviour SLOW = Behaviour.answeringWithin(Duration.ofMillis(20), Duration.ofSeconds(2), 11);

    private static RunningMuster muster;
    private static Standalone.Endpoints second;
    private static RestClient otherRest;
    private static SimulatedFleet left;
    private static SimulatedFleet right;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.ownInstance();
        muster.register(LEFT, "{\"several\":true,\"side\":\"left\"}");
        muster.register(RIGHT, "{\"several\":true,\"side\":\"right\"}");
        left = muster.connect(LEFT, SLOW);
        second = muster.standalone.startSecondInstances();
        otherRest = new RestClient(second.rest(), muster.standalone.caFile(), muster.policies);
        right = muster.connect(RIGHT, SLOW, second.mqttPort());
        awaitConnected(left, HALF);
        awaitConnected(right, HALF);
    }

    @AfterAll
    static void stop() {
        left.close();
        right.close();
        muster.standalone.close();
    }

    private static void awaitConnected(SimulatedFleet fleet, int devices) {
        await().atMost(Duration.ofSeconds(60)).until(() -> fleet.counters().connected() == devices);
    }

    private static int count(RestClient rest, String condition) {
        return ok(rest.send(
                                "POST",
                                "/devices/query",
                                "{\"query\":\"SELECT COUNT() AS n FROM devices WHERE " + condition + "\"}")
                        .join())
                .get(0)
                .path("n")
                .asInt();
    }

    private static String failures(RestClient rest, String jobId) {
        String query = "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '" + jobId
                + "' AND devices.jobs.status = 'failed'";
        return rest.send("POST", "/devices/query", "{\"query\":\"" + query + "\"}")
                .join()
                .body()
                .toString();
    }

    @Test
    @Order(1)
    void givesAJoiningInstanceItsShare() throws Exception {
        try (Admin admin = Admin.create(
                Map.of("bootstrap.servers", muster.standalone.options().kafka()))) {
            for (String group : List.of("muster-job-planner", "muster-stream-processor")) {
                await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                    List<MemberDescription> members = new ArrayList<>(admin.describeConsumerGroups(List.of(group))
                            .describedGroups()
                            .get(group)
                            .get()
                            .members());
                    assertThat(members.stream()
                                    .filter(member -> !member.assignment()
                                            .topicPartitions()
                                            .isEmpty())
                                    .map(member -> member.clientId().replaceAll("-StreamThread.*", ""))
                                    .distinct())
                            .hasSize(2);
                });
            }
        }
    }

    @Test
    @Order(2)
    void answersTheSameFromEachInstance() {
        for (RestClient rest : List.of(muster.rest, otherRest)) {
            assertThat(count(rest, "tags.several = true")).isEqualTo(2 * HALF);
            assertThat(count(rest, "tags.several = true AND connectionState = 'Connected'"))
                    .isEqualTo(2 * HALF);
            for (String id : List.of(LEFT.getFirst(), RIGHT.getFirst())) {
                JsonNode answer = ok(rest.send(
                                "POST",
                                "/twins/" + id + "/methods",
                                "{\"methodName\":\"ping\",\"payload\":1,\"responseTimeoutInSeconds\":20}")
                        .join());
                assertThat(answer.path("status").asInt()).isEqualTo(200);
            }
        }
        ok(muster.rest
                .send("PATCH", "/twins/" + LEFT.getFirst(), "{\"tags\":{\"seen\":1}}")
                .join());
        assertThat(count(otherRest, "tags.seen = 1")).isEqualTo(1);
    }

    @Test
    @Order(3)
    void runsAJobOnceOnTheDevicesOfBothGateways() {
        long before = left.counters().methods() + right.counters().methods();
        schedule(otherRest, "both", CONDITION, 20);
        for (RestClient rest : List.of(otherRest, muster.rest)) {
            JsonNode counts = completed(rest, "both");
            assertThat(counts.path("deviceCount").asInt()).isEqualTo(2 * HALF);
            assertThat(counts.path("succeededCount").asInt()).isEqualTo(2 * HALF);
        }
        assertThat(left.counters().methods() + right.counters().methods() - before)
                .isEqualTo(2 * HALF);
    }

    /** Ends each process and starts it again, while jobs run, as an upgrade does. */
    @Test
    @Order(4)
    void losesNothingAtARollingRestart() throws Exception {
        long before = left.counters().methods() + right.counters().methods();
        int jobs = 0;
        for (String service : List.of("planner", "processor", "gateway", "api")) {
            for (String instance : List.of(service, service + "-2")) {
                RestClient rest = instance.equals("api") ? otherRest : muster.rest;
                String id = "roll-" + instance;
                schedule(rest, id, CONDITION, 90); // A device that found nobody for long comes again late.
                jobs++;
                muster.restart(instance);
                JsonNode counts = completed(rest, id);
                assertThat(counts.path("deviceCount").asInt()).as(id).isEqualTo(2 * HALF);
                assertThat(counts.path("succeededCount").asInt())
                        .as(() -> id + " " + failures(rest, id))
                        .isEqualTo(2 * HALF);
                awaitConnected(left, HALF);
                awaitConnected(right, HALF);
                await().untilAsserted(() -> assertThat(
                                count(otherRest, "tags.several = true AND connectionState = 'Connected'"))
                        .as("connections after %s", instance)
                        .isEqualTo(2 * HALF));
            }
        }
        assertThat(left.counters().repeated() + right.counters().repeated()).isZero();
        assertThat(left.counters().methods() + right.counters().methods() - before)
                .as("no device was called twice by a job")
                .isLessThanOrEqualTo((long) jobs * 2 * HALF);
    }

    @Test
    @Order(5)
    void continuesTheWorkOfALeavingPlanner() {
        for (String victim : List.of("planner", "api")) {
            String id = "without-" + victim;
            schedule(otherRest, id, CONDITION, 20);
            muster.standalone.kill(victim);
            JsonNode counts = completed(otherRest, id);
            assertThat(counts.path("deviceCount").asInt()).as(id).isEqualTo(2 * HALF);
            assertThat(counts.path("succeededCount").asInt()).as(id).isEqualTo(2 * HALF);
        }
        assertThat(left.counters().repeated() + right.counters().repeated()).isZero();
    }

    @Test
    @Order(6)
    void sharesAStreamJobAmongProcessorsAndGoesOnWithOne() throws Exception {
        String kafka = muster.standalone.options().kafka();
        StreamTopics.create(kafka, "shared-in", "shared-out");
        AutoCloseable events = StreamTopics.feed(kafka, "shared-in", 23);
        String document = StreamStartsTest.document("shared-in", "shared-out", 1, StreamTopics.BY_PARTITION);
        assertThat(otherRest.sendStreamJob("PUT", "shared", document).join().status())
                .isEqualTo(201);
        assertThat(otherRest.sendStreamJob("POST", "shared/start", null).join().status())
                .isEqualTo(202);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka))) {
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                List<String> groups = admin.listGroups(ListGroupsOptions.forConsumerGroups()).all().get().stream()
                        .map(GroupListing::groupId)
                        .filter(group -> group.matches("muster-stream-\\d+"))
                        .toList();
                assertThat(groups).hasSize(1);
                assertThat(admin.describeConsumerGroups(groups)
                                .all()
                                .get()
                                .get(groups.getFirst())
                                .members())
                        .filteredOn(
                                member -> !member.assignment().topicPartitions().isEmpty())
                        .as("a partition each")
                        .hasSize(2);
            });
        }
        awaitResultsBeyond(kafka, Instant.now());
        String id = "without-processor";
        schedule(otherRest, id, CONDITION, 20);
        muster.standalone.kill("processor");
        assertThat(completed(otherRest, id).path("succeededCount").asInt()).isEqualTo(2 * HALF);
        Instant end = Instant.now();
        awaitResultsBeyond(kafka, end);
        assertThat(otherRest.sendStreamJob("POST", "shared/stop", null).join().status())
                .isEqualTo(202);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> otherRest
                        .sendStreamJob("GET", "shared", null)
                        .join()
                        .body()
                        .at("/properties/jobState")
                        .asText()
                        .equals("Stopped"));
        events.close();
        SortedMap<String, Long> written = StreamTopics.results(kafka, "shared-out");
        String first = written.firstKey().substring(0, StreamTopics.TIME_LENGTH);
        assertThat(written.headMap(StreamTopics.text(end.toEpochMilli())))
                .hasSizeGreaterThan(10)
                .isEqualTo(StreamTopics.computed(kafka, "shared-in", StreamTopics.windows(1000, 1000, true))
                        .subMap(first, StreamTopics.text(end.toEpochMilli())));
    }

    /** Waits for results of both partitions. */
    private static void awaitResultsBeyond(String kafka, Instant instant) {
        for (String partition : List.of("0", "1")) {
            await().atMost(Duration.ofSeconds(90))
                    .until(() -> StreamTopics.results(kafka, "shared-out").keySet().stream()
                            .filter(key -> key.contains(" " + partition + " "))
                            .anyMatch(key -> Instant.parse(key.substring(0, StreamTopics.TIME_LENGTH))
                                    .isAfter(instant)));
        }
    }

    @Test
    @Order(7)
    void handsDevicesOverWhenAGatewayDies() throws Exception {
        long repeated = left.counters().repeated();
        schedule(otherRest, "hand-over", CONDITION, 20);
        muster.standalone.kill("gateway");
        left.close();
        try (SimulatedFleet moved = muster.connect(LEFT, SLOW, second.mqttPort())) {
            awaitConnected(moved, HALF);
            JsonNode counts = completed(otherRest, "hand-over");
            assertThat(counts.path("deviceCount").asInt()).isEqualTo(2 * HALF);
            assertThat(counts.path("succeededCount").asInt()
                            + counts.path("failedCount").asInt())
                    .isEqualTo(2 * HALF);
            assertThat(counts.path("failedCount").asInt())
                    .as("those of the gateway that lives succeed")
                    .isLessThanOrEqualTo(HALF);
            assertThat(left.counters().repeated()).isEqualTo(repeated);

            schedule(otherRest, "after", CONDITION, 20);
            assertThat(completed(otherRest, "after").path("succeededCount").asInt())
                    .isEqualTo(2 * HALF);
            assertThat(moved.counters().repeated()).isZero();
        }
    }
}
