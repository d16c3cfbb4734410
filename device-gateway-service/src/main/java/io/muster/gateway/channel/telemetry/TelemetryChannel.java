package io.muster.gateway.channel.telemetry;

import io.muster.document.IdentityId;
import io.muster.gateway.channel.Channel;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.DeviceConnection;
import io.muster.gateway.channel.Filter;
import io.muster.gateway.channel.Handover;
import io.muster.gateway.channel.Publish;
import io.muster.gateway.channel.Receipt;
import io.muster.gateway.channel.Wills;
import io.muster.gateway.fleet.Fleet;
import io.muster.gateway.topic.PropertyBag;
import io.muster.records.Telemetry;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Writes what devices publish as events to the topic {@code telemetry}, and their wills when connections end without a DISCONNECT. */
public final class TelemetryChannel implements Channel, Wills {
    private final Fleet fleet;
    private final ChannelMeters meters;
    private final InstantSource clock;

    public TelemetryChannel(Fleet fleet, ChannelMeters meters, InstantSource clock) {
        this.fleet = fleet;
        this.meters = meters;
        this.clock = clock;
    }

    @Override
    public List<Filter> filters(IdentityId id) {
        return List.of();
    }

    @Override
    public List<Handover<?>> handovers() {
        return List.of();
    }

    @Override
    public @Nullable Receipt receive(DeviceConnection connection, Publish publish) {
        @Nullable
        Map<String, @Nullable String> properties =
                properties(connection.id(), publish.topic()).orElse(null);
        if (properties == null) {
            return null;
        }
        meters.received("telemetry");
        return Receipt.unasked(write(
                connection.id(),
                publish.retained() ? with(properties, "mqtt-retain", "true") : properties,
                ByteBufUtil.getBytes(publish.payload())));
    }

    @Override
    public Optional<Runnable> read(IdentityId id, String topic, byte[] body) {
        return properties(id, topic).map(properties -> () -> {
            // The device is gone: nobody hears whether it was written.
            CompletableFuture<Void> unheard = write(id, with(properties, "iothub-MessageType", "Will"), body);
            unheard.exceptionally(_ -> null);
        });
    }

    /** Reads the properties in a topic of the identity's events; ids stand in topics as they are. Empty when the topic is another. */
    static Optional<Map<String, @Nullable String>> properties(IdentityId id, String topic) {
        @Nullable String module = id.moduleId();
        String events = "devices/" + id.deviceId() + (module == null ? "" : "/modules/" + module) + "/messages/events";
        if (topic.equals(events)) {
            return Optional.of(Map.of());
        }
        if (!topic.startsWith(events + "/")) {
            return Optional.empty();
        }
        String bag = topic.substring(events.length() + 1);
        return PropertyBag.parse(bag.endsWith("/") ? bag.substring(0, bag.length() - 1) : bag);
    }

    private CompletableFuture<Void> write(IdentityId id, Map<String, @Nullable String> properties, byte[] body) {
        return fleet.telemetry(
                new Telemetry(id.deviceId(), id.moduleId(), clock.instant(), properties, ByteBuffer.wrap(body)));
    }

    private static Map<String, @Nullable String> with(
            Map<String, @Nullable String> properties, String name, String value) {
        Map<String, @Nullable String> all = new LinkedHashMap<>(properties);
        all.put(name, value);
        return all;
    }
}
