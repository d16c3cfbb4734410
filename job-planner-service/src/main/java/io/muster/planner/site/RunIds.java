package io.muster.planner.site;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Makes ids of runs: the time of their beginning, in tenths of a millisecond. Contract: webjobs-and-schedules, 2.2. */
final class RunIds {
    private static final DateTimeFormatter FORM =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmssSSSS").withZone(ZoneOffset.UTC);
    private static final int TENTH_OF_MILLISECOND = 100;

    private RunIds() {}

    /** Returns the id of a run that begins now: of its own, and larger than the latest one of its job. */
    static String next(Optional<String> latest, Instant now) {
        String id = FORM.format(now);
        return latest.filter(known -> known.compareTo(id) >= 0)
                .map(known -> FORM.format(LocalDateTime.parse(known, FORM)
                        .plus(TENTH_OF_MILLISECOND, ChronoUnit.MICROS)
                        .atZone(ZoneOffset.UTC)))
                .orElse(id);
    }
}
