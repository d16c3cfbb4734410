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
    static @Nullable Set<String> of(QueryParser.ConditionContext condition) {
        return condition.or() == null ? null : of(condition.or());
    }

    private static @Nullable Set<String> of(QueryParser.OrContext or) {
        Set<String> union = new HashSet<>();
        for (QueryParser.AndContext part : or.and()) {
            @Nullable Set<String> named = of(part);
            if (named == null) {
                return null;
            }
            union.addAll(named);
        }
        return union;
    }

    private static @Nullable Set<String> of(QueryParser.AndContext and) {
        @Nullable Set<String> smallest = null;
        for (QueryParser.NotContext part : and.not()) {
            @Nullable Set<String> named = part.NOT() == null ? of(part.comparison()) : null;
            if (named != null && (smallest == null || named.size() < smallest.size())) {
                smallest = named;
            }
        }
        return smallest;
    }

    private static @Nullable Set<String> of(QueryParser.ComparisonContext comparison) {
        return switch (comparison) {
            case QueryParser.AmongContext among
            when among.negated == null && isDeviceId(among.sum()) -> texts(among.list());
            case QueryParser.CompareContext compare
            when compare.op.getType() == QueryLexer.EQ && isDeviceId(compare.sum(0)) -> text(compare.sum(1));
            case QueryParser.CompareContext compare
            when compare.op.getType() == QueryLexer.EQ && isDeviceId(compare.sum(1)) -> text(compare.sum(0));
            case QueryParser.PlainContext plain
            when primary(plain.sum()) instanceof QueryParser.GroupedContext grouped -> of(grouped.or());
            default -> null;
        };
    }

    private static boolean isDeviceId(QueryParser.SumContext sum) {
        return primary(sum) instanceof QueryParser.MemberContext member
                && Path.of(member.path()).isDeviceId();
    }

    /** A value that is no text equals no id. */
    private static Set<String> texts(QueryParser.ListContext list) {
        Set<String> texts = new HashSet<>();
        for (QueryParser.ElementContext element : list.element()) {
            if (Literals.value(element) instanceof String text) {
                texts.add(text);
            }
        }
        return texts;
    }

    private static @Nullable Set<String> text(QueryParser.SumContext sum) {
        return primary(sum) instanceof QueryParser.ConstantContext constant
                        && Literals.value(constant.literal()) instanceof String text
                ? Set.of(text)
                : null;
    }

    private static QueryParser.@Nullable PrimaryContext primary(QueryParser.SumContext sum) {
        boolean single = sum.product().size() == 1 && sum.product(0).unary().size() == 1;
        return single ? sum.product(0).unary(0).primary() : null;
    }
}
