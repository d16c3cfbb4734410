package io.muster.processor.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.FailureReason;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TallyTest {
    private static DeviceJobEvent event(@Nullable DeviceJobStatus previous, Object event) {
        return new DeviceJobEvent("d", previous, Instant.EPOCH, event, null);
    }

    private static Object entering(DeviceJobStatus status) {
        return switch (status) {
            case QUEUED -> new DeviceJobQueued(null, null, null);
            case RUNNING -> new DeviceJobDelivered(1, 0);
            case COMPLETED -> new DeviceJobCompleted(200, "null");
            case FAILED -> new DeviceJobFailed(FailureReason.NO_ANSWER, "late");
            case CANCELLED -> new DeviceJobCancelled();
        };
    }

    @Test
    void movesOneDeviceByAnEvent() {
        Tally queued = Tally.EMPTY
                .after(event(null, new DeviceJobQueued(null, null, null)))
                .orElseThrow();
        assertThat(queued).isEqualTo(new Tally(1, 0, 0, 0, 0));
        Tally running = queued.after(event(DeviceJobStatus.QUEUED, new DeviceJobDelivered(1, 0)))
                .orElseThrow();
        assertThat(running).isEqualTo(new Tally(0, 1, 0, 0, 0));
        Tally again = running.after(event(DeviceJobStatus.RUNNING, new DeviceJobQueued(1, null, null)))
                .orElseThrow();
        assertThat(again).isEqualTo(queued);
    }

    @Test
    void refusesAnEventThatLeavesAnEmptyState() {
        assertThat(Tally.EMPTY.after(event(DeviceJobStatus.RUNNING, new DeviceJobCompleted(200, "null"))))
                .isEmpty();
    }

    /** Moves devices at random over many partitions; the sums equal a count of the devices themselves at every move. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void sumsToTheCountOfDevices(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        DeviceJobStatus[] all = DeviceJobStatus.values();
        int partitions = 1 + random.nextInt(5);
        Map<Integer, Tally> tallies = new HashMap<>();
        Map<Integer, DeviceJobStatus> devices = new HashMap<>();
        for (int step = 0; step < 5000; step++) {
            int device = random.nextInt(200);
            @Nullable DeviceJobStatus before = devices.get(device);
            DeviceJobStatus after = all[random.nextInt(all.length)];
            devices.put(device, after);
            tallies.merge(
                    device % partitions,
                    Tally.EMPTY.after(event(null, entering(after))).orElseThrow(),
                    (tally, _) -> tally.after(event(before, entering(after))).orElseThrow());
            Tally sum = tallies.values().stream().reduce(Tally.EMPTY, Tally::plus);
            assertThat(sum.total()).isEqualTo(devices.size());
        }
        Tally sum = tallies.values().stream().reduce(Tally.EMPTY, Tally::plus);
        assertThat(sum.failed())
                .isEqualTo(devices.values().stream()
                        .filter(DeviceJobStatus.FAILED::equals)
                        .count());
        assertThat(sum.counts().getDeviceCount()).isEqualTo(devices.size());
    }
}
