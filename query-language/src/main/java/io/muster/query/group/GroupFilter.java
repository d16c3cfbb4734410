package io.muster.query.group;

import io.muster.query.group.grammar.GroupLexer;
import io.muster.query.group.grammar.GroupParser;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.QueryException;
import java.util.List;

/**
 * Holds the filter of a device group, translated. Immutable and thread-safe. Contract: iot-central, 1.7.
 *
 * @param condition over twins, which selects what the filter does
 * @param templates that devices have to have, in the order in which the filter names them
 */
public record GroupFilter(String condition, List<String> templates) {
    private static final int LONGEST = 4096;
    /** Bounds the condition of a job, which has room for more beside it. */
    private static final int LONGEST_CONDITION = 7000;

    private static final Parsing.Dialect<GroupParser> DIALECT = new Parsing.Dialect<>(
            LONGEST,
            GroupLexer::new,
            GroupParser::new,
            (token, _) -> "'" + token.getText()
                    + "' is unexpected: a filter is SELECT * FROM devices WHERE, and comparisons of a property with a"
                    + " value, joined by AND and OR");

    public GroupFilter {
        templates = List.copyOf(templates);
    }

    /** Parses and translates a filter. @throws QueryException when the text is no filter; it says where and why */
    public static GroupFilter parse(String text) throws QueryException {
        GroupFilter filter = Parsing.parse(text, DIALECT, parser -> new Translator().filter(parser.filter()));
        if (filter.condition().length() > LONGEST_CONDITION) {
            throw new QueryException(
                    1,
                    1,
                    "The filter is too long: it means a condition of more than " + LONGEST_CONDITION + " characters");
        }
        return filter;
    }
}
