package io.muster.query.odata;

import io.muster.query.kernel.Comparison;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Literals;
import io.muster.query.kernel.Operators;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import io.muster.query.odata.ODataFilter.Type;
import io.muster.query.odata.grammar.ODataBaseVisitor;
import io.muster.query.odata.grammar.ODataLexer;
import io.muster.query.odata.grammar.ODataParser;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;

/** Compiles trees of the grammar. */
final class Compiler extends ODataBaseVisitor<Expression> {
    private static final List<String> COMPARISONS = List.of("eq", "ne", "lt", "le", "gt", "ge");

    private final Map<String, Type> properties;

    Compiler(Map<String, Type> properties) {
        this.properties = properties;
    }

    @Override
    public Expression visitOr(ODataParser.OrContext or) {
        return Operators.or(all(or.and()));
    }

    @Override
    public Expression visitAnd(ODataParser.AndContext and) {
        return Operators.and(all(and.not()));
    }

    @Override
    public Expression visitNot(ODataParser.NotContext not) {
        return not.NOT() == null ? visit(not.predicate()) : Operators.not(visit(not.not()));
    }

    @Override
    public Expression visitGrouped(ODataParser.GroupedContext grouped) {
        return visit(grouped.or());
    }

    @Override
    public Expression visitPlain(ODataParser.PlainContext plain) {
        return visit(plain.operand());
    }

    @Override
    public Expression visitCompare(ODataParser.CompareContext compare) {
        Type type = type(compare.operand(0));
        if (!type.comparesWith(type(compare.operand(1)))) {
            throw Parsing.refuse(
                    compare.operand(1).getStart(),
                    compare.operand(0).getText() + " is " + type.words() + ", and compares with no other value");
        }
        Comparison comparison = Comparison.values()[COMPARISONS.indexOf(compare.op.getText())];
        return Operators.compared(
                comparison, visit(compare.operand(0)), visit(compare.operand(1)), ODataRules.INSTANCE);
    }

    private Type type(ODataParser.OperandContext operand) {
        if (operand.path() != null) {
            return properties.getOrDefault(operand.path().getText(), Type.ANY);
        }
        return operand.call() != null
                ? Type.FLAG
                : switch (operand.literal().getStart().getType()) {
                    case ODataLexer.DATE_TIME -> Type.TIME;
                    case ODataLexer.DECIMAL, ODataLexer.INTEGER -> Type.NUMBER;
                    case ODataLexer.TEXT -> Type.TEXT;
                    case ODataLexer.TRUE, ODataLexer.FALSE -> Type.FLAG;
                    default -> Type.ANY;
                };
    }

    @Override
    public Expression visitCall(ODataParser.CallContext call) {
        Token name = call.IDENTIFIER().getSymbol();
        if (!name.getText().equals("startswith")) {
            throw Parsing.refuse(name, "There is no function " + name.getText() + ": startswith(a,'b') is one");
        }
        if (call.operand().size() != 2) {
            throw Parsing.refuse(name, "startswith takes two operands");
        }
        for (ODataParser.OperandContext operand : call.operand()) {
            if (!Type.TEXT.comparesWith(type(operand))) {
                throw Parsing.refuse(operand.getStart(), "startswith takes texts");
            }
        }
        Expression text = visit(call.operand(0));
        Expression start = visit(call.operand(1));
        return row -> startsWith(text.evaluate(row), start.evaluate(row));
    }

    private static boolean startsWith(Object text, Object start) {
        return text instanceof String whole
                && start instanceof String part
                && whole.regionMatches(true, 0, part, 0, part.length());
    }

    @Override
    public Expression visitPath(ODataParser.PathContext path) {
        String name = path.getText();
        if (!properties.containsKey(name)) {
            throw Parsing.refuse(
                    path.getStart(),
                    "There is no property " + name + " to filter on: there are "
                            + properties.keySet().stream().sorted().toList());
        }
        List<String> steps = List.of(name.split("/"));
        return row -> member(row, steps);
    }

    private static Object member(Row row, List<String> steps) {
        Object value = row.member(steps.getFirst());
        for (String step : steps.subList(1, steps.size())) {
            value = value instanceof Map<?, ?> object && object.get(step) != null ? object.get(step) : Values.NULL;
        }
        return value == Values.UNDEFINED ? Values.NULL : value;
    }

    @Override
    public Expression visitLiteral(ODataParser.LiteralContext literal) {
        Token token = literal.getStart();
        Object value = value(token);
        return _ -> value;
    }

    private static Object value(Token token) {
        String text = token.getText();
        return switch (token.getType()) {
            case ODataLexer.DATE_TIME -> dateTime(token);
            case ODataLexer.DECIMAL -> Double.parseDouble(text);
            case ODataLexer.INTEGER ->
                Literals.whole(text.toLowerCase(Locale.ROOT).replace("l", ""), 10);
            case ODataLexer.TEXT -> Literals.quoted(text);
            case ODataLexer.TRUE -> Boolean.TRUE;
            case ODataLexer.FALSE -> Boolean.FALSE;
            default -> Values.NULL;
        };
    }

    private static Instant dateTime(Token token) {
        String text = Literals.quoted(token.getText());
        try {
            return instant(text);
        } catch (DateTimeException e) {
            throw Parsing.refuse(
                    token, "There is no such date: write datetime'2026-11-21T02:25:16Z', not " + token.getText());
        }
    }

    /** Reads a date; without an offset it is UTC. */
    static Instant instant(String text) {
        TemporalAccessor parsed =
                DateTimeFormatter.ISO_DATE_TIME.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
        return parsed instanceof OffsetDateTime date
                ? date.toInstant()
                : ((LocalDateTime) parsed).toInstant(ZoneOffset.UTC);
    }

    private Expression[] all(List<? extends ParserRuleContext> parts) {
        return parts.stream().map(this::visit).toArray(Expression[]::new);
    }
}
