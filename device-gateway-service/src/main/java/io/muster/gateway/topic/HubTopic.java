package io.muster.gateway.topic;

import org.jspecify.annotations.Nullable;

/**
 * Splits a topic {@code $iothub/{path}/?{query}}, in which devices ask and answer. Contract: iot-hub, 4.5 and 4.7.
 *
 * @param path without the slash behind it
 * @param rid the request's id, to be echoed to the byte
 */
public record HubTopic(String path, String rid, String query) {
    private static final String PREFIX = "$iothub/";

    /** Reads a topic. @return null where it is none such, or names no request */
    public static @Nullable HubTopic parse(String topic) {
        int mark = topic.indexOf('?');
        if (!topic.startsWith(PREFIX) || mark <= PREFIX.length() + 1 || topic.charAt(mark - 1) != '/') {
            return null;
        }
        String query = topic.substring(mark + 1);
        @Nullable String rid = member(query, "rid");
        return rid == null ? null : new HubTopic(topic.substring(PREFIX.length(), mark - 1), rid, query);
    }

    /** Returns a member {@code $name=value} of the query as it stands, not decoded; null where there is none. */
    public @Nullable String member(String name) {
        return member(query, name);
    }

    private static @Nullable String member(String query, String name) {
        for (String pair : query.split("&")) {
            if (pair.startsWith("$" + name + "=") || pair.startsWith("%24" + name + "=")) {
                return pair.substring(pair.indexOf('=') + 1);
            }
        }
        return null;
    }
}
