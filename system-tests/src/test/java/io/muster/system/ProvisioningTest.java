package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.service.KafkaConnection;
import io.muster.service.Provisioning;
import io.muster.service.registry.RegistrySettings;
import io.muster.topics.PartitionCounts;
import io.muster.topics.RecordSizes;
import io.muster.topics.TopicProvisioner;
import io.muster.topics.Topics;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Prepares topics on a broker that has them already. */
class ProvisioningTest {
    private static RunningMuster muster;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
    }

    private static TopicProvisioner.Report provision(PartitionCounts counts) throws Exception {
        return Provisioning.run(
                new KafkaConnection(muster.standalone.options().kafka(), Map.of()),
                new RegistrySettings(URI.create(muster.standalone.options().registry()), null, null, null),
                counts,
                (short) 1);
    }

    @Test
    void keepsExistingTopics() throws Exception {
        assertThat(provision(PartitionCounts.SMALL)).isEqualTo(new TopicProvisioner.Report(List.of(), List.of()));
        for (int time = 0; time < 2; time++) {
            assertThat(provision(new PartitionCounts(2, 5, 8, 8)).drift())
                    .contains("Topic devices: partitions is 4, and 5 is configured.")
                    .noneMatch(sentence -> sentence.contains("jobs"));
        }
    }

    @Test
    void reportsAndKeepsASettingThatSomebodyChanged() throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Topics.DEAD_LETTERS.name());
        ConfigEntry retention = new ConfigEntry("retention.ms", "86400000123");
        try (Admin admin = Admin.create(
                Map.of("bootstrap.servers", muster.standalone.options().kafka()))) {
            String before = admin.describeConfigs(List.of(topic))
                    .all()
                    .get()
                    .get(topic)
                    .get("retention.ms")
                    .value();
            alter(admin, topic, retention);
            try {
                String drift = "Topic dead-letters: retention.ms is 86400000123, and " + before + " is configured.";
                assertThat(provision(PartitionCounts.SMALL).drift()).containsExactly(drift);
                assertThat(provision(PartitionCounts.SMALL).drift()).containsExactly(drift);
            } finally {
                alter(admin, topic, new ConfigEntry("retention.ms", before));
            }
        }
    }

    /** Raises the size of records that an earlier version set topics up for. */
    @Test
    void raisesASmallerSizeOfRecords() throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Topics.DEVICES.name());
        try (Admin admin = Admin.create(
                Map.of("bootstrap.servers", muster.standalone.options().kafka()))) {
            alter(admin, topic, new ConfigEntry("max.message.bytes", "1048588"));
            assertThat(provision(PartitionCounts.SMALL).drift()).isEmpty();
            assertThat(admin.describeConfigs(List.of(topic))
                            .all()
                            .get()
                            .get(topic)
                            .get("max.message.bytes")
                            .value())
                    .isEqualTo(Integer.toString(RecordSizes.LARGEST));
        }
    }

    private static void alter(Admin admin, ConfigResource topic, ConfigEntry entry) throws Exception {
        admin.incrementalAlterConfigs(Map.of(topic, List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }
}
