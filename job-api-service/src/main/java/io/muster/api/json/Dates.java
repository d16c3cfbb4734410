package io.muster.api.json;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;

/** Reads and writes dates as clients write them. Contract: iot-hub, 1.0. */
public final class Dates {
    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");

    private Dates() {}

    /** Reads a date; without an offset it is UTC. @throws ProblemException when it is no date of the years 1 to 9999, which clients can read back */
    public static Instant parse(String name, String text) {
        try {
            Instant date = parse(text);
            if (date.isBefore(FIRST) || date.isAfter(LAST)) {
                throw new ProblemException(
                        Problem.argumentInvalid(name + " lies in the years 1 to 9999, not \"" + text + "\"."));
            }
            return date;
        } catch (DateTimeException e) {
            throw new ProblemException(
                    Problem.argumentInvalid(name + " is a date such as 2026-11-21T02:25:16Z, not \"" + text + "\"."));
        }
    }

    private static Instant parse(String text) {
        TemporalAccessor parsed =
                DateTimeFormatter.ISO_DATE_TIME.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
        return parsed instanceof OffsetDateTime date
                ? date.toInstant()
                : ((LocalDateTime) parsed).toInstant(ZoneOffset.UTC);
    }
}
