package io.muster.api.surface.webjobs;

import io.muster.records.WebJob;
import io.muster.records.WebJobMissed;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Writes the log of a job's schedule: the latest times that brought no run, why its expression is not used, and when it is due next. Contract: webjobs-and-schedules, 2.6 and 2.7. */
final class SchedulerLog {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("MM/dd/yyyy HH:mm:ss").withZone(ZoneOffset.UTC);

    private SchedulerLog() {}

    static String of(WebJob job) {
        StringBuilder log = new StringBuilder();
        for (WebJobMissed missed : job.getMissed()) {
            log.append('[').append(TIME.format(missed.getAt())).append(" > -: WARN] Missed ");
            log.append(missed.getTimes()).append(missed.getTimes() == 1 ? " schedule: " : " schedules: ");
            log.append(missed.getRunning() ? "a run had not ended." : "too late to run.")
                    .append("\r\n");
        }
        WebJobDocuments.scheduleError(job)
                .ifPresent(error -> log.append('[')
                        .append(TIME.format(job.getChangedAt()))
                        .append(" > -: ERR ] ")
                        .append(error.replaceAll("\\p{Cntrl}", " "))
                        .append("\r\n"));
        @Nullable Instant dueAt = job.getDueAt();
        return log.append(dueAt == null ? "No schedule is due." : "Next schedule expected at " + dueAt)
                .append("\r\n")
                .toString();
    }
}
