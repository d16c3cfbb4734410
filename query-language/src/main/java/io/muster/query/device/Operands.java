package io.muster.query.device;

import io.muster.query.device.grammar.QueryParser;
import io.muster.query.kernel.Trees;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds operands that are a single path or a single constant, in brackets or not. */
final class Operands {
    private Operands() {}

    static Optional<Path> path(QueryParser.SumContext sum, Scope scope) {
        return unwrapped(sum) instanceof QueryParser.MemberContext member
                ? Optional.of(Path.of(member.path(), scope))
                : Optional.empty();
    }

    static Optional<Object> constant(QueryParser.SumContext sum) {
        return unwrapped(sum) instanceof QueryParser.ConstantContext constant
                ? Optional.of(Constants.value(constant.literal()))
                : Optional.empty();
    }

    /** Returns the expression in brackets, where the operand is nothing else; null otherwise. */
    static QueryParser.@Nullable OrContext grouped(QueryParser.SumContext sum) {
        return Trees.only(sum, QueryParser.PrimaryContext.class).orElse(null)
                        instanceof QueryParser.GroupedContext grouped
                ? grouped.or()
                : null;
    }

    /** Returns the innermost operand in brackets that hold nothing else; null for an operation. */
    private static QueryParser.@Nullable PrimaryContext unwrapped(QueryParser.SumContext sum) {
        QueryParser.@Nullable PrimaryContext primary =
                Trees.only(sum, QueryParser.PrimaryContext.class).orElse(null);
        while (primary instanceof QueryParser.GroupedContext grouped) {
            primary = Trees.only(grouped.or(), QueryParser.PrimaryContext.class).orElse(null);
        }
        return primary;
    }
}
