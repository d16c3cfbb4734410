package io.muster.device;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes and reads the properties in a topic's last segment. Contract: iot-hub, 4.3 and 4.4. */
final class PropertyBag {
    private PropertyBag() {}

    static String text(Map<String, String> properties) {
        return properties.entrySet().stream()
                .map(property -> encode(property.getKey()) + "=" + encode(property.getValue()))
                .collect(Collectors.joining("&"));
    }

    /** Reads a bag. @throws IllegalArgumentException when an escape is broken */
    static Map<String, @Nullable String> parse(String bag) {
        Map<String, @Nullable String> properties = new LinkedHashMap<>();
        for (String pair : bag.split("&")) {
            int equals = pair.indexOf('=');
            if (!pair.isEmpty()) {
                properties.put(
                        decode(equals < 0 ? pair : pair.substring(0, equals)),
                        equals < 0 ? null : decode(pair.substring(equals + 1)));
            }
        }
        return properties;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
