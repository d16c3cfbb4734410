package io.muster.query.group;

import io.muster.query.group.grammar.GroupBaseVisitor;
import io.muster.query.group.grammar.GroupParser;
import io.muster.query.kernel.Parsing;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;

/**
 * Translates trees of the grammar to conditions over twins: {@code $template}, {@code $displayName} and {@code $simulated} stand in the tags {@code central}, a property is
 * one that the device has reported, and a cloud property a tag. A name may be either: the device that has both is found by each. For one filter.
 */
final class Translator extends GroupBaseVisitor<String> {
    private static final int MOST_COMPARISONS = 100;
    private static final String SYSTEM_NAMES = "$id, $template, $provisioned, $simulated and $displayName";
    private static final String NEVER = "'0001-01-01T00:00:00Z'";

    private final Set<String> templates = new LinkedHashSet<>();
    private int comparisons;

    GroupFilter filter(GroupParser.FilterContext filter) {
        String condition = filter.or() == null ? "*" : visit(filter.or());
        return new GroupFilter(condition, List.copyOf(templates));
    }

    @Override
    public String visitOr(GroupParser.OrContext or) {
        return joined(or.and(), " OR ");
    }

    @Override
    public String visitAnd(GroupParser.AndContext and) {
        return joined(and.not(), " AND ");
    }

    private String joined(List<? extends ParserRuleContext> parts, String by) {
        return parts.size() == 1
                ? visit(parts.getFirst())
                : parts.stream().map(this::visit).collect(Collectors.joining(by, "(", ")"));
    }

    @Override
    public String visitNot(GroupParser.NotContext not) {
        if (not.NOT() != null) {
            throw Parsing.refuse(not.getStart(), "There is no NOT: compare with != or the opposite");
        }
        return visit(not.predicate());
    }

    @Override
    public String visitGrouped(GroupParser.GroupedContext grouped) {
        return visit(grouped.or());
    }

    @Override
    public String visitAmong(GroupParser.AmongContext among) {
        Token name = among.path().getStart();
        if (!isNamed(name, "$id")) {
            throw Parsing.refuse(
                    name, "IN is for $id alone: compare " + among.path().getText() + " with each value");
        }
        count(name);
        return among.list().literal().stream()
                .map(Translator::text)
                .collect(Collectors.joining(",", "deviceId IN [", "]"));
    }

    @Override
    public String visitCompare(GroupParser.CompareContext compare) {
        Token name = compare.path().getStart();
        count(name);
        String rest = " " + compare.op.getText() + " " + compare.literal().getText();
        if (name.getType() != GroupParser.SYSTEM) {
            String path = compare.path().getText();
            return "(properties.reported." + path + rest + " OR tags." + path + rest + ")";
        }
        return switch (name.getText().toLowerCase(Locale.ROOT)) {
            case "$id" -> "deviceId" + rest(compare, false);
            case "$template" -> {
                String equal = rest(compare, true);
                if (compare.op.getType() == GroupParser.EQ) {
                    String quoted = compare.literal().getText();
                    templates.add(quoted.substring(1, quoted.length() - 1));
                }
                yield "tags.central.template" + equal;
            }
            case "$displayname" ->
                "(tags.central.displayName" + rest + " OR (NOT is_defined(tags.central.displayName) AND deviceId"
                        + rest(compare, false) + "))";
            case "$simulated" -> (isTrue(compare) ? "" : "NOT ") + "is_defined(tags.central.simulated)";
            case "$provisioned" -> "lastActivityTime " + (isTrue(compare) ? "!= " : "= ") + NEVER;
            default -> throw Parsing.refuse(name, "There is no " + name.getText() + ": there are " + SYSTEM_NAMES);
        };
    }

    /** Returns the operator and a text. @param equalOnly whether only = and != make sense */
    private static String rest(GroupParser.CompareContext compare, boolean equalOnly) {
        if (equalOnly) {
            checkEquality(compare);
        }
        return " " + compare.op.getText() + " " + text(compare.literal());
    }

    private static String text(GroupParser.LiteralContext literal) {
        if (literal.TEXT() == null) {
            throw Parsing.refuse(literal.getStart(), "Write a text in quotes, not " + literal.getText());
        }
        return literal.getText();
    }

    /** Returns whether a comparison of a flag asks for those that are true. */
    private static boolean isTrue(GroupParser.CompareContext compare) {
        checkEquality(compare);
        GroupParser.LiteralContext literal = compare.literal();
        if (literal.TRUE() == null && literal.FALSE() == null) {
            throw Parsing.refuse(literal.getStart(), "Write true or false, not " + literal.getText());
        }
        return (literal.TRUE() != null) == (compare.op.getType() == GroupParser.EQ);
    }

    private static void checkEquality(GroupParser.CompareContext compare) {
        int operator = compare.op.getType();
        if (operator != GroupParser.EQ && operator != GroupParser.NE) {
            throw Parsing.refuse(
                    compare.op,
                    compare.path().getText() + " is compared with = or !=, not with " + compare.op.getText());
        }
    }

    private static boolean isNamed(Token token, String name) {
        return token.getText().equalsIgnoreCase(name);
    }

    private void count(Token at) {
        comparisons++;
        if (comparisons > MOST_COMPARISONS) {
            throw Parsing.refuse(at, "A filter has up to " + MOST_COMPARISONS + " comparisons");
        }
    }
}
