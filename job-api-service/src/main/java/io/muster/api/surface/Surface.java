package io.muster.api.surface;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.MutableHttpResponse;
import io.muster.api.access.Caller;
import io.muster.api.access.Grant;
import io.muster.api.access.Throttles;
import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Describes one API that public clients speak: its requests, its rights, its versions and the form of its refusals. A
 * route is the template that a request was matched with, without the mount, such as {@code /devices/{id}}: no id of a caller's is taken for a word
 * of ours. For a request that no route takes it is the path. Thread-safe.
 */
public interface Surface {
    /** Bounds a body that is read into memory. */
    long LARGEST_BODY = 1024 * 1024;

    /** Names the type of most refusals. */
    String JSON = "application/json; charset=utf-8";

    /**
     * Returns the prefix of this surface's routes, which is a slash, a tilde and a name: no client's path begins so. Empty for the one surface that
     * takes what no other takes.
     */
    String mount();

    /** Returns whether a host name is this surface's: it wins over the path. @param host in lower case, without the port */
    default boolean isNamedBy(String host) {
        return false;
    }

    /** Returns whether a request is this surface's by its path or credentials. */
    boolean serves(Arrival arrival);

    /** Returns the path of a request, by which its route is found: a surface may be reached at several. Metrics and the audit log name this one. */
    default String path(Arrival arrival) {
        return arrival.path();
    }

    /**
     * Returns the caller that a request proves; empty where its route is open to everybody.
     *
     * @param path as {@link #path(Arrival)} returns it
     * @throws ProblemException when it proves nothing, or not for this path
     */
    Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now);

    /** Returns whether a path is a WebSocket's: a request to it has to be a handshake. @param path in normal form, as the client spelled it */
    default boolean isWebSocket(String path) {
        return false;
    }

    /** Returns what a caller needs for a request. */
    Grant grant(String method, String route);

    /** Checks the parameter {@code api-version}. @throws ProblemException when it is missing or unknown */
    void checkVersion(@Nullable String version);

    /** Returns the problem of a caller that may not do what it asks for. */
    default Problem notAllowed(String message) {
        return Problem.unauthorized(message);
    }

    /** Returns the credentials that are asked of a caller without any. Source: RFC 9110, 11.6.1. */
    default String challenge() {
        return "Bearer realm=\"muster\"";
    }

    /** Returns how many bytes a body may have. @param path as {@link #path(Arrival)} returns it */
    default long largestBody(String method, String path) {
        return LARGEST_BODY;
    }

    /** Returns the kind by which requests of a route are limited; empty where they are not. */
    default Optional<Throttles.Kind> limitedAs(String route) {
        return Optional.empty();
    }

    /** Returns whether the audit log keeps a request: those that change something. */
    default boolean isAudited(HttpRequest<?> request, String route) {
        return grant(request.getMethodName(), route).changes();
    }

    /** Returns a refusal of the core in this surface's words; ServerError where the surface sends the core no commands. */
    default Problem problem(Refusal refusal) {
        return Problem.serverError();
    }

    /** Returns a problem under the name by which this surface's clients know it. */
    default Problem named(Problem problem) {
        return problem;
    }

    /** Returns the problem with a path that no route takes. */
    default Problem noRoute(String path) {
        return Problem.notFound("There is nothing at " + path + ".");
    }

    /** Returns a refusal as this surface's clients read it. */
    Envelope envelope(Problem problem, String route, Instant now);

    /** Adds what each answer of this surface has, refusals too. */
    default void complete(HttpRequest<?> request, MutableHttpResponse<?> response) {}

    /** Returns the page that shows a refusal to a person, in place of the envelope; empty where a program reads it. */
    default Optional<MutableHttpResponse<String>> page(HttpRequest<?> request, String path, Problem problem) {
        return Optional.empty();
    }

    /**
     * Holds a refusal as it is sent.
     *
     * @param contentType of the body
     * @param headers beside those of each answer
     */
    record Envelope(String body, String contentType, Map<String, String> headers) {
        /** Makes one of JSON. */
        public Envelope(String body, Map<String, String> headers) {
            this(body, JSON, headers);
        }
    }
}
