package io.muster.query.device;

import io.muster.query.device.grammar.QueryLexer;
import io.muster.query.device.grammar.QueryParser;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the only devices that a condition can match, where it names them: {@code deviceId = 'a'}, {@code deviceId IN [..]}. */
final class DeviceIds {
    private DeviceIds() {}

    /** Returns the ids; null where the condition does not name them. */
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
            @Nullable Set<String> named = part.NOT() == null ? of(part.predicate(), scope) : null;
            if (named != null && (smallest == null || named.size() < smallest.size())) {
                smallest = named;
            }
        }
        return smallest;
    }

    private static @Nullable Set<String> of(QueryParser.PredicateContext predicate, Scope scope) {
        return switch (predicate) {
            case QueryParser.AmongContext among
            when among.negated == null && isDeviceId(among.sum(), scope) -> texts(among.list());
            case QueryParser.CompareContext compare
            when compare.op.getType() == QueryLexer.EQ && isDeviceId(compare.sum(0), scope) -> text(compare.sum(1));
            case QueryParser.CompareContext compare
            when compare.op.getType() == QueryLexer.EQ && isDeviceId(compare.sum(1), scope) -> text(compare.sum(0));
            case QueryParser.PlainContext plain -> {
                QueryParser.@Nullable OrContext grouped = Operands.grouped(plain.sum());
                yield grouped == null ? null : of(grouped, scope);
            }
            default -> null;
        };
    }

    private static boolean isDeviceId(QueryParser.SumContext sum, Scope scope) {
        return Operands.path(sum, scope).filter(Path::isDeviceId).isPresent();
    }

    /** Returns the texts of a list: a value of another type equals no id. */
    private static Set<String> texts(QueryParser.ListContext list) {
        Set<String> texts = new HashSet<>();
        for (Object value : Constants.values(list)) {
            if (value instanceof String text) {
                texts.add(text);
            }
        }
        return texts;
    }

    private static @Nullable Set<String> text(QueryParser.SumContext sum) {
        return Operands.constant(sum).orElse(null) instanceof String text ? Set.of(text) : null;
    }
}
