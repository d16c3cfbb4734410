package io.muster.query;

import io.muster.query.grammar.QueryLexer;
import io.muster.query.grammar.QueryParser;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which devices a condition can match at all, where it names them: {@code deviceId = 'a'}, {@code deviceId IN [..]}. */
final class DeviceIds {
    private DeviceIds() {}

    /** Null where it does not name them. */
    static @Nullable Set<String> of(QueryParser.OrContext or, Scope scope) {
        Set<String> union = new HashSet<>();
        for (QueryParser.AndContext part : or.and()) {
            @Nullable Set<String> named = of(part, scope);
            if (named == null) {
                return null;
            }
            union.addAll(named);
        }
        return union;
    }

    private static @Nullable Set<String> of(QueryParser.AndContext and, Scope scope) {
        @Nullable Set<String> smallest = null;
        for (QueryParser.NotContext part : and.not()) {
            @Nullable Set<String> named = part.NOT() == null ? of(part.comparison(), scope) : null;
            if (named != null && (smallest == null || named.size() < smallest.size())) {
                smallest = named;
            }
        }
        return smallest;
    }

    private static @Nullable Set<String> of(QueryParser.ComparisonContext comparison, Scope scope) {
        return switch (comparison) {
            case QueryParser.AmongContext among
            when among.negated == null && isDeviceId(among.sum(), scope) -> texts(among.list());
            case QueryParser.CompareContext compare
            when compare.op.getType() == QueryLexer.EQ && isDeviceId(compare.sum(0), scope) -> text(compare.sum(1));
            case QueryParser.CompareContext compare
            when compare.op.getType() == QueryLexer.EQ && isDeviceId(compare.sum(1), scope) -> text(compare.sum(0));
            case QueryParser.PlainContext plain -> {
                QueryParser.@Nullable OrContext grouped = Sums.grouped(plain.sum());
                yield grouped == null ? null : of(grouped, scope);
            }
            default -> null;
        };
    }

    private static boolean isDeviceId(QueryParser.SumContext sum, Scope scope) {
        return Sums.path(sum, scope).filter(Path::isDeviceId).isPresent();
    }

    /** A value that is no text equals no id. */
    private static Set<String> texts(QueryParser.ListContext list) {
        Set<String> texts = new HashSet<>();
        for (Object value : Literals.values(list)) {
            if (value instanceof String text) {
                texts.add(text);
            }
        }
        return texts;
    }

    private static @Nullable Set<String> text(QueryParser.SumContext sum) {
        return Sums.constant(sum).orElse(null) instanceof String text ? Set.of(text) : null;
    }
}
