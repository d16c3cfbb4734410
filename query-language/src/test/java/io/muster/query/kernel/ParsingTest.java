package io.muster.query.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.muster.query.kernel.grammar.FilterLexer;
import io.muster.query.kernel.grammar.FilterParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests limits and positions, which hold for every dialect, with the smallest one. */
class ParsingTest {
    private static final int LONGEST = 20_000;
    private static final Parsing.Dialect<FilterParser> DIALECT =
            new Parsing.Dialect<>(LONGEST, FilterLexer::new, FilterParser::new, (token, _) -> "not " + token.getText());

    private static String parse(String text) throws QueryException {
        return Parsing.parse(text, DIALECT, parser -> Trees.text(parser.filter().or()));
    }

    private static QueryException refused(String text) {
        return catchThrowableOfType(QueryException.class, () -> parse(text));
    }

    @Test
    void keepsTheTextAsItIsWritten() throws QueryException {
        assertThat(parse("  a  eq 1\n and (b eq 2) ")).isEqualTo("a  eq 1\n and (b eq 2)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a eq               | 1 | 5 | Unexpected end of the query
            a eq eq            | 1 | 6 | not eq
            a eq 1 and ) or    | 1 | 12 | not )
            a eq 1\\nand a 1    | 2 | 7 | not 1
            a eq 'open         | 1 | 6 | not '
            """)
    void namesThePlaceOfTheFirstError(String text, int line, int column, String sentence) {
        QueryException refused = refused(text.replace("\\n", "\n"));
        assertThat(refused.line()).isEqualTo(line);
        assertThat(refused.column()).isEqualTo(column);
        assertThat(refused).hasMessageEndingWith("Line " + line + ":" + column + " " + sentence);
    }

    @Test
    void countsColumnsBehindAPrefixInTheFirstLineOnly() {
        assertThat(refused("a eq eq").behind(10).column()).isEqualTo(16);
        assertThat(refused("a eq 1\nand eq").behind(10).column()).isEqualTo(5);
    }

    @Test
    void rejectsTextsThatAreLongerThanTheDialectAllows() {
        String longest = "a eq 1" + " ".repeat(LONGEST - 6);
        assertThatCode(() -> parse(longest)).doesNotThrowAnyException();
        assertThat(refused(longest + " ")).hasMessageContaining("Line 1:1 The query is longer than 20000 characters");
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            (,    ),  50
            not , '', 50
            """)
    void rejectsTextsThatAreNestedDeeperThanTheLimit(String open, String close, int most) {
        assertThatCode(() -> parse(open.repeat(most).replace("not", "not ") + "a eq 1" + close.repeat(most)))
                .doesNotThrowAnyException();
        assertThat(refused((open + " ").repeat(most + 1) + "a eq 1" + close.repeat(most + 1)))
                .hasMessageContaining("The query is nested deeper than 50 levels");
        assertThat(refused((open + " ").repeat(LONGEST / 5))).hasMessageContaining("deeper than 50 levels");
    }

    @Test
    void acceptsLongChainsWhichAreNotDeep() {
        assertThatCode(() -> parse("a eq 1" + " or a eq 1".repeat(1900))).doesNotThrowAnyException();
    }

    @Test
    void shortensTheMiddleOfLongSentences() {
        String sentence = new QueryException(1, 1, "begin " + "x".repeat(5000) + " end").getMessage();
        assertThat(sentence).contains("begin ", "x … x").endsWith(" end").hasSizeLessThan(1100);
    }
}
