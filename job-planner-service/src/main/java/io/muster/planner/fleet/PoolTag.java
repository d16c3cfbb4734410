package io.muster.planner.fleet;

import io.muster.planner.json.Json;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads which pool a device belongs to: the tag {@code compute.pool}. Contract: addresses, compute nodes. */
public final class PoolTag {
    private static final String COMPUTE = "compute";
    private static final Pattern POOL = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private PoolTag() {}

    /** Returns the pool that a section of tags names; empty where it names none, or one that no pool is called. */
    public static Optional<String> of(String tags) {
        if (!tags.contains('"' + COMPUTE + '"')) {
            return Optional.empty();
        }
        return Json.stored(tags).get(COMPUTE) instanceof Map<?, ?> compute
                        && compute.get("pool") instanceof String pool
                        && POOL.matcher(pool).matches()
                ? Optional.of(pool)
                : Optional.empty();
    }
}
