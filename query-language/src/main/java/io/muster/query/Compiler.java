package io.muster.query;

import io.muster.query.grammar.QueryBaseVisitor;
import io.muster.query.grammar.QueryLexer;
import io.muster.query.grammar.QueryParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.jspecify.annotations.Nullable;

/** Makes evaluators of a parse tree. */
final class Compiler extends QueryBaseVisitor<Expression> {
    private static final Map<String, String> STATUS_SYNONYMS =
            Map.of("pending", "queued", "enqueued", "queued", "canceled", "cancelled");

    private final Scope scope;

    private Compiler(Scope scope) {
        this.scope = scope;
    }

    static Condition condition(QueryParser.ConditionContext condition) {
        Scope scope = condition.FROM() == null ? Scope.DEVICES : Scope.of(condition.path(), null);
        if (scope.source() == Source.DEVICE_JOBS) {
            throw Parsing.refuse(condition.path().getStart(), "A job runs over devices or devices.modules");
        }
        return condition(condition.or(), scope);
    }

    /** @param or null for every row */
    static Condition condition(QueryParser.@Nullable OrContext or, Scope scope) {
        return or == null
                ? new Condition(scope.source(), _ -> Boolean.TRUE, null, List.of())
                : new Condition(
                        scope.source(),
                        new Compiler(scope).visit(or),
                        DeviceIds.of(or, scope),
                        Equalities.of(or, scope));
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
        Expression left = operand(compare.sum(0), compare.sum(1));
        Expression right = operand(compare.sum(1), compare.sum(0));
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
        List<Object> elements = Literals.values(among.list());
        if (isDeviceJobStatus(among.sum())) {
            elements.replaceAll(Compiler::canonicalStatus);
        }
        Expression in = Operators.in(visit(among.sum()), elements);
        return among.negated == null ? in : Operators.not(in);
    }

    /** Device jobs are also asked for by the words of Microsoft's model for their states. Contract: iot-hub, 2.1. */
    private Expression operand(QueryParser.SumContext operand, QueryParser.SumContext other) {
        if (isDeviceJobStatus(other) && Sums.constant(operand).orElse(null) instanceof String text) {
            Object status = canonicalStatus(text);
            return _ -> status;
        }
        return visit(operand);
    }

    private boolean isDeviceJobStatus(QueryParser.SumContext sum) {
        return scope.source() == Source.DEVICE_JOBS
                && Sums.path(sum, scope).filter(path -> path.is("status")).isPresent();
    }

    private static Object canonicalStatus(Object status) {
        return status instanceof String text ? STATUS_SYNONYMS.getOrDefault(text, text) : status;
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
    public Expression visitArrayed(QueryParser.ArrayedContext array) {
        List<Object> value = Literals.values(array.array().element());
        return _ -> value;
    }

    @Override
    public Expression visitCall(QueryParser.CallContext call) {
        Token name = call.IDENTIFIER().getSymbol();
        Optional<ScalarFunction> function = Functions.named(name.getText().toUpperCase(Locale.ROOT));
        if (function.isEmpty()) {
            throw Parsing.refuse(name, "There is no function '" + name.getText() + "'");
        }
        Expression[] arguments = all(call.or());
        if (!function.get().takes(arguments.length)) {
            throw Parsing.refuse(
                    name,
                    "The function '" + name.getText() + "' takes "
                            + function.get().arity() + ", not " + arguments.length);
        }
        return function.get().on(arguments);
    }

    @Override
    public Expression visitMember(QueryParser.MemberContext member) {
        return Path.of(member.path(), scope);
    }

    @Override
    public Expression visitGrouped(QueryParser.GroupedContext grouped) {
        return visit(grouped.or());
    }

    /** Operands and operators in turn, applied from the left. */
    private Expression chain(ParserRuleContext chain) {
        Expression first = visit(chain.getChild(0));
        List<Operators.Step> steps = new ArrayList<>();
        for (int i = 1; i < chain.getChildCount(); i += 2) {
            int operator = ((TerminalNode) chain.getChild(i)).getSymbol().getType();
            steps.add(new Operators.Step(operator, visit(chain.getChild(i + 1))));
        }
        return steps.isEmpty() ? first : Operators.arithmetic(first, List.copyOf(steps));
    }

    private Expression[] all(List<? extends ParserRuleContext> parts) {
        return parts.stream().map(this::visit).toArray(Expression[]::new);
    }
}
