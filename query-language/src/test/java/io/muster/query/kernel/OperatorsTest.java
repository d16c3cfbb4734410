package io.muster.query.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperatorsTest {
    private static final Row NO_ROW = _ -> Values.UNDEFINED;

    private static Object value(String text) {
        return switch (text) {
            case "T" -> true;
            case "F" -> false;
            case "U" -> Values.UNDEFINED;
            case "NULL" -> Values.NULL;
            case "{}" -> Map.of();
            case "[]" -> List.of();
            default ->
                text.startsWith("'")
                        ? Literals.quoted(text)
                        : text.contains(".") ? (Object) Double.valueOf(text) : Long.valueOf(text);
        };
    }

    private static Expression expression(String text) {
        Object value = value(text);
        return _ -> value;
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            T, T, T, T
            T, F, T, F
            T, U, T, U
            F, T, T, F
            F, F, F, F
            F, U, U, F
            U, T, T, U
            U, F, U, F
            U, U, U, U
            1, T, T, U
            1, F, U, F
            """)
    void joinsConditionsOfThreeValues(String one, String other, String or, String and) {
        assertThat(Operators.or(expression(one), expression(other)).evaluate(NO_ROW))
                .isEqualTo(value(or));
        assertThat(Operators.and(expression(one), expression(other)).evaluate(NO_ROW))
                .isEqualTo(value(and));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            T, F
            F, T
            U, U
            1, U
            """)
    void negatesConditionsOfThreeValues(String operand, String not) {
        assertThat(Operators.not(expression(operand)).evaluate(NO_ROW)).isEqualTo(value(not));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            # one,    other,    =, !=, <, <=, >, >=
            1,        1.0,      T, F,  F, T,  F, T
            1,        2,        F, T,  T, T,  F, F
            -0.0,     0.0,      T, F,  F, T,  F, T
            9007199254740993, 9007199254740992, F, T, F, F, T, T
            'a',      'b',      F, T,  T, T,  F, F
            F,        T,        F, T,  T, T,  F, F
            '1',      1,        F, T,  U, U,  U, U
            T,        1,        F, T,  U, U,  U, U
            NULL,     NULL,     T, F,  U, U,  U, U
            NULL,     1,        F, T,  U, U,  U, U
            U,        1,        U, U,  U, U,  U, U
            U,        U,        U, U,  U, U,  U, U
            {},       {},       U, U,  U, U,  U, U
            [],       1,        U, U,  U, U,  U, U
            """)
    void comparesValuesOfOneType(
            String one, String other, String eq, String ne, String lt, String le, String gt, String ge) {
        Map<String, String> expected = Map.of("=", eq, "<>", ne, "!=", ne, "<", lt, "<=", le, ">", gt, ">=", ge);
        expected.forEach((symbol, result) -> assertThat(Operators.compared(
                                Comparison.ofSymbol(symbol), expression(one), expression(other), ValueRules.STRICT)
                        .evaluate(NO_ROW))
                .as(one + " " + symbol + " " + other)
                .isEqualTo(value(result)));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            1,    T
            1.0,  T
            'a',  T
            'b',  F
            2,    F
            NULL, F
            U,    U
            {},   U
            """)
    void findsAValueAmongElements(String value, String result) {
        assertThat(Operators.in(expression(value), List.of(1L, "a", Values.UNDEFINED), ValueRules.STRICT)
                        .evaluate(NO_ROW))
                .isEqualTo(value(result));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            +, 1,   2,   3.0
            -, 1,   2,   -1.0
            *, 3,   2,   6.0
            /, 3,   2,   1.5
            %, -7,  3,   -1.0
            /, 1,   0,   U
            %, 1,   0,   U
            +, 'a', 1,   U
            +, 1,   U,   U
            *, T,   1,   U
            """)
    void computesWithNumbersOnly(char operator, String left, String right, String result) {
        assertThat(ValueRules.STRICT.compute(operator, value(left), value(right)))
                .isEqualTo(value(result));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            9223372036854775807,  10, 9223372036854775807
            -9223372036854775808, 10, -9223372036854775808
            9223372036854775808,  10, 9.223372036854776E18
            ff,                   16, 255
            """)
    void readsWholeNumbersOfAnySize(String digits, int radix, String number) {
        assertThat(Literals.whole(digits, radix)).hasToString(number);
    }

    @Test
    void readsQuotedTexts() {
        assertThat(Literals.quoted("'it''s'")).isEqualTo("it's");
        assertThat(Literals.quoted("N'it'")).isEqualTo("it");
        assertThat(Literals.quoted("''")).isEmpty();
    }

    @Test
    void makesEqualNumbersTheSame() {
        assertThat(List.of(1, 1L, 1.0, BigInteger.ONE))
                .extracting(Values::canonical)
                .containsOnly(1L);
        assertThat(Values.canonical(0x1p60)).isEqualTo(0x1p60);
        assertThat(Values.canonical(-0.0)).isEqualTo(0L);
        assertThat(Values.canonical(1.5)).isEqualTo(1.5);
        assertThat(Values.canonical("1")).isEqualTo("1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1 | 1 | 1 argument
            2 | 2 | 2 arguments
            2 | 3 | 2 to 3 arguments
            2 | 2147483647 | 2 or more arguments
            """)
    void saysHowManyArgumentsAFunctionTakes(int least, int most, String words) {
        ScalarFunction function = new ScalarFunction(least, most, arguments -> arguments[0]);
        assertThat(function.arity()).isEqualTo(words);
        assertThat(function.takes(least - 1)).isFalse();
        assertThat(function.takes(least)).isTrue();
        assertThat(function.takes(most)).isTrue();
    }
}
