package io.muster.query.device;

import io.muster.query.device.grammar.QueryBaseVisitor;
import io.muster.query.device.grammar.QueryParser;
import io.muster.query.kernel.Comparison;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Operators;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.kernel.ValueRules;
import io.muster.query.kernel.Values;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

/** Compiles parse trees to evaluators. */
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

    /** Compiles a condition, with the device ids and tags that it demands. @param or null for every row */
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
        return Operators.or(all(or.and()));
    }

    @Override
    public Expression visitAnd(QueryParser.AndContext and) {
        return Operators.and(all(and.not()));
    }

    @Override
    public Expression visitNot(QueryParser.NotContext not) {
        return not.NOT() == null ? visit(not.predicate()) : Operators.not(visit(not.not()));
    }

    @Override
    public Expression visitPlain(QueryParser.PlainContext plain) {
        return visit(plain.sum());
    }

    @Override
    public Expression visitCompare(QueryParser.CompareContext compare) {
        return Operators.compared(
                Comparison.ofSymbol(compare.op.getText()),
                operand(compare.sum(0), compare.sum(1)),
                operand(compare.sum(1), compare.sum(0)),
                ValueRules.STRICT);
    }

    @Override
    public Expression visitAmong(QueryParser.AmongContext among) {
        List<Object> elements = Constants.values(among.list());
        if (isDeviceJobStatus(among.sum())) {
            elements.replaceAll(Compiler::canonicalStatus);
        }
        Expression in = Operators.in(visit(among.sum()), elements, ValueRules.STRICT);
        return among.negated == null ? in : Operators.not(in);
    }

    /** Compiles an operand; one that is compared with the state of a device job may also be a word of Microsoft's model. Contract: iot-hub, 2.1. */
    private Expression operand(QueryParser.SumContext operand, QueryParser.SumContext other) {
        if (isDeviceJobStatus(other) && Operands.constant(operand).orElse(null) instanceof String text) {
            Object status = canonicalStatus(text);
            return _ -> status;
        }
        return visit(operand);
    }

    private boolean isDeviceJobStatus(QueryParser.SumContext sum) {
        return scope.source() == Source.DEVICE_JOBS
                && Operands.path(sum, scope).filter(path -> path.is("status")).isPresent();
    }

    private static Object canonicalStatus(Object status) {
        return status instanceof String text ? STATUS_SYNONYMS.getOrDefault(text, text) : status;
    }

    @Override
    public Expression visitSum(QueryParser.SumContext sum) {
        return Operators.chain(sum, this::visit, ValueRules.STRICT);
    }

    @Override
    public Expression visitProduct(QueryParser.ProductContext product) {
        return Operators.chain(product, this::visit, ValueRules.STRICT);
    }

    @Override
    public Expression visitUnary(QueryParser.UnaryContext unary) {
        if (unary.primary() != null) {
            return visit(unary.primary());
        }
        Expression operand = visit(unary.unary());
        boolean negative = unary.MINUS() != null;
        return row -> operand.evaluate(row) instanceof Number number
                ? (negative ? (Object) (-number.doubleValue()) : number)
                : Values.UNDEFINED;
    }

    @Override
    public Expression visitConstant(QueryParser.ConstantContext constant) {
        Object value = Constants.value(constant.literal());
        return _ -> value;
    }

    @Override
    public Expression visitArrayed(QueryParser.ArrayedContext array) {
        List<Object> value = Constants.values(array.array().element());
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

    private Expression[] all(List<? extends ParserRuleContext> parts) {
        return parts.stream().map(this::visit).toArray(Expression[]::new);
    }
}
