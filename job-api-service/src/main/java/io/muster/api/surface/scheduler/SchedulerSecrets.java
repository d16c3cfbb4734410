package io.muster.api.surface.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.BasicCredentials;
import io.muster.records.CallEndpoint;
import io.muster.records.ScheduleDefinition;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps what a job's document has in confidence out of the one that is shown: passwords, the header Authorization, tokens of queues. */
final class SchedulerSecrets {
    private static final String AUTHORIZATION = "Authorization";
    private static final String AUTHENTICATION = "authentication";
    private static final String PASSWORD = "password";
    private static final String REQUEST = "request";
    private static final String HEADERS = "headers";
    private static final String ADDRESS = "uri";

    private SchedulerSecrets() {}

    private static List<ObjectNode> actions(ObjectNode document) {
        List<ObjectNode> actions = new ArrayList<>();
        JsonNode main = document.path("properties").path("action");
        for (JsonNode action : List.of(main, main.path("errorAction"))) {
            if (action instanceof ObjectNode object) {
                actions.add(object);
            }
        }
        return actions;
    }

    /** Returns a copy without them. */
    static ObjectNode hidden(ObjectNode document) {
        ObjectNode copy = document.deepCopy();
        for (ObjectNode action : actions(copy)) {
            if (action.path("queueMessage") instanceof ObjectNode message) {
                message.remove("sasToken");
            }
            if (action.path(REQUEST).path(AUTHENTICATION) instanceof ObjectNode authentication) {
                authentication.remove(PASSWORD);
            }
            if (action.path(REQUEST).path(HEADERS) instanceof ObjectNode headers) {
                headers.remove(authorization(headers));
            }
        }
        return copy;
    }

    /** Returns the names of the header: it is the same in any case. */
    private static List<String> authorization(ObjectNode headers) {
        return headers.properties().stream()
                .map(java.util.Map.Entry::getKey)
                .filter(AUTHORIZATION::equalsIgnoreCase)
                .toList();
    }

    /** Returns a document that is being changed with those that it had, where it says no other: only for the scheme, host, port and path that they were given for. */
    static ObjectNode restored(ObjectNode document, ScheduleDefinition known) {
        ObjectNode copy = document.deepCopy();
        List<ObjectNode> actions = actions(copy);
        if (!actions.isEmpty()) {
            restore(actions.getFirst(), known.getAction());
        }
        if (actions.size() > 1) {
            restore(actions.get(1), known.getErrorAction());
        }
        return copy;
    }

    private static void restore(ObjectNode action, @Nullable Object known) {
        if (!(known instanceof CallEndpoint endpoint)
                || !(action.path(REQUEST) instanceof ObjectNode request)
                || !isSamePlace(request.path(ADDRESS).asText(), endpoint.getUri())) {
            return;
        }
        BasicCredentials credentials = endpoint.getCredentials();
        if (credentials != null
                && request.path(AUTHENTICATION) instanceof ObjectNode authentication
                && authentication.path("username").asText().equals(credentials.getUserName())
                && !authentication.has(PASSWORD)) {
            authentication.put(PASSWORD, credentials.getPassword());
        }
        endpoint.getHeaders().forEach((name, value) -> {
            if (name.equalsIgnoreCase(AUTHORIZATION) && lacksAuthorization(request.path(HEADERS))) {
                request.withObject("/" + HEADERS).put(name, value);
            }
        });
    }

    /** Returns whether headers have no such header, and can take one: those that are no object are refused later. */
    private static boolean lacksAuthorization(JsonNode headers) {
        return headers.isMissingNode()
                || headers.isNull()
                || (headers instanceof ObjectNode object
                        && authorization(object).isEmpty());
    }

    /** Returns whether two addresses differ in their queries alone: a secret goes nowhere else. */
    private static boolean isSamePlace(String one, String other) {
        Optional<Place> place = Place.of(one);
        return place.isPresent() && place.equals(Place.of(other));
    }

    /** Names where a call goes. @param port negative for the one of the scheme */
    private record Place(String scheme, String host, int port, String path) {
        /** Returns the place of an address; empty where it is none. */
        private static Optional<Place> of(String address) {
            try {
                URI uri = new URI(new URI(address).toASCIIString());
                return uri.getHost() == null || uri.getScheme() == null
                        ? Optional.empty()
                        : Optional.of(new Place(
                                uri.getScheme().toLowerCase(Locale.ROOT),
                                uri.getHost().toLowerCase(Locale.ROOT),
                                uri.getPort(),
                                uri.getRawPath()));
            } catch (URISyntaxException e) {
                return Optional.empty();
            }
        }
    }
}
