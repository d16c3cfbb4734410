package io.muster.query.device;

import io.muster.query.device.grammar.QueryLexer;
import io.muster.query.device.grammar.QueryParser;
import io.muster.query.kernel.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the equalities of a path and a constant that a condition joins by AND: they hold for every row that matches. */
final class Equalities {
    private Equalities() {}

    static List<Condition.Equality> of(QueryParser.OrContext or, Scope scope) {
        List<Condition.Equality> found = new ArrayList<>();
        collect(or, scope, found);
        return List.copyOf(found);
    }

    private static void collect(QueryParser.OrContext or, Scope scope, List<Condition.Equality> found) {
        if (or.and().size() > 1) {
            return;
        }
        for (QueryParser.NotContext part : or.and(0).not()) {
            switch (part.NOT() == null ? part.predicate() : null) {
                case QueryParser.CompareContext compare
                when compare.op.getType() == QueryLexer.EQ -> {
                    equality(compare.sum(0), compare.sum(1), scope).ifPresent(found::add);
                    equality(compare.sum(1), compare.sum(0), scope).ifPresent(found::add);
                }
                case QueryParser.PlainContext plain -> {
                    QueryParser.@Nullable OrContext grouped = Operands.grouped(plain.sum());
                    if (grouped != null) {
                        collect(grouped, scope, found);
                    }
                }
                case null, default -> {}
            }
        }
    }

    private static Optional<Condition.Equality> equality(
            QueryParser.SumContext path, QueryParser.SumContext constant, Scope scope) {
        Optional<List<String>> names = Operands.path(path, scope).flatMap(Path::names);
        Optional<Object> value = Operands.constant(constant).filter(found -> found != Values.UNDEFINED);
        return names.isEmpty() || value.isEmpty()
                ? Optional.empty()
                : Optional.of(new Condition.Equality(names.get(), value.get()));
    }
}
