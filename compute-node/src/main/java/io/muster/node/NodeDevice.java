package io.muster.node;

import io.muster.device.DeviceClient;
import io.muster.device.DeviceProgram;
import io.muster.device.TaskOrders;
import io.muster.node.wire.OrderReader;
import io.muster.node.work.Input;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hears the pool, and numbers connections, so that nothing that was meant for one is sent over another. For the device's thread, but for {@link #over}. */
final class NodeDevice implements DeviceProgram {
    private static final Logger LOG = LoggerFactory.getLogger(NodeDevice.class);

    private final Consumer<Input> heard;
    private final BooleanSupplier isBehind;
    private final Consumer<DeviceClient> connected;
    private volatile @Nullable DeviceClient device;
    private volatile CompletableFuture<Void> end = new CompletableFuture<>();
    private int connection;

    /** Makes one. @param isBehind whether too much was heard that nothing was done about yet */
    NodeDevice(Consumer<Input> heard, BooleanSupplier isBehind, Consumer<DeviceClient> connected) {
        this.heard = heard;
        this.isBehind = isBehind;
        this.connected = connected;
    }

    @Override
    public Set<Subscription> subscriptions() {
        return EnumSet.of(Subscription.TASK_ORDERS);
    }

    @Override
    public void connected(DeviceClient device) {
        this.device = device;
        LOG.info("Connected, deviceId={}", device.deviceId());
        connected.accept(device);
    }

    @Override
    public void ended(DeviceClient device, String reason) {
        LOG.info("The connection has ended or could not be made, deviceId={} reason={}", device.deviceId(), reason);
        heard.accept(new Input.Disconnected(connection));
        connection++;
        end.complete(null);
        end = new CompletableFuture<>();
    }

    @Override
    public void tasksOrdered(DeviceClient device, TaskOrders orders) {
        this.device = device;
        if (isBehind.getAsBoolean()) {
            LOG.error("Orders come faster than they are carried out: the connection is closed");
            device.cut();
            return;
        }
        OrderReader.Read read = OrderReader.read(orders.poolId(), orders.body());
        read.unreadable().forEach(reason -> LOG.error("An order can't be read and is passed over, reason={}", reason));
        read.orders().forEach(order -> heard.accept(new Input.Ordered(connection, order)));
    }

    /** Returns what ends with the next end of a connection. */
    CompletableFuture<Void> nextEnd() {
        return end;
    }

    /** Sends something over that connection; over another one it fails. Any thread. */
    CompletableFuture<Void> over(int wanted, Function<DeviceClient, CompletableFuture<Void>> send) {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        DeviceClient known = device;
        if (known == null) {
            return CompletableFuture.failedFuture(new IllegalStateException("there was no connection yet"));
        }
        try {
            known.executor().execute(() -> {
                if (connection != wanted) {
                    answer.completeExceptionally(new IllegalStateException("that connection has ended"));
                    return;
                }
                send.apply(known).whenComplete((_, error) -> {
                    if (error == null) {
                        answer.complete(null);
                    } else {
                        answer.completeExceptionally(error);
                    }
                });
            });
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(e);
        }
        return answer;
    }
}
