package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegularExpressionsTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            abc123,  [0-9][0-9],      3
            ABC,     abc,             0
            ABC,     ^b,             -1
            aXbX,    '(a)x(?=b)',     0
            abab,    '(ab)\\1',       0
            '',      '^$',            0
            """)
    void findsTheFirstPlace(String text, String pattern, int place) {
        assertThat(RegularExpressions.find(text, pattern)).isEqualTo(place);
        assertThat(RegularExpressions.find(text, pattern)).isEqualTo(place);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(a+)+$", "(a|a)*$", "(a*)*c", "(.*)(.*)(.*)(.*)(.*)(.*)c", "^(([a-z])+.)+[0-9]([a-z])+$"})
    void stopsASearchThatGoesBackTooOften(String pattern) {
        assertThatThrownBy(() -> RegularExpressions.find("a".repeat(5000) + "b", pattern))
                .isInstanceOf(EvaluationException.class)
                .hasMessageStartingWith("REGEXMATCH takes more than 10000000 steps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "[z-a]", "a{2,1}", "*"})
    void refusesWhatIsNoPattern(String pattern) {
        assertThatThrownBy(() -> RegularExpressions.find("a", pattern)).isInstanceOf(PatternSyntaxException.class);
    }
}
