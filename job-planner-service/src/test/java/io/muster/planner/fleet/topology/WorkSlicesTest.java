package io.muster.planner.fleet.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.work.Attempts;
import io.muster.planner.work.Link;
import io.muster.planner.work.Work;
import io.muster.planner.work.WorkOnDevice;
import io.muster.records.OperationType;
import io.muster.service.coordinator.KeyPartition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkSlicesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");

    private final SliceStore store = new SliceStore();
    private WorkSlices slices = new WorkSlices(store, 0, 1);

    private static WorkOnDevice work(String deviceId, Work work) {
        return new WorkOnDevice(deviceId, work, NOW, null, NOW);
    }

    private static Work running(int attempt) {
        return new Work.Running(new Attempts(attempt, List.of()), new Link(1, "run", attempt), NOW);
    }

    private static Work answered(String payload) {
        return new Work.Ended(new Work.Outcome.Completed(new Work.Reply(200, payload)));
    }

    private void restart() {
        slices.save();
        slices = new WorkSlices(store, 0, 1);
    }

    private List<String> scan(Optional<String> jobId, @Nullable String from, int unitsATurn) {
        List<String> found = new ArrayList<>();
        @Nullable String after = from;
        do {
            after = slices.scan(jobId, after, new Budget(unitsATurn), row -> found.add(row.key()))
                    .orElse(null);
        } while (after != null);
        return found;
    }

    /** Finds all that was put, in whatever order, in the order of its keys: before it was saved, behind that and behind restarts. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void findsWhatWasPutInOrder(long seed) {
        Random random = new Random(seed);
        NavigableMap<String, WorkOnDevice> model = new TreeMap<>();
        for (int turn = 0; turn < 4000; turn++) {
            String jobId = "job-" + random.nextInt(3);
            String deviceId = "d" + random.nextInt(900);
            switch (random.nextInt(100)) {
                case 0 -> restart();
                case 1, 2 -> slices.save();
                case 3 -> slices.close(jobId);
                case 4 -> {
                    boolean dropsAll = random.nextInt(10) == 0;
                    if (dropsAll) {
                        assertThat(slices.drop(jobId, Budget.unlimited())).isTrue();
                        model.subMap(jobId + '\0', jobId + '\u0001').clear();
                    }
                }
                case 5 -> {
                    Optional<String> only = random.nextBoolean() ? Optional.of(jobId) : Optional.empty();
                    String from = random.nextBoolean() ? WorkSlices.key(jobId, deviceId) : null;
                    List<String> expected = model.keySet().stream()
                            .filter(key -> only.isEmpty() || key.startsWith(only.get() + '\0'))
                            .filter(key -> from == null || key.compareTo(from) > 0)
                            .toList();
                    assertThat(scan(only, from, 1 + random.nextInt(400)))
                            .as("seed=%d turn=%d", seed, turn)
                            .isEqualTo(expected);
                }
                default -> {
                    String payload = "x".repeat(random.nextInt(20) == 0 ? random.nextInt(40_000) : 3);
                    WorkOnDevice next = work(
                            deviceId,
                            random.nextBoolean() ? running(random.nextInt(9)) : answered('"' + payload + '"'));
                    slices.put(jobId, OperationType.METHOD, next);
                    model.put(WorkSlices.key(jobId, deviceId), next);
                }
            }
            String asked = "d" + random.nextInt(900);
            assertThat(slices.get(jobId, asked))
                    .as("seed=%d turn=%d", seed, turn)
                    .isEqualTo(Optional.ofNullable(model.get(WorkSlices.key(jobId, asked))));
        }
        slices.save();
        store.rows().values().forEach(slice -> {
            int bytes = slice.getDevices().stream()
                    .mapToInt(device -> device.toString().length())
                    .sum();
            assertThat(slice.getDevices()).hasSizeLessThanOrEqualTo(WorkSlices.MOST_DEVICES);
            assertThat(bytes).as("text of a slice").isLessThan(120_000);
        });
        List<String> saved = new ArrayList<>();
        store.rows()
                .forEach((key, slice) -> slice.getDevices()
                        .forEach(device -> saved.add(key.substring(0, key.indexOf('\0') + 1) + device.getDeviceId())));
        assertThat(saved).as("seed=%d", seed).containsExactlyElementsOf(model.keySet());
    }

    @Test
    void letsVisitorsChangeTheWork() {
        for (int i = 0; i < 300; i++) {
            slices.put("j", OperationType.METHOD, work(String.format("d%03d", i), running(1)));
        }
        List<String> visited = new ArrayList<>();
        String large = '"' + "y".repeat(20_000) + '"';
        slices.scan(Optional.of("j"), null, Budget.unlimited(), row -> {
            visited.add(row.work().deviceId());
            slices.put("j", OperationType.METHOD, work(row.work().deviceId(), answered(large)));
            return true;
        });
        assertThat(visited).hasSize(300).doesNotHaveDuplicates().isSorted();
    }

    /** Writes under load: 250 changes a commit, with devices that answer in another order than they were asked. */
    @Test
    void writesFarLessThanARecordADeviceJob() {
        int devices = 40_000;
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < devices; i++) {
            ids.add(String.format("d%05d", i));
        }
        for (int i = 0; i < devices; i++) {
            slices.put("j", OperationType.METHOD, work(ids.get(i), running(1)));
            if (i % 250 == 249) {
                slices.save();
            }
        }
        int begun = store.writes();
        assertThat(begun).isLessThan(devices / 50);
        // A device answers soon: within the 2,000 that are in flight.
        Random random = new Random(1);
        for (int from = 0; from < devices; from += 2000) {
            List<String> inFlight = new ArrayList<>(ids.subList(from, from + 2000));
            Collections.shuffle(inFlight, random);
            for (int i = 0; i < inFlight.size(); i++) {
                slices.put("j", OperationType.METHOD, work(inFlight.get(i), answered("{\"ok\":true}")));
                if (i % 250 == 249) {
                    slices.save();
                }
            }
        }
        assertThat(store.writes()).isLessThan(devices / 10);
    }

    /** Leaves devices to their partition, though each of two parts of a split partition begins with a copy of all slices. */
    @Test
    void leavesDevicesToTheirPartitionWhenPartitionsMultiply() {
        for (int i = 0; i < 300; i++) {
            slices.put("j", OperationType.TWIN, work("d" + i, answered("1")));
            slices.put("j", OperationType.TWIN, work("d" + i + "/module", answered("2")));
        }
        slices.save();
        Map<String, Integer> found = new TreeMap<>();
        for (int part = 0; part < 2; part++) {
            SliceStore copy = new SliceStore();
            copy.rows().putAll(store.rows());
            slices = new WorkSlices(copy, part, 2);
            int own = part;
            for (String key : scan(Optional.of("j"), null, 1000)) {
                String device = WorkSlices.deviceId(key);
                found.merge(device, 1, Integer::sum);
                assertThat(KeyPartition.of(device.replace("/module", ""), 2)).isEqualTo(own);
            }
            slices.put("j", OperationType.TWIN, work("d0", running(1)));
            assertThat(slices.get("j", "d0")).map(WorkOnDevice::work).contains(running(1));
        }
        assertThat(found)
                .hasSize(600)
                .allSatisfy((_, count) -> assertThat(count).isEqualTo(1));
    }

    @Test
    void dropsInTurns() {
        for (int i = 0; i < 3000; i++) {
            slices.put("j", OperationType.METHOD, work(String.format("d%04d", i), running(1)));
            slices.put("k", OperationType.METHOD, work(String.format("d%04d", i), running(1)));
        }
        slices.save();
        assertThat(slices.drop("j", new Budget(500))).isFalse();
        int turns = 1;
        while (!slices.drop("j", new Budget(500))) {
            turns++;
        }
        assertThat(turns).isBetween(3, 10);
        assertThat(scan(Optional.of("j"), null, 1000)).isEmpty();
        assertThat(scan(Optional.empty(), null, 1000)).hasSize(3000);
    }
}
