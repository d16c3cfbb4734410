package io.muster.gateway.channel.methods;

import io.muster.gateway.topic.HubTopic;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads a device's answer to a method from the topic {@code $iothub/methods/res/{status}/?$rid={rid}}. Contract: iot-hub, 4.7. */
record MethodAnswer(int status, String rid) {
    private static final Pattern PATH = Pattern.compile("methods/res/(-?[0-9]{1,9})");

    /** Returns null where the topic is another. */
    static @Nullable MethodAnswer parse(String topic) {
        @Nullable HubTopic hub = HubTopic.parse(topic);
        if (hub == null) {
            return null;
        }
        Matcher path = PATH.matcher(hub.path());
        return path.matches() ? new MethodAnswer(Integer.parseInt(path.group(1)), hub.rid()) : null;
    }
}
