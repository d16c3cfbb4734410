package io.muster.gateway.mqtt;

import io.netty.handler.codec.mqtt.MqttQoS;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a session has subscribed to, and with which QoS. For one thread. Contract: iot-hub, 4.2 and 4.3. */
final class Subscriptions {
    private static final int MOST = 10;

    private final Map<String, MqttQoS> granted = new LinkedHashMap<>();

    /** @param atLeastOnce those that were granted with QoS 1 */
    Subscriptions(Collection<String> filters, Collection<String> atLeastOnce) {
        filters.forEach(filter ->
                granted.put(filter, atLeastOnce.contains(filter) ? MqttQoS.AT_LEAST_ONCE : MqttQoS.AT_MOST_ONCE));
    }

    boolean contains(String filter) {
        return granted.containsKey(filter);
    }

    boolean isEmpty() {
        return granted.isEmpty();
    }

    /** The QoS to publish with to such a subscriber. */
    MqttQoS qos(String filter) {
        return granted.getOrDefault(filter, MqttQoS.AT_MOST_ONCE);
    }

    /** Adds a subscription or replaces it. @return what is granted; a failure when there are too many */
    MqttQoS add(String filter, MqttQoS wanted) {
        if (!granted.containsKey(filter) && granted.size() >= MOST) {
            return MqttQoS.FAILURE;
        }
        MqttQoS qos = wanted == MqttQoS.AT_MOST_ONCE ? wanted : MqttQoS.AT_LEAST_ONCE;
        granted.put(filter, qos);
        return qos;
    }

    void remove(Collection<String> filters) {
        granted.keySet().removeAll(filters);
    }

    List<String> filters() {
        return List.copyOf(granted.keySet());
    }

    List<String> atLeastOnce() {
        return granted.entrySet().stream()
                .filter(entry -> entry.getValue() == MqttQoS.AT_LEAST_ONCE)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** To tell whether something has changed. */
    Map<String, MqttQoS> snapshot() {
        return Map.copyOf(granted);
    }
}
