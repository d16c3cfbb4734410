package io.muster.planner.fleet;

import io.muster.planner.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads which pool a device belongs to, and whether it is drained: the tags {@code compute.pool}, {@code compute.spare} and {@code compute.drain}. Tags are written by the
 * service's side alone, so no device makes a node of itself. Contract: addresses, compute nodes.
 */
public final class PoolTag {
    /** Names the pool of the nodes that are marked as spare, and are in no other. */
    public static final String RESERVE = "$reserve";

    private static final String COMPUTE = "compute";
    private static final Pattern POOL = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private PoolTag() {}

    /** Returns the pool that a section of tags names, or the reserve where it marks a spare node; empty where the device is no node, or names what no pool is called. */
    public static Optional<String> of(String tags) {
        Map<?, ?> compute = compute(tags);
        return switch (compute.get("pool")) {
            case null -> Boolean.TRUE.equals(compute.get("spare")) ? Optional.of(RESERVE) : Optional.empty();
            case String pool when POOL.matcher(pool).matches() -> Optional.of(pool);
            default -> Optional.empty();
        };
    }

    /** Returns the patch of tags that names another pool, or marks a spare node. One that is lent to a pool stays marked. */
    public static String patch(String pool) {
        boolean spare = pool.equals(RESERVE);
        Map<String, @Nullable Object> compute = new LinkedHashMap<>();
        compute.put("pool", spare ? null : pool);
        if (spare) {
            compute.put("spare", true);
        }
        return Json.text(Map.of(COMPUTE, compute));
    }

    /** Returns whether a section of tags marks a node of the reserve, which may be lent to a pool. */
    public static boolean isSpare(String tags) {
        return Boolean.TRUE.equals(compute(tags).get("spare"));
    }

    /** Returns whether a section of tags says that the device gets nothing to run, and what it runs goes to others. */
    public static boolean isDrained(String tags) {
        return Boolean.TRUE.equals(compute(tags).get("drain"));
    }

    private static Map<?, ?> compute(String section) {
        return section.contains('"' + COMPUTE + '"') && Json.stored(section).get(COMPUTE) instanceof Map<?, ?> compute
                ? compute
                : Map.of();
    }
}
