package io.muster.query;

import io.muster.query.grammar.QueryBaseVisitor;
import io.muster.query.grammar.QueryLexer;
import io.muster.query.grammar.QueryParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.misc.ParseCancellationException;
import org.antlr.v4.runtime.tree.TerminalNode;

/** Makes evaluators of a parse tree. */
final class Compiler extends QueryBaseVisitor<Expression> {
    private static final String SOURCE = "devices";

    Expression compile(QueryParser.ConditionContext condition) {
        if (condition.FROM() != null && !condition.path().getText().equalsIgnoreCase(SOURCE)) {
            throw refuse(
                    condition.path().getStart(),
                    "A job runs over devices; the source '" + condition.path().getText() + "' is not supported");
        }
        return condition.or() == null ? _ -> Boolean.TRUE : visit(condition.or());
    }

    @Override
    public Expression visitOr(QueryParser.OrContext or) {
        Expression[] parts = all(or.and());
        return parts.length == 1 ? parts[0] : Operators.or(parts);
    }

    @Override
    public Expression visitAnd(QueryParser.AndContext and) {
        Expression[] parts = all(and.not());
        return parts.length == 1 ? parts[0] : Operators.and(parts);
    }

    @Override
    public Expression visitNot(QueryParser.NotContext not) {
        return not.NOT() == null ? visit(not.comparison()) : Operators.not(visit(not.not()));
    }

    @Override
    public Expression visitPlain(QueryParser.PlainContext plain) {
        return visit(plain.sum());
    }

    @Override
    public Expression visitCompare(QueryParser.CompareContext compare) {
        Expression left = visit(compare.sum(0));
        Expression right = visit(compare.sum(1));
        return switch (compare.op.getType()) {
            case QueryLexer.EQ -> Operators.equal(left, right);
            case QueryLexer.NE -> Operators.not(Operators.equal(left, right));
            case QueryLexer.LT -> Operators.ordered(left, right, sign -> sign < 0);
            case QueryLexer.LE -> Operators.ordered(left, right, sign -> sign <= 0);
            case QueryLexer.GT -> Operators.ordered(left, right, sign -> sign > 0);
            default -> Operators.ordered(left, right, sign -> sign >= 0);
        };
    }

    @Override
    public Expression visitAmong(QueryParser.AmongContext among) {
        Expression in = Operators.in(visit(among.sum()), elements(among.list()));
        return among.negated == null ? in : Operators.not(in);
    }

    @Override
    public Expression visitSum(QueryParser.SumContext sum) {
        return chain(sum);
    }

    @Override
    public Expression visitProduct(QueryParser.ProductContext product) {
        return chain(product);
    }

    @Override
    public Expression visitUnary(QueryParser.UnaryContext unary) {
        if (unary.primary() != null) {
            return visit(unary.primary());
        }
        Expression operand = visit(unary.unary());
        return unary.MINUS() == null ? Operators.number(operand) : Operators.negated(operand);
    }

    @Override
    public Expression visitConstant(QueryParser.ConstantContext constant) {
        Object value = Literals.value(constant.literal());
        return _ -> value;
    }

    @Override
    public Expression visitArray(QueryParser.ArrayContext array) {
        List<Object> value = elements(array.list());
        return _ -> value;
    }

    @Override
    public Expression visitCall(QueryParser.CallContext call) {
        Token name = call.IDENTIFIER().getSymbol();
        Optional<Functions.Function> function = Functions.named(name.getText().toUpperCase(Locale.ROOT));
        if (function.isEmpty()) {
            throw refuse(name, "There is no function '" + name.getText() + "'");
        }
        Expression[] arguments = all(call.or());
        if (!function.get().takes(arguments.length)) {
            throw refuse(
                    name,
                    "The function '" + name.getText() + "' takes "
                            + function.get().arity() + " arguments, not " + arguments.length);
        }
        return function.get().on(arguments);
    }

    @Override
    public Expression visitMember(QueryParser.MemberContext member) {
        return Path.of(member.path());
    }

    @Override
    public Expression visitGrouped(QueryParser.GroupedContext grouped) {
        return visit(grouped.or());
    }

    /** Operands and operators in turn, applied from the left. */
    private Expression chain(ParserRuleContext chain) {
        Expression result = visit(chain.getChild(0));
        for (int i = 1; i < chain.getChildCount(); i += 2) {
            int operator = ((TerminalNode) chain.getChild(i)).getSymbol().getType();
            result = Operators.arithmetic(operator, result, visit(chain.getChild(i + 1)));
        }
        return result;
    }

    private Expression[] all(List<? extends ParserRuleContext> parts) {
        return parts.stream().map(this::visit).toArray(Expression[]::new);
    }

    private static List<Object> elements(QueryParser.ListContext list) {
        List<Object> elements = new ArrayList<>();
        for (QueryParser.ElementContext element : list.element()) {
            elements.add(Literals.value(element));
        }
        return elements;
    }

    static ParseCancellationException refuse(Token token, String what) {
        return new ParseCancellationException(Condition.at(token, what));
    }
}
