package io.muster.gateway.channel.messages;

import io.muster.document.IdentityId;
import io.muster.gateway.channel.Channel;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.DeviceConnection;
import io.muster.gateway.channel.Filter;
import io.muster.gateway.channel.Handover;
import io.muster.gateway.channel.Outgoing;
import io.muster.gateway.channel.Publish;
import io.muster.gateway.channel.Receipt;
import io.muster.gateway.fleet.Fleet;
import io.muster.gateway.topic.PropertyBag;
import io.muster.records.Capability;
import io.muster.records.CloudMessage;
import io.muster.records.MessageAcknowledged;
import io.muster.records.MessageRequest;
import io.netty.buffer.Unpooled;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Publishes messages to devices, and reports each that a device has acknowledged. The fleet keeps the others for the next connection. */
public final class MessageChannel implements Channel {
    private final Fleet fleet;
    private final ChannelMeters meters;

    public MessageChannel(Fleet fleet, ChannelMeters meters) {
        this.fleet = fleet;
        this.meters = meters;
    }

    /** Returns the messages' filter; a module gets no messages. */
    @Override
    public List<Filter> filters(IdentityId id) {
        return id.moduleId() == null
                ? List.of(new Filter(prefix(id.deviceId()) + "#", Capability.MESSAGES))
                : List.of();
    }

    @Override
    public @Nullable Receipt receive(DeviceConnection connection, Publish publish) {
        return null;
    }

    @Override
    public List<Handover<?>> handovers() {
        return List.of(Handover.ofLossy(MessageRequest.class, MessageRequest::getEpoch, this::deliver));
    }

    private void deliver(DeviceConnection connection, Outgoing<MessageRequest> outgoing) {
        if (!connection.isOpen() || !connection.takes(Capability.MESSAGES)) {
            meters.delivery("message", "not subscribed");
            return;
        }
        MessageRequest request = outgoing.delivery();
        meters.written("message");
        connection.publish(
                Capability.MESSAGES,
                topic(connection.deviceId(), request.getMessage()),
                Unpooled.wrappedBuffer(request.getMessage().getBody()),
                () -> fleet.report(connection.deviceId(), new MessageAcknowledged(request.getNumber())));
    }

    /** Returns the topic with the message's properties behind the prefix that the device's filter names. */
    static String topic(String deviceId, CloudMessage message) {
        Map<String, String> properties = new LinkedHashMap<>(message.getProperties());
        properties.put("$.to", "/devices/" + deviceId + "/messages/devicebound");
        return prefix(deviceId) + PropertyBag.text(properties);
    }

    private static String prefix(String deviceId) {
        return "devices/" + deviceId + "/messages/devicebound/";
    }
}
