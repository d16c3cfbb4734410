package io.muster.gateway.topic;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a device says, by the topic that it publishes to. Contract: iot-hub, 4.3 to 4.7. */
public sealed interface DevicePublish {
    record Telemetry(Map<String, @Nullable String> properties) implements DevicePublish {}

    record TwinGet(String rid) implements DevicePublish {}

    record ReportedPatch(String rid, @Nullable Long expectedVersion) implements DevicePublish {}

    /** A patch of reported properties whose {@code $version} is no number. */
    record MalformedPatch(String rid) implements DevicePublish {}

    record MethodAnswer(int status, String rid) implements DevicePublish {}

    /** No topic of ours, or another device's. */
    record Unknown() implements DevicePublish {}

    /**
     * Reads a topic of one device or module; ids stand in topics as they are, not encoded.
     *
     * @param id as its MQTT client id is
     */
    static DevicePublish parse(String id, String topic) {
        String events = "devices/" + id.replace("/", "/modules/") + "/messages/events";
        if (topic.equals(events)) {
            return new Telemetry(Map.of());
        }
        if (topic.startsWith(events + "/")) {
            String bag = topic.substring(events.length() + 1);
            return PropertyBag.parse(bag.endsWith("/") ? bag.substring(0, bag.length() - 1) : bag)
                    .<DevicePublish>map(Telemetry::new)
                    .orElseGet(Unknown::new);
        }
        Matcher hub = Patterns.HUB.matcher(topic);
        return hub.matches() ? hub(hub) : new Unknown();
    }

    private static DevicePublish hub(Matcher topic) {
        String query = topic.group("query");
        @Nullable String rid = Patterns.raw(query, "rid");
        if (rid == null) {
            return new Unknown();
        }
        String path = topic.group("path");
        if (path.equals("twin/GET")) {
            return new TwinGet(rid);
        }
        if (path.equals("twin/PATCH/properties/reported")) {
            @Nullable String version = Patterns.raw(query, "version");
            return version == null || version.matches("\\d{1,18}")
                    ? new ReportedPatch(rid, version == null ? null : Long.valueOf(version))
                    : new MalformedPatch(rid);
        }
        Matcher answer = Patterns.ANSWER.matcher(path);
        return answer.matches() ? new MethodAnswer(Integer.parseInt(answer.group(1)), rid) : new Unknown();
    }

    /** How the topics under {@code $iothub} look. */
    final class Patterns {
        private static final Pattern HUB = Pattern.compile("\\$iothub/(?<path>[^?]+)/\\?(?<query>.*)", Pattern.DOTALL);
        private static final Pattern ANSWER = Pattern.compile("methods/res/(-?\\d{1,9})");

        private Patterns() {}

        /** A member's value as it stands: a rid is echoed to the byte, and other members may hold what they like. */
        private static @Nullable String raw(String query, String name) {
            for (String pair : query.split("&")) {
                if (pair.startsWith("$" + name + "=") || pair.startsWith("%24" + name + "=")) {
                    return pair.substring(pair.indexOf('=') + 1);
                }
            }
            return null;
        }
    }
}
