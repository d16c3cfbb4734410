package io.muster.schedule;

import java.time.LocalDateTime;
import org.dmfs.rfc5545.DateTime;
import org.dmfs.rfc5545.recur.InvalidRecurrenceRuleException;
import org.dmfs.rfc5545.recur.RecurrenceRule;
import org.dmfs.rfc5545.recur.RecurrenceRuleIterator;
import org.jspecify.annotations.Nullable;

/** Lists the local times of a rule of RFC 5545, in their order. For one thread. */
final class RuleTimes {
    private final @Nullable RecurrenceRuleIterator found;
    private @Nullable LocalDateTime next;

    /**
     * Finds the first time that is listed.
     *
     * @param rule as the RFC writes it, without COUNT and UNTIL
     * @param anchor the begin of an interval: the library lists nothing where it would have to pass over many times before it
     * @param from before which no time is listed
     */
    RuleTimes(String rule, LocalDateTime anchor, LocalDateTime from) {
        found = iterator(rule(rule), floating(anchor));
        do {
            advance();
        } while (next != null && next.isBefore(from));
    }

    /** Returns the time at which the list stands; null behind the last one. */
    @Nullable
    LocalDateTime next() {
        return next;
    }

    /** Goes on to the next time. */
    void advance() {
        try {
            next = found != null && found.hasNext() ? local(found.nextDateTime()) : null;
        } catch (IllegalArgumentException | IllegalStateException e) {
            next = null; // The library has tried a thousand intervals: none has such a day.
        }
    }

    private static @Nullable RecurrenceRuleIterator iterator(RecurrenceRule rule, DateTime anchor) {
        try {
            return rule.iterator(anchor);
        } catch (IllegalArgumentException | IllegalStateException e) {
            return null; // As above.
        }
    }

    private static RecurrenceRule rule(String text) {
        try {
            return new RecurrenceRule(text, RecurrenceRule.RfcMode.RFC5545_STRICT);
        } catch (InvalidRecurrenceRuleException e) {
            throw new IllegalStateException("not a recurrence rule, rule=" + text, e);
        }
    }

    private static DateTime floating(LocalDateTime time) {
        return new DateTime(
                time.getYear(),
                time.getMonthValue() - 1,
                time.getDayOfMonth(),
                time.getHour(),
                time.getMinute(),
                time.getSecond());
    }

    private static LocalDateTime local(DateTime time) {
        return LocalDateTime.of(
                time.getYear(),
                time.getMonth() + 1,
                time.getDayOfMonth(),
                time.getHours(),
                time.getMinutes(),
                time.getSeconds());
    }
}
