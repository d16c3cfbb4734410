package io.muster.query.kernel;

import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.misc.Interval;
import org.antlr.v4.runtime.tree.ParseTree;

/** Reads parse trees, in which each level of precedence is a node, whether it has an operator or not. */
public final class Trees {
    private Trees() {}

    /** Returns the node of a type that a tree consists of, below levels without an operator; empty where an operator is in between. */
    public static <T extends ParseTree> Optional<T> only(ParseTree tree, Class<T> type) {
        ParseTree at = tree;
        while (!type.isInstance(at)) {
            if (at.getChildCount() != 1) {
                return Optional.empty();
            }
            at = at.getChild(0);
        }
        return Optional.of(type.cast(at));
    }

    /** Returns the text as it is written, with its blanks. */
    public static String text(ParserRuleContext tree) {
        return tree.getStart()
                .getInputStream()
                .getText(Interval.of(
                        tree.getStart().getStartIndex(), tree.getStop().getStopIndex()));
    }
}
