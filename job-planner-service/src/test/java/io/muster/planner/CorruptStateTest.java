package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.fleet.stream.FleetProcessor;
import io.muster.records.CreateJob;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatus;
import io.muster.records.Refusal;
import io.muster.records.TwinPatch;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;

/** Somebody wrote into the changelog of the devices, and it was restored from that. */
class CorruptStateTest {
    private static final byte[] GARBAGE = "{\"deviceId\":\"a\",\"v\":1}".getBytes(StandardCharsets.UTF_8);

    private final PlannerDriver planner = new PlannerDriver();

    private void corrupt(String key) {
        KeyValueStore<String, byte[]> devices = planner.store(FleetProcessor.DEVICES);
        devices.put(key, GARBAGE);
    }

    private void job(String id, String condition) {
        planner.job(
                id,
                new CreateJob(
                        new JobDefinition(id, new TwinPatch("*", "{\"x\":1}", null), condition, null, 120, null)));
        planner.advance(Duration.ofMillis(10));
        planner.advance(Duration.ofMillis(10));
    }

    @Test
    void aDeviceThatCannotBeReadIsTheDocumentOfItsTopicAgain() {
        planner.create("a", "{\"site\":\"A\"}");
        planner.create("b", "{\"site\":\"A\"}");
        corrupt("a");
        assertThat(planner.get("a").getDevice().getTwin().getTags()).contains("\"site\":\"A\"");
        assertThat(planner.deadLetters()).isEmpty();
    }

    @Test
    void jobsFindEveryDeviceThoughOneCouldNotBeRead() {
        planner.create("a", "{\"site\":\"A\"}");
        planner.create("b", "{\"site\":\"A\"}");
        corrupt("b");
        corrupt("nobody");
        job("by-tag", "tags.site = 'A'");
        corrupt("a");
        job("all", "*");
        for (String id : new String[] {"by-tag", "all"}) {
            assertThat(planner.jobDocument(id).getStatus()).isEqualTo(JobStatus.COMPLETED);
            for (String device : new String[] {"a", "b"}) {
                assertThat(planner.events(id, device)).singleElement().isInstanceOf(DeviceJobCompleted.class);
            }
            assertThat(planner.events(id, "nobody")).isEmpty();
        }
        assertThat(planner.deadLetters()).isEmpty();
    }

    @Test
    void anEntryWithoutADocumentIsGoneAndTheIdIsFree() {
        corrupt("nobody");
        planner.device("nobody", new io.muster.records.GetDevice());
        assertThat(planner.lastReply()).isInstanceOf(Refusal.class);
        planner.create("nobody", null);
        assertThat(planner.get("nobody").getDevice().getDeviceId()).isEqualTo("nobody");
        assertThat(planner.deadLetters()).isEmpty();
    }
}
