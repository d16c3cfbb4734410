package io.muster.gateway.channel;

import io.muster.document.IdentityId;
import io.muster.records.Capability;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.EventExecutor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Stands for a connection of device {@code d}: remembers what it was to publish, on a clock that the test moves. */
public final class ConnectionDouble implements DeviceConnection {
    /** Holds what was published: the topic, a blank and the body. */
    public final List<String> published = new ArrayList<>();

    /** Holds what follows from acknowledgements that have not come. */
    public final List<Supplier<CompletableFuture<Void>>> unacknowledged = new ArrayList<>();

    public final Set<Capability> capabilities = EnumSet.allOf(Capability.class);
    public boolean open = true;
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Map<Class<?>, Object> kept = new HashMap<>();
    private final String id;
    private long nanoTime;

    public ConnectionDouble(String id) {
        this.id = id;
        channel.freezeTime();
    }

    /** Moves both clocks and runs what is due. */
    public void pass(long milliseconds) {
        nanoTime += TimeUnit.MILLISECONDS.toNanos(milliseconds);
        channel.advanceTimeBy(milliseconds, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
    }

    /** Returns the bytes that were allocated and not released. */
    public long allocated() {
        return allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory();
    }

    @Override
    public IdentityId id() {
        return IdentityId.of(id);
    }

    @Override
    public String deviceId() {
        return id;
    }

    @Override
    public long epoch() {
        return 7;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean takes(Capability capability) {
        return capabilities.contains(capability);
    }

    @Override
    public <T> T kept(Class<T> kind, Supplier<T> made) {
        return kind.cast(kept.computeIfAbsent(kind, _ -> made.get()));
    }

    @Override
    public ByteBufAllocator allocator() {
        return allocator;
    }

    @Override
    public EventExecutor executor() {
        return channel.eventLoop();
    }

    @Override
    public long nanoTime() {
        return nanoTime;
    }

    @Override
    public void publish(String topic, ByteBuf payload) {
        published.add(topic + " " + payload.toString(StandardCharsets.UTF_8));
        payload.release();
    }

    @Override
    public void publish(
            Capability capability, String topic, ByteBuf payload, Supplier<CompletableFuture<Void>> acknowledged) {
        publish(topic, payload);
        unacknowledged.add(acknowledged);
    }
}
