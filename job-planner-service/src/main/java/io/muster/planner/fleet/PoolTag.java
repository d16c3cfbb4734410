package io.muster.planner.fleet;

import io.muster.planner.json.Json;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads which pool a device belongs to, and whether it is drained: the tags {@code compute.pool} and {@code compute.drain}. Contract: addresses, compute nodes. */
public final class PoolTag {
    private static final String COMPUTE = "compute";
    private static final Pattern POOL = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private PoolTag() {}

    /** Returns the pool that a section of tags names; empty where it names none, or one that no pool is called. */
    public static Optional<String> of(String tags) {
        return compute(tags).get("pool") instanceof String pool
                        && POOL.matcher(pool).matches()
                ? Optional.of(pool)
                : Optional.empty();
    }

    /** Returns whether a section of tags says that the device gets nothing to run, and what it runs goes to others. */
    public static boolean isDrained(String tags) {
        return Boolean.TRUE.equals(compute(tags).get("drain"));
    }

    private static Map<?, ?> compute(String tags) {
        return tags.contains('"' + COMPUTE + '"') && Json.stored(tags).get(COMPUTE) instanceof Map<?, ?> compute
                ? compute
                : Map.of();
    }
}
