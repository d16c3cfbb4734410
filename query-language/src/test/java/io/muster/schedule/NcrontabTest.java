package io.muster.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.LocalDateTime;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NcrontabTest {
    private static LocalDateTime next(String expression, String from) throws ScheduleException {
        return Ncrontab.parse(expression).next(LocalDateTime.parse(from)).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "* * * * * *; 2026-12-01T08:00:00; 2026-12-01T08:00:00",
                "* * * * * *; 2026-12-01T08:00:00.001; 2026-12-01T08:00:01",
                "0 */15 * * * *; 2026-12-01T08:01:00; 2026-12-01T08:15:00",
                "0 0 3 * * *; 2026-12-01T03:00:01; 2026-12-02T03:00:00",
                "0 0 3 * * *; 2026-12-31T03:00:01; 2027-01-01T03:00:00",
                "0 */15 6-20 * * 1-5; 2026-12-04T20:46:00; 2026-12-07T06:00:00",
                "0 0 9 13 * 5; 2026-01-01T00:00:00; 2026-02-13T09:00:00",
                "0 0 9 13 * fri; 2026-03-13T10:00:00; 2026-11-13T09:00:00",
                "0 0 0 29 2 *; 2026-01-01T00:00:00; 2028-02-29T00:00:00",
                "0 0 0 29 2 1; 2024-01-01T00:00:00; 2044-02-29T00:00:00",
                "0 0 0 * * Sunday; 2026-11-29T00:00:00; 2026-11-29T00:00:00",
                "0 0 0 * * 0; 2026-11-29T00:00:01; 2026-12-06T00:00:00",
                "0 0 0 1 dec,jan *; 2026-11-29T00:00:00; 2026-12-01T00:00:00",
                "0 0 0 1 ju *; 2026-01-01T00:00:00; 2026-06-01T00:00:00",
                "5/20 * * * * *; 2026-01-01T00:00:26; 2026-01-01T00:00:45",
                "0 0 20-6 * * *; 2026-01-01T00:00:00; 2026-01-01T06:00:00",
                "0 5,10,59 23 * * *; 2026-01-01T23:10:01; 2026-01-01T23:59:00",
                "30 59 23 31 12 *; 2026-12-31T23:59:31; 2027-12-31T23:59:30",
                "0 0/0 * * * *; 2026-12-01T08:01:00; 2026-12-01T08:01:00",
                "  0   0 12 * *  * ; 2026-12-01T08:01:00; 2026-12-01T12:00:00"
            })
    void findsTheFirstTimeThatMatchesAtOrAfterAnother(String expression, String from, String expected)
            throws ScheduleException {
        assertThat(next(expression, from)).isEqualTo(LocalDateTime.parse(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "0 3 * * *; has 5",
                "''; has 0",
                "0 0 3 * * * *; has 7",
                "60 0 3 * * *; The field second",
                "0 0 24 * * *; '24'",
                "0 0 0 0 * *; The field day ",
                "0 0 0 32 * *; The field day ",
                "0 0 0 * 13 *; or the names january to december",
                "0 0 0 * * 7; The field day-of-week",
                "0 0 0 * * xyz; 'xyz'",
                "0 0 0 L * *; 'L'",
                "0 0 0 ? * *; '?'",
                "0 0 0 * * 1#2; '1#2'",
                "0 0 0 1W * *; '1W'",
                "0 0 1- * * *; ''",
                "0 0 -1 * * *; '-1'",
                "0 , 1 * * *; ''",
                "0 */x 1 * * *; 'x'",
                "0 */-1 1 * * *; '-1'",
                "0 1/99999 1 * * *; '99999'",
                "0 0 0 30 2 *; No day matches",
                "0 0 0 31 4,6,9,11 *; No day matches"
            })
    void refusesWhatIsNoExpressionAndNamesTheField(String expression, String part) {
        assertThatExceptionOfType(ScheduleException.class)
                .isThrownBy(() -> Ncrontab.parse(expression))
                .withMessageContaining(part)
                .withMessageEndingWith(".");
    }

    @Test
    void refusesALongExpression() {
        assertThatExceptionOfType(ScheduleException.class)
                .isThrownBy(() -> Ncrontab.parse("0 0 0 * * " + "1,".repeat(1000) + "1"))
                .withMessageContaining("1000 characters");
    }

    /** Compares with a scan minute by minute, by sets that are drawn and then written as an expression. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithAScanOfEachMinute(long seed) throws ScheduleException {
        Random random = new Random(seed);
        boolean[] minutes = drawn(random, 0, 59, 5);
        boolean[] hours = drawn(random, 0, 23, 3);
        boolean[] days = drawn(random, 1, 31, 12);
        boolean[] months = drawn(random, 1, 12, 8);
        boolean[] weekDays = drawn(random, 0, 6, 4);
        String expression =
                "0 " + list(minutes) + ' ' + list(hours) + ' ' + list(days) + ' ' + list(months) + ' ' + list(weekDays);
        Ncrontab cron = Ncrontab.parse(expression);
        LocalDateTime time = LocalDateTime.of(2027, 1, 1, 0, 0);
        for (int i = 0; i < 50; i++) {
            LocalDateTime scanned = time;
            while (!minutes[scanned.getMinute()]
                    || !hours[scanned.getHour()]
                    || !days[scanned.getDayOfMonth()]
                    || !months[scanned.getMonthValue()]
                    || !weekDays[scanned.getDayOfWeek().getValue() % 7]) {
                scanned = scanned.plusMinutes(1);
            }
            assertThat(cron.next(time)).as(expression).isEqualTo(Optional.of(scanned));
            time = scanned.plusMinutes(1);
        }
    }

    private static boolean[] drawn(Random random, int least, int most, int count) {
        boolean[] drawn = new boolean[most + 1];
        for (int i = 0; i < count; i++) {
            drawn[random.nextInt(least, most + 1)] = true;
        }
        return drawn;
    }

    private static String list(boolean[] values) {
        return IntStream.range(0, values.length)
                .filter(i -> values[i])
                .mapToObj(String::valueOf)
                .reduce((a, b) -> a + "," + b)
                .orElseThrow();
    }
}
