package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Makes the chart's topics of the catalogue; writes the file anew with {@code -Dtopics.record=true}. */
class TopicsFileTest {
    private static final Path FILE = Path.of("chart/files/topics.yaml");

    private static String partitions(Topic<?> topic) {
        return switch (topic.partitioning()) {
            case BY_JOB -> "jobs";
            case BY_DEVICE, EVERY_DEVICE_PARTITION -> "devices";
            case BY_GATEWAY -> "gateways";
            case BY_API_INSTANCE -> "api";
            case BY_ARTIFACT -> "artifacts";
            case ANY -> "one";
        };
    }

    @Test
    void equalsTheCatalogue() throws Exception {
        StringBuilder text = new StringBuilder("# Written from the catalogue by TopicsFileTest.\ntopics:\n");
        for (Topic<?> topic : Topics.ALL) {
            text.append("  - name: ").append(topic.name()).append('\n');
            text.append("    partitions: ").append(partitions(topic)).append('\n');
            text.append("    config:\n");
            new TreeMap<>(topic.config())
                    .forEach((name, value) -> text.append("      ")
                            .append(name)
                            .append(": \"")
                            .append(value)
                            .append("\"\n"));
        }
        if (Boolean.getBoolean("topics.record")) {
            Files.writeString(FILE, text);
        }
        assertThat(Files.readString(FILE)).isEqualTo(text.toString());
    }
}
