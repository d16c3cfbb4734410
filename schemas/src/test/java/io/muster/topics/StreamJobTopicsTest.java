package io.muster.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamJobTopicsTest {
    private static final StreamJobTopics ANY = StreamJobTopics.of("*");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "muster-job-planner-devices-changelog",
                "muster-stream-processor-job-tallies-changelog",
                "muster-stream-17-exchange",
                "muster-stream-endpoint-0f8fad5b",
                "muster-anything",
                "plant-1.muster-job-planner-devices-changelog",
                "plant-1.devices",
                "plant-1.device-commands",
                "__consumer_offsets",
                "__transaction_state",
                "_schemas",
                "kafkasql-journal",
                "kafkasql-snapshots"
            })
    void refusesStateOffsetsAndSchemasWhateverIsAllowed(String topic) {
        for (StreamJobTopics topics : List.of(ANY, StreamJobTopics.of(topic))) {
            assertThat(topics.refusesRead(topic))
                    .hasValueSatisfying(why -> assertThat(why).contains(topic));
            assertThat(topics.refusesWrite(topic)).isPresent();
        }
    }

    @Test
    void readsOnlyTelemetryAndWritesOnlyCommandsOfTheCatalogue() {
        List<String> read = new ArrayList<>();
        List<String> written = new ArrayList<>();
        for (Topic<?> topic : Topics.ALL) {
            if (ANY.refusesRead(topic.name()).isEmpty()) {
                read.add(topic.name());
            }
            if (ANY.refusesWrite(topic.name()).isEmpty()) {
                written.add(topic.name());
            }
        }
        assertThat(read).containsExactly("telemetry");
        assertThat(written).containsExactlyInAnyOrder("device-commands", "job-commands");
    }

    /** Rejects topics in which another Muster would take a row for a report of its devices. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            *                      | true  | false
            plant-b.*              | true  | false
            plant-b.telemetry      | true  | true
            *, plant-b.telemetry   | true  | true
            plant-c.telemetry      | false | false
            """)
    void writesTelemetryOfAnotherMusterOnlyWhereNamed(String allowed, boolean read, boolean written) {
        StreamJobTopics topics = StreamJobTopics.of(allowed);
        assertThat(topics.refusesRead("plant-b.telemetry").isEmpty()).isEqualTo(read);
        assertThat(topics.refusesWrite("plant-b.telemetry").isEmpty()).isEqualTo(written);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            *               | orders       | true
            orders          | orders       | true
            orders          | orders-2     | false
            plant.*, orders | plant.alerts | true
            plant.*, orders | orders       | true
            plant.*, orders | other        | false
            ''              | orders       | false
            ''              | telemetry    | true
            """)
    void allowsUsersTopicsOfTheAllowlist(String allowed, String topic, boolean may) {
        assertThat(StreamJobTopics.of(allowed).refusesRead(topic).isEmpty()).isEqualTo(may);
        assertThat(StreamJobTopics.of(allowed).refusesWrite(topic).isEmpty())
                .isEqualTo(may && !topic.equals("telemetry"));
    }
}
