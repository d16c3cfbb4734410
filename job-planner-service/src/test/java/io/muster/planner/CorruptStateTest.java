package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.fleet.topology.FleetProcessor;
import io.muster.records.CancelJob;
import io.muster.records.CloudMessage;
import io.muster.records.CreateJob;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceMethod;
import io.muster.records.DeviceRefused;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatus;
import io.muster.records.Rollout;
import io.muster.records.SendMessage;
import io.muster.records.TwinPatch;
import io.muster.service.UnusableStateException;
import io.muster.service.state.StoreSpec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Restores the devices from a changelog that somebody has written into. */
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
    void restoresAnUnreadableDeviceFromItsTopic() {
        planner.create("a", "{\"site\":\"A\"}");
        planner.create("b", "{\"site\":\"A\"}");
        corrupt("a");
        assertThat(planner.get("a").getDevice().getTwin().getTags()).contains("\"site\":\"A\"");
        assertThat(planner.deadLetters()).isEmpty();
    }

    @Test
    void findsEveryDeviceForJobsThoughOneCouldNotBeRead() {
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
    void removesAnUnreadableEntryWithoutADocument() {
        corrupt("nobody");
        planner.device("nobody", new io.muster.records.GetDevice());
        assertThat(planner.lastReply()).isInstanceOf(DeviceRefused.class);
        planner.create("nobody", null);
        assertThat(planner.get("nobody").getDevice().getDeviceId()).isEqualTo("nobody");
        assertThat(planner.deadLetters()).isEmpty();
    }

    static Set<String> stores() {
        return PlannerService.declared().stores().stream().map(StoreSpec::name).collect(Collectors.toSet());
    }

    /** Lets device jobs wait, run and end, and a job wait for its time. */
    private void live() {
        for (String id : List.of("a", "b", "c")) {
            planner.create(id, "{\"site\":\"A\"}");
        }
        planner.connect("c");
        planner.device(
                "c",
                new SendMessage(new CloudMessage(
                        Map.of(), ByteBuffer.wrap(new byte[] {1}), planner.now().plusSeconds(3600))));
        JobPolicy oneAMinute = JobPolicy.newBuilder()
                .setRollout(Rollout.newBuilder().setDevicesPerMinute(1).build())
                .build();
        planner.job(
                "paced",
                new CreateJob(new JobDefinition(
                        "paced", new DeviceMethod("reboot", "1", 30, 0), "*", null, 3600, oneAMinute)));
        job("done", "*");
    }

    /** Requires that a job over the devices is done right behind a restart, or that an error names the store to restore. */
    private void isRightOrNamed(String store) {
        try {
            planner.restart();
            job("after", "*");
            planner.advance(Duration.ofMinutes(2));
            for (String device : List.of("a", "b", "c")) {
                assertThat(planner.events("after", device)).singleElement().isInstanceOf(DeviceJobCompleted.class);
            }
            planner.job("paced", new CancelJob());
            planner.advance(Duration.ofSeconds(1));
            assertThat(planner.deviceJobEvents().stream()
                            .map(Happened::deviceId)
                            .filter(Objects::nonNull))
                    .isSubsetOf("a", "b", "c");
            assertThat(planner.deadLetters()).isEmpty();
        } catch (RuntimeException e) {
            Throwable cause = e;
            while (!(cause instanceof UnusableStateException) && cause.getCause() != null) {
                cause = cause.getCause();
            }
            assertThat(cause)
                    .isInstanceOf(UnusableStateException.class)
                    .hasMessageContaining("store=" + store)
                    .hasMessageContaining("docs/operate/backup.md");
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void skipsEntriesThatNoServiceOfOursWrote(String store) {
        live();
        for (String key : List.of("garbage", "paced\0garbage", "paced\0" + "00000000000000zz", "\0", "a\0")) {
            planner.changelog(store).put(key, GARBAGE);
        }
        isRightOrNamed(store);
    }

    @ParameterizedTest
    @MethodSource("stores")
    void restoresOrNamesEntriesThatWereOverwritten(String store) {
        live();
        planner.changelog(store).replaceAll((_, _) -> GARBAGE);
        isRightOrNamed(store);
    }

    @Test
    void endsNoTargetThatNeverWas() {
        live();
        planner.advance(Duration.ofMinutes(1));
        planner.advance(Duration.ofMinutes(1));
        planner.changelog(FleetProcessor.WAITING)
                .put("paced\0" + "0000000000000000", "nobody".getBytes(StandardCharsets.UTF_8));
        planner.restart();
        planner.job("paced", new CancelJob());
        planner.advance(Duration.ofSeconds(1));
        assertThat(planner.events("paced", "nobody")).isEmpty();
        assertThat(planner.jobDocument("paced").getStatus()).isEqualTo(JobStatus.CANCELLED);
    }
}
