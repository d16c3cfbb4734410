package io.muster.gateway.mqtt;

import io.muster.gateway.channel.Filter;
import io.muster.records.Capability;
import io.netty.handler.codec.mqtt.MqttQoS;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keeps what a session has subscribed to, and with which QoS: its capabilities. For one thread. Contract: iot-hub, 4.2 and 4.3. */
final class Subscriptions {
    private final List<Filter> possible;
    private final Map<Capability, MqttQoS> granted = new EnumMap<>(Capability.class);

    /**
     * Continues a session.
     *
     * @param possible all that the device may subscribe to
     * @param remembered filters of the session; those that are not possible any more are forgotten
     * @param atLeastOnce those that were granted with QoS 1
     */
    Subscriptions(List<Filter> possible, Collection<String> remembered, Collection<String> atLeastOnce) {
        this.possible = possible;
        remembered.forEach(
                filter -> add(filter, atLeastOnce.contains(filter) ? MqttQoS.AT_LEAST_ONCE : MqttQoS.AT_MOST_ONCE));
    }

    boolean contains(Capability capability) {
        return granted.containsKey(capability);
    }

    boolean isEmpty() {
        return granted.isEmpty();
    }

    /** Returns the QoS to publish with to such a subscriber. */
    MqttQoS qos(Capability capability) {
        return granted.getOrDefault(capability, MqttQoS.AT_MOST_ONCE);
    }

    /** Adds a subscription or replaces it. @return the granted QoS; a failure when the device may not subscribe to it */
    MqttQoS add(String filter, MqttQoS wanted) {
        @Nullable Capability capability = capability(filter);
        if (capability == null) {
            return MqttQoS.FAILURE;
        }
        MqttQoS qos = wanted == MqttQoS.AT_MOST_ONCE ? wanted : MqttQoS.AT_LEAST_ONCE;
        granted.put(capability, qos);
        return qos;
    }

    void remove(Collection<String> filters) {
        for (String filter : filters) {
            @Nullable Capability capability = capability(filter);
            if (capability != null) {
                granted.remove(capability);
            }
        }
    }

    private @Nullable Capability capability(String filter) {
        for (Filter allowed : possible) {
            if (allowed.text().equals(filter)) {
                return allowed.capability();
            }
        }
        return null;
    }

    /** Returns the filters of all subscriptions. */
    List<String> filters() {
        return possible.stream()
                .filter(filter -> contains(filter.capability()))
                .map(Filter::text)
                .toList();
    }

    /** Returns the capabilities, as the fleet knows them. */
    List<Capability> capabilities() {
        return List.copyOf(granted.keySet());
    }

    /** Returns the filters that were granted with QoS 1. */
    List<String> atLeastOnce() {
        return possible.stream()
                .filter(filter -> granted.get(filter.capability()) == MqttQoS.AT_LEAST_ONCE)
                .map(Filter::text)
                .toList();
    }

    /** Returns a copy, by which a change is seen. */
    Map<Capability, MqttQoS> snapshot() {
        return Map.copyOf(granted);
    }
}
