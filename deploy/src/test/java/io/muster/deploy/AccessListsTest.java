package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.muster.topics.ServiceTopics;
import io.muster.topics.StreamJobTopics;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the access lists against the code: a service may do with a topic what its code does, and stream jobs what their allowlist says. */
class AccessListsTest {
    private static final Path FILE = Path.of("chart/files/access.yaml");
    private static final List<String> OTHERS = List.of(
            "muster-job-planner-devices-changelog",
            "muster-stream-processor-job-tallies-changelog",
            "muster-stream-17-exchange",
            "kafkasql-journal",
            "kafkasql-snapshots",
            "_schemas",
            "__consumer_offsets",
            "orders",
            "plant.alerts",
            "somebody-elses");
    private static final String[] STRIMZI = {
        "strimzi.enabled=true", "processor.streamTopics[0]=orders", "processor.streamTopics[1]=plant.*"
    };

    /** Writes the file anew with {@code -Daccess.record=true}. */
    @Test
    void makesTheChartsFileFromTheCode() throws IOException {
        StringBuilder text = new StringBuilder("# Written from ServiceTopics by AccessListsTest.\nservices:\n");
        for (ServiceTopics service : ServiceTopics.values()) {
            text.append("  ").append(user(service)).append(":\n");
            list(text, "read", service.read().stream().map(Topic::name).toList());
            list(text, "written", service.written().stream().map(Topic::name).toList());
            list(text, "state", service.state());
        }
        if (Boolean.getBoolean("access.record")) {
            Files.writeString(FILE, text);
        }
        assertThat(Files.readString(FILE)).isEqualTo(text.toString());
    }

    private static void list(StringBuilder text, String name, List<String> values) {
        text.append("    ")
                .append(name)
                .append(": [")
                .append(String.join(", ", values))
                .append("]\n");
    }

    private static String user(ServiceTopics service) {
        return service.name().toLowerCase(Locale.ROOT);
    }

    @ParameterizedTest
    @EnumSource
    void grantsEachServiceExactlyWhatItReadsAndWrites(ServiceTopics service) throws IOException {
        JsonObject user = Manifests.of(STRIMZI).get("KafkaUser/muster-" + user(service));
        StreamJobTopics streams = StreamJobTopics.of("orders,plant.*");
        boolean runsStreams = service == ServiceTopics.PROCESSOR;
        for (String topic : topics()) {
            boolean isState = service.state().stream().anyMatch(topic::startsWith);
            assertThat(allows(user, topic, "Read"))
                    .as("%s reads %s", service, topic)
                    .isEqualTo(isState
                            || names(service.read()).contains(topic)
                            || (runsStreams && streams.refusesRead(topic).isEmpty()));
            assertThat(allows(user, topic, "Write"))
                    .as("%s writes %s", service, topic)
                    .isEqualTo(isState
                            || names(service.written()).contains(topic)
                            || (runsStreams && streams.refusesWrite(topic).isEmpty()));
            assertThat(allows(user, topic, "Describe")).isTrue();
        }
    }

    @Test
    void deniesTheProcessorKeysOfDevicesAndThePlannersState() throws IOException {
        JsonObject processor = Manifests.of(STRIMZI).get("KafkaUser/muster-processor");
        for (String topic : List.of("devices", "muster-job-planner-devices-changelog", "kafkasql-journal")) {
            for (String operation : List.of("Read", "Write", "Delete", "Alter", "AlterConfigs", "All")) {
                assertThat(allows(processor, topic, operation))
                        .as("%s %s", operation, topic)
                        .isFalse();
            }
        }
    }

    /** Rejects patterns that Kafka would take for ours: they open more than stream jobs are given. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "*",
                "d*",
                "devices",
                "device-commands",
                "muster-x",
                "muster-*",
                "m*",
                "_*",
                "__consumer_offsets",
                "kafkasql-journal",
                "k*"
            })
    void opensPatternsThatHoldNoneOfOurTopics(String pattern) {
        assertThatThrownBy(() -> Manifests.template("strimzi.enabled=true", "processor.streamTopics[0]=" + pattern))
                .hasMessageContaining("processor.streamTopics has " + pattern);
    }

    @ParameterizedTest
    @ValueSource(strings = {"telemetry", "devicesx", "device", "orders-*", "plant.*", "telemetry-*", "x_*"})
    void opensTopicsOfUsersInAccessLists(String pattern) throws IOException {
        assertThat(Manifests.template("strimzi.enabled=true", "processor.streamTopics[0]=" + pattern))
                .isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"processor", "api"})
    void givesProcessorAndApiTheSameAllowlists(String service) throws IOException {
        String set = "StatefulSet/muster-" + service;
        assertThat(Manifests.environment(Manifests.of(STRIMZI).pods().get(set)))
                .containsEntry("MUSTER_STREAM_TOPICS", "orders,plant.*")
                .doesNotContainKey("MUSTER_ENDPOINTS_ALLOW");
        assertThat(Manifests.environment(
                        Manifests.of("endpoints.allow[0]=hooks.plant:8080", "endpoints.allow[1]=10.0.0.7")
                                .pods()
                                .get(set)))
                .as("a blank setting would be none")
                .containsEntry("MUSTER_STREAM_TOPICS", "telemetry")
                .containsEntry("MUSTER_ENDPOINTS_ALLOW", "hooks.plant:8080,10.0.0.7");
    }

    private static List<String> topics() {
        List<String> topics = new ArrayList<>(OTHERS);
        topics.addAll(names(Topics.ALL));
        return topics;
    }

    private static List<String> names(List<Topic<?>> topics) {
        return topics.stream().map(Topic::name).toList();
    }

    /** Decides as Kafka's authorizer does where all rules allow. */
    private static boolean allows(JsonObject user, String topic, String operation) {
        for (JsonElement rule : Manifests.at(user, "spec", "authorization").getAsJsonArray("acls")) {
            JsonObject resource = Manifests.at(rule.getAsJsonObject(), "resource");
            if (!resource.get("type").getAsString().equals("topic")) {
                continue;
            }
            String name = resource.get("name").getAsString();
            boolean concerns = resource.get("patternType").getAsString().equals("prefix")
                    ? topic.startsWith(name)
                    : name.equals("*") || name.equals(topic);
            if (concerns
                    && rule.getAsJsonObject().getAsJsonArray("operations").asList().stream()
                            .anyMatch(one -> one.getAsString().equals(operation))) {
                return true;
            }
        }
        return false;
    }
}
