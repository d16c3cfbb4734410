package io.muster.api.job;

import io.muster.records.Schedule;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** Shows schedules as this instance knows them, from their topic and from replies. The later change wins. Thread-safe. */
public final class ScheduleView {
    /** Holds the latest that is known of an id. @param read when the schedule was made that was read from the topic last; null before one was */
    private record Known(Schedule schedule, @Nullable Instant read) {}

    private final ConcurrentNavigableMap<String, Known> schedules = new ConcurrentSkipListMap<>();

    /** Takes a schedule from a reply. */
    public void put(Schedule schedule) {
        schedules.merge(
                schedule.getScheduleId(),
                new Known(schedule, null),
                (known, _) -> new Known(later(known.schedule(), schedule), known.read()));
    }

    /** Takes a schedule from the topic. */
    public void read(Schedule schedule) {
        schedules.compute(
                schedule.getScheduleId(),
                (_, known) -> new Known(
                        known == null ? schedule : later(known.schedule(), schedule), schedule.getCreatedAt()));
    }

    private static Schedule later(Schedule known, Schedule other) {
        return other.getUpdatedAt().isBefore(known.getUpdatedAt()) ? known : other;
    }

    /** Takes a deletion from a reply. */
    public void forget(String id) {
        schedules.remove(id);
    }

    /** Takes a tombstone from the topic: it removes the schedule that was read from the topic last, and not a later one that came by a reply. */
    public void readTombstone(String id) {
        schedules.computeIfPresent(
                id, (_, known) -> known.schedule().getCreatedAt().equals(known.read()) ? null : known);
    }

    /** Returns a schedule. */
    public Optional<Schedule> get(String id) {
        return Optional.ofNullable(schedules.get(id)).map(Known::schedule);
    }

    /**
     * Returns a page of schedules in order of their ids.
     *
     * @param prefix of their ids
     * @param after the id behind which to begin; null for the first
     */
    public List<Schedule> page(String prefix, @Nullable String after, int limit) {
        List<Schedule> page = new ArrayList<>();
        for (Known known :
                schedules.tailMap(after == null ? prefix : after, after == null).values()) {
            if (page.size() == limit || !known.schedule().getScheduleId().startsWith(prefix)) {
                break;
            }
            page.add(known.schedule());
        }
        return page;
    }
}
