package io.muster.planner.fleet;

import io.muster.planner.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads which pool a device belongs to, and whether it is drained: the tags {@code compute.pool} and {@code compute.drain}. Contract: addresses, compute nodes. */
public final class PoolTag {
    /** Names the pool of the devices that take tasks and whose tags name none. */
    public static final String RESERVE = "$reserve";

    private static final String COMPUTE = "compute";
    private static final Pattern POOL = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private PoolTag() {}

    /** Returns the pool that a section of tags names, the reserve where it names none; empty where it names one that no pool is called. */
    public static Optional<String> of(String tags) {
        return switch (compute(tags).get("pool")) {
            case null -> Optional.of(RESERVE);
            case String pool when POOL.matcher(pool).matches() -> Optional.of(pool);
            default -> Optional.empty();
        };
    }

    /** Returns the patch of tags that names another pool. */
    public static String patch(String pool) {
        Map<String, Object> compute = new LinkedHashMap<>();
        compute.put("pool", pool.equals(RESERVE) ? null : pool);
        return Json.text(Map.of(COMPUTE, compute));
    }

    /** Returns whether a section of tags says that the device gets nothing to run, and what it runs goes to others. */
    public static boolean isDrained(String tags) {
        return Boolean.TRUE.equals(compute(tags).get("drain"));
    }

    /** Returns whether a section of reported properties says what a node can do. */
    public static boolean isReportedBy(String reported) {
        return !compute(reported).isEmpty();
    }

    private static Map<?, ?> compute(String section) {
        return section.contains('"' + COMPUTE + '"') && Json.stored(section).get(COMPUTE) instanceof Map<?, ?> compute
                ? compute
                : Map.of();
    }
}
