package io.muster.planner.site;

import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import io.muster.schedule.Ncrontab;
import io.muster.schedule.Occurrence;
import io.muster.schedule.Recurrence;
import io.muster.schedule.Schedule;
import io.muster.schedule.ScheduleException;
import java.time.Instant;
import java.util.Optional;

/** Says when triggered jobs are due. One whose expression can't be read never is. Contract: webjobs-and-schedules, 2.7. */
final class JobSchedule {
    /** Bounds the count of times that went by. */
    private static final int MOST_COUNTED = 1000;

    private JobSchedule() {}

    /** Returns when a job is due next. @param settings settings.job, as a JSON object that was checked */
    static Optional<Instant> next(WebJobKind kind, String settings, SiteSettings site, Instant now) {
        return times(kind, settings, site, now)
                .flatMap(times -> times.after(now))
                .map(Occurrence::time);
    }

    /**
     * Holds the times at which a job was due and that have passed.
     *
     * @param latest time that it was due, not later than now
     * @param passed how many times it was due before that
     * @param next time that it is due
     */
    record Passed(Instant latest, int passed, Optional<Instant> next) {}

    /** Returns what went by since a job was due. */
    static Passed passed(WebJob job, Instant dueAt, SiteSettings site, Instant now) {
        Optional<Schedule> times = times(job.getKind(), job.getSettings(), site, dueAt);
        Instant latest = dueAt;
        int passed = 0;
        Optional<Instant> next = after(times, dueAt);
        while (next.isPresent() && !next.get().isAfter(now) && passed < MOST_COUNTED) {
            latest = next.get();
            passed++;
            next = after(times, latest);
        }
        return new Passed(latest, passed, passed == MOST_COUNTED ? after(times, now) : next);
    }

    private static Optional<Instant> after(Optional<Schedule> times, Instant instant) {
        return times.flatMap(found -> found.after(instant)).map(Occurrence::time);
    }

    private static Optional<Schedule> times(WebJobKind kind, String settings, SiteSettings site, Instant start) {
        Optional<String> expression =
                kind == WebJobKind.TRIGGERED ? JobSettings.stored(settings).schedule() : Optional.empty();
        try {
            return expression.isEmpty()
                    ? Optional.empty()
                    : Optional.of(Schedule.of(
                            site.zone(),
                            start,
                            false,
                            new Recurrence.Cron(Ncrontab.parse(expression.get())),
                            Optional.empty()));
        } catch (ScheduleException e) {
            return Optional.empty();
        }
    }
}
