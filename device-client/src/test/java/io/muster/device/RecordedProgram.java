package io.muster.device;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** Takes all that a hub sends, and remembers it as text. */
class RecordedProgram implements DeviceProgram {
    final List<String> log = new CopyOnWriteArrayList<>();
    final List<String> ends = new CopyOnWriteArrayList<>();
    volatile CompletionStage<Void> messageTaken = CompletableFuture.completedFuture(null);
    volatile Optional<Duration> lease = Optional.empty();
    private final MethodTable methods;

    RecordedProgram() {
        this(Map.of());
    }

    RecordedProgram(Map<String, MethodTable.Handler> methods) {
        this.methods = new MethodTable(methods);
    }

    @Override
    public Set<Subscription> subscriptions() {
        return EnumSet.allOf(Subscription.class);
    }

    @Override
    public CompletionStage<MethodAnswer> call(DeviceClient device, MethodCall call) {
        log.add("method " + call.method() + " " + call.id() + " " + new String(call.payload(), StandardCharsets.UTF_8));
        return methods.call(device, call);
    }

    @Override
    public void desiredChanged(DeviceClient device, String patch) {
        log.add("desired " + patch);
    }

    @Override
    public CompletionStage<Void> message(DeviceClient device, CloudMessage message) {
        log.add("message " + message.properties() + " " + new String(message.body(), StandardCharsets.UTF_8));
        return messageTaken;
    }

    @Override
    public void tasksOrdered(DeviceClient device, TaskOrders orders) {
        log.add("orders " + orders.poolId() + " " + new String(orders.body(), StandardCharsets.UTF_8));
    }

    @Override
    public void connected(DeviceClient device) {
        log.add("connected");
    }

    @Override
    public void ended(DeviceClient device, String reason) {
        ends.add(reason);
    }

    @Override
    public Optional<Duration> lease() {
        return lease;
    }

    @Override
    public void leaseLost(DeviceClient device) {
        log.add("lease lost");
    }
}
