package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Holds a request to an account: where documents point to, and what answers to it have. Contract: batch, 3.4. */
record BatchRequest(HttpRequest<?> request) {
    private static final Set<String> EVERYWHERE = Set.of("api-version", "timeout");
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    /** Refuses parameters that mean nothing here. @param known beside those of each request @throws ProblemException where there is another one */
    BatchRequest rejectOthers(String... known) {
        Set<String> others = new TreeSet<>(request.getParameters().names());
        parameter("timeout").filter(text -> !text.matches("[1-9]\\d{0,8}")).ifPresent(_ -> {
            throw invalid("timeout", "Give a whole number of seconds from 1.");
        });
        others.removeAll(EVERYWHERE);
        others.removeAll(Set.of(known));
        if (!others.isEmpty()) {
            throw invalid(others.iterator().next(), "This request has no such parameter.");
        }
        return this;
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(request.getParameters().get(name)).filter(text -> !text.isBlank());
    }

    /** Returns the refusal of a parameter. */
    static ProblemException invalid(String parameter, String sentence) {
        return new ProblemException(new Problem(400, "InvalidQueryParameterValue", parameter + ": " + sentence)
                .with("QueryParameterName", parameter)
                .with("Reason", sentence));
    }

    /** Returns where the account is, as the caller reached it. */
    String base() {
        HttpHeaders headers = request.getHeaders();
        String origin = (request.isSecure() ? "https://" : "http://")
                + Objects.requireNonNullElse(headers.get("Host"), "localhost");
        return origin + BatchPath.prefix(Objects.requireNonNullElse(headers.get(Arrival.SENT), ""));
    }

    /** Returns the address of what lies below the account. */
    String url(String path) {
        return base() + "/" + path;
    }

    /** Returns an object that begins with the name of what it is. @param type such as {@code jobs/@Element} */
    ObjectNode document(String type) {
        return JsonNodeFactory.instance.objectNode().put("odata.metadata", url("$metadata#" + type));
    }

    /** Returns the answer with a document. */
    MutableHttpResponse<String> ok(ObjectNode document) {
        return HttpResponse.ok(document.toString()).header("Content-Type", Batch.JSON);
    }

    /** Returns the answer without a body to what has come to be, or has changed. @param path below the account */
    MutableHttpResponse<String> done(HttpStatus status, String path) {
        return HttpResponse.<String>status(status).header("DataServiceId", url(path));
    }

    /** Adds what caches and conditions want. */
    static MutableHttpResponse<String> tagged(MutableHttpResponse<String> answer, long revision, Instant changedAt) {
        return answer.header("ETag", "\"" + tag(revision) + "\"").header("Last-Modified", date(changedAt));
    }

    /** Returns a time as headers have it. */
    static String date(Instant at) {
        return HTTP_DATE.format(at);
    }

    /** Returns the tag of a revision, as documents have it. */
    static String tag(long revision) {
        return "0x%016X".formatted(revision);
    }
}
