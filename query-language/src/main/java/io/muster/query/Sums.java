package io.muster.query;

import io.muster.query.grammar.QueryParser;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds operands that are a single path or a single constant, in brackets or not. */
final class Sums {
    private Sums() {}

    static Optional<Path> path(QueryParser.SumContext sum, Scope scope) {
        return unwrapped(sum) instanceof QueryParser.MemberContext member
                ? Optional.of(Path.of(member.path(), scope))
                : Optional.empty();
    }

    static Optional<Object> constant(QueryParser.SumContext sum) {
        return unwrapped(sum) instanceof QueryParser.ConstantContext constant
                ? Optional.of(Literals.value(constant.literal()))
                : Optional.empty();
    }

    /** Returns the expression in brackets, where the operand is nothing else; null otherwise. */
    static QueryParser.@Nullable OrContext grouped(QueryParser.SumContext sum) {
        return primary(sum) instanceof QueryParser.GroupedContext grouped ? grouped.or() : null;
    }

    private static QueryParser.@Nullable PrimaryContext primary(QueryParser.SumContext sum) {
        boolean single = sum.product().size() == 1 && sum.product(0).unary().size() == 1;
        return single ? sum.product(0).unary(0).primary() : null;
    }

    /** Returns the innermost operand in brackets that hold nothing else; null where there is none. */
    private static QueryParser.@Nullable PrimaryContext unwrapped(QueryParser.SumContext sum) {
        QueryParser.@Nullable PrimaryContext primary = primary(sum);
        while (primary instanceof QueryParser.GroupedContext grouped) {
            primary = operand(grouped.or()) instanceof QueryParser.PlainContext plain ? primary(plain.sum()) : null;
        }
        return primary;
    }

    private static QueryParser.@Nullable ComparisonContext operand(QueryParser.OrContext or) {
        boolean single = or.and().size() == 1 && or.and(0).not().size() == 1;
        return single ? or.and(0).not(0).comparison() : null;
    }
}
