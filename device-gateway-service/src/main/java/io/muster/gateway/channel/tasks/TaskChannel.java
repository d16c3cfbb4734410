package io.muster.gateway.channel.tasks;

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
import io.muster.records.ExitCause;
import io.muster.records.NodeOrders;
import io.muster.records.OutputStream;
import io.muster.records.ProgramExited;
import io.muster.records.StartAttempt;
import io.muster.records.StartUndelivered;
import io.muster.records.TaskOutput;
import io.muster.records.TaskToken;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Publishes orders to nodes, and writes their reports and the output of their programs. Thread-safe. */
public final class TaskChannel implements Channel {
    private static final String ORDERS = "$muster/tasks/orders/";
    private static final String REPORTS = "$muster/tasks/reports/";
    private static final String OUTPUT = "$muster/tasks/output/";
    private static final Pattern POOL = Pattern.compile("[A-Za-z0-9_-]{1,64}|\\$reserve");
    private static final int LARGEST_OUTPUT = 64 << 10;
    /** Bounds an order, and those that are published at once: a node takes no larger packets. */
    private static final int LARGEST_ORDER = 480 << 10;

    private final Fleet fleet;
    private final ChannelMeters meters;
    private final InstantSource clock;

    /** Makes one. @param clock of the output's time */
    public TaskChannel(Fleet fleet, ChannelMeters meters, InstantSource clock) {
        this.fleet = fleet;
        this.meters = meters;
        this.clock = clock;
    }

    /** Returns the filter of orders; a module gets none. */
    @Override
    public List<Filter> filters(IdentityId id) {
        return id.moduleId() == null ? List.of(new Filter(ORDERS + "#", Capability.TASKS)) : List.of();
    }

    /**
     * Takes reports or a chunk of output; those that can't be read are nobody's. One to a pool that the device has left is acknowledged and has no effect, and so are the first
     * of a device that no pool has admitted over this connection; its others are nobody's.
     */
    @Override
    public @Nullable Receipt receive(DeviceConnection connection, Publish publish) {
        if (connection.id().moduleId() != null) {
            return null;
        }
        if (publish.topic().startsWith(REPORTS)) {
            return report(connection, publish, publish.topic().substring(REPORTS.length()));
        }
        return publish.topic().startsWith(OUTPUT)
                ? output(connection, publish, publish.topic().substring(OUTPUT.length()))
                : null;
    }

    private @Nullable Receipt report(DeviceConnection connection, Publish publish, String pool) {
        @Nullable
        List<Object> reports = POOL.matcher(pool).matches()
                ? TaskJson.reports(ByteBufUtil.getBytes(publish.payload())).orElse(null)
                : null;
        if (reports == null) {
            return null;
        }
        JoinedPools joined = joined(connection);
        if (!joined.counts(pool, connection.nanoTime())) {
            return uncounted(joined, "node report");
        }
        meters.received("node report");
        return Receipt.awaited(fleet.reportToPool(pool, connection.deviceId(), connection.epoch(), reports));
    }

    private @Nullable Receipt output(DeviceConnection connection, Publish publish, String rest) {
        int end = rest.indexOf("/?");
        @Nullable
        TaskOutput output = end < 0 || publish.payload().readableBytes() > LARGEST_OUTPUT
                ? null
                : PropertyBag.parse(rest.substring(end + 2))
                        .flatMap(bag -> chunk(
                                rest.substring(0, end),
                                connection.deviceId(),
                                bag,
                                ByteBufUtil.getBytes(publish.payload())))
                        .orElse(null);
        if (output == null) {
            return null;
        }
        JoinedPools joined = joined(connection);
        if (!joined.counts(output.getPoolId(), connection.nanoTime())) {
            return uncounted(joined, "task output");
        }
        meters.received("task output");
        return Receipt.unasked(fleet.output(output));
    }

    private static JoinedPools joined(DeviceConnection connection) {
        return connection.kept(JoinedPools.class, JoinedPools::new);
    }

    private @Nullable Receipt uncounted(JoinedPools joined, String what) {
        meters.received(what + " of no node of the pool");
        return joined.isExcused() ? Receipt.ofNothing() : null;
    }

    private Optional<TaskOutput> chunk(String pool, String nodeId, Map<String, @Nullable String> bag, byte[] bytes) {
        @Nullable String taskId = bag.get("taskId");
        @Nullable String stream = bag.get("stream");
        Optional<Long> placement = number(bag.get("placement"));
        Optional<Long> offset = number(bag.get("offset"));
        boolean isOut = "out".equals(stream);
        if (!POOL.matcher(pool).matches()
                || taskId == null
                || !TaskJson.isTaskId(taskId)
                || !(isOut || "err".equals(stream))
                || placement.isEmpty()
                || offset.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new TaskOutput(
                pool,
                nodeId,
                new TaskToken(taskId, placement.get()),
                isOut ? OutputStream.OUT : OutputStream.ERR,
                offset.get(),
                clock.instant(),
                ByteBuffer.wrap(bytes)));
    }

    private static Optional<Long> number(@Nullable String text) {
        return text != null && text.matches("\\d{1,18}") ? Optional.of(Long.valueOf(text)) : Optional.empty();
    }

    @Override
    public List<Handover<?>> handovers() {
        return List.of(new Handover<>(
                NodeOrders.class,
                NodeOrders::getEpoch,
                this::deliver,
                outgoing -> undelivered(outgoing, "no such connection")));
    }

    private void deliver(DeviceConnection connection, Outgoing<NodeOrders> outgoing) {
        if (!connection.isOpen()) {
            undelivered(outgoing, "connection closed");
        } else if (!connection.takes(Capability.TASKS)) {
            undelivered(outgoing, "not subscribed");
        } else {
            publish(connection, outgoing);
        }
    }

    /** Publishes orders in packets that a node takes, in order. */
    private void publish(DeviceConnection connection, Outgoing<NodeOrders> outgoing) {
        String poolId = outgoing.delivery().getPoolId();
        JoinedPools joined = joined(connection);
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        for (Object order : outgoing.delivery().getOrders()) {
            byte[] body = TaskJson.order(order);
            if (body.length > LARGEST_ORDER && order instanceof StartAttempt start) {
                tooLarge(outgoing, start, body.length);
                continue;
            }
            joined.ordered(poolId, order, connection.nanoTime());
            meters.written("node order");
            if (packet.size() + body.length > LARGEST_ORDER) {
                publish(connection, poolId, packet);
            }
            packet.write(packet.size() == 0 ? '[' : ',');
            packet.writeBytes(body);
        }
        publish(connection, poolId, packet);
    }

    private static void publish(DeviceConnection connection, String poolId, ByteArrayOutputStream packet) {
        if (packet.size() > 0) {
            packet.write(']');
            connection.publish(ORDERS + poolId, Unpooled.wrappedBuffer(packet.toByteArray()));
            packet.reset();
        }
    }

    /** Reports for the node that the program can't be started: it would take no such order, and end its connection. */
    private void tooLarge(Outgoing<NodeOrders> outgoing, StartAttempt start, int bytes) {
        meters.delivery("node order", "too large");
        NodeOrders orders = outgoing.delivery();
        fleet.reportToPoolUntilWritten(
                orders.getPoolId(),
                outgoing.deviceId(),
                orders.getEpoch(),
                new ProgramExited(
                        start.getToken(),
                        -1,
                        ExitCause.NOT_STARTED,
                        "The order to start the program has " + bytes + " bytes, " + LARGEST_ORDER
                                + " at most. Give it a shorter command or environment, or fewer files."));
    }

    /** Reports starts that never left; any other order the pool gives again when the node reports. */
    private void undelivered(Outgoing<NodeOrders> outgoing, String reason) {
        NodeOrders orders = outgoing.delivery();
        for (Object order : orders.getOrders()) {
            meters.delivery("node order", reason);
            if (order instanceof StartAttempt start) {
                fleet.reportToPoolUntilWritten(
                        orders.getPoolId(),
                        outgoing.deviceId(),
                        orders.getEpoch(),
                        new StartUndelivered(start.getToken()));
            }
        }
    }
}
