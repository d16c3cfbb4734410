package io.muster.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.Channels;
import io.muster.gateway.channel.messages.MessageChannel;
import io.muster.gateway.channel.methods.MethodChannel;
import io.muster.gateway.channel.tasks.TaskChannel;
import io.muster.gateway.channel.telemetry.TelemetryChannel;
import io.muster.gateway.channel.twin.TwinChannel;
import io.muster.gateway.fleet.Fleet;
import java.time.InstantSource;
import java.util.List;

/** Composes the channels of a gateway: the capabilities that devices can have over MQTT, a line each. */
public final class GatewayChannels {
    private GatewayChannels() {}

    public static Channels of(Fleet fleet, MeterRegistry registry, InstantSource clock) {
        ChannelMeters meters = new ChannelMeters(registry);
        TelemetryChannel telemetry = new TelemetryChannel(fleet, meters, clock);
        return new Channels(
                List.of(
                        new MethodChannel(fleet, meters, clock),
                        telemetry,
                        new TwinChannel(fleet, meters, clock),
                        new MessageChannel(fleet, meters),
                        new TaskChannel(fleet, meters, clock)),
                telemetry);
    }
}
