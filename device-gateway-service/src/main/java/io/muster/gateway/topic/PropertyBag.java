package io.muster.gateway.topic;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the properties in a topic's last segment: {@code k=v&k2=v2}, both percent-encoded. Contract: iot-hub, 4.3. */
public final class PropertyBag {
    private PropertyBag() {}

    /** Returns the properties; empty when an escape is broken. A name alone has the value null, {@code k=} the empty text. */
    public static Optional<Map<String, @Nullable String>> parse(String bag) {
        Map<String, @Nullable String> properties = new LinkedHashMap<>();
        for (String pair : bag.split("&")) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            try {
                String key = decode(equals < 0 ? pair : pair.substring(0, equals));
                properties.put(key, equals < 0 ? null : decode(pair.substring(equals + 1)));
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }
        return Optional.of(properties);
    }

    /** Returns the bag of such properties, in their order. A slash would end the segment, and so stands escaped like all the rest. */
    public static String text(Map<String, String> properties) {
        return properties.entrySet().stream()
                .map(property -> encode(property.getKey()) + "=" + encode(property.getValue()))
                .collect(Collectors.joining("&"));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
