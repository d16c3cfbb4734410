package io.muster.planner.fleet.topology;

import io.muster.planner.state.FleetJob;
import io.muster.planner.state.Invocation;
import io.muster.planner.work.DeliveryId;
import io.muster.planner.work.Operation;
import io.muster.planner.work.Work;
import io.muster.planner.work.WorkOnDevice;
import io.muster.planner.work.WorkRecords;
import io.muster.records.OperationType;
import io.muster.service.coordinator.DueTimes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the partition's work: of jobs, in slices, and of invocations. Beside the stores, in memory and rebuilt from them at start: which work of a
 * device was begun and has not ended, and when it is due. For one task.
 */
final class WorkTable {
    /**
     * Is work with what it is of: a job or an invocation.
     *
     * @param number names the work on its device
     */
    record Item(
            String number, @Nullable FleetJob job, @Nullable Invocation invocation, WorkOnDevice state) {
        String deviceId() {
            return state.deviceId();
        }

        Item with(WorkOnDevice next) {
            return new Item(number, job, invocation, next);
        }
    }

    /** Is work that was begun and has not ended. */
    private record Begun(String number, @Nullable String jobId, int priority, Instant createdAt, boolean running) {}

    private final WorkSlices slices;
    private final KeyValueStore<String, Invocation> invocations;
    private final FleetJobs jobs;
    private final DueTimes dueTimes = new DueTimes();
    private final Map<String, List<Begun>> begun = new HashMap<>();
    private final Map<String, Integer> begunOfJob = new HashMap<>();

    /** Rebuilds what is in memory from the stores. @param invocations by device id, NUL, number */
    WorkTable(WorkSlices slices, KeyValueStore<String, Invocation> invocations, FleetJobs jobs) {
        this.slices = slices;
        this.invocations = invocations;
        this.jobs = jobs;
        for (FleetJob job : jobs.all()) {
            slices.scan(Optional.of(job.getJobId()), null, Budget.unlimited(), row -> {
                index(of(job, row.work()));
                return true;
            });
        }
        try (KeyValueIterator<String, Invocation> all = invocations.all()) {
            all.forEachRemaining(entry -> index(of(entry.value)));
        }
    }

    private static Item of(FleetJob job, WorkOnDevice state) {
        return new Item(DeliveryId.numberOfJob(job.getJobNumber()), job, null, state);
    }

    private static Item of(Invocation invocation) {
        return new Item(
                invocation.getNumber(),
                null,
                invocation,
                WorkRecords.read(Objects.requireNonNull(invocation.getWork(), "something has happened")));
    }

    /** Returns the work of a job on a device; new work where there is none. */
    Item of(FleetJob job, String deviceId, Instant now) {
        return of(job, slices.get(job.getJobId(), deviceId).orElseGet(() -> WorkOnDevice.begins(deviceId, now)));
    }

    /** Returns the work of that number that has not ended; empty where there is none. */
    Optional<Item> get(String deviceId, String number) {
        if (!DeliveryId.isOfJob(number)) {
            return Optional.ofNullable(invocations.get(key(deviceId, number))).map(WorkTable::of);
        }
        @Nullable FleetJob job = jobs.ofNumber(DeliveryId.jobNumber(number));
        return job == null
                ? Optional.empty()
                : slices.get(job.getJobId(), deviceId)
                        .filter(WorkOnDevice::isOpen)
                        .map(state -> of(job, state));
    }

    /** Keeps work: of an invocation, until it has ended. */
    void put(Item item) {
        FleetJob job = item.job();
        Invocation invocation = item.invocation();
        if (job != null) {
            slices.put(
                    job.getJobId(),
                    jobs.operation(job).map(Operation::type).orElse(OperationType.METHOD),
                    item.state());
        } else if (invocation != null && item.state().isOpen()) {
            invocations.put(
                    key(item.deviceId(), item.number()),
                    Invocation.newBuilder(invocation)
                            .setWork(WorkRecords.record(item.state()))
                            .build());
        } else if (invocation != null) {
            invocations.delete(key(item.deviceId(), item.number()));
        }
        index(item);
    }

    private void index(Item item) {
        String key = key(item.deviceId(), item.number());
        forget(item);
        switch (item.state().work()) {
            case Work.Waiting waiting -> {
                add(item, false);
                waiting.until().ifPresentOrElse(until -> dueTimes.set(key, until), () -> dueTimes.clear(key));
            }
            case Work.Running running -> {
                add(item, true);
                dueTimes.set(key, running.until());
            }
            case Work.BackingOff backingOff -> {
                add(item, false);
                dueTimes.set(key, backingOff.until());
            }
            case Work.New _, Work.Listed _, Work.Ended _ -> dueTimes.clear(key);
        }
    }

    private void add(Item item, boolean running) {
        FleetJob job = item.job();
        begun.computeIfAbsent(item.deviceId(), _ -> new ArrayList<>(1))
                .add(new Begun(
                        item.number(),
                        job == null ? null : job.getJobId(),
                        job == null ? 0 : job.getPriority(),
                        item.state().createdAt(),
                        running));
        if (job != null) {
            begunOfJob.merge(job.getJobId(), 1, Integer::sum);
        }
    }

    private void forget(Item item) {
        @Nullable List<Begun> own = begun.get(item.deviceId());
        if (own != null && own.removeIf(work -> work.number().equals(item.number()))) {
            if (own.isEmpty()) {
                begun.remove(item.deviceId());
            }
            if (item.job() != null) {
                begunOfJob.computeIfPresent(item.job().getJobId(), (_, count) -> count == 1 ? null : count - 1);
            }
        }
    }

    /** Returns how much of the device's work runs. */
    int running(String deviceId) {
        return (int) begun.getOrDefault(deviceId, List.of()).stream()
                .filter(Begun::running)
                .count();
    }

    /** Returns whether any of the device's work was begun and does not run. */
    boolean isAnyWaiting(String deviceId) {
        return begun.getOrDefault(deviceId, List.of()).stream().anyMatch(work -> !work.running());
    }

    /** Returns whether any work of the job was begun and has not ended. */
    boolean isAnyBegun(String jobId) {
        return begunOfJob.containsKey(jobId);
    }

    /** Returns the device's work that was begun and has not ended: that of the highest priority first, and of it the oldest. */
    List<Item> begun(String deviceId) {
        List<Begun> own = new ArrayList<>(begun.getOrDefault(deviceId, List.of()));
        own.sort(Comparator.comparing(Begun::priority).reversed().thenComparing(Begun::createdAt));
        return own.stream()
                .flatMap(work -> get(deviceId, work.number()).stream())
                .toList();
    }

    /**
     * Visits the work of a job that has not ended, in the order of device ids.
     *
     * @param after the device behind which to begin; null for the first
     * @param visitor spends what it does beyond visiting, and may change the work
     * @return the device behind which to go on; empty when none is left
     */
    Optional<String> visitOpen(FleetJob job, @Nullable String after, Budget budget, Consumer<Item> visitor) {
        String jobId = job.getJobId();
        return slices.scan(Optional.of(jobId), after == null ? null : WorkSlices.key(jobId, after), budget, row -> {
                    if (row.work().isOpen()) {
                        slices.get(jobId, row.work().deviceId())
                                .filter(WorkOnDevice::isOpen)
                                .ifPresent(state -> visitor.accept(of(job, state)));
                    }
                    return true;
                })
                .map(WorkSlices::deviceId);
    }

    /** Takes those whose time has come, at most so many. */
    List<Item> due(Instant now, int limit) {
        List<Item> due = new ArrayList<>();
        for (String key : dueTimes.take(now, limit)) {
            int end = key.indexOf('\0');
            get(key.substring(0, end), key.substring(end + 1)).ifPresent(due::add);
        }
        return due;
    }

    /** Asks about one that is due again at that instant; it stays as it is. */
    void askAgain(Item item, Instant at) {
        dueTimes.set(key(item.deviceId(), item.number()), at);
    }

    /** Drops the work of a job. @return whether none is left */
    boolean drop(String jobId, Budget budget) {
        if (begunOfJob.remove(jobId) != null) {
            begun.values().forEach(own -> own.removeIf(work -> jobId.equals(work.jobId())));
            begun.values().removeIf(List::isEmpty);
        }
        return slices.drop(jobId, budget);
    }

    /** Forgets where the work of a job is that has ended. */
    void close(String jobId) {
        slices.close(jobId);
    }

    private static String key(String deviceId, String number) {
        return deviceId + '\0' + number;
    }
}
