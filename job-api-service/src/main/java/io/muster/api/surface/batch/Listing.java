package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.http.Continuations;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import io.muster.query.odata.ODataFilter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a request for a list, or for one document, asks of it. Contract: batch, 3.4.
 *
 * @param kind of the list, by which its tokens differ from those of others
 * @param select names of members; empty for all
 * @param after id, or its form in lower case, behind which the page begins; null for the first
 */
record Listing(
        BatchRequest request,
        String kind,
        Optional<ODataFilter> filter,
        Set<String> select,
        int most,
        @Nullable String after) {
    static final int LARGEST_PAGE = 1000;
    static final String FILTER = "$filter";
    static final String SELECT = "$select";
    static final String EXPAND = "$expand";
    private static final String MOST = "maxresults";
    private static final String SKIP = "$skiptoken";
    private static final String MESSAGE_START = "^SQL query parse failed due to following errors: ";

    /** Reads the parameters of a list. @param properties of its rows, with a slash between names of nested ones @param known parameters beside those of each list */
    static Listing of(BatchRequest request, String kind, Set<String> properties, String... known) {
        request.rejectOthers(Stream.concat(Stream.of(FILTER, SELECT, EXPAND, MOST, SKIP), Arrays.stream(known))
                .toArray(String[]::new));
        return new Listing(
                request,
                kind,
                request.parameter(FILTER).map(text -> filter(text, properties)),
                select(request, properties),
                most(request),
                request.parameter(SKIP).map(token -> after(token, kind)).orElse(null));
    }

    /** Reads the parameters of one document. */
    static Listing ofOne(BatchRequest request, Set<String> properties) {
        request.rejectOthers(SELECT, EXPAND);
        return new Listing(request, "", Optional.empty(), select(request, properties), 1, null);
    }

    private static ODataFilter filter(String text, Set<String> properties) {
        try {
            return ODataFilter.parse(text, PropertyTypes.of(properties));
        } catch (QueryException e) {
            throw BatchRequest.invalid(FILTER, e.getMessage().replaceFirst(MESSAGE_START, "") + ".");
        }
    }

    private static Set<String> select(BatchRequest request, Set<String> properties) {
        if (request.parameter(EXPAND).isPresent()) {
            throw BatchRequest.invalid(EXPAND, "Statistics are not kept here: there is nothing to expand.");
        }
        Set<String> known = new TreeSet<>();
        properties.forEach(property -> known.add(property.replaceFirst("/.*", "")));
        Set<String> selected = new TreeSet<>();
        for (String part :
                request.parameter(SELECT).map(text -> text.split(",")).orElse(new String[0])) {
            String name = part.strip();
            if (!known.contains(name)) {
                throw BatchRequest.invalid(SELECT, "There is no property " + name + ": there are " + known + ".");
            }
            selected.add(name);
        }
        return selected;
    }

    private static int most(BatchRequest request) {
        Optional<String> text = request.parameter(MOST);
        if (text.isPresent() && !text.get().matches("[1-9]\\d{0,2}|1000")) {
            throw BatchRequest.invalid(MOST, "Give a whole number from 1 to " + LARGEST_PAGE + ".");
        }
        return text.map(Integer::parseInt).orElse(LARGEST_PAGE);
    }

    private static String after(String token, String kind) {
        String text = Continuations.text(token);
        if (text.length() > 300
                || !text.startsWith(kind + "\n")
                || !text.substring(kind.length() + 1).matches(".{1,128}")) {
            throw BatchRequest.invalid(SKIP, "It is not of this list: begin with the first page.");
        }
        return text.substring(kind.length() + 1);
    }

    /** Returns whether the list has a document. */
    boolean takes(ObjectNode document) {
        return filter.isEmpty() || filter.get().matches(row(document));
    }

    private static Row row(ObjectNode document) {
        return name -> document.has(name) ? plain(document.get(name)) : Values.UNDEFINED;
    }

    private static Object plain(JsonNode node) {
        if (node.isObject()) {
            Map<String, Object> members = new LinkedHashMap<>();
            node.properties().forEach(member -> members.put(member.getKey(), plain(member.getValue())));
            return members;
        }
        return node.isIntegralNumber()
                ? (Object) node.longValue()
                : node.isNumber()
                        ? (Object) node.doubleValue()
                        : node.isBoolean()
                                ? (Object) node.booleanValue()
                                : node.isTextual() ? node.textValue() : Values.NULL;
    }

    /** Returns a document with the members that are asked for. */
    ObjectNode selected(ObjectNode document) {
        if (!select.isEmpty()) {
            document.retain(new TreeSet<>(withMetadata()));
        }
        return document;
    }

    private Set<String> withMetadata() {
        Set<String> all = new TreeSet<>(select);
        all.add("odata.metadata");
        return all;
    }

    /**
     * Returns the document of a page.
     *
     * @param type such as {@code jobs}
     * @param last the id, in lower case, behind which the next page begins; empty where there is none
     */
    ObjectNode page(String type, List<ObjectNode> documents, Optional<String> last) {
        ObjectNode page = request.document(type);
        ArrayNode values = page.putArray("value");
        documents.forEach(document -> values.add(selected(document)));
        last.ifPresent(id -> page.put("odata.nextLink", next(id)));
        return page;
    }

    private String next(String id) {
        Map<String, String> query = new LinkedHashMap<>();
        for (String name : List.of("api-version", FILTER, SELECT, MOST)) {
            request.parameter(name).ifPresent(value -> query.put(name, value));
        }
        query.put(SKIP, Continuations.token(kind + "\n" + id));
        StringBuilder link = new StringBuilder(request.url(kind));
        char separator = '?';
        for (Map.Entry<String, String> one : query.entrySet()) {
            link.append(separator).append(one.getKey()).append('=').append(encoded(one.getValue()));
            separator = '&';
        }
        return link.toString();
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
