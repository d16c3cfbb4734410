package io.muster.query.stream;

import io.muster.query.kernel.Trees;
import io.muster.query.stream.grammar.StreamQueryLexer;
import io.muster.query.stream.grammar.StreamQueryParser;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.tree.ParseTree;
import org.antlr.v4.runtime.tree.TerminalNode;

/** Recognises shapes of parse trees: calls, columns, conditions. */
final class Syntax {
    private Syntax() {}

    /** Returns the operand that the expression is, without its brackets; empty where it is an operation. */
    static Optional<StreamQueryParser.PrimaryContext> primary(ParserRuleContext expression) {
        Optional<StreamQueryParser.PrimaryContext> primary =
                Trees.only(expression, StreamQueryParser.PrimaryContext.class);
        return primary.isPresent() && primary.get() instanceof StreamQueryParser.GroupedContext grouped
                ? primary(grouped.or())
                : primary;
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

    /** Returns whether it is a level of precedence without an operator: it means the same as its only child. */
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
        return Trees.only(condition, StreamQueryParser.GroupedContext.class).map(StreamQueryParser.GroupedContext::or);
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

    /** Returns the same text for expressions that differ only in blanks, in the quotes of names, and in the case of anything but texts. */
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
