package io.muster.query.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.kernel.grammar.FilterBaseVisitor;
import io.muster.query.kernel.grammar.FilterLexer;
import io.muster.query.kernel.grammar.FilterParser;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.antlr.v4.runtime.ParserRuleContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shows that a small dialect, in the manner of OData's {@code $filter}, needs a grammar, a visitor, and nothing else. */
class FilterDialectTest {
    private static final Parsing.Dialect<FilterParser> DIALECT = new Parsing.Dialect<>(
            100, FilterLexer::new, FilterParser::new, (token, _) -> "'" + token.getText() + "' is unexpected");
    private static final Row JOB = name ->
            Map.<String, Object>of("status", "failed", "size", 5L, "id", "it's").getOrDefault(name, Values.UNDEFINED);

    private static final class Compiler extends FilterBaseVisitor<Expression> {
        @Override
        public Expression visitOr(FilterParser.OrContext or) {
            return Operators.or(all(or.and()));
        }

        @Override
        public Expression visitAnd(FilterParser.AndContext and) {
            return Operators.and(all(and.not()));
        }

        @Override
        public Expression visitNot(FilterParser.NotContext not) {
            return not.NOT() == null ? visit(not.predicate()) : Operators.not(visit(not.not()));
        }

        @Override
        public Expression visitGrouped(FilterParser.GroupedContext grouped) {
            return visit(grouped.or());
        }

        @Override
        public Expression visitCompare(FilterParser.CompareContext compare) {
            String name = compare.IDENTIFIER().getText();
            String literal = compare.literal().getText();
            Object value = literal.startsWith("'") ? Literals.quoted(literal) : Literals.whole(literal, 10);
            Comparison comparison = Comparison.values()[
                    List.of("eq", "ne", "lt", "le", "gt", "ge").indexOf(compare.op.getText())];
            return Operators.compared(comparison, row -> row.member(name), _ -> value, ValueRules.STRICT);
        }

        private Expression[] all(List<? extends ParserRuleContext> parts) {
            return parts.stream().map(this::visit).toArray(Expression[]::new);
        }
    }

    private static Object evaluate(String filter) throws QueryException {
        return Parsing.parse(
                        filter,
                        DIALECT,
                        parser -> new Compiler().visit(parser.filter().or()))
                .evaluate(JOB);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            status eq 'failed' and size gt 3                 | true
            status eq 'failed' and not (size gt 3)           | false
            status ne 'failed' or size le 5 and id eq 'it''s' | true
            owner eq 'a' or size lt 5                        | undefined
            """)
    void evaluatesFilters(String filter, String result) throws QueryException {
        assertThat(evaluate(filter).toString().toLowerCase(Locale.ROOT)).isEqualTo(result);
        assertThatThrownBy(() -> evaluate(filter + " size")).hasMessageEndingWith(" 'size' is unexpected");
    }
}
