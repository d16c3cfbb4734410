package io.muster.query.stream;

import io.muster.query.grammar.StreamQueryLexer;
import io.muster.query.grammar.StreamQueryParser;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.misc.Interval;
import org.antlr.v4.runtime.tree.ParseTree;
import org.antlr.v4.runtime.tree.TerminalNode;

/** Looks through the levels of precedence. */
final class Sole {
    private Sole() {}

    /** Returns the operand that the expression is, without its brackets; empty where it is an operation. */
    static Optional<StreamQueryParser.PrimaryContext> primary(ParserRuleContext expression) {
        ParseTree at = expression;
        while (!(at instanceof StreamQueryParser.PrimaryContext)) {
            if (at.getChildCount() != 1) {
                return Optional.empty();
            }
            at = at.getChild(0);
        }
        return at instanceof StreamQueryParser.GroupedContext grouped
                ? primary(grouped.or())
                : Optional.of((StreamQueryParser.PrimaryContext) at);
    }

    static Optional<StreamQueryParser.CallContext> call(ParserRuleContext expression) {
        return primary(expression)
                .filter(StreamQueryParser.CallContext.class::isInstance)
                .map(StreamQueryParser.CallContext.class::cast);
    }

    /** Returns the column that the expression is; empty where it is none. */
    static Optional<StreamQueryParser.PathContext> path(ParserRuleContext expression) {
        return primary(expression)
                .filter(StreamQueryParser.ColumnContext.class::isInstance)
                .map(column -> ((StreamQueryParser.ColumnContext) column).path())
                .filter(path -> !isTimestamp(path));
    }

    /** Returns whether it is {@code System.Timestamp}, with or without round brackets. */
    static boolean isTimestamp(ParserRuleContext expression) {
        return primary(expression)
                .filter(primary -> switch (primary) {
                    case StreamQueryParser.CallContext call ->
                        isTimestamp(call.function().name());
                    case StreamQueryParser.ColumnContext column -> isTimestamp(column.path());
                    default -> false;
                })
                .isPresent();
    }

    static boolean isTimestamp(StreamQueryParser.PathContext path) {
        return isTimestamp(path.name());
    }

    private static boolean isTimestamp(List<StreamQueryParser.NameContext> names) {
        return names.size() == 2
                && StreamScope.name(names.getFirst()).equalsIgnoreCase("System")
                && StreamScope.name(names.getLast()).equalsIgnoreCase("Timestamp");
    }

    /** Returns whether it is a level of precedence at which there is no operator: what it is its only child is. */
    static boolean isPassed(ParserRuleContext expression) {
        return expression.getChildCount() == 1
                && expression.getChild(0) instanceof ParserRuleContext
                && !(expression instanceof StreamQueryParser.PrimaryContext);
    }

    /** Returns whether it compares or combines conditions: it is no value. */
    static boolean isCondition(ParserRuleContext expression) {
        ParseTree at = expression;
        while (!(at instanceof StreamQueryParser.PrimaryContext)) {
            if (at.getChildCount() != 1) {
                return !(at instanceof StreamQueryParser.SumContext
                        || at instanceof StreamQueryParser.ProductContext
                        || at instanceof StreamQueryParser.UnaryContext);
            }
            at = at.getChild(0);
        }
        return at instanceof StreamQueryParser.GroupedContext grouped && isCondition(grouped.or());
    }

    /** Returns the condition in round brackets, where there is nothing else; empty otherwise. */
    static Optional<StreamQueryParser.OrContext> grouped(ParserRuleContext condition) {
        ParseTree at = condition;
        while (!(at instanceof StreamQueryParser.GroupedContext)) {
            if (at.getChildCount() != 1) {
                return Optional.empty();
            }
            at = at.getChild(0);
        }
        return Optional.of(((StreamQueryParser.GroupedContext) at).or());
    }

    /** Returns whether somebody has cast it to a text. */
    static boolean isCastToText(ParserRuleContext expression) {
        return primary(expression)
                .filter(primary -> primary instanceof StreamQueryParser.CastContext cast
                        && StreamValues.Type.named(cast.name(0).getText().toUpperCase(Locale.ROOT))
                                .filter(StreamValues.Type.NVARCHAR::equals)
                                .isPresent())
                .isPresent();
    }

    /** Returns the expression as it is written. */
    static String text(ParserRuleContext expression) {
        return expression
                .getStart()
                .getInputStream()
                .getText(Interval.of(
                        expression.getStart().getStartIndex(),
                        expression.getStop().getStopIndex()));
    }

    /** The same for expressions that differ in blanks, in the quotes of names, and in the case of what is no text, only. */
    static String canonical(ParseTree expression) {
        if (expression instanceof StreamQueryParser.NameContext name) {
            return "[" + StreamScope.name(name).toLowerCase(Locale.ROOT) + "]";
        }
        if (expression instanceof TerminalNode leaf) {
            String text = leaf.getText();
            return leaf.getSymbol().getType() == StreamQueryLexer.TEXT ? text : text.toLowerCase(Locale.ROOT);
        }
        if (expression instanceof StreamQueryParser.PrimaryContext primary && isTimestamp(primary)) {
            return "system.timestamp";
        }
        if (expression.getChildCount() == 1) {
            return canonical(expression.getChild(0)); // A level of precedence: a text is not copied at each.
        }
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < expression.getChildCount(); i++) {
            all.append(canonical(expression.getChild(i))).append(' ');
        }
        return all.toString().strip();
    }
}
