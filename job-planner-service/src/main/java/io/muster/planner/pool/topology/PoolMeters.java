package io.muster.planner.pool.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells how busy the pools of this process are: {@value #MOST} of them by name, those with most tasks that wait, and the sum of all others. Thread-safe: each
 * partition reports its pools from a thread of its own.
 */
public final class PoolMeters {
    private static final int MOST = 100;
    /** Names all other pools together: no pool can have that id. */
    private static final String OTHERS = "$others";

    private static final Comparator<Load> BUSIEST = Comparator.comparingLong(Load::waiting)
            .thenComparingLong(Load::running)
            .reversed()
            .thenComparing(Load::poolId);

    private final MultiGauge tasks;
    private final MultiGauge freeSlots;
    private final Map<Integer, List<Load>> byPartition = new HashMap<>();

    /** Makes one that tells nothing yet. */
    public PoolMeters(MeterRegistry meters) {
        this.tasks = MultiGauge.builder("muster.pool.tasks")
                .description(
                        "Tasks of a pool: waiting ones have no node, running ones are placed on nodes; 100 pools by"
                                + " name, and all others of a planner as $others")
                .register(meters);
        this.freeSlots = MultiGauge.builder("muster.pool.slots.free")
                .description(
                        "Slots that nobody has, of a pool's nodes that take tasks; 100 pools by name, and all others"
                                + " of a planner as $others")
                .register(meters);
    }

    /** Says how busy a pool is. @param waiting tasks for which there is no node yet @param running tasks that are placed */
    record Load(String poolId, long waiting, long running, long freeSlots) {
        boolean isIdle() {
            return waiting == 0 && running == 0 && freeSlots == 0;
        }

        private Load plus(Load other) {
            return new Load(poolId, waiting + other.waiting, running + other.running, freeSlots + other.freeSlots);
        }
    }

    /** Takes the pools of a partition in place of those that it had; none where it goes to another process. */
    synchronized void report(int partition, List<Load> pools) {
        byPartition.put(partition, List.copyOf(pools));
        List<Load> all = byPartition.values().stream()
                .flatMap(List::stream)
                .filter(pool -> !pool.isIdle())
                .sorted(BUSIEST)
                .toList();
        List<Load> shown = new ArrayList<>(all.subList(0, Math.min(MOST, all.size())));
        if (all.size() > MOST) {
            shown.add(all.subList(MOST, all.size()).stream().reduce(new Load(OTHERS, 0, 0, 0), Load::plus));
        }
        List<Row<?>> ofTasks = new ArrayList<>();
        List<Row<?>> ofSlots = new ArrayList<>();
        for (Load pool : shown) {
            Tags tags = Tags.of("pool", pool.poolId());
            ofTasks.add(Row.of(tags.and("state", "waiting"), pool.waiting()));
            ofTasks.add(Row.of(tags.and("state", "running"), pool.running()));
            ofSlots.add(Row.of(tags, pool.freeSlots()));
        }
        tasks.register(ofTasks, true);
        freeSlots.register(ofSlots, true);
    }
}
