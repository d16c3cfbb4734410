package io.muster.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.codec.Codecs;
import io.muster.device.DeviceClient;
import io.muster.device.DeviceConnector;
import io.muster.device.DeviceProgram;
import io.muster.device.TaskOrders;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Prints what nodes cost that have nothing to do: CPU time of each process by node and second, and the records that are written. The nodes are simulated:
 * each reports every five seconds, or every third of its lease, over a connection of its own, as compute-node does. Arguments: the folder standalone/target/muster, nodes,
 * seconds.
 */
public final class IdleNodesDriver {
    private static final String POOL = "idle";
    private static final int CONNECTS_A_SECOND = 100;
    private static final long LONGEST_PAUSE_MS = 5_000;
    private static final Duration SETTLED = Duration.ofSeconds(15);
    private static final List<String> PROCESSES = List.of("broker", "planner", "processor", "gateway", "api");
    private static final ObjectMapper JSON = new ObjectMapper();

    private IdleNodesDriver() {}

    public static void main(String[] args) throws Exception {
        int nodes = Integer.parseInt(args[1]);
        int seconds = Integer.parseInt(args[2]);
        try (Standalone muster = Trial.start(args[0])) {
            Codecs codecs = new Codecs(new ConfluentSchemaRegistry(
                    new RegistrySettings(URI.create(muster.options().registry()), null, null, null)));
            RestClient rest = new RestClient(muster.options().rest(), muster.caFile(), muster.policies());
            List<String> ids = SimulatedFleet.deviceIds("idle-", nodes);
            new Registrar(muster.options().kafka(), codecs, rest)
                    .register(ids, _ -> "{\"compute\":{\"pool\":\"" + POOL + "\"}}");
            Thread.sleep(SETTLED);
            measure(muster, "no node", 0, seconds);
            Target target = Trial.devices(muster);
            AtomicInteger joined = new AtomicInteger();
            LongAdder leases = new LongAdder();
            try (DeviceConnector connector = DeviceConnector.start(
                    target.hub(),
                    DeviceConnector.Settings.usual(CONNECTS_A_SECOND, "muster-benchmark", InstantSource.system()))) {
                for (String id : ids) {
                    connector.connect(id, target.credentials(), new IdleNode(joined, leases));
                }
                while (joined.get() < nodes) {
                    Thread.sleep(100);
                }
                Thread.sleep(SETTLED);
                long before = leases.sum();
                measure(muster, nodes + " nodes", nodes, seconds);
                System.out.printf(
                        "%d nodes joined; %.1f leases a second%n",
                        joined.get(), (leases.sum() - before) / (double) seconds);
            }
        }
    }

    private static void measure(Standalone muster, String name, int nodes, int seconds) throws Exception {
        LogFloor log = LogFloor.mark(muster.options().kafka());
        CpuUse cpu = CpuUse.mark(muster, PROCESSES);
        Thread.sleep(TimeUnit.SECONDS.toMillis(seconds));
        System.out.println(name + ", CPU a second: " + cpu.micros(seconds));
        if (nodes > 0) {
            System.out.println("    a node and second: " + cpu.micros((double) seconds * nodes));
        }
        var counts = log.counts();
        long records = counts.values().stream().mapToLong(Long::longValue).sum();
        System.out.printf("    %.0f records/s: %s in %d s%n", records / (double) seconds, counts, seconds);
    }

    /** Is a node that runs nothing. For the device's thread. */
    private static final class IdleNode implements DeviceProgram {
        private final AtomicInteger joined;
        private final LongAdder leases;
        private @Nullable Future<?> reports;
        private long number;

        IdleNode(AtomicInteger joined, LongAdder leases) {
            this.joined = joined;
            this.leases = leases;
        }

        @Override
        public Set<Subscription> subscriptions() {
            return EnumSet.of(Subscription.TASK_ORDERS);
        }

        @Override
        public void tasksOrdered(DeviceClient device, TaskOrders orders) {
            JsonNode all;
            try {
                all = JSON.readTree(orders.body());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            for (JsonNode order : all) {
                switch (order.path("type").asText()) {
                    case "join" -> join(device, orders.poolId(), order);
                    case "lease" -> leases.increment();
                    default -> throw new IllegalStateException("an idle node was ordered, order=" + order);
                }
            }
        }

        private void join(DeviceClient device, String poolId, JsonNode order) {
            long every = Math.min(
                    TimeUnit.SECONDS.toMillis(order.path("leaseSeconds").asLong()) / 3, LONGEST_PAUSE_MS);
            report(device, poolId);
            if (reports == null) {
                joined.incrementAndGet();
            } else {
                reports.cancel(false);
            }
            reports = device.executor()
                    .scheduleAtFixedRate(
                            () -> report(device, poolId),
                            ThreadLocalRandom.current().nextLong(every),
                            every,
                            TimeUnit.MILLISECONDS);
        }

        private void report(DeviceClient device, String poolId) {
            number++;
            device.reportToPool(
                            poolId,
                            ("[{\"type\":\"node\",\"number\":" + number
                                            + ",\"boot\":\"idle\",\"slots\":2,\"capabilities\":[\"bash\",\"node\",\"python\",\"sh\"],"
                                            + "\"holding\":[]}]")
                                    .getBytes(StandardCharsets.UTF_8))
                    .exceptionally(_ -> null);
        }
    }
}
