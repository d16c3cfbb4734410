package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.kernel.QueryException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls each scalar function, in one table: with whole numbers, with floats, at its edges, and with NULL. UNDEFINED is NULL. */
class StreamFunctionsTest {
    private static final StreamRow ROW = new RecordRow(Map.of(
            "i",
            7L,
            "f",
            2.5,
            "s",
            "Ab c",
            "t",
            "2026-03-01T10:20:30.1234567Z",
            "a",
            List.of(1L, "x"),
            "r",
            Map.of("K", 5L)));

    private static Object evaluate(String expression) throws QueryException {
        return StreamQuery.parse("SELECT " + expression + " AS v FROM input", Set.of())
                .outputs()
                .getFirst()
                .select()
                .columns()
                .getFirst()
                .value()
                .evaluate(ROW);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ABS(-i)                           | 7
            ABS(-f)                           | 2.5
            ABS('-3')                         | 3
            ABS(-9223372036854775807 - 1)     | UNDEFINED
            ABS(none)                         | UNDEFINED
            CEILING(f)                        | 3.0
            CEILING(i)                        | 7
            FLOOR(-f)                         | -3.0
            ROUND(f)                          | 3.0
            ROUND(-f)                         | -3.0
            ROUND(2.345, 2)                   | 2.35
            ROUND(1250, -2)                   | 1300
            ROUND(1.5, 400)                   | UNDEFINED
            EXP(0)                            | 1.0
            EXP(1000)                         | UNDEFINED
            LOG(1)                            | 0.0
            LOG(8, 2)                         | 3.0
            LOG(0)                            | UNDEFINED
            POWER(2, 10)                      | 1024
            POWER(2, -1)                      | 0
            POWER(2.0, -1)                    | 0.5
            POWER(10, 30)                     | UNDEFINED
            SIGN(-i)                          | -1
            SIGN(f)                           | 1.0
            SQUARE(i)                         | 49.0
            SQRT(16)                          | 4.0
            SQRT(-1)                          | UNDEFINED
            CONCAT(s, i, none, f)             | Ab c72.5
            LEN('a  ')                        | 1
            LEN(none)                         | UNDEFINED
            LOWER(s)                          | ab c
            UPPER('straße')                   | STRAßE
            TRIM('  x ') + '.'                | x.
            LTRIM('  x ') + '.'               | x .
            RTRIM('x  ') + '.'                | x.
            LEFT(s, 2)                        | Ab
            LEFT(s, -1)                       | ``
            LEFT(s, 9)                        | Ab c
            RIGHT(s, 1)                       | c
            SUBSTRING(s, 2)                   | b c
            SUBSTRING(s, 2, 1)                | b
            SUBSTRING(s, 0, 2)                | A
            SUBSTRING(s, 9, 2)                | ``
            CHARINDEX('b', s)                 | 2
            CHARINDEX('B', s)                 | 0
            CHARINDEX('b', 'abab', 3)         | 4
            PATINDEX('%[bx]%', s)             | 2
            PATINDEX('%z%', s)                | 0
            REPLACE('aXbX', 'X', '-')         | a-b-
            REPLACE(s, '', '-')               | Ab c
            REGEXMATCH('error 42', '[0-9]+')  | 7
            REGEXMATCH('error', '[0-9]+')     | 0
            SPLIT('a,b,,', ',')               | [a, b, , ]
            SPLIT('a.b', '.')                 | [a, b]
            SPLIT(s, '')                      | UNDEFINED
            COALESCE(none, i, f)              | 7
            COALESCE(none, none)              | UNDEFINED
            NULLIF(i, 7.0)                    | UNDEFINED
            NULLIF(i, 8)                      | 7
            NULLIF(none, 1)                   | UNDEFINED
            GETTYPE(i)                        | bigint
            GETTYPE(f)                        | float
            GETTYPE(s)                        | nvarchar(max)
            GETTYPE(a)                        | array
            GETTYPE(r)                        | record
            GETTYPE(none)                     | UNDEFINED
            DAY(t)                            | 1
            MONTH(t)                          | 3
            YEAR(t)                           | 2026
            DATETIMEFROMPARTS(2024, 2, 29, 1, 2, 3, 4) | 2024-02-29T01:02:03.004Z
            DATETIMEFROMPARTS(2026, 2, 29, 1, 2, 3, 4) | UNDEFINED
            DATEADD(day, 1, '2026-02-28T00:00:00Z')    | 2026-03-01T00:00:00Z
            DATEADD(month, 1, '2026-01-31T00:00:00Z')  | 2026-02-28T00:00:00Z
            DATEADD(second, -1, t)            | 2026-03-01T10:20:29.123456700Z
            DATEDIFF(second, '2026-01-01T00:00:00.9Z', '2026-01-01T00:00:01.0Z') | 1
            DATEDIFF(day, '2026-01-01T23:59:59Z', '2026-01-02T00:00:00Z')        | 1
            DATEDIFF(hour, '2026-01-01T02:00:00Z', '2026-01-01T01:59:00Z')       | -1
            DATEPART(weekday, '2026-03-01T00:00:00Z')  | 1
            DATEPART(dayofyear, t)            | 60
            DATENAME(month, t)                | March
            GETARRAYELEMENT(a, 1)             | x
            GETARRAYELEMENT(a, 2)             | UNDEFINED
            GETARRAYLENGTH(a)                 | 2
            GETRECORDPROPERTYVALUE(r, 'k')    | 5
            GETRECORDPROPERTYVALUE(r, 'z')    | UNDEFINED
            GETRECORDPROPERTIES(r)            | [{PropertyName=K, PropertyValue=5}]
            GETARRAYELEMENTS(a)               | [{ArrayIndex=0, ArrayValue=1}, {ArrayIndex=1, ArrayValue=x}]
            """)
    void evaluates(String expression, String result) throws QueryException {
        assertThat(evaluate(expression)).hasToString(result);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ABS(s)                  | 'Ab c' can't be converted to a number in ABS(s)
            LEN(r)                  | a record '{K=5}' can't be converted to a text in LEN(r)
            YEAR(s)                 | 'Ab c' can't be converted to a datetime in YEAR(s)
            GETARRAYLENGTH(s)       | 'Ab c' can't be converted to an array in GETARRAYLENGTH(s)
            GETRECORDPROPERTIES(a)  | an array '[1, x]' can't be converted to a record in GETRECORDPROPERTIES(a)
            SUBSTRING(s, 1, -1)     | SUBSTRING takes a length of 0 or more, not -1
            """)
    void failsForValuesThatCannotBeConverted(String expression, String message) {
        assertThatThrownBy(() -> evaluate(expression))
                .isInstanceOf(EvaluationException.class)
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ABS()", "ABS(1, 2)", "CONCAT('a')", "SUBSTRING(s)", "NULLIF(1)", "DATEADD(day, 1)"})
    void refusesAWrongNumberOfArguments(String expression) {
        assertThatThrownBy(() -> evaluate(expression))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining(" takes ");
    }
}
