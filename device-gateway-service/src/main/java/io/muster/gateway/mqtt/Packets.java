package io.muster.gateway.mqtt;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.mqtt.MqttConnAckMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttPublishVariableHeader;
import io.netty.handler.codec.mqtt.MqttQoS;
import java.util.List;

/** Makes the packets that devices are sent. */
final class Packets {
    private Packets() {}

    static MqttConnAckMessage connack(MqttConnectReturnCode code, boolean sessionPresent) {
        return MqttMessageBuilders.connAck()
                .returnCode(code)
                .sessionPresent(sessionPresent)
                .build();
    }

    static MqttMessage puback(int packetId) {
        return MqttMessageBuilders.pubAck().packetId(packetId).build();
    }

    static MqttMessage suback(int packetId, List<Integer> granted) {
        return MqttMessageBuilders.subAck()
                .packetId(packetId)
                .addGrantedQoses(granted.stream().map(MqttQoS::valueOf).toArray(MqttQoS[]::new))
                .build();
    }

    static MqttMessage unsuback(int packetId) {
        return MqttMessageBuilders.unsubAck().packetId(packetId).build();
    }

    /** Takes the payload over. (Netty's own builder copies it and forgets the original.) @param packetId 0 with QoS 0 */
    static MqttMessage publish(String topic, ByteBuf payload, MqttQoS qos, int packetId) {
        return new MqttPublishMessage(
                new MqttFixedHeader(MqttMessageType.PUBLISH, false, qos, false, 0),
                new MqttPublishVariableHeader(topic, packetId),
                payload);
    }
}
