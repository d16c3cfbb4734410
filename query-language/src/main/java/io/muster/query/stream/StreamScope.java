package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.stream.grammar.StreamQueryParser;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Resolves names in a row: the aliases of its parts, in the order of {@link StreamRow#part}. */
final class StreamScope {
    private final StreamMembers members;
    private final List<String> aliases = new ArrayList<>();
    private final Map<String, Column> seen = new HashMap<>();
    /** Maps the names of sources that have an alias, in lower case, to it. */
    private final Map<String, String> renamed = new HashMap<>();

    /** Counts the parts that are sources; the others are applied to them. */
    private int sources;

    /** Holds the parts that are reference data. */
    private final Set<Integer> references = new HashSet<>();

    /** Is true where the name of the only source is also the name of a column of it. */
    private boolean namesColumn;

    /** Begins without a source. @param members collects the members that are read */
    StreamScope(StreamMembers members) {
        this.members = members;
    }

    /** Returns a scope of an input's events in which only columns have a meaning: one may have the input's name. */
    static StreamScope ofColumns(StreamMembers members, String name, String alias) {
        StreamScope scope = new StreamScope(members);
        scope.source(name, alias, false, true);
        return scope;
    }

    /**
     * Adds a source of FROM or JOIN as the next part of a row.
     *
     * @param namesColumn whether it is known to have a column that is called as it is, which comes first
     */
    void source(String name, String alias, boolean reference, boolean namesColumn) {
        renamed.putIfAbsent(name.toLowerCase(Locale.ROOT), alias);
        if (reference) {
            references.add(aliases.size());
        }
        this.namesColumn = namesColumn;
        aliases.add(alias.toLowerCase(Locale.ROOT));
        sources++;
    }

    void applied(String alias) {
        aliases.add(alias.toLowerCase(Locale.ROOT));
    }

    /** Returns the name of the first part. */
    String first() {
        return aliases.getFirst();
    }

    int size() {
        return aliases.size();
    }

    /** Returns whether the only part is the row itself. */
    boolean isSingle() {
        return aliases.size() == 1;
    }

    boolean isReference(int part) {
        return references.contains(part);
    }

    OptionalInt part(String alias) {
        int place = aliases.indexOf(alias.toLowerCase(Locale.ROOT));
        return place < 0 ? OptionalInt.empty() : OptionalInt.of(place);
    }

    /** Names a column: its part and the names that lead to it; no names for the whole part. */
    record Column(int part, List<String> names) {
        /** Returns the same text for every way of writing the same column, and for no other. */
        String key() {
            return "column " + part + " " + key(names);
        }

        /** Returns the same text for names that differ in case only. */
        static String key(List<String> names) {
            return String.join("\0", names).toLowerCase(Locale.ROOT); // A dot may stand in a name.
        }

        Expression expression() {
            if (names.isEmpty()) {
                return row -> {
                    StreamRow whole = ((StreamRow) row).part(part);
                    return whole.isAbsent() ? StreamValues.NULL : whole.record();
                };
            }
            String first = names.getFirst();
            if (names.size() == 1) {
                return row -> StreamValues.of(((StreamRow) row).part(part).member(first));
            }
            List<String> more = names.subList(1, names.size());
            return row -> inside(((StreamRow) row).part(part).member(first), more);
        }

        static Object inside(Object value, List<String> names) {
            Object found = StreamValues.of(value);
            for (String name : names) {
                if (!(found instanceof Map<?, ?> record)) {
                    return StreamValues.NULL;
                }
                found = StreamValues.member(record, name);
            }
            return found;
        }
    }

    /** Compiles the row of a part, as a record; NULL where it is absent. */
    Expression whole(int part) {
        members.all();
        return new Column(part, List.of()).expression();
    }

    Column column(StreamQueryParser.PathContext path) {
        Column column = resolved(path);
        column.names().stream().findFirst().ifPresentOrElse(members::add, members::all);
        seen.put(column.key(), column);
        return column;
    }

    /** Compiles a column. The name of the only source, where it stands alone, is the column of that name, and the row where it has none. */
    Expression value(StreamQueryParser.PathContext path) {
        Column column = column(path);
        Expression value = column.expression();
        if (!column.names().isEmpty() || sources > 1 || column.part() > 0) {
            return value;
        }
        String name = name(path.name(0));
        Expression member = new Column(0, List.of(name)).expression();
        return row -> {
            Object found = member.evaluate(row);
            return found != StreamValues.NULL
                            || StreamValues.spelling(((StreamRow) row).part(0).record(), name)
                                    .isPresent()
                    ? found
                    : value.evaluate(row);
        };
    }

    /** Returns a column that was asked for before. @param key of a column, or of another expression */
    Optional<Column> seen(String key) {
        return Optional.ofNullable(seen.get(key));
    }

    private Column resolved(StreamQueryParser.PathContext path) {
        List<String> names = path.name().stream().map(StreamScope::name).collect(Collectors.toList());
        OptionalInt part = part(names.getFirst());
        if (part.isPresent() && (names.size() > 1 || sources > 1 || part.getAsInt() > 0 || !namesColumn)) {
            return new Column(part.getAsInt(), names.subList(1, names.size()));
        }
        rejectRenamed(path, names);
        if (sources > 1) {
            throw Parsing.refuse(
                    path.getStart(),
                    "Of which source is the column '" + path.getText() + "'? Write " + first() + "." + path.getText());
        }
        return new Column(0, names);
    }

    /** Rejects a column of a source whose alias hides its name: it would be a member of a column. */
    private void rejectRenamed(StreamQueryParser.PathContext path, List<String> names) {
        @Nullable String alias = renamed.get(names.getFirst().toLowerCase(Locale.ROOT));
        if (alias != null && names.size() > 1) {
            String name = names.getFirst();
            String more = String.join(".", names.subList(1, names.size()));
            throw Parsing.refuse(
                    path.getStart(),
                    "'" + name + "' is called " + alias + " here: write " + alias + "." + more + ", or " + alias + "."
                            + name + "." + more + " for a member of " + name);
        }
    }

    /** Returns whether a name that stands alone can be a column or a part of a row: with several sources, columns say of which they are. */
    boolean has(String name) {
        return sources <= 1 || part(name).isPresent();
    }

    static String name(StreamQueryParser.NameContext name) {
        String text = name.getText();
        return name.QUOTED_NAME() == null ? text : text.substring(1, text.length() - 1);
    }
}
