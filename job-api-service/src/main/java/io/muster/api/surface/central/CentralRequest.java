package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MutableHttpResponse;
import io.muster.api.access.Caller;
import io.muster.api.http.Answers;
import io.muster.api.http.Callers;
import io.muster.api.http.Continuations;
import io.muster.api.job.DocumentView;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surfaces;
import io.muster.document.Etags;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Holds a request to an application: who asks, which version of a thing is meant, and where its page begins. Contract: iot-central, 1.1 and 1.2. */
record CentralRequest(HttpRequest<?> request) {
    private static final Pattern ID = Pattern.compile("[a-zA-Z0-9_-]{1,255}");
    private static final String PLACE = "$skiptoken";
    private static final String SIZE = "maxpagesize";
    private static final int USUAL = 100;
    private static final int MOST = 1000;
    /** Bounds the characters of a page, which ends behind them. */
    private static final long PAGE_CHARACTERS = 1 << 20;

    static final int LONGEST_NAME = 256;
    static final int LONGEST_DESCRIPTION = 4096;

    /** Returns an id that follows the rule. @throws ProblemException (400) when it does not */
    static String id(String text) {
        if (!ID.matcher(text).matches()) {
            throw new ProblemException(
                    Problem.argumentInvalid("An id has 1 to 255 letters, digits, underscores and hyphens."));
        }
        return text;
    }

    Caller caller() {
        return Callers.of(request);
    }

    Scope scope() {
        return Scope.of(caller());
    }

    /** Returns the etag that the caller asks for; null for any. */
    @Nullable
    String ifMatch() {
        return Optional.ofNullable(request.getHeaders().get("If-Match"))
                .map(text -> text.strip().replaceAll("^(W/)?\"(.*)\"$", "$2"))
                .filter(text -> !text.isEmpty())
                .orElse(null);
    }

    /** Checks what the caller asks for. @param etag of the thing that is there; null where there is none @throws ProblemException (412) where that is another version */
    void checkVersion(@Nullable String etag) {
        @Nullable String wanted = ifMatch();
        if (wanted != null && (etag == null || !Etags.matches(wanted, etag))) {
            throw new ProblemException(Refusals.outdated(
                    "This is not of the version that If-Match names, or is not there: read it again."));
        }
    }

    /** Returns the host name, and the port, by which the caller reached us. */
    String host() {
        return Optional.ofNullable(request.getHeaders().get("Host")).orElse("localhost");
    }

    /** Returns how many rows a page has. Our own parameter, since the public API has none for jobs. */
    int limit() {
        @Nullable String text = request.getParameters().get(SIZE);
        if (text == null) {
            return USUAL;
        }
        if (!text.matches("[1-9]\\d{0,3}") || Integer.parseInt(text) > MOST) {
            throw new ProblemException(Problem.argumentInvalid(SIZE + " is a number from 1 to " + MOST + "."));
        }
        return Integer.parseInt(text);
    }

    /** Returns the key behind which the page begins; null for the first page. */
    @Nullable
    String after() {
        @Nullable String token = request.getParameters().get(PLACE);
        return token == null ? null : Continuations.text(token);
    }

    /** Answers a page of a list. @param next the key behind which the next one begins; empty on the last one */
    MutableHttpResponse<String> page(List<ObjectNode> rows, Optional<String> next) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode value = body.putArray("value");
        rows.forEach(value::add);
        next.ifPresent(last -> body.put("nextLink", link(last)));
        return Answers.ok(body);
    }

    /**
     * Answers a page of documents of a view, in order of their ids. It ends at the limit, or when its texts are long.
     *
     * @param prefix of the ids in the view
     * @param length of a document, in characters
     */
    <D> MutableHttpResponse<String> page(
            DocumentView<D> view,
            String prefix,
            Function<D, String> id,
            Predicate<D> seen,
            ToLongFunction<D> length,
            Function<D, ObjectNode> document) {
        int limit = limit();
        List<D> shown = new ArrayList<>();
        long characters = 0;
        @Nullable String from = after() == null ? null : prefix + after();
        for (List<D> part = view.page(prefix, from, MOST);
                !part.isEmpty();
                part = view.page(prefix, id.apply(part.getLast()), MOST)) {
            for (D found : part.stream().filter(seen).toList()) {
                if (shown.size() == limit || characters > PAGE_CHARACTERS) {
                    String last = id.apply(shown.getLast()).substring(prefix.length());
                    return page(shown.stream().map(document).toList(), Optional.of(last));
                }
                shown.add(found);
                characters += length.applyAsLong(found);
            }
        }
        return page(shown.stream().map(document).toList(), Optional.empty());
    }

    /** Returns how many of some rows a page has, which ends behind many characters. @param length of a row, in characters */
    static <T> int fitting(List<T> rows, int limit, ToLongFunction<T> length) {
        long characters = 0;
        int count = 0;
        while (count < Math.min(limit, rows.size()) && characters <= PAGE_CHARACTERS) {
            characters += length.applyAsLong(rows.get(count));
            count++;
        }
        return count;
    }

    private String link(String after) {
        String sent = Optional.ofNullable(request.getHeaders().get(Arrival.SENT))
                .orElseGet(() -> Surfaces.unmounted(request.getPath()));
        String path = sent.split("\\?")[0];
        @Nullable String size = request.getParameters().get(SIZE);
        return (request.isSecure() ? "https://" : "http://") + host() + path + "?api-version="
                + request.getParameters().get("api-version") + (size == null ? "" : "&" + SIZE + "=" + limit()) + "&"
                + PLACE + "=" + Continuations.token(after);
    }
}
