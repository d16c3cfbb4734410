package io.muster.api.json;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;

/** Dates as clients write them. Contract: iot-hub, 1.0. */
final class Dates {
    private Dates() {}

    /** Without an offset it is UTC. @throws ProblemException when it is no date */
    static Instant parse(String name, String text) {
        try {
            TemporalAccessor parsed =
                    DateTimeFormatter.ISO_DATE_TIME.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
            return parsed instanceof OffsetDateTime date
                    ? date.toInstant()
                    : ((LocalDateTime) parsed).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            throw new ProblemException(
                    Problem.argumentInvalid(name + " is a date such as 2026-11-21T02:25:16Z, not \"" + text + "\"."));
        }
    }
}
