package io.muster.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class TopicsTest {
    @Test
    void listsEveryDeclaredTopicOnce() {
        long declared = Arrays.stream(Topics.class.getFields())
                .map(Field::getType)
                .filter(Topic.class::equals)
                .count();
        assertThat(Topics.ALL).hasSize((int) declared);
        assertThat(new HashSet<>(Topics.ALL.stream().map(Topic::name).toList())).hasSize((int) declared);
    }

    /** Sets the size for each topic, since a broker's own default may be anything. */
    @Test
    void declaresTheSizeOfRecordsOfEachTopic() {
        assertThat(Topics.ALL)
                .allSatisfy(topic -> assertThat(topic.config())
                        .containsEntry("max.message.bytes", Integer.toString(topic.size()))
                        .hasEntrySatisfying(
                                "max.message.bytes",
                                size -> assertThat(Integer.parseInt(size)).isGreaterThan(1 << 20)));
    }

    @Test
    void partitionsJoinedTopicsAlike() {
        PartitionCounts counts = new PartitionCounts(2, 4, 8, 16);
        assertThat(counts.of(Partitioning.BY_DEVICE)).isEqualTo(counts.of(Partitioning.EVERY_DEVICE_PARTITION));
    }

    @Test
    void writesRetentionInKafkasWords() {
        assertThat(Topics.JOBS.retention().topicConfig())
                .containsExactlyEntriesOf(java.util.Map.of("cleanup.policy", "compact"));
        assertThat(Topics.DELIVERIES.retention().topicConfig())
                .containsEntry("cleanup.policy", "delete")
                .containsEntry("retention.ms", "86400000");
    }
}
