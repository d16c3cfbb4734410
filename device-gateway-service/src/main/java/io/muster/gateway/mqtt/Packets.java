package io.muster.gateway.mqtt;

import io.muster.gateway.topic.PropertyBag;
import io.muster.records.CloudMessage;
import io.muster.records.DesiredChanged;
import io.muster.records.MethodRequest;
import io.muster.records.Refusal;
import io.muster.records.ReportedAnswer;
import io.muster.records.TwinAnswer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.mqtt.MqttConnAckMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttPublishVariableHeader;
import io.netty.handler.codec.mqtt.MqttQoS;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The packets that devices are sent. Contract: iot-hub, 4.5 to 4.7. */
final class Packets {
    static final int BAD_REQUEST = 400;
    private static final int PRECONDITION_FAILED = 412;
    private static final int TOO_LARGE = 413;
    private static final int SERVER_ERROR = 500;

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

    static MqttMessage method(ByteBufAllocator allocator, MethodRequest request) {
        return publish(
                "$iothub/methods/POST/" + request.getMethodName() + "/?$rid=" + request.getDeliveryId(),
                ByteBufUtil.writeUtf8(allocator, request.getPayload()));
    }

    /** @param packetId 0 with QoS 0 */
    static MqttMessage message(String deviceId, CloudMessage message, MqttQoS qos, int packetId) {
        Map<String, String> properties = new LinkedHashMap<>(message.getProperties());
        properties.put("$.to", "/devices/" + deviceId + "/messages/devicebound");
        return publish(
                "devices/" + deviceId + "/messages/devicebound/" + PropertyBag.text(properties),
                Unpooled.wrappedBuffer(message.getBody()),
                qos,
                packetId);
    }

    static MqttMessage desired(ByteBufAllocator allocator, DesiredChanged change) {
        return publish(
                "$iothub/twin/PATCH/properties/desired/?$version=" + change.getVersion(),
                ByteBufUtil.writeUtf8(allocator, withVersion(change.getPatch(), change.getVersion())));
    }

    static MqttMessage twin(ByteBufAllocator allocator, TwinAnswer answer) {
        String body = "{\"desired\":" + withVersion(answer.getDesired(), answer.getDesiredVersion()) + ",\"reported\":"
                + withVersion(answer.getReported(), answer.getReportedVersion()) + "}";
        return publish("$iothub/twin/res/200/?$rid=" + answer.getRid(), ByteBufUtil.writeUtf8(allocator, body));
    }

    static MqttMessage reported(ByteBufAllocator allocator, ReportedAnswer answer, Instant now) {
        Refusal refusal = answer.getRefusal();
        if (refusal == null) {
            return publish(
                    "$iothub/twin/res/204/?$rid=" + answer.getRid() + "&$version=" + answer.getVersion(),
                    allocator.buffer(0));
        }
        int status = switch (refusal.getReason()) {
            case PRECONDITION_FAILED -> PRECONDITION_FAILED;
            case TOO_LARGE -> TOO_LARGE;
            case UNKNOWN -> SERVER_ERROR;
            default -> BAD_REQUEST;
        };
        return twinFailure(allocator, answer.getRid(), status, refusal.getMessage(), now);
    }

    static MqttMessage twinFailure(ByteBufAllocator allocator, String rid, int status, String message, Instant now) {
        int errorCode = status * 1000 + (status == BAD_REQUEST ? 4 : 1);
        String body = "{\"errorCode\":" + errorCode + ",\"trackingId\":\"" + UUID.randomUUID() + "\",\"message\":\""
                + escape(message) + "\",\"timestampUtc\":\"" + now + "\"}";
        return publish("$iothub/twin/res/" + status + "/?$rid=" + rid, ByteBufUtil.writeUtf8(allocator, body));
    }

    /** A JSON object of the fleet, and one member more. */
    private static String withVersion(String object, long version) {
        String open = object.substring(0, object.lastIndexOf('}')).stripTrailing();
        return open + (open.endsWith("{") ? "" : ",") + "\"$version\":" + version + "}";
    }

    private static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(' ');
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static MqttMessage publish(String topic, ByteBuf payload) {
        return publish(topic, payload, MqttQoS.AT_MOST_ONCE, 0);
    }

    /** Takes the payload over. (Netty's own builder copies it and forgets the original.) */
    private static MqttMessage publish(String topic, ByteBuf payload, MqttQoS qos, int packetId) {
        return new MqttPublishMessage(
                new MqttFixedHeader(MqttMessageType.PUBLISH, false, qos, false, 0),
                new MqttPublishVariableHeader(topic, packetId),
                payload);
    }
}
