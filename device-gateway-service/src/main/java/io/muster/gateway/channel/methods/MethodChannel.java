package io.muster.gateway.channel.methods;

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
import io.muster.records.Capability;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUndelivered;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls methods of devices: each call that reaches this gateway ends with one report. */
public final class MethodChannel implements Channel {
    private static final List<Filter> FILTERS = List.of(new Filter("$iothub/methods/POST/#", Capability.METHODS));
    private static final String EXPIRED = "expired";

    private final Fleet fleet;
    private final ChannelMeters meters;
    private final InstantSource clock;
    private final Calls calls;

    public MethodChannel(Fleet fleet, ChannelMeters meters, InstantSource clock) {
        this.fleet = fleet;
        this.meters = meters;
        this.clock = clock;
        this.calls = new Calls(fleet, meters, clock);
    }

    @Override
    public List<Filter> filters(IdentityId id) {
        return FILTERS;
    }

    @Override
    public @Nullable Receipt receive(DeviceConnection connection, Publish publish) {
        @Nullable MethodAnswer answer = MethodAnswer.parse(publish.topic());
        if (answer == null) {
            return null;
        }
        meters.received("method answer");
        // There are only as many answers as there were calls: they are read whatever else waits.
        boolean awaited = calls.isOpen(connection.deviceId(), answer.rid());
        return new Receipt(
                calls.answered(
                        connection.deviceId(),
                        answer.rid(),
                        answer.status(),
                        ByteBuffer.wrap(ByteBufUtil.getBytes(publish.payload()))),
                awaited ? Receipt.Cause.AWAITED : Receipt.Cause.REQUEST);
    }

    @Override
    public List<Handover<?>> handovers() {
        return List.of(new Handover<>(
                MethodRequest.class,
                MethodRequest::getEpoch,
                this::deliver,
                outgoing -> reportUndelivered(outgoing, "no such connection")));
    }

    @Override
    public Duration awaits(String deviceId) {
        return calls.longest(deviceId);
    }

    private void deliver(DeviceConnection connection, Outgoing<MethodRequest> outgoing) {
        Call call = new Call(outgoing);
        @Nullable
        String obstacle = !connection.isOpen()
                ? "connection closed"
                : !connection.takes(Capability.METHODS)
                        ? "not subscribed"
                        : call.isExpired(connection.nanoTime()) ? EXPIRED : null;
        if (obstacle != null) {
            meters.delivery("method", obstacle);
            call.ended(obstacle, true, clock.instant());
            reportUndelivered(outgoing, obstacle);
            return;
        }
        calls.begin(call, connection.executor());
        meters.written("method");
        MethodRequest request = outgoing.delivery();
        connection.publish(topic(request), ByteBufUtil.writeUtf8(connection.allocator(), request.getPayload()));
    }

    static String topic(MethodRequest request) {
        return "$iothub/methods/POST/" + request.getMethodName() + "/?$rid=" + request.getDeliveryId();
    }

    private void reportUndelivered(Outgoing<MethodRequest> outgoing, String reason) {
        fleet.reportUntilWritten(
                outgoing.deviceId(),
                new MethodUndelivered(outgoing.delivery().getDeliveryId(), reason, reason.equals(EXPIRED)));
    }
}
