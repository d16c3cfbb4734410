package io.muster.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.processor.engine.PartitionClock.Fate;
import io.muster.query.stream.Ticks;
import java.time.Instant;
import java.time.LocalTime;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Follows the example of the contract (stream-analytics, 4.4): 15 s late, 5 s of disorder. */
class PartitionClockTest {
    private static final long START = Ticks.of(Instant.parse("2026-11-21T08:00:00Z"));

    private static long at(String time) {
        return START + (LocalTime.parse(time).toSecondOfDay() - 8L * 3600) * Ticks.SECOND;
    }

    private static PartitionClock clock(boolean drops) {
        return new PartitionClock(new TimePolicy(15 * Ticks.SECOND, 5 * Ticks.SECOND, drops), false);
    }

    private static final String[][] VECTOR = {
        // event, arrival, adjusted, watermark, fate, dropped where late and disorder are
        {"08:00:00", "08:00:02", "08:00:00", "07:59:55", "IN_TIME"},
        {"08:00:09", "08:00:10", "08:00:09", "08:00:04", "IN_TIME"},
        {"08:00:05", "08:00:11", "08:00:05", "08:00:04", "IN_TIME"},
        {"08:00:02", "08:00:12", "08:00:04", "08:00:04", "OUT_OF_ORDER"},
        {"07:59:20", "08:00:13", "08:00:04", "08:00:04", "LATE"},
        {"08:06:00", "08:00:14", "", "08:00:04", "EARLY"},
        {"08:00:20", "08:00:21", "08:00:20", "08:00:15", "IN_TIME"},
        {"08:00:06", "08:00:22", "08:00:15", "08:00:15", "LATE"},
    };

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void placesEventsAsTheExampleOfTheContract(boolean drops) {
        PartitionClock clock = clock(drops);
        for (String[] row : VECTOR) {
            PartitionClock.Verdict verdict = clock.take(at(row[0]), at(row[1]));
            Fate fate = Fate.valueOf(row[4]);
            assertThat(verdict.fate()).as(String.join(" ", row)).isEqualTo(fate);
            assertThat(verdict.dropped()).isEqualTo(fate == Fate.EARLY || (drops && fate != Fate.IN_TIME));
            if (!verdict.dropped()) {
                assertThat(verdict.time()).isEqualTo(at(row[2]));
            }
            assertThat(clock.watermark()).isEqualTo(at(row[3]));
        }
        clock.quietUntil(at("08:00:37"));
        assertThat(clock.watermark()).isEqualTo(at("08:00:22"));
    }

    /** Moves an event for late arrival first, and for disorder then. */
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "00:00:10, 00:00:30, 00:00:20, -",
                "00:00:40, 00:00:40, 00:00:40, 00:00:40",
                "00:00:37, 00:00:40, 00:00:37, 00:00:37",
                "00:00:33, 00:00:40, 00:00:35, -",
            })
    void checksLatenessBeforeDisorder(String event, String arrival, String adjusted, String kept) {
        for (boolean drops : new boolean[] {false, true}) {
            PartitionClock clock =
                    new PartitionClock(new TimePolicy(10 * Ticks.SECOND, 5 * Ticks.SECOND, drops), false);
            if (!event.equals("00:00:10")) {
                clock.take(at("00:00:40"), at("00:00:40"));
            }
            PartitionClock.Verdict verdict = clock.take(at(event), at(arrival));
            String wanted = drops ? kept : adjusted;
            assertThat(verdict.dropped()).isEqualTo(wanted == null);
            if (wanted != null) {
                assertThat(verdict.time()).isEqualTo(at(wanted));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false, 08:00:22, false", "true, 08:00:22, true"})
    void movesOrDropsAnEventBehindIdleness(boolean drops, String time, boolean dropped) {
        PartitionClock clock = clock(drops);
        clock.take(at("08:00:20"), at("08:00:22"));
        clock.quietUntil(at("08:00:37"));
        PartitionClock.Verdict verdict = clock.take(at("08:00:21"), at("08:00:30"));
        assertThat(verdict).isEqualTo(new PartitionClock.Verdict(Fate.BEHIND_IDLENESS, dropped, at(time)));
    }

    /** Lets time go on by itself: as long as it does not overtake events that arrive, it changes no event's time. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void changesNoTimeForTrueIdleness(long seed) {
        Random random = new Random(seed);
        for (boolean drops : new boolean[] {false, true}) {
            PartitionClock plain = clock(drops);
            PartitionClock idling = clock(drops);
            long arrival = START;
            for (int i = 0; i < 2000; i++) {
                long pause = random.nextLong(20 * Ticks.SECOND);
                if (random.nextBoolean()) {
                    idling.quietUntil(arrival + random.nextLong(pause + 1));
                }
                arrival += pause;
                long event = arrival - random.nextLong(25 * Ticks.SECOND) + random.nextLong(Ticks.SECOND);
                assertThat(idling.take(event, arrival)).isEqualTo(plain.take(event, arrival));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"-1", "5"})
    void movesNoEventThatIsTimedByItsArrival(long late) {
        PartitionClock clock = new PartitionClock(new TimePolicy(late * Ticks.SECOND, 0, true), true);
        assertThat(clock.take(0, at("08:00:01")))
                .isEqualTo(new PartitionClock.Verdict(Fate.IN_TIME, false, at("08:00:01")));
        assertThat(clock.watermark()).isEqualTo(at("08:00:01"));
        clock.quietUntil(at("08:00:02"));
        assertThat(clock.watermark()).isEqualTo(at("08:00:02"));
    }
}
