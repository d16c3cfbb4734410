package io.muster.query.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.ScalarFunction;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamValues;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class JavaScriptFunctionTest {
    private static ScalarFunction of(String script) {
        return JavaScriptFunction.of("f", script, 1);
    }

    private static Object call(ScalarFunction function, Object argument) {
        return function.on(_ -> argument).evaluate(null);
    }

    static Stream<Arguments> values() {
        return Stream.of(
                Arguments.of("parseInt(a, 16)", "ff", 255L),
                Arguments.of("a + 1", 41L, 42L),
                Arguments.of("a / 2", 5L, 2.5),
                Arguments.of("a * 2", 1.5, 3L),
                Arguments.of("a / 0", 1L, StreamValues.NULL),
                Arguments.of("a === null", StreamValues.NULL, true),
                Arguments.of("undefined", 1L, StreamValues.NULL),
                Arguments.of("`${a}!`", "x", "x!"),
                Arguments.of("a.k.map(x => x * x)", Map.of("k", List.of(1L, 2L, 3L)), List.of(1L, 4L, 9L)),
                Arguments.of("({ n: a.length, '7': a[1] })", List.of("x", "y"), Map.of("n", 2L, "7", "y")),
                Arguments.of("a.getTime()", Instant.parse("2026-01-01T00:00:00Z"), 1767225600000L),
                Arguments.of("new Date(a + 1)", 0L, Instant.ofEpochMilli(1)),
                Arguments.of(
                        "JSON.parse(a)",
                        "{\"x\":[true,null]}",
                        Map.of("x", java.util.Arrays.asList(true, StreamValues.NULL))),
                Arguments.of("typeof java + typeof Packages + typeof print", 0L, "undefinedundefinedundefined"));
    }

    @ParameterizedTest
    @MethodSource("values")
    void makesValuesOfValues(String expression, Object argument, Object result) {
        assertThat(call(of("function main(a) { return " + expression + "; }"), argument))
                .isEqualTo(result);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            function main(a) { return a.b.c; }                        | UDF.f, line 1: TypeError: Cannot read property "c" from undefined
            function main(a) { throw new Error('not that'); }         | UDF.f, line 1: Error: not that
            function main(a) { while (true) { } }                     | UDF.f takes more than
            function main(a) { try { while (true) { } } catch (e) { } finally { return 1; } } | UDF.f takes more than
            function main(a) { return main(a); }                      | UDF.f calls itself too deep
            function main(a) { const r = {}; r.r = r; return r; }     | UDF.f returns a value that is nested deeper
            function main(a) { return main; }                         | UDF.f returns a function
            """)
    void failsWithItsNameAndPlace(String script, String message) {
        ScalarFunction function = of(script);
        assertThatThrownBy(() -> call(function, Map.of()))
                .isInstanceOf(EvaluationException.class)
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            function main(a) { return (; } | UDF.f, line 1:
            var x = 1;                     | UDF.f has no function main
            while (true) { }               | UDF.f takes more than
            nothing.there();               | UDF.f, line 1: ReferenceError
            """)
    void refusesAScriptThatIsNone(String script, String message) {
        assertThatThrownBy(() -> of(script))
                .isInstanceOf(EvaluationException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void runsInManyThreadsAtOnce() {
        ScalarFunction function =
                of("function main(a) { var s = 0; for (var i = 0; i <= a; i++) { s += i; } return s; }");
        assertThat(IntStream.range(0, 2000)
                        .parallel()
                        .allMatch(i -> call(function, (long) i).equals((long) i * (i + 1) / 2)))
                .isTrue();
    }
}
