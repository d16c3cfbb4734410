package io.muster.system;

import static io.muster.system.RunningMuster.completed;
import static io.muster.system.RunningMuster.ok;
import static io.muster.system.RunningMuster.schedule;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.access.SharedAccessPolicies;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.standalone.RestClient;
import io.muster.topics.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.TransactionListing;
import org.junit.jupiter.api.Test;

/** Runs two Musters with different prefixes at one broker, with the same ids of devices, jobs and stream jobs. */
class SharedKafkaTest {
    private static final String PREFIX = "plant-1.";
    private static final List<String> OURS = SimulatedFleet.deviceIds("both-", 12);
    private static final List<String> THEIRS = SimulatedFleet.deviceIds("both-", 30);
    private static final Duration LIMIT = Duration.ofSeconds(90);

    @Test
    void keepsMustersWithDifferentPrefixesSeparate() throws Exception {
        RunningMuster ours = RunningMuster.get();
        String kafka = ours.standalone.options().kafka();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka))) {
            Set<String> before = names(admin);
            MusterProgram theirs = MusterProgram.start(
                    "shared-kafka", Map.of("MUSTER_TOPICS_PREFIX", PREFIX), List.of("--kafka=" + kafka));
            try {
                theirs.awaitReady();
                doTheSame(ours, theirs);
                Set<String> made = names(admin);
                made.removeAll(before);
                assertThat(made)
                        .as("topics, groups and transactions of the one that came second")
                        .contains(PREFIX + "muster-job-planner", PREFIX + "muster-job-planner-devices-changelog")
                        .containsAll(Topics.ALL.stream()
                                .map(topic -> PREFIX + topic.name())
                                .toList())
                        .allMatch(name -> name.startsWith(PREFIX) || isOurs(name));
            } finally {
                theirs.end();
            }
        }
    }

    private static void doTheSame(RunningMuster ours, MusterProgram theirs) throws Exception {
        Path ca = theirs.data().resolve("ca/ca.pem");
        SharedAccessPolicies policies = SharedAccessPolicies.load(theirs.data().resolve("policies.properties"));
        RestClient rest = new RestClient(theirs.restAddress(), ca, policies);
        String key = Objects.requireNonNull(
                policies.named("device").orElseThrow().keys().primary());
        ours.register(OURS, "{\"shared\":true}");
        RunningMuster.register(rest, THEIRS, "{\"shared\":true}");
        Target target = Target.byPolicy("localhost", theirs.mqttPort(), "localhost", ca, "device", key);
        try (SimulatedFleet ourDevices = ours.connect(OURS, Behaviour.PERFECT);
                SimulatedFleet theirDevices =
                        SimulatedFleet.start(target, Behaviour.PERFECT, THEIRS, 400, InstantSource.system())) {
            await().atMost(LIMIT)
                    .until(() -> ourDevices.counters().connected() == OURS.size()
                            && theirDevices.counters().connected() == THEIRS.size());
            schedule(ours.rest, "both", "tags.shared = true", 30);
            schedule(rest, "both", "tags.shared = true", 30);
            assertThat(completed(ours.rest, "both").path("succeededCount").asInt())
                    .isEqualTo(OURS.size());
            assertThat(completed(rest, "both").path("succeededCount").asInt()).isEqualTo(THEIRS.size());
        }
        String last = THEIRS.getLast();
        assertThat(ours.rest.send("GET", "/twins/" + last, null).join().status())
                .isEqualTo(404);
        ok(rest.send("GET", "/twins/" + last, null).join());
        schedule(rest, "theirs", "tags.shared = true", 5);
        completed(rest, "theirs");
        assertThat(ours.rest.send("GET", "/jobs/v2/theirs", null).join().status())
                .isEqualTo(404);
        assertThat(ours.rest
                        .send("GET", "/jobs/v2/both", null)
                        .join()
                        .body()
                        .path("deviceJobStatistics")
                        .path("deviceCount")
                        .asInt())
                .isEqualTo(OURS.size());
    }

    private static boolean isOurs(String name) {
        return name.startsWith("muster-") || name.startsWith("__");
    }

    private static Set<String> names(Admin admin) throws Exception {
        Set<String> names = new TreeSet<>(admin.listTopics().names().get());
        names.addAll(admin.listGroups().all().get().stream()
                .map(GroupListing::groupId)
                .collect(Collectors.toSet()));
        names.addAll(admin.listTransactions().all().get().stream()
                .map(TransactionListing::transactionalId)
                .collect(Collectors.toSet()));
        return names;
    }
}
