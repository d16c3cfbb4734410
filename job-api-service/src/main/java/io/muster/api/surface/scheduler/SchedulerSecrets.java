package io.muster.api.surface.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.BasicCredentials;
import io.muster.records.CallEndpoint;
import io.muster.records.ScheduleDefinition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps what a job's document has in confidence out of the one that is shown: passwords, the header Authorization, tokens of queues. */
final class SchedulerSecrets {
    private static final String AUTHORIZATION = "Authorization";
    private static final String AUTHENTICATION = "authentication";
    private static final String PASSWORD = "password";
    private static final String REQUEST = "request";
    private static final String HEADERS = "headers";
    private static final String URI = "uri";

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

    /** Returns a document that is being changed with those that it had, where it says no other: only for the host that they were given for. */
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
                || !host(request.path(URI).asText()).equals(host(endpoint.getUri()))) {
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

    /** Returns the scheme, the host and the port of an address. */
    private static String host(String address) {
        int begin = address.indexOf("//");
        int end = address.indexOf('/', begin + 2);
        return end < 0 ? address : address.substring(0, end);
    }
}
