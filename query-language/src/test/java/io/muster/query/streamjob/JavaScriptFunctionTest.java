package io.muster.query.streamjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.stream.EvaluationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JavaScriptFunctionTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            function main(a) { return a; }                                   | main
            function hex2Int(hexValue) { return parseInt(hexValue, 16); }    | hex2Int
            function anything(a) { return a; }                               | anything
            var anything = function (a) { return a; }                        | anything
            const anything = a => a, other = 1;                              | anything
            anything = function (a) { return a; }                            | anything
            function helps(a) { return a; } function main(a) { return helps(a); } | main
            function main(a) { return a; } function udf(a) { return main(a); }    | udf
            function helps(a) { return a; } function UDF(a) { return helps(a); }  | UDF
            function outer(a) { function main(b) { return b; } return main(a); }  | outer
            """)
    void callsTheFunctionThatIsMeant(String script, String entry) {
        assertThat(JavaScriptFunction.parse("udf", script, 1).entry()).isEqualTo(entry);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            function main(a) { return (; }                    | UDF.udf, line 1: syntax error
            function main(a) { return a                       | UDF.udf, line 1: missing } after function body
            function main(a) { return /(/.test(a); }          | UDF.udf: SyntaxError: Unterminated parenthetical
            function main(a) { return a; } return 2;          | UDF.udf, line 1: invalid return
            class A { }                                       | UDF.udf, line 1: identifier is a reserved word: class
            var x = 1;                                        | UDF.udf has no function at its top level
            ''                                                | UDF.udf has no function at its top level
            function a() { } function b() { }                 | UDF.udf has the functions a, b: call the one that is meant udf or main.
            """)
    void refusesAScriptThatCannotBeRead(String script, String message) {
        assertThatThrownBy(() -> JavaScriptFunction.parse("udf", script, 1))
                .isInstanceOf(EvaluationException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void refusesAScriptThatIsTooDeepOrTooLong() {
        assertThatThrownBy(() -> JavaScriptFunction.parse("udf", "(".repeat(100_000), 1))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("Too deep recursion");
        assertThatThrownBy(() -> JavaScriptFunction.parse("udf", "x = 1" + "+1".repeat(120_000), 1))
                .isInstanceOf(EvaluationException.class)
                .hasMessage("UDF.udf is nested too deep: write it in several functions.");
        assertThatThrownBy(() -> JavaScriptFunction.parse("udf", " ".repeat(300_000), 1))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("more than 262144 characters");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            while (true) { } function main(a) { }
            throw new Error('ran'); function main(a) { }
            missing(); function main(a) { }
            var x = new Array(1e8).join('x'); function main(a) { }
            """)
    void runsNothing(String script) {
        assertThat(JavaScriptFunction.parse("udf", script, 1).entry()).isEqualTo("main");
    }
}
