package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.query.device.Groups;
import io.muster.query.device.Selection;
import io.muster.query.device.Totals;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import io.muster.records.PartialAggregate;
import io.muster.records.PartialGroup;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Makes the rows of queries: columns of documents, and groups that partitions counted. Contract: iot-hub, 3.1 and 3.3. */
public final class Rows {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private Rows() {}

    /** Returns the text of a query in a request's body. @throws ProblemException when there is none */
    public static String query(JsonBody body) {
        return body.text("query")
                .orElseThrow(() -> new ProblemException(Problem.argumentNull("query is missing: say what to select.")));
    }

    /** Returns the members of a document that the query names. */
    public static ObjectNode columns(Selection.Columns columns, ObjectNode document) {
        Row row = name -> {
            @Nullable JsonNode member = document.get(name);
            return member == null ? Values.UNDEFINED : value(member);
        };
        return object(columns.of(row));
    }

    /** Holds a group's row, and its key as a text from which {@link #groups} continues. */
    public record Group(String key, ObjectNode row) {}

    /**
     * Returns one row for each group of all partitions, in the order of the groups' keys.
     *
     * @param after the key behind which to begin; null for the first
     * @throws ProblemException when that is no key
     */
    public static List<Group> groups(Groups groups, List<PartialGroup> partials, @Nullable String after) {
        NavigableMap<List<Object>, List<Totals>> sums = new TreeMap<>(Groups.ORDER);
        if (groups.isOne()) {
            sums.put(List.of(), groups.none());
        }
        for (PartialGroup partial : partials) {
            sums.merge(
                    partial.getKey().stream()
                            .map(value -> Values.canonical(stored(value)))
                            .toList(),
                    partial.getAggregates().stream().map(Rows::totals).toList(),
                    groups::sum);
        }
        List<Group> rows = new ArrayList<>(sums.size());
        (after == null ? sums : sums.tailMap(key(after), false))
                .forEach((key, totals) -> rows.add(new Group(text(key), object(groups.row(key, totals)))));
        return rows;
    }

    /** Returns each value in an array of its own, which is empty for undefined. */
    private static String text(List<Object> key) {
        ArrayNode text = NODES.arrayNode();
        for (Object value : key) {
            ArrayNode single = text.addArray();
            if (value != Values.UNDEFINED) {
                single.add(node(value));
            }
        }
        return text.toString();
    }

    private static List<Object> key(String text) {
        return JsonBody.parseArrays(text).stream()
                .map(single -> single.isEmpty() ? (Object) Values.UNDEFINED : Values.canonical(value(single.get(0))))
                .toList();
    }

    private static Totals totals(PartialAggregate partial) {
        return new Totals(
                partial.getCount(),
                partial.getNumbers(),
                partial.getSum(),
                stored(partial.getLeast()),
                stored(partial.getGreatest()));
    }

    /** Returns the value that a row has for stored JSON. @param json null is undefined */
    private static Object stored(@Nullable String json) {
        return json == null ? Values.UNDEFINED : value(JsonBody.stored(json));
    }

    private static Object value(JsonNode node) {
        return switch (node.getNodeType()) {
            case STRING -> node.textValue();
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> node.numberValue();
            case OBJECT -> {
                Map<String, @Nullable Object> object = new LinkedHashMap<>();
                node.properties().forEach(member -> object.put(member.getKey(), inside(member.getValue())));
                yield object;
            }
            case ARRAY -> {
                List<@Nullable Object> array = new ArrayList<>();
                node.forEach(element -> array.add(inside(element)));
                yield array;
            }
            default -> Values.NULL;
        };
    }

    private static @Nullable Object inside(JsonNode node) {
        return node.isNull() ? null : value(node);
    }

    private static ObjectNode object(Map<?, ?> members) {
        ObjectNode object = NODES.objectNode();
        members.forEach((name, value) -> object.set(String.valueOf(name), node(value)));
        return object;
    }

    private static JsonNode node(@Nullable Object value) {
        return switch (value) {
            case null -> NODES.nullNode();
            case Values _ -> NODES.nullNode();
            case String text -> NODES.textNode(text);
            case Boolean flag -> NODES.booleanNode(flag);
            case Integer number -> NODES.numberNode(number);
            case Long number -> NODES.numberNode(number);
            case Double number -> NODES.numberNode(number);
            case BigInteger number -> NODES.numberNode(number);
            case BigDecimal number -> NODES.numberNode(number);
            case Map<?, ?> object -> object(object);
            case List<?> list ->
                NODES.arrayNode().addAll(list.stream().map(Rows::node).toList());
            default -> throw new IllegalStateException("not a value of JSON, class=" + value.getClass());
        };
    }
}
