package io.muster.device;

import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Is a device to its hub: keeps it connected, has its {@link DeviceProgram} answer, and sends for it. Its state belongs to one thread, which it has
 * for life; calls from other threads are passed to it. Thread-safe.
 */
public final class DeviceClient implements AutoCloseable {
    /** Bounds the answers that wait for a connection; the oldest beyond that is dropped, as its caller waits no more. */
    private static final int MOST_WAITING = 64;

    private final DeviceConnector connector;
    private final String deviceId;
    private final Credentials credentials;
    private final @Nullable SslContext tls;
    private final DeviceProgram program;
    private final EventLoop loop;
    private final @Nullable LeaseWatch lease;
    private volatile @Nullable Connection connection;
    private volatile boolean connected;
    private volatile boolean closed;
    private @Nullable Queue<Consumer<Connection>> waiting;
    private int failures;
    private int lastPacketId;
    private int lastRequest;

    DeviceClient(
            DeviceConnector connector,
            String deviceId,
            Credentials credentials,
            @Nullable SslContext tls,
            DeviceProgram program,
            EventLoop loop) {
        this.connector = connector;
        this.deviceId = deviceId;
        this.credentials = credentials;
        this.tls = tls;
        this.program = program;
        this.loop = loop;
        this.lease = program.lease()
                .map(term -> new LeaseWatch(term, loop, () -> program.leaseLost(this)))
                .orElse(null);
    }

    public String deviceId() {
        return deviceId;
    }

    public boolean isConnected() {
        return connected;
    }

    /** Returns whether the device's lease is held; false where its program has none. */
    public boolean holdsLease() {
        return lease != null && lease.isHeld();
    }

    /** Returns the device's thread, for timers. It is shared: nothing may block it. */
    public ScheduledExecutorService executor() {
        return loop;
    }

    /**
     * Sends an event.
     *
     * @return ends when the hub has acknowledged it; fails with {@link NotConnectedException} when the device is not connected, or was not for long
     *     enough, and with an {@link IllegalStateException} when too many wait
     */
    public CompletableFuture<Void> send(Telemetry event) {
        return send(event, Window.EVENTS);
    }

    /** Sends one of {@link Reports}, which bounds how many are in flight. */
    CompletableFuture<Void> sendReport(Telemetry event) {
        return send(event, Window.NONE);
    }

    private CompletableFuture<Void> send(Telemetry event, Window window) {
        String topic = Topics.events(deviceId) + PropertyBag.text(event.properties());
        return request(now -> now.publish(topic, event.body(), window));
    }

    /**
     * Reports to the pool that the device is in.
     *
     * @param reports JSON: a list of reports
     * @return as that of {@link #send}
     */
    public CompletableFuture<Void> reportToPool(String poolId, byte[] reports) {
        return request(now -> now.publish(Topics.taskReports(poolId), reports, Window.REPORTS));
    }

    /** Sends what a task's program wrote. @return as that of {@link #send}: too much waits also where it is 1 MiB */
    public CompletableFuture<Void> sendTaskOutput(TaskOutput output) {
        String topic = Topics.taskOutput(output);
        return request(now -> now.publish(topic, output.body(), Window.OUTPUT));
    }

    /**
     * Asks for the twin.
     *
     * @return JSON with the members {@code desired} and {@code reported}; fails with {@link NotConnectedException} or {@link TwinRefusedException}
     */
    public CompletableFuture<String> twin() {
        return request(Connection::twin);
    }

    /**
     * Patches the reported properties.
     *
     * @param patch a JSON merge patch
     * @return their new version; fails with {@link NotConnectedException} or {@link TwinRefusedException}
     */
    public CompletableFuture<Long> patchReported(String patch) {
        byte[] body = patch.getBytes(StandardCharsets.UTF_8);
        return request(now -> now.patchReported(body));
    }

    private <T> CompletableFuture<T> request(Function<Connection, CompletableFuture<T>> request) {
        if (loop.inEventLoop()) {
            return requestNow(request);
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        try {
            loop.execute(() -> requestNow(request).whenComplete((value, error) -> {
                if (error == null) {
                    answer.complete(value);
                } else {
                    answer.completeExceptionally(error);
                }
            }));
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(new NotConnectedException(deviceId));
        }
        return answer;
    }

    private <T> CompletableFuture<T> requestNow(Function<Connection, CompletableFuture<T>> request) {
        @Nullable Connection now = connection;
        return now == null || !connected
                ? CompletableFuture.failedFuture(new NotConnectedException(deviceId))
                : request.apply(now);
    }

    /** Cuts the connection without a word to the hub, and connects again. */
    public void cut() {
        loop.execute(() -> {
            @Nullable Connection now = connection;
            if (now != null) {
                now.close("cut");
            }
        });
    }

    /** Takes leave of the hub and connects no more. */
    @Override
    public void close() {
        closed = true;
        try {
            loop.execute(() -> {
                @Nullable Connection now = connection;
                if (now != null) {
                    now.leave("closed");
                }
                if (lease != null) {
                    lease.stop();
                }
            });
        } catch (RejectedExecutionException e) {
            // The connector was closed before.
            connected = false;
        }
    }

    boolean isClosed() {
        return closed;
    }

    EventLoop loop() {
        return loop;
    }

    @Nullable
    SslContext tls() {
        return tls;
    }

    DeviceConnector connector() {
        return connector;
    }

    Credentials credentials() {
        return credentials;
    }

    DeviceProgram program() {
        return program;
    }

    @Nullable
    LeaseWatch lease() {
        return lease;
    }

    ChannelHandler connection() {
        return new Connection(this);
    }

    int nextPacketId() {
        lastPacketId = lastPacketId % 0xffff + 1;
        return lastPacketId;
    }

    String nextRequest() {
        lastRequest++;
        return Integer.toHexString(lastRequest);
    }

    /** Keeps the connection, which the hub has accepted, and sends what waited for one. */
    void accepted(Connection now) {
        connection = now;
        if (closed) {
            now.leave("closed");
            return;
        }
        if (waiting != null) {
            waiting.forEach(answer -> answer.accept(now));
            waiting = null;
        }
    }

    void subscribed() {
        connected = true;
        failures = 0;
        connector.settled();
        program.connected(this);
    }

    /** Hands an answer to the connection that there is, or to the next. Any thread. */
    void whenAccepted(Consumer<Connection> answer) {
        if (loop.inEventLoop()) {
            whenAcceptedNow(answer);
        } else if (!loop.isShuttingDown()) {
            loop.execute(() -> whenAcceptedNow(answer));
        }
    }

    private void whenAcceptedNow(Consumer<Connection> answer) {
        @Nullable Connection now = connection;
        if (now != null) {
            now.run(() -> answer.accept(now));
            return;
        }
        if (waiting == null) {
            waiting = new ArrayDeque<>();
        }
        if (waiting.size() == MOST_WAITING) {
            waiting.remove();
        }
        waiting.add(answer);
    }

    /** Notes that the TCP connection failed. For any thread. */
    void unreachable(String reason) {
        try {
            loop.execute(() -> ended(null, reason));
        } catch (RejectedExecutionException e) {
            closed = true;
        }
    }

    /** Notes the end of a connection, and has the next made. @param over null where there was none */
    void ended(@Nullable Connection over, String reason) {
        if (connected && connection == over) {
            connected = false;
        } else {
            connector.settled();
            failures++;
        }
        connection = null;
        if (!closed) {
            connector.again(this, loop, failures);
        }
        program.ended(this, reason);
    }

    /** Schedules on the device's thread. */
    Future<?> schedule(Runnable task, long millis) {
        return loop.schedule(task, millis, TimeUnit.MILLISECONDS);
    }
}
