package io.muster.api.job;

import io.muster.records.Schedule;
import java.util.Comparator;

/** Shows schedules. Thread-safe. */
public final class ScheduleView extends DocumentView<Schedule> {
    /** Makes an empty one. */
    public ScheduleView() {
        super(Schedule::getScheduleId, Schedule::getCreatedAt, Comparator.comparing(Schedule::getUpdatedAt));
    }
}
