package io.muster.gateway.channel.twin;

import io.muster.gateway.topic.HubTopic;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Names what a device asks of its twin, as the topic says. Contract: iot-hub, 4.5. */
sealed interface TwinRequest {
    String rid();

    /** Asks for desired and reported properties. */
    record Get(String rid) implements TwinRequest {}

    /** Patches reported properties. @param expectedVersion null for any */
    record Patch(String rid, @Nullable Long expectedVersion) implements TwinRequest {}

    /** Is a patch whose {@code $version} is no number. */
    record MalformedPatch(String rid) implements TwinRequest {}

    /** Reads a topic. @return null where it is another */
    static @Nullable TwinRequest parse(String topic) {
        @Nullable HubTopic hub = HubTopic.parse(topic);
        if (hub == null) {
            return null;
        }
        if (hub.path().equals("twin/GET")) {
            return new Get(hub.rid());
        }
        if (!hub.path().equals("twin/PATCH/properties/reported")) {
            return null;
        }
        @Nullable String version = hub.member("version");
        if (version == null) {
            return new Patch(hub.rid(), null);
        }
        return Versions.NUMBER.matcher(version).matches()
                ? new Patch(hub.rid(), Long.valueOf(version))
                : new MalformedPatch(hub.rid());
    }

    /** Holds the form of a version. */
    final class Versions {
        private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

        private Versions() {}
    }
}
