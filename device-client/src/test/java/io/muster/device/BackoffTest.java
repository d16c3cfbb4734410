package io.muster.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
    @ParameterizedTest
    @CsvSource({
        "0, 125, 250",
        "1, 250, 500",
        "3, 1000, 2000",
        "6, 7500, 15000",
        "7, 7500, 15000",
        "1000000, 7500, 15000"
    })
    void doublesUpToALimitAndSpreads(int failures, long shortest, long longest) {
        SplittableRandom random = new SplittableRandom(1);
        List<Long> delays = Stream.generate(() -> Backoff.next(failures, random))
                .limit(1000)
                .toList();
        assertThat(delays).allSatisfy(delay -> assertThat(delay).isBetween(shortest, longest - 1));
        assertThat(delays.stream().distinct()).hasSizeGreaterThan(50);
    }
}
