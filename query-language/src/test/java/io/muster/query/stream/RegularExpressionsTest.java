package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegularExpressionsTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            abc123,  [0-9][0-9],      3
            ABC,     abc,             0
            ABC,     ^b,             -1
            '',      '^$',            0
            \ud83d\ude00b, b,          2
            2026-01-06, '^\\d{4}-\\d{2}-\\d{2}$', 0
            10.0.0.255, '^\\d{1,3}(\\.\\d{1,3}){3}$', 0
            xx 6f9619ff-8b86-d011-b42d-00cf4fc964ff, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 3
            aXbX,    (?<n>b)x,        2
            """)
    void findsTheFirstPlace(String text, String pattern, int place) {
        assertThat(RegularExpressions.find(text, pattern)).hasValue(place);
        assertThat(RegularExpressions.find(text, pattern)).hasValue(place);
    }

    /** Holds patterns that backtrack in other engines, or read nothing. */
    @ParameterizedTest
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(
            strings = {
                "(a+)+$x",
                "(a|a)*$x",
                "(a*)*c",
                "(.*)(.*)(.*)(.*)(.*)(.*)c",
                "^(([a-z])+.)+[0-9]([a-z])+$",
                "(|){30}x",
                "(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)x",
                "(a?){30}x"
            })
    void isDoneInOnePass(String pattern) {
        for (String text : List.of("", "a", "a".repeat(5000) + "b")) {
            assertThat(RegularExpressions.find(text, pattern)).hasValue(-1);
        }
    }

    @ParameterizedTest
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(
            strings = {
                "(?:(?:^){2000000000}){2000000000}",
                "((((((a{0,9}){0,9}){0,9}){0,9}){0,9}){0,9}){0,9}x",
                "((((a{1000}){1000}){1000}){1000}){1000}",
                "(((a{1000})\\Q\\E{1000})\\Q\\E{1000})\\Q\\E{1000}",
                "((a{1000}[(]){1000}[(]){1000}",
            })
    void refusesWhatIsTooLarge(String pattern) {
        assertThatThrownBy(() -> RegularExpressions.find("a", pattern))
                .isInstanceOf(EvaluationException.class)
                .hasMessage("REGEXMATCH takes patterns of up to 10000 characters, with what {n} repeats written out");
    }

    @ParameterizedTest
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(ints = {100, 2000, 9999, 100_000})
    void overflowsNoStackByBracketsInBrackets(int depth) {
        String pattern = "(".repeat(depth) + "b" + ")".repeat(depth);
        try {
            assertThat(RegularExpressions.find("ab", pattern)).hasValue(1);
        } catch (EvaluationException refused) {
            assertThat(depth).isGreaterThan(100);
        }
    }

    /** Refuses lookahead, as RE2 does, though the engine that is asked next whether it is a pattern overflows its stack in brackets. */
    @ParameterizedTest
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(ints = {1, 2000, 4900})
    void refusesALookaheadInBracketsAsUnsupported(int depth) throws InterruptedException {
        String pattern = "(".repeat(depth) + "(?=a)" + ")".repeat(depth);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread small = new Thread(null, () -> RegularExpressions.find("ab", pattern), "small", 512 * 1024);
        small.setUncaughtExceptionHandler((_, e) -> failure.set(e));
        small.start();
        small.join();
        assertThat(failure.get()).isInstanceOf(EvaluationException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(a)x(?=b)", "(?<!a)b", "(ab)\\1", "(?>a)", "a++", "\\u0041", "a{1001}"})
    void saysWhatItDoesNotTake(String pattern) {
        assertThatThrownBy(() -> RegularExpressions.find("a", pattern))
                .isInstanceOf(EvaluationException.class)
                .hasMessageStartingWith("REGEXMATCH takes patterns of RE2, without lookahead, lookbehind");
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "[z-a]", "a{2,1}", "*"})
    void findsNothingByAnInvalidPattern(String pattern) {
        assertThat(RegularExpressions.find("a", pattern)).isEqualTo(OptionalInt.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"(x?){1000}z"})
    void boundsTheSearchOfALongText(String pattern) {
        assertThatThrownBy(() -> RegularExpressions.find("y".repeat(1_000_000), pattern))
                .isInstanceOf(EvaluationException.class)
                .hasMessageStartingWith("REGEXMATCH takes more than 100000000 steps: give it a shorter text");
    }
}
