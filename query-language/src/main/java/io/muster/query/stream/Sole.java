package io.muster.query.stream;

import io.muster.query.grammar.StreamQueryParser;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.tree.ParseTree;

/** Looks through the levels of precedence. */
final class Sole {
    private Sole() {}

    /** What the expression is, where it is no operation on something. */
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

    static Optional<StreamQueryParser.PathContext> path(ParserRuleContext expression) {
        return primary(expression)
                .filter(StreamQueryParser.ColumnContext.class::isInstance)
                .map(column -> ((StreamQueryParser.ColumnContext) column).path());
    }
}
