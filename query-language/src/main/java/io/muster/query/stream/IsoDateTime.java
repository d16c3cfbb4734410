package io.muster.query.stream;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * Reads a datetime as ISO 8601 writes it: extended ({@code 2026-01-06T10:11:12.5Z}) or basic ({@code 20260106T101112Z}), down to the hour or
 * the day, with {@code Z}, an offset, or neither, which is UTC. A blank may stand for the T. For one text.
 */
final class IsoDateTime {
    private static final int SHORTEST = 10;
    private static final int LONGEST = 64;
    private static final int DIGITS = 7;
    private static final int NANOS_OF_TICK = 100;
    private static final int SECONDS_OF_MINUTE = 60;
    private static final int SECONDS_OF_HOUR = 3600;
    private static final int FURTHEST_OFFSET = 18;

    private final String text;
    private int at;

    private IsoDateTime(String text) {
        this.text = text;
    }

    /** Returns the instant of a text; empty where the text is no datetime. */
    static Optional<Instant> parse(String text) {
        String stripped = text.strip();
        if (stripped.length() < SHORTEST || stripped.length() > LONGEST || !isYear(stripped)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new IsoDateTime(stripped).read()).filter(DateTimes::isInCalendar);
        } catch (DateTimeException _) {
            return Optional.empty();
        }
    }

    /** Returns whether four digits come first: a cheap test that most texts without a datetime fail. */
    private static boolean isYear(String text) {
        for (int i = 0; i < 4; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    private Instant read() {
        int year = digits(4);
        boolean extended = skips('-');
        int month = digits(2);
        if (extended != skips('-')) {
            throw wrong();
        }
        int day = digits(2);
        if (at == text.length()) {
            return LocalDateTime.of(year, month, day, 0, 0).toInstant(ZoneOffset.UTC);
        }
        if (!skips('T') && !skips('t') && !skips(' ')) {
            throw wrong();
        }
        int hour = digits(2);
        int minute = 0;
        int second = 0;
        int nano = 0;
        boolean colons = skips(':');
        if (colons || isDigit()) {
            minute = digits(2);
            if (colons ? skips(':') : isDigit()) {
                second = digits(2);
                nano = skips('.') || skips(',') ? fraction() : 0;
            }
        }
        int offset = offset();
        if (at != text.length()) {
            throw wrong();
        }
        return LocalDateTime.of(year, month, day, hour, minute, second, nano)
                .toInstant(ZoneOffset.UTC)
                .minusSeconds(offset);
    }

    private int offset() {
        if (at == text.length() || skips('Z') || skips('z')) {
            return 0;
        }
        int sign = skips('+') ? 1 : skips('-') ? -1 : 0;
        int hours = digits(2);
        int minutes = skips(':') || isDigit() ? digits(2) : 0;
        if (sign == 0 || hours > FURTHEST_OFFSET || minutes >= SECONDS_OF_MINUTE) {
            throw wrong();
        }
        return sign * (hours * SECONDS_OF_HOUR + minutes * SECONDS_OF_MINUTE);
    }

    private boolean isDigit() {
        return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    private boolean skips(char wanted) {
        if (at < text.length() && text.charAt(at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private int digits(int count) {
        int value = 0;
        for (int i = 0; i < count; i++) {
            if (!isDigit()) {
                throw wrong();
            }
            value = value * 10 + text.charAt(at++) - '0';
        }
        return value;
    }

    /** Reads a fraction of up to seven digits, which the dialect's datetime and saved state have, and cuts further ones. */
    private int fraction() {
        int nano = 0;
        int count = 0;
        for (; isDigit(); at++, count++) {
            if (count < DIGITS) {
                nano = nano * 10 + text.charAt(at) - '0';
            }
        }
        if (count == 0) {
            throw wrong();
        }
        for (; count < DIGITS; count++) {
            nano *= 10;
        }
        return nano * NANOS_OF_TICK;
    }

    private DateTimeException wrong() {
        return new DateTimeException("no datetime in ISO 8601");
    }
}
